//! The way in: a listener that can be shut and opened again on the same port, and connections that can be cut.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream as StdStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// One accepted connection, seen from the handler.
#[derive(Debug, Clone)]
pub struct Line {
    stream: Arc<StdStream>,
}

impl Line {
    /// Ends the connection at once, in both directions.
    pub fn cut(&self) {
        // It may be gone already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Opens and shuts the door from outside.
#[derive(Debug)]
pub struct Latch {
    /// What is wished.
    open: watch::Sender<bool>,
    /// What is: whether the port listens.
    listens: watch::Sender<bool>,
    lines: Mutex<Vec<Line>>,
}

impl Latch {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { open: watch::Sender::new(true), listens: watch::Sender::new(true), lines: Mutex::default() })
    }

    /// Refuses connections and cuts those that are open; both are done on return.
    pub async fn shut(&self) {
        self.open.send_replace(false);
        // An error would mean that the sender is gone, which lives as long as this.
        let _ = self.listens.subscribe().wait_for(|listens| !listens).await;
        self.lines().drain(..).for_each(|line| line.cut());
    }

    /// Takes connections again; they are taken on return.
    pub async fn open(&self) {
        self.open.send_replace(true);
        let _ = self.listens.subscribe().wait_for(|&listens| listens).await;
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener on one port for as long as the fake lives.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    /// `None` while it is shut.
    listener: Option<TcpListener>,
    latch: Arc<Latch>,
    open: watch::Receiver<bool>,
}

impl Door {
    pub async fn bind(latch: Arc<Latch>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, open) = (listener.local_addr()?, latch.open.subscribe());
        Ok(Self { address, listener: Some(listener), latch, open })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    async fn step(&mut self) -> io::Result<Option<(TcpStream, Line)>> {
        let open = *self.open.borrow_and_update();
        if !open {
            self.listener = None;
        } else if self.listener.is_none() {
            self.listener = Some(TcpListener::bind(self.address).await?);
        }
        self.latch.listens.send_replace(self.listener.is_some());
        let Some(listener) = &self.listener else {
            self.open.changed().await.map_err(io::Error::other)?;
            return Ok(None);
        };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted?.0,
            changed = self.open.changed() => return changed.map(|()| None).map_err(io::Error::other),
        };
        stream.set_nodelay(true)?;
        let line = Line { stream: Arc::new(stream.as_fd().try_clone_to_owned()?.into()) };
        let mut lines = self.latch.lines();
        lines.retain(|line| Arc::strong_count(&line.stream) > 1);
        lines.push(line.clone());
        Ok(Some((stream, line)))
    }
}

impl Listener for Door {
    type Io = TcpStream;
    type Addr = Line;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.step().await {
                Ok(Some(accepted)) => return accepted,
                // The port is taken or descriptors are short: let others run, then try again.
                Ok(None) | Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}
