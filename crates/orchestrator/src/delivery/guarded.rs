//! A defect in an adapter must not end the task that serves a conversation: what waits behind it would wait for ever.

use std::panic::AssertUnwindSafe;

use adjutant_core::platform::SendError;
use futures_util::FutureExt as _;

/// Makes one call of a platform. A panic in it is logged under a reference and counts as a refusal: the same again would
/// panic again, but another form may pass.
pub(super) async fn guarded<T>(call: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
    match AssertUnwindSafe(call).catch_unwind().await {
        Ok(result) => result,
        Err(_) => {
            let reference = crate::fault::reference();
            tracing::error!(reference, "a platform's call panicked (reference {reference})");
            Err(SendError::Rejected(format!("a fault of our own, reference {reference}")))
        }
    }
}
