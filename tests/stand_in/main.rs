//! The simulator over HTTP: what the API's clients rely on.
//!
//! Time stands still until a test moves it, so that nothing waits.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod course;
mod documents;
mod harness;
mod starts;
mod worlds;
