//! cekura-gate decides whether a voice or chat agent may ship.
//!
//! Data flows one way: suite to plan to api to poll to outcome to verdict to report to sink to exit.
//! The modules in the middle are pure; `ARCHITECTURE.md` draws the project and a test holds its
//! border. The binary is a few lines over [`cli::main`].

pub mod api;
pub mod chat;
pub mod checks;
pub mod ci;
pub mod cli;
pub mod comment;
pub mod context;
pub mod document;
pub mod escape;
pub(crate) mod event;
pub mod exit;
pub(crate) mod failure;
pub mod gates;
pub mod hidden;
pub mod init;
pub mod input;
pub mod lookup;
pub mod numbers;
pub mod outcome;
pub mod output;
pub mod plan;
pub mod poll;
pub mod preflight;
pub mod progress;
pub mod record;
pub mod redact;
pub mod report;
pub mod retry;
pub mod review;
pub(crate) mod run_file;
pub mod runner;
pub(crate) mod runtime;
pub mod scalars;
pub mod settle;
pub(crate) mod signal;
pub mod simulate;
pub mod sink;
pub mod spec;
pub mod stats;
pub(crate) mod stop;
pub mod suite;
pub mod text;
pub mod traffic;
pub mod verdict;
