//! Checks requests against the Bot API's own schema.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What the Bot API defines, as far as the fake knows it.
pub static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| serde_json::from_str(include_str!("schema.reduced.json")).expect("the schema is JSON"));

type Fields = BTreeMap<String, Field>;

#[derive(Debug, Deserialize)]
pub struct Schema {
    methods: BTreeMap<String, Fields>,
    types: BTreeMap<String, Fields>,
    unions: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Field {
    #[serde(rename = "type")]
    kind: String,
    required: bool,
    min: Option<i64>,
    max: Option<i64>,
    unit: Option<String>,
    #[serde(rename = "const")]
    constant: Option<String>,
}

/// How a parameter came in. Forms and queries carry text only; JSON carries types, and they must be right.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Json(Value),
    Text(String),
    /// A file of a multipart form.
    File(Upload),
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Schema {
    /// The method's proper name; Telegram does not care about case.
    pub fn method(&self, name: &str) -> Option<&str> {
        self.methods.keys().find(|known| known.eq_ignore_ascii_case(name)).map(String::as_str)
    }

    /// The parameters with their documented types.
    ///
    /// # Errors
    /// The description of the first refusal.
    pub fn check(&self, method: &str, given: &[(String, Given)]) -> Result<Map<String, Value>, String> {
        let fields = self.methods.get(method).ok_or("no such method (fake)")?;
        let mut values = Map::new();
        for (name, given) in given {
            let field = fields.get(name).ok_or_else(|| format!("`{method}` has no parameter `{name}` (fake)"))?;
            let value = match given {
                Given::Json(value) => value.clone(),
                Given::Text(text) => from_text(&field.kind, text).map_err(|e| format!("`{name}`: {e}"))?,
                Given::File(file) if field.kind.contains("InputFile") => file.name.clone().into(),
                Given::File(_) => return Err(format!("`{name}` is no file (fake)")),
            };
            values.insert(name.clone(), value);
        }
        self.check_fields(fields, &values, method)?;
        Ok(values)
    }

    fn check_fields(&self, fields: &Fields, values: &Map<String, Value>, path: &str) -> Result<(), String> {
        for (name, value) in values {
            let field = fields.get(name).ok_or_else(|| format!("`{path}` has no field `{name}` (fake)"))?;
            self.check_value(field, value, &format!("{path}.{name}"))?;
        }
        let missing = fields.iter().find(|(name, field)| field.required && !values.contains_key(*name));
        missing.map_or(Ok(()), |(name, _)| Err(format!("`{path}` lacks `{name}` (fake)")))
    }

    fn check_value(&self, field: &Field, value: &Value, path: &str) -> Result<(), String> {
        if let Some(constant) = &field.constant
            && value != constant.as_str()
        {
            return Err(format!("`{path}` must be `{constant}` (fake)"));
        }
        let kinds: Vec<_> = alternatives(&field.kind).collect();
        let refusals: Vec<_> = kinds.iter().map_while(|kind| self.check_kind(kind, value, path).err()).collect();
        if refusals.len() == kinds.len() {
            // Of several kinds, what the real server would say of one of them says most.
            let real = refusals.iter().find(|refusal| !refusal.ends_with("(fake)"));
            let several = || format!("`{path}` is no {}: {} (fake)", field.kind, refusals.join("; "));
            let only = refusals.first().filter(|_| kinds.len() == 1);
            return Err(real.or(only).cloned().unwrap_or_else(several));
        }
        check_size(field, value, path)
    }

    fn check_kind(&self, kind: &str, value: &Value, path: &str) -> Result<(), String> {
        // A text, a list of texts, or one of the kinds: <https://core.telegram.org/bots/api#richtext>.
        if kind == "RichText" && value.is_string() {
            return Ok(());
        }
        if kind == "RichText" && value.is_array() {
            return self.check_kind("Array of RichText", value, path);
        }
        if let Some(inner) = kind.strip_prefix("Array of ") {
            let items = value.as_array().ok_or_else(|| format!("`{path}` must be a list (fake)"))?;
            return items.iter().enumerate().try_for_each(|(i, v)| self.check_kind(inner, v, &format!("{path}[{i}]")));
        }
        let fits = match kind {
            "String" | "InputFile" => value.is_string(),
            "Integer" => value.is_i64() || value.is_u64(),
            "Float" => value.is_number(),
            "Boolean" => value.is_boolean(),
            "True" => value == &Value::Bool(true),
            _ => return self.check_object(kind, value, path),
        };
        if fits { Ok(()) } else { Err(format!("`{path}` must be {kind} (fake)")) }
    }

    fn check_object(&self, kind: &str, value: &Value, path: &str) -> Result<(), String> {
        let object = value.as_object().ok_or_else(|| format!("`{path}` must be {kind} (fake)"))?;
        if let Some(members) = self.unions.get(kind).filter(|members| !members.is_empty()) {
            let member = members.iter().filter_map(|name| self.types.get(name)).find(|fields| {
                let tag = fields.get("type").and_then(|field| field.constant.as_deref());
                tag.is_some() && object.get("type").and_then(Value::as_str) == tag
            });
            let fields = member.ok_or_else(|| format!("`{path}` is no {kind} (fake)"))?;
            return self.check_fields(fields, object, path);
        }
        let none = Fields::new();
        self.check_fields(self.types.get(kind).unwrap_or(&none), object, path)
    }
}

fn alternatives(kind: &str) -> impl Iterator<Item = &str> {
    kind.split(" or ")
}

fn check_size(field: &Field, value: &Value, path: &str) -> Result<(), String> {
    let (Some(min), Some(max), Some(unit)) = (field.min, field.max, field.unit.as_deref()) else { return Ok(()) };
    let size = match (unit, value) {
        ("value", Value::Number(number)) => number.as_i64().unwrap_or(i64::MAX),
        ("bytes", Value::String(text)) => i64::try_from(text.len()).unwrap_or(i64::MAX),
        // Of message texts the length counts after their entities are known; see `text.rs`.
        ("characters", Value::String(_)) if path.ends_with(".text") && max == 4096 => return Ok(()),
        ("characters", Value::String(text)) => i64::try_from(text.encode_utf16().count()).unwrap_or(i64::MAX),
        _ => return Ok(()),
    };
    if (min..=max).contains(&size) {
        return Ok(());
    }
    if path.ends_with(".callback_data") {
        return Err("BUTTON_DATA_INVALID".to_owned());
    }
    Err(format!("`{path}` must be {min}-{max} {unit}, not {size} (fake)"))
}

/// A form's text as the type the method wants.
fn from_text(kind: &str, text: &str) -> Result<Value, String> {
    let wrong = || format!("`{text}` is no {kind} (fake)");
    if kind.contains("Integer")
        && let Ok(number) = text.parse::<i64>()
    {
        return Ok(number.into());
    }
    match kind {
        "String" | "Integer or String" => Ok(text.into()),
        "Boolean" | "True" => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(wrong()),
        },
        "Float" => text.parse::<f64>().map(Value::from).map_err(|_| wrong()),
        "Integer" => Err(wrong()),
        _ => serde_json::from_str(text).map_err(|_| wrong()),
    }
}
