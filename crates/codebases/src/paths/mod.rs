//! Opening, reading and writing beneath a folder, whatever the path says and whoever swaps a link meanwhile.
//!
//! | module | what |
//! | --- | --- |
//! | [`beneath`] | the kernel's promise that an open never leaves a folder, and what does the same elsewhere |
//! | [`check`] | what a path of a person may look like |
//! | [`directory`] | `/setcwd`: the folder a person means |
//! | [`file`] | reading and writing one file |
//! | [`markdown`] | every `.md` file below a folder |

mod beneath;
mod check;
mod directory;
mod file;
mod markdown;

pub use beneath::Beneath;
pub use directory::resolve_dir;
pub use file::{Unread, read_beneath, read_file, write_file};
pub use markdown::{Listing, list_markdown};
