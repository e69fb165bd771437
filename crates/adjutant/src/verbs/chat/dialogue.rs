//! The loop: what is typed, what happens, what is asked.

use std::process::ExitCode;
use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_core::platform::Button;
use adjutant_server::control::{Api, ControlError, Events};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::question::Question;
use super::screen::Screen;

/// Messages of the past that are shown at the start.
const HISTORY: usize = 20;

/// How often is asked whether everything is said: events say all else.
const LOOK: Duration = Duration::from_millis(300);

/// Before a lost gateway is looked for again.
const AWAY: Duration = Duration::from_millis(500);

/// Denied because nobody could answer.
const DENIED: u8 = 3;

/// One conversation in this terminal.
pub struct Dialogue {
    api: Api,
    clock: Clock,
    id: String,
    screen: Screen,
    events: Option<Events>,
    /// The last number seen.
    cursor: u64,
    /// The texts of the gateway's messages, which events only add to.
    texts: std::collections::HashMap<String, String>,
    question: Option<Question>,
    /// What was said here, which is not printed again.
    own: std::collections::HashSet<String>,
    /// Of these, what is worked on: their signs say when that is over, and how.
    seen: std::collections::HashSet<String>,
    /// Of these, what has had a sign at all.
    signed: std::collections::HashSet<String>,
    /// A sign may come a moment after everything is carried out, and a quick turn has only its last one.
    looked_again: bool,
    failed: bool,
    denied: bool,
}

/// Who types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A person.
    Terminal,
    /// A script, or a file.
    Pipe,
}

/// What the loop woke up for.
enum Wake {
    Line(Option<String>),
    Event(Option<Value>),
    Interrupt,
    Look,
}

impl Dialogue {
    /// Shows what was said before.
    pub async fn open(api: Api, id: String, screen: Screen) -> anyhow::Result<Self> {
        let mut dialogue = Self {
            api,
            clock: Clock::System,
            id,
            screen,
            events: None,
            cursor: 0,
            texts: std::collections::HashMap::new(),
            question: None,
            own: std::collections::HashSet::new(),
            seen: std::collections::HashSet::new(),
            signed: std::collections::HashSet::new(),
            looked_again: false,
            failed: false,
            denied: false,
        };
        let past = dialogue.transcript().await?;
        let items = past["items"].as_array().cloned().unwrap_or_default();
        for item in &items[items.len().saturating_sub(HISTORY)..] {
            dialogue.show_item(item);
        }
        dialogue.screen.line_end();
        dialogue.cursor = past["cursor"].as_u64().unwrap_or_default();
        dialogue.connect().await;
        Ok(dialogue)
    }

    /// Says one thing and leaves when everything about it is said.
    pub async fn once(mut self, text: &str) -> anyhow::Result<ExitCode> {
        self.say(text).await?;
        let code = self.until_settled().await?;
        Ok(code)
    }

    /// Until the person leaves. Without a terminal every line is a message, and the end of the input is the end.
    pub async fn talk(mut self, from: Origin) -> anyhow::Result<ExitCode> {
        let mut lines = input();
        let is_terminal = from == Origin::Terminal;
        if is_terminal {
            self.screen.note("Enter sends, Ctrl-C stops the running turn, Ctrl-D leaves. /help lists commands.");
            self.screen.prompt();
        }
        let mut working = false;
        loop {
            let wake = tokio::select! {
                line = lines.recv() => Wake::Line(line),
                event = next(&mut self.events) => Wake::Event(event),
                _ = tokio::signal::ctrl_c() => Wake::Interrupt,
                () = self.clock.sleep(LOOK), if working => Wake::Look,
            };
            match wake {
                Wake::Line(None) if is_terminal => break,
                Wake::Line(None) => return self.until_settled().await,
                Wake::Line(Some(line)) => working |= self.typed(&line).await?,
                Wake::Event(event) => self.happened(event).await,
                Wake::Interrupt if working => drop(self.say("/stop").await?),
                Wake::Interrupt => {
                    self.screen.note("Nothing runs here. Ctrl-D leaves.");
                    self.screen.prompt();
                }
                Wake::Look => {
                    if self.is_settled().await {
                        working = false;
                        if is_terminal {
                            self.screen.prompt();
                        }
                    }
                }
            }
        }
        self.screen.line_end();
        self.screen.note(&format!("\nGo on with `adjutant chat --conversation {}`.", self.id));
        Ok(ExitCode::SUCCESS)
    }

