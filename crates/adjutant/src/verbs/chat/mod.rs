//! `adjutant chat`: a conversation of the console in the terminal.
//!
//! It talks to the running gateway over the control socket, so it needs no token and no port. A conversation that was
//! begun here goes on in the browser, and the other way round.
//!
//! | module | what |
//! | --- | --- |
//! | [`dialogue`] | the loop: what is typed, what happens, what is asked |
//! | [`screen`] | a reply that grows, printed as lines that only ever grow |
//! | [`question`] | the buttons of a message as keys and words |

mod dialogue;
mod question;
mod screen;

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use adjutant_server::control::Api;
use anyhow::{Context, bail};
use dialogue::{Dialogue, Origin};
use screen::{Screen, Style};

use crate::config::Config;

/// Talks until the person leaves, or says one thing.
///
/// # Errors
/// One sentence: no gateway runs, no such conversation.
pub async fn chat(config: &Config, conversation: Option<String>, once: Option<String>) -> anyhow::Result<ExitCode> {
    let api = Api::new(config.data_dir.clone());
    // Also finds out whether a gateway runs.
    let known = api.get("conversations?limit=200").await?;
    let id = match conversation {
        Some(wanted) => chosen(&known, &wanted)?,
        None => uuid::Uuid::new_v4().to_string(),
    };
    let style = if std::io::stderr().is_terminal() { Style::Dimmed } else { Style::Plain };
    let screen = Screen::new(style);
    let dialogue = Dialogue::open(api, id, screen).await?;
    match once {
        Some(text) => dialogue.once(&said(text)?).await,
        None if std::io::stdin().is_terminal() => dialogue.talk(Origin::Terminal).await,
        None => dialogue.talk(Origin::Pipe).await,
    }
}

/// The conversation a person means.
fn chosen(known: &serde_json::Value, wanted: &str) -> anyhow::Result<String> {
    let ids: Vec<&str> =
        known["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str()).collect();
    if wanted == "last" {
        return ids
            .first()
            .map(|id| (*id).to_owned())
            .context("There is no conversation yet. Leave `--conversation` out.");
    }
    if uuid::Uuid::try_parse(wanted).is_ok_and(|id| id.to_string() == wanted) {
        return Ok(wanted.to_owned());
    }
    let beginning: Vec<&&str> = ids.iter().filter(|id| !wanted.is_empty() && id.starts_with(wanted)).collect();
    match beginning[..] {
        [one] => Ok((*one).to_owned()),
        [] => bail!("No conversation `{wanted}`. Use `--conversation last`, or leave it out for a new one."),
        _ => bail!("{} conversations begin with `{wanted}`. Write more of the id.", beginning.len()),
    }
}

fn said(text: String) -> anyhow::Result<String> {
    if text != "-" {
        return Ok(text);
    }
    let mut read = String::new();
    std::io::stdin().read_to_string(&mut read).context("The standard input cannot be read")?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_named_by_its_id_how_that_begins_or_last() {
        let (one, two) = ("0f6f2b54-7c39-4b52-9d6e-0d4a3f1e2c5b", "0f7a2b54-7c39-4b52-9d6e-0d4a3f1e2c5b");
        let known = serde_json::json!({ "items": [{ "id": one }, { "id": two }] });
        assert_eq!(chosen(&known, "last").unwrap(), one);
        assert_eq!(chosen(&known, "0f7").unwrap(), two);
        assert_eq!(chosen(&known, two).unwrap(), two);
        assert!(chosen(&known, "0f").unwrap_err().to_string().starts_with("2 conversations begin with `0f`"));
        for wrong in ["", "x", "--once"] {
            assert!(chosen(&known, wrong).unwrap_err().to_string().starts_with("No conversation"));
        }
        assert!(chosen(&serde_json::json!({}), "last").is_err());
    }
}
