//! The runner process.