    /// A line of the person: an answer to what is asked, or a message. Says whether something goes on now.
    async fn typed(&mut self, line: &str) -> anyhow::Result<bool> {
        if let Some(token) = self.question.as_ref().and_then(|question| question.answer(line)).map(str::to_owned) {
            self.press(&token).await?;
            return Ok(true);
        }
        if line.trim().is_empty() {
            self.screen.prompt();
            return Ok(false);
        }
        self.say(line).await?;
        Ok(true)
    }

    async fn until_settled(&mut self) -> anyhow::Result<ExitCode> {
        loop {
            let wake = tokio::select! {
                event = next(&mut self.events) => Wake::Event(event),
                _ = tokio::signal::ctrl_c() => Wake::Interrupt,
                () = self.clock.sleep(LOOK) => Wake::Look,
            };
            match wake {
                Wake::Event(event) => self.happened(event).await,
                Wake::Interrupt => {
                    self.say("/stop").await?;
                    return Ok(ExitCode::from(130));
                }
                _ if self.is_settled().await => break,
                _ => {}
            }
            let permission = self.question.as_ref().filter(|question| question.is_permission());
            if let Some(token) = permission.and_then(Question::refusal).map(str::to_owned) {
                self.screen.note("Denied: nobody can answer here.");
                self.press(&token).await?;
                self.denied = true;
            }
        }
        self.screen.line_end();
        Ok(match (self.failed, self.denied) {
            (true, _) => ExitCode::FAILURE,
            (false, true) => ExitCode::from(DENIED),
            (false, false) => ExitCode::SUCCESS,
        })
    }

    /// Whether everything is carried out and printed.
    async fn is_settled(&mut self) -> bool {
        let Ok(standing) = self.api.get(&format!("conversations/{}/standing", self.id)).await else { return false };
        if standing["settled"] != true {
            return false;
        }
        // The last events may still be on their way; the transcript has them.
        let Ok(page) = self.transcript().await else { return false };
        for item in page["items"].as_array().into_iter().flatten() {
            let id = item["id"].as_str().unwrap_or_default();
            let text = item["text"].as_str().unwrap_or_default();
            let is_own = self.own.contains(id);
            if is_own || item["n"].as_u64() > Some(self.cursor) || self.texts.get(id).is_some_and(|known| known != text)
            {
                self.show_item(item);
            }
        }
        if !self.own.is_subset(&self.signed) && !std::mem::replace(&mut self.looked_again, true) {
            return false;
        }
        self.seen.is_empty()
    }

    async fn happened(&mut self, event: Option<Value>) {
        let Some(event) = event else {
            self.reconnect().await;
            return;
        };
        self.cursor = event["n"].as_u64().unwrap_or(self.cursor);
        let id = event["id"].as_str().unwrap_or_default().to_owned();
        match event["type"].as_str().unwrap_or_default() {
            "part" => self.show_part(&id, &event["part"]),
            "append" => {
                let Some(text) = self.texts.get(&id) else { return };
                let cut = usize::try_from(event["cut"].as_u64().unwrap_or_default()).unwrap_or_default();
                let kept = without_last(text, cut);
                self.show_text(&id, format!("{kept}{}", event["add"].as_str().unwrap_or_default()));
            }
            // Somebody writes in the same conversation elsewhere.
            "user" if !self.own.contains(&id) => {
                self.screen.note(&format!("> {}", event["text"].as_str().unwrap_or_default()));
            }
            "reaction" if self.own.contains(&id) => self.signed(&id, &event["sign"]),
            "reload" => self.events = None,
            _ => {}
        }
    }

