//! cekura-gate decides whether a voice or chat agent may ship.
//!
//! Data flows one way: suite ▶ plan ▶ api ▶ poll ▶ outcome ▶ verdict ▶ report ▶ sink ▶ exit.
//! The modules in the middle are pure; `ARCHITECTURE.md` draws the house and a test holds its
//! border. The binary is a few lines over [`cli::main`].

pub mod account;
pub mod api;
pub mod chat;
pub mod ci;
pub mod cli;
pub mod comment;
pub mod context;
pub mod document;
pub mod exit;
pub mod gates;
pub mod hidden;
pub mod init;
pub mod numbers;
pub mod outcome;
pub mod plan;
pub mod poll;
pub mod progress;
pub mod record;
pub mod redact;
pub mod report;
pub mod retry;
pub mod review;
pub mod simulate;
pub mod sink;
pub mod spec;
pub mod stats;
pub mod suite;
pub mod text;
pub mod verdict;
