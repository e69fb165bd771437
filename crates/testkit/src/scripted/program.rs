//! The program: reads messages, plays their steps.

mod asking;

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Received;
use super::emit::{block, delta, lifecycle, lost, raw, reply, say, tool_result};
use super::faults::{api_error, bad_utf8, grandchild, ignore_term, long_line, stderr};
use super::script::{Step, steps};
use super::surroundings::{begin_session, environment, find_answer, find_log};

/// What `--version` prints: the version whose protocol this speaks.
const VERSION: &str = "2.1.329 (Claude Code)";

/// Why a turn does not go on.
enum Stop {
    Interrupted,
    /// The process ends with this code, without a word.
    Exit(u8),
    /// The turn ends with this failed result.
    Failed(Value),
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

enum Heard {
    Line(Value),
    NotJson,
}

struct Program {
    args: Vec<String>,
    session: Uuid,
    log: Option<PathBuf>,
    input: Receiver<Heard>,
    queue: VecDeque<Value>,
    seen: HashSet<String>,
    /// Tools allowed for as long as this process lives.
    allowed: HashSet<String>,
    interrupted: bool,
    ignores_interrupt: bool,
    closed: bool,
    usage: Value,
    second_result: bool,
    /// What was allowed or heard is not said.
    quiet: bool,
    /// The messages the running turn answers.
    answered: Vec<Value>,
    last_failed: bool,
}

/// Runs until standard input ends. The exit code is that of the real program: whether the last turn failed.
#[must_use]
pub fn scripted_main() -> u8 {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--version") {
        println!("{VERSION}");
        return 0;
    }
    match Program::new(args).and_then(|mut program| program.run()) {
        Ok(code) | Err(Stop::Exit(code)) => code,
        Err(Stop::Io(error)) => {
            eprintln!("{error}");
            1
        }
        Err(Stop::Interrupted | Stop::Failed(_)) => 1,
    }
}

impl Program {
    fn new(args: Vec<String>) -> Result<Self, Stop> {
        let session = begin_session(&args)?.ok_or(Stop::Exit(1))?;
        Ok(Self {
            args,
            session,
            log: find_log(),
            input: listen(),
            queue: VecDeque::new(),
            seen: HashSet::new(),
            allowed: HashSet::new(),
            interrupted: false,
            ignores_interrupt: false,
            closed: false,
            usage: json!({}),
            second_result: false,
            quiet: false,
            answered: Vec::new(),
            last_failed: false,
        })
    }

    fn run(&mut self) -> Result<u8, Stop> {
        loop {
            if let Some(message) = self.queue.pop_front() {
                self.turn(&message)?;
            } else if self.closed {
                return Ok(u8::from(self.last_failed));
            } else {
                match self.input.recv() {
                    Ok(heard) => self.hear(heard)?,
                    Err(_) => self.closed = true,
                }
            }
        }
    }

    fn hear(&mut self, heard: Heard) -> Result<(), Stop> {
        let Heard::Line(line) = heard else {
            eprintln!("Error parsing streaming input line: SyntaxError");
            return Err(Stop::Exit(1));
        };
        match (line["type"].as_str(), line["request"]["subtype"].as_str()) {
            (Some("user"), _) => {
                let uuid = line["uuid"].as_str().unwrap_or_default().to_owned();
                if uuid.is_empty() || self.seen.insert(uuid) {
                    self.note(&line)?;
                    lifecycle(&line, "queued")?;
                    self.queue.push_back(line);
                }
            }
            (Some("control_request"), Some("interrupt")) if self.ignores_interrupt => {}
            (Some("control_request"), Some("interrupt")) => {
                self.interrupted = true;
                for message in std::mem::take(&mut self.queue) {
                    lifecycle(&message, "cancelled")?;
                }
                reply(&line)?;
            }
            (Some("control_request"), _) => reply(&line)?,
            _ => {}
        }
        Ok(())
    }

