//! How much a suite may start.

use schemars::JsonSchema;
use serde::Deserialize;

/// Limits that are checked before the first call.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// The largest number of runs that may be started.
    #[schemars(range(min = 1))]
    pub max_runs: Option<u64>,
    /// The largest cost that may be started, in the account's currency.
    #[schemars(range(min = 0))]
    pub max_cost: Option<f64>,
    /// What one run costs, where the platform does not price the plan.
    #[schemars(range(min = 0))]
    pub price_per_run: Option<f64>,
}
