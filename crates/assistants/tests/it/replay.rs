//! Every recording of the real program, through the codec.

use std::fmt::Write as _;
use std::path::Path;

use adjutant_assistants::claude::ClaudeCodec;
use adjutant_assistants::held::codec::{Codec, End};
use adjutant_core::assistant::{AssistantEvent, Outcome};
use adjutant_core::id::TurnId;

/// Reads a recording as the gateway would: a turn begins before the first line, and the next when one has ended.
fn replay(text: &str) -> Vec<AssistantEvent> {
    let mut codec = ClaudeCodec::new("/workspace/demo".into());
    let mut events = Vec::new();
    codec.begin(TurnId::generate());
    for line in text.lines() {
        let before = events.len();
        codec.read(line, &mut events).unwrap_or_else(|error| panic!("{error}: {line}"));
        if events[before..].iter().any(|event| matches!(event, AssistantEvent::TurnEnded(_))) {
            codec.begin(TurnId::generate());
        }
    }
    events
}

/// One line per event; deltas in a row are one line.
fn shown(events: &[AssistantEvent]) -> String {
    let mut text = String::new();
    let mut deltas = String::new();
    for event in events {
        if let AssistantEvent::TextDelta(delta) = event {
            deltas.push_str(delta);
            continue;
        }
        if !deltas.is_empty() {
            let start: String = deltas.chars().take(60).collect();
            writeln!(text, "TextDelta* {} chars: {start:?}", deltas.chars().count()).unwrap();
            deltas.clear();
        }
        let line = format!("{event:?}");
        writeln!(text, "{}", line.chars().take(1000).collect::<String>()).unwrap();
    }
    text + &deltas
}

#[test]
fn every_recording_becomes_the_events_of_its_snapshot() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude");
    let mut names: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() > 30, "recordings are missing");
    for name in names {
        let name = name.into_string().unwrap();
        let case = name.strip_suffix(".stdout.jsonl").unwrap_or_else(|| panic!("`{name}` is no recording"));
        let text = std::fs::read_to_string(dir.join(&name)).unwrap();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("claude-{case}"), shown(&replay(&text)));
        });
    }
}

#[test]
fn a_recording_reads_the_same_twice() {
    let text = include_str!("../fixtures/claude/50-bidi-permissions.stdout.jsonl");
    assert_eq!(replay(text), replay(text));
}

#[test]
fn a_stream_that_just_stops_is_a_crash_and_an_asked_for_stop_is_not() {
    let text = include_str!("../fixtures/claude/58-sigterm-midstream.stdout.jsonl");
    let end = End::Exited { status: "exit code 143".into(), stderr: String::new() };
    for interrupted in [false, true] {
        let mut codec = ClaudeCodec::new("/workspace/demo".into());
        let turn = TurnId::generate();
        codec.begin(turn);
        let mut events = Vec::new();
        for line in text.lines() {
            codec.read(line, &mut events).unwrap();
        }
        if interrupted {
            codec.interrupting(turn);
        }
        codec.end(&end, &mut events);
        let Some(AssistantEvent::TurnEnded(outcome)) = events.last() else { panic!("the turn has ended") };
        assert_eq!(*outcome == Outcome::Interrupted, interrupted, "{outcome:?}");
    }
}

#[test]
fn a_second_result_is_said_and_ends_no_turn() {
    let (first, second) = (TurnId::generate(), TurnId::generate());
    let mut codec = ClaudeCodec::new("/w".into());
    let mut events = Vec::new();
    codec.begin(first);
    let answered =
        format!(r#"{{"type":"result","subtype":"success","user_message_uuids":["{first}"],"result":"one"}}"#);
    codec.read(&answered, &mut events).unwrap();
    codec.begin(second);
    let unasked = r#"{"type":"result","subtype":"success","result":"the build is done","result_index":1}"#;
    codec.read(unasked, &mut events).unwrap();
    let shown: Vec<_> = events.iter().map(|event| format!("{event:?}")).collect();
    assert_eq!(
        shown,
        [r#"TextBlock("one")"#, "TurnEnded(Completed)", r#"Notice(Said("the build is done"))"#],
        "the second turn still runs"
    );
}

#[test]
fn a_prompt_that_was_interrupted_before_it_began_has_ended() {
    let turn = TurnId::generate();
    let mut codec = ClaudeCodec::new("/w".into());
    let mut events = Vec::new();
    codec.begin(turn);
    let line = format!(r#"{{"type":"command_lifecycle","command_uuid":"{turn}","state":"cancelled"}}"#);
    codec.read(&line, &mut events).unwrap();
    assert_eq!(events, [AssistantEvent::TurnEnded(Outcome::Interrupted)]);
}

#[test]
fn a_message_that_broke_off_is_thrown_away() {
    let mut codec = ClaudeCodec::new("/w".into());
    let mut events = Vec::new();
    codec.begin(TurnId::generate());
    for line in [
        r#"{"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"text_delta","text":"half"}},"parent_tool_use_id":null}"#,
        r#"{"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"text_delta","text":"sub"}},"parent_tool_use_id":"t1"}"#,
        r#"{"event":{"type":"message_stop"},"abandoned_blocks":{"api_message_id":"m","from_block_index":0},"type":"stream_event"}"#,
        r#"{"type":"result","subtype":"success","result":"whole"}"#,
    ] {
        codec.read(line, &mut events).unwrap();
    }
    let shown: Vec<_> = events.iter().map(|event| format!("{event:?}")).collect();
    let expected = [r#"TextDelta("half")"#, "TextAbandoned", r#"TextBlock("whole")"#, "TurnEnded(Completed)"];
    assert_eq!(shown, expected);
}
