//! What a CI system's log is told of as errors and warnings, the most useful first.
//!
//! How each system writes them is in that system's file.

use super::model::Report;
use super::words::{self, CheckStatus};
use crate::escape::{short, truncate};
use crate::outcome::{Outcome, word};
use crate::text;
use crate::verdict::Verdict;

/// How serious an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
}

impl Level {
    /// The word that GitHub and Azure have for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

/// A title of one line and a message that may have several. Both are untrusted, and cut: escaping
/// makes a character three at most, so that all of it stays below 4,096.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issue {
    pub(super) level: Level,
    pub(super) title: String,
    pub(super) message: String,
}

/// GitHub and Azure show ten of each level for a step.
const MOST: usize = 10;

/// At most ten errors and ten warnings.
pub(super) fn issues(report: &Report) -> Vec<Issue> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for check in words::checks_worst_first(report) {
        let standing = CheckStatus::of(check);
        let title = format!("{}: {}", words::check_name(check), standing.word_in(report));
        match standing {
            CheckStatus::Failed | CheckStatus::Inconclusive => {
                errors.push((title, check.reason.clone()))
            }
            CheckStatus::Warning => warnings.push((title, check.reason.clone())),
            CheckStatus::Passed => {}
        }
    }
    if errors.is_empty() && report.verdict != Verdict::Pass {
        let title = format!("gate {}", words::verdict_word(report));
        errors.push((title, report.headline.clone()));
    }
    if report.suite.report_only && report.verdict != Verdict::Pass {
        // Nothing breaks: a red mark would say so.
        warnings.splice(0..0, errors.drain(..));
        let line = (words::verdict_word(report), report.headline.clone());
        warnings.insert(0, line);
    }
    let scenarios = report.scenarios();
    for scenario in words::failing(&scenarios) {
        let tally = scenario.tally;
        let title =
            format!("{}: {} of {} failed", scenario.scenario.name, tally.failed, tally.total);
        let reasons = words::reasons(scenario, Outcome::Failed);
        let message: Vec<String> = reasons.into_iter().take(3).map(|(reason, _)| reason).collect();
        // A failed run within the threshold is worth a look and no red mark.
        let breaks = report.verdict == Verdict::Fail && !report.suite.report_only;
        let list = if breaks { &mut errors } else { &mut warnings };
        list.push((title, message.join("\n")));
    }
    for ((outcome, blame), runs) in words::unknown_by_blame(&scenarios) {
        let title = format!(
            "{} {}: {}",
            text::count(runs.len(), "run"),
            word(outcome, Some(blame)),
            words::blame_name(report, blame)
        );
        let reason = runs.first().map(|(_, _, outcome)| outcome.reason.clone());
        warnings.push((title, reason.unwrap_or_default()));
    }
    warnings.extend(report.notes.iter().map(|note| ("note".to_owned(), note.clone())));
    let mut all = of_level(Level::Error, errors);
    all.extend(of_level(Level::Warning, warnings));
    all
}

fn of_level(level: Level, mut list: Vec<(String, String)>) -> Vec<Issue> {
    if list.len() > MOST {
        let more = list.len() - (MOST - 1);
        list.truncate(MOST - 1);
        list.push((format!("{more} more"), "the rest is in the job summary".to_owned()));
    }
    let cut = |(title, message): (String, String)| {
        let message: Vec<String> = message.lines().map(|line| short(line, 300)).collect();
        let message = truncate(&message.join("\n"), 900);
        let message = if message.is_empty() { "see the job summary".into() } else { message };
        Issue { level, title: short(&title, 120), message }
    };
    list.into_iter().map(cut).collect()
}
