//! Slash commands: deterministic, answered without a model, one file each.
//!
//! A new command is one file here and one line in the list below; `docs/adding-a-command.md` shows how. The menus of the
//! platforms and `/help` are made from that list.

use std::sync::Arc;

use adjutant_core::approval::Approval;
use adjutant_core::assistant::Answer;
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::{Conversation, ReplyMode};
use adjutant_core::error::UserError;
use adjutant_core::id::{ApprovalId, CodebaseId};
use adjutant_core::kind::AssistantKind;
use adjutant_core::message::Sender;
use adjutant_core::platform::{Attachment, Button, Platform};
use adjutant_core::session::{EndReason, Session};
use adjutant_store::error::StoreError;
use adjutant_store::record::Hold;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::context::Context;

/// Declares the commands: each line names a file of this folder and the command in it.
macro_rules! commands {
    ($($file:ident::$command:ident,)+) => {
        $(pub(crate) mod $file;)+

        /// Every command, in the order of `/help`.
        pub static ALL: &[&dyn Command] = &[$(&$file::$command),+];

        #[cfg(test)]
        const FILES: &[&str] = &[$(stringify!($file)),+];
    };
}

commands! {
    command_set::CommandSet,
    load_commands::LoadCommands,
    command_invoke::CommandInvoke,
    commands_list::Commands,
    clone::Clone,
    repos::Repos,
    codebase_switch::CodebaseSwitch,
    getcwd::GetCwd,
    setcwd::SetCwd,
    worktree::WorktreeCommand,
    diff::Diff,
    stop::Stop,
    steer::Steer,
    queue::Queue,
    again::Again,
    approve::Approve,
    deny::Deny,
    answer::GiveAnswer,
    status::Status,
    reset::Reset,
    new::New,
    sessions::Sessions,
    forget::Forget,
    assistant::ChooseAssistant,
    model::Model,
    mode::Mode,
    usage::Usage,
    whoami::WhoAmI,
    help::Help,
    codebase_drop::DropCodebase,
    commands_drop::DropCommands,
    start_beside::StartBeside,
    start::Start,
}

pub use command_set::Written;

/// What the platform's own stop control does.
pub static STOP: stop::Stop = stop::Stop;
/// What `/command-invoke` checks before it is put in line.
pub static INVOKE: command_invoke::CommandInvoke = command_invoke::CommandInvoke;

/// The command of this name; `_` and `-` are alike, case does not matter.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Command> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    ALL.iter().copied().find(|command| command.name() == name)
}

/// The commands in the order in which an app's menu lists them: what is needed in the middle of the work comes first.
pub fn menu() -> impl Iterator<Item = &'static dyn Command> {
    let of = |group: Group| ALL.iter().copied().filter(move |command| command.group() == group);
    Group::LISTED.into_iter().rev().flat_map(of)
}

/// One slash command.
#[async_trait]
pub trait Command: Send + Sync {
    /// Without the slash, with `-`.
    fn name(&self) -> &'static str;

    /// The arguments, as `/help` prints them.
    fn usage(&self) -> &'static str {
        ""
    }

    /// One line for `/help` and the menu.
    fn summary(&self) -> &'static str;

    fn group(&self) -> Group;

    /// Whether it waits for the command before it, rather than being answered at once while one works.
    fn waits(&self) -> bool {
        true
    }

    /// Whether it is put in line as a prompt.
    fn is_prompt(&self) -> bool {
        false
    }

    /// Whether it is answered at once with these arguments although it waits with others.
    fn is_quick(&self, _rest: &str) -> bool {
        false
    }

    /// Whether it is carried out before a prompt that waits for its directory, because it says which one that is.
    fn decides_place(&self, _rest: &str) -> bool {
        false
    }

    /// Whether it is carried out before messages that wait for a provider's limit, because it says who answers them.
    fn decides_who(&self) -> bool {
        false
    }

    /// Carries it out. Nothing is stored here: the outcome's actions and its reply are committed together, so a
    /// crash in between repeats the command, which therefore checks what is there already.
    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError>;
}

/// Where `/help` lists a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Commands,
    Codebase,
    Turn,
    Session,
    /// Reached by buttons, not listed.
    Hidden,
}

