//! Two sets of runs ▶ what got better, what got worse, and whether it is noise.
//!
//! Pure. Compared scenario by scenario, never by the bare totals: the scenarios are the strata of a
//! Cochran–Mantel–Haenszel test for rates and of a van Elteren test for numbers (`stats`). A
//! scenario that exists on one side only is said and not counted.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Sampled, Samples};
use super::judge::Figure;
use super::sample::metric_values;
use super::{CheckReport, FigureUnit, ScenarioRef, Verdict};
use crate::stats::ranks::van_elteren;
use crate::stats::strata::{Stratum, cochran_mantel_haenszel, difference};
use crate::suite::checks::Level;
use crate::suite::model::{Baseline, BaselineLimit};
use crate::text;

/// How likely noise alone may explain a change that counts, where the suite does not say.
pub const SIGNIFICANCE: f64 = 0.05;

/// What changed from the base to the head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The change of the success rate over the common scenarios, each weighted by its runs; none
    /// where no scenario has judged runs on both sides.
    pub success_rate: Option<Change>,
    /// The common scenarios, in ascending order of their ids.
    pub scenarios: Vec<ScenarioChange>,
    /// Scenarios of the base alone.
    pub only_in_base: Vec<ScenarioRef>,
    /// Scenarios of the head alone.
    pub only_in_head: Vec<ScenarioRef>,
}

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

/// How one scenario fared on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioChange {
    /// The scenario.
    pub scenario: ScenarioRef,
    /// Passed and judged runs of the base.
    pub base: (usize, usize),
    /// Passed and judged runs of the head.
    pub head: (usize, usize),
    /// What it amounts to.
    pub trend: Trend,
}

/// What a scenario's change amounts to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// It fails more often, and noise is an unlikely explanation.
    NewlyFails,
    /// It passes more often, and noise is an unlikely explanation.
    NewlyPasses,
    /// It fails more often, which may be noise.
    WorseOrNoise,
    /// It passes more often, which may be noise.
    BetterOrNoise,
    /// It fares as before.
    Same,
}

impl Trend {
    /// The trend in words.
    pub const fn name(self) -> &'static str {
        match self {
            Trend::NewlyFails => "newly fails",
            Trend::NewlyPasses => "newly passes",
            Trend::WorseOrNoise => "worse, may be noise",
            Trend::BetterOrNoise => "better, may be noise",
            Trend::Same => "same",
        }
    }
}

/// Compares the success rates of two sets of runs. `significance` is a fraction.
pub fn compare(base: &Evidence<'_>, head: &Evidence<'_>, significance: f64) -> Comparison {
    let (base_by, head_by) = (rates(&base.successes(), base), rates(&head.successes(), head));
    let names = names(base, head);
    let named =
        |id: Option<u64>| ScenarioRef { id, name: names.get(&id).cloned().unwrap_or_default() };
    let ids =
        |by: &BTreeMap<Option<u64>, (usize, usize)>| by.keys().copied().collect::<BTreeSet<_>>();
    let (in_base, in_head) = (ids(&base_by), ids(&head_by));
    let strata = strata(&base_by, &head_by);
    let scenarios = in_base.intersection(&in_head).map(|id| {
        let pair = |by: &BTreeMap<_, (usize, usize)>| {
            by.get(id).map_or((0, 0), |(yes, no)| (*yes, yes + no))
        };
        let (base, head) = (pair(&base_by), pair(&head_by));
        ScenarioChange { scenario: named(*id), base, head, trend: trend(base, head, significance) }
    });
    Comparison {
        success_rate: change(&strata),
        scenarios: scenarios.collect(),
        only_in_base: in_base.difference(&in_head).map(|id| named(*id)).collect(),
        only_in_head: in_head.difference(&in_base).map(|id| named(*id)).collect(),
    }
}

/// Judges the limits of a suite's baseline.
pub(super) fn judge(
    limits: &Baseline,
    base: &Evidence<'_>,
    head: &Evidence<'_>,
) -> Vec<CheckReport> {
    let mut reports = Vec::new();
    if let Some(limit) = &limits.success_rate {
        let figure = Figure::SuccessRate;
        let (base, head_sampled) = (rates(&base.successes(), base), head.successes());
        reports.extend(rate_checks(figure.name(), limit, &base, &head_sampled, head));
    }
    for (name, limit) in &limits.metrics {
        reports.extend(metric_checks(name, limit, base, head));
    }
    reports
}