    fn note(&self, message: &Value) -> io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let received = Received {
            session: self.session.to_string(),
            uuid: message["uuid"].as_str().unwrap_or_default().to_owned(),
            prompt: message["message"]["content"].as_str().unwrap_or_default().to_owned(),
            pid: std::process::id(),
        };
        let mut line = serde_json::to_vec(&received)?;
        line.push(b'\n');
        // One write, so that lines of several processes do not mix.
        fs::OpenOptions::new().create(true).append(true).open(log)?.write_all(&line)
    }

    fn turn(&mut self, message: &Value) -> Result<(), Stop> {
        (self.interrupted, self.second_result, self.quiet, self.usage) = (false, false, false, json!({}));
        lifecycle(message, "started")?;
        say(&json!({ "type": "system", "subtype": "init", "session_id": self.session, "model": "scripted",
                     "claude_code_version": "2.1.329" }))?;
        let prompt = message["message"]["content"].as_str().unwrap_or_default();
        let answer = if prompt.contains("[[") { None } else { find_answer(prompt) };
        let ended = steps(answer.as_deref().unwrap_or(prompt)).into_iter().try_for_each(|step| self.step(step));
        let outcome = match ended {
            Ok(()) => json!({ "subtype": "success", "is_error": false, "terminal_reason": "completed" }),
            Err(Stop::Interrupted) => {
                json!({ "subtype": "error_during_execution", "is_error": true, "terminal_reason": "aborted_streaming" })
            }
            Err(Stop::Failed(result)) => result,
            Err(stop) => return Err(stop),
        };
        self.last_failed = outcome["is_error"] == true;
        self.answered.insert(0, message["uuid"].clone());
        let answered = Value::Array(std::mem::take(&mut self.answered));
        self.result(&answered, &outcome)?;
        lifecycle(message, "completed")?;
        if self.second_result {
            let outcome = json!({ "subtype": "success", "is_error": false, "result": "second", "result_index": 1 });
            self.result(&Value::Null, &outcome)?;
        }
        Ok(())
    }

    fn result(&mut self, prompts: &Value, outcome: &Value) -> io::Result<()> {
        let mut result = json!({ "type": "result", "session_id": self.session,
                                 "model_usage_since_last_result": self.usage.take() });
        if let (Some(result), Some(outcome)) = (result.as_object_mut(), outcome.as_object()) {
            result.extend(outcome.clone());
            if !prompts.is_null() {
                result.insert("user_message_uuids".to_owned(), prompts.clone());
            }
        }
        say(&result)
    }

    fn step(&mut self, step: Step) -> Result<(), Stop> {
        match step {
            Step::Text(text) => self.text(&text),
            Step::Deltas { count, pause_ms } => self.deltas((1..=count).map(|n| format!("w{n} ")), pause_ms),
            Step::Chars(count) => self.deltas(chars(count), 0.0),
            Step::Think(text) => Ok(block(self.session, &json!({ "type": "thinking", "thinking": text }))?),
            Step::Tool { name, input } => {
                let id = self.call(&name, &input)?;
                Ok(tool_result(self.session, &id, Ok("done"))?)
            }
            Step::Permission { name, argument } => {
                let input = match name.as_str() {
                    "Bash" => json!({ "command": argument }),
                    "WebFetch" => json!({ "url": argument }),
                    _ => json!({ "argument": argument }),
                };
                self.ask(&name, &input, |_| Ok("allowed".to_owned()))
            }
            Step::Edit { path, content } => self.edit(&path, content),
            Step::Run(command) => self.run_command(&command),
            Step::Quiet => {
                self.quiet = true;
                Ok(())
            }
            Step::Questions(questions) => self.choose(&questions),
            Step::Join => self.join(),
            Step::Busy(command) => {
                let id = self.call("Bash", &json!({ "command": command }))?;
                self.join()?;
                Ok(tool_result(self.session, &id, Ok("done"))?)
            }
            Step::Pause(ms) => self.pause(ms),
            Step::Hang { after } => self.hang(&after),
            Step::Usage { input, output, cost } => {
                self.usage = json!({ "scripted": { "inputTokens": input, "outputTokens": output, "costUSD": cost } });
                Ok(())
            }
            Step::Env => self.text(&environment()),
            Step::Args => self.text(&self.args.join(" ")),
            Step::Unknown(text) => self.text(&format!("unknown step: {text}")),
            fault => self.fault(fault),
        }
    }

    /// Steps that go wrong on purpose.
    fn fault(&mut self, step: Step) -> Result<(), Stop> {
        match step {
            Step::Exit(code) => return Err(Stop::Exit(code)),
            Step::NoResult => return Err(Stop::Exit(0)),
            Step::Abort => std::process::abort(),
            Step::Garbage(lines) => (0..lines).try_for_each(|n| raw(format!("garbage {n} {{\n").as_bytes()))?,
            Step::BadUtf8 => raw(&bad_utf8(self.session))?,
            Step::LongLine(size) => long_line(size)?,
            Step::Stderr(size) => stderr(size)?,
            Step::TwoResults => self.second_result = true,
            Step::Grandchild => grandchild()?,
            Step::IgnoreInterrupt => self.ignores_interrupt = true,
            Step::IgnoreTerm => ignore_term()?,
            Step::ApiError(status) => return Err(Stop::Failed(api_error(self.session, status)?)),
            Step::Retry(count) => (1..=count).try_for_each(|attempt| {
                say(&json!({ "type": "system", "subtype": "api_retry", "attempt": attempt, "max_retries": count,
                             "retry_delay_ms": 500, "error_status": 529, "error": "overloaded" }))
            })?,
            Step::Limit(resets_at) => {
                let info = json!({ "status": "rejected", "resetsAt": resets_at, "rateLimitType": "five_hour" });
                say(&json!({ "type": "rate_limit_event", "rate_limit_info": info }))?;
                return Err(Stop::Failed(api_error(self.session, 429)?));
            }
            Step::Lost => {
                lost(&self.session.to_string())?;
                return Err(Stop::Exit(1));
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&self, text: &str) -> Result<(), Stop> {
        delta(self.session, text)?;
        Ok(block(self.session, &json!({ "type": "text", "text": text }))?)
    }

    fn deltas(&mut self, deltas: impl Iterator<Item = String>, pause_ms: f64) -> Result<(), Stop> {
        let mut text = String::new();
        let mut ended = Ok(());
        for piece in deltas {
            delta(self.session, &piece)?;
            text.push_str(&piece);
            if pause_ms > 0.0 {
                ended = self.pause(pause_ms);
            }
            if ended.is_err() {
                break;
            }
        }
        block(self.session, &json!({ "type": "text", "text": text }))?;
        ended
    }

    fn hang(&mut self, after: &str) -> Result<(), Stop> {
        if !after.is_empty() {
            delta(self.session, after)?;
        }
        loop {
            match self.input.recv() {
                Ok(heard) => self.hear(heard)?,
                // Hangs on when nobody can tell it anything any more: only a signal ends it.
                Err(_) => loop {
                    std::thread::park();
                },
            }
            if self.interrupted {
                return Err(Stop::Interrupted);
            }
        }
    }

    fn join(&mut self) -> Result<(), Stop> {
        let message = loop {
            if let Some(message) = self.queue.pop_front() {
                break message;
            }
            match self.input.recv() {
                Ok(heard) => self.hear(heard)?,
                Err(_) => return Err(Stop::Exit(0)),
            }
            if self.interrupted {
                return Err(Stop::Interrupted);
            }
        };
        lifecycle(&message, "started")?;
        if !self.quiet {
            self.text(&format!("heard: {}", message["message"]["content"].as_str().unwrap_or_default()))?;
        }
        self.answered.push(message["uuid"].clone());
        Ok(lifecycle(&message, "completed")?)
    }

    fn pause(&mut self, ms: f64) -> Result<(), Stop> {
        let time = Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default();
        if !self.closed {
            match self.input.recv_timeout(time) {
                Ok(heard) => self.hear(heard)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.closed = true,
            }
        }
        if self.interrupted { Err(Stop::Interrupted) } else { Ok(()) }
    }
}

fn chars(count: u64) -> impl Iterator<Item = String> {
    let piece = "lorem ipsum dolor sit amet ".repeat(8);
    (0..count.div_ceil(200)).map(move |n| {
        let length = usize::try_from((count - n * 200).min(200)).unwrap_or(200);
        piece[..length].to_owned()
    })
}

fn listen() -> Receiver<Heard> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if line.trim().is_empty() {
                continue;
            }
            let heard = serde_json::from_str(&line).map_or(Heard::NotJson, Heard::Line);
            if sender.send(heard).is_err() {
                return;
            }
        }
    });
    receiver
}
