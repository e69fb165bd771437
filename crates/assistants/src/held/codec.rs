//! What an assistant's protocol looks like to the code that holds its process.

use adjutant_core::assistant::{Answer, AssistantEvent, PermissionRequest, Steering};
use adjutant_core::id::TurnId;
use uuid::Uuid;

/// One assistant's protocol: lines of text in both directions. It reads nothing but the lines it is given, so reading
/// the same lines again gives the same events again.
pub trait Codec: Send + 'static {
    /// A turn's prompt is about to be written, or was written before a restart.
    fn begin(&mut self, turn: TurnId);

    /// A person asked to stop this turn.
    fn interrupting(&mut self, turn: TurnId);

    /// Whether this turn takes a further message.
    fn can_steer(&self, turn: TurnId) -> Steering;

    /// A further message is about to be written into this turn, or was written before a restart.
    fn steering(&mut self, turn: TurnId, message: Uuid);

    /// Reads one line, without its newline.
    ///
    /// # Errors
    /// [`Unreadable`] when it is no message of the protocol; messages of an unknown type are none of our business,
    /// not errors.
    fn read(&mut self, line: &str, events: &mut Vec<AssistantEvent>) -> Result<(), Unreadable>;

    /// The process is gone; a turn that runs has ended with it.
    fn end(&mut self, end: &End, events: &mut Vec<AssistantEvent>);

    /// The line that gives a prompt.
    ///
    /// # Errors
    /// [`Unwritable`] when it cannot be expressed.
    fn prompt(&self, turn: TurnId, text: &str) -> Result<Vec<u8>, Unwritable>;

    /// The line that gives a further message while a turn runs.
    ///
    /// # Errors
    /// [`Unwritable`] when it cannot be expressed.
    fn steer(&self, message: Uuid, text: &str) -> Result<Vec<u8>, Unwritable>;

    /// The line that interrupts a turn.
    ///
    /// # Errors
    /// [`Unwritable`] when it cannot be expressed.
    fn interrupt(&self, turn: TurnId) -> Result<Vec<u8>, Unwritable>;

    /// The line that answers a permission request.
    ///
    /// # Errors
    /// [`Unwritable`] when the request's raw data is not what this protocol wrote.
    fn answer(&self, request: &PermissionRequest, answer: &Answer) -> Result<Vec<u8>, Unwritable>;
}

/// How a process came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The runner saw it end.
    Exited {
        /// For example `exit code 1`.
        status: String,
        stderr: String,
    },
    /// The runner is gone, and the process with it.
    Lost,
}

/// A line that is no message of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message of the protocol")]
pub struct Unreadable;

/// Something the protocol cannot express.
#[derive(Debug, thiserror::Error)]
#[error("cannot be written: {0}")]
pub struct Unwritable(#[from] pub serde_json::Error);
