//! The assistants through their port: recordings, a scripted program under a real runner, and the real Claude Code.

mod replay;
