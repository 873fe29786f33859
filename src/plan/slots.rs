//! The planned runs: the table of slots that the evidence has to fill.
//!
//! Pure. A slot is a scenario × personality × profile × repetition that the plan calls for. Runs
//! fill slots: a slot without a run is missing, and a run that fits no slot counts for nothing.
//! Every figure is computed over slots, so that what did not come, and what nobody asked for,
//! never helps a check to pass.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, Selection};
use crate::checks::spec::DescribedUnits;
use crate::plan::planned::{FoundScenario, PlannedCase};
use crate::plan::rounds::{PlannedRounds, StartedRound};
use crate::record::{ResultRecord, RunRecord};

/// What was planned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanHead {
    /// How many runs each scenario was to have; 0 where nobody knows.
    pub runs_per_scenario: usize,
    /// How many runs were planned in all; none when the platform chose the scenarios and never said.
    pub runs: Option<usize>,
    /// Ids of the planned scenarios, where known.
    pub scenarios: Vec<u64>,
    /// Whether the platform chose the scenarios: then others than `scenarios` may belong to the plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// Personalities that each scenario was to run with; empty for each scenario's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub personalities: Vec<u64>,
    /// Test profiles that each scenario was to run with; empty for each scenario's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_profiles: Vec<u64>,
    /// The planned test cases, where the suite brings them: their scenario ids change at each start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<PlannedCase>,
    /// The units that the account's descriptions of metrics said before the start, by the metrics'
    /// names in the suite: so that it is judged in the same units without the account.
    #[serde(default, skip_serializing_if = "DescribedUnits::is_empty")]
    pub described_units: DescribedUnits,
    /// The rounds, where the runs come in several starts: then `runs` counts those that were started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<PlannedRounds>,
    /// What the lookup before the start found of the scenarios, where the suite's groups need it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<FoundScenario>,
}

/// What a run is to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It fills a slot.
    Slot,
    /// It is one of more runs than there are slots for its case: nobody can say which of them count.
    OneOfTooMany,
    /// It is of a scenario, personality or profile that was not planned.
    NotPlanned,
    /// It is of a quarantined scenario.
    Quarantined,
}

/// A planned scenario that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedScenario {
    /// Id of the scenario; none for a test case of which no run came, and for a deleted scenario.
    pub scenario: Option<u64>,
    /// Its name as the plan knows it: that of the test case, or that of the lookup.
    pub name: Option<String>,
    /// Key of the test case, where it is one.
    pub case_key: Option<String>,
    /// Its tags, where the plan knows them.
    pub tags: Option<Vec<String>>,
    /// Slots of it without a run.
    pub missing: usize,
    /// Its slots in each round that it was started in; empty where there is one start.
    pub rounds: Vec<RoundSlots>,
}

/// The slots of one scenario in one round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundSlots {
    /// Number of the round, from 1.
    pub round: u32,
    /// Runs of the scenario that were planned in it.
    pub planned: usize,
    /// Those of them that never arrived.
    pub missing: usize,
}

/// The table of slots, filled with runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// What each run is to the plan, in the order of the runs.
    pub fits: Vec<Fit>,
    /// The planned scenarios that count, in ascending order of their ids or in the order of the cases.
    pub scenarios: Vec<PlannedScenario>,
    /// Slots that count and have no run: those of `scenarios`, and those of which it is not known
    /// which scenario they are of.
    pub missing: usize,
    /// Runs beyond those that were planned: of other scenarios, or one repetition too many.
    pub unmatched: usize,
}

/// What tells the scenarios of a plan apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Case(usize),
    Scenario(u64),
    Deleted,
}

/// The slots of one scenario with one personality and profile.
struct Cell {
    key: Key,
    personality: Option<u64>,
    test_profile: Option<u64>,
    /// The round that it is of; none where there is one start.
    round: Option<u32>,
    planned: usize,
    runs: Vec<usize>,
}

impl Cell {
    /// Whether a run may be of this cell. What a run does not tell is taken to fit.
    fn takes(&self, run: &RunRecord) -> bool {
        let fits = |planned: Option<u64>, seen: Option<u64>| {
            planned.is_none() || seen.is_none() || planned == seen
        };
        // A run without a round is of the first: that of a result as it comes.
        self.round.is_none_or(|round| round == run.round.unwrap_or(1))
            && fits(self.personality, run.personality)
            && fits(self.test_profile, run.test_profile)
    }

