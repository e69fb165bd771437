//! Secrets the gateway knows never leave it: every outgoing text passes a [`Mask`].

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// What a secret is replaced by.
const MASKED: &str = "•••";

/// Shorter values are no secrets worth the harm of masking ordinary words.
const SHORTEST: usize = 8;

/// The secrets of this installation. Cheap to clone.
#[derive(Clone, Default)]
pub struct Mask {
    secrets: Arc<Vec<SecretString>>,
}

impl Mask {
    /// Masks these values wherever they stand.
    #[must_use]
    pub fn new(secrets: Vec<SecretString>) -> Self {
        let mut secrets: Vec<_> = secrets.into_iter().filter(|s| s.expose_secret().len() >= SHORTEST).collect();
        // The longest first, so that a secret that contains another is replaced whole.
        secrets.sort_by_key(|s| std::cmp::Reverse(s.expose_secret().len()));
        Self { secrets: Arc::new(secrets) }
    }

    /// Whether there is a secret in the text.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.expose_secret()))
    }

    /// The text without secrets.
    #[must_use]
    pub fn apply(&self, text: String) -> String {
        let mut text = text;
        for secret in self.secrets.iter() {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), MASKED);
            }
        }
        text
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask({} secrets)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_wherever_it_stands_and_the_longest_wins() {
        let mask = Mask::new(vec!["sk-ant-123456".into(), "sk-ant-123456-long".into(), "short".into()]);
        let text = "a sk-ant-123456-long, sk-ant-123456 short";
        assert!(mask.finds(text));
        assert_eq!(mask.apply(text.into()), "a •••, ••• short");
        assert!(!mask.finds("a short one"));
    }
}
