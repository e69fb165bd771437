//! Long answers: every part within the limit, the same cuts however the text arrived, nothing lost.
#![no_main]

use adjutant_orchestrator::delivery::{Splitter, split};
use adjutant_telegram::render::utf16_units;
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Case {
    text: String,
    limit: u16,
    chunks: Vec<u8>,
}

fuzz_target!(|case: Case| {
    let limit = usize::from(case.limit).clamp(80, 4096);
    let mut splitter = Splitter::new(limit);
    let (mut pieces, mut left, mut sizes) = (Vec::new(), case.text.as_str(), case.chunks.iter());
    while !left.is_empty() {
        let mut size = sizes.next().map_or(left.len(), |size| usize::from(*size) + 1).min(left.len());
        while !left.is_char_boundary(size) {
            size += 1;
        }
        let (chunk, rest) = left.split_at(size);
        pieces.extend(splitter.push(chunk, &utf16_units));
        left = rest;
    }
    pieces.extend(splitter.finish(&utf16_units));
    let parts: Vec<String> = pieces.iter().map(|piece| piece.text()).collect();
    for part in &parts {
        assert!(utf16_units(part) <= limit, "{} of {limit} units: {part:?}", utf16_units(part));
    }
    assert_eq!(parts, split(&case.text, limit, &utf16_units), "chunks decide nothing");
    let visible = |text: &str| text.split_whitespace().collect::<String>();
    let bodies: String = pieces.iter().map(|piece| piece.body.as_str()).collect();
    assert_eq!(visible(&bodies), visible(&case.text), "nothing is lost");
});
