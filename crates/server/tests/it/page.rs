//! The page's files, and the description of the API.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::stage::Stage;

const ROUTER: &str = include_str!("../../src/router.rs");
const PAGE: &str = include_str!("../../assets/index.html");

#[tokio::test]
async fn every_route_is_described() {
    let stage = Stage::new().await;
    let document = stage.get_json("/api/openapi.json").await;
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    let routed: BTreeSet<String> = ROUTER
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route(\""))
        .filter_map(|line| {
            let (path, handler) = line.split_once("\", ")?;
            Some(format!("{} {path}", handler.split('(').next()?))
        })
        .collect();
    assert!(routed.len() > 10);
    assert_eq!(described, routed);
}

#[tokio::test]
async fn the_page_allows_no_script_but_its_own_files() {
    let stage = Stage::new().await;
    let page = stage.get("/").bearer_auth(&stage.token).send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(page.headers()["x-frame-options"], "DENY");
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
}

#[tokio::test]
async fn every_file_is_there_with_its_type_and_is_not_sent_twice() {
    let stage = Stage::new().await;
    let mut wanted: Vec<String> = vec![];
    let mut unread = vec![PAGE.to_owned()];
    while let Some(text) = unread.pop() {
        let names =
            text.split(['"', '\'']).filter_map(|word| word.strip_prefix("/assets/").or(word.strip_prefix("./")));
        for name in names.map(str::to_owned).collect::<Vec<_>>() {
            if wanted.contains(&name) {
                continue;
            }
            let path = format!("/assets/{name}");
            let file = stage.get(&path).bearer_auth(&stage.token).send().await.expect("an answer");
            assert_eq!(file.status(), 200, "{path}");
            let tag = file.headers()["etag"].to_str().expect("text").to_owned();
            let media = file.headers()["content-type"].to_str().expect("text").to_owned();
            assert!(media.starts_with(if name.ends_with(".js") {
                "text/javascript"
            } else if name.ends_with(".css") {
                "text/css"
            } else {
                "image/svg+xml"
            }));
            let again = stage.get(&path).bearer_auth(&stage.token).header("if-none-match", tag).send().await;
            assert_eq!(again.expect("an answer").status(), 304);
            unread.push(file.text().await.expect("text"));
            wanted.push(name);
        }
    }
    assert!(wanted.len() >= 10, "{wanted:?}");
}

#[tokio::test]
async fn no_script_parses_strings_as_markup() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets")).expect("a folder") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("text");
        for banned in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "style=\"",
            " onclick=\"",
        ] {
            assert!(!text.contains(banned), "{} has {banned}", path.display());
        }
    }
}

#[tokio::test]
async fn approvals_and_codebases_are_shown_without_protocol_data() {
    let stage = Stage::new().await;
    let approvals = stage.get_json("/api/v1/approvals").await;
    assert_eq!(approvals["items"][0]["detail"]["command"], "cargo test");
    assert!(!approvals.to_string().contains("protocol data"));
    let codebases = stage.get_json("/api/v1/codebases").await;
    assert_eq!(codebases["items"][0]["commands"]["plan"]["description"], "Plan a feature");
    assert_eq!(codebases["next"], Value::Null);
}

#[tokio::test]
async fn health_tells_when_the_database_is_away() {
    let stage = Stage::new().await;
    assert_eq!(stage.get_json("/health/db").await["status"], "ok");
    assert_eq!(stage.get_json("/health/concurrency").await["queued"], 2);
    let metrics = stage.get("/metrics").bearer_auth(&stage.token).send().await.expect("an answer");
    assert!(metrics.text().await.expect("text").contains("adjutant_turns_total 3"));
    *stage.gateway.closed.lock().expect("lock") = Some("timed out".to_owned());
    let away = stage.get("/health/db").bearer_auth(&stage.token).send().await.expect("an answer");
    assert!(crate::stage::problem(away, 503).await.contains("timed out"));
}
