//! Two sets of runs ▶ what got better, what got worse, and whether it is noise.
//!
//! Pure. Compared scenario by scenario, never by the bare totals: the scenarios are the strata of a
//! Cochran–Mantel–Haenszel test for rates (`rates`) and of a van Elteren test for numbers
//! (`numbers`). A scenario that exists on one side only is said and not counted; one that ran on
//! both sides and was judged on one of them is something else, and said as that (`side_by_side`).
//! `tell` makes checks of it, with the reasons in words.

mod new_failures;
mod numbers;
mod rates;
mod side_by_side;
mod tell;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::rates::{Side, rate_check};
pub use self::side_by_side::{Comparison, NoVerdict, RunsOfSide, ScenarioChange, Trend, compare};
use self::tell::Compared;
use super::evidence::{Evidence, Samples};
use super::judge::Figure;
use super::sample::metric_values;
use super::{CheckReport, Verdict};
use crate::suite::model::{Baseline, BaselineLimit, IfMissing};

/// How likely noise alone may explain a change that counts, where the suite does not say.
pub const SIGNIFICANCE: f64 = 0.05;

/// A change and how likely noise alone explains one this large.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Head minus base; a fraction for a rate.
    pub difference: f64,
    /// One-sided p-value of a drop; none where there is nothing to test.
    pub p_of_drop: Option<f64>,
    /// One-sided p-value of a rise.
    pub p_of_rise: Option<f64>,
}

impl Change {
    const fn of(difference: f64) -> Self {
        Self { difference, p_of_drop: None, p_of_rise: None }
    }
}

/// Judges a drop of the success rate: what a suite's `max_drop` asks, without a suite. Both limits
/// are fractions.
pub fn drop_of_success_rate(
    base: &Evidence<'_>,
    head: &Evidence<'_>,
    max_drop: f64,
    significance: f64,
) -> CheckReport {
    let bound = Bound { is_drop: true, most: max_drop, significance };
    let [base_side, head_side] = [base, head].map(|side| Side::of(&side.successes(), side));
    rate_check(Figure::SuccessRate.name(), bound, &base_side, &head_side, head.missing)
}

/// Judges the limits of a suite's baseline.
pub(super) fn judge(
    limits: &Baseline,
    base: &Evidence<'_>,
    head: &Evidence<'_>,
) -> Vec<CheckReport> {
    let mut reports = Vec::new();
    if let Some(limit) = &limits.success_rate {
        let [base, head_side] = [base, head].map(|side| Side::of(&side.successes(), side));
        let name = Figure::SuccessRate.name();
        let check = |bound| rate_check(name, bound, &base, &head_side, head.missing);
        reports.extend(bounds_of(limit).map(check));
    }
    for (name, limit) in &limits.metrics {
        reports.extend(metric_checks(name, limit, base, head));
    }
    reports.extend(new_failures::check(limits, base, head));
    reports
}

/// The checks of a suite's baseline where there is no earlier result to compare with.
pub(super) fn without_baseline(limits: &Baseline) -> Vec<CheckReport> {
    let (verdict, what) = match limits.if_missing.unwrap_or_default() {
        IfMissing::Pass => (Verdict::Pass, "which `if_missing` lets pass"),
        IfMissing::Inconclusive => (
            Verdict::Inconclusive,
            "`if_missing: pass` would let the first results of a suite pass",
        ),
        IfMissing::Fail => (Verdict::Fail, "which `if_missing` makes a failure"),
    };
    let reason = format!("there is no result of `{}` to compare with: {what}", limits.from);
    let rate = limits.success_rate.iter().map(|limit| (Figure::SuccessRate.name(), limit));
    let metrics = limits.metrics.iter().map(|(name, limit)| (name.as_str(), limit));
    let checks = rate.chain(metrics).flat_map(|(name, limit)| {
        bounds_of(limit).map(|bound| {
            let check = Compared::without_evidence(name, bound, reason.clone()).report();
            CheckReport { verdict, ..check }
        })
    });
    checks.chain(new_failures::without_baseline(limits, verdict, &reason)).collect()
}

