//! Wire types of `claude --output-format stream-json`, as recorded from version 2.1.329.
//!
//! Only what is used is named: the program adds fields and types with every release and removes none, so everything
//! unknown is skipped. Key order varies, so nothing may match on a prefix.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Any line, read far enough to know what it is. A streamed delta costs one pass over its bytes and no allocation.
#[derive(Debug, Deserialize)]
pub struct Line<'a> {
    #[serde(rename = "type", default)]
    pub kind: LineKind,
    #[serde(default)]
    pub subtype: Subtype,
    /// Set on what a subagent says, which people do not see.
    #[serde(default, borrow)]
    parent_tool_use_id: Option<&'a RawValue>,
    /// The event of the Messages API inside a `stream_event`.
    #[serde(default, borrow)]
    pub event: Option<&'a RawValue>,
    /// On the `message_stop` of a message that broke off.
    #[serde(default, borrow)]
    abandoned_blocks: Option<&'a RawValue>,
}

impl Line<'_> {
    /// Whether a subagent said it.
    pub fn of_subagent(&self) -> bool {
        self.parent_tool_use_id.is_some_and(|id| id.get() != "null")
    }

    /// Whether blocks of this message were given up.
    pub fn is_broken_off(&self) -> bool {
        self.abandoned_blocks.is_some_and(|blocks| blocks.get() != "null")
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    System,
    StreamEvent,
    Assistant,
    User,
    Result,
    ControlRequest,
    ControlCancelRequest,
    CommandLifecycle,
    RateLimitEvent,
    #[default]
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subtype {
    Init,
    ApiRetry,
    Status,
    ThinkingTokens,
    #[default]
    #[serde(other)]
    Other,
}

/// The event of a `stream_event`.
#[derive(Debug, Deserialize)]
pub struct StreamEvent<'a> {
    #[serde(rename = "type", default)]
    pub kind: StreamKind,
    #[serde(default, borrow)]
    pub delta: Option<Delta<'a>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    ContentBlockDelta,
    MessageStop,
    #[default]
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub struct Delta<'a> {
    #[serde(rename = "type", default)]
    pub kind: DeltaKind,
    #[serde(default, borrow)]
    pub text: Cow<'a, str>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeltaKind {
    TextDelta,
    ThinkingDelta,
    #[default]
    #[serde(other)]
    Other,
}

/// `system/init`, printed at the start of every turn.
#[derive(Debug, Deserialize)]
pub struct Init {
    pub session_id: String,
    #[serde(default)]
    pub model: Option<String>,
}

/// `system/api_retry`.
#[derive(Debug, Deserialize)]
pub struct ApiRetry {
    #[serde(default)]
    pub attempt: u32,
    #[serde(default)]
    pub max_retries: u32,
    /// Milliseconds; the program sends fractions at times.
    #[serde(default)]
    pub retry_delay_ms: f64,
    #[serde(default)]
    pub error_status: Option<u16>,
    #[serde(default)]
    pub error: Option<String>,
}

/// `system/status`.
#[derive(Debug, Deserialize)]
pub struct Status {
    #[serde(default)]
    pub status: Option<String>,
}

/// `assistant` and `user`.
#[derive(Debug, Deserialize)]
pub struct Spoken {
    pub message: Message,
    /// The class of an API error whose text the program put into this message.
    #[serde(default)]
    pub error: Option<String>,
    /// The prompts it belongs to.
    #[serde(default)]
    pub user_message_uuids: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub struct Message {
    #[serde(default)]
    pub content: Content,
}

/// Text alone, or blocks.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Content {
    Blocks(Vec<Block>),
    Text(String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Blocks(Vec::new())
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Text {
        text: String,
    },
    Thinking,
    RedactedThinking,
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: ToolInput,
    },
    ToolResult {
        tool_use_id: String,
        #[serde(default)]
        is_error: Option<bool>,
    },
    #[serde(other)]
    Other,
}

/// The fields of a tool's input that a title, a diff or a question shows. A field of an unexpected type counts as
/// missing, because the model writes them.
#[derive(Debug, Clone, Default)]
pub struct ToolInput(pub serde_json::Map<String, serde_json::Value>);

impl<'de> Deserialize<'de> for ToolInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Object(map) => Self(map),
            _ => Self::default(),
        })
    }
}

impl ToolInput {
    /// A field that holds text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(serde_json::Value::as_str)
    }

    /// A field that is `true`.
    pub fn is_set(&self, name: &str) -> bool {
        self.0.get(name).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// A field that holds a list of objects.
    pub fn list(&self, name: &str) -> Vec<Self> {
        let Some(serde_json::Value::Array(items)) = self.0.get(name) else { return Vec::new() };
        items.iter().filter_map(|item| item.as_object().cloned().map(Self)).collect()
    }
}

