//! What only root can prove.

use std::os::unix::fs::MetadataExt;

/// Set by who runs the suite without root and knows what is left out by that.
const WITHOUT: &str = "ADJUTANT_TEST_WITHOUT_ROOT";

/// Whether this is left out. Without root and without a word about it, the test fails instead of proving nothing.
pub fn is_left_out() -> bool {
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        return false;
    }
    leave_out();
    true
}

/// What even root may not do here, in some containers.
pub fn leave_out() {
    assert!(std::env::var_os(WITHOUT).is_some(), "this needs root; set {WITHOUT} to leave it out");
    eprintln!("skipped: needs root");
}
