//! Menus of commands: <https://core.telegram.org/bots/api#setmycommands>.

use serde_json::json;

use super::methods::{Outcome, Params, bad};
use super::state::State;

pub fn call(state: &mut State, method: &str, params: &Params) -> Outcome {
    let scope = params.get("scope").cloned().unwrap_or_else(|| json!({"type": "default"}));
    if scope["chat_id"].as_i64().is_some_and(|chat| !state.chats.contains_key(&chat)) {
        return Err(bad("chat not found"));
    }
    let scope = scope.to_string();
    match method {
        "getMyCommands" => return Ok(state.menus.get(&scope).cloned().unwrap_or_else(|| json!([]))),
        "deleteMyCommands" => {
            state.menus.remove(&scope);
            return Ok(true.into());
        }
        _ => {}
    }
    let commands = params.get("commands").cloned().unwrap_or_default();
    let list = commands.as_array().cloned().unwrap_or_default();
    let name_fits = |name: &str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if list.len() > 100 {
        return Err(bad("BOT_COMMANDS_TOO_MUCH"));
    }
    if !list.iter().all(|command| command["command"].as_str().is_some_and(name_fits)) {
        return Err(bad("BOT_COMMAND_INVALID"));
    }
    state.menus.insert(scope, commands);
    Ok(true.into())
}
