//! The whole gate, as its users run it: the binary in an empty directory, against the stand-in.

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
mod batch;
mod cases;
mod ci_systems;
mod failed_from;
mod foregone;
mod foreign;
mod groups;
mod harness;
mod hints;
mod many;
mod matrix;
mod new_failures;
mod online;
mod policies;
mod privacy;
mod process;
mod report_dir;
mod report_only;
mod saved;
mod secrets;
mod stops;
mod together;
mod units;
mod verdicts;
