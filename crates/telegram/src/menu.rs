//! The menu of commands that Telegram's apps offer: <https://core.telegram.org/bots/api#setmycommands>.
//!
//! The gateway's own commands stand in the menus of all private chats and all groups. A chat whose codebases have
//! commands gets a menu of its own, with those first; it belongs to the whole chat, so in a group with topics it has
//! those of every topic. Telegram allows `[a-z0-9_]` in names only, so a menu has `codebase_switch` where the
//! documentation says `/codebase-switch`; commands are parsed with both alike.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adjutant_core::menu::MenuEntry;
use adjutant_core::platform::SendError;
use teloxide::payloads::{DeleteMyCommands, GetMyCommands, SetMyCommands};
use teloxide::types::{BotCommand, BotCommandScope, ChatId, Recipient};

use crate::client::Client;
use crate::keys::Place;

/// <https://core.telegram.org/bots/api#setmycommands>.
const MOST: usize = 100;
/// <https://core.telegram.org/bots/api#botcommand>.
const LONGEST_DESCRIPTION: usize = 256;
/// Chats whose menus are remembered. Of a forgotten one it is asked what stands there.
const REMEMBERED: usize = 2048;

/// The menus as far as they are known.
#[derive(Debug, Default)]
pub struct Menus {
    chats: Mutex<HashMap<i64, ChatMenu>>,
    /// Held while one is changed: topics of one chat may want that at the same moment.
    changing: tokio::sync::Mutex<()>,
}

/// The menu of one chat.
#[derive(Debug, Clone, Default)]
struct ChatMenu {
    /// What its conversations have asked for since the start: topics by their number.
    places: BTreeMap<Option<i32>, Vec<MenuEntry>>,
    /// Found there at first and not asked for since: a topic that has not spoken again yet.
    earlier: Vec<MenuEntry>,
    /// What Telegram has.
    standing: Vec<MenuEntry>,
}

impl Menus {
    /// Whether this place would ask for something else than it has, as far as is known.
    pub fn differs(&self, place: Place, commands: &[MenuEntry]) -> bool {
        self.chats().get(&place.chat).and_then(|chat| chat.places.get(&place.thread)).is_none_or(|has| has != commands)
    }

    /// Makes the chat's menu show these commands of the place.
    pub async fn set(
        &self,
        client: &Client,
        own: &[MenuEntry],
        place: Place,
        commands: &[MenuEntry],
    ) -> Result<(), SendError> {
        let _one_at_a_time = self.changing.lock().await;
        let known = self.chats().get(&place.chat).cloned();
        let mut chat = match known {
            Some(chat) => chat,
            None => find(client, own, place).await?,
        };
        chat.places.insert(place.thread, commands.to_vec());
        chat.earlier.retain(|entry| commands.iter().all(|command| command.name != entry.name));
        let wanted = chat.wanted(own);
        if wanted != chat.standing {
            put(client, place.chat, &wanted).await?;
            chat.standing = wanted;
        }
        let mut chats = self.chats();
        if chats.len() >= REMEMBERED {
            chats.clear();
        }
        chats.insert(place.chat, chat);
        Ok(())
    }

    fn chats(&self) -> MutexGuard<'_, HashMap<i64, ChatMenu>> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChatMenu {
    /// Empty where the menu of all chats is enough.
    fn wanted(&self, own: &[MenuEntry]) -> Vec<MenuEntry> {
        let mut wanted: Vec<MenuEntry> = Vec::new();
        for entry in self.places.values().flatten().chain(&self.earlier) {
            if !wanted.iter().chain(own).any(|known| known.name == entry.name) {
                wanted.push(entry.clone());
            }
        }
        if !wanted.is_empty() {
            // The gateway's own stay reachable however many a codebase has.
            wanted.truncate(MOST.saturating_sub(own.len()));
            wanted.extend_from_slice(own);
        }
        wanted
    }
}

/// What an earlier life of the gateway put up.
async fn find(client: &Client, own: &[MenuEntry], place: Place) -> Result<ChatMenu, SendError> {
    let mut payload = GetMyCommands::new();
    payload.scope = Some(scope(place.chat));
    let found: Vec<BotCommand> = client.send(&payload).await?;
    let standing: Vec<MenuEntry> = found
        .into_iter()
        .map(|command| MenuEntry { name: command.command, description: command.description })
        .collect();
    let others = |entry: &&MenuEntry| own.iter().all(|known| known.name != entry.name);
    let earlier = if place.thread.is_some() { standing.iter().filter(others).cloned().collect() } else { Vec::new() };
    Ok(ChatMenu { places: BTreeMap::new(), earlier, standing })
}

async fn put(client: &Client, chat: i64, wanted: &[MenuEntry]) -> Result<(), SendError> {
    if wanted.is_empty() {
        let mut payload = DeleteMyCommands::new();
        payload.scope = Some(scope(chat));
        return client.send::<_, bool>(&payload).await.map(drop);
    }
    let mut payload = SetMyCommands::new(wanted.iter().map(line));
    payload.scope = Some(scope(chat));
    client.send::<_, bool>(&payload).await.map(drop)
}

fn scope(chat: i64) -> BotCommandScope {
    BotCommandScope::Chat { chat_id: Recipient::Id(ChatId(chat)) }
}

fn line(entry: &MenuEntry) -> BotCommand {
    let description: String = entry.description.chars().take(LONGEST_DESCRIPTION).collect();
    BotCommand::new(entry.name.as_str(), description)
}

/// The gateway's own commands: one payload for private chats, one for groups.
pub fn payloads(own: &[MenuEntry]) -> [SetMyCommands; 2] {
    [BotCommandScope::AllPrivateChats, BotCommandScope::AllGroupChats].map(|scope| {
        let mut payload = SetMyCommands::new(own.iter().take(MOST).map(line));
        payload.scope = Some(scope);
        payload
    })
}
