//! Commands, arguments and substitution as people write them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::arguments::{next, split, whole};
use super::nearest::nearest;
use super::parse::{Input, normalise, parse};
use super::substitute::{LONGEST, Substituted, Values, substitute};

fn command(text: &str) -> (String, String) {
    match parse(text) {
        Input::Command { name, rest } => (name, rest),
        Input::Prompt(text) => panic!("{text:?} was taken for a prompt"),
    }
}

#[test]
fn a_slash_at_the_very_beginning_makes_a_command() {
    for (text, name, rest) in [
        ("/help", "help", ""),
        ("/Help", "help", ""),
        ("/status@adjutant_bot", "status", ""),
        ("/Command_Invoke@Bot plan \"x y\" ", "command-invoke", "plan \"x y\""),
        ("/command-set plan p.md \"line\nline\"", "command-set", "plan p.md \"line\nline\""),
        ("/help\nmore", "help", "more"),
        ("/stauts", "stauts", ""),
        ("/usr/bin/env is broken", "usr/bin/env", "is broken"),
    ] {
        assert_eq!(command(text), (name.to_owned(), rest.to_owned()), "{text:?}");
    }
}

#[test]
fn everything_else_is_a_prompt_as_it_was_typed() {
    for text in ["", " /help", "help", "\n/help", "see /help", "/", "/ help", "/@bot help", "!help", "\u{200b}/help"] {
        assert_eq!(parse(text), Input::Prompt(text.to_owned()));
    }
}

