//! The files a turn hands to its person follow its reply.

use std::path::{Path, PathBuf};

use adjutant_core::platform::{Attachment, Content};

use super::{Actor, Work};
use crate::handed::{self, Handed};
use crate::reply::FinishedPart;
use crate::words::{code, files as words};

/// The most files of one turn.
const MOST: usize = 10;

impl Actor {
    /// Takes the files out of a finished text that it hands over.
    pub(super) fn take_handed(&mut self, text: String) -> String {
        if self.platform.capabilities(&self.conversation.key).attachment_limit.is_none() {
            return text;
        }
        let Work::Turn(turn) = &mut self.work else { return text };
        let (text, files) = handed::take(text);
        for file in files {
            if !turn.handed.iter().any(|known| known.path == file.path) {
                turn.handed.push(file);
            }
        }
        text
    }

    /// Copies what was handed over, as it is now: what can be sent, and of the rest why it cannot.
    pub(super) async fn copy_handed(&mut self) -> (Vec<(Handed, Attachment)>, Vec<String>) {
        let (mut copies, mut notes) = (Vec::new(), Vec::new());
        let Some(limit) = self.platform.capabilities(&self.conversation.key).attachment_limit else {
            return (copies, notes);
        };
        let Some(cwd) = self.conversation.cwd.clone().map(PathBuf::from) else { return (copies, notes) };
        let tree = self.context.workspace.tree_of(&cwd).unwrap_or_else(|| cwd.clone());
        let Work::Turn(turn) = &mut self.work else { return (copies, notes) };
        let (seq, handed) = (turn.inbound.seq, std::mem::take(&mut turn.handed));
        for (place, file) in handed.into_iter().enumerate() {
            if place >= MOST {
                notes.push(words::too_many_to_send(&file.path, MOST));
                continue;
            }
            let (outgoing, conversation) = (self.context.outgoing.clone(), self.conversation.id);
            let (tree, cwd, path) = (tree.clone(), cwd.clone(), file.path.clone());
            let name = Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let to = outgoing.path(conversation, seq, place, &name);
            let at = to.clone();
            let copying = move || {
                let bytes = handed::read(&tree, &cwd, &path, limit)?;
                let put = outgoing.make(conversation).and_then(|_| outgoing.put(&at, &bytes));
                put.map_err(|error| not_copied(&path, &error))
            };
            match tokio::task::spawn_blocking(copying).await {
                Ok(Ok(())) => copies.push((file, Attachment { name, content: Content::File(to) })),
                Ok(Err(why)) => notes.push(why),
                Err(error) => notes.push(not_copied(&file.path, &std::io::Error::other(error))),
            }
        }
        (copies, notes)
    }

    /// The files as parts of the reply, behind everything that it says.
    pub(super) fn handed_parts(&mut self, copies: Vec<(Handed, Attachment)>) -> Vec<FinishedPart> {
        let Work::Turn(turn) = &mut self.work else { return Vec::new() };
        let part = |(file, attachment): (Handed, Attachment)| {
            let caption = if file.caption.is_empty() { code(&file.path, 200) } else { file.caption };
            turn.reply.attach(caption, attachment)
        };
        copies.into_iter().map(part).collect()
    }
}

fn not_copied(path: &str, error: &std::io::Error) -> String {
    let reference = crate::fault::reference();
    tracing::error!(%error, reference, "a file was not copied to be sent (reference {reference}): {error}");
    words::not_copied(path, &reference)
}
