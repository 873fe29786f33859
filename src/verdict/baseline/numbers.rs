//! Numbers of a metric on two sides, scenario by scenario: by how much their mean moved, and whether
//! that is within a bound.

use std::collections::BTreeMap;

use super::rates::nothing_in_common;
use super::tell::Compared;
use super::{Bound, Change, scenarios_of};
use crate::stats::ranks::van_elteren;
use crate::verdict::CheckReport;
use crate::verdict::evidence::{Evidence, Sampled, Samples};

/// The numbers of one side by scenario.
pub(super) struct Side {
    values: BTreeMap<Option<u64>, Vec<f64>>,
    unknown: Vec<u64>,
}

impl Side {
    pub(super) fn of(sampled: &Sampled, evidence: &Evidence<'_>) -> Self {
        let scenarios = scenarios_of(evidence);
        let mut values: BTreeMap<Option<u64>, Vec<f64>> = BTreeMap::new();
        if let Samples::Numbers { values: numbers, .. } = &sampled.samples {
            for (run, number) in numbers {
                let scenario = scenarios.get(run).copied().flatten();
                values.entry(scenario).or_default().push(*number);
            }
        }
        Self { values, unknown: sampled.unknown.clone() }
    }
}

/// A mean's change against a bound, relative to the base's mean. `missing` planned runs of the head
/// never arrived.
pub(super) fn check(
    name: &str,
    bound: Bound,
    base: &Side,
    head: &Side,
    missing: usize,
) -> CheckReport {
    let pairs: Vec<Pair<'_>> = base
        .values
        .iter()
        .filter_map(|(id, base)| Some((base.as_slice(), head.values.get(id)?.as_slice())))
        .collect();
    let change = relative_change(&pairs);
    let verdict = bound.verdict_of(change.as_ref().ok().copied());
    let compared = Compared {
        name,
        bound,
        change,
        can_tell: true,
        samples: pairs.iter().map(|(_, head)| head.len()).sum(),
        verdicts: [verdict, verdict],
        missing,
        unknown: head.unknown.clone(),
        unknown_in_base: 0,
        against: Vec::new(),
    };
    compared.report()
}

/// The numbers of a scenario, base and head.
type Pair<'s> = (&'s [f64], &'s [f64]);

/// The change of the mean over the common scenarios, as a fraction of the base's mean; in words
/// where there is none.
fn relative_change(pairs: &[Pair<'_>]) -> Result<Change, String> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mut moved, mut base_level, mut weights) = (0.0, 0.0, 0.0);
    for (base, head) in pairs {
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
    let rise: Vec<Pair<'_>> = pairs.iter().map(|(base, head)| (*head, *base)).collect();
    Ok(Change {
        difference: moved / base_level.abs(),
        p_of_drop: van_elteren(pairs),
        p_of_rise: van_elteren(&rise),
    })
}
