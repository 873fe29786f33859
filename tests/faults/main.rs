//! Bad days: what the gate does when the network and the platform fail it, and what it never does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

#[path = "../common/mod.rs"]
mod common;

mod baselines;
mod clock;
mod early;
mod evidence;
mod exactly_once;
mod harness;
mod hostile;
mod jobs;
mod labels;
mod late;
mod made;
mod rehearsals;
mod soak;
mod soaked;
mod stopped;
mod taken_up;
mod ways;
