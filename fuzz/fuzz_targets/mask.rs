//! Secrets: none is left, whatever stands around it.
#![no_main]

use adjutant_core::mask::Mask;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

fuzz_target!(|case: (Vec<String>, String)| {
    let (secrets, text) = case;
    // Letters alone: the sign that replaces a secret must not complete another.
    let secrets: Vec<String> =
        secrets.into_iter().filter(|secret| secret.len() >= 8 && !secret.contains('•')).collect();
    let mask = Mask::new(secrets.iter().map(|secret| SecretString::from(secret.clone())).collect());
    let mut whole = text;
    for secret in &secrets {
        whole.push_str(secret);
    }
    let masked = mask.apply(whole);
    for secret in &secrets {
        assert!(!masked.contains(secret.as_str()), "a secret is left");
    }
});
