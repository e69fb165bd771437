//! Rich messages: their limits, and their words as an app shows them.
//!
//! Limits: <https://core.telegram.org/bots/api#inputrichmessage>. The shapes of blocks are the schema's to check.

use serde_json::Value;

const CHARACTERS: usize = 32_768;
const BLOCKS: usize = 500;
const LEVELS: usize = 16;
const COLUMNS: usize = 20;

/// The words and the blocks.
///
/// # Errors
/// The description of the refusal.
pub fn take(rich: &Value) -> Result<(String, Value), String> {
    if rich.get("html").is_some() || rich.get("markdown").is_some() {
        return Err("the gateway sends blocks alone (fake)".to_owned());
    }
    if rich["skip_entity_detection"] != Value::Bool(true) {
        return Err("without `skip_entity_detection` names in talk about code would ping people (fake)".to_owned());
    }
    let blocks = rich.get("blocks").filter(|blocks| blocks.as_array().is_some_and(|list| !list.is_empty()));
    let blocks = blocks.ok_or("rich message is empty")?;
    let mut sum = Sum::default();
    sum.add(blocks, 1);
    if sum.columns > COLUMNS || sum.blocks > BLOCKS || sum.levels > LEVELS {
        return Err(format!("rich message has too much of something: {sum:?} (fake)"));
    }
    let words = shown(blocks);
    if words.chars().count() > CHARACTERS {
        return Err("rich message is too long".to_owned());
    }
    if words.trim().is_empty() {
        return Err("rich message is empty".to_owned());
    }
    check_texts(blocks)?;
    Ok((words, blocks.clone()))
}

/// The blocks with the distance that apps keep between them.
fn shown(blocks: &Value) -> String {
    let mut text = String::new();
    let mut gap = "";
    for one in list(blocks) {
        text.push_str(gap);
        text.push_str(&block(one).join("\n"));
        gap = if one["type"] == "heading" { "\n" } else { "\n\n" };
    }
    text
}

#[derive(Debug, Default)]
struct Sum {
    /// Rows and items count.
    blocks: usize,
    levels: usize,
    columns: usize,
}

impl Sum {
    fn add(&mut self, blocks: &Value, level: usize) {
        self.levels = self.levels.max(level);
        for block in list(blocks) {
            self.blocks += 1;
            self.add(&block["blocks"], level + 1);
            for item in list(&block["items"]) {
                self.blocks += 1;
                self.add(&item["blocks"], level + 1);
            }
            for row in list(&block["cells"]) {
                self.blocks += 1;
                self.columns = self.columns.max(list(row).len());
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text without anything in it is a defect of who sent it, and so is a link to something else than the web.
fn check_texts(value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(check_texts),
        Value::Object(fields) => {
            if fields.get("text").is_some_and(|text| words(text).is_empty()) {
                return Err(format!("an empty text: {value} (fake)"));
            }
            if fields.get("url").and_then(Value::as_str).is_some_and(|url| !url.starts_with("http")) {
                return Err(format!("a link without a web address: {value} (fake)"));
            }
            fields.values().try_for_each(check_texts)
        }
        _ => Ok(()),
    }
}

/// What an app shows, line by line.
fn lines(blocks: &Value) -> Vec<String> {
    list(blocks).iter().flat_map(block).collect()
}

fn block(block: &Value) -> Vec<String> {
    match block["type"].as_str().unwrap_or_default() {
        "divider" => vec!["———".to_owned()],
        "blockquote" => lines(&block["blocks"]).into_iter().map(|line| format!("> {line}")).collect(),
        "list" => list(&block["items"]).iter().flat_map(item).collect(),
        "table" => {
            let row = |row: &Value| list(row).iter().map(|cell| words(&cell["text"])).collect::<Vec<_>>().join(" | ");
            list(&block["cells"]).iter().map(row).collect()
        }
        _ => words(&block["text"]).lines().map(str::to_owned).collect(),
    }
}

fn item(item: &Value) -> Vec<String> {
    let mark = match (&item["has_checkbox"], &item["is_checked"], item["value"].as_u64()) {
        (Value::Bool(true), Value::Bool(true), _) => "☑".to_owned(),
        (Value::Bool(true), ..) => "☐".to_owned(),
        (_, _, Some(value)) => format!("{value}."),
        _ => "•".to_owned(),
    };
    let lines = lines(&item["blocks"]).into_iter().enumerate();
    lines.map(|(at, line)| if at == 0 { format!("{mark} {line}") } else { format!("   {line}") }).collect()
}

/// The words of a text.
fn words(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect(),
        Value::Object(fields) => fields.get("text").map(words).unwrap_or_default(),
        _ => String::new(),
    }
}
