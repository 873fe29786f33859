//! What the runs of a suite must show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checks::spec::{Checks, Level};
use crate::scalars::Percent;
pub use crate::suite::baseline_limit::BaselineLimit;
use crate::suite::by_figure::{ByFigure, OfBaseline, OfEachScenario, OfRuns};
use crate::suite::new_failures::NewFailures;

/// What the runs must show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Checks of built-in figures, each under its key.
    #[serde(flatten)]
    pub figures: ByFigure<OfRuns>,
    /// Share of the agent's paths that the runs covered, for example `">= 80%"`. It only warns,
    /// unless `level: error` is said.
    #[serde(skip_serializing_if = "Option::is_none", with = "crate::checks::spec::warnings")]
    #[schemars(with = "Option<Checks>")]
    pub coverage: Option<Checks>,
    /// Checks that each scenario must pass on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each_scenario: Option<EachScenario>,
    /// Checks on the account's metrics, each named by its name (any case), slug, code or id. The
    /// platform states no unit: `check` shows the one that is assumed, and `unit` sets it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Checks>,
    /// Checks for some of the scenarios, each group under a name of your own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Group>,
    /// Judge rates by an interval at this confidence, for example `95%`, not by the bare sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Percent>,
    /// Compare with an earlier result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
}

/// Checks that each scenario must pass on its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EachScenario {
    /// Checks of built-in figures, each under its key.
    #[serde(flatten)]
    pub figures: ByFigure<OfEachScenario>,
    /// Checks on the account's metrics, over the scenario's runs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Checks>,
    /// Confidence for these checks, in place of `thresholds.confidence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Percent>,
}

/// Comparison with an earlier result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// A saved result.json, a result id, or a branch: the newest finished result of this suite there.
    /// `matrix`: the first agent of the matrix, in the same run. The branch of a job is what its CI
    /// system says, or CEKURA_GATE_BRANCH.
    #[schemars(length(min = 1))]
    pub from: String,
    /// What the comparison comes to where there is no such result, as in the first pull request of
    /// a repository. Default: inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_missing: Option<IfMissing>,
    /// Limits of built-in figures, each under its key.
    #[serde(flatten)]
    pub figures: ByFigure<OfBaseline>,
    /// How far each metric may move: a binary metric in percentage points, a rating or a number
    /// relative to the baseline's mean.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, BaselineLimit>,
    /// How many scenarios that held in the baseline may fall now, beyond noise: a number, or a share
    /// such as `5%` of the scenarios on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_failures: Option<NewFailures>,
    /// How likely noise alone may explain a fall that counts for `new_failures`, of each scenario.
    /// Default: 5%.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub significance: Option<Percent>,
    /// Judge drops and rises by an interval at this confidence, for example `95%`: pass where all of
    /// it stays within the limit, fail where all of it lies beyond, else inconclusive. Without it, a
    /// change fails that is too large and unlikely to be noise, and any other passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Percent>,
}

/// What a comparison comes to where there is nothing to compare with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfMissing {
    /// It passes.
    Pass,
    /// It cannot be decided.
    #[default]
    Inconclusive,
    /// It fails.
    Fail,
}

/// Some of the scenarios, and the checks that they must pass. A scenario belongs to the group where
/// one of `tags`, `scenarios`, `names` and `cases` fits it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Group {
    /// The scenarios that carry one of these tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub tags: Option<Vec<String>>,
    /// The scenarios with these ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub scenarios: Option<Vec<u64>>,
    /// The scenarios with one of these names, in any case; `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub names: Option<Vec<String>>,
    /// The test cases with one of these keys or names, in any case; `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub cases: Option<Vec<String>>,
    /// Whether a miss of the group's checks breaks the gate. `warn` holds for each of them.
    /// Default: error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Checks of built-in figures, each under its key.
    #[serde(flatten)]
    pub figures: ByFigure<OfRuns>,
    /// Checks that each scenario of the group must pass on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each_scenario: Option<EachScenario>,
    /// Checks on the account's metrics, over the group's runs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Checks>,
    /// Confidence for the group's checks, in place of `thresholds.confidence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Percent>,
}
