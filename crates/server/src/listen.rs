//! Connections and their limits: how many, how long a head may take, how large it may be.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use adjutant_core::clock::Clock;
use axum::Router;
use hyper::rt::{Sleep, Timer};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The head of a request must be here by then; an unused connection is closed after it.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// The most bytes of a head.
const HEAD_LIMIT: usize = 32 * 1024;

/// How long running requests may go on after shutdown.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long to wait when no connection can be taken, which mostly means that descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What a listener needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) clock: Clock,
    pub(crate) shutdown: CancellationToken,
}

/// Where connections come from.
pub(crate) trait Accept {
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn accept(&self) -> impl Future<Output = std::io::Result<Self::Io>> + Send;
}

impl Accept for TcpListener {
    type Io = tokio::net::TcpStream;

    async fn accept(&self) -> std::io::Result<Self::Io> {
        let (stream, _) = TcpListener::accept(self).await?;
        // Events are small and must not wait for more.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Accept for UnixListener {
    type Io = tokio::net::UnixStream;

    async fn accept(&self) -> std::io::Result<Self::Io> {
        UnixListener::accept(self).await.map(|(stream, _)| stream)
    }
}

/// Serves until shutdown, then gives running requests a moment.
pub(crate) async fn listen<A: Accept>(listener: A, router: Router, limits: Limits) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = limits.shutdown.cancelled() => break,
        };
        match accepted {
            Ok(io) => {
                let served = serve_connection(io, router.clone(), limits.clone());
                connections.spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                limits.clock.sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    tokio::select! {
        () = connections.wait() => {}
        () = limits.clock.sleep(FAREWELL) => {}
    }
}

async fn serve_connection<I>(io: I, router: Router, limits: Limits)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(HyperTimer(limits.clock))
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = limits.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that went away or sent nonsense: nothing of ours.
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The gateway's clock for hyper.
#[derive(Debug, Clone)]
struct HyperTimer(Clock);

struct ClockSleep(Pin<Box<dyn Future<Output = ()> + Send + Sync>>);

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.0.monotonic() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let clock = self.0.clone();
        Box::pin(ClockSleep(Box::pin(async move { clock.sleep_until(deadline).await })))
    }

    fn now(&self) -> Instant {
        self.0.monotonic()
    }
}

impl Sleep for ClockSleep {}

impl Future for ClockSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}
