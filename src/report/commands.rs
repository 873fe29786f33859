//! The commands that a report names.

use super::model::Report;
use crate::escape::one_line;
use crate::report::words::quoted;
use crate::verdict::Verdict;

/// The command that goes on with a result under the rules of the same suite file.
pub fn watch_command(id: u64, suite: Option<&str>) -> String {
    match suite {
        Some(file) => format!("cekura-gate watch {id} --suite {}", quoted(&one_line(file))),
        None => format!("cekura-gate watch {id}"),
    }
}

/// The command that starts only what did not pass again; none where that is not possible.
/// `saved` is the path of the saved result.
pub fn failed_from_command(report: &Report, saved: &str) -> Option<String> {
    let file = quoted(&one_line(report.suite.file.as_deref()?));
    let is_one = report.results.is_empty() && report.result.id > 0 && !report.simulated;
    let some_passed = report.tally.passed > 0;
    let not_all = report.tally.passed < report.tally.total || report.tally.missing > 0;
    (is_one && some_passed && not_all && report.verdict != Verdict::Pass)
        .then(|| format!("cekura-gate run {file} --failed-from {saved}"))
}

/// The command that goes on with all that the suite file has started.
pub fn resume_command(suite: &str) -> String {
    format!("cekura-gate run {} --resume", quoted(&one_line(suite)))
}
