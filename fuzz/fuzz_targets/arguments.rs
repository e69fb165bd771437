//! Commands and their arguments: whatever was understood can be written down again and is understood the same.
#![no_main]

use adjutant_orchestrator::language::arguments;
use adjutant_orchestrator::language::parse::{Input, parse};
use libfuzzer_sys::fuzz_target;

fn quoted(argument: &str) -> String {
    format!("\"{}\"", argument.replace('\\', "\\\\").replace('"', "\\\""))
}

fuzz_target!(|text: &str| {
    let rest = match parse(text) {
        Input::Prompt(prompt) => {
            assert_eq!(prompt, text, "a prompt is what was typed");
            prompt
        }
        Input::Command { name, rest } => {
            assert!(text.starts_with('/') && !name.is_empty());
            assert_eq!(parse(&format!("/{name} {rest}")), Input::Command { name, rest: rest.clone() });
            rest
        }
    };
    let Ok(understood) = arguments::split(&rest) else { return };
    let written: Vec<String> = understood.iter().map(|argument| quoted(argument)).collect();
    assert_eq!(arguments::split(&written.join(" ")).expect("every quote is closed"), understood);
});
