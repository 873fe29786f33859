//! Which round is next, and whether there is another at all.
//!
//! Pure. What is not decided drives what is started: a check of one scenario needs runs of that
//! scenario only, a share of several needs whole rounds of them. Once a gating check has failed for
//! good, nothing more is started.

use std::collections::BTreeSet;

use crate::checks::spec::Level;
use crate::plan::rounds::StartedRound;
use crate::record::RunRecord;
use crate::report::evaluation::{Evaluation, evidence_of};
use crate::report::model::PlanHead;
use crate::report::round_table::{RoundRow, RoundTable};
use crate::report::words;
use crate::suite::head::SuiteHead;
use crate::verdict::evidence::ScenarioSlots;
use crate::verdict::{CheckReport, Verdict, scenarios_of};

/// Why rounds that contradict each other cannot be a pass; none where they do not.
pub(super) fn against_a_pass(plan: &PlanHead) -> Option<String> {
    let rounds = plan.rounds.as_ref().filter(|rounds| !rounds.are_sound())?;
    Some(format!(
        "the rounds of the plan contradict each other: looks after {:?} runs of each scenario, and \
         started rounds of {:?}",
        rounds.looks,
        rounds.started.iter().map(|round| round.runs_per_scenario).collect::<Vec<_>>()
    ))
}

/// A round to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextRound {
    /// Its number, its scenarios and how many runs each has.
    pub round: StartedRound,
    /// The checks that it may decide, as they are called.
    pub open: Vec<String>,
}

