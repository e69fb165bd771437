//! What is taken for an address, and what it becomes.

use adjutant_codebases::{Protocol, RemoteUrl};
use proptest::prelude::*;
use secrecy::ExposeSecret;

const USUAL: &[Protocol] = &[Protocol::Https, Protocol::Ssh];
const ALL: &[Protocol] = &[Protocol::Https, Protocol::Ssh, Protocol::Http, Protocol::Git, Protocol::File];

fn parsed(text: &str) -> RemoteUrl {
    RemoteUrl::parse(text, ALL).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_usual_way_of_writing_an_address_is_understood() {
    for (text, clean, owner, repo) in [
        ("https://github.com/acme/shop", "https://github.com/acme/shop", "acme", "shop"),
        (" https://GitHub.com/Acme/Shop.git/ ", "https://github.com/Acme/Shop", "Acme", "Shop"),
        ("acme/shop", "https://github.com/acme/shop", "acme", "shop"),
        ("acme/.github", "https://github.com/acme/.github", "acme", ".github"),
        ("acme/next.js", "https://github.com/acme/next.js", "acme", "next.js"),
        ("github.com/acme/shop", "https://github.com/acme/shop", "acme", "shop"),
        ("git@github.com:acme/shop.git", "git@github.com:acme/shop", "acme", "shop"),
        ("ssh://git@github.com/acme/shop.git", "ssh://git@github.com/acme/shop", "acme", "shop"),
        ("ssh://git@git.example.org:2222/acme/shop", "ssh://git@git.example.org:2222/acme/shop", "acme", "shop"),
        ("git@cellar:/srv/shop.git", "ssh://git@cellar/srv/shop", "srv", "shop"),
        ("git@cellar:shop.git", "git@cellar:shop", "cellar", "shop"),
        ("https://gitlab.com/group/sub/shop", "https://gitlab.com/group/sub/shop", "group-sub", "shop"),
        ("https://git.sr.ht/~ana/shop", "https://git.sr.ht/~ana/shop", "ana", "shop"),
        ("https://[::1]:8443/acme/shop", "https://[::1]:8443/acme/shop", "acme", "shop"),
        ("http://127.0.0.1:80/shop", "http://127.0.0.1:80/shop", "127.0.0.1", "shop"),
        ("file:///srv/git/shop.git", "file:///srv/git/shop", "git", "shop"),
        ("file:///shop", "file:///shop", "local", "shop"),
    ] {
        let url = parsed(text);
        assert_eq!((url.clean().as_str(), url.owner().as_str(), url.repo()), (clean, owner, repo), "{text}");
        // What is stored is understood again, and means the same.
        assert!(parsed(&url.clean()).same_remote(&url), "{text}");
    }
}

#[test]
fn the_same_repository_is_recognised_however_it_is_written() {
    let one = parsed("https://github.com/acme/shop");
    for same in [
        "git@github.com:acme/shop.git",
        "acme/shop",
        "ssh://git@github.com/ACME/Shop",
        "https://github.com/acme/shop.git/",
    ] {
        assert!(one.same_remote(&parsed(same)), "{same}");
    }
    for other in ["https://gitlab.com/acme/shop", "acme/shop2", "https://github.com:444/acme/shop", "file:///acme/shop"]
    {
        assert!(!one.same_remote(&parsed(other)), "{other}");
    }
    assert!(!parsed("file:///srv/Shop").same_remote(&parsed("file:///srv/shop")));
}

#[test]
fn credentials_are_taken_out_of_an_address() {
    for (text, user, secret) in [
        ("https://ana:hunter2%40home@github.com/acme/shop", "ana", "hunter2@home"),
        ("https://ghp_0123456789abcdefghij@github.com/acme/shop", "x-access-token", "ghp_0123456789abcdefghij"),
        ("https://oauth2:gl@pat@github.com/acme/shop", "oauth2", "gl@pat"),
    ] {
        let url = parsed(text);
        let credential = url.credential().unwrap();
        assert_eq!((credential.username.as_str(), credential.secret.expose_secret()), (user, secret));
        assert_eq!(url.clean(), "https://github.com/acme/shop");
        assert!(!format!("{url:?} {url}").contains(secret));
    }
    // A name alone is no secret and helps nobody.
    assert!(parsed("https://ana@github.com/acme/shop").credential().is_none());
    // The host is what stands behind the last `@`.
    let disguised = parsed("https://github.com:secret@evil.example/acme/shop");
    assert_eq!(disguised.authority(), "evil.example");
}

#[test]
fn protocols_that_the_operator_did_not_allow_are_refused() {
    for text in ["http://example.org/a/b", "git://example.org/a/b", "file:///srv/git/shop.git"] {
        let error = RemoteUrl::parse(text, USUAL).unwrap_err();
        assert!(error.message.contains("not among the accepted protocols"), "{error}");
        assert!(error.hint.contains("`https`, `ssh`") && error.hint.contains("CLONE_PROTOCOLS"), "{error}");
        assert!(RemoteUrl::parse(text, ALL).is_ok());
    }
    for text in ["ssh://git@github.com/acme/shop", "git@github.com:acme/shop"] {
        assert!(RemoteUrl::parse(text, &[Protocol::Https]).is_err(), "{text}");
    }
}

#[test]
fn a_page_inside_a_repository_is_answered_with_the_address_of_the_repository() {
    let error = RemoteUrl::parse("https://github.com/acme/shop/tree/main", USUAL).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`https://github.com/acme/shop/tree/main` is a page inside a repository. Use `https://github.com/acme/shop`."
    );
}