    fn signed(&mut self, id: &str, sign: &Value) {
        self.signed.insert(id.to_owned());
        if sign == "seen" {
            self.seen.insert(id.to_owned());
        } else {
            self.failed |= sign == "failed";
            self.seen.remove(id);
        }
    }

    fn show_item(&mut self, item: &Value) {
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        let text = item["text"].as_str().unwrap_or_default();
        if item["from"] == "gateway" {
            self.show_part(&id, item);
        } else if !self.own.contains(&id) {
            self.screen.note(&format!("> {text}"));
        } else if item["sign"].is_null() {
            self.seen.remove(&id);
        } else {
            self.signed(&id, &item["sign"]);
        }
        self.cursor = self.cursor.max(item["n"].as_u64().unwrap_or_default());
    }

    fn show_part(&mut self, id: &str, part: &Value) {
        self.show_text(id, part["text"].as_str().unwrap_or_default().to_owned());
        let buttons: Vec<Vec<Button>> = serde_json::from_value(part["buttons"].clone()).unwrap_or_default();
        let asked = Question::of(id, &buttons);
        if let Some(question) = &asked
            && self.question.as_ref() != asked.as_ref()
        {
            self.screen.note(&question.offer());
        }
        if asked.is_some() || self.question.as_ref().is_some_and(|question| question.message == id) {
            self.question = asked;
        }
    }

    fn show_text(&mut self, id: &str, text: String) {
        if self.texts.get(id) != Some(&text) {
            self.screen.show(id, &text);
            self.texts.insert(id.to_owned(), text);
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), ControlError> {
        let id = uuid::Uuid::now_v7().simple().to_string();
        self.own.insert(id.clone());
        self.looked_again = false;
        let body = json!({ "text": text, "client_id": id });
        self.api.post(&format!("conversations/{}/messages", self.id), &body).await.map(drop)
    }

    async fn press(&mut self, token: &str) -> Result<(), ControlError> {
        self.question = None;
        self.api.post(&format!("conversations/{}/buttons", self.id), &json!({ "token": token })).await.map(drop)
    }

    async fn transcript(&self) -> Result<Value, ControlError> {
        self.api.get(&format!("conversations/{}/transcript", self.id)).await
    }

    async fn connect(&mut self) {
        self.events = self.api.events(&self.id, self.cursor).await.ok();
    }

    /// The gateway restarts, say: what was missed comes with the first events, or with the transcript.
    async fn reconnect(&mut self) {
        self.events = None;
        self.screen.note("The gateway is away; waiting for it.");
        loop {
            self.clock.sleep(AWAY).await;
            if let Ok(page) = self.transcript().await {
                for item in page["items"].as_array().into_iter().flatten() {
                    let id = item["id"].as_str().unwrap_or_default();
                    let is_new = item["n"].as_u64() > Some(self.cursor);
                    if is_new || self.texts.contains_key(id) || self.own.contains(id) {
                        self.show_item(item);
                    }
                }
                self.cursor = page["cursor"].as_u64().unwrap_or(self.cursor);
                self.connect().await;
                if self.events.is_some() {
                    return;
                }
            }
        }
    }
}

/// What is typed, line by line. A terminal is read by a thread that nobody has to wait for at the end.
fn input() -> mpsc::UnboundedReceiver<String> {
    let (send, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if line.ok().is_none_or(|line| send.send(line).is_err()) {
                return;
            }
        }
    });
    lines
}

async fn next(events: &mut Option<Events>) -> Option<Value> {
    match events {
        Some(events) => events.next().await,
        None => None,
    }
}

/// A text without its last UTF-16 units, as events count them.
fn without_last(text: &str, units: usize) -> &str {
    let (mut left, mut end) = (units, text.len());
    for (at, c) in text.char_indices().rev() {
        if left == 0 {
            break;
        }
        left = left.saturating_sub(c.len_utf16());
        end = at;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_text_is_cut_in_the_units_of_events() {
        assert_eq!(without_last("a▍\n\n⏳ 3 s", 8), "a");
        assert_eq!(without_last("a👍b", 3), "a");
        assert_eq!(without_last("abc", 0), "abc");
        assert_eq!(without_last("abc", 9), "");
    }
}
