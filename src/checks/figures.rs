//! The built-in figures, each one entry of one table: its key and what stands under it, how a run
//! gives a value, what can be asked of it.
//!
//! Pure. A figure that is added here has its keys in the suite and their schema, its rules, its
//! samples, its checks, and its place in the reports.

use std::fmt;

use super::aggregate::of_numbers;
use super::grammar::{Aggregate, Check, Unit};
use super::units;
use crate::outcome::{Blame, Outcome, RunOutcome};
use crate::record::RunRecord;

/// A built-in figure.
pub struct BuiltIn {
    /// Its key in a suite, and its name in reports.
    pub(crate) key: &'static str,
    /// What stands under its key in `thresholds` and in a group: the schema's description.
    pub(crate) about: &'static str,
    /// The same in `each_scenario`; none where it has no key there.
    pub(crate) about_each: Option<&'static str>,
    /// The same in `baseline`; none where it has no key there.
    pub(crate) about_baseline: Option<&'static str>,
    /// What a run has where it has a value, for messages.
    pub(crate) of_a_run: &'static str,
    /// Whether only the gate itself can measure it: where it carries the turns, in mode api_chat.
    pub(crate) only_in_api_chat: bool,
    /// What a run lacks where the platform may still add it to an ended result, and whether a run
    /// has it; none where nothing is waited for.
    pub(crate) late: Option<Late>,
    /// What each run gives, and so what can be asked of it.
    pub(crate) kind: Kind,
}

/// A part of a run that the platform may add after the run ended.
#[derive(Clone, Copy)]
pub(crate) struct Late {
    /// What it is called in messages.
    pub(crate) name: &'static str,
    /// Whether a run has it, readable or not.
    pub(crate) has: fn(&RunRecord) -> bool,
}

/// What each run gives.
pub(crate) enum Kind {
    /// Yes or no; the figure is the share of yes.
    Share {
        /// What a run says; the last argument is whether runs are still going.
        says: fn(&RunRecord, &RunOutcome, bool) -> Reading<bool>,
        /// Whether an agent is better the larger the share.
        high_is_good: bool,
    },
    /// A score from 0 to 100; the figure is an aggregate of it, or the share of the runs at 100.
    Score {
        /// The score of a run.
        of: fn(&RunRecord, &RunOutcome) -> Reading<f64>,
    },
    /// One or more times; the figure is an aggregate of the runs' values.
    Time {
        /// The times of a run. Where it has several, the check's aggregate makes one value of them:
        /// so `max` is the slowest of all, and a long conversation weighs no more than a short one.
        of: fn(&RunRecord) -> &[f64],
        /// The unit of the times.
        unit: Unit,
        /// Whether a run has several.
        are_several: bool,
        /// What it is called above a plot.
        title: &'static str,
        /// Why an aggregate must be named, for messages.
        each: &'static str,
        /// A check of it that makes sense.
        example: &'static str,
        /// What is wrong with a check that no one can mean, and the fix.
        nonsense: fn(&Check) -> Option<(String, String)>,
    },
}

/// What one run says about one figure: at most one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reading<T> {
    /// It gives this value.
    Value(T),
    /// It could have given any value and gave none that can be used.
    Unknown,
    /// It does not concern the figure, such as a metric that was skipped as irrelevant.
    Skipped,
    /// Nothing of the figure stands in it.
    Absent,
}

/// Every built-in figure, in the order of suites and reports.
pub(crate) static ALL: [&BuiltIn; 5] =
    [&SUCCESS_RATE, &ERRORS, &EXPECTED_OUTCOME, &DURATION, &AGENT_LATENCY];

/// Whether each judged run passed.
pub(crate) static SUCCESS_RATE: BuiltIn = BuiltIn {
    key: "success_rate",
    about: "Share of the runs that pass, for example `\">= 90%\"`, in short `90%`.",
    about_each: Some("Share of the scenario's runs that pass."),
    about_baseline: Some(
        "How far the success rate may drop, in percentage points: `max_drop: 5%` accepts 90% after 95%.",
    ),
    of_a_run: "verdict",
    only_in_api_chat: false,
    // A run without a score is waited for whatever the others have: see `settle`.
    late: None,
    kind: Kind::Share {
        says: |_, outcome, _| match outcome.outcome {
            Outcome::Passed => Reading::Value(true),
            Outcome::Failed => Reading::Value(false),
            Outcome::Errored | Outcome::Unscored => Reading::Unknown,
        },
        high_is_good: true,
    },
};

