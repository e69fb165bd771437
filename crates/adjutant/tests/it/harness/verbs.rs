//! The operator's doors to a gateway under test: the command line and HTTP.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{TestGateway, adjutant};

/// What a verb of the command line left behind.
#[derive(Debug)]
pub struct Verb {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl TestGateway {
    /// Runs `adjutant <arguments>` with the gateway's own environment.
    pub fn verb(&self, arguments: &[&str]) -> Verb {
        let output = Command::new(adjutant())
            .args(arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Verb { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Where HTTP answers, with a port that the system chose.
    pub fn address(&self) -> String {
        let said = self.verb(&["token"]);
        let link = said.err.split_whitespace().find(|word| word.starts_with("http://"));
        link.and_then(|link| link.split_once("/login")).expect("a link").0.to_owned()
    }

    /// `GET` with the token: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let token = self.verb(&["token"]).out;
        let request = reqwest::Client::new().get(self.address() + path).bearer_auth(token.trim());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// One figure of `/metrics`; 0 where it is not listed.
    pub async fn figure(&self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        line.unwrap_or(0.0)
    }

    /// The files of the gateway that hold this text: database, spools, logs, everything in its data directory.
    pub fn traces(&self, needle: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        look(&self.data_dir(), needle.as_bytes(), &mut found);
        let logs = (1..=self.lives).map(|life| self.log_path(life));
        found.extend(logs.filter(|log| holds(log, needle.as_bytes())));
        found
    }
}

fn look(folder: &Path, needle: &[u8], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            look(&entry.path(), needle, found);
        } else if kind.is_file() && holds(&entry.path(), needle) {
            found.push(entry.path());
        }
    }
}

fn holds(file: &Path, needle: &[u8]) -> bool {
    // A file may go away while one looks.
    std::fs::read(file).is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}
