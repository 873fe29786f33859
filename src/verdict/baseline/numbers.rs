//! Numbers of a metric on two sides, scenario by scenario: by how much their mean moved, and whether
//! that is within a bound.

use std::collections::{BTreeMap, BTreeSet};

use super::compared::Compared;
use super::rates::nothing_in_common;
use super::{Bound, Change, Missing, missing_by_scenario, scenarios_of};
use crate::stats::drop::Rule;
use crate::stats::ranks::{least_p, van_elteren};
use crate::stats::{normal, rate};
use crate::text;
use crate::verdict::bounds::LACKING_FOR_A_MEAN;
use crate::verdict::evidence::{Evidence, Sampled, Samples};
use crate::verdict::{CheckReport, Verdict};

/// The numbers of one side by scenario.
pub(super) struct Side {
    values: BTreeMap<Option<u64>, Vec<f64>>,
    /// Runs that could have given a number and did not, and those that never arrived, by scenario.
    open: BTreeMap<Option<u64>, usize>,
    /// Those of them that arrived.
    unknown: Vec<u64>,
    /// The share of the runs that may lack a number.
    lacking: f64,
}

impl Side {
    pub(super) fn of(sampled: &Sampled, evidence: &Evidence<'_>) -> Self {
        let scenarios = scenarios_of(evidence);
        let scenario_of = |run: &u64| scenarios.get(run).copied().flatten();
        let mut values: BTreeMap<Option<u64>, Vec<f64>> = BTreeMap::new();
        if let Samples::Numbers { values: numbers, .. } = &sampled.samples {
            for (run, number) in numbers {
                values.entry(scenario_of(run)).or_default().push(*number);
            }
        }
        let mut open = BTreeMap::new();
        for run in &sampled.unknown {
            *open.entry(scenario_of(run)).or_default() += 1;
        }
        for (scenario, missing) in missing_by_scenario(evidence) {
            *open.entry(scenario).or_default() += missing;
        }
        let lacking = if evidence.going { 0.0 } else { LACKING_FOR_A_MEAN };
        Self { values, open, unknown: sampled.unknown.clone(), lacking }
    }

    fn values_of(&self, scenario: &Option<u64>) -> &[f64] {
        self.values.get(scenario).map_or(&[], Vec::as_slice)
    }

    fn open_of(&self, scenario: &Option<u64>) -> usize {
        self.open.get(scenario).copied().unwrap_or_default()
    }

    fn scenarios(&self) -> BTreeSet<Option<u64>> {
        self.values.keys().chain(self.open.keys()).copied().collect()
    }

    /// Too many runs of these scenarios without a number, in words.
    fn too_many_lack(&self, scenarios: &[Option<u64>]) -> Option<String> {
        let values: usize = scenarios.iter().map(|id| self.values_of(id).len()).sum();
        let open: usize = scenarios.iter().map(|id| self.open_of(id)).sum();
        (open as f64 > self.lacking * (values + open) as f64).then(|| {
            format!(
                "{open} of {} have no value: too many to compare means",
                text::count(values + open, "run"),
            )
        })
    }
}

/// A mean's change against a bound, relative to the base's mean. A run without a number is taken to
/// lie between the lowest and the highest of its scenario: where that would turn the verdict, or
/// where many runs lack one, it is inconclusive. So is it with planned runs of the head that never
/// arrived.
pub(super) fn check(
    name: &str,
    bound: Bound,
    base: &Side,
    head: &Side,
    missing: Missing,
) -> CheckReport {
    let common: Vec<Option<u64>> =
        base.scenarios().intersection(&head.scenarios()).copied().collect();
    let pairs: Vec<Pair> = common
        .iter()
        .map(|id| (base.values_of(id).to_vec(), head.values_of(id).to_vec()))
        .collect();
    let lack = match (base.too_many_lack(&common), head.too_many_lack(&common)) {
        (_, Some(why)) => Err(why),
        (Some(why), None) => Err(format!("in the baseline, {why}")),
        (None, None) => Ok(()),
    };
    // A drop is largest where the base was high and the head low.
    let if_open = |base_high: bool| {
        let fill = |id| filled(base, head, id, base_high);
        verdict_of(&common.iter().map(fill).collect::<Vec<_>>(), bound)
    };
    let now = relative_change(&pairs).and_then(|change| lack.map(|()| change));
    let verdicts = match base.open.is_empty() && head.open.is_empty() {
        true => [verdict_of(&pairs, bound); 2],
        false => [bound.is_drop, !bound.is_drop].map(if_open),
    };
    // What the runs would have shown at most, had they all moved in the bound's way.
    let at_most = || {
        let sizes: Vec<(usize, usize)> =
            pairs.iter().map(|(base, head)| (base.len(), head.len())).collect();
        least_p(&sizes).is_some_and(|p| p <= bound.level())
    };
    let can_tell = !now.as_ref().is_ok_and(|now| bound.is_exceeded_by(*now)) || at_most();
    let on_both = pairs.iter().filter(|(base, _)| !base.is_empty());
    let between = bounds(&pairs, bound.level());
    let compared = Compared {
        name,
        bound,
        can_tell,
        interval: matches!(bound.rule, Rule::Confidence(_)).then_some(between),
        noticed: least_noticed(between, bound),
        samples: on_both.map(|(_, head)| head.len()).sum(),
        change: now,
        verdicts,
        missing,
        unknown: head.unknown.clone(),
        unknown_in_base: common.iter().map(|id| base.open_of(id)).sum(),
        against: Vec::new(),
    };
    compared.report()
}

