//! Who may pass: token, cookie, one-time link, Host, same origin.

use std::time::Duration;

use serde_json::json;

use crate::stage::{Stage, client, conversation, problem};

const GUARDED: &[&str] = &[
    "/health/db",
    "/health/concurrency",
    "/metrics",
    "/assets/main.js",
    "/api/openapi.json",
    "/api/v1/overview",
    "/api/v1/approvals",
    "/api/v1/codebases",
    "/api/v1/conversations",
    "/no/such/path",
];

#[tokio::test]
async fn nothing_but_health_answers_without_the_token() {
    let stage = Stage::new().await;
    for path in GUARDED {
        let answer = stage.get(path).send().await.expect("an answer");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{path}");
        problem(answer, 401).await;
    }
    let health = stage.get("/health").send().await.expect("an answer");
    assert_eq!(health.status(), 200);
}

#[tokio::test]
async fn a_wrong_token_is_refused_however_close_it_is() {
    let stage = Stage::new().await;
    let token = &stage.token;
    let cut = token[..token.len() - 1].to_owned();
    for wrong in ["", "x", &cut, &format!("{token}0"), &token.to_uppercase()] {
        problem(stage.get("/api/v1/overview").bearer_auth(wrong).send().await.expect("an answer"), 401).await;
    }
    for header in [token.clone(), format!("Basic {token}"), format!("Token {token}")] {
        let answer = stage.get("/api/v1/overview").header("authorization", header).send().await.expect("an answer");
        problem(answer, 401).await;
    }
}

#[tokio::test]
async fn the_right_token_opens_everything() {
    let stage = Stage::new().await;
    for path in &GUARDED[..GUARDED.len() - 1] {
        let answer = stage.get(path).bearer_auth(&stage.token).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_one_time_link_leaves_a_cookie_once() {
    let stage = Stage::new().await;
    let answer = client().get(&stage.link).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Max-Age=2592000"), "{cookie}");
    assert!(!cookie.contains(&stage.token), "the token is not in the cookie");
    let pair = cookie.split(';').next().expect("a pair");
    let page = stage.get("/api/v1/overview").header("cookie", pair).send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    assert_eq!(stage.cookie(&stage.link).await, None, "the second use gives nothing");
}

#[tokio::test]
async fn looking_ahead_does_not_use_the_link_up() {
    let stage = Stage::new().await;
    let head = client().head(&stage.link).send().await.expect("an answer");
    assert!(head.headers().get("set-cookie").is_none());
    let ahead = client().get(&stage.link).header("sec-purpose", "prefetch").send().await.expect("an answer");
    assert!(ahead.headers().get("set-cookie").is_none());
    assert!(stage.cookie(&stage.link).await.is_some());
}

#[tokio::test]
async fn a_link_ends_after_fifteen_minutes_and_a_session_after_thirty_days() {
    let stage = Stage::new().await;
    let cookie = stage.cookie(&stage.link).await.expect("a cookie");
    let late = adjutant_server::control::call(stage.data.path(), adjutant_server::control::Request::LoginLink)
        .await
        .expect("a link");
    stage.clock.advance(Duration::from_secs(15 * 60 + 1));
    assert_eq!(stage.cookie(&late).await, None);
    let ask = || stage.get("/api/v1/overview").header("cookie", &cookie).send();
    assert_eq!(ask().await.expect("an answer").status(), 200);
    stage.clock.advance(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(ask().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn a_forged_cookie_is_refused() {
    let stage = Stage::new().await;
    let cookie = stage.cookie(&stage.link).await.expect("a cookie");
    let (name, value) = cookie.split_once('=').expect("a pair");
    let parts: Vec<&str> = value.split('.').collect();
    let later = parts[0].parse::<i64>().expect("a time") + 1;
    let forged = [
        format!("{later}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], "0".repeat(64)),
        format!("{}.{}.", parts[0], parts[1]),
        "..".to_owned(),
        String::new(),
    ];
    for value in forged {
        let answer = stage.get("/api/v1/overview").header("cookie", format!("{name}={value}")).send().await;
        assert_eq!(answer.expect("an answer").status(), 401, "{value}");
    }
}

#[tokio::test]
async fn a_wrong_token_beside_a_good_cookie_is_refused() {
    let stage = Stage::new().await;
    let cookie = stage.cookie(&stage.link).await.expect("a cookie");
    let answer = stage.get("/api/v1/overview").header("cookie", cookie).bearer_auth("wrong").send().await;
    problem(answer.expect("an answer"), 401).await;
}

#[tokio::test]
async fn the_page_without_a_session_says_how_to_get_in() {
    let stage = Stage::new().await;
    let answer = stage.get("/").send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("style-src 'sha256-"), "{policy}");
    let text = answer.text().await.expect("text");
    assert!(text.contains("adjutant token"), "{text}");
    assert!(!text.contains("main.js"));
}

#[tokio::test]
async fn a_request_for_another_host_is_refused() {
    let stage = Stage::with(|config| config.public_url = Some("https://bot.example.org/".parse().expect("url"))).await;
    let status = async |host: &str| {
        let request = stage.get("/api/v1/overview").bearer_auth(&stage.token).header("host", host);
        request.send().await.expect("an answer").status().as_u16()
    };
    for host in [
        "localhost",
        "localhost:3000",
        "LOCALHOST",
        "127.0.0.1:9",
        "[::1]:3000",
        "bot.example.org",
        "Bot.Example.org:443",
    ] {
        assert_eq!(status(host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "192.168.1.7:3000",
        "bot.example.org.",
        "evil.example:3000",
    ] {
        assert_eq!(status(host).await, 421, "{host}");
    }
}

#[tokio::test]
async fn two_hosts_or_none_are_refused() {
    let stage = Stage::new().await;
    for head in [
        "GET /health HTTP/1.1\r\nconnection: close\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        "GET http://evil.example/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: local host\r\nconnection: close\r\n\r\n",
    ] {
        let answer = stage.raw(head).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{head} got {answer}");
    }
}

#[tokio::test]
async fn a_cookie_changes_something_only_from_our_own_page() {
    let stage = Stage::new().await;
    let cookie = stage.cookie(&stage.link).await.expect("a cookie");
    let own = format!("http://127.0.0.1:{}", stage.port);
    let path = format!("/api/v1/conversations/{}/messages", conversation());
    let status = async |name: &str, value: &str| {
        let request = stage.post(&path, &json!({ "text": "hello" })).header("cookie", &cookie);
        let request = if name.is_empty() { request } else { request.header(name, value) };
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status("sec-fetch-site", "same-origin").await, 202);
    assert_eq!(status("origin", &own).await, 202);
    for site in ["cross-site", "same-site", "none", ""] {
        assert_eq!(status("sec-fetch-site", site).await, 403, "{site}");
    }
    for origin in ["http://evil.example", "http://localhost:4000", "null", ""] {
        assert_eq!(status("origin", origin).await, 403, "{origin}");
    }
    assert_eq!(status("", "").await, 403);
    assert_eq!(stage.gateway.received.lock().expect("lock").len(), 2);
}

#[tokio::test]
async fn the_cookie_is_marked_secure_where_the_public_address_is_encrypted() {
    let stage = Stage::with(|config| config.public_url = Some("https://bot.example.org".parse().expect("url"))).await;
    assert!(stage.link.starts_with("https://bot.example.org/login?code="), "{}", stage.link);
    let path = stage.link.trim_start_matches("https://bot.example.org");
    let answer = stage.get(path).header("host", "bot.example.org").send().await.expect("an answer");
    assert!(answer.headers()["set-cookie"].to_str().expect("text").ends_with("; Secure"));
}
