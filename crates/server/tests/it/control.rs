//! The control socket.

use std::os::unix::fs::PermissionsExt;

use adjutant_core::clock::Clock;
use adjutant_core::kind::PlatformKind;
use adjutant_server::control::{ControlError, Request, call};
use adjutant_server::{ApiToken, ConsolePlatform, Server, ServerConfig};
use tokio_util::sync::CancellationToken;

use crate::stage::{Stage, StubGateway};

#[tokio::test]
async fn the_command_line_reaches_the_running_gateway() {
    let stage = Stage::new().await;
    let data = stage.data.path();
    let allowed = call(data, Request::Allow { code: "K7M2".to_owned() }).await.expect("allowed");
    assert_eq!(allowed, "Ana (Telegram) is allowed.");
    let paired = call(data, Request::Pair { platform: PlatformKind::Telegram }).await.expect("paired");
    assert!(paired.starts_with("Telegram gives"));
    let trusted = call(data, Request::Trust { codebase: "shop".to_owned() }).await.expect("trusted");
    assert_eq!(trusted, "`shop` is trusted.");
    let overview = call(data, Request::Overview).await.expect("an overview");
    assert!(overview.contains("\"version\":\"0.1.0\""), "{overview}");
    let link = call(data, Request::LoginLink).await.expect("a link");
    assert!(stage.cookie(&link).await.is_some());
}

#[tokio::test]
async fn a_refusal_is_the_gateways_own_words() {
    let stage = Stage::new().await;
    let refused = call(stage.data.path(), Request::Allow { code: "XXXX".to_owned() }).await.expect_err("refused");
    assert_eq!(refused.to_string(), "No pairing code `XXXX`. Codes work for an hour.");
}

#[tokio::test]
async fn without_a_gateway_it_says_how_to_start_one() {
    let empty = tempfile::tempdir().expect("a folder");
    let error = call(empty.path(), Request::LoginLink).await.expect_err("nobody");
    assert!(matches!(error, ControlError::NotRunning { .. }));
    assert!(error.to_string().contains("adjutant serve"));
}

#[tokio::test]
async fn the_socket_is_private_and_gone_after_shutdown() {
    let stage = Stage::new().await;
    let socket = stage.data.path().join("control.sock");
    assert_eq!(socket.metadata().expect("a socket").permissions().mode() & 0o777, 0o600);
    let names: Vec<_> =
        std::fs::read_dir(stage.data.path()).expect("a folder").map(|file| file.expect("it").file_name()).collect();
    assert_eq!(names.iter().filter(|name| name.to_string_lossy().starts_with("control.sock")).count(), 1);
    stage.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_long_path_and_a_leftover_socket_are_no_obstacle() {
    let root = tempfile::tempdir().expect("a folder");
    let data = root.path().join("a".repeat(90)).join("b".repeat(90));
    std::fs::create_dir_all(&data).expect("made");
    std::fs::write(data.join("control.sock"), "").expect("a leftover");
    let token = ApiToken::load_or_create(&data, None).expect("a token");
    let mut config = ServerConfig::new(data.clone(), token);
    config.port = 0;
    let console = ConsolePlatform::new(&data, Clock::System).expect("a console");
    let gateway = std::sync::Arc::new(StubGateway::default());
    let server = Server::bind(config).await.expect("bound");
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(server.run(gateway.clone(), gateway, console, shutdown.clone()));
    assert!(call(&data, Request::LoginLink).await.expect("a link").contains("/login?code="));
    shutdown.cancel();
    running.await.expect("it ends");
}
