//! Who commits: what the operator set, else the operator's own Git identity, else Adjutant.

use std::path::Path;
use std::process::Stdio;

use adjutant_codebases::Identity;

use super::system;
use crate::config::Config;

/// The identity for assistants' commits. Each of the two values falls back by itself.
#[must_use]
pub fn of(config: &Config) -> Identity {
    let (name, email) = (config.codebases.git_user_name.clone(), config.codebases.git_user_email.clone());
    let own = if name.is_some() && email.is_some() { Own::default() } else { Own::read() };
    let default = Identity::default();
    Identity { name: name.or(own.name).unwrap_or(default.name), email: email.or(own.email).unwrap_or(default.email) }
}

/// What the operator told Git about themselves.
#[derive(Debug, Default)]
struct Own {
    name: Option<String>,
    email: Option<String>,
}

impl Own {
    /// Asks Git once, at the start; its file may include others, so it is not read here.
    #[expect(
        clippy::disallowed_methods,
        reason = "it asks for the operator's own settings, which no repository can change"
    )]
    fn read() -> Self {
        let (home, xdg) = (system("HOME"), system("XDG_CONFIG_HOME"));
        let base = home.as_deref().map(Path::new);
        let files = [
            base.map(|home| home.join(".gitconfig")),
            xdg.as_deref().map(|xdg| Path::new(xdg).join("git/config")),
            base.map(|home| home.join(".config/git/config")),
        ];
        // Most servers have none of them, and a process less makes the start quicker.
        if !files.into_iter().flatten().any(|file| file.exists()) {
            return Self::default();
        }
        let mut git = std::process::Command::new("git");
        git.args(["config", "--global", "--null", "--get-regexp", r"^user\.(name|email)$"]).env_clear();
        for (name, value) in [("HOME", home), ("XDG_CONFIG_HOME", xdg), ("PATH", system("PATH"))] {
            git.envs(value.map(|value| (name, value)));
        }
        // The folder the gateway was started in may be anybody's repository.
        let output = git.current_dir("/").stdin(Stdio::null()).stderr(Stdio::null()).output();
        output.map_or_else(|_| Self::default(), |output| Self::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// `key\nvalue\0`, the last one of a key counts.
    fn parse(text: &str) -> Self {
        let mut own = Self::default();
        for (key, value) in text.split('\0').filter_map(|entry| entry.split_once('\n')) {
            let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
            match key {
                "user.name" => own.name = value,
                "user.email" => own.email = value,
                _ => {}
            }
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_an_empty_one_is_none() {
        let own = Own::parse("user.name\nOld\0user.email\n\0user.name\nAna Example\0");
        assert_eq!((own.name.as_deref(), own.email), (Some("Ana Example"), None));
    }
}
