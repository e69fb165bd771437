//! What is shown of a text that is still being written.

use adjutant_orchestrator::delivery::preview_tail;
use proptest::prelude::*;

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

const MARKS: &[&str] = &[
    "\n",
    "\n\n",
    " ",
    "`",
    "```",
    "```rs\n",
    "~~~",
    "| a |",
    "|---|",
    "[",
    "](",
    ")",
    "**",
    "_",
    "~~",
    "\\",
    "word",
    "漢",
    "e\u{301}",
    "👩‍👩‍👧",
    "https://a.b/",
    "- ",
];

fn shown(text: &str) -> String {
    preview_tail(text, 4_000, &utf16)
}

#[test]
fn open_constructs_are_closed_and_unfinished_ones_held_back() {
    for (text, expected) in [
        ("Hello", "Hello▍"),
        ("Hello \n\n", "Hello▍"),
        ("this is **bold", "this is **bold▍**"),
        ("this is **bold _and", "this is **bold _and▍_**"),
        ("done **bold** and", "done **bold** and▍"),
        ("a snake_case name", "a snake_case name▍"),
        ("2 * 3 and", "2 * 3 and▍"),
        ("run `cargo te", "run `cargo te▍`"),
        ("see [the docs](https://docs.r", "see▍"),
        ("see [the docs](https://docs.rs) and", "see [the docs](https://docs.rs) and▍"),
        ("```rust\nlet a", "```rust\nlet a▍\n```"),
        ("```rust", "```rust\n▍\n```"),
        ("~~~~\ncode **x", "~~~~\ncode **x▍\n~~~~"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 ", "| a | b |\n|---|---|\n| 1 | 2 |\n\n▍"),
    ] {
        assert_eq!(shown(text), expected, "{text:?}");
    }
}

#[test]
fn of_a_long_text_the_newest_lines_are_shown() {
    let text = (0..1_000).map(|number| format!("line {number}\n")).collect::<String>();
    let tail = preview_tail(&text, 300, &utf16);
    assert!(tail.starts_with("…\nline "), "{tail}");
    assert!(tail.ends_with("line 999▍"), "{tail}");
    assert!(utf16(&tail) <= 300 && utf16(&tail) > 150);
}

#[test]
fn of_a_long_fence_the_newest_lines_are_shown_in_a_fence() {
    let code = (0..1_000).map(|number| format!("let x{number};\n")).collect::<String>();
    let tail = preview_tail(&format!("```rust\n{code}"), 300, &utf16);
    assert!(tail.starts_with("…\n```rust\nlet x"), "{tail}");
    assert!(tail.ends_with("let x999;▍\n```"), "{tail}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_beginning_of_any_text_is_shown_within_the_limit(
        marks in proptest::collection::vec(proptest::sample::select(MARKS), 0..300),
        limit in 20_usize..600,
    ) {
        let text = marks.concat();
        let padded = |text: &str| text.len() + text.matches('|').count();
        let tail = preview_tail(&text, limit, &padded);
        prop_assert!(padded(&tail) <= limit);
        prop_assert!(tail.contains('▍'));
    }
}
