//! A message becomes the text of a prompt.

use std::path::Path;

use adjutant_core::error::UserError;
use adjutant_core::message::InboundContent;
use adjutant_store::error::StoreError;
use adjutant_store::record::Inbound;
use adjutant_store::store::CodebaseLookup;
use chrono::{DateTime, Utc};

use super::Actor;
use super::receive::{text_of, title_of};
use crate::binding;
use crate::commands::{self, CommandError, steer};
use crate::fence::{Boundary, fenced};
use crate::language::arguments;
use crate::language::parse::{self, Input};
use crate::language::substitute::{self, Values};
use crate::registry;
use crate::words::{codebase as words, one_line, turn as turn_words};

/// A prompt that is ready to be given to an assistant.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub text: String,
    /// The registered command it invokes.
    pub command: Option<String>,
    /// What `/status` calls it.
    pub title: String,
    /// It needs a session of its own: `execute` after `plan`.
    pub fresh: bool,
    /// Said once, above the reply.
    pub notes: Vec<String>,
    /// Text of somebody who is not on the allow-list is in it.
    pub strange: bool,
}

impl Actor {
    /// Reads a message as a prompt. Binds the default codebase if the conversation has none.
    pub(super) async fn prepare(&mut self, inbound: &Inbound) -> Result<Prepared, CommandError> {
        let bound = self.codebase.is_some();
        if !bound {
            self.adopt_default().await?;
        }
        if self.codebase.is_none() {
            return Err(words::none_configured().into());
        }
        let input = parse::parse(text_of(inbound));
        // One that was adopted just now was read just now.
        if bound && (self.run.is_none() || matches!(input, Input::Command { .. })) {
            self.refresh_codebase().await?;
        }
        let prepared = match input {
            Input::Prompt(text) => self.plain(inbound, &text),
            Input::Command { name, rest } if commands::find(&name).is_some_and(|known| known.name() == steer::NAME) => {
                self.plain(inbound, &rest)
            }
            Input::Command { name, rest } if commands::find(&name).is_some() => {
                let (name, rest) = arguments::next(&rest)?.unwrap_or_default();
                self.prepare_invocation(inbound, &name, rest)?
            }
            Input::Command { name, rest } => self.prepare_invocation(inbound, &name, &rest)?,
        };
        let mut prepared = self.with_files(inbound, prepared).await?;
        if inbound.hold.as_ref().is_some_and(|hold| hold.begun) {
            prepared.text = turn_words::broke_off(&prepared.text);
        }
        Ok(prepared)
    }

    /// What a person wrote, as it stands.
    fn plain(&self, inbound: &Inbound, text: &str) -> Prepared {
        Prepared {
            text: quoted(inbound, text),
            command: None,
            title: one_line(text, 60),
            fresh: false,
            notes: Vec::new(),
            strange: self.is_strange(inbound),
        }
    }

    /// Other conversations and the operator may have changed the codebase's commands, or its trust, since it was read.
    /// A new conversation begins in the default codebase, also when a command is the first thing said.
    pub(super) async fn refresh_codebase(&mut self) -> Result<(), StoreError> {
        if self.codebase.is_none() && self.context.settings.default_codebase.is_some() {
            match self.adopt_default().await {
                Err(CommandError::Store(error)) => return Err(error),
                // A default that is not there is told when a prompt needs it; commands can bind another.
                Ok(()) | Err(CommandError::User(_)) => return Ok(()),
            }
        }
        if let Some(codebase) = &self.codebase
            && let Some(now) = self.context.store.find_codebase(CodebaseLookup::Id(codebase.id)).await?
        {
            self.hold_codebase(Some(now));
        }
        Ok(())
    }

