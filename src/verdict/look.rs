//! One look at a check: its samples, weighed.
//!
//! Pure.

use super::evidence::Evidence;
use super::finding::Finding;
use super::sample::sample;
use super::weigh::{Confidence, Spent, Weighing};
use crate::checks::figure::Figure;
use crate::checks::spec::CheckSpec;

/// What the evidence says of one check. `confidence` is the suite's; `spent` is what this look may
/// spend where it is one of several.
///
/// # Errors
///
/// When there are no samples to weigh, in words.
pub(super) fn look(
    figure: Figure<'_>,
    spec: &CheckSpec,
    evidence: &Evidence<'_>,
    confidence: Option<f64>,
    spent: Option<Spent<'_>>,
) -> Result<Finding, String> {
    let (sampled, check) = sample(figure, spec, evidence)?;
    let confidence = Confidence::of(figure, spec, &check, confidence);
    let unknown = &sampled.unknown;
    let weighing = Weighing { figure, check: &check, spec, confidence, spent, evidence, unknown };
    let mut finding = weighing.weigh(sampled.samples);
    for note in sampled.notes {
        finding.reason = format!("{}; {note}", finding.reason);
    }
    Ok(finding)
}
