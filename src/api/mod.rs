//! The platform: what it is asked, how it answers, when to ask again.
//!
//! `wire` reads its documents and `retry` decides about repetitions, both pure; `transport` is the
//! only place that sends anything, `client` says what is asked, and `start` sees to it that a start
//! is never paid twice.

pub mod after;
pub(crate) mod attempt_error;
pub mod chat;
pub mod client;
mod earlier;
pub mod error;
pub(crate) mod lookup;
pub mod options;
pub(crate) mod rate_limit;
pub(crate) mod resolve;
pub mod retry;
pub mod start;
pub(crate) mod tracked_body;
mod transport;
pub mod wire;
