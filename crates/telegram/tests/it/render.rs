use adjutant_telegram::render::{Names, Rendered, utf16_units};

fn render(source: &str) -> Rendered {
    let names: Names = ["status", "codebase_switch"].map(str::to_owned).into_iter().collect();
    adjutant_telegram::render::render(source, &names)
}

/// The rendered text, then one line for each entity with the text it covers.
fn shown(source: &str) -> String {
    let rendered = render(source);
    let units: Vec<u16> = rendered.text.encode_utf16().collect();
    assert_eq!(units.len(), rendered.units, "units of {source:?}");
    let mut lines = vec![rendered.text.clone()];
    for entity in &rendered.entities {
        let part = String::from_utf16(&units[entity.offset..entity.offset + entity.length]);
        let json = serde_json::to_value(entity).expect("an entity is JSON");
        let extra = json.get("language").or_else(|| json.get("url")).map(|v| format!(" {v}")).unwrap_or_default();
        let kind = json["type"].as_str().expect("a type");
        lines.push(format!("[{kind}{extra}] {:?}", part.expect("an entity splits no surrogate pair")));
    }
    lines.join("\n")
}

#[test]
fn inline_marks_become_entities_counted_in_utf16() {
    assert_eq!(
        shown("🙂 **bold *both*** `x < y` ~~gone~~ [docs](https://example.org/a?b=1)"),
        "🙂 bold both x < y gone docs\n\
         [bold] \"bold both\"\n[italic] \"both\"\n[code] \"x < y\"\n[strikethrough] \"gone\"\n\
         [text_link \"https://example.org/a?b=1\"] \"docs\""
    );
}

#[test]
fn blocks_keep_their_distance_and_lists_their_depth() {
    assert_eq!(
        shown(
            "# Plan\nfirst line\nsecond line\n\n- one\n  goes on\n- two\n  1. inner\n  2. inner two\n- [x] done\n\nend\n"
        ),
        "Plan\nfirst line\nsecond line\n\n• one\n   goes on\n• two\n   1. inner\n   2. inner two\n• ☑ done\n\nend\n[bold] \"Plan\""
    );
}

#[test]
fn a_fence_keeps_its_language_and_its_indentation() {
    assert_eq!(
        shown("see:\n```rust,ignore\nfn main() {\n    @x /tmp main.rs\n}\n```\nafter"),
        "see:\n\nfn main() {\n    @x /tmp main.rs\n}\n\nafter\n[pre \"rust\"] \"fn main() {\\n    @x /tmp main.rs\\n}\""
    );
}

#[test]
fn a_fence_that_is_still_open_is_a_fence_already() {
    assert_eq!(shown("```sh\ncargo test"), "cargo test\n[pre \"sh\"] \"cargo test\"");
}

#[test]
fn a_table_becomes_monospace_with_aligned_columns() {
    assert_eq!(
        shown("| file | lines |\n|:--|--:|\n| `a.rs` | 7 |\n| long name | **120** |\n"),
        "file      │ lines\n──────────┼──────\na.rs      │     7\nlong name │   120\n\
         [pre] \"file      │ lines\\n──────────┼──────\\na.rs      │     7\\nlong name │   120\""
    );
}

#[test]
fn a_quote_is_one_entity_however_deep_it_goes() {
    assert_eq!(shown("> a\n> > b\n\nc"), "a\n\nb\n\nc\n[blockquote] \"a\\n\\nb\"");
}

#[test]
fn names_in_model_text_ping_nobody() {
    assert_eq!(
        shown("ask @octo_cat or **@ada**, mail a@b.org, use `@this`"),
        "ask @octo_cat or @ada, mail a@b.org, use @this\n\
         [code] \"@octo_cat\"\n[bold] \"@ada\"\n[code] \"@ada\"\n[code] \"@this\""
    );
}

#[test]
fn a_style_that_begins_in_the_middle_of_a_name_begins_behind_it() {
    assert_eq!(
        shown("ask @**ada** or **see @bo**b"),
        "ask @ada or see @bob\n[code] \"@ada\"\n[bold] \"see \"\n[code] \"@bob\""
    );
    assert_eq!(shown("@a**b c**"), "@ab c\n[code] \"@ab\"\n[bold] \" c\"");
}

#[test]
fn words_after_a_slash_are_tappable_only_when_they_are_commands_of_ours() {
    assert_eq!(
        shown("run /status or /codebase_switch, look into /tmp and /usr/bin, not /command-set"),
        "run /status or /codebase_switch, look into /tmp and /usr/bin, not /command-set\n\
         [code] \"/tmp\"\n[code] \"/command-set\""
    );
}

#[test]
fn file_names_do_not_become_web_addresses() {
    assert_eq!(
        shown("src/main.rs:42 and README.md. See https://docs.rs/x.rs and example.org"),
        "src/main.rs:42 and README.md. See https://docs.rs/x.rs and example.org\n\
         [code] \"src/main.rs:42\"\n[code] \"README.md\""
    );
}

#[test]
fn only_web_links_are_links_and_other_targets_stay_readable() {
    assert_eq!(
        shown("[code](src/a.c) [you](tg://user?id=1) [here](#x) <https://a.org> ![pic](https://a.org/p.png)"),
        "code (src/a.c) you (tg://user?id=1) here https://a.org pic\n[text_link \"https://a.org/p.png\"] \"pic\""
    );
}

#[test]
fn of_too_many_entities_the_most_important_hundred_stay() {
    let source = format!("{} @name\n```c\nx\n```\n", "*a* ".repeat(150));
    let rendered = render(&source);
    assert_eq!(rendered.entities.len(), 100);
    let json = serde_json::to_string(&rendered.entities).expect("JSON");
    assert!(json.contains("\"pre\"") && json.contains("\"code\""));
    assert!(rendered.entities.windows(2).all(|pair| pair[0].offset <= pair[1].offset));
}

#[test]
fn text_without_anything_visible_is_sent_as_it_stands() {
    assert_eq!(render("[a]: https://example.org").text, "[a]: https://example.org");
    assert_eq!(shown("<!-- x -->\n"), "<!-- x -->");
    assert_eq!(shown("---"), "———");
}

#[test]
fn units_count_as_utf16_does() {
    for text in ["", "abc", "äöü", "漢字", "🙂👨‍👩‍👧", "e\u{301}"] {
        assert_eq!(utf16_units(text), text.encode_utf16().count(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn every_entity_lies_inside_the_text_and_splits_no_character(source in "[-a-z🙂ä@/_*`~>#|\\[\\]()\n 1.]{0,80}") {
        let rendered = render(&source);
        let units: Vec<u16> = rendered.text.encode_utf16().collect();
        proptest::prop_assert_eq!(units.len(), rendered.units);
        for entity in &rendered.entities {
            proptest::prop_assert!(entity.length > 0 && entity.offset + entity.length <= units.len());
            proptest::prop_assert!(String::from_utf16(&units[entity.offset..entity.offset + entity.length]).is_ok());
        }
    }
}
