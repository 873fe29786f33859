//! Runs in slots.

use super::*;

fn run(id: u64, scenario: u64) -> RunRecord {
    RunRecord { id, scenario: Some(scenario), ..RunRecord::default() }
}

fn runs(scenarios: &[u64]) -> Vec<RunRecord> {
    (1..).zip(scenarios).map(|(id, scenario)| run(id, *scenario)).collect()
}

fn plan(each: usize, scenarios: &[u64]) -> PlanHead {
    PlanHead {
        runs_per_scenario: each,
        runs: Some(each * scenarios.len()),
        scenarios: scenarios.to_vec(),
        ..PlanHead::default()
    }
}

fn filled(plan: &PlanHead, scenarios: &[u64]) -> Filled {
    plan.fill(&runs(scenarios), |_| false)
}

fn missing_by(filled: &Filled) -> Vec<(Option<u64>, usize)> {
    filled.scenarios.iter().map(|each| (each.scenario, each.missing)).collect()
}

#[test]
fn a_slot_without_a_run_is_missing_in_its_scenario() {
    let filled = filled(&plan(2, &[1, 2, 3]), &[1, 1, 2]);
    assert_eq!(missing_by(&filled), [(Some(1), 0), (Some(2), 1), (Some(3), 2)]);
    assert_eq!((filled.missing, filled.unmatched), (3, 0));
}

#[test]
fn runs_of_another_scenario_fill_no_slot() {
    let filled = filled(&plan(1, &[1, 2]), &[3, 4]);
    assert_eq!(filled.fits, [Fit::NotPlanned; 2]);
    assert_eq!((filled.missing, filled.unmatched), (2, 2));
}

#[test]
fn of_one_repetition_too_many_nobody_can_say_which_counts() {
    let filled = filled(&plan(1, &[1, 2]), &[1, 1, 2]);
    assert_eq!(filled.fits, [Fit::OneOfTooMany, Fit::OneOfTooMany, Fit::Slot]);
    assert_eq!((filled.missing, filled.unmatched), (0, 1));
}

#[test]
fn each_personality_has_slots_of_its_own() {
    let plan = PlanHead { personalities: vec![7, 8], ..plan(2, &[1]) };
    let with = |personality: Option<u64>, id| RunRecord { personality, ..run(id, 1) };
    let both = [with(Some(7), 1), with(Some(8), 2)];
    assert_eq!(plan.fill(&both, |_| false).fits, [Fit::Slot; 2]);
    let twice = [with(Some(7), 1), with(Some(7), 2)];
    let filled = plan.fill(&twice, |_| false);
    assert_eq!((filled.missing, filled.unmatched), (1, 1));
    let untold = [with(None, 1), with(Some(7), 2)];
    assert_eq!(plan.fill(&untold, |_| false).fits, [Fit::Slot; 2]);
    let other = [with(Some(9), 1), with(Some(7), 2)];
    assert_eq!(plan.fill(&other, |_| false).fits, [Fit::NotPlanned, Fit::Slot]);
}

#[test]
fn scenarios_that_the_platform_chose_owe_all_of_their_repetitions() {
    let mut open = PlanHead { runs_per_scenario: 5, open: true, ..PlanHead::default() };
    open.learn(&runs(&[1, 2]));
    let filled = filled(&open, &[1, 2]);
    assert_eq!(missing_by(&filled), [(Some(1), 4), (Some(2), 4)]);
    assert_eq!(filled.missing, 8);
}

#[test]
fn a_plan_that_nobody_knows_takes_the_runs_that_are_there() {
    let filled = filled(&PlanHead::default(), &[1, 1, 2]);
    assert_eq!(filled.fits, [Fit::Slot; 3]);
    assert_eq!((filled.missing, filled.unmatched), (0, 0));
}

#[test]
fn a_count_beyond_the_known_scenarios_is_missing_in_none_of_them() {
    let plan = PlanHead { runs: Some(4), ..PlanHead::default() };
    let filled = filled(&plan, &[1, 2]);
    assert_eq!(missing_by(&filled), [(Some(1), 0), (Some(2), 0)]);
    assert_eq!(filled.missing, 2);
}

#[test]
fn more_runs_than_the_platform_counted_are_surplus() {
    let plan = PlanHead { runs_per_scenario: 1, runs: Some(2), ..PlanHead::default() };
    assert_eq!(filled(&plan, &[1, 1, 2]).unmatched, 1);
    assert_eq!(filled(&plan, &[1, 1]).unmatched, 0);
}

