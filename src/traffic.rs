//! What talking to the platform took.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What talking to the platform took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// Requests sent, the repeated ones included.
    pub requests: u64,
    /// How many of them were repetitions.
    pub retries: u64,
    /// Seconds that were waited before the repetitions.
    #[serde(default)]
    pub waited_seconds: f64,
}
