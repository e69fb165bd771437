//! The splitter: nothing lost, nothing too long, nothing torn.

use adjutant_orchestrator::delivery::{Piece, Splitter, split};
use proptest::prelude::*;

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

fn bytes(text: &str) -> usize {
    text.len()
}

fn pieces(text: &str, limit: usize) -> Vec<Piece> {
    in_chunks(text, limit, &utf16, usize::MAX)
}

/// Feeds the text in chunks of so many characters.
fn in_chunks(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize, size: usize) -> Vec<Piece> {
    let mut splitter = Splitter::new(limit);
    let mut pieces = Vec::new();
    let letters: Vec<char> = text.chars().collect();
    for chunk in letters.chunks(size.min(letters.len().max(1))) {
        pieces.extend(splitter.push(&chunk.iter().collect::<String>(), measure));
    }
    pieces.extend(splitter.finish(measure));
    pieces
}

/// Whether the bodies are the text, but for white space between them.
fn rejoins(text: &str, pieces: &[Piece]) -> bool {
    let mut rest = text;
    for piece in pieces {
        while !rest.starts_with(&piece.body) {
            match rest.chars().next().filter(|letter| letter.is_whitespace()) {
                Some(letter) => rest = &rest[letter.len_utf8()..],
                None => return false,
            }
        }
        rest = &rest[piece.body.len()..];
    }
    rest.trim().is_empty()
}

/// An independent reading of fences: every one that opens also closes.
fn fences_balance(text: &str) -> bool {
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let set_in = line.len() - line.trim_start_matches(' ').len();
        let line = line.trim_start_matches(' ');
        let Some(mark) = line.chars().next().filter(|mark| ['`', '~'].contains(mark)) else { continue };
        let run = line.chars().take_while(|letter| *letter == mark).count();
        let rest = &line[run..];
        match open {
            Some((opened, length)) if mark == opened && run >= length && rest.trim().is_empty() && set_in < 4 => {
                open = None
            }
            None if run >= 3 && set_in < 4 && !(mark == '`' && rest.contains('`')) => open = Some((mark, run)),
            _ => {}
        }
    }
    open.is_none()
}

fn prose() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z]{1,12}( [a-zA-Z,]{1,10}){3,40}[.!?]",
        "([A-Z][a-z]{2,8}( [a-z]{1,9}){2,12}\\. ){1,8}",
        "[äöü€漢字。！👩‍👩‍👧🇩🇪é ]{5,120}",
        "See \\[[a-z ]{1,40}\\]\\(https://[a-z]{3,10}\\.com/[a-z/]{1,60}\\) and `[a-z ]{1,30}` or https://x\\.dev/[a-z]{1,50} too\\.",
    ]
}

