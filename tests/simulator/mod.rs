//! The simulator over HTTP: what the API's clients rely on.
//!
//! Time stands still until a test moves it, so that nothing waits.

mod course;
mod documents;
mod harness;
mod starts;
mod worlds;
