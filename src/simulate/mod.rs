//! A local simulator for the Cekura API, on loopback, scripted by a YAML [world](world::World).
//!
//! A start draws the whole fate of each run at once ([`fate`]) and puts it on a time line
//! ([`engine`]); after that, every answer is a pure function of the time that has passed. The
//! documents are as the real API writes them, with its inconsistencies. [`server`] is the only
//! part that opens a socket, but for the network's [faults]; `state` is what the server knows.

mod after;
mod cases;
pub mod chat;
pub mod clock;
pub mod engine;
pub mod faults;
pub(crate) mod state;
pub mod world;

mod answers;
mod dialogue;
mod endpoints;
mod fate;
mod for_suite;
mod for_suites;
mod random;
mod read;
mod server;
mod start;

pub use clock::{Clock, ManualClock, RealClock};
pub use faults::Faults;
pub use server::Simulator;
pub use state::Request;
pub use world::World;