/// The round that the checks need next; none where each gating check is decided or no other round
/// may decide it, where one has failed for good, and where there is no other round.
pub fn next_round(
    suite: &SuiteHead,
    planned: &PlanHead,
    runs: &[RunRecord],
    base: Option<&[RunRecord]>,
) -> Option<NextRound> {
    let rounds = planned.rounds.as_ref()?;
    let runs_per_scenario = rounds.next()?;
    let last = rounds.started.last()?;
    let standing = Evaluation::of(suite, planned, runs, base, false);
    let gating = || standing.checks.iter().filter(|check| check.level == Level::Error);
    if gating().any(is_final) {
        return None;
    }
    let open: Vec<&CheckReport> =
        gating().filter(|check| check.rounds.as_ref().is_some_and(|rounds| rounds.open)).collect();
    let (evidence, _, _) = evidence_of(suite, planned, runs, &standing.outcomes);
    let mut wanted: Vec<ScenarioSlots> = Vec::new();
    for check in &open {
        let of_check: Vec<ScenarioSlots> = evidence
            .scenarios
            .iter()
            .filter(|slots| match (&check.scenario, &check.group) {
                (Some(scenario), _) => slots.scenario == *scenario,
                (None, _) => true,
            })
            .cloned()
            .collect();
        let of_check = match check.group.as_ref().and_then(|name| suite.thresholds.groups.get(name))
        {
            Some(group) if check.scenario.is_none() => scenarios_of(group, &evidence),
            _ => of_check,
        };
        wanted.extend(of_check);
    }
    // Who was left out of a round has too few runs for any later one.
    wanted.retain(|slots| last.has(slots.scenario.id, slots.case_key.as_deref()));
    let keys: BTreeSet<&String> =
        wanted.iter().filter_map(|slots| slots.case_key.as_ref()).collect();
    let ids: BTreeSet<u64> = wanted.iter().filter_map(|slots| slots.scenario.id).collect();
    let brings_cases = !planned.cases.is_empty();
    if (brings_cases && keys.is_empty()) || (!brings_cases && ids.is_empty()) {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for check in open {
        let name = words::check_name(check);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(NextRound {
        round: StartedRound {
            number: last.number + 1,
            runs_per_scenario,
            scenarios: (!brings_cases).then(|| ids.into_iter().collect()),
            cases: brings_cases.then(|| keys.into_iter().cloned().collect()),
            result: None,
        },
        open: names,
    })
}

/// Whether a gating check has failed for good: no run that may still start could save it.
fn is_final(check: &CheckReport) -> bool {
    check.verdict == Verdict::Fail
        && check.rounds.as_ref().is_some_and(|rounds| rounds.decided_in.is_some())
}

/// Whether what the first round started first has failed a gating check for good, whatever its other
/// scenarios would show. The plan holds the whole round: the looks are those of whole rounds, and
/// what is not there yet could be anything. A comparison with a baseline waits for the whole round.
pub fn first_part_fails(suite: &SuiteHead, planned: &PlanHead, runs: &[RunRecord]) -> bool {
    let mut suite = suite.clone();
    suite.thresholds.baseline = None;
    let standing = Evaluation::of(&suite, planned, runs, None, true);
    standing.checks.iter().filter(|check| check.level == Level::Error).any(is_final)
}

/// What each round of a plan started, and what its checks say of them. None where the runs came in one start.
pub(crate) fn table(planned: &PlanHead, checks: &[CheckReport]) -> Option<RoundTable> {
    let rounds = planned.rounds.as_ref()?;
    let all = planned.scenarios.len().max(planned.cases.len());
    let most_runs = rounds.looks.last().copied().unwrap_or(0).saturating_mul(all);
    let mut rows = Vec::new();
    let mut so_far = 0;
    for round in &rounds.started {
        let runs = planned.started_in(round);
        so_far += runs;
        let decided = |verdict: Verdict| {
            let of_round = checks.iter().filter(|check| {
                let decided_in = check.rounds.as_ref().and_then(|rounds| rounds.decided_in);
                check.verdict == verdict && decided_in == Some(round.number)
            });
            of_round.map(words::check_name).collect()
        };
        rows.push(RoundRow {
            number: round.number,
            scenarios: runs.checked_div(round.runs_per_scenario).unwrap_or(0),
            runs_per_scenario: round.runs_per_scenario,
            runs,
            runs_so_far: so_far,
            not_started: planned.runs_in(round).saturating_sub(runs),
            passed: decided(Verdict::Pass),
            failed: decided(Verdict::Fail),
        });
    }
    Some(RoundTable {
        planned_rounds: rounds.looks.len(),
        most_runs,
        started_runs: so_far,
        saved_runs: most_runs.saturating_sub(so_far),
        rounds: rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::rounds::{FirstPart, PlannedRounds};

    fn round(number: u32, scenarios: Option<Vec<u64>>) -> StartedRound {
        StartedRound { number, runs_per_scenario: 3, scenarios, ..StartedRound::default() }
    }

    fn plan(started: Vec<StartedRound>, first: Option<FirstPart>) -> PlanHead {
        PlanHead {
            scenarios: vec![1, 2, 3],
            runs_per_scenario: 3,
            rounds: Some(PlannedRounds { looks: vec![3, 6, 9], started, first }),
            ..PlanHead::default()
        }
    }

    #[test]
    fn a_round_of_some_scenarios_adds_their_runs_alone() {
        let plan = plan(vec![round(1, None), round(2, Some(vec![2]))], None);
        let told = table(&plan, &[]).unwrap();
        assert_eq!(
            told.summary(),
            "12 of at most 27 runs were started, in 2 of 3 rounds; 15 saved"
        );
        let rows: Vec<_> = told.rounds.iter().map(|row| (row.started(), row.runs_so_far)).collect();
        let (first, second) = ("3 scenarios × 3 = 9 runs", "1 scenario × 3 = 3 runs");
        assert_eq!(rows, [(first.to_owned(), 9), (second.to_owned(), 12)]);
        assert_eq!(told.rounds[0].decided(), "nothing");
    }

    #[test]
    fn what_was_not_started_of_the_first_round_is_saved_and_said() {
        let first = FirstPart { scenarios: vec![3], ..FirstPart::default() };
        let row = |first| table(&plan(vec![round(1, None)], Some(first)), &[]).unwrap();
        let stopped = row(first.clone());
        assert_eq!((stopped.started_runs, stopped.saved_runs), (3, 24));
        let told = "1 scenario × 3 = 3 runs; the other 6 not started";
        assert_eq!(stopped.rounds[0].started(), told);
        let whole = row(FirstPart { rest_started: true, ..first });
        assert_eq!(whole.rounds[0].started(), "3 scenarios × 3 = 9 runs");
    }
}
