//! The demo's own process: Claude's stream-json protocol on standard input and output.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::script::{self, Change, Step};

/// Between two pieces of streamed text, so that it looks like writing.
const PACE: Duration = Duration::from_millis(40);
/// How long a read seems to take.
const LOOK: Duration = Duration::from_millis(80);
/// Words in one piece of streamed text.
const WORDS: usize = 4;

/// Runs the demo until its standard input ends. The exit code is 0, or 1 when the session to resume is unknown.
#[must_use]
pub fn demo_main() -> i32 {
    let args: Vec<String> = std::env::args().collect();
    match Demo::new(&args).and_then(|mut demo| demo.run()) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

struct Demo {
    cwd: PathBuf,
    session: Uuid,
    /// Counts the turns of the session, also across resumes.
    file: PathBuf,
    input: Receiver<Value>,
    queue: VecDeque<Value>,
    /// Set when a person interrupted the turn that runs.
    interrupted: bool,
    closed: bool,
}

/// A turn broke off.
struct Interrupted;

/// A person's answer to a permission request.
enum Decision {
    Allow,
    Deny(String),
}

impl Demo {
    fn new(args: &[String]) -> io::Result<Self> {
        let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
        let sessions = PathBuf::from(value("--sessions").ok_or_else(|| io::Error::other("--sessions is missing"))?);
        let (resume, new) = (value("--resume"), value("--session-id"));
        let id = resume.or(new).ok_or_else(|| io::Error::other("--session-id is missing"))?;
        let file = |id: Uuid| sessions.join(format!("{id}.json"));
        let known = id.parse().ok().filter(|id| resume.is_none() || file(*id).is_file());
        let Some(session) = known else {
            let missing = format!("No conversation found with session ID: {id}");
            say(
                &json!({ "type": "result", "subtype": "error_during_execution", "is_error": true, "errors": [missing] }),
            )?;
            return Err(io::Error::other(missing));
        };
        let demo = Self {
            cwd: std::env::current_dir()?,
            session,
            file: file(session),
            input: listen(),
            queue: VecDeque::new(),
            interrupted: false,
            closed: false,
        };
        if new.is_some() {
            std::fs::write(&demo.file, r#"{"turns":0}"#)?;
        }
        Ok(demo)
    }

    fn run(&mut self) -> io::Result<()> {
        loop {
            if let Some(user) = self.queue.pop_front() {
                self.turn(&user)?;
            } else if self.closed {
                return Ok(());
            } else {
                match self.input.recv() {
                    Ok(line) => self.hear(line)?,
                    Err(_) => self.closed = true,
                }
            }
        }
    }

    /// Takes a line that is no answer to a question.
    fn hear(&mut self, line: Value) -> io::Result<()> {
        match (line["type"].as_str(), line["request"]["subtype"].as_str()) {
            (Some("user"), _) => {
                say(&json!({ "type": "command_lifecycle", "command_uuid": line["uuid"], "state": "queued" }))?;
                self.queue.push_back(line);
            }
            (Some("control_request"), Some("interrupt")) => {
                self.interrupted = true;
                for user in std::mem::take(&mut self.queue) {
                    say(&json!({ "type": "command_lifecycle", "command_uuid": user["uuid"], "state": "cancelled" }))?;
                }
                self.reply(&line)?;
            }
            (Some("control_request"), _) => self.reply(&line)?,
            _ => {}
        }
        Ok(())
    }

    fn reply(&self, request: &Value) -> io::Result<()> {
        let response = json!({ "subtype": "success", "request_id": request["request_id"], "response": {} });
        say(&json!({ "type": "control_response", "response": response }))
    }

    fn turn(&mut self, user: &Value) -> io::Result<()> {
        self.interrupted = false;
        let number = self.count()?;
        say(&json!({ "type": "system", "subtype": "init", "session_id": self.session, "model": "demo",
                     "cwd": self.cwd, "permissionMode": "default" }))?;
        let prompt = user["message"]["content"].as_str().unwrap_or_default();
        let ended = self.play(&script::play(prompt, number, &self.cwd))?;
        let mut result = json!({
            "type": "result", "session_id": self.session, "user_message_uuids": [user["uuid"]],
            "model_usage_since_last_result": {}, "num_turns": 1,
        });
        let outcome = match ended {
            Ok(()) => json!({ "subtype": "success", "is_error": false, "terminal_reason": "completed" }),
            Err(Interrupted) => {
                json!({ "subtype": "error_during_execution", "is_error": true, "terminal_reason": "aborted_streaming" })
            }
        };
        if let (Some(result), Value::Object(outcome)) = (result.as_object_mut(), outcome) {
            result.extend(outcome);
        }
        say(&result)
    }

    /// The number of the turn that begins, from 1.
    fn count(&self) -> io::Result<u64> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let before = serde_json::from_str::<Value>(&text).ok().and_then(|stored| stored["turns"].as_u64()).unwrap_or(0);
        std::fs::write(&self.file, json!({ "turns": before + 1 }).to_string())?;
        Ok(before + 1)
    }

    fn play(&mut self, steps: &[Step]) -> io::Result<Result<(), Interrupted>> {
        for step in steps {
            let played = match step {
                Step::Say(text) => self.speak(text)?,
                Step::Read(file) => self.read(file)?,
                Step::Change(change) => self.change(change)?,
            };
            if played.is_err() {
                return Ok(played);
            }
        }
        Ok(Ok(()))
    }

    /// Streams a text and finishes its block; an interrupt keeps what was said so far.
    fn speak(&mut self, text: &str) -> io::Result<Result<(), Interrupted>> {
        let mut said = String::new();
        let mut pieces = pieces(text).into_iter().peekable();
        let mut ended = Ok(());
        while let Some(piece) = pieces.next() {
            let delta = json!({ "type": "content_block_delta", "index": 0,
                                "delta": { "type": "text_delta", "text": piece } });
            say(
                &json!({ "type": "stream_event", "event": delta, "parent_tool_use_id": null, "session_id": self.session }),
            )?;
            said.push_str(piece);
            if pieces.peek().is_some() {
                ended = self.pause(PACE)?;
            }
            if ended.is_err() {
                break;
            }
        }
        self.block(&json!({ "type": "text", "text": said }))?;
        Ok(ended)
    }

    fn read(&mut self, file: &str) -> io::Result<Result<(), Interrupted>> {
        let path = self.cwd.join(file);
        let id = self.call("Read", &json!({ "file_path": path }))?;
        let text = std::fs::read_to_string(&path);
        let waited = self.pause(LOOK)?;
        self.called(&id, text.as_deref().map_err(|_| "The file is not there."))?;
        Ok(waited)
    }

    fn change(&mut self, change: &Change) -> io::Result<Result<(), Interrupted>> {
        let path = self.cwd.join(change.file);
        let input = json!({ "file_path": path, "old_string": change.old, "new_string": change.new });
        let id = self.call("Edit", &input)?;
        let request = Uuid::new_v4().to_string();
        say(&json!({ "type": "control_request", "request_id": request, "request": {
            "subtype": "can_use_tool", "tool_name": "Edit", "input": input, "tool_use_id": id } }))?;
        let text = match self.decision(&request)? {
            Err(Interrupted) => {
                say(&json!({ "type": "control_cancel_request", "request_id": request }))?;
                self.called(&id, Err("Not done: the turn was interrupted."))?;
                return Ok(Err(Interrupted));
            }
            Ok(Decision::Deny(reason)) => {
                self.called(&id, Err(&reason))?;
                script::denied(&reason)
            }
            Ok(Decision::Allow) => match edit(&path, change) {
                Ok(()) => {
                    self.called(&id, Ok("The file was changed."))?;
                    script::allowed(change)
                }
                Err(error) => {
                    self.called(&id, Err("The file could not be changed."))?;
                    script::failed(change, &error.to_string())
                }
            },
        };
        self.speak(&text)
    }

    /// Waits for the answer to a question.
    fn decision(&mut self, request: &str) -> io::Result<Result<Decision, Interrupted>> {
        loop {
            let Ok(line) = self.input.recv() else {
                self.closed = true;
                return Ok(Ok(Decision::Deny("Nobody is there any more.".to_owned())));
            };
            if line["type"] == "control_response" && line["response"]["request_id"] == request {
                let answer = &line["response"]["response"];
                if answer["behavior"] == "allow" {
                    return Ok(Ok(Decision::Allow));
                }
                return Ok(Ok(Decision::Deny(answer["message"].as_str().unwrap_or("none").to_owned())));
            }
            self.hear(line)?;
            if self.interrupted {
                return Ok(Err(Interrupted));
            }
        }
    }

    /// Waits, unless a person interrupts.
    fn pause(&mut self, time: Duration) -> io::Result<Result<(), Interrupted>> {
        if self.closed {
            return Ok(Ok(()));
        }
        match self.input.recv_timeout(time) {
            Ok(line) => self.hear(line)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.closed = true,
        }
        Ok(if self.interrupted { Err(Interrupted) } else { Ok(()) })
    }

    fn call(&self, tool: &str, input: &Value) -> io::Result<String> {
        let id = format!("toolu_{}", Uuid::new_v4().simple());
        self.block(&json!({ "type": "tool_use", "id": id, "name": tool, "input": input }))?;
        Ok(id)
    }

    fn called(&self, id: &str, outcome: Result<&str, &str>) -> io::Result<()> {
        let failed = outcome.is_err();
        let content = outcome.unwrap_or_else(|why| why);
        let block = json!({ "type": "tool_result", "tool_use_id": id, "content": content, "is_error": failed });
        say(&json!({ "type": "user", "message": { "role": "user", "content": [block] },
                     "parent_tool_use_id": null, "session_id": self.session }))
    }

    fn block(&self, block: &Value) -> io::Result<()> {
        say(&json!({ "type": "assistant", "message": { "role": "assistant", "model": "demo", "content": [block] },
                     "parent_tool_use_id": null, "session_id": self.session }))
    }
}

/// Changes the file as it was shown.
fn edit(path: &Path, change: &Change) -> io::Result<()> {
    let before = std::fs::read_to_string(path)?;
    if !before.contains(change.old) {
        return Err(io::Error::other("it has changed meanwhile"));
    }
    std::fs::write(path, before.replacen(change.old, change.new, 1))
}

/// The lines of standard input that are JSON.
fn listen() -> Receiver<Value> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if let Ok(value) = serde_json::from_str(&line)
                && sender.send(value).is_err()
            {
                return;
            }
        }
    });
    receiver
}

fn say(line: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The text in pieces of a few words, with the white space between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut begin, mut words) = (0, 0);
    for (at, _) in text.match_indices(' ') {
        words += 1;
        if words == WORDS {
            pieces.push(&text[begin..=at]);
            (begin, words) = (at + 1, 0);
        }
    }
    if begin < text.len() {
        pieces.push(&text[begin..]);
    }
    pieces
}