fn arguments(text: &str) -> Vec<String> {
    split(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn arguments_are_bare_or_quoted_in_every_usual_way() {
    for (text, expected) in [
        ("", &[] as &[&str]),
        ("  \n\t", &[]),
        ("one two\u{a0}three\nfour", &["one", "two", "three", "four"]),
        (r#""Add dark mode" 42"#, &["Add dark mode", "42"]),
        ("'a b' c", &["a b", "c"]),
        ("“a b” ‘c d’ «e f» „g h“ »i j« ‚k l‘ ‹m n›", &["a b", "c d", "e f", "g h", "i j", "k l", "m n"]),
        (r#""" '' “” x"#, &["", "", "", "x"]),
        (r#""say \"hi\" \\ \n""#, &[r#"say "hi" \ \n"#]),
        (r"“say \” and \“”", &[r"say ” and \“"]),
        (r"'no \ escapes'", &[r"no \ escapes"]),
        ("\"two\n\nlines\"", &["two\n\nlines"]),
        ("don't it's", &["don't", "it's"]),
        ("'don't' ‘it’s fine’", &["don't", "it’s fine"]),
        ("a\"b c", &["a\"b", "c"]),
        ("\"a\"b", &["a", "b"]),
        ("--flag=\"x y\"", &["--flag=\"x", "y\""]),
        (r"\$1 C:\x", &[r"\$1", r"C:\x"]),
    ] {
        assert_eq!(arguments(text), expected, "{text:?}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_an_error_that_says_so() {
    for (text, message) in [
        ("plan \"add dark", "The quote that begins with `\"add dark` is never closed."),
        ("“open", "The quote that begins with `“open` is never closed."),
        ("ok 'x", "The quote that begins with `'x` is never closed."),
        (r#""ends with \""#, r#"The quote that begins with `"ends with \"` is never closed."#),
        ("\"", "The quote that begins with `\"` is never closed."),
    ] {
        let error = split(text).unwrap_err();
        assert_eq!(error.message, message);
        assert!(error.hint.starts_with("Close it with `"), "{}", error.hint);
    }
    let treacherous = split(&format!("\"a`b\0{}", "c".repeat(1_000_000))).unwrap_err();
    assert_eq!(treacherous.message, "The quote that begins with `\"a` is never closed.");
}

#[test]
fn the_rest_behind_an_argument_stays_as_it_was_typed() {
    assert_eq!(next(" plan  \"x  y\"  z ").unwrap(), Some(("plan".to_owned(), "\"x  y\"  z ")));
    assert_eq!(next("\"my plan\"x").unwrap(), Some(("my plan".to_owned(), "x")));
    assert_eq!(next(" ").unwrap(), None);
}

#[test]
fn a_whole_text_may_stand_in_quotes() {
    for (text, expected) in [
        (" my folder ", "my folder"),
        ("\"my folder\"", "my folder"),
        ("“my folder”", "my folder"),
        ("'it''s'", "'it''s'"),
        ("\"a\" b", "\"a\" b"),
        ("", ""),
    ] {
        assert_eq!(whole(text).unwrap(), expected, "{text}");
    }
    assert!(whole("\"my folder").is_err());
}

#[test]
fn a_hundred_thousand_arguments_and_a_megabyte_are_no_trouble() {
    assert_eq!(arguments(&"a ".repeat(100_000)).len(), 100_000);
    assert_eq!(arguments(&"\"\" ".repeat(100_000)).len(), 100_000);
    assert_eq!(arguments(&"'a'".repeat(100_000)).len(), 100_000);
    assert_eq!(arguments(&format!("\"{}\"", "a ".repeat(500_000)))[0].len(), 1_000_000);
    assert!(split(&"'a b".repeat(250_000)).is_err());
    let many: Vec<String> = (1..=100_000).map(|n| n.to_string()).collect();
    let template: String = (1..=100_000).map(|n| format!("$A{n} ${n} ")).collect();
    let done = with(&template, "", &many, &BTreeMap::new());
    assert_eq!(done.unknown.len(), 100_000);
    assert!(done.text.ends_with("$A100000 100000 "));
}

fn with(template: &str, raw: &str, arguments: &[String], named: &BTreeMap<String, String>) -> Substituted {
    substitute(template, &Values { name: "plan", raw, arguments, named }).unwrap()
}

fn named() -> BTreeMap<String, String> {
    [("PLAN", "1. $1 2. $PLAN \\$"), ("EMPTY", ""), ("PLAN_B", "b")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

fn text(template: &str, raw: &str) -> String {
    with(template, raw, &arguments(raw), &named()).text
}

#[test]
fn values_are_inserted_by_one_scan_from_left_to_right() {
    for (template, raw, expected) in [
        ("Do $1 and $2.", "\"a b\" c", "Do a b and c."),
        ("All: $ARGUMENTS!", "\"a  b\"  'c'", "All: \"a  b\"  'c'!"),
        ("$0: $3|", "a b", "plan: |"),
        ("$10", "a b c d e f g h i j", "j"),
        ("$10", "a", ""),
        ("$1st $01", "x", "xst x"),
        ("$99999999999999999999999999|", "x", "|"),
        ("$1", "$2 b", "$2"),
        ("$1$2", "$ 1", "$1"),
        ("$ARGUMENTS", "$1 $PLAN \\$1", "$1 $PLAN \\$1"),
        ("$PLAN", "x", "1. $1 2. $PLAN \\$"),
        ("$PLAN_B $EMPTY|", "", "b |"),
        (r"\$1 costs \$5", "x", "$1 costs $5"),
        (r"\$ARGUMENTS \$PLAN \\$1", "x", r"$ARGUMENTS $PLAN \$1"),
        ("$", "x", "$"),
        ("a$ $$ $$1 $-", "x", "a$ $$ $x $-"),
        ("$Path $path $_ $ARGUMENTSx ${1} $É", "x", "$Path $path $_ $ARGUMENTSx ${1} $É"),
        ("no values", "x", "no values"),
        ("", "x", ""),
    ] {
        assert_eq!(text(template, raw), expected, "{template:?} with {raw:?}");
    }
}

#[test]
fn names_without_a_value_stay_and_are_named_once() {
    let done = with("$HOME $PLAN $IMPLEMENTATION_SUMMARY $HOME \\$SHELL $PLANS", "", &[], &named());
    assert_eq!(done.unknown, ["HOME", "IMPLEMENTATION_SUMMARY", "PLANS"]);
    assert!(done.text.starts_with("$HOME 1. "));
    assert!(done.used.contains("PLAN") && done.used.len() == 1);
    assert!(!done.takes_arguments);
    assert!(with("$1", "", &[], &named()).takes_arguments);
    assert!(with("$ARGUMENTS", "", &[], &named()).takes_arguments);
    assert!(!with("$0 \\$1", "", &[], &named()).takes_arguments);
}

#[test]
fn a_text_that_would_fill_the_memory_is_an_error() {
    let raw = "x".repeat(1_000_000);
    let named = BTreeMap::new();
    let values = Values { name: "plan", raw: &raw, arguments: &[], named: &named };
    let error = substitute(&"$ARGUMENTS".repeat(100_000), &values).unwrap_err();
    assert!(error.message.contains("longer than 8 MB"), "{error}");
}

#[test]
fn the_command_that_was_probably_meant_is_found() {
    let known = ["help", "status", "stop", "reset", "clone", "command-set", "command-invoke", "plan_feature"];
    for (typed, meant) in [
        ("stauts", Some("status")),
        ("STATUS", Some("status")),
        ("statu", Some("status")),
        ("hlep", Some("help")),
        ("rset", Some("reset")),
        ("comand_invoke", Some("command-invoke")),
        ("plan-featrue", Some("plan_feature")),
        ("xyz", None),
        ("q", None),
        ("", None),
        ("deploy", None),
    ] {
        assert_eq!(nearest(typed, known), meant, "{typed}");
    }
    assert_eq!(nearest("ab", ["abc", "abd"]), Some("abc"), "the first of equals");
    assert_eq!(nearest("ca", ["abc"]), None);
    assert_eq!(nearest(&"s".repeat(1_000_000), known), None);
    assert_eq!(nearest("x", ["y"]), None, "one letter that differs is nothing alike");
}

proptest! {
    #[test]
    fn inserted_text_is_never_scanned_again(raw in "[$\\\\A-Z0-9a-z \\n]{0,40}", argument in "[$\\\\A-Z0-9a-z]{0,20}") {
        let named: BTreeMap<_, _> = [("PLAN".to_owned(), argument.clone())].into();
        let done = with("<$ARGUMENTS|$1|$PLAN>", &raw, std::slice::from_ref(&argument), &named);
        prop_assert_eq!(done.text, format!("<{raw}|{argument}|{argument}>"));
        prop_assert!(done.unknown.is_empty());
    }

    #[test]
    fn escaping_every_dollar_gives_the_text_itself(plain in "[^\\\\]{0,60}") {
        let escaped = plain.replace('$', "\\$");
        prop_assert_eq!(text(&escaped, "a b c"), plain);
    }

    #[test]
    fn substitution_agrees_with_a_slow_reading_of_its_rules(template in "[$\\\\A1B_a 0]{0,30}") {
        let arguments: Vec<String> = ["one".to_owned(), "$1".to_owned()].into();
        let named: BTreeMap<_, _> = [("A".to_owned(), "\\$B".to_owned())].into();
        let done = with(&template, "raw", &arguments, &named);
        prop_assert_eq!(done.text, slow(&template));
    }

    #[test]
    fn splitting_takes_back_what_quoting_did(words in prop::collection::vec("\\PC{0,12}", 0..6)) {
        let quoted: Vec<String> =
            words.iter().map(|word| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))).collect();
        prop_assert_eq!(arguments(&quoted.join(" ")), words);
    }

    #[test]
    fn no_text_makes_splitting_or_parsing_fail_otherwise(any in "\\PC{0,80}") {
        let _ = split(&any);
        match parse(&any) {
            Input::Prompt(text) => prop_assert_eq!(text, any),
            Input::Command { name, rest } => {
                prop_assert!(any.starts_with('/') && any.contains(&rest));
                prop_assert_eq!(normalise(&name), name);
            }
        }
    }
}

/// The rules once more, character by character, for the values of the test above.
fn slow(template: &str) -> String {
    let t: Vec<char> = template.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    while i < t.len() {
        if t[i] == '\\' && t.get(i + 1) == Some(&'$') {
            out.push('$');
            i += 2;
            continue;
        }
        if t[i] != '$' {
            out.push(t[i]);
            i += 1;
            continue;
        }
        let run = |is: fn(&char) -> bool| t[i + 1..].iter().take_while(|c| is(c)).collect::<String>();
        let digits = run(char::is_ascii_digit);
        let name = run(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_');
        let behind = t.get(i + 1 + name.len());
        if !digits.is_empty() {
            out.push_str(match digits.trim_start_matches('0') {
                "" => "plan",
                "1" => "one",
                "2" => "$1",
                _ => "",
            });
            i += 1 + digits.len();
        } else if name.starts_with(|c: char| c.is_ascii_uppercase()) && !behind.is_some_and(|c| c.is_alphanumeric()) {
            out.push_str(&if name == "A" { "\\$B".to_owned() } else { format!("${name}") });
            i += 1 + name.len();
        } else {
            out.push('$');
            i += 1;
        }
    }
    assert!(out.len() <= LONGEST);
    out
}
