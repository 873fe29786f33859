//! How many runs the rounds would take if nothing had changed since an earlier result.
//!
//! Pure. Each round is drawn, with replacement, from the earlier runs of the same scenario, and judged
//! as real ones are: what is expected and what is done cannot follow two rules.

use std::collections::BTreeMap;

use crate::record::RunRecord;
use crate::report::model::PlanHead;
use crate::report::rounds::next_round;
use crate::suite::head::SuiteHead;

/// How often the rounds are played through.
const PLAYS: u64 = 100;

/// The number of runs on average, over 100 plays. None where the runs do not come in rounds, and
/// where the earlier result has no run of one of the scenarios.
pub fn expected_runs(
    suite: &SuiteHead,
    planned: &PlanHead,
    earlier: &[RunRecord],
) -> Option<usize> {
    planned.rounds.as_ref()?;
    let mut by_scenario: BTreeMap<u64, Vec<RunRecord>> = BTreeMap::new();
    for run in earlier {
        // What people said decides nothing and is long.
        let bare = RunRecord { transcript: Vec::new(), ..run.clone() };
        by_scenario.entry(run.scenario?).or_default().push(bare);
    }
    let has_runs = |id: &u64| by_scenario.contains_key(id);
    if planned.scenarios.is_empty() || !planned.scenarios.iter().all(has_runs) {
        return None;
    }
    let mut suite = suite.clone();
    suite.thresholds.baseline = None;
    let total: usize = (1..=PLAYS).map(|seed| play(&suite, planned, &by_scenario, seed)).sum();
    Some((total as f64 / PLAYS as f64).round() as usize)
}

/// How many runs one play takes.
fn play(
    suite: &SuiteHead,
    planned: &PlanHead,
    earlier: &BTreeMap<u64, Vec<RunRecord>>,
    seed: u64,
) -> usize {
    let mut planned = planned.clone();
    let mut runs: Vec<RunRecord> = Vec::new();
    let mut draw = Draw(seed);
    loop {
        let Some(round) = planned.rounds.as_ref().and_then(|rounds| rounds.started.last()) else {
            return runs.len();
        };
        for id in planned.scenarios.iter().filter(|id| round.has(Some(**id), None)) {
            for _ in 0..round.runs_per_scenario {
                let Some(drawn) = earlier.get(id).and_then(|all| draw.one_of(all)) else {
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
