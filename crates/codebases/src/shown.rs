//! Makes text of strangers fit to be shown: one line, nothing invisible, no backticks, not too long.

/// More characters than this help nobody on a phone.
const LONGEST: usize = 120;

/// The text as it can stand between backticks.
pub fn shown(text: &str) -> String {
    let mut safe = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(LONGEST) {
        if character == '`' {
            safe.push('\'');
        } else if is_treacherous(character) {
            safe.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    if characters.next().is_some() {
        safe.push('…');
    }
    safe
}

/// Whether a character is invisible, or changes the order in which its neighbours are shown.
pub fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            // Soft hyphen, Arabic letter mark, Hangul and Mongolian fillers.
            0xAD | 0x61C | 0x115F | 0x1160 | 0x180B..=0x180F | 0x3164 | 0xFFA0
            // Zero width characters, direction marks, line separators, invisible operators.
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB
            // Tags.
            | 0xE0000..=0xE007F
        )
}
