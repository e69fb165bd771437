//! The characters an address may consist of.
//!
//! Git, curl and the WHATWG rules disagree on odd addresses (backslashes, several `@`, tabs in the middle), and
//! attacks live in such disagreements. So the grammar here is narrower than all of them.

/// The longest segment of a path; file systems take 255 bytes.
const LONGEST_SEGMENT: usize = 100;

/// The longest host name (RFC 1035).
const LONGEST_HOST: usize = 253;

/// A host name, an IPv4 address, or an IPv6 address in brackets, in lower case.
pub fn host(text: &str) -> Option<String> {
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return inside.parse::<std::net::Ipv6Addr>().ok().map(|address| format!("[{address}]"));
    }
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    (text.len() <= LONGEST_HOST && text.split('.').all(label)).then(|| text.to_ascii_lowercase())
}

/// One name in a path, which becomes the name of a folder.
pub fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_SEGMENT
        && !text.starts_with('-')
        && !matches!(text, "." | "..")
        && !text.eq_ignore_ascii_case(".git")
        && text.strip_prefix('~').unwrap_or(text).bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
}

/// A login of ssh.
pub fn is_user(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// A text in which `%41` stands for `A`. What comes out must be printable ASCII, because it ends up in a file with one
/// credential a line.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = String::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        };
        if !byte.is_ascii_graphic() {
            return None;
        }
        decoded.push(char::from(byte));
    }
    Some(decoded)
}

/// The opposite of [`percent_decoded`], for every character that could mean something.
pub fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"._-~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
