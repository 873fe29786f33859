//! Scenarios that held in the baseline and fall now, beyond noise.
//!
//! Pure. A scenario held where more than half of its judged runs passed. It newly fails where its
//! share of passed runs is lower now and noise alone is an unlikely explanation (Fisher's exact
//! test, each scenario on its own). Whatever has no verdict on either side could have gone either
//! way, so that for each scenario the answer is yes, no or not known.

use std::collections::{BTreeMap, BTreeSet};

use super::rates::change;
use super::{AGAINST, SIGNIFICANCE};
use crate::checks::figure::FigureUnit;
use crate::checks::spec::Level;
use crate::outcome::Outcome;
use crate::scalars::Percent;
use crate::stats::binomial;
use crate::stats::rate::PROBABLY;
use crate::stats::strata::Stratum;
use crate::suite::new_failures::NewFailures;
use crate::suite::thresholds::Baseline;
use crate::verdict::evidence::Evidence;
use crate::verdict::{CheckReport, Interval, Verdict};
use crate::{numbers, text};

/// What the check is called, before [`AGAINST`].
pub(super) const NAME: &str = "new failures";

/// How the runs of one scenario ended on one side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Runs {
    name: Option<String>,
    passed: Vec<u64>,
    failed: Vec<u64>,
    /// Runs without a verdict.
    open: Vec<u64>,
    /// Planned runs that never arrived.
    missing: usize,
}

impl Runs {
    /// Passed and failed runs, had those without a verdict all passed or all failed.
    const fn filled(&self, pass: bool) -> (usize, usize) {
        let open = self.open.len() + self.missing;
        match pass {
            true => (self.passed.len() + open, self.failed.len()),
            false => (self.passed.len(), self.failed.len() + open),
        }
    }

    const fn judged(&self) -> (usize, usize) {
        (self.passed.len(), self.failed.len())
    }
}

/// Whether a scenario newly fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fell {
    Yes,
    No,
    /// Runs without a verdict could turn it.
    Open,
    /// It fell, and so few runs can never tell that from noise.
    TooFew,
}

/// More than half of the judged runs passed.
const fn held((passed, failed): (usize, usize)) -> bool {
    passed > failed
}

fn p_of_drop(base: (usize, usize), head: (usize, usize)) -> Option<(f64, f64)> {
    let stratum = Stratum { base_yes: base.0, base_no: base.1, head_yes: head.0, head_no: head.1 };
    let change = change(&[stratum])?;
    Some((change.difference, change.p_of_drop?))
}

/// Whether a scenario of these judged runs newly fails.
fn newly_fails(base: (usize, usize), head: (usize, usize), significance: f64) -> bool {
    let drop = p_of_drop(base, head).filter(|(difference, _)| *difference < 0.0);
    held(base) && drop.is_some_and(|(_, p)| p <= significance)
}

fn fell(base: &Runs, head: &Runs, significance: f64) -> Fell {
    let at = |base, head| newly_fails(base, head, significance);
    let now = at(base.judged(), head.judged());
    let best = at(base.filled(false), head.filled(true));
    let worst = at(base.filled(true), head.filled(false));
    if best != worst {
        return Fell::Open;
    }
    if now {
        return Fell::Yes;
    }
    let (passed, failed) = head.judged();
    let dropped = p_of_drop(base.judged(), (passed, failed)).is_some_and(|(by, _)| by < 0.0);
    let could_show = at(base.judged(), (0, passed + failed));
    match held(base.judged()) && dropped && !could_show {
        true => Fell::TooFew,
        false => Fell::No,
    }
}

/// The runs of each scenario.
fn by_scenario(evidence: &Evidence<'_>) -> BTreeMap<Option<u64>, Runs> {
    let mut by: BTreeMap<Option<u64>, Runs> = BTreeMap::new();
    let mut unknown = evidence.missing;
    for planned in evidence.scenarios.iter().filter(|one| one.scenario.id.is_some()) {
        let runs = by.entry(planned.scenario.id).or_default();
        runs.name = Some(planned.scenario.name.clone());
        runs.missing = planned.missing;
        unknown = unknown.saturating_sub(planned.missing);
    }
    for (run, outcome) in &evidence.runs {
        let runs = by.entry(run.scenario).or_default();
        runs.name = run.scenario_name.clone().or_else(|| runs.name.take());
        match outcome.outcome {
            _ if evidence.open_runs.contains(&run.id) => runs.open.push(run.id),
            Outcome::Passed => runs.passed.push(run.id),
            Outcome::Failed => runs.failed.push(run.id),
            Outcome::Errored | Outcome::Unscored => runs.open.push(run.id),
        }
    }
    // A planned run of which nobody knows the scenario could be of any.
    for runs in by.values_mut() {
        runs.missing += unknown;
    }
    by
}

