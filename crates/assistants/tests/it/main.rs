//! The assistants through their port: recordings, a scripted program under a real runner, and the real Claude Code.

mod claude_cli;
mod demo;
mod faults;
mod permissions;
mod recovery;
mod replay;
mod support;
mod turns;
