//! The outcomes of runs to checks to the gate's verdict.
//!
//! Pure. `check` is the grammar, `evidence` holds the runs that count and `sample` picks the values
//! that a check asks for; `aggregate` makes figures of them, `bounds` says what they leave open,
//! `weigh` compares and says why, `judge` puts it together. Reports only show what is decided here.

pub mod after_round;
pub mod baseline;
mod bounds;
pub mod coverage;
pub mod evidence;
mod finding;
mod groups;
pub(crate) mod judge;
pub(crate) mod labels;
mod look;
pub mod prospects;
mod rounds;
mod sample;
mod weigh;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::evidence::{Evidence, ScenarioSlots};
pub use self::groups::scenarios_of;
use self::judge::judge;
use crate::checks::figure::{Figure, FigureUnit};
use crate::checks::figures::SUCCESS_RATE;
use crate::checks::grammar::{Check, Operator, Threshold, Unit};
use crate::checks::spec::{CheckSpec, Checks, Level};
use crate::numbers;
use crate::outcome::RunOutcome;
use crate::record::RunRecord;
use crate::scalars::Percent;
use crate::suite::by_figure::{ByFigure, Place};
use crate::suite::thresholds::{EachScenario, Thresholds};

/// What the evidence says, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The evidence clears the threshold.
    Pass,
    /// There is not enough evidence to say.
    Inconclusive,
    /// The evidence misses the threshold.
    Fail,
}

impl Verdict {
    /// The verdict in a word, for sentences: `passed`, `inconclusive`, `failed`.
    pub const fn participle(self) -> &'static str {
        match self {
            Verdict::Pass => "passed",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "failed",
        }
    }
}

/// One check, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// What was checked: a built-in name or a metric as the suite names it.
    pub name: String,
    /// The group of scenarios that it was checked on; none for a check over all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The scenario it was checked on alone; none for a check over the whole result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioRef>,
    /// The condition, such as `p95 <= 2500ms`.
    pub condition: String,
    /// Whether a miss breaks the gate.
    pub level: Level,
    /// What the evidence says.
    pub verdict: Verdict,
    /// The figure seen, in the unit of `unit`; none when there was no sample. Shares are fractions.
    pub value: Option<f64>,
    /// The number wanted, in the unit of `unit`. Shares are fractions.
    pub threshold: f64,
    /// The unit of `value` and `threshold`.
    pub unit: FigureUnit,
    /// The interval of the figure: each end holds with the confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Where the runs come in rounds: which of them the figure is of, and whether it is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<CheckRounds>,
    /// How many runs gave a value.
    pub samples: usize,
    /// How many runs could have given a value and did not: errored, unscored, never arrived.
    pub unknown: usize,
    /// Where it is not decided: how many further runs like these would probably decide it, a chance of
    /// 80%; of a comparison, on each side. None where no number would, or where nobody can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub further_runs: Option<usize>,
    /// The verdict in words: number seen, number wanted, sample size, what to do.
    pub reason: String,
    /// The runs that decided it, in ascending order: those that speak against a pass.
    pub deciding_runs: Vec<u64>,
}

/// How a check stands where the runs come in rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRounds {
    /// The figure is of the runs of so many rounds, the first ones.
    pub looked: u32,
    /// So many rounds were planned at most.
    pub of: u32,
    /// The round in which it was decided for good; none where later rounds could still turn it, or
    /// could have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_in: Option<u32>,
    /// Whether another round could decide it.
    pub open: bool,
}

/// A scenario by id and name.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct ScenarioRef {
    /// Id of the scenario; none when it was deleted.
    pub id: Option<u64>,
    /// Its name. Written by users of the platform.
    pub name: String,
}

impl CheckReport {
    /// A figure of this check with its unit: the one seen, or an end of its interval. It has the
    /// digits that tell it apart from the threshold.
    pub fn shown(&self, figure: f64) -> String {
        self.unit.beside(figure, self.threshold)
    }

    /// The threshold with its unit.
    pub fn shown_threshold(&self) -> String {
        numbers::threshold(self.threshold, self.unit.form())
    }
}

/// The interval of the figure: each end holds with the confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower end, in the check's unit.
    pub low: f64,
    /// Upper end, in the check's unit.
    pub high: f64,
    /// The confidence as a fraction; none for the bounds that runs without a value leave open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// Judges every check of a suite, in the order: built-in figures, metrics, each scenario, groups,
/// baseline.
/// Without any threshold every run must pass. A baseline that the suite asks for and that is not
/// there is a check without evidence.
pub fn judge_all(
    thresholds: &Thresholds,
    evidence: &Evidence<'_>,
    base: Option<&Evidence<'_>>,
) -> Vec<CheckReport> {
    let mut reports = judge_part(thresholds, evidence);
    for (name, group) in &thresholds.groups {
        let rules = group.rules(thresholds.confidence);
        let part = groups::evidence_of(group, evidence);
        let is_empty = part.runs.is_empty() && part.missing == 0;
        let mut of_group = match is_empty {
            true => without_scenarios(&rules, &group.describe()),
            false => judge_part(&rules, &part),
        };
        for report in &mut of_group {
            report.group = Some(name.clone());
        }
        reports.extend(of_group);
    }
    if let Some(limits) = &thresholds.baseline {
        reports.extend(match base {
            Some(base) => rounds::against_baseline(limits, base, evidence),
            None => baseline::without_baseline(limits),
        });
    }
    if reports.is_empty() {
        let confidence = thresholds.confidence.map(Percent::fraction);
        let spec = every_run_passes();
        reports.push(judge(Figure::BuiltIn(&SUCCESS_RATE), &spec, None, evidence, confidence));
    }
    reports
}

