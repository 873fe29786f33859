//! The whole gate, as its users run it: the binary in an empty directory, against the simulator.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/finished.rs"]
mod finished;

mod again;
mod bad_input;
mod baselines;
mod batch;
mod cases;
#[cfg(unix)]
#[path = "../chat/mod.rs"]
mod chat;
mod ci_systems;
mod early_stop;
mod failed_from;
mod foregone;
mod foreign;
mod groups;
mod harness;
mod hints;
mod junit;
mod keys;
mod limits;
mod many;
mod matrix;
mod messages;
mod new_failures;
mod not_written;
mod online;
mod platform;
mod policies;
mod privacy;
mod process;
mod recipes;
mod report_dir;
mod report_only;
mod saved;
mod secrets;
mod stops;
mod together;
mod units;
mod verdicts;
