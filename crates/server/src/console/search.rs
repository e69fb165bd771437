//! Where something was said. Transcripts are searched as they are: one person's conversations are few enough.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::entry::{Entry, Numbered};

/// How much of a transcript is searched.
const MOST: u64 = 16 * 1024 * 1024;

/// Characters that are shown of the place: some before, and in all.
const BEFORE: usize = 24;
const SHOWN: usize = 90;

/// The surroundings of the last place where a text (in lower case) was said, or the title that holds it.
pub(super) fn find(transcript: &Path, title: &str, query: &str) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(transcript).and_then(|file| file.take(MOST).read_to_end(&mut bytes)).ok()?;
    let said = bytes.rsplit(|byte| *byte == b'\n').find_map(|line| {
        let line: Numbered<Entry> = serde_json::from_slice(line).ok()?;
        match line.what {
            Entry::User { text, .. } => around(&text, query),
            Entry::Part { part, .. } => around(&part.text, query),
            Entry::Press { .. } | Entry::Delete { .. } | Entry::Reaction { .. } => None,
        }
    });
    said.or_else(|| around(title, query))
}

fn around(text: &str, query: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_lowercase();
    let at = lower.find(query)?;
    // Lower case has, but for a few letters, as many characters.
    let place = lower[..at].chars().count();
    let start = place.saturating_sub(BEFORE);
    let mut shown: String = text.chars().skip(start).take(SHOWN).collect();
    if start > 0 {
        shown.insert(0, '…');
    }
    if text.chars().count() > start + SHOWN {
        shown.push('…');
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surroundings_of_a_place_are_one_short_line() {
        assert_eq!(around("Why is the\n Total wrong?", "total").as_deref(), Some("Why is the Total wrong?"));
        assert_eq!(around("nothing", "total"), None);
        let long = format!("{}Total{}", "a ".repeat(60), " z".repeat(60));
        let shown = around(&long, "total").unwrap();
        assert!(shown.starts_with("…a a") && shown.contains("Total z") && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() <= SHOWN + 2);
    }
}
