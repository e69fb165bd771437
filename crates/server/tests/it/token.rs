//! The token file.

use std::os::unix::fs::PermissionsExt;

use adjutant_server::ApiToken;
use secrecy::ExposeSecret;

#[test]
fn the_token_is_made_once_in_a_private_file() {
    let data = tempfile::tempdir().expect("a folder");
    let first = ApiToken::load_or_create(data.path(), None).expect("a token");
    let again = ApiToken::load_or_create(data.path(), None).expect("a token");
    assert_eq!(first.secret().expose_secret(), again.secret().expose_secret());
    assert!(first.secret().expose_secret().len() >= 64);
    let file = data.path().join("api-token");
    assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(data.path()).expect("a folder").count(), 1);
    assert!(first.matches(again.secret().expose_secret()) && !first.matches("other"));
}

#[test]
fn two_that_start_at_once_use_the_same_token() {
    let data = tempfile::tempdir().expect("a folder");
    let start = || ApiToken::load_or_create(data.path(), None).expect("a token").secret().expose_secret().to_owned();
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        started.into_iter().map(|thread| thread.join().expect("done")).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]));
}

#[test]
fn the_environment_comes_first_and_a_weak_token_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let given = ApiToken::load_or_create(data.path(), Some("0123456789abcdef".into())).expect("a token");
    assert!(given.matches("0123456789abcdef"));
    assert_eq!(std::fs::read_dir(data.path()).expect("a folder").count(), 0);
    for weak in ["", "t00-sh0rt", "has a space in it, and is long"] {
        let error = ApiToken::load_or_create(data.path(), Some(weak.into())).expect_err("weak").to_string();
        assert!(error.contains("`ADJUTANT_API_TOKEN`"), "{error}");
        assert!(weak.is_empty() || !error.contains(weak), "the token is not in the error");
    }
    std::fs::write(data.path().join("api-token"), "").expect("written");
    let error = ApiToken::load_or_create(data.path(), None).expect_err("empty").to_string();
    assert!(error.contains("api-token"), "{error}");
}