/// Judges the checks of a suite or of a group, without its groups and its baseline.
fn judge_part(thresholds: &Thresholds, evidence: &Evidence<'_>) -> Vec<CheckReport> {
    let confidence = thresholds.confidence.map(Percent::fraction);
    let mut reports: Vec<CheckReport> = checks_of(thresholds)
        .map(|(figure, spec)| judge(figure, spec, None, evidence, confidence))
        .collect();
    if let Some(each) = &thresholds.each_scenario {
        let confidence = each.confidence.map(Percent::fraction).or(confidence);
        for PartOfScenario { scenario, evidence, .. } in by_scenario(evidence) {
            for (figure, spec) in checks_of_each(each) {
                reports.push(judge(figure, spec, Some(scenario.clone()), &evidence, confidence));
            }
        }
    }
    reports
}

/// The checks over all runs, in their order.
fn checks_of(thresholds: &Thresholds) -> impl Iterator<Item = (Figure<'_>, &CheckSpec)> {
    in_order(&thresholds.figures, &thresholds.metrics)
}

/// The checks on each scenario, in their order.
fn checks_of_each(each: &EachScenario) -> impl Iterator<Item = (Figure<'_>, &CheckSpec)> {
    in_order(&each.figures, &each.metrics)
}

/// Checks of built-in figures, then those of metrics.
fn in_order<'t, P: Place<Holds = Checks>>(
    figures: &'t ByFigure<P>,
    metrics: &'t BTreeMap<String, Checks>,
) -> impl Iterator<Item = (Figure<'t>, &'t CheckSpec)> {
    let figures = figures.iter().map(|(figure, checks)| (Figure::BuiltIn(figure), checks));
    let metrics = metrics.iter().map(|(name, checks)| (Figure::Metric(name), checks));
    let all = figures.chain(metrics);
    all.flat_map(|(figure, checks)| checks.0.iter().map(move |spec| (figure, spec)))
}

/// The checks of a group that no scenario of the plan fits.
fn without_scenarios(rules: &Thresholds, chosen_by: &str) -> Vec<CheckReport> {
    let reason = format!("no scenario that counts fits the group ({chosen_by})");
    let each = rules.each_scenario.iter().flat_map(checks_of_each);
    let checks = checks_of(rules).chain(each);
    checks.map(|(figure, spec)| judge::without_evidence(figure, spec, reason.clone())).collect()
}

/// The gate's verdict: the worst of the gating checks. Without one there is no evidence to pass on.
pub fn worst(reports: &[CheckReport]) -> Verdict {
    let gating = reports.iter().filter(|report| report.level == Level::Error);
    gating.map(|report| report.verdict).max().unwrap_or(Verdict::Inconclusive)
}

/// The check that stands where a suite has none.
fn every_run_passes() -> CheckSpec {
    CheckSpec::plain(Check {
        aggregate: None,
        operator: Operator::AtLeast,
        threshold: Threshold { value: 100.0, unit: Unit::Percent },
    })
}

/// The evidence of one scenario.
struct PartOfScenario<'e, 'a> {
    scenario: ScenarioRef,
    /// What the plan knows of it; none where it is not planned.
    planned: Option<&'e ScenarioSlots>,
    /// Whether it is one scenario: otherwise these are planned runs of which nobody knows it.
    is_known: bool,
    evidence: Evidence<'a>,
}

/// The evidence of each planned scenario, and one more for the planned runs of which nobody knows
/// the scenario. Without a plan, that of each scenario that ran.
fn by_scenario<'e, 'a>(evidence: &'e Evidence<'a>) -> Vec<PartOfScenario<'e, 'a>> {
    type Runs<'a> = Vec<(&'a RunRecord, &'a RunOutcome)>;
    let mut groups: BTreeMap<Option<u64>, Runs<'a>> = BTreeMap::new();
    for (run, outcome) in &evidence.runs {
        groups.entry(run.scenario).or_default().push((run, outcome));
    }
    let of = |runs: Runs<'a>, missing: usize, planned: Option<&ScenarioSlots>| Evidence {
        runs,
        missing,
        scenarios: planned.cloned().into_iter().collect(),
        looks: evidence.looks.clone(),
        open_runs: evidence.open_runs.clone(),
        going: evidence.going,
        described_units: evidence.described_units,
    };
    let mut all = Vec::new();
    let mut left = evidence.missing;
    for planned in &evidence.scenarios {
        // Test cases of which no run came have no id to be told apart by.
        let runs = match planned.scenario.id {
            None if planned.missing > 0 => Vec::new(),
            id => groups.remove(&id).unwrap_or_default(),
        };
        left = left.saturating_sub(planned.missing);
        all.push(PartOfScenario {
            scenario: planned.scenario.clone(),
            planned: Some(planned),
            is_known: true,
            evidence: of(runs, planned.missing, Some(planned)),
        });
    }
    for (id, runs) in groups {
        let name = runs.iter().find_map(|(run, _)| run.scenario_name.clone());
        let name = name.unwrap_or_else(|| match id {
            Some(id) => format!("scenario {id}"),
            None => "deleted scenario".to_owned(),
        });
        all.push(PartOfScenario {
            scenario: ScenarioRef { id, name },
            planned: None,
            is_known: true,
            evidence: of(runs, 0, None),
        });
    }
    if left > 0 {
        let name = "a scenario that is not known".to_owned();
        all.push(PartOfScenario {
            scenario: ScenarioRef { id: None, name },
            planned: None,
            is_known: false,
            evidence: of(Vec::new(), left, None),
        });
    }
    all
}

#[cfg(test)]
mod tests;
