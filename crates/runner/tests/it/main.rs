//! The runner as its gateway sees it, with small shell scripts as children.

mod ends;
mod gateway;
mod limits;
mod start;
mod stream;
mod surroundings;
mod support;
