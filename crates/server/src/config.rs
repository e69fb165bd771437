//! What the server must be told.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use adjutant_core::clock::Clock;
use url::Url;

use crate::token::ApiToken;

/// What the server must be told.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// `BIND`.
    pub bind: IpAddr,
    /// `PORT`; 0 takes any free one.
    pub port: u16,
    /// Where the control socket is made. Must exist and be private.
    pub data_dir: PathBuf,
    /// `PUBLIC_URL`: its host is accepted beside the loopback names.
    pub public_url: Option<Url>,
    pub token: ApiToken,
    pub clock: Clock,
    /// Connections served at once; more wait in the kernel's queue.
    pub max_connections: usize,
}

impl ServerConfig {
    /// The defaults for everything that has one.
    #[must_use]
    pub fn new(data_dir: PathBuf, token: ApiToken) -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 3000,
            data_dir,
            public_url: None,
            token,
            clock: Clock::System,
            max_connections: 2_000,
        }
    }
}
