//! What GitHub Actions reads: step outputs and annotations.

use std::path::Path;

use super::issues::{Issue, issues};
use super::model::Report;
use super::words;
use crate::escape::ci::{command_data, command_property, output_entries};
use crate::verdict::Verdict;

/// Where the reports are, as outputs name them. None for one that was not written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Paths<'a> {
    /// The JUnit file.
    pub junit: Option<&'a Path>,
    /// The Markdown summary.
    pub summary: Option<&'a Path>,
    /// The directory of the reports.
    pub dir: Option<&'a Path>,
}

/// The names of the outputs with their values, in the order of the docs. A value that is not known
/// is empty.
pub fn outputs(report: &Report, paths: Paths<'_>) -> Vec<(&'static str, String)> {
    let path = |path: Option<&Path>| path.map(|p| p.display().to_string()).unwrap_or_default();
    let rate = report.tally.success_rate();
    let id = Some(report.result.id).filter(|id| *id > 0);
    vec![
        ("verdict", verdict(report.verdict).to_owned()),
        ("exit_code", report.exit_code.to_string()),
        ("passed", report.has_passed().to_string()),
        ("enforced", (!report.suite.report_only).to_string()),
        ("simulated", report.simulated.to_string()),
        ("result_id", id.map(|id| id.to_string()).unwrap_or_default()),
        ("result_ids", result_ids(&words::result_ids(report))),
        ("result_url", words::page(report).unwrap_or_default()),
        ("agent_version", report.result.version().unwrap_or_default()),
        (
            "success_rate",
            rate.map(|rate| words::rate_for_programs(report, rate)).unwrap_or_default(),
        ),
        ("total_runs", report.tally.total.to_string()),
        ("passed_runs", report.tally.passed.to_string()),
        ("failed_runs", report.tally.failed.to_string()),
        ("errored_runs", report.tally.errored.to_string()),
        ("junit", path(paths.junit)),
        ("summary_file", path(paths.summary)),
        ("report_dir", path(paths.dir)),
    ]
}

/// The outputs of results that have only started: of a suite that runs alone its id and page too.
pub fn outputs_of_start(
    started: &[u64],
    single: Option<(u64, Option<&str>)>,
) -> Vec<(&'static str, String)> {
    let ids = ("result_ids", result_ids(started));
    match single {
        None => vec![ids],
        Some((id, url)) => vec![
            ("result_id", id.to_string()),
            ids,
            ("result_url", url.unwrap_or_default().to_owned()),
        ],
    }
}

/// Ids of results as a JSON list, for programs that take one result or several alike.
pub fn result_ids(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("[{}]", ids.join(","))
}

/// The verdict as programs read it, as in `result.json`.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "fail",
    }
}

/// What to append to the file that `GITHUB_OUTPUT` names, in which `there` bytes stand already.
/// `delimiter` should be random.
pub fn output_file(outputs: &[(&'static str, String)], delimiter: &str, there: usize) -> String {
    let outputs = outputs.iter().map(|(key, value)| (*key, value.as_str()));
    output_entries(outputs, delimiter, there)
}

/// Workflow commands for the log, a line each: at most ten errors and ten warnings, the most useful
/// first. Each line is shorter than 4,096 characters. `place` gives the path of the suite's file from
/// the root of the repository.
pub fn annotations(report: &Report, place: &dyn Fn(&str) -> Option<String>) -> String {
    let file = report.suite.file.as_deref().and_then(|file| file_property(file, place));
    let file = file.unwrap_or_default();
    let command = |issue: Issue| {
        let (level, title) = (issue.level.word(), command_property(&issue.title));
        format!("::{level} {file}title={title}::{}\n", command_data(&issue.message))
    };
    issues(report).into_iter().map(command).collect()
}

/// The property of a workflow command that says which file it is about, with a comma behind it. None
/// where the path is too long for a command.
pub(super) fn file_property(file: &str, place: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let file = place(file).filter(|file| file.chars().count() <= 150)?;
    Some(format!("file={},", command_property(&file)))
}
