//! The report directory and the names of its files.

use std::path::Path;

use crate::suite::model::Reports;

/// Where reports go when nobody says.
pub(crate) const DEFAULT_DIR: &str = "cekura-report";
pub(crate) const JUNIT: &str = "junit.xml";
pub(crate) const SUMMARY: &str = "summary.md";
pub(crate) const RESULT: &str = "result.json";
pub(crate) const HTML: &str = "html";
pub(crate) const GITLAB_DOTENV: &str = "gate.env";
pub(crate) const GITLAB_ANNOTATIONS: &str = "annotations.json";
/// The summary as a comment can hold it: short, and without transcripts.
pub(crate) const COMMENT: &str = "comment.md";
/// The whole for programs.
pub(crate) const INDEX: &str = "gates.json";
/// Where the proposal goes, in the directory of the reports.
pub(crate) const PROMPT: &str = "improved-prompt.txt";
pub(crate) const DIFF: &str = "improved-prompt.diff";

/// The directory of the reports.
pub(crate) fn report_dir(reports: Option<&Reports>) -> &Path {
    Path::new(reports.and_then(|r| r.dir.as_deref()).unwrap_or(DEFAULT_DIR))
}