#[test]
fn quarantined_scenarios_owe_nothing() {
    let filled = plan(2, &[1, 2]).fill(&runs(&[1, 1, 2]), |id| id == Some(2));
    assert_eq!(filled.fits, [Fit::Slot, Fit::Slot, Fit::Quarantined]);
    assert_eq!((filled.missing, filled.scenarios.len()), (0, 1));
}

#[test]
fn test_cases_are_told_by_key_or_name_whatever_their_ids() {
    let case = |key: &str, name: &str, runs| PlannedCase {
        tags: Vec::new(),
        key: key.to_owned(),
        name: name.to_owned(),
        runs,
    };
    let plan = PlanHead {
        runs_per_scenario: 1,
        runs: Some(3),
        cases: vec![case("a", "First", 2), case("b", "Second", 1)],
        ..PlanHead::default()
    };
    let named =
        |id, name: &str| RunRecord { scenario_name: Some(name.to_owned()), ..run(id, 900 + id) };
    let keyed = RunRecord { case_key: Some("b".to_owned()), ..named(3, "renamed") };
    let all = [named(1, " First "), named(2, "Third"), keyed];
    let filled = plan.fill(&all, |_| false);
    assert_eq!(filled.fits, [Fit::Slot, Fit::NotPlanned, Fit::Slot]);
    assert_eq!(missing_by(&filled), [(Some(901), 1), (Some(903), 0)]);
    assert_eq!((filled.missing, filled.unmatched), (1, 1));
}

#[test]
fn each_round_has_slots_of_its_own_and_one_that_was_not_started_owes_nothing() {
    let round = |number, scenarios: Option<Vec<u64>>| StartedRound {
        number,
        runs_per_scenario: 2,
        scenarios,
        ..StartedRound::default()
    };
    let started = vec![round(1, None), round(2, Some(vec![2]))];
    let rounds = PlannedRounds { looks: vec![2, 4, 6], started, first: None };
    let plan = PlanHead { rounds: Some(rounds), runs: Some(6), ..plan(2, &[1, 2]) };
    let of = |id, scenario, round| RunRecord { round, ..run(id, scenario) };
    let first = [of(1, 1, None), of(2, 1, Some(1)), of(3, 2, Some(1))];
    let filled = plan.fill(&first, |_| false);
    assert_eq!(missing_by(&filled), [(Some(1), 0), (Some(2), 3)]);
    assert_eq!((filled.missing, filled.unmatched), (3, 0));
    let slots = |round, missing| RoundSlots { round, planned: 2, missing };
    assert_eq!(filled.scenarios[0].rounds, [slots(1, 0)]);
    assert_eq!(filled.scenarios[1].rounds, [slots(1, 1), slots(2, 2)]);
    // A run of a round in which its scenario was not started fits no slot.
    let stray = [of(1, 1, Some(2)), of(2, 2, Some(2))];
    let filled = plan.fill(&stray, |_| false);
    assert_eq!(filled.fits, [Fit::NotPlanned, Fit::Slot]);
    assert_eq!(filled.unmatched, 1);
}

#[test]
fn a_plan_of_known_scenarios_learns_nothing_from_an_answer() {
    let mut known = plan(2, &[1, 2]);
    known.learn(&runs(&[1, 3, 4, 5, 6]));
    assert_eq!(known, plan(2, &[1, 2]));
    known.join(&plan(9, &[7]));
    assert_eq!(known, plan(2, &[1, 2]));
}

#[test]
fn a_plan_of_open_scenarios_has_at_least_the_runs_that_it_was_shown() {
    let open = || PlanHead { runs_per_scenario: 2, open: true, ..PlanHead::default() };
    let learned = |answered: &[u64]| {
        let mut plan = open();
        plan.learn(&runs(answered));
        (plan.scenarios, plan.runs)
    };
    assert_eq!(learned(&[]), (vec![], None));
    assert_eq!(learned(&[3]), (vec![3], Some(2)));
    assert_eq!(learned(&[3, 1]), (vec![1, 3], Some(4)));
    assert_eq!(learned(&[3, 3, 3]), (vec![3], Some(3)));
}

#[test]
fn a_plan_of_open_scenarios_joins_what_an_earlier_gate_knew() {
    let mut open = PlanHead { runs_per_scenario: 2, open: true, ..PlanHead::default() };
    open.learn(&runs(&[2]));
    open.join(&plan(3, &[1, 4]));
    assert_eq!((open.scenarios, open.runs), (vec![1, 2, 4], Some(6)));
}