impl Group {
    /// Those that are listed, in their order: the specification's, and one for what it leaves open.
    pub const LISTED: [Self; 4] = [Self::Commands, Self::Codebase, Self::Turn, Self::Session];
}

/// What a command sees: the conversation at the moment of the call.
#[derive(Clone)]
pub struct Call {
    pub context: Arc<Context>,
    pub platform: Arc<dyn Platform>,
    pub conversation: Conversation,
    pub codebase: Option<Codebase>,
    pub session: Option<Session>,
    /// The model of the session, as far as it is known.
    pub model: Option<String>,
    pub turn: Option<TurnView>,
    /// What the first of those that wait waits for, if it is a provider's limit.
    pub hold: Option<Hold>,
    /// The prompts that wait, oldest first.
    pub queue: Vec<String>,
    pub approvals: Vec<Approval>,
    pub sender: Sender,
    pub now: DateTime<Utc>,
    pub progress: Progress,
}

impl Call {
    /// A command as it is typed on this platform. Written without backticks, one without arguments can be tapped.
    #[must_use]
    pub fn spell(&self, command: &str) -> String {
        self.platform.spell_command(command)
    }

    /// A directory as people see it: relative to the workspace.
    #[must_use]
    pub fn place(&self, path: &str) -> String {
        self.context.workspace.shown(std::path::Path::new(path)).unwrap_or_else(|| path.to_owned())
    }

    /// The working tree that holds a directory, or the directory itself where there is none.
    #[must_use]
    pub fn tree(&self, directory: &str) -> std::path::PathBuf {
        let directory = std::path::Path::new(directory);
        self.context.workspace.tree_of(directory).unwrap_or_else(|| directory.to_path_buf())
    }

    /// The assistant of the session, else the one the next session gets, if any can be used.
    pub async fn assistant(&self) -> Option<AssistantKind> {
        match &self.session {
            Some(session) => Some(session.assistant),
            None => self.context.assistants.choose(self.conversation.assistant, self.codebase.as_ref()).await.ok(),
        }
    }

    /// What changes the session has to wait for the end of a turn.
    ///
    /// # Errors
    /// While a turn runs.
    pub fn need_quiet(&self) -> Result<(), UserError> {
        match &self.turn {
            Some(_) => Err(crate::words::session::busy(&self.spell("stop"))),
            None => Ok(()),
        }
    }

    /// The codebase, or the spec's sentence for when there is none.
    ///
    /// # Errors
    /// When the conversation is not bound.
    pub fn need_codebase(&self) -> Result<&Codebase, UserError> {
        self.codebase.as_ref().ok_or_else(crate::words::codebase::none_configured)
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("conversation", &self.conversation.id).finish_non_exhaustive()
    }
}

/// The running turn, as commands show it.
#[derive(Debug, Clone)]
pub struct TurnView {
    pub title: String,
    pub since: DateTime<Utc>,
    /// What the assistant does now.
    pub tool: Option<String>,
    pub waits_for_approval: bool,
}

/// Says how far a long command is. Latest wins; may be dropped.
pub type Progress = Arc<dyn Fn(String) + Send + Sync>;

/// What a command changes and answers.
#[derive(Debug, Default)]
pub struct Outcome {
    pub reply: Option<Answered>,
    /// Follows the reply.
    pub file: Option<(Attachment, String)>,
    pub actions: Vec<Action>,
}

impl Outcome {
    /// Says something and changes nothing.
    #[must_use]
    pub fn say(text: impl Into<String>) -> Self {
        Self { reply: Some(Answered { text: text.into(), buttons: Vec::new() }), ..Self::default() }
    }

    /// With a file behind the reply, and a few words below it.
    #[must_use]
    pub fn with_file(mut self, file: Attachment, caption: impl Into<String>) -> Self {
        self.file = Some((file, caption.into()));
        self
    }

