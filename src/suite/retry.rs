//! When runs are started again, and when the rest of them is not waited for.

use schemars::JsonSchema;
use serde::Deserialize;

/// Which runs to start again.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The outcomes that are retried.
    #[schemars(length(min = 1))]
    pub on: Vec<RetryOn>,
    /// How many times a run is started again. Default: 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 10))]
    pub attempts: u32,
    /// How a failed run counts that passes on retry. Default: failed.
    #[serde(default)]
    pub flaky: Flaky,
}

/// How a failed run counts that passes on retry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flaky {
    /// The failure that it was; the retry is shown beside it.
    #[default]
    Failed,
    /// A pass; that it was flaky is shown.
    Passed,
}

/// An outcome that is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// A run that never became a fair conversation.
    Error,
    /// A run in which the agent failed.
    Failure,
    /// A conversation that a lost gate has left open. No suite says it: the gate itself does.
    #[serde(skip)]
    Lost,
}

/// When to end the remaining calls because the verdict is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EarlyStop {
    /// Let every call finish.
    #[default]
    Never,
    /// When the gate fails whatever the remaining runs show.
    Failed,
    /// Also when it passes whatever the remaining runs show.
    Decided,
}

const fn one() -> u32 {
    1
}
