//! The GitHub action's steps as a runner runs them, and every example workflow as its system does:
//! the scripts between the CI system and the gate.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it passes over"
)]

mod batches;
mod inputs;
mod install;
mod job;
mod workflows;
