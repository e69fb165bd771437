//! What a person would see.

use std::fmt::Write;
use std::ops::RangeBounds;

use serde_json::Value;

use super::schema::Upload;
use super::state::{Chat, Message, State};
use super::text;

/// One message of the bot, as it stands in the chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub id: i32,
    pub thread: Option<i32>,
    pub text: String,
    /// As sent: `type`, `offset`, `length` and what belongs to the type.
    pub entities: Vec<Value>,
    /// The blocks of a rich message, whose words the text is then.
    pub rich: Option<Value>,
    /// Labels and tokens, row by row.
    pub buttons: Vec<Vec<(String, String)>>,
    pub edits: usize,
    /// Every text it ever had, the present one last.
    pub history: Vec<String>,
    pub reply_to: Option<i32>,
    pub silent: bool,
    pub deleted: bool,
    /// `@names` that would notify somebody.
    pub pings: Vec<String>,
    /// The file it is, whose caption the text is then.
    pub file: Option<Upload>,
}

impl Shown {
    pub(super) fn of(message: &Message) -> Self {
        Self {
            id: message.id,
            thread: message.thread,
            text: message.text.clone(),
            entities: message.entities.clone(),
            rich: message.rich.clone(),
            buttons: buttons(message),
            edits: message.edits,
            history: message.history.clone(),
            reply_to: message.reply_to,
            silent: message.silent,
            deleted: message.deleted,
            // In rich messages nothing is detected.
            pings: if message.rich.is_some() { Vec::new() } else { text::pings(&message.text, &message.entities) },
            file: message.file.clone(),
        }
    }

    /// The labels of all buttons.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        self.buttons.iter().flatten().map(|(label, _)| label.as_str()).collect()
    }

    /// The texts that entities of this type cover.
    #[must_use]
    pub fn styled(&self, kind: &str) -> Vec<String> {
        let units: Vec<u16> = self.text.encode_utf16().collect();
        let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let covers = |entity: &&Value| entity["type"] == kind;
        let text = |entity: &Value| {
            let start = number(&entity["offset"]);
            String::from_utf16_lossy(&units[start..start + number(&entity["length"])])
        };
        self.entities.iter().filter(covers).map(text).collect()
    }
}

fn buttons(message: &Message) -> Vec<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        let buttons = row.as_array().map(Vec::as_slice).unwrap_or_default();
        buttons.iter().map(|button| (text(&button["text"]), text(&button["callback_data"]))).collect()
    };
    let rows = message.markup.as_ref().and_then(|markup| markup["inline_keyboard"].as_array());
    rows.map(|rows| rows.iter().map(row).collect()).unwrap_or_default()
}

/// A chat in plain lines, for snapshots: no numbers, no times, no count of edits, which depend on the machine's speed.
pub(super) fn transcript(state: &State, chat: &Chat, thread: Option<i32>, numbers: impl RangeBounds<i32>) -> String {
    let mut lines = String::new();
    let wanted = chat.messages.values().filter(|message| numbers.contains(&message.id));
    for message in wanted.filter(|message| thread.is_none() || message.thread == thread) {
        let name = message.from.map_or("bot", |user| state.users.get(&user).map_or("somebody", String::as_str));
        if message.deleted {
            let _ = writeln!(lines, "{name}: (deleted)");
            continue;
        }
        let file = message.file.iter().map(|file| format!("[file {}]", file.name));
        let rows: Vec<String> = file.chain(message.text.lines().map(str::to_owned)).collect();
        let mut rows = rows.iter();
        let _ = writeln!(lines, "{name}: {}", rows.next().map_or("", String::as_str));
        rows.for_each(|row| {
            let _ = writeln!(lines, "  {row}");
        });
        for row in buttons(message) {
            let labels: Vec<_> = row.iter().map(|(label, _)| format!("[{label}]")).collect();
            let _ = writeln!(lines, "  {}", labels.join(" "));
        }
        if let Some(reaction) = &message.reaction {
            let _ = writeln!(lines, "  ({reaction})");
        }
    }
    lines
}