/// Takes the verdicts back of comparisons with a baseline of which so many runs are not known: they
/// could have been anything, of any scenario.
pub fn with_unknown_base(checks: &mut [CheckReport], missing: usize) {
    let compared = checks.iter_mut().filter(|check| check.name.ends_with(AGAINST));
    for check in compared.filter(|check| missing > 0 && check.verdict != Verdict::Inconclusive) {
        check.verdict = Verdict::Inconclusive;
        check.reason = format!(
            "{}; but {} of the baseline never arrived, and could have been anything",
            check.reason,
            crate::text::count(missing, "run")
        );
        check.deciding_runs = Vec::new();
    }
}

/// How the name of each comparison with a baseline ends.
const AGAINST: &str = " against the baseline";

/// One bound of a limit: a drop or a rise, as a positive fraction.
#[derive(Clone, Copy)]
struct Bound {
    is_drop: bool,
    most: f64,
    significance: f64,
}

impl Bound {
    /// Whether a change is larger than allowed.
    fn is_exceeded_by(self, change: Change) -> bool {
        let moved = if self.is_drop { -change.difference } else { change.difference };
        moved > self.most + 1e-9
    }

    /// The chance that noise alone explains a change this large in the bound's way.
    const fn p_of(self, change: Change) -> Option<f64> {
        if self.is_drop { change.p_of_drop } else { change.p_of_rise }
    }

    /// Whether noise alone is an unlikely explanation of a change in the bound's way.
    fn is_told_from_noise(self, change: Change) -> bool {
        self.p_of(change).is_some_and(|p| p <= self.significance)
    }

    /// A change fails when it is larger than allowed and unlikely to be noise.
    fn verdict_of(self, change: Option<Change>) -> Verdict {
        match change {
            None => Verdict::Inconclusive,
            Some(change) if self.is_exceeded_by(change) && self.is_told_from_noise(change) => {
                Verdict::Fail
            }
            Some(_) => Verdict::Pass,
        }
    }
}

fn bounds_of(limit: &BaselineLimit) -> impl Iterator<Item = Bound> {
    let significance = limit.significance.map_or(SIGNIFICANCE, |percent| percent.fraction());
    let drop = limit.max_drop.map(|most| (true, most.fraction()));
    let rise = limit.max_rise.map(|most| (false, most.fraction()));
    drop.into_iter().chain(rise).map(move |(is_drop, most)| Bound { is_drop, most, significance })
}

/// A metric's change against its bounds: a binary metric by its rate, a rating or a number by its
/// mean, relative to the base's.
fn metric_checks(
    name: &str,
    limit: &BaselineLimit,
    base: &Evidence<'_>,
    head: &Evidence<'_>,
) -> Vec<CheckReport> {
    let sides = metric_values(name, base)
        .map_err(|why| format!("in the baseline, {why}"))
        .and_then(|base| Ok((base, metric_values(name, head)?)));
    let (base_sampled, head_sampled) = match sides {
        Ok(sides) => sides,
        Err(reason) => {
            let nothing = |bound| Compared::without_evidence(name, bound, reason.clone()).report();
            return bounds_of(limit).map(nothing).collect();
        }
    };
    match (&base_sampled.samples, &head_sampled.samples) {
        (Samples::Numbers { .. }, Samples::Numbers { .. }) => {
            let base = numbers::Side::of(&base_sampled, base);
            let head_side = numbers::Side::of(&head_sampled, head);
            let check = |bound| numbers::check(name, bound, &base, &head_side, head.missing);
            bounds_of(limit).map(check).collect()
        }
        _ => {
            let (base, head_side) = (Side::of(&base_sampled, base), Side::of(&head_sampled, head));
            let check = |bound| rate_check(name, bound, &base, &head_side, head.missing);
            bounds_of(limit).map(check).collect()
        }
    }
}

/// The scenario of each run.
fn scenarios_of(evidence: &Evidence<'_>) -> BTreeMap<u64, Option<u64>> {
    evidence.runs.iter().map(|(run, _)| (run.id, run.scenario)).collect()
}
