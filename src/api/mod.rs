//! The platform: what it is asked, how it answers, when to ask again.
//!
//! `wire` reads its documents and `retry` decides about repetitions, both pure; `transport` is the
//! only place that sends anything, `client` says what is asked, and `start` sees to it that a start
//! is never paid twice.

mod account;
pub mod after;
mod brake;
pub mod chat;
pub mod client;
mod earlier;
pub mod error;
pub mod options;
mod parcel;
pub(crate) mod resolve;
pub mod retry;
mod start;
mod transport;
pub(crate) mod trouble;
pub mod wire;
