//! The console's page and its files, and the way in.

use std::sync::LazyLock;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Asked;
use crate::guard::{PAGE_POLICY, Stranger, requested_host};
use crate::problem::Problem;
use crate::router::App;

/// One embedded file.
struct Asset {
    name: &'static str,
    media: &'static str,
    text: &'static str,
}

macro_rules! assets {
    ($($name:literal as $media:literal),+ $(,)?) => {
        &[$(Asset { name: $name, media: $media, text: include_str!(concat!("../../assets/", $name)) }),+]
    };
}

const CONSOLE: &str = include_str!("../../assets/index.html");

const ASSETS: &[Asset] = assets![
    "app.css" as "text/css; charset=utf-8",
    "icon.svg" as "image/svg+xml",
    "main.js" as "text/javascript; charset=utf-8",
    "activity.js" as "text/javascript; charset=utf-8",
    "api.js" as "text/javascript; charset=utf-8",
    "attachments.js" as "text/javascript; charset=utf-8",
    "composer.js" as "text/javascript; charset=utf-8",
    "dom.js" as "text/javascript; charset=utf-8",
    "markdown.js" as "text/javascript; charset=utf-8",
    "inline.js" as "text/javascript; charset=utf-8",
    "messages.js" as "text/javascript; charset=utf-8",
    "shortcuts.js" as "text/javascript; charset=utf-8",
    "sidebar.js" as "text/javascript; charset=utf-8",
    "standing.js" as "text/javascript; charset=utf-8",
    "stream.js" as "text/javascript; charset=utf-8",
];

/// Shown to whoever is not logged in. It loads nothing, since nothing else would be given out.
const LOCKED: &str = include_str!("../../assets/locked.html");
const WELCOME: &str = include_str!("../../assets/welcome.html");
const EXPIRED: &str = include_str!("../../assets/expired.html");
const PLAIN_STYLE: &str = include_str!("../../assets/plain.css");

/// Allows exactly the one style element of the plain pages.
static PLAIN_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(PLAIN_STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

#[derive(Debug, Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    code: String,
}

/// `GET /`
pub(crate) async fn index(headers: HeaderMap, stranger: Option<Extension<Stranger>>) -> Response {
    match stranger {
        Some(_) => plain(StatusCode::UNAUTHORIZED, LOCKED),
        None => {
            let mut response = cached(&headers, "text/html; charset=utf-8", CONSOLE);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
            response
        }
    }
}

/// `GET /assets/{name}`
pub(crate) async fn asset(headers: HeaderMap, Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => cached(&headers, asset.media, asset.text),
        None => Problem::not_found().into_response(),
    }
}

/// `GET /login?code=…`: uses the code up and leaves the session cookie.
///
/// It answers with a page that goes on by itself instead of a redirect: a browser that came from a link on another
/// site would not send a `SameSite=Strict` cookie along the redirect.
pub(crate) async fn login(State(app): State<App>, Asked(query): Asked<LoginQuery>, request: Request<Body>) -> Response {
    let ahead = request.headers().get("sec-purpose").is_some();
    if *request.method() != Method::GET || ahead {
        // Whoever only looks ahead must not use the code up.
        return plain(StatusCode::FORBIDDEN, EXPIRED);
    }
    if !app.codes.redeem(&query.code) {
        return plain(StatusCode::UNAUTHORIZED, EXPIRED);
    }
    let public = app.public_url.as_ref().filter(|url| url.scheme() == "https");
    let encrypted = public.is_some_and(|url| url.host_str() == requested_host(&request).as_deref());
    let cookie = app.cookie.issue(app.clock.now(), if encrypted { "; Secure" } else { "" });
    let mut response = plain(StatusCode::OK, WELCOME);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let page = text.replace("{style}", PLAIN_STYLE);
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    if let Ok(policy) = HeaderValue::from_str(&PLAIN_POLICY) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A file the browser keeps and asks for by its digest each time: a new version is seen at once.
fn cached(headers: &HeaderMap, media: &'static str, text: &'static str) -> Response {
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(text)[..12]));
    let fresh = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { text.into_response() };
    let kept = response.headers_mut();
    kept.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    kept.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        kept.insert(header::ETAG, tag);
    }
    response
}
