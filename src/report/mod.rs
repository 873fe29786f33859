//! One model of the finished gate to text for each reader.
//!
//! Pure: every report is a function from [`model::Report`] to a `String`. Writing is in `sink`.
//! Text that came from the platform is untrusted and is escaped by `crate::escape`.

pub mod azure;
pub mod build;
mod check_status;
pub mod commands;
pub mod comparison;
pub mod console;
pub mod evaluation;
pub mod expected_runs;
pub mod failed_from;
pub(crate) mod files;
pub mod gates;
pub mod github;
pub mod gitlab;
pub mod html;
mod issues;
pub mod json;
pub mod junit;
pub mod markdown;
mod markup;
pub mod model;
pub mod moment;
mod plot;
pub mod pool;
pub(crate) mod power;
mod remarks;
pub mod round_table;
pub mod rounds;
pub mod show;
pub mod words;
