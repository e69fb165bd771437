//! The four ways in which parameters may come: <https://core.telegram.org/bots/api#making-requests>.

use serde_json::{Map, Value};

use super::schema::{Given, Upload};

/// The parameters of a request.
///
/// # Errors
/// What cannot be read.
pub fn read(query: Option<&str>, content_type: &str, body: &[u8]) -> Result<Vec<(String, Given)>, String> {
    let mut given = urlencoded(query.unwrap_or_default().as_bytes());
    if body.is_empty() {
        return Ok(given);
    }
    if content_type.starts_with("application/json") {
        let object: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| "can't parse JSON object".to_owned())?;
        // Telegram takes `null` for a parameter that is not there.
        given.extend(object.into_iter().filter(|(_, v)| !v.is_null()).map(|(name, value)| (name, Given::Json(value))));
    } else if content_type.starts_with("application/x-www-form-urlencoded") {
        given.extend(urlencoded(body));
    } else if let Some(boundary) = boundary(content_type) {
        given.extend(multipart(&boundary, body)?);
    } else {
        return Err(format!("unknown content type `{content_type}` (fake)"));
    }
    Ok(given)
}

fn urlencoded(text: &[u8]) -> Vec<(String, Given)> {
    url::form_urlencoded::parse(text)
        .map(|(name, value)| (name.into_owned(), Given::Text(value.into_owned())))
        .collect()
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, rest) = content_type.split_once(';')?;
    let boundary = rest.split_once("boundary=")?.1.split(';').next()?.trim().trim_matches('"');
    (kind.trim() == "multipart/form-data").then(|| boundary.to_owned())
}

fn multipart(boundary: &str, body: &[u8]) -> Result<Vec<(String, Given)>, String> {
    let line = format!("--{boundary}");
    let mut given = Vec::new();
    let mut rest = find(body, line.as_bytes()).map(|at| &body[at + line.len()..]).ok_or_else(broken)?;
    while !rest.starts_with(b"--") {
        let end = find(rest, line.as_bytes()).ok_or_else(broken)?;
        given.push(field(&rest[..end]).ok_or_else(broken)?);
        rest = &rest[end + line.len()..];
    }
    Ok(given)
}

fn field(part: &[u8]) -> Option<(String, Given)> {
    let gap = find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..gap]).ok()?;
    let value = part[gap + 4..].strip_suffix(b"\r\n")?;
    let quoted = |key: &str| head.split_once(&format!(" {key}=\"")).and_then(|(_, rest)| rest.split('"').next());
    let name = quoted("name")?.to_owned();
    let given = match quoted("filename") {
        Some(file) => Given::File(Upload { name: file.to_owned(), bytes: value.to_vec() }),
        None => Given::Text(String::from_utf8(value.to_vec()).ok()?),
    };
    Some((name, given))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn broken() -> String {
    "a broken multipart form (fake)".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_form_is_read_field_by_field() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n5\r\n--X\r\n\
                    Content-Disposition: form-data; name=\"text\"\r\nContent-Type: text/plain\r\n\r\na\r\nb\r\n--X\r\n\
                    Content-Disposition: form-data; name=\"document\"; filename=\"a.md\"\r\n\r\n# A\r\n--X--\r\n";
        let given = read(Some("silent=1"), "multipart/form-data; boundary=X", body.as_bytes()).expect("a form");
        let text = |name: &str, value: &str| (name.to_owned(), Given::Text(value.to_owned()));
        let file = Given::File(Upload { name: "a.md".to_owned(), bytes: b"# A".to_vec() });
        let document = ("document".to_owned(), file);
        assert_eq!(given, [text("silent", "1"), text("chat_id", "5"), text("text", "a\r\nb"), document]);
    }
}