    const fn has_room(&self) -> bool {
        self.runs.len() < self.planned
    }
}

impl PlanHead {
    /// The slots of a plan, as far as they are known before its start.
    pub fn of(plan: &Plan) -> Self {
        let cases = plan.spec().map(|spec| {
            let case = |case: &crate::spec::model::Case| PlannedCase {
                key: case.key().to_owned(),
                name: case.name.clone(),
                runs: spec.frequency(case) * plan.multiplier,
                tags: spec.tags(case),
            };
            spec.scenarios.iter().map(case).collect()
        });
        Self {
            runs_per_scenario: plan.runs_per_scenario,
            runs: plan.runs(),
            scenarios: plan.scenarios(),
            open: matches!(plan.selection, Selection::ByPlatform(_) | Selection::Resolve(_)),
            personalities: plan.personalities.clone(),
            test_profiles: plan.test_profiles.clone(),
            cases: cases.unwrap_or_default(),
            described_units: plan.described_units.clone(),
            rounds: PlannedRounds::of(plan),
            found: Vec::new(),
        }
    }

    /// Takes in what the answer to the start says of a plan whose scenarios the platform chose:
    /// each scenario that it names has all of its repetitions to show.
    pub fn learn(&mut self, answered: &[RunRecord]) {
        if !self.is_open() {
            return;
        }
        self.open = true;
        let known = self.scenarios.iter().copied();
        let scenarios: BTreeSet<u64> =
            known.chain(answered.iter().filter_map(|run| run.scenario)).collect();
        let at_least = (scenarios.len() * self.runs_per_scenario).max(answered.len());
        self.runs = self.runs.max(Some(at_least).filter(|runs| *runs > 0));
        self.scenarios = scenarios.into_iter().collect();
    }

    /// The two parts of the first round, where it has two: what failed lately, and the others.
    pub fn parts(&self) -> Option<[StartedRound; 2]> {
        let rounds = self.rounds.as_ref()?;
        let (whole, first) = (rounds.started.first()?, rounds.first.as_ref()?);
        let part = |is_first: bool, result| StartedRound {
            scenarios: self.cases.is_empty().then(|| {
                let ids = self.scenarios.iter().copied();
                ids.filter(|id| first.scenarios.contains(id) == is_first).collect()
            }),
            cases: (!self.cases.is_empty()).then(|| {
                let keys = self.cases.iter().map(|case| &case.key);
                keys.filter(|key| first.cases.contains(*key) == is_first).cloned().collect()
            }),
            result,
            ..whole.clone()
        };
        Some([part(true, whole.result), part(false, first.rest_result)])
    }

    /// What was planned, of one start of a round alone.
    #[must_use]
    pub fn of_start(&self, round: &StartedRound) -> Self {
        let is_of = |key: &str| round.has(None, Some(key));
        Self {
            runs_per_scenario: round.runs_per_scenario,
            runs: Some(self.runs_in(round)),
            rounds: None,
            scenarios: round.scenarios.clone().unwrap_or_else(|| self.scenarios.clone()),
            cases: self.cases.iter().filter(|case| is_of(&case.key)).cloned().collect(),
            ..self.clone()
        }
    }

    /// How many runs of a round were started.
    pub fn started_in(&self, round: &StartedRound) -> usize {
        let first = self.rounds.as_ref().and_then(|rounds| rounds.first.as_ref());
        match (first.filter(|first| round.number == 1 && !first.rest_started), self.parts()) {
            (Some(_), Some([part, _])) => self.runs_in(&part),
            _ => self.runs_in(round),
        }
    }

    /// How many runs a round was to have.
    pub fn runs_in(&self, round: &StartedRound) -> usize {
        let scenarios = match self.cases.is_empty() {
            true => self.scenarios.iter().filter(|id| round.has(Some(**id), None)).count(),
            false => self.cases.iter().filter(|case| round.has(None, Some(&case.key))).count(),
        };
        scenarios.saturating_mul(round.runs_per_scenario)
    }

