//! Folds an assistant's text into the parts of one reply. Pure, and a function of the events alone: a restarted
//! gateway replays the same events and finds the same parts, so that none is said twice.
//!
//! One reply is one message that grows while it fits; a new part is begun when it does not, or when something
//! else has to stand below it (an approval). Of a reply that is longer than the platform's most parts, the first ones
//! and the end are said, and the whole follows as a file.

use adjutant_core::platform::Attachment;

use crate::delivery::Paper;
use crate::words::reply as words;

/// The name of the file that holds a whole answer.
const FILE: &str = "answer.md";

/// The most of a whole answer that is kept for that file, in bytes. Models say less; a program that floods does not.
const MOST_KEPT: usize = 2 << 20;

/// The most of a block that is kept while it is being written: the finished block brings all of it.
const MOST_LIVE: usize = 1 << 20;

/// So many parts are a long end: of a longer one only the newest are kept.
const LONG: usize = 16;

/// A part whose text is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedPart {
    /// Its place in the reply, from 0.
    pub ordinal: u32,
    pub text: String,
    pub attachment: Option<Attachment>,
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
    /// The most parts in a row; `None`: as many as it takes.
    most: Option<usize>,
    /// Parts since the beginning, or since something else stood between.
    in_row: usize,
    /// Everything said so far, kept where the parts are limited.
    whole: String,
    /// Even that is too long: only its beginning is kept.
    overfull: bool,
    /// Something was left out of the parts.
    shortened: bool,
}

impl Reply {
    /// A reply of so many parts in a row at most; what is too long for them is shortened, and attached as a file.
    #[must_use]
    pub fn limited_to(most: usize) -> Self {
        Self { most: Some(most.max(1)), ..Self::default() }
    }

    /// A piece of the block that is being written.
    pub fn delta(&mut self, text: &str) {
        self.live.push_str(text);
        if self.live.len() > MOST_LIVE {
            let from = self.live.ceil_char_boundary(self.live.len() - MOST_LIVE / 2);
            self.live.drain(..from);
        }
    }

    /// A finished block: it replaces the deltas since the last one. Yields the parts that are complete now.
    pub fn block(&mut self, text: String, paper: Option<&Paper<'_>>) -> Vec<FinishedPart> {
        // Not just cleared: what a long block took is given back.
        self.live = String::new();
        if text.trim().is_empty() {
            return Vec::new();
        }
        append_paragraph(&mut self.open, &text);
        self.keep(&text);
        self.last_block = text;
        self.blocks += 1;
        paper.map_or_else(Vec::new, |paper| self.cut(paper))
    }

    /// The deltas since the last block will not be finished.
    pub fn abandon(&mut self) {
        self.live.clear();
    }

    /// Closes the open part because something else has to stand below it.
    pub fn close_part(&mut self, paper: &Paper<'_>) -> Vec<FinishedPart> {
        let parts = self.last(paper);
        self.in_row = 0;
        parts
    }

    /// The last parts, with a closing line below the text. Text that was still being written is kept when
    /// `keep_live` says that it will never be finished.
    pub fn finish(&mut self, closing: &str, keep_live: KeepLive, paper: &Paper<'_>) -> Vec<FinishedPart> {
        let live = std::mem::take(&mut self.live);
        if keep_live == KeepLive::Yes && !live.trim().is_empty() {
            append_paragraph(&mut self.open, &live);
            self.keep(&live);
        }
        if !closing.is_empty() {
            append_paragraph(&mut self.open, closing);
        }
        let mut parts = self.last(paper);
        if self.shortened {
            let whole = std::mem::take(&mut self.whole);
            let characters = whole.chars().count();
            let caption = match self.overfull {
                true => words::beginning_of_answer(characters),
                false => words::whole_answer(characters),
            };
            let attachment = Some(Attachment::text(FILE, whole));
            parts.push(FinishedPart { attachment, ..self.number(caption) });
        }
        parts
    }

