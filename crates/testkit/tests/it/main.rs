//! The test doubles are tested too: a fake that takes everything proves nothing.

mod telegram;
