//! A headless Chromium, driven by the DevTools protocol over two pipes.
//!
//! Chromium is `chromium` on the path, or the path in `CHROMIUM`. With `CONSOLE_SCREENSHOTS` naming a folder, pages leave
//! pictures there.

#![expect(clippy::expect_used, reason = "a test double stops at the first surprise, with the test")]
#![expect(clippy::disallowed_methods, reason = "a real browser is a child with an environment, and has its own clock")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

/// A browser with one open page.
#[derive(Debug)]
pub struct Page {
    _browser: Child,
    _profile: TempDir,
    commands: pipe::Sender,
    answers: BufReader<pipe::Receiver>,
    next: u64,
    session: Option<String>,
    /// What went wrong in the page, in its own words.
    pub errors: Vec<String>,
}

/// Width, height and colours of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    pub scheme: &'static str,
}

pub const DESK: Screen = Screen { width: 1280, height: 800, scheme: "light" };
pub const DESK_DARK: Screen = Screen { scheme: "dark", ..DESK };
pub const PHONE: Screen = Screen { width: 390, height: 844, scheme: "light" };
pub const PHONE_DARK: Screen = Screen { scheme: "dark", ..PHONE };

impl Page {
    /// Opens the console through a one-time link.
    pub async fn open(link: &str, screen: Screen) -> Self {
        let mut page = Self::start().await;
        page.screen(screen).await;
        page.go(link).await;
        page.wait("document.getElementById('about')?.textContent.length > 3 && location.hash.length === 37").await;
        page
    }

    /// Goes to an address.
    pub async fn go(&mut self, address: &str) {
        self.call("Page.navigate", json!({ "url": address })).await;
    }

    /// A browser with an empty page.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let (to, from) = (profile.path().join("to"), profile.path().join("from"));
        for fifo in [&to, &from] {
            assert!(Command::new("mkfifo").arg(fifo).status().await.expect("mkfifo").success());
        }
        // Opened for both directions, so that neither end waits for the other.
        let commands = pipe::OpenOptions::new().read_write(true).open_sender(&to).expect("a pipe");
        let answers = pipe::OpenOptions::new().read_write(true).open_receiver(&from).expect("a pipe");
        let program = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
        let browser = Command::new("sh")
            .arg("-c")
            .arg(r#"exec "$0" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars --remote-debugging-pipe --user-data-dir="$1" about:blank 3<"$2" 4>"$3""#)
            .arg(&program)
            .args([profile.path().join("profile"), to, from])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("a shell");
        let answers = BufReader::new(answers);
        let mut page = Self {
            _browser: browser,
            _profile: profile,
            commands,
            answers,
            next: 0,
            session: None,
            errors: Vec::new(),
        };
        let target = page.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attached =
            page.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true })).await;
        page.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Accessibility.enable"] {
            page.call(domain, json!({})).await;
        }
        page
    }

    /// Gives the screen another size or scheme.
    pub async fn screen(&mut self, screen: Screen) {
        let Screen { width, height, scheme } = screen;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", scheme).await;
    }

    /// The value of an expression in the page; promises are awaited.
    pub async fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", asked).await;
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// What a person reads in an element; empty if there is none.
    pub async fn text(&mut self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector({selector:?})?.innerText ?? ''")).await;
        text.as_str().expect("text").to_owned()
    }

    /// Waits until the expression is true.
    pub async fn wait(&mut self, condition: &str) {
        // Asked again and again from here, because the page may be about to be replaced by the next one.
        for _ in 0..1500 {
            let asked = json!({ "expression": format!("Boolean({condition})"), "returnByValue": true });
            if self.call("Runtime.evaluate", asked).await["result"]["value"] == true {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let body = self.text("body").await;
        panic!("never true: {condition}\nerrors: {:?}\npage: {body}", self.errors);
    }

    /// Presses and releases the mouse in the middle of an element, once it stands still.
    pub async fn click(&mut self, selector: &str) {
        // A page that has just got a message moves for a frame or two.
        let place = format!(
            "new Promise((found) => {{ let before; const look = () => {{ \
             const box = document.querySelector({selector:?}).getBoundingClientRect(); \
             const place = [box.x + box.width / 2, box.y + box.height / 2]; \
             if (String(place) === before) found(place); \
             else {{ before = String(place); requestAnimationFrame(() => requestAnimationFrame(look)); }} }}; look(); }})"
        );
        let place = self.value(&place).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let mouse = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", mouse).await;
        }
    }

    /// Types into whatever has the focus.
    pub async fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses a key by its name.
    pub async fn key(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "Tab" => (9, ""),
            "ArrowDown" => (40, ""),
            other => panic!("no code for {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Leaves a picture, if pictures are wanted.
    pub async fn picture(&mut self, name: &str) {
        let Ok(folder) = std::env::var("CONSOLE_SCREENSHOTS") else { return };
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" })).await;
        let bytes = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().expect("data"));
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes.expect("base64")).expect("written");
    }

    /// The names a screen reader gives to everything of these roles.
    pub async fn names(&mut self, roles: &[&str]) -> Vec<String> {
        let tree = self.call("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().expect("nodes").iter();
        let wanted =
            nodes.filter(|node| node["ignored"] == false && roles.iter().any(|role| node["role"]["value"] == *role));
        wanted.map(|node| node["name"]["value"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A command of the DevTools protocol, and its result.
    pub async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut command = json!({ "id": self.next, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let line = format!("{command}\0");
        self.commands.write_all(line.as_bytes()).await.expect("the browser takes commands");
        loop {
            let mut message = Vec::new();
            let read = self.answers.read_until(0, &mut message);
            let read = tokio::time::timeout(Duration::from_secs(60), read).await;
            read.expect("Chromium answers; is it installed, or its path in `CHROMIUM`?").expect("read");
            let message: Value = serde_json::from_slice(&message[..message.len() - 1]).expect("json");
            if message["id"] == self.next {
                // A page that is being replaced has no answer.
                return message.get("result").cloned().unwrap_or_default();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, event: &Value) {
        let about = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.errors.push(about["exceptionDetails"].to_string()),
            Some("Runtime.consoleAPICalled")
                if matches!(about["type"].as_str(), Some("error" | "warning" | "assert")) =>
            {
                self.errors.push(about["args"].to_string());
            }
            Some("Log.entryAdded") if about["entry"]["level"] == "error" || about["entry"]["level"] == "warning" => {
                self.errors.push(format!("{} {}", about["entry"]["text"], about["entry"]["url"]));
            }
            _ => {}
        }
    }
}
