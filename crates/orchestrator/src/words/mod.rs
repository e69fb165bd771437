//! Every sentence the product says, by area. The fact first, then the next step; short enough for a phone.

pub mod access;
pub mod approval;
pub mod codebase;
pub mod diff;
pub mod edited;
pub mod files;
pub mod footer;
pub mod forget;
pub mod help;
pub mod limit;
pub mod question;
pub mod reply;
pub mod session;
pub mod sessions;
pub mod steer;
pub mod trouble;
pub mod turn;
pub mod usage;
pub mod worktree;

use chrono::{DateTime, Duration, Utc};

/// `34 s`, `2 min 10 s`, `3 h 5 min`, `2 d 4 h`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.num_seconds().max(0);
    let (days, hours, minutes, rest) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let two = |big: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{big} {unit}"),
        small => format!("{big} {unit} {small} {small_unit}"),
    };
    if days > 0 {
        two(days, "d", hours, "h")
    } else if hours > 0 {
        two(hours, "h", minutes, "min")
    } else if minutes > 0 {
        two(minutes, "min", rest, "s")
    } else {
        format!("{rest} s")
    }
}

/// `14:20 UTC`, on another day `1 Jan, 14:20 UTC`.
#[must_use]
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if at.date_naive() == now.date_naive() { "%H:%M UTC" } else { "%-d %b, %H:%M UTC" };
    at.format(form).to_string()
}

/// `1st`, `2nd`, `3rd`, `4th`.
#[must_use]
pub fn ordinal(n: usize) -> String {
    let suffix = match (n % 10, n % 100) {
        (1, r) if r != 11 => "st",
        (2, r) if r != 12 => "nd",
        (3, r) if r != 13 => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

/// `1 file`, `3 files`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// A text in backticks that cannot break out of them, cut to one line of at most `limit` characters.
#[must_use]
pub fn code(text: &str, limit: usize) -> String {
    format!("`{}`", one_line(text, limit).replace('`', "'"))
}

/// Shows what could hide something: bidirectional, zero-width and blank characters, escapes and other controls.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_hidden(c) && !matches!(c, '\n' | '\t') {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            out.push(c);
        }
        out
    })
}

/// Whether a reader would not see it.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            // Soft hyphen, Arabic letter mark, Hangul and Mongolian fillers.
            0xAD | 0x61C | 0x115F | 0x1160 | 0x180B..=0x180F | 0x3164 | 0xFFA0
            // Zero width characters, direction marks, line separators, invisible operators, tags.
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F)
}

/// The first line, cut to at most `limit` characters, with nothing hidden in it.
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let more = text.trim().lines().nth(1).is_some();
    if line.chars().count() > limit || more {
        let kept: String = line.chars().take(limit.saturating_sub(1)).collect();
        format!("{}…", visible(kept.trim_end()))
    } else {
        visible(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_places_read_as_people_say_them() {
        assert_eq!(duration(Duration::seconds(34)), "34 s");
        assert_eq!(duration(Duration::seconds(130)), "2 min 10 s");
        assert_eq!(duration(Duration::seconds(7200)), "2 h");
        assert_eq!(duration(Duration::seconds(-5)), "0 s");
        assert_eq!([1, 2, 3, 4, 11, 12, 21].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st"]);
    }

    #[test]
    fn code_stays_inside_its_backticks() {
        assert_eq!(code("a `b`\nc", 40), "`a 'b'…`");
        assert_eq!(one_line("0123456789", 5), "0123…");
        assert_eq!(one_line("a\u{202e}b\r\nc", 40), "a\\u{202e}b…");
    }
}
