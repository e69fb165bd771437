//! The files of a message become paths that the assistant can read.

use adjutant_core::error::UserError;
use adjutant_core::message::IncomingFile;
use adjutant_store::record::Inbound;

use super::Actor;
use super::prepare::Prepared;
use crate::commands::CommandError;
use crate::uploads::Upload;
use crate::words::files as words;

impl Actor {
    /// Fetches what came with the message, and tells the assistant where it lies. What cannot be had is said above the
    /// reply; a message of nothing else is no prompt.
    pub(super) async fn with_files(&self, inbound: &Inbound, prepared: Prepared) -> Result<Prepared, CommandError> {
        let files = inbound.message.content.files();
        if files.is_empty() {
            return Ok(prepared);
        }
        let mut prepared = prepared;
        let mut there = Vec::with_capacity(files.len());
        for (place, file) in files.iter().enumerate() {
            match self.upload(inbound, place, file).await {
                Ok(upload) => there.push(upload),
                Err(why) => prepared.notes.push(why),
            }
        }
        let says_nothing = prepared.text.trim().is_empty();
        if there.is_empty() {
            if says_nothing {
                return Err(UserError::new(prepared.notes.join("\n"), String::new()).into());
            }
            return Ok(prepared);
        }
        if prepared.title.is_empty() {
            prepared.title = words::title(&there.iter().map(|upload| upload.name.as_str()).collect::<Vec<_>>());
        }
        prepared.text = format!("{}\n\n{}", words::for_the_assistant(&there), prepared.text);
        Ok(prepared)
    }

    /// One file, fetched unless an earlier life of the gateway has done so. The error is for the person.
    async fn upload(&self, inbound: &Inbound, place: usize, file: &IncomingFile) -> Result<Upload, String> {
        let limit = self.platform.capabilities(&self.conversation.key).download_limit.unwrap_or(0);
        if file.size.is_some_and(|size| size > limit) {
            return Err(words::too_large(&file.name, limit));
        }
        let uploads = self.context.uploads.clone();
        let conversation = self.conversation.id;
        let path = uploads.path(conversation, inbound.seq, place, &file.name);
        let upload = Upload { path: path.clone(), name: file.name.clone() };
        if path.exists() {
            return Ok(upload);
        }
        let bytes = self.platform.fetch(file).await.map_err(|error| self.not_fetched(file, &error.to_string()))?;
        let put = tokio::task::spawn_blocking(move || {
            uploads.make(conversation)?;
            uploads.put(&path, &bytes)
        });
        let stored = put.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        stored.map_err(|error| self.not_fetched(file, &error.to_string()))?;
        Ok(upload)
    }

    fn not_fetched(&self, file: &IncomingFile, error: &str) -> String {
        let reference = crate::fault::reference();
        let error = self.context.mask.apply(error.to_owned());
        tracing::warn!(reference, error, "a file was not fetched (reference {reference}): {error}");
        words::not_fetched(&file.name, &reference)
    }
}
