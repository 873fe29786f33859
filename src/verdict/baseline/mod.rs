//! Two sets of runs to what got better, what got worse, and whether it is noise.
//!
//! Pure. Compared scenario by scenario, never by the bare totals: the scenarios are the strata of a
//! Cochran–Mantel–Haenszel test for rates (`rates`) and of a van Elteren test for numbers
//! (`numbers`). A scenario that exists on one side only is said and not counted; one that ran on
//! both sides and was judged on one of them is something else, and said as that (`side_by_side`).
//! `compared` makes checks of it, with the reasons in words.

mod compared;
mod new_failures;
mod numbers;
mod rates;
mod side_by_side;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::compared::Compared;
use self::rates::{Side, rate_check};
pub use self::side_by_side::{Comparison, NoVerdict, RunsOfSide, ScenarioChange, Trend, compare};
use super::evidence::{Evidence, Sampled, Samples};
use super::sample::metric_values;
use super::{CheckReport, Verdict};
use crate::checks::figures::{BuiltIn, Kind, SUCCESS_RATE};
use crate::checks::grammar::Aggregate;
use crate::numbers::{POINTS, SHARE, beside, threshold};
use crate::scalars::Percent;
use crate::stats::drop::Rule;
use crate::suite::thresholds::{Baseline, BaselineLimit, IfMissing};

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
    let rule = Rule::Significance(significance);
    let bound = Bound { is_drop: true, of: Scale::Points, most: max_drop, rule, spent: None };
    let [base_side, head_side] = [base, head].map(|side| Side::of(&side.successes(), side));
    rate_check(SUCCESS_RATE.key, bound, &base_side, &head_side, Missing::of(head))
}

/// Judges the limits of a suite's baseline. `spent` is the error that this look may make where it is
/// one of several.
pub(super) fn judge(
    limits: &Baseline,
    base: &Evidence<'_>,
    head: &Evidence<'_>,
    spent: Option<f64>,
) -> Vec<CheckReport> {
    let bounds_of = |limit: &BaselineLimit, of: Scale| {
        bounds_of(limits, limit, of).map(move |bound| Bound { spent, ..bound })
    };
    let mut reports = Vec::new();
    for (figure, limit) in limits.figures.iter() {
        let [of_base, of_head] = [base, head].map(|side| side.built_in(figure, &Aggregate::Mean));
        let bounds_of = |of| bounds_of(limit, of);
        reports.extend(of_samples(figure.key, bounds_of, (&of_base, base), (&of_head, head)));
    }
    for (name, limit) in &limits.metrics {
        reports.extend(metric_checks(name, |of| bounds_of(limit, of), base, head));
    }
    reports.extend(new_failures::check(limits, base, head));
    reports
}

/// The checks of a suite's baseline where there is no earlier result to compare with.
pub(super) fn without_baseline(limits: &Baseline) -> Vec<CheckReport> {
    let (verdict, what) = match limits.if_missing.unwrap_or_default() {
        IfMissing::Pass => (Verdict::Pass, ": `if_missing: pass` lets it pass"),
        IfMissing::Inconclusive => (
            Verdict::Inconclusive,
            "; `if_missing: pass` below `thresholds.baseline` lets the first results of a suite pass",
        ),
        IfMissing::Fail => (Verdict::Fail, ": `if_missing: fail` makes it a failure"),
    };
    let reason = format!("there is no result of `{}` to compare with{what}", limits.from);
    let figures = limits.figures.iter();
    let figures = figures.map(|(figure, limit)| (figure.key, limit, Scale::of(figure)));
    let metrics = limits.metrics.iter();
    let metrics = metrics.map(|(name, limit)| (name.as_str(), limit, Scale::Unknown));
    let checks = figures.chain(metrics).flat_map(|(name, limit, of)| {
        bounds_of(limits, limit, of).map(|bound| {
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
            "{}; but {} of the baseline never arrived, and could have ended in any way",
            check.reason,
            crate::text::count(missing, "run")
        );
        check.deciding_runs = Vec::new();
    }
}

/// Takes the verdicts of comparisons with a baseline that says nothing beside the judged result, and
/// why. That it is named is no reason to treat it as missing.
pub fn with_refused_base(checks: &mut [CheckReport], why: &str) {
    for check in checks.iter_mut().filter(|check| check.name.ends_with(AGAINST)) {
        check.verdict = Verdict::Inconclusive;
        check.reason = why.to_owned();
        check.deciding_runs = Vec::new();
    }
}

/// How the name of each comparison with a baseline ends.
const AGAINST: &str = " against the baseline";

/// What a limit's percentage is a percentage of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// Percentage points: the difference of two shares.
    Points,
    /// The baseline's mean.
    Relative,
    /// One of the two: no run shows whether the metric is a share or a number.
    Unknown,
}

impl Scale {
    const fn of(figure: &BuiltIn) -> Self {
        match figure.kind {
            Kind::Share { .. } => Scale::Points,
            Kind::Score { .. } | Kind::Time { .. } => Scale::Relative,
        }
    }

    /// A size of a change as a person reads it, beside the one that is allowed.
    fn show(self, size: f64, allowed: f64) -> String {
        let form = if self == Scale::Points { POINTS } else { SHARE };
        beside(size, &[allowed], form)
    }

    /// The size that is allowed.
    fn show_allowed(self, allowed: f64) -> String {
        let form = if self == Scale::Points { POINTS } else { SHARE };
        threshold(allowed, form)
    }

    /// What stands behind it in a condition.
    const fn words(self) -> &'static str {
        match self {
            Scale::Relative => " of the baseline's mean",
            Scale::Points | Scale::Unknown => "",
        }
    }
}

