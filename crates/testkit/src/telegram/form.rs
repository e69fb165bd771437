//! The four ways in which parameters may come: <https://core.telegram.org/bots/api#making-requests>.

use serde_json::{Map, Value};

use super::schema::Given;

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

/// Text fields only: the fake takes no files.
fn multipart(boundary: &str, body: &[u8]) -> Result<Vec<(String, Given)>, String> {
    let body = std::str::from_utf8(body).map_err(|_| "a multipart form with files (fake)".to_owned())?;
    let line = format!("--{boundary}");
    let parts = body.split(&line).skip(1).take_while(|part| !part.starts_with("--"));
    let read_part = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"")?.1.split('"').next()?;
        Some((name.to_owned(), Given::Text(value.strip_suffix("\r\n")?.to_owned())))
    };
    parts.map(|part| read_part(part).ok_or_else(|| "a broken multipart form (fake)".to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_form_is_read_field_by_field() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n5\r\n--X\r\n\
                    Content-Disposition: form-data; name=\"text\"\r\nContent-Type: text/plain\r\n\r\na\r\nb\r\n--X--\r\n";
        let given = read(Some("silent=1"), "multipart/form-data; boundary=X", body.as_bytes()).expect("a form");
        let text = |name: &str, value: &str| (name.to_owned(), Given::Text(value.to_owned()));
        assert_eq!(given, [text("silent", "1"), text("chat_id", "5"), text("text", "a\r\nb")]);
    }
}
