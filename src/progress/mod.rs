//! What a person sees while waiting: how many runs are in which state, when it will probably be
//! over, what has failed, how the checks stand.
//!
//! Pure text from what is known; `live` draws one suite for a terminal and `board` several, `log`
//! writes lines for a log, and `cli` prints them.

pub mod board;
mod estimate;
pub mod live;
pub mod log;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::escape::short;
use crate::outcome::Outcome;
use crate::poll::Tally;
use crate::record::{ResultRecord, RunRecord, Status};
use crate::redact::Redactor;
use crate::report::evaluation::Evaluation;
use crate::report::model::PlanHead;
use crate::suite::head::SuiteHead;
use crate::text;
use crate::verdict::{CheckReport, Verdict};

pub use self::estimate::Estimate;

/// How many runs are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs that ended and passed.
    pub passed: usize,
    /// Runs that ended and failed.
    pub failed: usize,
    /// Runs that ended and are no evidence.
    pub unknown: usize,
    /// Runs that ended, and it has not been seen yet how.
    pub unread: usize,
    /// Runs that are being judged.
    pub judging: usize,
    /// Runs whose conversation is under way.
    pub talking: usize,
    /// Runs that wait for a line.
    pub waiting: usize,
}

impl Counts {
    /// Runs that ended.
    pub const fn ended(&self) -> usize {
        self.passed + self.failed + self.unknown + self.unread
    }

    /// All runs.
    pub const fn total(&self) -> usize {
        self.ended() + self.judging + self.talking + self.waiting
    }

    /// The states with their counts, those that are empty left out: `15 passed, 6 talking`.
    pub fn words(&self) -> String {
        let parts = [
            (self.passed, "passed"),
            (self.failed, "failed"),
            (self.unknown, "not judged"),
            (self.unread, "just ended"),
            (self.judging, "being judged"),
            (self.talking, "talking"),
            (self.waiting, "waiting"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        parts.join(", ")
    }
}

/// What a result is checked against while it is going.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The suite.
    pub suite: &'a SuiteHead,
    /// What was planned.
    pub plan: &'a PlanHead,
    /// The runs of the baseline.
    pub base: Option<&'a [RunRecord]>,
    /// What may not be shown.
    pub redact: &'a Redactor,
}

/// How a result stands, as of the last answer.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Id of the result.
    pub result: u64,
    /// How many runs are in which state.
    pub counts: Counts,
    /// The checks as they stand.
    pub checks: Vec<CheckReport>,
    /// Runs that did not pass, or turned out otherwise than was said before, and have not been
    /// reported yet: a line each. Untrusted text.
    pub news: Vec<String>,
    estimate: Estimate,
    /// What was said of each run last. A platform may call a run ended before its values are there.
    reported: BTreeMap<u64, Outcome>,
}

impl Progress {
    /// Takes in an answer.
    pub fn take(&mut self, record: &ResultRecord, rules: Rules<'_>, elapsed: Duration) {
        let standing = Evaluation::of(rules.suite, rules.plan, &record.runs, rules.base, true);
        self.result = record.id;
        self.counts = Counts::default();
        for (run, outcome) in record.runs.iter().zip(&standing.outcomes) {
            let counts = &mut self.counts;
            let count = match (&run.status, outcome.outcome) {
                (Status::Evaluating, _) => &mut counts.judging,
                (Status::Running | Status::InProgress, _) => &mut counts.talking,
                (status, _) if !status.is_terminal() => &mut counts.waiting,
                (_, Outcome::Passed) => &mut counts.passed,
                (_, Outcome::Failed) => &mut counts.failed,
                (_, Outcome::Errored | Outcome::Unscored) => &mut counts.unknown,
            };
            *count += 1;
            // A run that passes is news only where it was called something else before.
            let before = self.reported.get(&run.id).copied().unwrap_or(Outcome::Passed);
            if !run.status.is_terminal() || outcome.outcome == before {
                continue;
            }
            self.reported.insert(run.id, outcome.outcome);
            let name = run.scenario_name.as_deref().unwrap_or("deleted scenario");
            let mut line = format!(
                "{} {} of {}",
                outcome.outcome.name(),
                run.id,
                short(&rules.redact.text(name), 80)
            );
            if before != Outcome::Passed {
                line.push_str(&format!(" (was {})", before.name()));
            }
            if !outcome.reason.is_empty() {
                line.push_str(&format!(": {}", short(&rules.redact.text(&outcome.reason), 300)));
            }
            self.news.push(line);
        }
        self.checks = standing.checks;
        for check in &mut self.checks {
            if let Some(scenario) = &mut check.scenario {
                rules.redact.string(&mut scenario.name);
            }
        }
        let longest = record.runs.iter().filter_map(|run| run.duration_seconds).fold(0.0, f64::max);
        self.estimate.take(self.counts, elapsed, longest);
    }

    /// Takes in how many runs are where, before it is known how the latest have ended.
    pub fn on_status_update(&mut self, result: u64, tally: Tally, elapsed: Duration) {
        self.result = result;
        let counts = &mut self.counts;
        let read = counts.ended() - counts.unread;
        counts.unread = tally.ended.saturating_sub(read);
        counts.judging = tally.judging;
        counts.talking = tally.talking;
        counts.waiting = tally.runs.saturating_sub(tally.ended + tally.judging + tally.talking);
        self.estimate.go_on(self.counts, elapsed);
    }

    /// `18 of 40 runs ended`.
    pub fn headline(&self) -> String {
        format!("{} of {} ended", self.counts.ended(), text::count(self.counts.total(), "run"))
    }

    /// When it will probably be over, as far as that can be said: `about 2m left`. `limit` is the
    /// time that the suite still allows.
    pub fn outlook(&self, elapsed: Duration, limit: Duration) -> Option<String> {
        let left = self.estimate.left(elapsed)?;
        let about = estimate::rounded(left);
        Some(if left > limit {
            format!("about {about} left, the time limit ends it in {}", estimate::rounded(limit))
        } else {
            format!("about {about} left")
        })
    }
}

/// A check that is still going, as one word says it: what is decided can't be turned any more.
const fn word(check: &CheckReport) -> &'static str {
    match check.verdict {
        Verdict::Pass => "holds",
        Verdict::Inconclusive => "open",
        Verdict::Fail => "missed",
    }
}

#[cfg(test)]
mod tests;
