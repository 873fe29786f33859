//! What comes after a result: the commands `result`, `call`, `prompt` and `test-set`, as their
//! users run them, against the simulator.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on must fail"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/finished.rs"]
mod finished;

mod calls;
mod contract;
mod harness;
mod lost;
mod prompts;
mod results;
mod stopped;
mod verdicts;