/// Judges how many scenarios newly fail; none where the suite sets no limit.
pub(super) fn check(
    limits: &Baseline,
    base: &Evidence<'_>,
    head: &Evidence<'_>,
) -> Option<CheckReport> {
    let most = limits.new_failures?;
    let significance = limits.significance.map_or(SIGNIFICANCE, Percent::fraction);
    let (base, head) = (by_scenario(base), by_scenario(head));
    let common: Vec<(Option<u64>, &Runs, &Runs)> =
        base.iter().filter_map(|(id, base)| Some((*id, base, head.get(id)?))).collect();
    let (mut fallen, mut open, mut too_few) = (Vec::new(), Vec::new(), Vec::new());
    for (id, base, head) in &common {
        match fell(base, head, significance) {
            Fell::Yes => fallen.push((*id, *base, *head)),
            Fell::No => {}
            Fell::Open => open.push((*id, *base, *head)),
            Fell::TooFew => too_few.push((*id, *base, *head)),
        }
    }
    let of = common.len();
    let (least, greatest) = (fallen.len(), fallen.len() + open.len() + too_few.len());
    let (figure, threshold, unit): (&dyn Fn(usize) -> f64, f64, FigureUnit) = match most {
        NewFailures::Count(most) => (&|n| n as f64, f64::from(most), FigureUnit::Number),
        NewFailures::Share(most) => {
            (&|n| n as f64 / of.max(1) as f64, most.fraction(), FigureUnit::Share)
        }
    };
    let within = |n: usize| figure(n) <= threshold + 1e-9;
    let verdict = match (of, within(least), within(greatest)) {
        (0, _, _) => Verdict::Inconclusive,
        (_, false, _) => Verdict::Fail,
        (_, true, true) => Verdict::Pass,
        (_, true, false) => Verdict::Inconclusive,
    };
    let runs_of = |scenarios: &[(Option<u64>, &Runs, &Runs)], of: fn(&Runs) -> &Vec<u64>| {
        let ids = scenarios.iter().flat_map(|(_, _, head)| of(head).iter().copied());
        ids.collect::<BTreeSet<u64>>().into_iter().collect::<Vec<u64>>()
    };
    let deciding_runs = match verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Fail => runs_of(&fallen, |runs| &runs.failed),
        Verdict::Inconclusive => runs_of(&open, |runs| &runs.open),
    };
    Some(CheckReport {
        name: format!("{NAME}{AGAINST}"),
        group: None,
        scenario: None,
        rounds: None,
        condition: condition(most, significance),
        level: Level::Error,
        verdict,
        value: (of > 0).then(|| figure(least)),
        threshold,
        unit,
        interval: (of > 0 && greatest > least).then(|| Interval {
            low: figure(least),
            high: figure(greatest),
            confidence: None,
        }),
        samples: of,
        unknown: open.len() + too_few.len(),
        further_runs: None,
        reason: format!(
            "{}{}",
            reason(of, &fallen, &open, &too_few, verdict),
            noticed(&common, significance)
        ),
        deciding_runs,
    })
}

fn condition(most: NewFailures, significance: f64) -> String {
    format!("<= {most} (significance {})", numbers::percent(significance))
}

/// The check where there is no baseline.
pub(super) fn without_baseline(
    limits: &Baseline,
    verdict: Verdict,
    reason: &str,
) -> Option<CheckReport> {
    let most = limits.new_failures?;
    let significance = limits.significance.map_or(SIGNIFICANCE, Percent::fraction);
    let (threshold, unit) = match most {
        NewFailures::Count(most) => (f64::from(most), FigureUnit::Number),
        NewFailures::Share(most) => (most.fraction(), FigureUnit::Share),
    };
    Some(CheckReport {
        name: format!("{NAME}{AGAINST}"),
        group: None,
        scenario: None,
        rounds: None,
        condition: condition(most, significance),
        level: Level::Error,
        verdict,
        value: None,
        threshold,
        unit,
        interval: None,
        samples: 0,
        unknown: 0,
        further_runs: None,
        reason: reason.to_owned(),
        deciding_runs: Vec::new(),
    })
}