/// Addresses that attack, refused although every protocol is allowed. The first list of `security.md`, and those of
/// published faults of Git and of programs around it.
pub const HOSTILE: &[&str] = &[
    "",
    "-",
    "--upload-pack=touch /tmp/owned",
    "--upload-pack=touch",
    "-c",
    "-cprotocol.ext.allow=always",
    "--config=core.sshCommand=id",
    "ext::sh -c id",
    "ext::sh",
    "EXT::sh",
    "fd::17",
    "transport::https://github.com/acme/shop",
    "ssh://-oProxyCommand=id/acme/shop",
    "ssh://git@-oProxyCommand=id/acme/shop",
    "ssh://-oProxyCommand=id@github.com/acme/shop",
    "-oProxyCommand=id@github.com:acme/shop",
    "git@-oProxyCommand=id:acme/shop",
    "git@github.com:-oProxyCommand=id/shop",
    "git@github.com:../../etc/shop",
    "ssh://git:password@github.com/acme/shop",
    "ssh://x",
    "https://github.com/acme/shop;id",
    "https://github.com/acme/$(id)",
    "https://github.com/acme/`id`",
    "https://github.com/acme/shop|id",
    "https://github.com/acme/shop&id",
    "https://github.com/acme/shop>x",
    "https://github.com/acme/shop\n--upload-pack=id",
    "https://github.com/acme/shop\0",
    "https://github.com/acme/sh op",
    "https://github.com/acme\\shop",
    "https:\\\\github.com\\acme\\shop",
    "https:/github.com/acme/shop",
    "https:///github.com/acme/shop",
    "https:///x",
    "https://",
    "https://github.com",
    "https://github.com/",
    "https://github.com/acme",
    "https://github.com//acme/shop",
    "https://github.com/acme/..",
    "https://github.com/../acme/shop",
    "https://gitlab.com/acme/../../etc/shop",
    "https://github.com/acme/.git",
    "https://github.com/.git/shop.git.git/x",
    "https://github.com/-x/-y",
    "https://github.com/acme/%2e%2e",
    "https://github.com/acme/shop?x=1",
    "https://github.com/acme/shop#x",
    "https://github.com:0/acme/shop",
    "https://github.com:99999/acme/shop",
    "https://github.com:/acme/shop",
    "https://github.com:+80/acme/shop",
    "https://git_hub..com/acme/shop",
    "https://.github.com/acme/shop",
    "https://[::1/acme/shop",
    "https://[fe80::1%25eth0]/acme/shop",
    "https://gіthub.com/acme/shop",
    "https://github.com/acme/sh\u{202e}op",
    "https://user:pa%0Ass@github.com/acme/shop",
    "https://user:pa%00ss@github.com/acme/shop",
    "https://user:pa%ss@github.com/acme/shop",
    "HTTPS://github.com/acme/shop",
    "hTTps://github.com/acme/shop",
    "javascript://github.com/acme/shop",
    "file://host/srv/shop",
    "file:///srv/../etc/shop",
    "file:/srv/shop",
    "/srv/git/shop",
    "./shop",
    "../shop",
    "~/shop",
    "shop",
    "evil/github.com",
    "evil.example/github.com/acme/shop",
    "acme/shop/extra",
    "C:\\shop",
];

#[test]
fn addresses_that_attack_are_refused_with_a_sentence() {
    for text in HOSTILE {
        let error = match RemoteUrl::parse(text, ALL) {
            Err(error) => error,
            Ok(url) => panic!("{text:?} was taken for {url:?}"),
        };
        assert!(!error.hint.is_empty(), "{text:?}: {error}");
        assert!(!error.to_string().chars().any(char::is_control), "{text:?}: {error}");
        assert_eq!(error.to_string().matches('`').count() % 2, 0, "{text:?}: {error}");
    }
    let endless = format!("https://github.com/acme/{}", "a".repeat(1_000_000));
    assert!(RemoteUrl::parse(&endless, ALL).unwrap_err().to_string().len() < 300);
}

#[test]
fn no_error_repeats_a_password() {
    for text in [
        "https://ana:hunter2@github.com/acme/shop/tree/main",
        "https://ana:hunter2@github.com/acme",
        "https://ana:hunter2@git hub.com/acme/shop",
        "https://ana:hunter2@@:/",
        "https://ana:hun/hunter2%@github.com/acme/shop",
        "https:ana:hunter2@github.com/acme/shop",
        "ana:hunter2@github.com:acme/shop",
        "ftp://ana:hunter2@github.com/acme/shop",
        "ssh://ana:hunter2@github.com/acme/shop",
        "-ana:hunter2@github.com",
        "ana:hunter2@github.com/acme/shop",
    ] {
        let error = RemoteUrl::parse(text, ALL).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_can_be_given_to_git_and_to_the_file_system(text in "(https://|ssh://|git@|file://|)[-a-z@:/.~%+_\\[\\]]{0,40}") {
        if let Ok(url) = RemoteUrl::parse(&text, ALL) {
            let clean = url.clean();
            prop_assert!(!clean.starts_with('-') && !clean.contains("::/") && !clean.contains("/../") && !clean.contains("/-"));
            for name in [url.owner().as_str(), url.repo()] {
                prop_assert!(!name.is_empty() && !name.contains('/') && name != "." && name != ".." && !name.starts_with('-'), "{}", name);
            }
            prop_assert!(!url.owner().starts_with('.'));
        }
    }
}
