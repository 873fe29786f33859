//! What a check found, before it has a name.

use super::{CheckRounds, Interval, Verdict};
use crate::checks::figure::{FigureUnit, written_threshold};
use crate::checks::spec::CheckSpec;

/// A judged check without its name.
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    pub(crate) value: Option<f64>,
    pub(crate) threshold: f64,
    pub(crate) unit: FigureUnit,
    pub(crate) interval: Option<Interval>,
    pub(crate) rounds: Option<CheckRounds>,
    pub(crate) samples: usize,
    pub(crate) unknown: usize,
    pub(crate) further_runs: Option<usize>,
    pub(crate) reason: String,
    pub(crate) deciding_runs: Vec<u64>,
}

impl Finding {
    pub(crate) fn without_samples(spec: &CheckSpec, reason: String) -> Self {
        let (threshold, unit) = written_threshold(&spec.check);
        Finding {
            verdict: Verdict::Inconclusive,
            value: None,
            threshold,
            unit,
            interval: None,
            rounds: None,
            samples: 0,
            unknown: 0,
            further_runs: None,
            reason,
            deciding_runs: Vec::new(),
        }
    }
}
