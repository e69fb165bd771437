//! The menu of commands that a platform's apps offer.

/// One line of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MenuEntry {
    /// Of `[a-z0-9_]` and at most 32 characters long, which every platform takes; without any sign before it.
    pub name: String,
    /// A few words; never empty.
    pub description: String,
}