    /// Takes in what an earlier gate knew of the same plan.
    pub fn join(&mut self, earlier: &Self) {
        if let (Some(rounds), Some(started)) = (&mut self.rounds, &earlier.rounds) {
            rounds.started.clone_from(&started.started);
            rounds.first.clone_from(&started.first);
        }
        for (name, unit) in &earlier.described_units {
            self.described_units.entry(name.clone()).or_insert_with(|| unit.clone());
        }
        if !self.is_open() {
            return;
        }
        let both = self.scenarios.iter().chain(&earlier.scenarios).copied();
        self.scenarios = both.collect::<BTreeSet<u64>>().into_iter().collect();
        self.runs = self.runs.max(earlier.runs);
    }

    /// Takes in that the platform counts more runs than its answer holds: those are missing.
    pub fn expect_claimed(&mut self, result: &ResultRecord) {
        let claimed = result.claims.total_runs.and_then(|total| usize::try_from(total).ok());
        self.runs = self.runs.max(claimed.filter(|total| *total > result.runs.len()));
    }

    /// Whether scenarios may belong to the plan that it does not name.
    fn is_open(&self) -> bool {
        self.open || (self.scenarios.is_empty() && self.cases.is_empty())
    }

    /// Fills the slots with runs, which stand in ascending order of their ids. `quarantined` says
    /// which scenarios count for nothing.
    pub fn fill(&self, runs: &[RunRecord], quarantined: impl Fn(Option<u64>) -> bool) -> Filled {
        let mut cells = self.cells();
        let mut fits = vec![Fit::NotPlanned; runs.len()];
        let mut order: Vec<usize> = (0..runs.len()).collect();
        // Runs that tell more about themselves choose first.
        order.sort_by_key(|at| {
            runs.get(*at).map_or(2, |run| {
                usize::from(run.personality.is_none()) + usize::from(run.test_profile.is_none())
            })
        });
        for at in order {
            if let Some(run) = runs.get(at) {
                self.place(run, at, &mut cells);
            }
        }
        // Where the platform chose what runs, its own count says how many runs there were to be.
        let within_count = self.runs.is_none_or(|planned| runs.len() <= planned);
        if self.is_open() && (within_count || self.runs_per_scenario == 0) {
            for cell in &mut cells {
                cell.planned = cell.planned.max(cell.runs.len());
            }
        }
        let unknown_scenario = |planned: usize| {
            let in_cells: usize = cells.iter().map(|cell| cell.planned).sum();
            planned.saturating_sub(in_cells)
        };
        let mut filled =
            Filled { missing: self.runs.map_or(0, unknown_scenario), ..Filled::default() };
        let mut scenarios: BTreeMap<&Key, PlannedScenario> = BTreeMap::new();
        for cell in &cells {
            let surplus = cell.runs.len().saturating_sub(cell.planned);
            filled.unmatched += surplus;
            let scenario = self.scenario_of(cell, runs);
            let is_quarantined = quarantined(scenario);
            let fit = match (is_quarantined, surplus) {
                (true, _) => Fit::Quarantined,
                (false, 0) => Fit::Slot,
                (false, _) => Fit::OneOfTooMany,
            };
            for at in &cell.runs {
                if let Some(of_run) = fits.get_mut(*at) {
                    *of_run = fit;
                }
            }
            if is_quarantined {
                continue;
            }
            let missing = cell.planned.saturating_sub(cell.runs.len());
            filled.missing += missing;
            let entry =
                scenarios.entry(&cell.key).or_insert_with(|| self.planned(&cell.key, scenario));
            entry.scenario = entry.scenario.or(scenario);
            entry.missing += missing;
            if let Some(round) = cell.round {
                let planned = cell.planned;
                match entry.rounds.iter_mut().find(|one| one.round == round) {
                    Some(one) => {
                        (one.planned, one.missing) = (one.planned + planned, one.missing + missing)
                    }
                    None => entry.rounds.push(RoundSlots { round, planned, missing }),
                }
            }
        }
        filled.scenarios = scenarios.into_values().collect();
        for (run, fit) in runs.iter().zip(&mut fits) {
            if *fit == Fit::NotPlanned {
                filled.unmatched += 1;
                if quarantined(run.scenario) {
                    *fit = Fit::Quarantined;
                }
            }
        }
        filled.fits = fits;
        filled
    }

    /// The cells that are known before any run came.
    fn cells(&self) -> Vec<Cell> {
        match &self.rounds {
            None => self.cells_of(None),
            Some(rounds) => {
                rounds.started.iter().flat_map(|round| self.cells_of(Some(round))).collect()
            }
        }
    }