    /// A file behind everything that was said.
    pub fn attach(&mut self, caption: String, attachment: Attachment) -> FinishedPart {
        FinishedPart { attachment: Some(attachment), ..self.number(caption) }
    }

    /// The gateway's own last word, as a part by itself.
    pub fn last_word(&mut self, text: String) -> FinishedPart {
        self.number(text)
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

    /// The parts that are full, but for the last one in a row, which has to end the reply.
    fn cut(&mut self, paper: &Paper<'_>) -> Vec<FinishedPart> {
        let room = self.most.map_or(usize::MAX, |most| (most - 1).saturating_sub(self.in_row));
        let (full, rest) = paper.cut(&self.open, room);
        if !full.is_empty() {
            self.open = rest;
        }
        if full.len() == room && self.open.len() > LONG.saturating_mul(paper.limit) {
            // It ends the reply, and only its end will be said.
            self.shortened = true;
            self.open = paper.newest(&self.open, LONG / 2);
        }
        full.into_iter().map(|text| self.number(text)).collect()
    }

    /// Everything that is open: as parts, the last of which is the end alone if it would be too long.
    fn last(&mut self, paper: &Paper<'_>) -> Vec<FinishedPart> {
        if self.open.trim().is_empty() {
            self.open.clear();
            return Vec::new();
        }
        let mut parts = self.cut(paper);
        let open = std::mem::take(&mut self.open);
        let text = if paper.cut(&open, 1).0.is_empty() {
            open
        } else {
            self.shortened = true;
            let words = if self.overfull { words::left_out_of_both(FILE) } else { words::left_out(FILE) };
            paper.end(&open, &words)
        };
        parts.push(self.number(text));
        parts
    }

    fn keep(&mut self, text: &str) {
        if self.most.is_none() || self.overfull {
            return;
        }
        let room = MOST_KEPT.saturating_sub(self.whole.len());
        self.overfull = text.len() > room;
        append_paragraph(&mut self.whole, &text[..text.floor_char_boundary(room)]);
    }

    fn number(&mut self, text: String) -> FinishedPart {
        let part = FinishedPart { ordinal: self.ordinal, text, attachment: None };
        self.ordinal += 1;
        self.in_row += 1;
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
    use adjutant_core::platform::Content;

    use super::*;

    const PAPER: Paper<'static> = Paper { limit: 64, measure: &|text: &str| text.chars().count() };

    fn part(ordinal: u32, text: &str) -> FinishedPart {
        FinishedPart { ordinal, text: text.to_owned(), attachment: None }
    }

    /// Paragraphs of forty characters, of which one fits into a part.
    fn paragraphs(numbers: std::ops::Range<u32>) -> String {
        let paragraphs: Vec<String> = numbers.map(|number| format!("{number:02} {}.", "word ".repeat(7))).collect();
        paragraphs.join("\n\n")
    }

    #[test]
    fn finished_blocks_replace_what_was_shown_while_they_were_written() {
        let mut reply = Reply::default();
        reply.delta("Hel");
        reply.delta("lo");
        assert_eq!(reply.preview("_Bash_"), "Hello\n\n_Bash_");
        assert_eq!(reply.block("Hello".into(), None), []);
        assert_eq!(reply.finish("", KeepLive::No, &PAPER), [part(0, "Hello")]);
    }

    #[test]
    fn a_part_that_is_full_is_finished_and_the_rest_stays_open() {
        let mut reply = Reply::default();
        assert_eq!(reply.block(paragraphs(0..2), Some(&PAPER)), [part(0, &paragraphs(0..1))]);
        assert_eq!(reply.preview(""), paragraphs(1..2));
        assert_eq!(reply.finish("", KeepLive::No, &PAPER), [part(1, &paragraphs(1..2))]);
    }

    #[test]
    fn abandoned_text_disappears_and_cut_off_text_stays() {
        let mut reply = Reply::default();
        reply.delta("lost");
        reply.abandon();
        reply.delta("kept");
        let parts = reply.finish("Stopped.", KeepLive::Yes, &PAPER);
        assert_eq!(parts, [part(0, "kept\n\nStopped.")]);
    }

    #[test]
    fn an_empty_reply_has_no_parts() {
        assert_eq!(Reply::default().finish("", KeepLive::Yes, &PAPER), []);
        assert_eq!(Reply::limited_to(1).finish("", KeepLive::Yes, &PAPER), []);
    }

    #[test]
    fn as_many_parts_as_there_may_be_need_no_file() {
        let mut reply = Reply::limited_to(3);
        assert_eq!(reply.block(paragraphs(0..3), Some(&PAPER)).len(), 2);
        assert_eq!(reply.finish("", KeepLive::No, &PAPER), [part(2, &paragraphs(2..3))]);
    }

    #[test]
    fn of_a_longer_reply_the_beginning_and_the_end_are_said_and_the_whole_is_attached() {
        let paper = Paper { limit: 300, ..PAPER };
        let mut reply = Reply::limited_to(3);
        let mut parts = reply.block(paragraphs(0..9), Some(&paper));
        parts.extend(reply.block(paragraphs(9..20), Some(&paper)));
        assert_eq!(parts.len(), 2);
        parts.extend(reply.finish("✓ done", KeepLive::No, &paper));
        assert_eq!(parts.iter().map(|part| part.ordinal).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(parts[0].text, paragraphs(0..6));
        assert!(parts[2].text.starts_with("… ") && parts[2].text.ends_with("word .\n\n✓ done"), "{}", parts[2].text);
        assert!(parts.iter().all(|part| part.text.chars().count() <= paper.limit), "{parts:#?}");
        assert_eq!(parts[3].attachment, Some(Attachment::text("answer.md", paragraphs(0..20))));
    }

    #[test]
    fn of_an_endless_block_no_more_than_its_end_and_the_beginning_for_the_file_are_kept() {
        let paper = Paper { limit: 300, ..PAPER };
        let mut reply = Reply::limited_to(3);
        let block = paragraphs(0..100_000);
        reply.delta(&block);
        assert!(reply.live.len() <= MOST_LIVE && block.ends_with(&reply.live));
        let mut parts = reply.block(block.clone(), Some(&paper));
        assert!(reply.open.len() <= LONG * paper.limit && reply.live.capacity() == 0);
        parts.extend(reply.block("The very end.".to_owned(), Some(&paper)));
        parts.extend(reply.finish("", KeepLive::No, &paper));
        assert_eq!(parts.len(), 4);
        assert!(
            parts[2].text.starts_with("… ") && parts[2].text.ends_with("word .\n\nThe very end."),
            "{}",
            parts[2].text
        );
        let Some(Attachment { content: Content::Text(kept), .. }) = &parts[3].attachment else { panic!("no file") };
        assert!(block.starts_with(&**kept) && kept.len() > MOST_KEPT - 4);
        assert_eq!(parts[3].text, words::beginning_of_answer(kept.chars().count()));
    }

    #[test]
    fn what_stands_between_begins_a_new_row_and_what_is_left_out_before_it_is_attached_at_the_end() {
        let paper = Paper { limit: 300, ..PAPER };
        let mut reply = Reply::limited_to(2);
        let mut parts = reply.block(paragraphs(0..20), Some(&paper));
        parts.extend(reply.close_part(&paper));
        assert_eq!(parts.len(), 2);
        assert_eq!(reply.block("After that.".into(), Some(&paper)), []);
        let parts = reply.finish("", KeepLive::No, &paper);
        assert_eq!(parts[0], part(2, "After that."));
        let whole = format!("{}\n\nAfter that.", paragraphs(0..20));
        assert_eq!(parts[1].attachment, Some(Attachment::text("answer.md", whole)));
    }
}
