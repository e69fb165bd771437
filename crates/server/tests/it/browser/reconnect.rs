//! A line between page and gateway that breaks again and again.

use std::sync::{Arc, Mutex};

use adjutant_core::platform::{Part, Platform};
use adjutant_testkit::browser::{DESK, Page};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::stage::{Stage, key};

/// Passes bytes on until it is cut.
struct Wire {
    port: u16,
    cut: Arc<Mutex<CancellationToken>>,
    open: tokio::sync::watch::Sender<bool>,
}

impl Wire {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let cut = Arc::new(Mutex::new(CancellationToken::new()));
        let (open, is_open) = tokio::sync::watch::channel(true);
        let token = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                if !*is_open.borrow() {
                    continue;
                }
                let cut = token.lock().expect("lock").clone();
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        () = cut.cancelled() => {}
                    }
                });
            }
        });
        Self { port: own, cut, open }
    }

    /// Breaks every connection there is.
    fn cut(&self) {
        std::mem::take(&mut *self.cut.lock().expect("lock")).cancel();
    }

    /// Breaks them and lets none in until it is mended.
    fn break_down(&self) {
        self.open.send_replace(false);
        self.cut();
    }

    fn mend(&self) {
        self.open.send_replace(true);
    }
}

fn piece(number: usize) -> String {
    format!("piece{number:04} ")
}

/// Waits until the page shows all pieces, each once and in order.
async fn shows(page: &mut Page, pieces: usize) {
    let last = piece(pieces - 1);
    page.wait(&format!("document.querySelector('.gateway .body')?.innerText.includes({:?})", last.trim())).await;
    page.wait("document.getElementById('connection').textContent === ''").await;
    let whole: String = (0..pieces).map(piece).collect();
    assert_eq!(page.text(".gateway .body").await.trim(), whole.trim());
    assert_eq!(page.value("document.querySelectorAll('.message.gateway').length").await, 1);
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_loses_and_repeats_no_piece() {
    let stage = Stage::new().await;
    let wire = Wire::to(stage.port).await;
    let link = stage.link.replace(&format!(":{}", stage.port), &format!(":{}", wire.port));
    let mut page = Page::open(&link, DESK).await;
    page.wait("!document.getElementById('welcome').hidden").await;
    let id = page.value("location.hash.slice(1)").await.as_str().expect("an id").to_owned();
    let to = key(&id);
    let mut text = piece(0);
    let part = stage.console.send(&to, &Part::text(text.as_str())).await.expect("sent");
    shows(&mut page, 1).await;
    for number in 1..240 {
        text += &piece(number);
        stage.console.edit(&to, &part, &Part::text(text.as_str())).await.expect("edited");
        if number % 40 == 0 {
            wire.cut();
        }
        if number % 80 == 0 {
            page.wait("document.getElementById('connection').textContent === ''").await;
        }
    }
    shows(&mut page, 240).await;

    // More than the gateway remembers for a page: the transcript is fetched again.
    wire.break_down();
    page.wait("document.getElementById('connection').textContent === 'Reconnecting'").await;
    page.picture("30-reconnecting").await;
    for number in 240..1200 {
        text += &piece(number);
        stage.console.edit(&to, &part, &Part::text(text.as_str())).await.expect("edited");
    }
    wire.mend();
    shows(&mut page, 1200).await;
}
