//! The verdict of a gate or of the whole: that of its evidence, or that there is none because no
//! change touches it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// The verdict of a gate, or of several together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchVerdict {
    /// The evidence clears the thresholds.
    Pass,
    /// There is not enough evidence to say.
    Inconclusive,
    /// The evidence misses a threshold.
    Fail,
    /// Nothing was started and nothing judged: the change cannot touch it.
    Skipped,
}

impl BatchVerdict {
    /// The word for it in the outputs for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }

    /// The verdict in a word, for sentences.
    pub const fn participle(self) -> &'static str {
        match self {
            Self::Pass => Verdict::Pass.participle(),
            Self::Inconclusive => Verdict::Inconclusive.participle(),
            Self::Fail => Verdict::Fail.participle(),
            Self::Skipped => "skipped",
        }
    }

    /// The verdict of its evidence; none where there is none.
    pub const fn of_evidence(self) -> Option<Verdict> {
        match self {
            Self::Pass => Some(Verdict::Pass),
            Self::Inconclusive => Some(Verdict::Inconclusive),
            Self::Fail => Some(Verdict::Fail),
            Self::Skipped => None,
        }
    }
}
