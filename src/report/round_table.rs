//! The rounds of a report: what each started, what it decided, and what was saved.
//!
//! Pure. Each reader's report shows them in its own shape; the words are here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::escape::short;
use crate::text;

/// The rounds of a suite whose runs come in rounds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundTable {
    /// How many rounds there could have been.
    pub planned_rounds: usize,
    /// How many runs there could have been, all rounds together.
    pub most_runs: usize,
    /// How many were started, without retries.
    pub started_runs: usize,
    /// How many were not: what stopping early has saved.
    pub saved_runs: usize,
    /// The rounds that were started, the first one first.
    pub rounds: Vec<RoundRow>,
}

/// One round that was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundRow {
    /// Its number, from 1.
    pub number: u32,
    /// How many scenarios or test cases were started in it.
    pub scenarios: usize,
    /// How many runs each of them has in it.
    pub runs_per_scenario: usize,
    /// How many runs were started in it.
    pub runs: usize,
    /// How many were started by its end, all rounds together.
    pub runs_so_far: usize,
    /// Runs of it that were not started, because what started first had failed for good.
    #[serde(default, skip_serializing_if = "is_none")]
    pub not_started: usize,
    /// Checks that it passed, as they are called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
    /// Checks that it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(runs: &usize) -> bool {
    *runs == 0
}

impl RoundTable {
    /// What the rounds came to: `8 of at most 24 runs were started, in 1 of 3 rounds; 16 saved`.
    pub fn summary(&self) -> String {
        format!(
            "{} of at most {} were started, in {} of {}; {} saved",
            self.started_runs,
            text::count(self.most_runs, "run"),
            self.rounds.len(),
            text::count(self.planned_rounds, "round"),
            self.saved_runs
        )
    }
}

impl RoundRow {
    /// What was started: `10 scenarios × 3 = 30 runs`.
    pub fn started(&self) -> String {
        let mut told = format!(
            "{} × {} = {}",
            text::count(self.scenarios, "scenario"),
            self.runs_per_scenario,
            text::count(self.runs, "run")
        );
        if self.not_started > 0 {
            told.push_str(&format!("; the other {} not started", self.not_started));
        }
        told
    }

    /// What it decided, of each kind the first few: `failed success_rate`.
    pub fn decided(&self) -> String {
        let part = |names: &[String], verb: &str| {
            const MOST: usize = 3;
            let shown: Vec<String> = names.iter().take(MOST).map(|name| short(name, 80)).collect();
            let more = match names.len().checked_sub(MOST) {
                Some(more @ 1..) => format!(" and {}", text::count(more, "more check")),
                _ => String::new(),
            };
            (!names.is_empty()).then(|| format!("{verb} {}{more}", shown.join(", ")))
        };
        let parts: Vec<String> = [part(&self.failed, "failed"), part(&self.passed, "passed")]
            .into_iter()
            .flatten()
            .collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") }
    }
}
