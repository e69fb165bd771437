//! Domain types, identifiers, state machines and the ports. No I/O happens here.
//!
//! | module | what |
//! | --- | --- |
//! | [`platform`] | the port to a chat platform: primitive sends, capabilities, send errors |
//! | [`assistant`] | the port to a coding assistant: sessions, prompts, the event stream |
//! | [`intake`] | the port through which adapters hand messages in |
//! | [`message`] | what people send: text, button presses, and who they are |
//! | [`codebase`] [`conversation`] [`session`] [`turn`] [`approval`] | the entities and their states |
//! | [`attachment`] | a file that goes out with a message |
//! | [`menu`] | what an app offers when somebody begins to type a command |
//! | [`id`] [`kind`] | typed identifiers and the closed lists of platforms and assistants |
//! | [`clock`] | time as an argument; tests move it by hand |
//! | [`error`] | [`error::UserError`]: an error that is shown to a person as it stands |
//! | [`mask`] | replaces secrets the gateway knows before a text leaves it |

pub mod approval;
pub mod assistant;
pub mod attachment;
pub mod clock;
pub mod codebase;
pub mod conversation;
pub mod error;
pub mod id;
pub mod intake;
pub mod kind;
pub mod mask;
pub mod menu;
pub mod message;
pub mod platform;
pub mod session;
pub mod turn;
