//! Message texts: length, entities, and what an app would make live in them.

use serde_json::{Map, Value};

/// UTF-16 units after entities parsing: <https://core.telegram.org/bots/api#sendmessage>.
pub const LONGEST: usize = 4096;

/// <https://core.telegram.org/bots/api#messageentity>.
const ENTITY_TYPES: &[&str] = &[
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
];

/// Text and entities of a request, checked.
///
/// # Errors
/// The description of the refusal. `too_long` differs between sending and editing.
pub fn take(params: &Map<String, Value>, too_long: &str) -> Result<(String, Vec<Value>), String> {
    if params.get("parse_mode").is_some_and(|mode| mode != "") {
        return Err("the gateway sends entities, never a parse_mode (fake)".to_owned());
    }
    let text = params.get("text").and_then(Value::as_str).unwrap_or_default();
    if text.trim().is_empty() {
        return Err("message text is empty".to_owned());
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    if units.len() > LONGEST {
        return Err(too_long.to_owned());
    }
    let entities = params.get("entities").and_then(Value::as_array).cloned().unwrap_or_default();
    entities.iter().try_for_each(|entity| check_entity(entity, &units))?;
    Ok((text.to_owned(), entities))
}

/// Caption and entities of a file, checked.
///
/// # Errors
/// The description of the refusal.
pub fn take_caption(params: &Map<String, Value>) -> Result<(String, Vec<Value>), String> {
    let text = params.get("caption").and_then(Value::as_str).unwrap_or_default();
    let units: Vec<u16> = text.encode_utf16().collect();
    if units.len() > 1024 {
        return Err("message caption is too long".to_owned());
    }
    let entities = params.get("caption_entities").and_then(Value::as_array).cloned().unwrap_or_default();
    entities.iter().try_for_each(|entity| check_entity(entity, &units))?;
    Ok((text.to_owned(), entities))
}

fn check_entity(entity: &Value, units: &[u16]) -> Result<(), String> {
    let kind = entity["type"].as_str().unwrap_or_default();
    if !ENTITY_TYPES.contains(&kind) {
        return Err(format!("unsupported entity type `{kind}` (fake)"));
    }
    if kind == "text_link" && !entity["url"].as_str().is_some_and(|url| url.starts_with("http")) {
        return Err("text_link without a web address (fake)".to_owned());
    }
    let Some((start, end)) = range(entity).filter(|&(start, end)| start < end && end <= units.len()) else {
        return Err(format!("entity {entity} lies outside the text of {} units (fake)", units.len()));
    };
    let splits = |at: usize| units.get(at).is_some_and(|unit| (0xDC00..0xE000).contains(unit));
    if splits(start) || splits(end) {
        return Err(format!("entity {entity} splits a character (fake)"));
    }
    Ok(())
}

fn range(entity: &Value) -> Option<(usize, usize)> {
    let offset = usize::try_from(entity["offset"].as_i64()?).ok()?;
    let length = usize::try_from(entity["length"].as_i64()?).ok()?;
    Some((offset, offset + length))
}

/// The `@names` that would notify somebody: those outside code and links.
pub fn pings(text: &str, entities: &[Value]) -> Vec<String> {
    let quiet: Vec<_> = entities
        .iter()
        .filter(|entity| matches!(entity["type"].as_str(), Some("code" | "pre" | "text_link")))
        .filter_map(range)
        .collect();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut pings, mut units, mut before) = (Vec::new(), 0, None);
    for (at, c) in text.char_indices() {
        if c == '@' && !before.is_some_and(word) && !quiet.iter().any(|&(start, end)| (start..end).contains(&units)) {
            let name: String = text[at + 1..].chars().take_while(|&c| word(c)).collect();
            if !name.is_empty() {
                pings.push(name);
            }
        }
        units += c.len_utf16();
        before = Some(c);
    }
    pings
}

/// The entity an app puts on a command that a person types.
pub fn typed_entities(text: &str) -> Vec<Value> {
    let Some(command) = text.strip_prefix('/') else { return Vec::new() };
    let length = command.chars().take_while(|&c| c.is_ascii_alphanumeric() || c == '_' || c == '@').count();
    if length == 0 {
        return Vec::new();
    }
    vec![serde_json::json!({"type": "bot_command", "offset": 0, "length": length + 1})]
}
