//! What Claude Code writes: any bytes are events or a clear refusal, and a turn ends once.
#![no_main]

use adjutant_assistants::claude::ClaudeCodec;
use adjutant_assistants::held::codec::{Codec, End};
use adjutant_core::assistant::AssistantEvent;
use adjutant_core::id::TurnId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|output: &[u8]| {
    let mut codec = ClaudeCodec::new("/nonexistent".into());
    let mut events = Vec::new();
    codec.begin(TurnId(uuid::Uuid::nil()));
    for line in output.split(|byte| *byte == b'\n') {
        // A line that cannot be read is said to be so; the next one counts again.
        let _ = codec.read(&String::from_utf8_lossy(line), &mut events);
    }
    codec.end(&End::Exited { status: "0".to_owned(), stderr: String::new() }, &mut events);
    let ended = events.iter().filter(|event| matches!(event, AssistantEvent::TurnEnded(_))).count();
    assert!(ended <= 1, "one turn ended {ended} times");
});
