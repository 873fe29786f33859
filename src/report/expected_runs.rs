//! How many runs the rounds would take if nothing had changed since an earlier result.
//!
//! Pure. Each round is drawn, with replacement, from the earlier runs of the same scenario, and judged
//! as real ones are: what is expected and what is done cannot follow two rules.

use std::collections::BTreeMap;

use crate::plan::rounds::StartedRound;
use crate::record::RunRecord;
use crate::report::model::PlanHead;
use crate::report::rounds::next_round;
use crate::suite::head::SuiteHead;

/// How often the rounds are played through.
const PLAYS: u64 = 100;

/// The number of runs on average, over 100 plays. None where the runs do not come in rounds, and
/// where the earlier result has no run of one of the scenarios or test cases.
pub fn expected_runs(
    suite: &SuiteHead,
    planned: &PlanHead,
    earlier: &[RunRecord],
) -> Option<usize> {
    planned.rounds.as_ref()?;
    let mut drawn_from: BTreeMap<Of, Vec<RunRecord>> = BTreeMap::new();
    for run in earlier {
        // What people said decides nothing and is long.
        let bare = RunRecord { transcript: Vec::new(), ..run.clone() };
        let of = match (planned.cases.is_empty(), &run.case_key) {
            (true, _) => Of::Scenario(run.scenario?),
            (false, Some(key)) => Of::Case(key.clone()),
            (false, None) => continue,
        };
        drawn_from.entry(of).or_default().push(bare);
    }
    let all = all_of(planned);
    if all.is_empty() || !all.iter().all(|of| drawn_from.contains_key(of)) {
        return None;
    }
    let mut suite = suite.clone();
    suite.thresholds.baseline = None;
    let total: usize = (1..=PLAYS).map(|seed| play(&suite, planned, &drawn_from, seed)).sum();
    Some((total as f64 / PLAYS as f64).round() as usize)
}

/// What runs repeatedly.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    /// The scenario of this id.
    Scenario(u64),
    /// The test case of this key: its scenario has another id in each result.
    Case(String),
}

impl Of {
    fn is_in(&self, round: &StartedRound) -> bool {
        match self {
            Self::Scenario(id) => round.has(Some(*id), None),
            Self::Case(key) => round.has(None, Some(key)),
        }
    }
}

/// The planned scenarios, or test cases.
fn all_of(planned: &PlanHead) -> Vec<Of> {
    match planned.cases.is_empty() {
        true => planned.scenarios.iter().copied().map(Of::Scenario).collect(),
        false => planned.cases.iter().map(|case| Of::Case(case.key.clone())).collect(),
    }
}

/// How many runs one play takes.
fn play(
    suite: &SuiteHead,
    planned: &PlanHead,
    earlier: &BTreeMap<Of, Vec<RunRecord>>,
    seed: u64,
) -> usize {
    let mut planned = planned.clone();
    let mut runs: Vec<RunRecord> = Vec::new();
    let mut draw = Draw(seed);
    loop {
        let Some(round) = planned.rounds.as_ref().and_then(|rounds| rounds.started.last()) else {
            return runs.len();
        };
        for of in all_of(&planned).iter().filter(|of| of.is_in(round)) {
            for _ in 0..round.runs_per_scenario {
                let Some(drawn) = earlier.get(of).and_then(|all| draw.one_of(all)) else {
                    continue;
                };
                let number = runs.len() as u64 + 1;
                runs.push(RunRecord { id: number, round: Some(round.number), ..drawn.clone() });
            }
        }
        let Some(next) = next_round(suite, &planned, &runs, None) else { return runs.len() };
        if let Some(rounds) = &mut planned.rounds {
            rounds.started.push(next.round);
        }
    }
}

/// Numbers that look drawn, and are the same each time (splitmix64).
struct Draw(u64);

impl Draw {
    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let at = mixed.checked_rem(all.len() as u64)?;
        all.get(usize::try_from(at).ok()?)
    }
}