fn block() -> impl Strategy<Value = String> {
    let code = ("(`{3,5}|~{3,4})", "(rust|ts|)", proptest::collection::vec("[a-z(){};`~ ]{0,60}", 0..40)).prop_map(
        |(marks, language, lines)| {
            let body: Vec<_> = lines.into_iter().filter(|line| !line.trim_start().starts_with(['`', '~'])).collect();
            format!("{marks}{language}\n{}\n{marks}", body.join("\n"))
        },
    );
    let table = proptest::collection::vec("[a-z]{1,12}", 1..30).prop_map(|cells| {
        let rows: Vec<_> = cells.iter().map(|cell| format!("| {cell} | row of {cell} |")).collect();
        format!("| name | what |\n|---|:--|\n{}", rows.join("\n"))
    });
    let list = proptest::collection::vec(prose(), 1..6)
        .prop_map(|items| items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n"));
    prop_oneof![4 => prose(), 2 => code, 1 => table, 1 => list, 1 => Just("## A heading".to_owned())]
}

/// Letters, marks and their like in any order at all.
fn noise() -> impl Strategy<Value = String> {
    const MARKS: &[&str] = &[
        "\n",
        "\n\n",
        " ",
        "   ",
        "`",
        "```",
        "````rs",
        "~~~",
        "|",
        "|---|",
        "| a |\n",
        "[",
        "]",
        "](",
        ")",
        "(",
        "<",
        "https://a.b/",
        "- ",
        "1. ",
        "# ",
        "> ",
        "**",
        "_",
        "\\",
        "word",
        "Ends. ",
        "漢",
        "。",
        "é",
        "e\u{301}",
        "🇩🇪",
        "👩‍👩‍👧",
        "\r\n",
        "\t",
        "    ```",
        "\u{200d}",
        "ﷺ",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ];
    proptest::collection::vec(proptest::sample::select(MARKS), 0..500).prop_map(|marks| marks.concat())
}

fn document() -> impl Strategy<Value = String> {
    proptest::collection::vec(block(), 1..20).prop_map(|blocks| blocks.join("\n\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_every_part_is_within_the_limit_and_balanced(text in document(), limit in 120_usize..1_500) {
        let pieces = pieces(&text, limit);
        prop_assert!(rejoins(&text, &pieces), "{pieces:#?}");
        for piece in &pieces {
            prop_assert!(utf16(&piece.text()) <= limit, "{} units: {}", utf16(&piece.text()), piece.text());
            prop_assert!(fences_balance(&piece.text()), "{}", piece.text());
        }
    }

    #[test]
    fn any_text_at_all_is_cut_without_loss(text in noise(), limit in 64_usize..400) {
        let pieces = pieces(&text, limit);
        prop_assert!(rejoins(&text, &pieces), "{pieces:#?}");
        for piece in &pieces {
            prop_assert!(utf16(&piece.text()) <= limit);
        }
    }

    #[test]
    fn noise_is_cut_the_same_however_it_arrives(text in noise(), limit in 64_usize..400, size in 1_usize..100) {
        prop_assert_eq!(pieces(&text, limit), in_chunks(&text, limit, &utf16, size));
    }

    #[test]
    fn links_within_an_endless_paragraph_stay_whole(
        links in proptest::collection::vec("\\[[a-z]{1,9}( [a-z]{1,9}){0,4}\\]\\(https://[a-z]{1,9}\\.com/[a-z]{1,40}\\)", 1..40),
        limit in 150_usize..600,
        size in 1_usize..40,
    ) {
        let text = links.join(" & ");
        let mut found = Vec::new();
        for piece in in_chunks(&text, limit, &utf16, size) {
            for link in piece.text().split(" & ").map(|link| link.trim_start_matches("& ").trim_end_matches(" &")) {
                if link != "&" && !link.is_empty() {
                    found.push(link.to_owned());
                }
            }
        }
        prop_assert_eq!(found, links);
    }

    #[test]
    fn the_cuts_are_the_same_however_the_text_arrives(text in document(), limit in 120_usize..900, size in 1_usize..200) {
        prop_assert_eq!(pieces(&text, limit), in_chunks(&text, limit, &utf16, size));
    }

    #[test]
    fn a_platform_that_counts_otherwise_is_obeyed(text in document(), limit in 150_usize..900) {
        let padded = |text: &str| bytes(text) + text.matches('|').count() * 3;
        for part in split(&text, limit, &padded) {
            prop_assert!(padded(&part) <= limit, "{} of {limit}: {part}", padded(&part));
        }
    }

    #[test]
    fn links_and_rows_stay_whole(text in document(), limit in 250_usize..900) {
        for part in split(&text, limit, &utf16) {
            for line in part.lines().filter(|line| line.starts_with("| ")) {
                prop_assert!(line.ends_with(" |"), "a torn row: {line}");
            }
            let outside: String = part.split("```").step_by(2).collect();
            if !part.contains("~~~") && !part.contains("````") {
                prop_assert_eq!(outside.matches("](").count(), outside.matches("See [").count(), "{}", part);
            }
        }
    }
}

#[test]
fn a_short_text_is_one_part_as_it_stands() {
    assert_eq!(split("One.\n\nTwo.", 100, &utf16), ["One.\n\nTwo."]);
    assert_eq!(split("  \n ", 100, &utf16), Vec::<String>::new());
}

#[test]
fn paragraphs_are_the_first_choice_and_then_lines_and_then_sentences() {
    let filler = "word ".repeat(12);
    let parts = split(&format!("{filler}\n\n{filler}\nlast words here"), 100, &utf16);
    assert_eq!(parts, [filler.trim().to_owned(), format!("{filler}\nlast words here")]);
    let parts = split(&format!("{filler}\n{filler}"), 100, &utf16);
    assert_eq!(parts, [filler.trim(), filler.trim()]);
    let parts = split(&format!("{}End here. And {}", "word ".repeat(8), "more ".repeat(10)), 90, &utf16);
    assert!(parts[0].ends_with("End here."), "{parts:?}");
    assert!(parts[1].starts_with("And more"), "{parts:?}");
}

#[test]
fn a_fence_that_is_cut_is_closed_and_opened_again_with_its_language() {
    let code = (0..20).map(|number| format!("let x{number} = {number};\n")).collect::<String>();
    let parts = split(&format!("````rust\n{code}````\nDone."), 150, &utf16);
    assert!(parts.len() > 2);
    for part in &parts[..parts.len() - 1] {
        assert!(part.starts_with("````rust\nlet x"), "{part}");
        assert!(part.ends_with(";\n````"), "{part}");
    }
    assert!(parts[parts.len() - 1].ends_with("````\nDone."), "{parts:?}");
}

#[test]
fn a_fence_below_a_list_item_moves_to_the_margin_when_it_goes_on() {
    let code = "    let a = 1;\n".repeat(12);
    let parts = split(&format!("1. Do this:\n\n    ```rust\n{code}    ```\n"), 150, &utf16);
    assert!(parts.len() > 1);
    assert!(parts[1].starts_with("```rust\nlet a = 1;\nlet a"), "{}", parts[1]);
    assert!(parts.iter().all(|part| part.matches("```").count() == 2), "{parts:#?}");
}

#[test]
fn a_table_that_is_cut_repeats_its_header() {
    let rows = (0..20).map(|number| format!("| {number} | some text |\n")).collect::<String>();
    let parts = split(&format!("Look:\n\n| n | text |\n|---|---|\n{rows}"), 160, &utf16);
    assert!(parts.len() > 2);
    for part in &parts[1..] {
        assert!(part.starts_with("| n | text |\n|---|---|\n| "), "{part}");
    }
}

#[test]
fn a_header_is_never_left_without_its_table_nor_a_heading_without_its_text() {
    let filler = "word ".repeat(16);
    let parts = split(&format!("{filler}\n\n| n | text |\n|---|---|\n| 1 | a |\n| 2 | b |"), 105, &utf16);
    assert!(parts[1].starts_with("| n | text |\n|---|---|\n| 1"), "{parts:?}");
    let parts = split(&format!("{filler}\n\n# Next\n\n{filler}"), 105, &utf16);
    assert!(parts[1].starts_with("# Next\n\nword"), "{parts:?}");
}

#[test]
fn one_endless_word_is_cut_between_graphemes() {
    let family = "👩‍👩‍👧";
    let parts = split(&family.repeat(50), 100, &utf16);
    assert!(parts.len() > 2);
    assert!(parts.iter().all(|part| part.replace(family, "").is_empty()), "{parts:?}");
}

#[test]
fn the_platform_measures_about_once_per_part_and_the_source_fits_as_plain_text() {
    let text = "A sentence of some words, **bold** here. ".repeat(5_000);
    let calls = std::cell::Cell::new(0_usize);
    let rendered = |text: &str| {
        calls.set(calls.get() + 1);
        utf16(text) - 2 * text.matches("**").count()
    };
    let parts = split(&text, 3_800, &rendered);
    assert!(calls.get() <= parts.len() + 2, "{} measures for {} parts", calls.get(), parts.len());
    assert!(parts.iter().all(|part| utf16(part) <= 3_800));
    assert!(parts.len() <= text.len() / 3_000, "{} parts", parts.len());
}

#[test]
fn the_tail_is_what_the_next_part_will_begin_with() {
    let mut splitter = Splitter::new(100);
    let pieces = splitter.push(&format!("```sh\n{}", "echo hello\n".repeat(12)), &utf16);
    assert_eq!(pieces.len(), 1);
    assert!(splitter.tail().starts_with("```sh\necho hello\n"), "{}", splitter.tail());
}

#[test]
fn a_link_that_begins_near_the_limit_stays_whole() {
    let filler = "[aaaaa](https://a.com/aaaa) and ".repeat(12);
    for width in 1..60 {
        let link = format!("[a aaaaaa aaaaaaaaa aaaaaa](https://aaaa.com/{})", "a".repeat(40));
        let text = format!("{filler}{} {link} and more", "b".repeat(width));
        let parts = split(&text, 440, &utf16);
        assert!(parts.iter().any(|part| part.contains(&link)), "{width}: {parts:#?}");
    }
}

#[test]
fn the_numbers_of_a_list_go_on_in_the_next_part() {
    let list: String = (1..=30).map(|n| format!("1. item {n} with a few words behind it\n")).collect();
    let text = format!("Before the list:\n\n{list}\nAfter the list.\n\n1. another list\n");
    let parts = split(&text, 200, &utf16);
    assert!(parts.len() > 4, "{parts:#?}");
    let mut seen = 0;
    for part in &parts {
        let items: Vec<&str> = part.lines().filter(|line| line.contains(". item")).collect();
        if let Some(first) = items.first() {
            let number = if seen == 0 { "1.".to_owned() } else { format!("{}.", seen + 1) };
            assert!(first.starts_with(&number), "{first}");
        }
        seen += items.len();
        assert!(utf16(part) <= 200, "{part}");
    }
    assert_eq!(seen, 30);
    assert!(parts.last().unwrap().contains("1. another list"), "{parts:#?}");
}
