//! What goes to Telegram: entities lie within the text, between characters, and one inside another or apart.
#![no_main]

use adjutant_telegram::render::{Names, render, utf16_units};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    let rendered = render(source, &Names::default());
    assert_eq!(rendered.units, utf16_units(&rendered.text));
    let units: Vec<u16> = rendered.text.encode_utf16().collect();
    for entity in &rendered.entities {
        let (start, end) = (entity.offset, entity.offset + entity.length);
        assert!(entity.length > 0 && end <= units.len(), "{start}..{end} of {}", units.len());
        assert!(String::from_utf16(&units[start..end]).is_ok(), "{start}..{end} cuts a character");
    }
    for (n, one) in rendered.entities.iter().enumerate() {
        for other in &rendered.entities[n + 1..] {
            let (a, b) = (one.offset..one.offset + one.length, other.offset..other.offset + other.length);
            let apart = a.end <= b.start || b.end <= a.start;
            let inside = (a.start <= b.start && b.end <= a.end) || (b.start <= a.start && a.end <= b.end);
            assert!(apart || inside, "{a:?} and {b:?} overlap");
        }
    }
});
