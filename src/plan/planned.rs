//! What is known of the planned scenarios and test cases before the start.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A scenario as the lookup before the start found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundScenario {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
}

/// A planned test case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCase {
    /// Its key in the suite.
    pub key: String,
    /// Its name, which is what the platform's answers carry.
    pub name: String,
    /// How many runs it was to have.
    pub runs: usize,
    /// Its tags, those that all cases have included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}
