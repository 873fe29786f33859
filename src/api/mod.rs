//! The platform: what it is asked, how it answers, when to ask again.
//!
//! `wire` reads its documents and `retry` decides about repetitions, both pure; `client` is the
//! only place that opens a connection.

pub mod client;
pub mod error;
pub mod retry;
pub mod wire;