/// What these numbers say of a bound.
fn verdict_of(pairs: &[Pair], bound: Bound) -> Verdict {
    let change = relative_change(pairs).ok();
    let Rule::Confidence(_) = bound.rule else { return bound.verdict_of(change) };
    if change.is_none() {
        return Verdict::Inconclusive;
    }
    let allowed = if bound.is_drop { -bound.most } else { bound.most };
    let [below, above] =
        [false, true].map(|above| p_beyond(pairs, allowed, above) <= bound.level());
    match if bound.is_drop { (above, below) } else { (below, above) } {
        (true, _) => Verdict::Pass,
        (_, true) => Verdict::Fail,
        _ => Verdict::Inconclusive,
    }
}

/// How likely noise explains numbers of the head as far above those of the base, each made larger by
/// this part of itself, or as far below: the rank test, scenario by scenario. 1 where a number is
/// not above 0, which a part of itself would not make larger.
fn p_beyond(pairs: &[Pair], change: f64, above: bool) -> f64 {
    if pairs.iter().any(|(base, _)| base.iter().any(|value| *value <= 0.0)) {
        return 1.0;
    }
    let moved: Vec<Pair> = pairs
        .iter()
        .map(|(base, head)| {
            (base.iter().map(|value| value * (1.0 + change)).collect(), head.clone())
        })
        .collect();
    let sides = moved.iter().map(|(base, head)| (base.as_slice(), head.as_slice()));
    let ranked = sides.map(|(base, head)| if above { (head, base) } else { (base, head) });
    van_elteren(&ranked.collect::<Vec<_>>()).unwrap_or(1.0)
}

/// Between which changes the truth lies: those that the rank test does not exclude at this level on
/// either side. An end that it leaves open is infinite.
fn bounds(pairs: &[Pair], level: f64) -> (f64, f64) {
    const FURTHEST: f64 = 9.0;
    let excluded = |change: f64, above: bool| p_beyond(pairs, change, above) <= level;
    let end = |above: bool| {
        let (mut out, mut inside) = if above { (-0.999, FURTHEST) } else { (FURTHEST, -0.999) };
        if !excluded(out, above) {
            return if above { f64::NEG_INFINITY } else { f64::INFINITY };
        }
        // To a tenth of a percent: each step ranks all numbers again.
        while f64::abs(inside - out) > 1e-3 {
            let middle = out + (inside - out) / 2.0;
            if excluded(middle, above) { out = middle } else { inside = middle }
        }
        out
    };
    (end(true), end(false))
}

/// The smallest change in the bound's way that would probably have been noticed, by how wide the
/// bounds lie apart.
fn least_noticed((low, high): (f64, f64), bound: Bound) -> Option<f64> {
    let z = normal::upper_quantile(bound.level());
    let error = (high - low) / (2.0 * z);
    let probably = normal::upper_quantile(1.0 - rate::PROBABLY) * error;
    let must = match bound.rule {
        Rule::Significance(_) => bound.most.max(z * error),
        Rule::Confidence(_) => bound.most + z * error,
    };
    Some(must + probably).filter(|least| least.is_finite() && (!bound.is_drop || *least < 1.0))
}

/// A scenario's numbers, where the runs without one gave the highest number of the scenario on one
/// side and the lowest on the other.
fn filled(base: &Side, head: &Side, id: &Option<u64>, base_high: bool) -> Pair {
    let seen = || base.values_of(id).iter().chain(head.values_of(id)).copied();
    let lowest = seen().fold(f64::INFINITY, f64::min);
    let highest = seen().fold(f64::NEG_INFINITY, f64::max);
    let fill = |side: &Side, high: bool| {
        let mut values = side.values_of(id).to_vec();
        // A scenario without any number has none to take its place.
        let open = if lowest <= highest { side.open_of(id) } else { 0 };
        values.resize(values.len() + open, if high { highest } else { lowest });
        values
    };
    (fill(base, base_high), fill(head, !base_high))
}

/// The numbers of a scenario, base and head.
type Pair = (Vec<f64>, Vec<f64>);

/// The change of the mean over the common scenarios, as a fraction of the base's mean; in words
/// where there is none.
fn relative_change(pairs: &[Pair]) -> Result<Change, String> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mut moved, mut base_level, mut weights) = (0.0, 0.0, 0.0);
    let on_both = pairs.iter().filter(|(base, head)| !base.is_empty() && !head.is_empty());
    for (base, head) in on_both {
        let (n, m) = (base.len() as f64, head.len() as f64);
        let weight = n * m / (n + m);
        moved += weight * (mean(head) - mean(base));
        base_level += weight * mean(base);
        weights += weight;
    }
    if weights <= 0.0 {
        return Err(nothing_in_common());
    }
    if base_level == 0.0 {
        return Err("the baseline's mean is 0: no change is a share of it".to_owned());
    }
    let [drop, rise] = [false, true].map(|rise| {
        let sides = pairs.iter().map(|(base, head)| (base.as_slice(), head.as_slice()));
        let ranked = sides.map(|(base, head)| if rise { (head, base) } else { (base, head) });
        van_elteren(&ranked.collect::<Vec<_>>())
    });
    Ok(Change { difference: moved / base_level.abs(), p_of_drop: drop, p_of_rise: rise })
}
