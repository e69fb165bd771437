//! Addresses of repositories: no option of Git's, no way out of the workspace, no credentials in what is kept.
#![no_main]

use adjutant_codebases::{Protocol, RemoteUrl};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let protocols = [Protocol::Https, Protocol::Ssh];
    let Ok(remote) = RemoteUrl::parse(text, &protocols) else { return };
    let clean = remote.clean();
    assert!(!clean.starts_with('-') && !clean.contains(char::is_whitespace) && !clean.contains(char::is_control));
    for folder in [remote.owner(), remote.repo().to_owned()] {
        assert!(!folder.is_empty() && folder != "." && folder != "..", "{folder:?} of {clean}");
        assert!(!folder.contains(['/', '\\', '\0']) && !folder.starts_with('-'), "{folder:?} of {clean}");
    }
    let again = RemoteUrl::parse(&clean, &protocols).expect("what we write we read");
    assert_eq!(again.clean(), clean);
    assert!(again.credential().is_none());
});