/// `control_request`: the program asks us.
#[derive(Debug, Deserialize)]
pub struct ControlRequest {
    pub request_id: String,
    pub request: Asked,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "subtype", rename_all = "snake_case")]
pub enum Asked {
    CanUseTool(CanUseTool),
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub struct CanUseTool {
    pub tool_name: String,
    #[serde(default)]
    pub input: ToolInput,
    #[serde(default)]
    pub tool_use_id: String,
    #[serde(default)]
    pub permission_suggestions: Option<Vec<serde_json::Map<String, serde_json::Value>>>,
}

/// `control_cancel_request`: a question is withdrawn.
#[derive(Debug, Deserialize)]
pub struct ControlCancel {
    pub request_id: String,
}

/// `command_lifecycle`: what becomes of a message sent with a `uuid`.
#[derive(Debug, Deserialize)]
pub struct Lifecycle {
    pub command_uuid: uuid::Uuid,
    pub state: LifecycleState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleState {
    Cancelled,
    #[serde(other)]
    Other,
}

/// `rate_limit_event`, seen with a subscription's token only.
#[derive(Debug, Deserialize)]
pub struct RateLimitEvent {
    pub rate_limit_info: RateLimit,
}

#[derive(Debug, Deserialize)]
pub struct RateLimit {
    #[serde(default)]
    pub status: LimitStatus,
    /// Seconds since 1970.
    #[serde(default, rename = "resetsAt")]
    pub resets_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitStatus {
    AllowedWarning,
    Rejected,
    #[default]
    #[serde(other)]
    Other,
}

/// `result`: a turn has ended. API errors arrive as subtype `success` with `is_error`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TurnResult {
    pub subtype: String,
    pub is_error: bool,
    pub result: Option<String>,
    pub errors: Vec<String>,
    pub api_error_status: Option<u16>,
    pub terminal_reason: Option<String>,
    /// The messages this turn answered; absent in a result that no message caused, and in some startup failures.
    pub user_message_uuids: Option<Vec<uuid::Uuid>>,
    /// Cumulative for the session, also across `--resume`.
    pub total_cost_usd: Option<f64>,
    /// Of this turn alone, without subagents.
    pub usage: Option<ApiUsage>,
    /// What was consumed since the last result, by model, subagents included.
    pub model_usage_since_last_result: Option<HashMap<String, ModelUsage>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiUsage {
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub cache_creation_input_tokens: Option<u64>,
    pub cache_read_input_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelUsage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_input_tokens: u64,
    pub cache_creation_input_tokens: u64,
    #[serde(rename = "costUSD")]
    pub cost_usd: f64,
    /// `unknown` when the program has no price for the model and invents one.
    pub cost_basis: Option<String>,
}

/// A line we write.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Written<'a> {
    User {
        /// A uuid that was used before is dropped silently by the program, which makes a repeated prompt harmless.
        uuid: uuid::Uuid,
        /// Takes the text literally: no `@file` expansion and no slash commands.
        client_composed: bool,
        message: UserText<'a>,
        parent_tool_use_id: (),
        session_id: &'a str,
    },
    ControlRequest {
        request_id: &'a str,
        request: Request<'a>,
    },
    ControlResponse {
        response: Response<'a>,
    },
}

#[derive(Debug, Serialize)]
pub struct UserText<'a> {
    pub role: &'a str,
    pub content: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(tag = "subtype", rename_all = "snake_case")]
pub enum Request<'a> {
    Initialize {
        #[serde(rename = "appendSystemPrompt", skip_serializing_if = "str::is_empty")]
        append_system_prompt: &'a str,
    },
    Interrupt {
        cancel_queued: bool,
    },
}

#[derive(Debug, Serialize)]
pub struct Response<'a> {
    pub subtype: &'a str,
    pub request_id: &'a str,
    pub response: Decision<'a>,
}

/// The answer to `can_use_tool`. Without `updatedInput` the input stays as it was asked (tried with 2.1.329).
#[derive(Debug, Serialize)]
#[serde(tag = "behavior", rename_all = "snake_case")]
pub enum Decision<'a> {
    Allow {
        #[serde(rename = "updatedPermissions", skip_serializing_if = "<[_]>::is_empty")]
        updated_permissions: &'a [serde_json::Map<String, serde_json::Value>],
        #[serde(rename = "updatedInput", skip_serializing_if = "Option::is_none")]
        updated_input: Option<serde_json::Map<String, serde_json::Value>>,
    },
    Deny {
        message: &'a str,
    },
}
