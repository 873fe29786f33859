//! Shares of runs on two sides, scenario by scenario: by how much they differ, and whether that is
//! within a bound.

use std::collections::{BTreeMap, BTreeSet};

use super::compared::Compared;
use super::{Bound, Change, Missing, missing_by_scenario, scenarios_of};
use crate::stats::drop::{self, Rule, least_noticed};
use crate::stats::strata::{Stratum, cochran_mantel_haenszel, difference};
use crate::verdict::evidence::{Evidence, Sampled, Samples};
use crate::verdict::{CheckReport, Verdict};

/// Runs with a yes and runs with a no by scenario.
type Rates = BTreeMap<Option<u64>, (usize, usize)>;

/// What one side's runs say.
pub(super) struct Side {
    rates: Rates,
    /// Runs that could have said yes or no and did not, and those that never arrived, by scenario.
    open: BTreeMap<Option<u64>, usize>,
    /// Those of them that arrived.
    unknown: Vec<u64>,
    /// The runs with a no.
    against: Vec<u64>,
}

impl Side {
    pub(super) fn of(sampled: &Sampled, evidence: &Evidence<'_>) -> Self {
        let scenarios = scenarios_of(evidence);
        let scenario_of = |run: &u64| scenarios.get(run).copied().flatten();
        let (mut rates, mut open) = (Rates::new(), BTreeMap::new());
        let mut against = Vec::new();
        if let Samples::Shares { yes, no } = &sampled.samples {
            for run in yes {
                rates.entry(scenario_of(run)).or_default().0 += 1;
            }
            for run in no {
                rates.entry(scenario_of(run)).or_default().1 += 1;
            }
            against.clone_from(no);
        }
        for run in &sampled.unknown {
            *open.entry(scenario_of(run)).or_default() += 1;
        }
        for (scenario, missing) in missing_by_scenario(evidence) {
            *open.entry(scenario).or_default() += missing;
        }
        Self { rates, open, unknown: sampled.unknown.clone(), against }
    }

    /// The rates, had the runs without a verdict all said yes, or all said no.
    fn filled(&self, yes: bool) -> Rates {
        let mut filled = self.rates.clone();
        for (scenario, runs) in &self.open {
            let entry = filled.entry(*scenario).or_default();
            if yes { entry.0 += runs } else { entry.1 += runs }
        }
        filled
    }

    fn scenarios(&self) -> BTreeSet<Option<u64>> {
        self.rates.keys().chain(self.open.keys()).copied().collect()
    }

    /// How many runs of these scenarios were not judged.
    fn open_in(&self, scenarios: &BTreeSet<Option<u64>>) -> usize {
        self.open.iter().filter(|(id, _)| scenarios.contains(id)).map(|(_, runs)| runs).sum()
    }
}

fn strata(base: &Rates, head: &Rates) -> Vec<Stratum> {
    let common = base.iter().filter_map(|(id, base)| Some((base, head.get(id)?)));
    common
        .map(|((base_yes, base_no), (head_yes, head_no))| Stratum {
            base_yes: *base_yes,
            base_no: *base_no,
            head_yes: *head_yes,
            head_no: *head_no,
        })
        .collect()
}

/// The change over these scenarios; none where there is nothing to compare.
pub(super) fn change(strata: &[Stratum]) -> Option<Change> {
    let (p_of_drop, p_of_rise) = (p_of(strata, true), p_of(strata, false));
    Some(Change { p_of_drop, p_of_rise, ..Change::of(difference(strata)?) })
}

/// The change as a bound sees it: with the chance of noise in its way alone.
fn change_against(strata: &[Stratum], bound: Bound) -> Option<Change> {
    let change = Change::of(difference(strata)?);
    let p = p_of(strata, bound.is_drop);
    Some(match bound.is_drop {
        true => Change { p_of_drop: p, ..change },
        false => Change { p_of_rise: p, ..change },
    })
}

