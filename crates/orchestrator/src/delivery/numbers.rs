//! The numbers of lists that go on over several parts.
//!
//! CommonMark counts from the first number of a list, whatever the others say: models write `1.` before every item, or
//! skip one. A part that begins in the middle of a list would count from what stands there, so its first item gets the
//! number that it has in the whole.

/// A numbered list at the margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ordered {
    /// `.` or `)`.
    mark: char,
    /// What the next item is counted as.
    next: u64,
    after_blank: bool,
    /// It began in an earlier part, and no item of it has come in this one.
    carried: bool,
}

/// Another number for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Renumbered {
    /// Where the digits stand.
    at: std::ops::Range<usize>,
    number: u64,
}

/// An item: where its digits are in the line, and what they say.
struct Item {
    digits: std::ops::Range<usize>,
    number: u64,
    mark: char,
}

impl Ordered {
    /// The list behind a line that begins so many bytes into the text. What is set in belongs to an item.
    pub fn after(open: Option<Self>, line: &str, start: usize) -> (Option<Self>, Option<Renumbered>) {
        if line.trim().is_empty() {
            return (open.map(|list| Self { after_blank: true, ..list }), None);
        }
        match (open, item(line)) {
            (Some(list), Some(item)) if list.mark == item.mark => {
                let differs = list.carried && list.next != item.number;
                let at = start + item.digits.start..start + item.digits.end;
                let renumbered = differs.then_some(Renumbered { at, number: list.next });
                (Some(Self { next: list.next + 1, after_blank: false, carried: false, ..list }), renumbered)
            }
            (_, Some(item)) => {
                (Some(Self { mark: item.mark, next: item.number + 1, after_blank: false, carried: false }), None)
            }
            (Some(list), None) if line.starts_with("  ") || line.starts_with('\t') => {
                (Some(Self { after_blank: false, ..list }), None)
            }
            // A paragraph of an item may go on at the margin, but not behind a blank line, and only with words.
            (Some(list), None) if !list.after_blank && is_words(line) => (Some(list), None),
            (_, None) => (None, None),
        }
    }

    /// The list as the next part finds it.
    pub fn carried(self) -> Self {
        Self { carried: true, ..self }
    }
}

impl Renumbered {
    /// The text with the number in it.
    pub fn apply(&self, text: &str) -> String {
        let (before, after) = (text.get(..self.at.start), text.get(self.at.end..));
        match (before, after) {
            (Some(before), Some(after)) => format!("{before}{}{after}", self.number),
            _ => text.to_owned(),
        }
    }
}

fn item(line: &str) -> Option<Item> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = &line[indent..];
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let mark = rest[length..].chars().next().filter(|mark| matches!(mark, '.' | ')'))?;
    let ends = rest[length + 1..].is_empty() || rest[length + 1..].starts_with([' ', '\t']);
    // The standard's own bounds: nine digits, three spaces.
    let fits = indent <= 3 && (1..=9).contains(&length) && ends;
    let number = rest[..length].parse().ok().filter(|_| fits)?;
    Some(Item { digits: indent..indent + length, number, mark })
}

fn is_words(line: &str) -> bool {
    !line.starts_with(['#', '-', '*', '+', '>', '|', '`', '~', '<'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the lines behind a cut in a list whose next item is the third.
    fn behind_a_cut(text: &str) -> String {
        let cut = Ordered { mark: '.', next: 3, after_blank: true, carried: true };
        let (mut list, mut found, mut at) = (Some(cut), None, 0);
        for line in text.split_inclusive('\n') {
            let renumbered;
            (list, renumbered) = Ordered::after(list, line.trim_end(), at);
            found = found.or(renumbered);
            at += line.len();
        }
        found.map_or_else(|| text.to_owned(), |found: Renumbered| found.apply(text))
    }

    #[test]
    fn the_first_item_behind_a_cut_gets_its_number_in_the_whole() {
        for (text, shown) in [
            ("1. c\n1. d", "3. c\n1. d"),
            ("  more of b\n\n1. c", "  more of b\n\n3. c"),
            ("3. c\n4. d", "3. c\n4. d"),
            ("7. c", "3. c"),
        ] {
            assert_eq!(behind_a_cut(text), shown);
        }
    }

    #[test]
    fn another_list_keeps_its_own_numbers() {
        for text in
            ["A paragraph.\n\n1. x", "# Heading\n1. x", "1) x", "- x\n\n1. y", "```\n1. x", "1.x", "1234567890. x"]
        {
            assert_eq!(behind_a_cut(text), text);
        }
    }
}
