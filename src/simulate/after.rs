//! What happens to a result after its calls: votes, new scores, background jobs, test sets.
//!
//! State only. `answers/after` reads the calls that change it, `answers/runs` shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

/// How long a background job takes, in simulated seconds.
pub(super) const JOB_SECONDS: f64 = 20.0;

/// What people and later evaluations said of a run.
#[derive(Debug, Default)]
pub(super) struct Reviews {
    /// The votes on metrics, by the metric's id.
    pub(super) metrics: BTreeMap<u64, Vote>,
    /// The vote on the expected outcome.
    pub(super) outcome: Option<Vote>,
    /// The critical scenarios whose verdict was called wrong.
    pub(super) wrong: BTreeSet<u64>,
    /// The metrics that were scored again.
    pub(super) scored_again: BTreeSet<u64>,
    /// Whether the expected outcome was judged again.
    pub(super) outcome_again: bool,
    /// How often something was scored again.
    pub(super) generation: u64,
    /// Simulated second until which it is evaluated again.
    pub(super) evaluating_until: f64,
    /// Whether the run passes by its new scores; none as long as its fate decides.
    pub(super) success: Option<bool>,
}

impl Reviews {
    /// Whether anyone voted.
    pub(super) fn is_reviewed(&self) -> bool {
        !self.metrics.is_empty() || self.outcome.is_some() || !self.wrong.is_empty()
    }
}

/// A vote.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Vote {
    pub(super) thumbs_up: Option<bool>,
    pub(super) expected: Value,
    pub(super) feedback: Option<String>,
}

impl Vote {
    pub(super) fn show(&self) -> Value {
        json!({
            "thumbs_up": self.thumbs_up,
            "expected_value": self.expected,
            "feedback": self.feedback,
        })
    }
}

/// A job in the background.
#[derive(Debug)]
pub(super) struct Job {
    /// Real time between the simulator's beginning and the job's.
    pub(super) began: Duration,
    /// What it answers when it is done.
    pub(super) done: Value,
}

impl Job {
    /// How far it is, in percent.
    pub(super) fn percent(&self, now: Duration, time_scale: f64) -> u64 {
        if time_scale <= 0.0 {
            return 100;
        }
        let simulated = now.saturating_sub(self.began).as_secs_f64() * time_scale;
        (simulated / JOB_SECONDS * 100.0).clamp(0.0, 100.0) as u64
    }
}
