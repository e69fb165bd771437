//! Binds the port and runs everything until shutdown.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use adjutant_core::intake::Intake;
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;

use crate::config::ServerConfig;
use crate::console::ConsolePlatform;
use crate::control;
use crate::engine::Engine;
use crate::listen::{Limits, listen};
use crate::login::LoginCodes;
use crate::router::{App, Parts, local, router};

/// Connections of the control socket served at once.
const CONTROL_CONNECTIONS: usize = 16;

/// Why the server does not run. Written for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("Port {port} is taken by another program. Set `PORT` to a free one, for example `PORT={}`.", next_port(*port))]
    PortTaken { port: u16 },
    #[error("Cannot listen on `{address}` (`BIND` and `PORT`): {source}.")]
    Bind { address: SocketAddr, source: io::Error },
    #[error(
        "Another gateway runs on the data directory `{data_dir}`. Stop it, or set `ADJUTANT_DATA_DIR` to another one."
    )]
    DataDirTaken { data_dir: PathBuf },
    #[error("The control socket in `{data_dir}` cannot be made: {source}.")]
    Control { data_dir: PathBuf, source: io::Error },
}

/// A server that is bound and not running yet.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    listener: TcpListener,
    address: SocketAddr,
    control: UnixListener,
    codes: Arc<LoginCodes>,
}

/// [`Server::bind`] and [`Server::run`] in one.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    config: ServerConfig,
    engine: Arc<dyn Engine>,
    intake: Arc<dyn Intake>,
    console: ConsolePlatform,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    Server::bind(config).await?.run(engine, intake, console, shutdown).await;
    Ok(())
}

impl Server {
    /// Takes the port and the control socket. From here on connections wait to be served.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn bind(config: ServerConfig) -> Result<Self, ServeError> {
        let wanted = SocketAddr::new(config.bind, config.port);
        let listener = TcpListener::bind(wanted).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortTaken { port: config.port },
            _ => ServeError::Bind { address: wanted, source },
        })?;
        let address = listener.local_addr().map_err(|source| ServeError::Bind { address: wanted, source })?;
        let control = control::bind(&config.data_dir).await?;
        let codes = Arc::new(LoginCodes::new(config.clock.clone()));
        Ok(Self { config, listener, address, control, codes })
    }

    /// Where it listens, with the port that was really taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new link that opens the console once within 15 minutes.
    #[must_use]
    pub fn login_link(&self) -> String {
        login_link(&self.config, self.address.port(), &self.codes)
    }

    /// Serves HTTP and the control socket until shutdown.
    pub async fn run(
        self,
        engine: Arc<dyn Engine>,
        intake: Arc<dyn Intake>,
        console: ConsolePlatform,
        shutdown: CancellationToken,
    ) {
        let Self { config, listener, address, control, codes } = self;
        let parts = Parts { engine: Arc::clone(&engine), intake, console };
        let app = App::new(&config, address.port(), parts, Arc::clone(&codes), shutdown.clone());
        let limits = Limits { connections: config.max_connections, clock: config.clock.clone(), shutdown };
        let few = Limits { connections: CONTROL_CONNECTIONS, ..limits.clone() };
        let data_dir = config.data_dir.clone();
        let link = move || login_link(&config, address.port(), &codes);
        let controls = control::router(engine, Arc::new(link), local(app.clone()));
        tokio::join!(listen(listener, router(app), limits), listen(control, controls, few));
        control::remove(&data_dir);
    }
}

fn login_link(config: &ServerConfig, port: u16, codes: &LoginCodes) -> String {
    let base = match &config.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://127.0.0.1:{port}"),
    };
    format!("{base}/login?code={}", codes.issue())
}

fn next_port(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(3000)
}