fn p_of(strata: &[Stratum], drop: bool) -> Option<f64> {
    if drop {
        return cochran_mantel_haenszel(strata);
    }
    let mirrored = |s: &Stratum| Stratum {
        base_yes: s.base_no,
        base_no: s.base_yes,
        head_yes: s.head_no,
        head_no: s.head_yes,
    };
    cochran_mantel_haenszel(&strata.iter().map(mirrored).collect::<Vec<_>>())
}

/// A rate's change against a bound. Runs of either side without a verdict could have gone either
/// way: where that would turn the verdict, it is inconclusive. `missing` planned runs of the head
/// never arrived.
pub(super) fn rate_check(
    name: &str,
    bound: Bound,
    base: &Side,
    head: &Side,
    missing: Missing,
) -> CheckReport {
    let common = strata(&base.rates, &head.rates);
    let now = change_against(&common, bound);
    let verdict_of = |strata: &[Stratum]| match (bound.rule, interval(strata, bound)) {
        (Rule::Confidence(_), Some((low, high))) => bound.verdict_between(low, high),
        (Rule::Confidence(_), None) => Verdict::Inconclusive,
        (Rule::Significance(_), _) => match difference(strata) {
            // Whether it is noise takes far longer to say, and matters for a large change only.
            Some(moved) if !bound.is_exceeded_by(Change::of(moved)) => Verdict::Pass,
            _ => bound.verdict_of(change_against(strata, bound)),
        },
    };
    let between = |base: &Rates, head: &Rates| verdict_of(&strata(base, head));
    // A drop is largest where the base was good and the head bad.
    let verdicts = match base.open.is_empty() && head.open.is_empty() {
        true => [verdict_of(&common); 2],
        false => [bound.is_drop, !bound.is_drop]
            .map(|good| between(&base.filled(good), &head.filled(!good))),
    };
    // What the runs would have shown at most, had they all ended in the bound's way.
    let at_most = || {
        let extreme: Vec<Stratum> = common
            .iter()
            .map(|s| {
                let all = s.head_yes + s.head_no;
                let (head_yes, head_no) = if bound.is_drop { (0, all) } else { (all, 0) };
                Stratum { head_yes, head_no, ..*s }
            })
            .collect();
        change_against(&extreme, bound).is_some_and(|change| bound.is_told_from_noise(change))
    };
    let can_tell = !now.is_some_and(|now| bound.is_exceeded_by(now)) || at_most();
    let compared = Compared {
        name,
        bound,
        change: now.ok_or_else(nothing_in_common),
        can_tell,
        interval: interval(&common, bound),
        noticed: least_noticed(&compared(&common, bound), bound.most, bound.decides()),
        samples: common.iter().map(|s| s.head_yes + s.head_no).sum(),
        verdicts,
        missing,
        unknown: head.unknown.clone(),
        unknown_in_base: base.open_in(&head.scenarios()),
        against: head.against.clone(),
    };
    compared.report()
}

/// Between which differences the truth lies, where a confidence decides.
fn interval(strata: &[Stratum], bound: Bound) -> Option<(f64, f64)> {
    let Rule::Confidence(_) = bound.rule else { return None };
    drop::bounds(strata, 1.0 - bound.level()).map(|(low, high)| (-high, -low))
}

/// The scenarios as far as they say how small a change would show. Shares of few runs are drawn
/// towards that of all, as one that is 100% by chance would promise too much.
fn compared(strata: &[Stratum], bound: Bound) -> Vec<drop::Compared> {
    let (yes, all) = strata.iter().fold((0.5, 1.0), |(yes, all), s| {
        (yes + s.base_yes as f64, all + (s.base_yes + s.base_no) as f64)
    });
    let one = |s: &Stratum| {
        let base = s.base_yes + s.base_no;
        let share = (s.base_yes as f64 + yes / all) / (base as f64 + 1.0);
        // A rise is a drop of the runs that say no.
        let share = if bound.is_drop { share } else { 1.0 - share };
        drop::Compared { base, head: s.head_yes + s.head_no, share }
    };
    strata.iter().map(one).collect()
}

pub(super) fn nothing_in_common() -> String {
    "no scenario has judged runs in both the baseline and this result".to_owned()
}
