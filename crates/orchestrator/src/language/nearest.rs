//! Finds the command that was probably meant.

use super::parse::normalise;

/// Longer names are no typing mistakes, and the comparison costs the product of both lengths.
const LONGEST: usize = 64;

/// The candidate closest to a name, if one is close enough to be a typing mistake. Of several equally close ones
/// the first wins.
#[must_use]
pub fn nearest<'a, I>(name: &str, candidates: I) -> Option<&'a str>
where
    I: IntoIterator<Item = &'a str>,
{
    let name: Vec<char> = normalise(name).chars().take(LONGEST + 1).collect();
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let allowed = match name.len() {
        1..=2 => 1,
        3..=6 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other: Vec<char> = normalise(candidate).chars().take(LONGEST + 1).collect();
            // Two short names have little in common already when all of their letters differ.
            let allowed = allowed.min(other.len().max(name.len()) - 1);
            let distance = distance(&name, &other);
            (other.len() <= LONGEST && distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Damerau-Levenshtein distance without repeated edits: insertions, deletions, replacements, neighbours swapped.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, &y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = last;
        last = row;
    }
    last[b.len()]
}
