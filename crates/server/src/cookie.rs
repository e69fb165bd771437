//! The session cookie a one-time link leaves. It carries its own end and a signature; nothing is stored, and a new
//! API token ends every session.

use axum::http::{HeaderMap, header};
use chrono::{DateTime, TimeDelta, Utc};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::token::ApiToken;

/// How long a browser stays logged in.
const DAYS: i64 = 30;

const PURPOSE: &str = "adjutant console session 1";

/// Makes and checks the cookie.
#[derive(Debug, Clone)]
pub(crate) struct SessionCookie {
    /// Cookies do not tell ports apart: two gateways on one machine must not log each other out.
    name: String,
    token: ApiToken,
}

impl SessionCookie {
    pub(crate) fn new(port: u16, token: ApiToken) -> Self {
        Self { name: format!("adjutant_{port}"), token }
    }

    /// The `Set-Cookie` value of a new session. `transport` is empty or `; Secure`.
    pub(crate) fn issue(&self, now: DateTime<Utc>, transport: &str) -> String {
        let claim = format!("{}.{}", (now + TimeDelta::days(DAYS)).timestamp(), Uuid::new_v4().simple());
        let signature = self.token.sign(PURPOSE, &claim);
        let age = DAYS * 24 * 60 * 60;
        format!("{}={claim}.{signature}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{transport}", self.name)
    }

    /// Whether the request carries a session that is ours and has not ended.
    pub(crate) fn is_valid(&self, headers: &HeaderMap, now: DateTime<Utc>) -> bool {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == self.name && self.accepts(value, now))
    }

    fn accepts(&self, value: &str, now: DateTime<Utc>) -> bool {
        let Some((claim, signature)) = value.rsplit_once('.') else { return false };
        let genuine: bool = self.token.sign(PURPOSE, claim).as_bytes().ct_eq(signature.as_bytes()).into();
        let ends = claim.split('.').next().and_then(|ends| ends.parse::<i64>().ok());
        genuine && ends.is_some_and(|ends| now.timestamp() < ends)
    }
}
