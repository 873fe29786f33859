//! The tests of the whole: one binary, so that the library is linked once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it passes over"
)]

mod action;
mod after_calls;
#[cfg(unix)]
mod chat;
mod comment;
mod common;
mod component;
mod docs;
mod examples;
mod faults;
mod gate;
mod init;
mod init_account;
mod json_output;
mod layering;
mod operations;
mod packaging;
mod report_files;
mod simulator;
mod spec_schema;
mod suite_files;
