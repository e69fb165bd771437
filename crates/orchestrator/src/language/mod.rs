//! What a person typed, taken apart. Pure functions: nothing here reads a file, a clock or the database.
//!
//! | module | what |
//! | --- | --- |
//! | [`parse`] | is it a command or a prompt, and which command |
//! | [`arguments`] | the rest of the line, split at spaces and quotes |
//! | [`substitute`] | `$1`, `$ARGUMENTS`, `$PLAN` in a command file |
//! | [`nearest`] | the command that was probably meant |

pub mod arguments;
pub mod nearest;
pub mod parse;
pub mod substitute;

#[cfg(test)]
mod tests;
