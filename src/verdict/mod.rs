//! The outcomes of runs ▶ checks ▶ the gate's verdict.
//!
//! Pure. `check` is the grammar, `figure` picks and aggregates the samples, `judge` compares them
//! and says why. Reports only show what is decided here.

pub mod check;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::suite::checks::Level;

/// What the evidence says, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The evidence clears the threshold.
    Pass,
    /// There is not enough evidence to say.
    Inconclusive,
    /// The evidence misses the threshold.
    Fail,
}

impl Verdict {
    /// The verdict in a word, for sentences: `passed`, `inconclusive`, `failed`.
    pub const fn participle(self) -> &'static str {
        match self {
            Verdict::Pass => "passed",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "failed",
        }
    }
}

/// One check, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// What was checked: a built-in name or a metric as the suite names it.
    pub name: String,
    /// The scenario it was checked on alone; none for a check over the whole result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioRef>,
    /// The condition, such as `p95 <= 2500ms`.
    pub condition: String,
    /// Whether a miss breaks the gate.
    pub level: Level,
    /// What the evidence says.
    pub verdict: Verdict,
    /// The figure seen, in the unit of `unit`; none when there was no sample. Shares are fractions.
    pub value: Option<f64>,
    /// The number wanted, in the unit of `unit`. Shares are fractions.
    pub threshold: f64,
    /// The unit of `value` and `threshold`.
    pub unit: FigureUnit,
    /// Between which figures the truth lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// How many runs gave a value.
    pub samples: usize,
    /// How many runs could have given a value and did not: errored, unscored, never arrived.
    pub unknown: usize,
    /// The verdict in words: number seen, number wanted, sample size, what to do.
    pub reason: String,
    /// The runs that decided it, in ascending order: those that speak against a pass.
    pub deciding_runs: Vec<u64>,
}

/// A scenario by id and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioRef {
    /// Id of the scenario; none when it was deleted.
    pub id: Option<u64>,
    /// Its name. Written by users of the platform.
    pub name: String,
}

/// The unit of a check's figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureUnit {
    /// A fraction, shown as a percentage.
    Share,
    /// A bare number.
    Number,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
}

impl FigureUnit {
    /// A figure with its unit, as a person reads it: `87.5%`, `2310ms`, `4.2`.
    pub fn show(self, value: f64) -> String {
        match self {
            FigureUnit::Share => crate::text::percent(value),
            FigureUnit::Number => crate::text::trim_number(value, 2),
            FigureUnit::Milliseconds => format!("{}ms", crate::text::trim_number(value, 1)),
            FigureUnit::Seconds => format!("{}s", crate::text::trim_number(value, 2)),
            FigureUnit::Minutes => format!("{}m", crate::text::trim_number(value, 2)),
        }
    }
}

/// Between which figures the truth lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower end, in the check's unit.
    pub low: f64,
    /// Upper end, in the check's unit.
    pub high: f64,
    /// The confidence as a fraction; none for the bounds that runs without a value leave open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}
