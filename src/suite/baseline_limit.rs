//! How far a figure may move from a baseline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalars::Percent;

/// How far a figure may move from the baseline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BaselineLimit {
    /// The largest drop that is accepted: in percentage points for a share (the success rate, a binary
    /// metric), relative to the baseline's mean for a rating or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_drop: Option<Percent>,
    /// The largest rise that is accepted: in percentage points for a share, relative to the baseline's
    /// mean for a rating or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rise: Option<Percent>,
    /// How likely noise alone may explain a change that counts. Default: 5%.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub significance: Option<Percent>,
}
