//! Input that attacks: slow, huge, malformed.

use std::time::Duration;

use adjutant_server::{ApiToken, ServeError, Server, ServerConfig};
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::{Stage, client, conversation, problem, read_all};

/// Moves the clock until the future is done: every limit of time is reached at once.
async fn hurry<T>(stage: &Stage, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = work.as_mut() => return done,
            () = tokio::task::yield_now() => stage.clock.advance(Duration::from_secs(5)),
        }
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up() {
    let stage = Stage::new().await;
    let mut stream = stage.connect().await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await.expect("written");
    let answer = hurry(&stage, read_all(stream)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_after_thirty_seconds() {
    let stage = Stage::new().await;
    let mut stream = stage.connect().await;
    let head = format!(
        "POST /api/v1/conversations/{}/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n{{\"te",
        conversation(),
        stage.token
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    let answer = hurry(&stage, read_all(stream)).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(stage.gateway.received.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn half_open_connections_do_not_keep_others_out() {
    let stage = Stage::new().await;
    let mut half_open = Vec::new();
    for _ in 0..500 {
        let mut stream = stage.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("written");
        half_open.push(stream);
    }
    assert_eq!(stage.get("/health").send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn at_the_cap_connections_wait_until_dead_ones_are_given_up() {
    let stage = Stage::with(|config| config.max_connections = 4).await;
    let mut half_open = Vec::new();
    for _ in 0..4 {
        let mut stream = stage.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("written");
        half_open.push(stream);
    }
    let answer = hurry(&stage, stage.get("/health").send()).await;
    assert_eq!(answer.expect("an answer").status(), 200);
}

#[tokio::test]
async fn ten_thousand_silent_connections_are_given_up_and_somebody_who_asks_is_answered() {
    // Both ends are in this process.
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = limit.maximum;
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).expect("more descriptors");
    let stage = Stage::new().await;
    let port = stage.port;
    let silent = stream::iter(0..10_000).map(|_| async move {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
        stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("written");
        read_all(stream).await;
    });
    // So many at once that the server is full and others wait for it, and the kernel turns none away.
    let silent = silent.buffer_unordered(2_900).count();
    let (answer, given_up) = hurry(&stage, futures_util::future::join(stage.get("/health").send(), silent)).await;
    assert_eq!((answer.expect("an answer").status().as_u16(), given_up), (200, 10_000));
    assert_eq!(stage.get("/health").send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let stage = Stage::new().await;
    let long = "x".repeat(100_000);
    for head in [
        format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
    ] {
        let mut stream = stage.connect().await;
        // The server may close before everything is written.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = [0; 64];
        let read = stream.read(&mut answer).await.unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let many = "x: y\r\n".repeat(200);
    let answer = stage.raw(&format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_body_over_two_mebibytes_is_refused_and_one_megabyte_of_text_is_not() {
    let stage = Stage::new().await;
    let id = conversation();
    assert_eq!(stage.say(&id, json!({ "text": "x".repeat(1_000_000) })).await.status(), 202);
    let path = format!("/api/v1/conversations/{id}/messages");
    let large = json!({ "text": "x".repeat(3 * 1024 * 1024) });
    match stage.post(&path, &large).bearer_auth(&stage.token).send().await {
        Ok(answer) => assert!(problem(answer, 413).await.contains("2 MiB")),
        // The server stopped reading, and the client saw that before the answer.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error}"),
    }
    assert_eq!(stage.gateway.received.lock().expect("lock").len(), 1);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let stage = Stage::new().await;
    let unknown = stage.get("/no/such/path").bearer_auth(&stage.token).send().await.expect("an answer");
    assert!(problem(unknown, 404).await.contains("nothing"));
    let wrong = client().delete(stage.url("/metrics")).bearer_auth(&stage.token).send().await.expect("an answer");
    assert_eq!(wrong.headers()["allow"], "GET,HEAD");
    problem(wrong, 405).await;
    for path in ["/assets/nothing.js", "/health/", "/Health"] {
        problem(stage.get(path).bearer_auth(&stage.token).send().await.expect("an answer"), 404).await;
    }
}

#[tokio::test]
async fn path_tricks_open_nothing() {
    let stage = Stage::new().await;
    let tricks = [
        "/health/../metrics",
        "//metrics",
        "/health/..%2fmetrics",
        "/%68ealth/db",
        "/./metrics",
        "/health%00/../metrics",
        "/health;/metrics",
        "/login/../metrics",
        "/health?/../metrics",
        "/assets/..%2f..%2fapi-token",
        "/assets/%2e%2e/api-token",
        "/metrics/",
    ];
    for path in tricks {
        let open = stage.raw(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")).await;
        assert!(!open.contains("adjutant_turns_total") && !open.contains(&stage.token), "{path} gave {open}");
        let token = &stage.token;
        let known = stage
            .raw(&format!(
                "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
            ))
            .await;
        assert!(!known.contains(token.as_str()), "{path} gave {known}");
    }
}

#[tokio::test]
async fn nonsense_is_answered_or_closed_and_the_server_lives() {
    let stage = Stage::new().await;
    for nonsense in
        ["\0\0\0\0", "GET\r\n\r\n", "\r\n\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"]
    {
        let mut stream = stage.connect().await;
        stream.write_all(nonsense.as_bytes()).await.expect("written");
        stream.shutdown().await.expect("shut");
        let answer = read_all(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{nonsense:?} got {answer}");
    }
    assert_eq!(stage.get("/health").send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_taken_port_is_one_clear_sentence() {
    let stage = Stage::new().await;
    let other = tempfile::tempdir().expect("a folder");
    let token = ApiToken::load_or_create(other.path(), None).expect("a token");
    let mut config = ServerConfig::new(other.path().to_owned(), token);
    config.port = stage.port;
    let error = Server::bind(config).await.expect_err("taken");
    assert!(matches!(error, ServeError::PortTaken { .. }));
    let text = error.to_string();
    assert!(text.contains(&stage.port.to_string()) && text.contains("`PORT`"), "{text}");
}

#[tokio::test]
async fn a_data_directory_belongs_to_one_gateway() {
    let stage = Stage::new().await;
    let token = ApiToken::load_or_create(stage.data.path(), None).expect("a token");
    let mut config = ServerConfig::new(stage.data.path().to_owned(), token);
    config.port = 0;
    let error = Server::bind(config).await.expect_err("taken");
    assert!(error.to_string().starts_with("Another gateway runs on"), "{error}");
}
