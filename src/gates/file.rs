//! The file that lists suites: `gates.yml`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::{Diagnostics, Document, Source};
use crate::suite::model::Budget;

/// Suites that are gated side by side, and what they share.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "cekura-gate gates", extend("required" = ["version", "suites"]))]
pub struct Gates {
    /// Version of the format. Always 1.
    #[schemars(range(min = 1, max = 1), extend("default" = 1))]
    pub version: u32,
    /// Name of the whole. Default: the file's name.
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Suite files, or directories of them, below this file's own directory.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub suites: Vec<String>,
    /// How many calls all suites may have at the same time. Default: as many as the account allows.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// Limits for all suites together, checked before the first call.
    pub budget: Option<Budget>,
    /// Directory of the reports: one below it for each suite. Default: cekura-report.
    #[schemars(length(min = 1))]
    pub report_dir: Option<String>,
}

/// The key by which such a file is told from a suite.
pub const KEY: &str = "suites";

/// Reads a file that lists suites.
///
/// # Errors
///
/// Every fault of the text, each with its place.
pub fn read(
    source: Source<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Document<Gates>, Diagnostics> {
    crate::document::read(source, lookup)
}
