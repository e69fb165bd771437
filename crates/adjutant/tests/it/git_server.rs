//! Repositories behind a web server on loopback, which hands out files: all that Git's "dumb" protocol needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use tempfile::TempDir;

/// The running server; dropping it stops it.
pub struct GitServer {
    folder: TempDir,
    address: String,
    server: tokio::task::JoinHandle<()>,
}

impl GitServer {
    pub async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(file).with_state(folder.path().to_owned());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { folder, address, server }
    }

    /// What `/clone` is given for the repository `owner/name`.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// Serves a repository with these files, all in one commit.
    pub fn serve(&self, name: &str, files: &[(&str, &str)]) {
        let source = TempDir::new().unwrap();
        for (path, text) in files {
            let file = source.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let bare = self.folder.path().join(name);
        std::fs::create_dir_all(bare.parent().unwrap()).unwrap();
        git(source.path(), &["init", "-q", "-b", "main"]);
        git(source.path(), &["add", "-A"]);
        git(source.path(), &["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit", "-q", "-m", "First"]);
        git(source.path(), &["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        git(&bare, &["update-server-info"]);
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Runs Git in a folder and gives what it wrote.
#[expect(clippy::disallowed_methods, reason = "a test makes its own repositories, with Git as it is")]
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn file(State(root): State<PathBuf>, uri: Uri) -> Result<Vec<u8>, StatusCode> {
    std::fs::read(root.join(uri.path().trim_start_matches('/'))).map_err(|_| StatusCode::NOT_FOUND)
}