/// By how much a scenario that always passed must fall to be probably called a new failure; the
/// largest such drop where scenarios ran differently often.
fn noticed(common: &Scenarios<'_>, significance: f64) -> String {
    let runs = |runs: &Runs| runs.passed.len() + runs.failed.len();
    let drop = |(_, base, head): &(Option<u64>, &Runs, &Runs)| {
        let (before, now) = (runs(base), runs(head));
        let shows =
            |failed: &usize| newly_fails((before, 0), (now - failed, *failed), significance);
        let least = (1..=now).find(shows)?;
        Some(binomial::share_for(least, now, PROBABLY))
    };
    let drops: Vec<f64> = common.iter().filter_map(drop).collect();
    let largest = drops.iter().copied().reduce(f64::max);
    match (largest, common.len() - drops.len()) {
        _ if common.is_empty() => String::new(),
        (None, _) => "; so few runs of a scenario would hardly show any drop".to_owned(),
        (Some(drop), blind) => {
            // Rounded up: what is promised must hold.
            let drop = (drop * 100.0).ceil();
            let others = match blind {
                0 => String::new(),
                _ => format!(", but in {blind} of {} hardly any", common.len()),
            };
            format!(
                "; of a scenario that always passed a drop of {drop} points would probably show{others}"
            )
        }
    }
}

type Scenarios<'a> = [(Option<u64>, &'a Runs, &'a Runs)];

fn reason(
    of: usize,
    fallen: &Scenarios<'_>,
    open: &Scenarios<'_>,
    too_few: &Scenarios<'_>,
    verdict: Verdict,
) -> String {
    if of == 0 {
        return super::rates::nothing_in_common();
    }
    let mut parts = vec![match fallen.len() {
        0 => format!("none of {} newly fails", text::count(of, "common scenario")),
        1 => format!("1 of {} newly fails: {}", text::count(of, "common scenario"), list(fallen)),
        n => format!("{n} of {} newly fail: {}", text::count(of, "common scenario"), list(fallen)),
    }];
    if verdict == Verdict::Inconclusive && !open.is_empty() {
        parts.push(format!("with the runs that have no verdict it could also be {}", list(open)));
    }
    if verdict == Verdict::Inconclusive && !too_few.is_empty() {
        parts.push(format!(
            "too few runs to distinguish a change from \
             noise for {}: run each scenario more often",
            list(too_few)
        ));
    }
    parts.join("; ")
}

/// The scenarios with the runs of both sides.
fn list(scenarios: &Scenarios<'_>) -> String {
    const MOST: usize = 5;
    let one = |(id, base, head): &(Option<u64>, &Runs, &Runs)| {
        let name = head.name.clone().or_else(|| base.name.clone());
        let name = name.unwrap_or_else(|| match id {
            Some(id) => format!("scenario {id}"),
            None => "deleted scenario".to_owned(),
        });
        format!("{name} ({}; now {})", side(base), side(head))
    };
    let mut shown: Vec<String> = scenarios.iter().take(MOST).map(one).collect();
    if let Some(more @ 1..) = scenarios.len().checked_sub(MOST) {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

/// The runs of one side: `5 of 5 passed, runs 1 to 5`.
fn side(runs: &Runs) -> String {
    let (passed, failed) = runs.judged();
    let mut ids: Vec<u64> =
        [&runs.passed, &runs.failed, &runs.open].into_iter().flatten().copied().collect();
    ids.sort_unstable();
    let which = match ids.as_slice() {
        [] => "no run".to_owned(),
        [only] => format!("run {only}"),
        [first, .., last] => format!("runs {first} to {last}"),
    };
    format!("{passed} of {} passed, {which}", passed + failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_shows_the_more_the_more_runs_speak_for_it() {
        let counts = || (0..=4).flat_map(|yes| (0..=4).map(move |no| (yes, no)));
        for significance in [0.01, 0.05, 0.2] {
            for (base, head) in counts().flat_map(|base| counts().map(move |head| (base, head))) {
                let falls = |base, head| newly_fails(base, head, significance);
                let now = falls(base, head);
                let (more_held, more_fail) = ((base.0 + 1, base.1), (head.0, head.1 + 1));
                let (less_held, more_pass) = ((base.0, base.1 + 1), (head.0 + 1, head.1));
                for worse in [falls(more_held, head), falls(base, more_fail)] {
                    assert!(worse >= now, "{base:?} {head:?} at {significance}");
                }
                for better in [falls(less_held, head), falls(base, more_pass)] {
                    assert!(better <= now, "{base:?} {head:?} at {significance}");
                }
            }
        }
    }
}
