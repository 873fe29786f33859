//! Checks against evidence ▶ pass, fail or inconclusive, with the reason in words.
//!
//! Pure. The rule is one: a check passes when the figure would hold whatever the runs without a
//! value had given, fails when it would not hold whatever they had given, and is inconclusive in
//! between. Without a sample, with fewer samples than asked for, or with runs missing it never
//! passes.

use super::check::{Check, Unit};
use super::evidence::Evidence;
use super::sample::sample;
use super::weigh::{Confidence, Weighing};
use super::{CheckReport, FigureUnit, Interval, ScenarioRef, Verdict};
use crate::suite::checks::CheckSpec;

/// What a check is asked of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Figure<'s> {
    SuccessRate,
    Errors,
    ExpectedOutcome,
    Duration,
    AgentLatency,
    Metric(&'s str),
}

impl Figure<'_> {
    /// What a run has where it has a value of this figure.
    pub(crate) const fn value_of_a_run(&self) -> &'static str {
        match self {
            Figure::SuccessRate | Figure::Errors => "verdict",
            Figure::ExpectedOutcome => "score for the expected outcome",
            Figure::Duration => "duration",
            Figure::AgentLatency => "answer that was timed",
            Figure::Metric(_) => "value",
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Figure::SuccessRate => "success_rate",
            Figure::Errors => "errors",
            Figure::ExpectedOutcome => "expected_outcome",
            Figure::Duration => "duration",
            Figure::AgentLatency => "agent_latency",
            Figure::Metric(name) => name,
        }
    }
}

/// Judges one check. `confidence` is the suite's, a fraction; a check's own goes before it.
pub(super) fn judge(
    figure: Figure<'_>,
    spec: &CheckSpec,
    scenario: Option<ScenarioRef>,
    evidence: &Evidence<'_>,
    confidence: Option<f64>,
) -> CheckReport {
    let finding = match sample(figure, spec, evidence) {
        Ok((sampled, check)) => {
            let confidence = Confidence::of(figure, spec, &check, confidence);
            let mut finding = Weighing {
                figure,
                check: &check,
                spec,
                confidence,
                evidence,
                unknown: &sampled.unknown,
            }
            .weigh(sampled.samples);
            for note in sampled.notes {
                finding.reason = format!("{}; {note}", finding.reason);
            }
            finding
        }
        Err(reason) => {
            // Other scenarios may well have the metric.
            let of = scenario.as_ref().zip(reason.strip_prefix("no run has "));
            let reason = of.map_or_else(
                || reason.clone(),
                |(scenario, rest)| format!("no run of \"{}\" has {rest}", scenario.name),
            );
            Finding::without_samples(spec, reason)
        }
    };
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
        samples: finding.samples,
        unknown: finding.unknown,
        reason: finding.reason,
        deciding_runs: finding.deciding_runs,
    }
}

/// A judged check without its name.
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) value: Option<f64>,
    pub(super) threshold: f64,
    pub(super) unit: FigureUnit,
    pub(super) interval: Option<Interval>,
    pub(super) samples: usize,
    pub(super) unknown: usize,
    pub(super) reason: String,
    pub(super) deciding_runs: Vec<u64>,
}

impl Finding {
    pub(super) fn without_samples(spec: &CheckSpec, reason: String) -> Self {
        let (threshold, unit) = written_threshold(&spec.check);
        Finding {
            verdict: Verdict::Inconclusive,
            value: None,
            threshold,
            unit,
            interval: None,
            samples: 0,
            unknown: 0,
            reason,
            deciding_runs: Vec::new(),
        }
    }
}

/// The threshold as the suite writes it, shares as fractions.
pub(super) fn written_threshold(check: &Check) -> (f64, FigureUnit) {
    let value = check.threshold.value;
    match check.threshold.unit {
        Unit::Percent => (value / 100.0, FigureUnit::Share),
        Unit::None => (value, FigureUnit::Number),
        Unit::Milliseconds => (value, FigureUnit::Milliseconds),
        Unit::Seconds => (value, FigureUnit::Seconds),
        Unit::Minutes => (value, FigureUnit::Minutes),
    }
}
