//! A web server that hands out the files of a repository, which is all that Git's "dumb" protocol needs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How it answers.
#[derive(Debug, Clone)]
pub enum Manner {
    Open,
    /// Asks for this `Authorization`.
    Locked(String),
    /// Sends everybody to another server.
    Redirect(String),
    /// Knows addresses that end in `.git`, and redirects others to them.
    Suffix,
    /// Breaks off in the middle of every object.
    Broken,
    /// Never answers a request for an object.
    Silent,
}

#[derive(Debug)]
pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
}

impl Server {
    pub async fn start(root: PathBuf, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn({
            let requests = Arc::clone(&requests);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, root.clone(), manner.clone(), Arc::clone(&requests)));
                }
            }
        });
        Self { address, requests, task }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, root: PathBuf, manner: Manner, requests: Arc<Mutex<Vec<Request>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let path = target.split('?').next().unwrap().to_owned();
    let authorization = head.lines().find_map(|line| line.strip_prefix("Authorization: ").map(str::to_owned));
    requests.lock().unwrap().push(Request { path: path.clone() });
    let is_object = path.contains("/objects/");
    let answer = match &manner {
        Manner::Locked(expected) if authorization.as_ref() != Some(expected) => {
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()
        }
        Manner::Redirect(to) => redirect(&format!("http://{to}{target}")),
        Manner::Suffix if !path.contains(".git/") => redirect(&target.replacen("/shop/", "/shop.git/", 1)),
        Manner::Silent if is_object => return std::future::pending().await,
        _ => String::new(),
    };
    if !answer.is_empty() {
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    let Ok(body) = std::fs::read(root.join(path.trim_start_matches('/'))) else {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        return;
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).await;
    let upto = if is_object && matches!(manner, Manner::Broken) { body.len() / 2 } else { body.len() };
    let _ = stream.write_all(&body[..upto]).await;
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
