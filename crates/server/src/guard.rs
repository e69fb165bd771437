//! Who may pass. In this order: the Host must be ours, then a token or a session cookie must be there, and a cookie
//! changes something only from our own page.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::router::App;

/// Answers without token or cookie. Compared byte by byte, so no spelling of another path gets in.
const OPEN: &[&str] = &["/health", "/login"];

/// What the page may load and do: its own files and nothing else. Trusted types make the browser refuse to parse any
/// string as markup.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// Refuses requests for another name: a website whose name was rebound to this machine sends its own (DNS rebinding).
pub(crate) async fn host(State(app): State<App>, request: Request, next: Next) -> Response {
    match requested_host(&request) {
        Some(host) if is_ours(&app, &host) => next.run(request).await,
        Some(_) => Problem::new(StatusCode::MISDIRECTED_REQUEST, "This gateway does not answer under this name.")
            .hint("Use `localhost` or `127.0.0.1`, or set `PUBLIC_URL` to the address it is reached at.")
            .into_response(),
        None => Problem::bad_request("The `Host` header is missing or cannot be read.").into_response(),
    }
}

/// Lets through who has the token or a session.
pub(crate) async fn access(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if OPEN.contains(&path) {
        return next.run(request).await;
    }
    match credential(&app, request.headers()) {
        Credential::Token => next.run(request).await,
        Credential::Session if is_safe(request.method()) || is_same_origin(&request) => next.run(request).await,
        Credential::Session => Problem::new(StatusCode::FORBIDDEN, "This request comes from another site.")
            .hint("Changes need the API token or our own page.")
            .into_response(),
        // The page itself says how to get in.
        Credential::None if path == "/" => {
            request.extensions_mut().insert(Stranger);
            next.run(request).await
        }
        Credential::None => Problem::new(StatusCode::UNAUTHORIZED, "The API token is missing or wrong.")
            .hint("Send `Authorization: Bearer …`; `adjutant token` prints it.")
            .into_response(),
    }
}

/// Marks a request for the page by somebody who is not logged in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stranger;

/// What every answer carries.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    response
}

enum Credential {
    Token,
    Session,
    None,
}

fn credential(app: &App, headers: &HeaderMap) -> Credential {
    if let Some(given) = headers.get(header::AUTHORIZATION) {
        // A wrong token is refused even where a cookie would do: whoever sends one means to be known by it.
        let token = given.to_str().ok().and_then(|given| given.split_once(' '));
        return match token {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && app.token.matches(token.trim()) => {
                Credential::Token
            }
            _ => Credential::None,
        };
    }
    if app.cookie.is_valid(headers, app.clock.now()) { Credential::Session } else { Credential::None }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers always say where a request that changes something comes from; one that does not is refused.
fn is_same_origin(request: &Request) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (origin.and_then(|origin| origin.split_once("://")), host) {
        (Some((scheme, origin)), Some(host)) => matches!(scheme, "http" | "https") && origin == host,
        _ => false,
    }
}

/// The name the client asked for, lower case and without the port.
pub(crate) fn requested_host(request: &Request) -> Option<String> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let (first, second) = (named.next()?, named.next());
    if second.is_some() {
        return None;
    }
    let header: Authority = first.to_str().ok()?.parse().ok()?;
    // A request line with a full address must not name another host than the header.
    match request.uri().authority() {
        Some(line) if *line != header => None,
        _ => Some(header.host().to_ascii_lowercase()),
    }
}

fn is_ours(app: &App, host: &str) -> bool {
    let public = app.public_url.as_ref().and_then(|url| url.host_str());
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || public.is_some_and(|public| public == host)
}
