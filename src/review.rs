//! What is known of a result or a call beside its evidence: what it was about, what people said of
//! its scores, how far a background job is. `api/wire` reads it, `report/show` shows it.
//!
//! Nothing of it takes part in a verdict.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::record::{Insights, ResultRecord, RunRecord};

/// A result with everything that the platform says of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResultView {
    /// The result and its runs.
    pub record: ResultRecord,
    /// When something about it last changed, as the platform wrote it.
    pub updated_at: Option<String>,
    /// How far the platform's explanation of the failures is.
    pub summary_status: Option<String>,
    /// Every other field that came, as it came, but for what the start was told, which may hold
    /// secrets.
    pub details: Map<String, Value>,
}

/// One call with everything that the platform says of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CallView {
    /// The call and its scores.
    pub run: RunRecord,
    /// Id of its result.
    pub result: Option<u64>,
    /// Name of its result.
    pub result_name: Option<String>,
    /// Id of the agent under test.
    pub agent: Option<u64>,
    /// Name of the agent under test.
    pub agent_name: Option<String>,
    /// What should have come out, in words.
    pub expected: Option<String>,
    /// Which parts of the expected outcome met.
    pub alignments: Vec<Alignment>,
    /// The critical scenarios that it was checked against.
    pub critical: Vec<Critical>,
    /// The votes on its metrics.
    pub votes: Vec<Vote>,
    /// Whether a person has reviewed it.
    pub reviewed: bool,
    /// What a person said of it.
    pub feedback: Option<String>,
    /// Every other field that came, as it came.
    pub details: Map<String, Value>,
}

/// A part of the expected outcome, and whether it met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Alignment {
    /// What met.
    pub outcome: String,
    /// The part of the expectation that it belongs to.
    pub expected: Option<String>,
    /// Whether the two agree.
    pub aligned: Option<bool>,
}

/// A critical scenario that a call was checked against.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Critical {
    /// Its id.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// How much it matters, in the platform's word.
    pub priority: Option<String>,
    /// How far the call deviates from it.
    pub deviation: Option<f64>,
    /// Whether a person called the verdict wrong.
    pub wrongly_marked: bool,
    /// What a person said of it.
    pub feedback: Option<String>,
}

/// A vote on a metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Vote {
    /// Id of the metric.
    pub metric: Option<u64>,
    /// For or against; none when there is only an expected value.
    pub thumbs_up: Option<bool>,
    /// The value that it should have had.
    pub expected: Value,
    /// Why.
    pub feedback: Option<String>,
}

/// How far a background job is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It is going; how far in percent, where the platform says so.
    Going(Option<f64>),
    /// It is done, and this came of it.
    Done(Map<String, Value>),
    /// It failed, for this reason.
    Failed(String),
}

/// A better prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Improvement {
    /// The prompt.
    pub improved_prompt: String,
    /// What was changed, in words.
    pub summary_of_changes: String,
}

/// A test set that was made of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TestSetView {
    /// Id of the test set.
    pub id: u64,
    /// Its name.
    pub name: Option<String>,
    /// The run that it was made of.
    pub run: Option<u64>,
    /// Id of the agent.
    pub agent: Option<u64>,
    /// The metrics in it, with the values that are expected.
    pub metrics: Vec<TestSetMetric>,
}

/// A metric of a test set.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TestSetMetric {
    /// Id of the metric.
    pub metric: Option<u64>,
    /// Its name.
    pub name: Option<String>,
    /// The value that is expected.
    pub expected: Value,
}

/// The groups of failures that a prompt could be improved by.
pub type Issues = Insights;