    fn prepare_invocation(&self, inbound: &Inbound, name: &str, rest: &str) -> Result<Prepared, CommandError> {
        let call = self.call(inbound);
        let codebase = call.need_codebase()?;
        let Some((name, command)) = registry::find(&codebase.commands, name) else {
            return Err(words::no_such_command(&call, codebase, name).into());
        };
        let body = registry::read(Path::new(&codebase.default_cwd), &command.path)?;
        let arguments = arguments::split(rest)?;
        let fresh = self.needs_fresh_session(name);
        let phases = self.session.as_ref().map(|session| session.metadata.phases.clone()).unwrap_or_default();
        let values = Values { name, raw: rest, arguments: &arguments, named: &phases };
        let substituted = substitute::substitute(&body, &values)?;
        let mut text = substituted.text;
        if !substituted.takes_arguments && !rest.trim().is_empty() {
            text.push_str(&format!("\n\nThe user's arguments: {}", rest.trim()));
        }
        if fresh && let Some(plan) = phases.get(PLAN).filter(|_| !substituted.used.contains(PLAN)) {
            text = format!("The plan to carry out:\n\n{plan}\n\n{text}");
        }
        let notes = if substituted.unknown.is_empty() {
            Vec::new()
        } else {
            vec![turn_words::unknown_variables(&substituted.unknown)]
        };
        Ok(Prepared {
            text: registry::frame(name, &text),
            command: Some(name.to_owned()),
            title: title_of(inbound),
            fresh,
            notes,
            strange: false,
        })
    }

    /// Whether the last command of this session and the one named are a fresh-context pair.
    fn needs_fresh_session(&self, name: &str) -> bool {
        let last = self.session.as_ref().and_then(|session| session.metadata.last_command.as_deref());
        last.is_some_and(|last| {
            let pairs = self.context.settings.fresh_context_pairs.iter();
            pairs.into_iter().any(|(first, second)| is_called(first, last) && is_called(second, name))
        })
    }

    /// The configured default codebase, or the sample of an assistant that brings one.
    async fn adopt_default(&mut self) -> Result<(), CommandError> {
        let now = self.context.clock.now();
        let found = match &self.context.settings.default_codebase {
            Some(wanted) => Some(self.default_codebase(wanted, now).await?),
            None => self.sample().await?,
        };
        if let Some(found) = found {
            self.bind_now(found);
        }
        Ok(())
    }

    /// Looked up by name once; every further new conversation needs only its row.
    async fn default_codebase(&self, wanted: &str, now: DateTime<Utc>) -> Result<binding::Found, CommandError> {
        if let Some(id) = self.context.default_codebase.get()
            && let Some(codebase) = self.context.store.find_codebase(CodebaseLookup::Id(*id)).await?
        {
            return Ok(binding::Found { codebase, adopted: false });
        }
        let found = binding::find_or_adopt(&self.context, wanted, now).await?.ok_or_else(|| {
            UserError::new(
                format!("The default codebase `{wanted}` is not in the workspace."),
                "Correct `DEFAULT_CODEBASE`, or `/clone` another.",
            )
        })?;
        // Whoever was first has set the same.
        let _ = self.context.default_codebase.set(found.codebase.id);
        Ok(found)
    }

    async fn sample(&self) -> Result<Option<binding::Found>, CommandError> {
        let Ok(kind) = self.context.assistants.choose(self.conversation.assistant, None).await else { return Ok(None) };
        let Some(sample) = self.context.samples.get(&kind).cloned() else { return Ok(None) };
        let path = match tokio::task::spawn_blocking(move || sample()).await {
            Ok(Ok(path)) => path,
            Ok(Err(error)) => {
                tracing::error!(%error, "the sample codebase could not be made: {error}");
                return Ok(None);
            }
            Err(error) => {
                tracing::error!(%error, "the sample codebase could not be made: {error}");
                return Ok(None);
            }
        };
        Ok(Some(binding::record(&self.context, &path, self.context.clock.now()).await?))
    }
}

/// Whether two names mean the same command: files may be called `plan_feature.md` or `Plan-Feature.md`.
pub(super) fn is_called(one: &str, other: &str) -> bool {
    parse::normalise(one) == parse::normalise(other)
}

/// The variable that carries a plan into its execution.
pub(super) const PLAN: &str = "PLAN";

/// What the person replied to stands before what they wrote, fenced and labelled as data.
pub(super) fn quoted(inbound: &Inbound, text: &str) -> String {
    match &inbound.message.content {
        InboundContent::Text { quote: Some(quote), quoted, .. } if !quote.trim().is_empty() => {
            let author = quoted.as_deref();
            let hands_on = text.trim().is_empty();
            let label = if hands_on { turn_words::passes_on(author) } else { turn_words::replies_to(author) };
            format!("{}\n\n{text}", fenced(&label, quote, &Boundary::random()))
        }
        _ => text.to_owned(),
    }
}
