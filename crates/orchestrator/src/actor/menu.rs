//! The menu that the platform's apps offer here: the codebase's own commands.

use adjutant_core::codebase::Codebase;

use super::Actor;
use crate::registry;

/// What is known of the menu's truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MenuNews {
    None,
    /// The conversation was just read: what was put up by an earlier life may not be what it is now.
    Loaded,
    /// The codebase or its commands are others than before.
    Changed,
}

impl Actor {
    /// Goes on with this codebase.
    pub(super) fn hold_codebase(&mut self, codebase: Option<Codebase>) {
        let same = match (&self.codebase, &codebase) {
            (Some(before), Some(now)) => before.commands == now.commands,
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.menu_news = MenuNews::Changed;
        }
        self.codebase = codebase;
    }

    /// Offers the commands, if they may be others than those that are offered.
    pub(super) fn offer_menu(&mut self) {
        let news = std::mem::replace(&mut self.menu_news, MenuNews::None);
        let none = self.codebase.as_ref().is_none_or(|codebase| codebase.commands.is_empty());
        // What is not there need not be taken away, unless something was before.
        if news == MenuNews::None || (none && news == MenuNews::Loaded) {
            return;
        }
        let commands = self.codebase.as_ref().map(|codebase| registry::menu(&codebase.commands)).unwrap_or_default();
        if self.platform.menu_differs(&self.conversation.key, &commands) {
            self.context.delivery.offer(&self.target(), commands);
        }
    }
}
