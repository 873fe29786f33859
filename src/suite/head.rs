//! The suite, as far as a saved result needs it to explain its verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Mode, Quarantine};
use crate::suite::thresholds::Thresholds;

/// The suite, as far as it explains the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteHead {
    /// Name of the suite.
    pub name: String,
    /// Path of the suite file as the user wrote it; none when flags alone made the suite.
    pub file: Option<String>,
    /// How the simulated caller reached the agent.
    pub mode: Mode,
    /// The thresholds that were judged.
    pub thresholds: Thresholds,
    /// The scenarios that count towards nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<Quarantine>,
    /// Whether the verdict is reported only and decides no exit code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report_only: bool,
}

impl SuiteHead {
    /// Whether a scenario's runs count towards nothing.
    pub fn quarantines(&self, scenario: Option<u64>) -> bool {
        self.quarantine.iter().any(|entry| Some(entry.scenario) == scenario)
    }
}