    /// The cells of one round, or of the only start.
    fn cells_of(&self, round: Option<&StartedRound>) -> Vec<Cell> {
        let has = |id: Option<u64>, key: Option<&str>| round.is_none_or(|one| one.has(id, key));
        let empty = |key: Key, planned: usize| Cell {
            key,
            personality: None,
            test_profile: None,
            round: round.map(|one| one.number),
            planned,
            runs: Vec::new(),
        };
        if !self.cases.is_empty() {
            let cases = self.cases.iter().enumerate();
            let cases = cases.filter(|(_, case)| has(None, Some(&case.key)));
            let runs = |case: &PlannedCase| round.map_or(case.runs, |one| one.runs_per_scenario);
            return cases.map(|(at, case)| empty(Key::Case(at), runs(case))).collect();
        }
        let each_has = round.map_or(self.runs_per_scenario, |one| one.runs_per_scenario);
        let each = |ids: &[u64]| match ids.is_empty() {
            true => vec![None],
            false => ids.iter().copied().map(Some).collect::<Vec<_>>(),
        };
        let (personalities, profiles) = (each(&self.personalities), each(&self.test_profiles));
        let repetitions = each_has / (personalities.len() * profiles.len()).max(1);
        // An id that is named twice has twice the slots.
        let mut often: BTreeMap<u64, usize> = BTreeMap::new();
        for id in self.scenarios.iter().filter(|id| has(Some(**id), None)) {
            *often.entry(*id).or_default() += 1;
        }
        let mut cells = Vec::new();
        for (id, times) in often {
            for personality in &personalities {
                for test_profile in &profiles {
                    cells.push(Cell {
                        personality: *personality,
                        test_profile: *test_profile,
                        ..empty(Key::Scenario(id), repetitions * times)
                    });
                }
            }
        }
        cells
    }

    /// Puts a run into a cell with room for it, else into one that takes it, else into none.
    fn place(&self, run: &RunRecord, at: usize, cells: &mut Vec<Cell>) {
        let Some(key) = self.key_of(run) else { return };
        let is_named = cells.iter().any(|cell| cell.key == key);
        if !is_named && self.is_open() {
            cells.push(Cell {
                key,
                personality: None,
                test_profile: None,
                round: None,
                planned: self.runs_per_scenario,
                runs: vec![at],
            });
            return;
        }
        let fitting = || cells.iter().enumerate().filter(|(_, c)| c.key == key && c.takes(run));
        let found = fitting().find(|(_, cell)| cell.has_room()).or_else(|| fitting().next());
        if let Some(cell) = found.map(|(index, _)| index).and_then(|index| cells.get_mut(index)) {
            cell.runs.push(at);
        }
    }

    /// What a run is of; none where it is of no planned test case.
    fn key_of(&self, run: &RunRecord) -> Option<Key> {
        if self.cases.is_empty() {
            return Some(run.scenario.map_or(Key::Deleted, Key::Scenario));
        }
        let name = run.scenario_name.as_deref().map(str::trim);
        let found = match run.case_key.as_deref() {
            Some(key) => self.cases.iter().position(|case| case.key == key),
            None => self.cases.iter().position(|case| Some(case.name.trim()) == name),
        };
        found.map(Key::Case)
    }

    fn scenario_of(&self, cell: &Cell, runs: &[RunRecord]) -> Option<u64> {
        match cell.key {
            Key::Scenario(id) => Some(id),
            Key::Case(_) | Key::Deleted => {
                cell.runs.first().and_then(|at| runs.get(*at)).and_then(|run| run.scenario)
            }
        }
    }

    /// A planned scenario with what the plan knows of it, and nothing missing yet.
    fn planned(&self, key: &Key, scenario: Option<u64>) -> PlannedScenario {
        let case = match key {
            Key::Case(at) => self.cases.get(*at),
            Key::Scenario(_) | Key::Deleted => None,
        };
        let found = match key {
            Key::Scenario(id) => self.found.iter().find(|one| one.id == *id),
            Key::Case(_) | Key::Deleted => None,
        };
        let name = case.map(|case| &case.name).or_else(|| found.map(|found| &found.name));
        PlannedScenario {
            scenario,
            name: name.filter(|name| !name.trim().is_empty()).cloned(),
            case_key: case.map(|case| case.key.clone()),
            tags: case.map(|case| case.tags.clone()).or_else(|| Some(found?.tags.clone())),
            missing: 0,
            rounds: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