/// One bound of a limit: a drop or a rise, as a positive fraction.
#[derive(Clone, Copy)]
struct Bound {
    is_drop: bool,
    most: f64,
    significance: f64,
}

fn bounds_of(limit: &BaselineLimit) -> impl Iterator<Item = Bound> {
    let significance = limit.significance.map_or(SIGNIFICANCE, |percent| percent.fraction());
    let drop = limit.max_drop.map(|most| (true, most.fraction()));
    let rise = limit.max_rise.map(|most| (false, most.fraction()));
    drop.into_iter().chain(rise).map(move |(is_drop, most)| Bound { is_drop, most, significance })
}

/// Passed and failed runs by scenario.
type Rates = BTreeMap<Option<u64>, (usize, usize)>;

fn rates(sampled: &Sampled, evidence: &Evidence<'_>) -> Rates {
    let scenario_of: BTreeMap<u64, Option<u64>> =
        evidence.runs.iter().map(|(run, _)| (run.id, run.scenario)).collect();
    let mut by: Rates = BTreeMap::new();
    if let Samples::Shares { yes, no } = &sampled.samples {
        for run in yes {
            by.entry(scenario_of.get(run).copied().flatten()).or_default().0 += 1;
        }
        for run in no {
            by.entry(scenario_of.get(run).copied().flatten()).or_default().1 += 1;
        }
    }
    by
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

fn change(strata: &[Stratum]) -> Option<Change> {
    let mirrored: Vec<Stratum> = strata
        .iter()
        .map(|s| Stratum {
            base_yes: s.base_no,
            base_no: s.base_yes,
            head_yes: s.head_no,
            head_no: s.head_yes,
        })
        .collect();
    Some(Change {
        difference: difference(strata)?,
        p_of_drop: cochran_mantel_haenszel(strata),
        p_of_rise: cochran_mantel_haenszel(&mirrored),
    })
}

fn trend(base: (usize, usize), head: (usize, usize), significance: f64) -> Trend {
    let stratum = Stratum {
        base_yes: base.0,
        base_no: base.1 - base.0,
        head_yes: head.0,
        head_no: head.1 - head.0,
    };
    let Some(change) = change(&[stratum]) else { return Trend::Same };
    let unlikely = |p: Option<f64>| p.is_some_and(|p| p <= significance);
    if change.difference < 0.0 {
        if unlikely(change.p_of_drop) { Trend::NewlyFails } else { Trend::WorseOrNoise }
    } else if change.difference > 0.0 {
        if unlikely(change.p_of_rise) { Trend::NewlyPasses } else { Trend::BetterOrNoise }
    } else {
        Trend::Same
    }
}

fn names(base: &Evidence<'_>, head: &Evidence<'_>) -> BTreeMap<Option<u64>, String> {
    let runs = base.runs.iter().chain(&head.runs);
    runs.map(|(run, _)| {
        let name = run.scenario_name.clone().unwrap_or_else(|| match run.scenario {
            Some(id) => format!("scenario {id}"),
            None => "deleted scenario".to_owned(),
        });
        (run.scenario, name)
    })
    .collect()
}

/// A rate's change against its bounds. Runs of the head without a judgement could have gone either
/// way: where that would turn the verdict, it is inconclusive.
fn rate_checks(
    name: &str,
    limit: &BaselineLimit,
    base: &Rates,
    head: &Sampled,
    evidence: &Evidence<'_>,
) -> Vec<CheckReport> {
    let seen = rates(head, evidence);
    let scenario_of: BTreeMap<u64, Option<u64>> =
        evidence.runs.iter().map(|(run, _)| (run.id, run.scenario)).collect();
    let filled = |good: bool| {
        let mut filled = seen.clone();
        for run in &head.unknown {
            let entry = filled.entry(scenario_of.get(run).copied().flatten()).or_default();
            if good { entry.0 += 1 } else { entry.1 += 1 }
        }
        change(&strata(base, &filled))
    };
    let (now, worst, best) = (change(&strata(base, &seen)), filled(false), filled(true));
    let samples = strata(base, &seen).iter().map(|s| s.head_yes + s.head_no).sum();
    let against = match &head.samples {
        Samples::Shares { no, .. } => no.clone(),
        Samples::Numbers { .. } => Vec::new(),
    };
    // What the runs would have shown at most, had they all ended in the bound's way.
    let at_most = |bound: Bound| {
        let all = |(yes, no): &(usize, usize)| match bound.is_drop {
            true => (0, yes + no),
            false => (yes + no, 0),
        };
        let extreme: Rates = seen.iter().map(|(id, counts)| (*id, all(counts))).collect();
        verdict_of(change(&strata(base, &extreme)), Bound { most: -1.0, ..bound })
    };
    let report = |bound: Bound| {
        let verdicts = [worst, best].map(|change| verdict_of(change, bound));
        let outcome = Compared {
            name,
            bound,
            change: now,
            can_tell: at_most(bound) == Verdict::Fail,
            unit: FigureUnit::Share,
            samples,
            verdicts,
            missing: evidence.missing,
            unknown: head.unknown.clone(),
            against: against.clone(),
        };
        outcome.report()
    };
    bounds_of(limit).map(report).collect()
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
            let nothing = |bound| Compared::without_evidence(name, bound, reason.clone());
            return bounds_of(limit).map(nothing).collect();
        }
    };
    let (Samples::Numbers { values: base_values, .. }, Samples::Numbers { values, .. }) =
        (&base_sampled.samples, &head_sampled.samples)
    else {
        let base = rates(&base_sampled, base);
        return rate_checks(name, limit, &base, &head_sampled, head);
    };
    let pairs = paired(base_values, base, values, head);
    let change = relative_change(&pairs);
    let samples = pairs.iter().map(|(_, head)| head.len()).sum();
    let report = |bound: Bound| {
        let verdict = verdict_of(change, bound);
        Compared {
            name,
            bound,
            change,
            unit: FigureUnit::Share,
            samples,
            can_tell: true,
            verdicts: [verdict, verdict],
            missing: head.missing,
            unknown: head_sampled.unknown.clone(),
            against: Vec::new(),
        }
        .report()
    };
    bounds_of(limit).map(report).collect()
}

