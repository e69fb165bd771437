//! Folds an assistant's text into the parts of one reply. Pure, and a function of the events alone: a restarted
//! gateway replays the same events and finds the same parts, so that none is said twice.
//!
//! One reply is one message that grows while it fits; a new part is begun when it does not, or when something
//! else has to stand below it (an approval).

/// Cuts a text into parts that fit the platform; never empty for a text that is not.
pub type Splitter<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// A part whose text is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedPart {
    /// Its place in the reply, from 0.
    pub ordinal: u32,
    pub text: String,
}

/// The reply of one turn while it is written.
#[derive(Debug, Default)]
pub struct Reply {
    /// The finished blocks of the part that is still open, with blank lines between.
    open: String,
    /// The block that is being written: a preview, not the truth.
    live: String,
    ordinal: u32,
    last_block: String,
    blocks: u32,
}

impl Reply {
    /// A piece of the block that is being written.
    pub fn delta(&mut self, text: &str) {
        self.live.push_str(text);
    }

    /// A finished block: it replaces the deltas since the last one. Yields the parts that are complete now.
    pub fn block(&mut self, text: String, split: Option<Splitter<'_>>) -> Vec<FinishedPart> {
        self.live.clear();
        if text.trim().is_empty() {
            return Vec::new();
        }
        append_paragraph(&mut self.open, &text);
        self.last_block = text;
        self.blocks += 1;
        let Some(split) = split else { return Vec::new() };
        let mut pieces = split(&self.open);
        let Some(last) = pieces.pop() else { return Vec::new() };
        if pieces.is_empty() {
            return Vec::new();
        }
        self.open = last;
        pieces.into_iter().map(|text| self.number(text)).collect()
    }

    /// The deltas since the last block will not be finished.
    pub fn abandon(&mut self) {
        self.live.clear();
    }

    /// Closes the open part because something else has to stand below it.
    pub fn close_part(&mut self) -> Option<FinishedPart> {
        if self.open.trim().is_empty() {
            return None;
        }
        let text = std::mem::take(&mut self.open);
        Some(self.number(text))
    }

    /// The last parts, with a closing line below the text. Text that was still being written is kept when
    /// `keep_live` says that it will never be finished.
    pub fn finish(&mut self, closing: &str, keep_live: KeepLive, split: Splitter<'_>) -> Vec<FinishedPart> {
        let live = std::mem::take(&mut self.live);
        if keep_live == KeepLive::Yes && !live.trim().is_empty() {
            append_paragraph(&mut self.open, &live);
        }
        if !closing.is_empty() {
            append_paragraph(&mut self.open, closing);
        }
        let text = std::mem::take(&mut self.open);
        if text.trim().is_empty() {
            return Vec::new();
        }
        split(&text).into_iter().map(|text| self.number(text)).collect()
    }

    /// The place of the part that is open now.
    #[must_use]
    pub const fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Whether the next delta begins a block below others of the open part.
    #[must_use]
    pub fn begins_paragraph(&self) -> bool {
        self.live.is_empty() && !self.open.is_empty()
    }

    /// Whether the open part has anything to show.
    #[must_use]
    pub fn has_text(&self) -> bool {
        !self.open.is_empty() || !self.live.trim().is_empty()
    }

    /// What the open part looks like now, with a status line below it.
    #[must_use]
    pub fn preview(&self, status: &str) -> String {
        let mut text = String::with_capacity(self.open.len() + self.live.len() + status.len() + 4);
        text.push_str(&self.open);
        if !self.live.trim().is_empty() {
            append_paragraph(&mut text, "");
            // Its end stays as it is: the next delta goes on there.
            text.push_str(&self.live);
        }
        if !status.is_empty() {
            append_paragraph(&mut text, status);
        }
        text
    }

    /// The last finished block: what `$PLAN` and its like are made of.
    #[must_use]
    pub fn last_block(&self) -> &str {
        &self.last_block
    }

    /// Whether the assistant has finished any text in this turn.
    #[must_use]
    pub const fn said_something(&self) -> bool {
        self.blocks > 0
    }

    fn number(&mut self, text: String) -> FinishedPart {
        let part = FinishedPart { ordinal: self.ordinal, text };
        self.ordinal += 1;
        part
    }
}

/// Whether unfinished text belongs to the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepLive {
    /// The turn was cut off: what had arrived is all there will be.
    Yes,
    /// The turn ended in order: finished blocks hold everything.
    No,
}

fn append_paragraph(text: &mut String, paragraph: &str) {
    if !text.is_empty() {
        while text.ends_with('\n') {
            text.pop();
        }
        text.push_str("\n\n");
    }
    text.push_str(paragraph.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_ten(text: &str) -> Vec<String> {
        text.as_bytes().chunks(10).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
    }

    #[test]
    fn finished_blocks_replace_what_was_shown_while_they_were_written() {
        let mut reply = Reply::default();
        reply.delta("Hel");
        reply.delta("lo");
        assert_eq!(reply.preview("_Bash_"), "Hello\n\n_Bash_");
        assert_eq!(reply.block("Hello".into(), None), []);
        assert_eq!(reply.finish("", KeepLive::No, &by_ten), [FinishedPart { ordinal: 0, text: "Hello".into() }]);
    }

    #[test]
    fn a_part_that_is_full_is_finished_and_the_rest_stays_open() {
        let mut reply = Reply::default();
        let parts = reply.block("0123456789abcde".into(), Some(&by_ten));
        assert_eq!(parts, [FinishedPart { ordinal: 0, text: "0123456789".into() }]);
        assert_eq!(reply.preview(""), "abcde");
        assert_eq!(reply.finish("", KeepLive::No, &by_ten), [FinishedPart { ordinal: 1, text: "abcde".into() }]);
    }

    #[test]
    fn abandoned_text_disappears_and_cut_off_text_stays() {
        let mut reply = Reply::default();
        reply.delta("lost");
        reply.abandon();
        reply.delta("kept");
        let parts = reply.finish("Stopped.", KeepLive::Yes, &|text| vec![text.to_owned()]);
        assert_eq!(parts, [FinishedPart { ordinal: 0, text: "kept\n\nStopped.".into() }]);
    }

    #[test]
    fn an_empty_reply_has_no_parts() {
        assert_eq!(Reply::default().finish("", KeepLive::Yes, &by_ten), []);
    }
}
