//! How a directory becomes a codebase: for `/clone`, `/codebase-switch`, `/setcwd` and the default codebase.

use std::path::Path;

use adjutant_core::codebase::Codebase;
use adjutant_core::id::CodebaseId;
use adjutant_core::kind::AssistantKind;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::store::CodebaseLookup;
use chrono::{DateTime, Utc};

use crate::context::Context;
use crate::registry;

/// A codebase, and whether it is new to the gateway.
#[derive(Debug)]
pub struct Found {
    pub codebase: Codebase,
    /// It was a Git working tree in the workspace and is recorded now.
    pub adopted: bool,
}

/// Looks a codebase up by short id, name or path; a working tree found in the workspace is taken in.
///
/// # Errors
/// When the store is away.
pub async fn find_or_adopt(context: &Context, wanted: &str, now: DateTime<Utc>) -> Result<Option<Found>, StoreError> {
    let known = context.store.list_codebases().await?;
    let id = wanted.to_ascii_lowercase();
    // Phones begin a word with a capital letter.
    let by_name = |alike: fn(&str, &str) -> bool| known.iter().find(|codebase| alike(&codebase.name, wanted));
    let found = known.iter().find(|codebase| is_short(&codebase.id.short(), &id));
    if let Some(codebase) = found.or_else(|| by_name(str::eq)).or_else(|| by_name(str::eq_ignore_ascii_case)) {
        return Ok(Some(Found { codebase: codebase.clone(), adopted: false }));
    }
    let trees = context.workspace.find_trees();
    let tree = trees.iter().find(|tree| {
        context.workspace.shown(tree).is_some_and(|shown| shown.eq_ignore_ascii_case(wanted))
            || tree.file_name().is_some_and(|name| name.to_string_lossy().eq_ignore_ascii_case(wanted))
    });
    match tree {
        Some(tree) => record(context, tree, now).await.map(Some),
        None => Ok(None),
    }
}

/// `codebase_abc123`, or its end alone.
fn is_short(short: &str, given: &str) -> bool {
    short == given || short.rsplit('_').next() == Some(given)
}

/// The codebase of a working tree; recorded now if it is new. Conversations that find the same tree at the same
/// moment get the same record.
///
/// # Errors
/// When the store is away.
pub async fn record(context: &Context, tree: &Path, now: DateTime<Utc>) -> Result<Found, StoreError> {
    let _one_at_a_time = context.recording.lock().await;
    if let Some(codebase) = context.store.find_codebase(CodebaseLookup::Path(&tree.to_string_lossy())).await? {
        return Ok(Found { codebase, adopted: false });
    }
    let codebase = adopt(context, tree, now).await;
    context.store.commit(None, vec![Change::PutCodebase(codebase.clone())]).await?;
    Ok(Found { codebase, adopted: true })
}

/// A record for a working tree, with its commands loaded.
pub async fn adopt(context: &Context, tree: &Path, now: DateTime<Utc>) -> Codebase {
    let seen = context.workspace.inspect(tree).await;
    let mut commands = adjutant_core::codebase::CommandRegistry::new();
    for folder in &seen.command_folders {
        if let Err(problem) = registry::load(tree, folder, &mut commands) {
            tracing::warn!(folder, error = %problem, "commands of {folder} were not loaded");
        }
    }
    Codebase {
        id: CodebaseId::generate(),
        name: tree.file_name().map_or_else(|| "codebase".to_owned(), |name| name.to_string_lossy().into_owned()),
        repository_url: seen.remote,
        default_cwd: tree.to_string_lossy().into_owned(),
        assistant: seen.assistant.filter(|kind| *kind != AssistantKind::Demo),
        commands,
        trusted: false,
        created_at: now,
        updated_at: now,
    }
}

/// The known codebase whose tree holds a directory.
///
/// # Errors
/// When the store is away.
pub async fn codebase_of(context: &Context, directory: &Path) -> Result<Option<Codebase>, StoreError> {
    let known = context.store.list_codebases().await?;
    Ok(known
        .into_iter()
        .filter(|codebase| directory.starts_with(&codebase.default_cwd))
        .max_by_key(|codebase| codebase.default_cwd.len()))
}