/// One bound of a limit: a drop or a rise, as a positive fraction.
#[derive(Clone, Copy)]
struct Bound {
    is_drop: bool,
    /// Of what the change is a fraction.
    of: Scale,
    most: f64,
    rule: Rule,
    /// What one look among several may spend, in place of what the rule leaves to a single one.
    spent: Option<f64>,
}

impl Bound {
    /// Whether a change is larger than allowed.
    fn is_exceeded_by(self, change: Change) -> bool {
        let moved = if self.is_drop { -change.difference } else { change.difference };
        moved > self.most + 1e-9
    }

    /// The change that it bounds, in a word.
    const fn way(self) -> &'static str {
        if self.is_drop { "drop" } else { "rise" }
    }

    /// The chance that noise alone explains a change this large in the bound's way.
    const fn p_of(self, change: Change) -> Option<f64> {
        if self.is_drop { change.p_of_drop } else { change.p_of_rise }
    }

    /// Whether noise alone is an unlikely explanation of a change in the bound's way.
    fn is_told_from_noise(self, change: Change) -> bool {
        self.p_of(change).is_some_and(|p| p <= self.level())
    }

    /// The rule of this look.
    const fn decides(self) -> Rule {
        match self.rule {
            Rule::Significance(_) => self.rule,
            Rule::Confidence(_) => Rule::Confidence(1.0 - self.level()),
        }
    }

    /// How likely noise may explain what counts.
    const fn level(self) -> f64 {
        match (self.spent, self.rule) {
            (Some(spent), Rule::Confidence(_)) => spent,
            (_, Rule::Significance(significance)) => significance,
            (None, Rule::Confidence(confidence)) => 1.0 - confidence,
        }
    }

    /// What an interval of the change says: pass where all of it stays within the bound, fail where
    /// all of it lies beyond.
    fn verdict_between(self, low: f64, high: f64) -> Verdict {
        let (least, most) = if self.is_drop { (-high, -low) } else { (low, high) };
        if most <= self.most {
            Verdict::Pass
        } else if least > self.most {
            Verdict::Fail
        } else {
            Verdict::Inconclusive
        }
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

fn bounds_of(
    limits: &Baseline,
    limit: &BaselineLimit,
    of: Scale,
) -> impl Iterator<Item = Bound> + use<> {
    let rule = match limits.confidence {
        Some(confidence) => Rule::Confidence(confidence.fraction()),
        None => Rule::Significance(limit.significance.map_or(SIGNIFICANCE, Percent::fraction)),
    };
    let drop = limit.max_drop.map(|most| (true, most.fraction()));
    let rise = limit.max_rise.map(|most| (false, most.fraction()));
    drop.into_iter().chain(rise).map(move |(is_drop, most)| Bound {
        is_drop,
        of,
        most,
        rule,
        spent: None,
    })
}

/// A metric's change against its bounds: a binary metric by its rate, a rating or a number by its
/// mean, relative to the base's.
fn metric_checks<B: Iterator<Item = Bound>>(
    name: &str,
    bounds_of: impl Fn(Scale) -> B,
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
            return bounds_of(Scale::Unknown).map(nothing).collect();
        }
    };
    of_samples(name, bounds_of, (&base_sampled, base), (&head_sampled, head))
}

/// The change between two sides against its bounds: of numbers relative to the base's mean, of shares
/// in points.
fn of_samples<B: Iterator<Item = Bound>>(
    name: &str,
    bounds_of: impl Fn(Scale) -> B,
    (of_base, base): (&Sampled, &Evidence<'_>),
    (of_head, head): (&Sampled, &Evidence<'_>),
) -> Vec<CheckReport> {
    let missing = Missing::of(head);
    match (&of_base.samples, &of_head.samples) {
        (Samples::Numbers { .. }, Samples::Numbers { .. }) => {
            let [base, head] = [(of_base, base), (of_head, head)]
                .map(|(sampled, side)| numbers::Side::of(sampled, side));
            let check = |bound| numbers::check(name, bound, &base, &head, missing);
            bounds_of(Scale::Relative).map(check).collect()
        }
        _ => {
            let [base, head] =
                [(of_base, base), (of_head, head)].map(|(sampled, side)| Side::of(sampled, side));
            let check = |bound| rate_check(name, bound, &base, &head, missing);
            bounds_of(Scale::Points).map(check).collect()
        }
    }
}

/// Planned runs of the head that never arrived.
#[derive(Debug, Clone, Copy)]
struct Missing {
    /// All of them.
    all: usize,
    /// Those of which nobody knows the scenario.
    of_no_scenario: usize,
}

impl Missing {
    fn of(head: &Evidence<'_>) -> Self {
        let placed: usize = missing_by_scenario(head).map(|(_, missing)| missing).sum();
        Self { all: head.missing, of_no_scenario: head.missing.saturating_sub(placed) }
    }
}

/// The planned runs that never arrived, by scenario where that is known.
fn missing_by_scenario(evidence: &Evidence<'_>) -> impl Iterator<Item = (Option<u64>, usize)> {
    let known = evidence.scenarios.iter().filter(|slots| slots.scenario.id.is_some());
    known.filter(|slots| slots.missing > 0).map(|slots| (slots.scenario.id, slots.missing))
}

/// The scenario of each run.
fn scenarios_of(evidence: &Evidence<'_>) -> BTreeMap<u64, Option<u64>> {
    evidence.runs.iter().map(|(run, _)| (run.id, run.scenario)).collect()
}
