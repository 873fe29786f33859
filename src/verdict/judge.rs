//! Checks against evidence to pass, fail or inconclusive, with the reason in words.
//!
//! Pure. The rule is one: a check passes when the figure would hold whatever the runs without a
//! value had given, fails when it would not hold whatever they had given, and is inconclusive in
//! between. Without a sample, with fewer samples than asked for, or with runs missing it never
//! passes.

use super::evidence::Evidence;
use super::look::look;
use super::{CheckReport, ScenarioRef, rounds};
use crate::checks::figure::Figure;
use crate::checks::spec::CheckSpec;
use crate::verdict::finding::Finding;

/// Judges one check. `confidence` is the suite's, a fraction; a check's own goes before it.
pub(crate) fn judge(
    figure: Figure<'_>,
    spec: &CheckSpec,
    scenario: Option<ScenarioRef>,
    evidence: &Evidence<'_>,
    confidence: Option<f64>,
) -> CheckReport {
    let found = match evidence.looks.is_empty() {
        true => look(figure, spec, evidence, confidence, None),
        false => rounds::find(figure, spec, evidence, confidence),
    };
    let finding = found.unwrap_or_else(|reason| {
        // Other scenarios may well have the metric.
        let of = scenario.as_ref().zip(reason.strip_prefix("no run has "));
        let reason = of.map_or_else(
            || reason.clone(),
            |(scenario, rest)| format!("no run of \"{}\" has {rest}", scenario.name),
        );
        Finding::without_samples(spec, reason)
    });
    report(figure, spec, scenario, finding)
}

/// A check for which there is nothing to judge, and why.
pub(super) fn without_evidence(
    figure: Figure<'_>,
    spec: &CheckSpec,
    reason: String,
) -> CheckReport {
    report(figure, spec, None, Finding::without_samples(spec, reason))
}

fn report(
    figure: Figure<'_>,
    spec: &CheckSpec,
    scenario: Option<ScenarioRef>,
    finding: Finding,
) -> CheckReport {
    CheckReport {
        name: figure.name().to_owned(),
        group: None,
        scenario,
        condition: spec.check.to_string(),
        level: spec.level,
        verdict: finding.verdict,
        value: finding.value,
        threshold: finding.threshold,
        unit: finding.unit,
        interval: finding.interval,
        rounds: finding.rounds,
        samples: finding.samples,
        unknown: finding.unknown,
        further_runs: finding.further_runs,
        reason: finding.reason,
        deciding_runs: finding.deciding_runs,
    }
}