/// The numbers of the common scenarios, base and head.
fn paired(
    base_values: &[(u64, f64)],
    base: &Evidence<'_>,
    head_values: &[(u64, f64)],
    head: &Evidence<'_>,
) -> Vec<(Vec<f64>, Vec<f64>)> {
    let by_scenario = |values: &[(u64, f64)], evidence: &Evidence<'_>| {
        let scenario_of: BTreeMap<u64, Option<u64>> =
            evidence.runs.iter().map(|(run, _)| (run.id, run.scenario)).collect();
        let mut by: BTreeMap<Option<u64>, Vec<f64>> = BTreeMap::new();
        for (run, value) in values {
            by.entry(scenario_of.get(run).copied().flatten()).or_default().push(*value);
        }
        by
    };
    let mut head_by = by_scenario(head_values, head);
    let base_by = by_scenario(base_values, base).into_iter();
    base_by.filter_map(|(id, base)| Some((base, head_by.remove(&id)?))).collect()
}

/// The change of the mean over the common scenarios, as a fraction of the base's mean.
fn relative_change(pairs: &[(Vec<f64>, Vec<f64>)]) -> Option<Change> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mut moved, mut base_level, mut weights) = (0.0, 0.0, 0.0);
    for (base, head) in pairs {
        let (n, m) = (base.len() as f64, head.len() as f64);
        let weight = n * m / (n + m);
        moved += weight * (mean(head) - mean(base));
        base_level += weight * mean(base);
        weights += weight;
    }
    if weights <= 0.0 || base_level == 0.0 {
        return None;
    }
    let rise: Vec<(&[f64], &[f64])> =
        pairs.iter().map(|(b, h)| (h.as_slice(), b.as_slice())).collect();
    let drop: Vec<(&[f64], &[f64])> =
        pairs.iter().map(|(b, h)| (b.as_slice(), h.as_slice())).collect();
    Some(Change {
        difference: moved / base_level.abs(),
        p_of_drop: van_elteren(&drop),
        p_of_rise: van_elteren(&rise),
    })
}