    /// Also does this.
    #[must_use]
    pub fn and(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// With a row of buttons below.
    #[must_use]
    pub fn with_buttons(mut self, buttons: Vec<Button>) -> Self {
        if let Some(reply) = &mut self.reply {
            reply.buttons = buttons;
        }
        self
    }
}

/// The reply of a command.
#[derive(Debug)]
pub struct Answered {
    pub text: String,
    pub buttons: Vec<Button>,
}

/// What the conversation's actor does for a command, in one transaction with its reply.
#[derive(Debug)]
pub enum Action {
    PutCodebase(Codebase),
    /// The row of a codebase that was made by mistake; the folder stays.
    DropCodebase(CodebaseId),
    Bind {
        codebase: Option<CodebaseId>,
        cwd: Option<String>,
    },
    EndSession(EndReason),
    /// A session that has ended goes on.
    ResumeSession(Box<Session>),
    /// For the sessions to come.
    ChooseAssistant(AssistantKind),
    /// From the next turn on; `None`: what is configured.
    ChooseModel(Option<String>),
    /// From the next turn on.
    ChooseMode(ReplyMode),
    ClearQueue,
    /// What waits for a provider's limit is carried out when that has ended, or at once.
    Lift(Lifted),
    /// The message whose turn failed last is put in line again.
    TryAgain,
    /// Interrupts the running turn; its reply says so.
    StopTurn,
    /// The prompt that waits for its directory starts, although another turn works there.
    StartBeside,
    /// The prompt is put in line like any other.
    Enqueue,
    /// Puts a message into the running turn.
    Steer(Steered),
    Answer {
        approval: ApprovalId,
        answer: Answer,
    },
    /// Deletes what is kept; its reply says what that was.
    Forget(Forgetting),
    /// Answers the question of an approval that has choices, in words.
    Say {
        approval: ApprovalId,
        text: String,
    },
}

/// What is deleted for good.
#[derive(Debug)]
pub enum Forgetting {
    /// All that is kept of the conversation, these sessions among it.
    Conversation(Vec<Session>),
    Session {
        number: u32,
        session: Box<Session>,
    },
}

impl Forgetting {
    /// The sessions that are deleted.
    #[must_use]
    pub fn sessions(&self) -> &[Session] {
        match self {
            Self::Conversation(sessions) => sessions,
            Self::Session { session, .. } => std::slice::from_ref(session),
        }
    }
}

/// When a message that waits for a provider's limit is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifted {
    /// As soon as the limit has ended.
    Then,
    Now,
}

/// Which message is put into the running turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steered {
    /// The one that asks for it.
    This,
    /// The newest that waits.
    Newest,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Shown as it stands.
    #[error(transparent)]
    User(#[from] UserError),
    /// Our own fault: shown as a reference, logged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_in_any_spelling() {
        let mut seen = BTreeSet::new();
        for command in ALL {
            assert!(seen.insert(command.name()), "{} is listed twice", command.name());
            assert_eq!(
                find(&command.name().to_ascii_uppercase().replace('-', "_")).map(Command::name),
                Some(command.name())
            );
        }
    }

    #[test]
    fn every_file_of_this_folder_is_one_command_and_bears_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        let files = entries.filter_map(|name| name.to_str()?.strip_suffix(".rs").map(str::to_owned));
        let files: BTreeSet<String> = files.filter(|name| name != "mod").collect();
        assert_eq!(files, FILES.iter().map(|name| (*name).to_owned()).collect());
        for (file, command) in FILES.iter().zip(ALL) {
            let source = std::fs::read_to_string(folder.join(format!("{file}.rs"))).unwrap();
            assert_eq!(source.matches("impl Command for").count(), 1, "{file}.rs holds one command");
            // A module cannot be called like the folder it is in.
            let name = if *file == "commands_list" { "commands".to_owned() } else { file.replace('_', "-") };
            assert_eq!(command.name(), name, "{file}.rs");
        }
    }

    #[test]
    fn the_guide_shows_a_command_as_it_is() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let guide = std::fs::read_to_string(root.join("docs/adding-a-command.md")).unwrap();
        let folder = root.join("crates/orchestrator/src");
        let mut shown = 0;
        for block in guide.split("```rust\n// ").skip(1) {
            let (path, rest) = block.split_once('\n').unwrap();
            let source = std::fs::read_to_string(folder.join(path)).unwrap();
            let code = rest.split("```").next().unwrap();
            // A line of dots stands for what is left out.
            for piece in code.split("…\n") {
                assert!(source.contains(piece.trim_matches('\n')), "{path} does not read\n{piece}");
                shown += 1;
            }
        }
        assert!(shown > 3, "the guide shows code");
    }
}
