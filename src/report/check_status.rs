//! How a check stands in a report, in a word.

use super::model::Report;
use crate::checks::spec::Level;
use crate::verdict::{CheckReport, Verdict};

/// How a check stands in a report: its verdict, and a warning for one that doesn't gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    /// A gating check was missed.
    Failed,
    /// A gating check could not be decided.
    Inconclusive,
    /// A check that does not gate was missed or could not be decided.
    Warning,
    /// The check passed.
    Passed,
}

impl CheckStatus {
    /// How a check stands.
    pub const fn of(check: &CheckReport) -> Self {
        match (check.verdict, check.level) {
            (Verdict::Pass, _) => CheckStatus::Passed,
            (_, Level::Warn) => CheckStatus::Warning,
            (Verdict::Fail, Level::Error) => CheckStatus::Failed,
            (Verdict::Inconclusive, Level::Error) => CheckStatus::Inconclusive,
        }
    }

    /// It in a word.
    pub const fn word(self) -> &'static str {
        match self {
            CheckStatus::Failed => "failed",
            CheckStatus::Inconclusive => "inconclusive",
            CheckStatus::Warning => "warning",
            CheckStatus::Passed => "passed",
        }
    }

    /// It in a word for a report: what the check would do, where the gate reports only.
    pub const fn word_in(self, report: &Report) -> &'static str {
        match self {
            CheckStatus::Failed if report.suite.report_only => would(Verdict::Fail),
            CheckStatus::Inconclusive if report.suite.report_only => would(Verdict::Inconclusive),
            status => status.word(),
        }
    }

    /// It as it looks in a report: what breaks nothing is a warning.
    #[must_use]
    pub const fn look_in(self, report: &Report) -> Self {
        match self {
            CheckStatus::Failed | CheckStatus::Inconclusive if report.suite.report_only => {
                CheckStatus::Warning
            }
            status => status,
        }
    }
}

/// What a gate would do that is reported only.
pub const fn would(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "would pass",
        Verdict::Inconclusive => "would be inconclusive",
        Verdict::Fail => "would fail",
    }
}