/// A change fails when it is larger than allowed and unlikely to be noise.
fn verdict_of(change: Option<Change>, bound: Bound) -> Verdict {
    let Some(change) = change else { return Verdict::Inconclusive };
    let (moved, p) = if bound.is_drop {
        (-change.difference, change.p_of_drop)
    } else {
        (change.difference, change.p_of_rise)
    };
    let counts = moved > bound.most + 1e-9 && p.is_some_and(|p| p <= bound.significance);
    if counts { Verdict::Fail } else { Verdict::Pass }
}

/// A comparison about to be told.
struct Compared<'n> {
    name: &'n str,
    bound: Bound,
    change: Option<Change>,
    /// Whether so many runs can tell a change from noise at all.
    can_tell: bool,
    unit: FigureUnit,
    samples: usize,
    /// The verdicts with the runs without a value at their worst and at their best.
    verdicts: [Verdict; 2],
    missing: usize,
    unknown: Vec<u64>,
    against: Vec<u64>,
}

impl Compared<'_> {
    fn without_evidence(name: &str, bound: Bound, reason: String) -> CheckReport {
        let nothing = Compared {
            name,
            bound,
            change: None,
            can_tell: true,
            unit: FigureUnit::Share,
            samples: 0,
            verdicts: [Verdict::Inconclusive; 2],
            missing: 0,
            unknown: Vec::new(),
            against: Vec::new(),
        };
        CheckReport { reason, ..nothing.report() }
    }

    fn report(self) -> CheckReport {
        let Bound { is_drop, most, significance } = self.bound;
        let (way, threshold) = if is_drop { ("drop", -most) } else { ("rise", most) };
        let (mut verdict, mut reason) = self.verdict();
        if verdict == Verdict::Pass && self.missing > 0 {
            verdict = Verdict::Inconclusive;
            reason =
                format!("{reason}; but {} never arrived", text::count(self.missing, "planned run"));
        }
        let deciding_runs = match verdict {
            Verdict::Pass => Vec::new(),
            Verdict::Fail => self.against,
            Verdict::Inconclusive => self.unknown.clone(),
        };
        CheckReport {
            name: format!("{} against the baseline", self.name),
            scenario: None,
            condition: format!(
                "{way} <= {} (significance {})",
                text::percent(most),
                text::percent(significance)
            ),
            level: Level::Error,
            verdict,
            value: self.change.map(|change| change.difference),
            threshold,
            unit: self.unit,
            interval: None,
            samples: self.samples,
            unknown: self.unknown.len() + self.missing,
            reason,
            deciding_runs,
        }
    }

    fn verdict(&self) -> (Verdict, String) {
        let Some(change) = self.change else {
            let reason = "no scenario has judged runs in both the baseline and this result";
            return (Verdict::Inconclusive, reason.to_owned());
        };
        let Bound { is_drop, most, .. } = self.bound;
        let p = if is_drop { change.p_of_drop } else { change.p_of_rise };
        let moved = if change.difference < 0.0 { "dropped" } else { "rose" };
        let by = text::percent(change.difference.abs());
        let noise = p.map(|p| format!(", p = {}", text::trim_number(p, 4))).unwrap_or_default();
        let seen = if change.difference == 0.0 {
            "did not change".to_owned()
        } else {
            format!("{moved} by {by}{noise}")
        };
        let allowed = text::percent(most);
        match self.verdicts {
            [worst, best] if worst != best => (
                Verdict::Inconclusive,
                format!(
                    "{seen}; runs without a judgement ({}) could turn it: {allowed} is allowed",
                    self.unknown.len()
                ),
            ),
            [Verdict::Fail, _] => (
                Verdict::Fail,
                format!("{seen}: more than the {allowed} allowed, and unlikely to be noise"),
            ),
            _ if (if is_drop { -change.difference } else { change.difference }) > most => {
                let verdict = if self.can_tell { Verdict::Pass } else { Verdict::Inconclusive };
                let why = match self.can_tell {
                    true => "it may be noise",
                    false => "so few runs cannot tell a change from noise, whatever they show",
                };
                (verdict, format!("{seen}: more than the {allowed} allowed, but {why}"))
            }
            _ => (Verdict::Pass, format!("{seen}: within the {allowed} allowed")),
        }
    }
}
