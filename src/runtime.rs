//! The runtime that commands wait in.

use crate::failure::Failure;

/// A multi-threaded runtime would cost start-up time and gain nothing: one thing waits at a time.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Internal(format!("no runtime: {error}")))
}
