//! What GitHub Actions reads: step outputs and annotations.

use std::path::Path;

use super::escape::ci::{command_data, command_property, output_entry};
use super::escape::short;
use super::model::Report;
use super::words::{self, Standing};
use crate::outcome::Outcome;
use crate::text;
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
        ("passed", (report.exit_code == 0).to_string()),
        ("result_id", id.map(|id| id.to_string()).unwrap_or_default()),
        ("result_url", words::page(report).unwrap_or_default()),
        ("success_rate", rate.map(|rate| text::trim_number(rate, 6)).unwrap_or_default()),
        ("total_runs", report.tally.total.to_string()),
        ("passed_runs", report.tally.passed.to_string()),
        ("failed_runs", report.tally.failed.to_string()),
        ("errored_runs", report.tally.errored.to_string()),
        ("junit", path(paths.junit)),
        ("summary_file", path(paths.summary)),
        ("report_dir", path(paths.dir)),
    ]
}

/// The verdict as programs read it, as in `result.json`.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "fail",
    }
}

/// What to append to the file that `GITHUB_OUTPUT` names. `delimiter` should be random.
pub fn output_file(report: &Report, paths: Paths<'_>, delimiter: &str) -> String {
    let entries = outputs(report, paths);
    entries.iter().map(|(key, value)| output_entry(key, value, delimiter)).collect()
}

/// GitHub shows ten annotations of each level for a step.
const MOST: usize = 10;

/// Workflow commands for the log, a line each: at most ten errors and ten warnings, the most useful
/// first. Each line is shorter than 4,096 characters.
pub fn annotations(report: &Report) -> String {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for check in words::checks_worst_first(report) {
        let standing = Standing::of(check);
        let title = format!("{}: {}", words::check_name(check), standing.word());
        match standing {
            Standing::Failed | Standing::Inconclusive => errors.push((title, check.reason.clone())),
            Standing::Warning => warnings.push((title, check.reason.clone())),
            Standing::Passed => {}
        }
    }
    if errors.is_empty() && report.verdict != Verdict::Pass {
        let title = format!("gate {}", report.verdict.participle());
        errors.push((title, report.headline.clone()));
    }
    let scenarios = report.scenarios();
    for scenario in words::failing(&scenarios) {
        let tally = scenario.tally;
        let title =
            format!("{}: {} of {} failed", scenario.scenario.name, tally.failed, tally.total);
        let reasons = words::reasons(scenario, Outcome::Failed);
        let message: Vec<String> = reasons.into_iter().take(3).map(|(reason, _)| reason).collect();
        // A failed run within the threshold is worth a look and no red mark.
        let list = if report.verdict == Verdict::Fail { &mut errors } else { &mut warnings };
        list.push((title, message.join("\n")));
    }
    for ((outcome, blame), runs) in words::unknown_by_blame(&scenarios) {
        let title =
            format!("{} {}: {}", text::count(runs.len(), "run"), outcome.name(), blame.name());
        let reason = runs.first().map(|(_, _, outcome)| outcome.reason.clone());
        warnings.push((title, reason.unwrap_or_default()));
    }
    warnings.extend(report.notes.iter().map(|note| ("note".to_owned(), note.clone())));
    commands("error", errors, report) + &commands("warning", warnings, report)
}

fn commands(level: &str, mut list: Vec<(String, String)>, report: &Report) -> String {
    if list.len() > MOST {
        let more = list.len() - (MOST - 1);
        list.truncate(MOST - 1);
        list.push((format!("{more} more"), "the rest is in the job summary".to_owned()));
    }
    // Escaping makes a character three at most: the parts add up to less than 4,096.
    let file = report.suite.file.as_deref().filter(|file| file.chars().count() <= 150);
    let file = file.map(|file| format!("file={},", command_property(file))).unwrap_or_default();
    list.iter()
        .map(|(title, message)| {
            let title = command_property(&short(title, 120));
            let message: Vec<String> = message.lines().map(|line| short(line, 300)).collect();
            let message = super::escape::truncate(&message.join("\n"), 900);
            let message = if message.is_empty() { "see the job summary".into() } else { message };
            format!("::{level} {file}title={title}::{}\n", command_data(&message))
        })
        .collect()
}