/// Whether each run never became a fair conversation. It is not known of runs that are still going or
/// that the gate itself ended early.
pub(crate) static ERRORS: BuiltIn = BuiltIn {
    key: "errors",
    about: "Share of the runs that never became a fair conversation, for example `\"<= 10%\"`.",
    about_each: None,
    about_baseline: None,
    of_a_run: "verdict",
    only_in_api_chat: false,
    late: None,
    kind: Kind::Share {
        says: |run, outcome, going| {
            let ended_by_gate = outcome.blame == Some(Blame::Operator);
            if going && (!run.status.is_terminal() || ended_by_gate) {
                Reading::Unknown
            } else {
                Reading::Value(outcome.outcome == Outcome::Errored)
            }
        },
        high_is_good: false,
    },
};

/// The expected outcome's score of each run that has one.
pub(crate) static EXPECTED_OUTCOME: BuiltIn = BuiltIn {
    key: "expected_outcome",
    about: "Share of the runs that fully met their expected outcome, or an aggregate of its score (0–100).",
    about_each: None,
    about_baseline: None,
    of_a_run: "score for the expected outcome",
    only_in_api_chat: false,
    late: Some(Late {
        name: "a score of the expected outcome",
        has: |run| {
            let outcome = run.expected_outcome.as_ref();
            outcome.is_some_and(|outcome| outcome.score.is_some() || outcome.unreadable)
        },
    }),
    kind: Kind::Score {
        of: |run, outcome| {
            let expected = run.expected_outcome.as_ref();
            if expected.is_some_and(|expected| expected.unreadable) {
                return Reading::Unknown;
            }
            match (outcome.outcome, expected.and_then(|expected| expected.score)) {
                (Outcome::Errored, _) | (Outcome::Unscored, None) => Reading::Unknown,
                (_, Some(score)) => Reading::Value(score),
                (Outcome::Passed | Outcome::Failed, None) => Reading::Absent,
            }
        },
    },
};

/// The length of each conversation.
pub(crate) static DURATION: BuiltIn = BuiltIn {
    key: "duration",
    about: "An aggregate of the calls' durations, for example `\"p95 <= 3m\"`.",
    about_each: None,
    about_baseline: None,
    of_a_run: "duration",
    only_in_api_chat: false,
    late: Some(Late {
        name: "a duration",
        has: |run| run.duration_seconds.is_some() || is_unreadable(run, "duration"),
    }),
    kind: Kind::Time {
        of: |run| run.duration_seconds.as_slice(),
        unit: Unit::Seconds,
        are_several: false,
        title: "Duration",
        each: "duration: each run has its own",
        example: "p95 <= 3m",
        nonsense: units::nonsense_of_duration,
    },
};

/// How long the agent took for its answers in each run.
static AGENT_LATENCY: BuiltIn = BuiltIn {
    key: "agent_latency",
    about: "An aggregate of the times that the agent takes for its answers, in mode api_chat, for example `\"p95 <= 2s\"`.",
    about_each: Some(
        "An aggregate of the times that the agent takes for its answers, over the scenario's runs.",
    ),
    about_baseline: Some(
        "How far the mean time may move that the agent takes for its answers, in mode api_chat.",
    ),
    of_a_run: "timed answer",
    only_in_api_chat: true,
    late: None,
    kind: Kind::Time {
        of: |run| &run.agent_latencies_ms,
        unit: Unit::Milliseconds,
        are_several: true,
        title: "Agent latency",
        each: "latency: each answer has its own",
        example: "p95 <= 2s",
        nonsense: units::nonsense_of_agent_latency,
    },
};

impl BuiltIn {
    /// Whether its checks notice failed runs.
    pub(crate) const fn sees_failures(&self) -> bool {
        matches!(self.kind, Kind::Share { high_is_good: true, .. } | Kind::Score { .. })
    }

    /// Whether it is a share that is better low.
    pub(crate) const fn is_better_low(&self) -> bool {
        matches!(self.kind, Kind::Share { high_is_good: false, .. })
    }
}

impl PartialEq for BuiltIn {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for BuiltIn {}

impl fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

/// Whether a field of a run cannot be read.
pub(crate) fn is_unreadable(run: &RunRecord, field: &str) -> bool {
    run.unreadable.iter().any(|one| one.field == field)
}

/// The one value that a run's times come to under a check's aggregate; none without a time.
pub(crate) fn one_time(aggregate: &Aggregate, times: &[f64]) -> Option<f64> {
    let of_run = match aggregate {
        // It counts the runs that have a value.
        Aggregate::Count => &Aggregate::Mean,
        other => other,
    };
    of_numbers(of_run, times)
}
