//! Command files: what is inserted is never looked at again.
#![no_main]

use std::collections::BTreeMap;

use adjutant_orchestrator::language::substitute::{LONGEST, Values, substitute};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Case {
    template: String,
    arguments: Vec<String>,
    raw: String,
    plan: String,
}

fuzz_target!(|case: Case| {
    let named = |plan: &str| BTreeMap::from([("PLAN".to_owned(), plan.to_owned())]);
    let with_plan = named(&case.plan);
    let values = Values { name: "plan", raw: &case.raw, arguments: &case.arguments, named: &with_plan };
    let Ok(ours) = substitute(&case.template, &values) else { return };
    let longest = case.arguments.iter().map(String::len).chain([case.raw.len(), case.plan.len()]).max().unwrap_or(0);
    assert!(ours.text.len() <= LONGEST + case.template.len() + longest);
    // Marks that stand for the values, put in first and replaced afterwards, give the same text.
    if case.template.contains('\u{1}') {
        return;
    }
    let mark = |what: &str| format!("\u{1}{what}\u{2}");
    let arguments: Vec<String> = (0..case.arguments.len()).map(|n| mark(&n.to_string())).collect();
    let (raw, plan) = (mark("raw"), named(&mark("plan")));
    let marked = Values { name: "plan", raw: &raw, arguments: &arguments, named: &plan };
    let Ok(marked) = substitute(&case.template, &marked) else { return };
    let mut expected = String::new();
    let mut pieces = marked.text.split('\u{1}');
    expected.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (what, behind) = piece.split_once('\u{2}').expect("a mark is closed");
        expected.push_str(match what {
            "raw" => &case.raw,
            "plan" => &case.plan,
            number => &case.arguments[number.parse::<usize>().expect("a number")],
        });
        expected.push_str(behind);
    }
    assert_eq!(ours.text, expected);
});
