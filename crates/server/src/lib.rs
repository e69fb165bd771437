//! The HTTP server, the command line's control socket, and the web console, which is a platform like the others.
//!
//! | module | what |
//! | --- | --- |
//! | [`serve`] | binds the port and runs everything until shutdown |
//! | [`config`] | what the server must be told |
//! | [`engine`] | the port to the rest of the gateway: health, approvals, codebases, pairing |
//! | [`standing`] | where a conversation stands: session, turn, queue |
//! | [`console`] | [`console::ConsolePlatform`]: conversations as transcript files and live events |
//! | [`control`] | the socket through which the command line talks to a running gateway |
//! | [`token`] | the API token and the file it lives in |
//! | `guard` | who may pass: Host, token, cookie, same origin |
//! | `login` `cookie` | one-time links and the session cookie they leave |
//! | `router` `routes` `openapi` | what answers under which path, and its description |
//! | `listen` `problem` | connections with their limits; errors as `application/problem+json` |
//!
//! The page itself is in `assets/`: plain HTML, CSS and JavaScript modules without a build step.

pub mod config;
pub mod console;
pub mod control;
mod cookie;
pub mod engine;
mod guard;
mod listen;
mod login;
mod openapi;
mod problem;
mod router;
mod routes;
pub mod serve;
pub mod standing;
pub mod token;

pub use config::ServerConfig;
pub use console::ConsolePlatform;
pub use engine::{Engine, EngineError};
pub use serve::{ServeError, Server, serve};
pub use token::ApiToken;
