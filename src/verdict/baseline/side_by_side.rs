//! The scenarios of two results side by side: how each fared, which ran on one side only, and which
//! ran on both without a verdict on one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Change;
use super::rates::change;
use crate::outcome::{Blame, Outcome};
use crate::stats::strata::Stratum;
use crate::verdict::ScenarioRef;
use crate::verdict::evidence::Evidence;

/// What changed from the base to the head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The change of the success rate over the common scenarios, each weighted by its runs; none
    /// where no scenario has judged runs on both sides.
    pub success_rate: Option<Change>,
    /// The scenarios with judged runs on both sides, in ascending order of their ids.
    pub scenarios: Vec<ScenarioChange>,
    /// Scenarios that ran in the base alone.
    pub only_in_base: Vec<ScenarioRef>,
    /// Scenarios that ran in the head alone.
    pub only_in_head: Vec<ScenarioRef>,
    /// Scenarios that ran on both sides, and of which no run of the base was judged.
    #[serde(default)]
    pub no_verdict_in_base: Vec<NoVerdict>,
    /// Scenarios that ran on both sides, and of which no run of the head was judged.
    #[serde(default)]
    pub no_verdict_in_head: Vec<NoVerdict>,
    /// The base's runs of scenarios that ran on both sides.
    #[serde(default)]
    pub base_runs: RunsOfSide,
    /// The head's runs of scenarios that ran on both sides.
    #[serde(default)]
    pub head_runs: RunsOfSide,
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

/// A scenario of which no run was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoVerdict {
    /// The scenario.
    pub scenario: ScenarioRef,
    /// Its runs that errored.
    pub errored: usize,
    /// Its runs that nothing judged.
    pub unscored: usize,
    /// Its runs that were still going.
    pub still_going: usize,
}

/// How many runs of one side were judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunsOfSide {
    /// Runs that passed or failed.
    pub judged: usize,
    /// Runs that errored.
    pub errored: usize,
    /// Runs that nothing judged.
    pub unscored: usize,
    /// Runs that were still going.
    pub still_going: usize,
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
    let (base_by, head_by) = (ends(base), ends(head));
    let names = names(base, head);
    let named = |id: &Option<u64>| ScenarioRef {
        id: *id,
        name: names.get(id).cloned().unwrap_or_default(),
    };
    let only = |these: &BTreeMap<_, Ends>, those: &BTreeMap<_, Ends>| {
        these.keys().filter(|id| !those.contains_key(*id)).map(named).collect()
    };
    let mut comparison = Comparison {
        only_in_base: only(&base_by, &head_by),
        only_in_head: only(&head_by, &base_by),
        ..Comparison::default()
    };
    let mut strata = Vec::new();
    for (id, base) in &base_by {
        let Some(head) = head_by.get(id) else { continue };
        comparison.base_runs.add(base);
        comparison.head_runs.add(head);
        let without = |ends: &Ends| {
            let Ends { errored, unscored, still_going, .. } = *ends;
            let scenario = named(id);
            (ends.judged() == 0).then_some(NoVerdict { scenario, errored, unscored, still_going })
        };
        comparison.no_verdict_in_base.extend(without(base));
        comparison.no_verdict_in_head.extend(without(head));
        if base.judged() == 0 || head.judged() == 0 {
            continue;
        }
        let stratum = Stratum {
            base_yes: base.passed,
            base_no: base.failed,
            head_yes: head.passed,
            head_no: head.failed,
        };
        strata.push(stratum);
        comparison.scenarios.push(ScenarioChange {
            scenario: named(id),
            base: (base.passed, base.judged()),
            head: (head.passed, head.judged()),
            trend: trend(stratum, significance),
        });
    }
    comparison.success_rate = change(&strata);
    comparison
}

/// How the runs of one scenario ended on one side.
#[derive(Default)]
struct Ends {
    passed: usize,
    failed: usize,
    errored: usize,
    unscored: usize,
    still_going: usize,
}

impl Ends {
    const fn judged(&self) -> usize {
        self.passed + self.failed
    }
}

impl RunsOfSide {
    const fn add(&mut self, ends: &Ends) {
        self.judged += ends.judged();
        self.errored += ends.errored;
        self.unscored += ends.unscored;
        self.still_going += ends.still_going;
    }
}

fn ends(evidence: &Evidence<'_>) -> BTreeMap<Option<u64>, Ends> {
    let mut by: BTreeMap<Option<u64>, Ends> = BTreeMap::new();
    for (run, outcome) in &evidence.runs {
        let ends = by.entry(run.scenario).or_default();
        *match outcome.outcome {
            Outcome::Passed => &mut ends.passed,
            Outcome::Failed => &mut ends.failed,
            Outcome::Errored if outcome.blame == Some(Blame::StillGoing) => &mut ends.still_going,
            Outcome::Errored => &mut ends.errored,
            Outcome::Unscored => &mut ends.unscored,
        } += 1;
    }
    by
}

fn trend(stratum: Stratum, significance: f64) -> Trend {
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
