//! Console, API and health checks.

use std::net::{IpAddr, Ipv4Addr};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::env::Reader;

/// Shorter tokens can be guessed.
const SHORTEST_TOKEN: usize = 16;

/// Where the gateway listens, and who may ask.
#[derive(Debug, Clone)]
pub struct Server {
    /// `BIND`, 127.0.0.1.
    pub bind: IpAddr,
    /// `PORT`, 3000; 0 lets the system choose.
    pub port: u16,
    /// `ADJUTANT_API_TOKEN`; `None`: the one in the data directory, made at the first start.
    pub api_token: Option<SecretString>,
    /// `PUBLIC_URL`: the address of a reverse proxy, whose name is accepted as `Host`.
    pub public_url: Option<Url>,
}

impl Server {
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let wanted = "an address of this machine such as `127.0.0.1` or `0.0.0.0`";
        let bind = reader.parsed("BIND", wanted, |text| text.trim_matches(['[', ']']).parse().ok());
        Self {
            bind: bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: reader.parsed("PORT", "a number from 0 to 65535", |text| text.parse().ok()).unwrap_or(3000),
            api_token: api_token(reader),
            public_url: reader.address("PUBLIC_URL"),
        }
    }
}

fn api_token(reader: &mut Reader<'_>) -> Option<SecretString> {
    let token = reader.secret("ADJUTANT_API_TOKEN")?;
    if token.expose_secret().len() < SHORTEST_TOKEN {
        reader.problem("ADJUTANT_API_TOKEN", &format!("is shorter than {SHORTEST_TOKEN} characters"));
    }
    Some(token)
}
