//! Runs in slots.

use super::*;
use crate::plan::rounds::FirstPart;
use crate::suite::model::{Frequency, Suite};

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

fn case(key: &str, name: &str, runs: usize) -> PlannedCase {
    PlannedCase { tags: vec![key.to_owned()], key: key.to_owned(), name: name.to_owned(), runs }
}

#[test]
fn the_frame_of_a_plan_is_what_its_suite_says() {
    let plan = |more: serde_json::Value| {
        let mut suite = serde_json::json!({"agent": 1});
        suite.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Plan::new(&serde_json::from_value(suite).unwrap(), "Shop", None, "key").unwrap()
    };
    let ids = PlanHead::of(&plan(serde_json::json!({
        "scenarios": [1, 2], "frequency": 3, "personalities": [7, 8], "test_profiles": [9],
    })));
    let expected = PlanHead {
        personalities: vec![7, 8],
        test_profiles: vec![9],
        ..super::tests::plan(6, &[1, 2])
    };
    assert_eq!(ids, expected);
    let tags = PlanHead::of(&plan(serde_json::json!({"tags": ["smoke"], "frequency": 3})));
    assert_eq!(tags, PlanHead { runs_per_scenario: 3, open: true, ..PlanHead::default() });
    let suite = Suite {
        agent: Some(1),
        spec: Some("cekura.tests.json".to_owned()),
        spec_read: serde_json::from_value(serde_json::json!({
            "version": "1",
            "scenarios": [
                {"name": "a", "instructions": "x", "frequency": 2},
                {"name": "b", "instructions": "x"},
            ],
        }))
        .unwrap(),
        frequency: Some(Frequency::Fixed(3)),
        ..Suite::default()
    };
    let cases = PlanHead::of(&Plan::new(&suite, "Shop", None, "key").unwrap());
    let runs: Vec<usize> = cases.cases.iter().map(|case| case.runs).collect();
    assert_eq!((runs, cases.runs, cases.runs_per_scenario), (vec![6, 3], Some(9), 3));
}

#[test]
fn a_round_has_so_many_runs_of_each_of_its_scenarios_or_cases() {
    let round = |scenarios: Option<Vec<u64>>, cases: Option<Vec<String>>| StartedRound {
        number: 2,
        runs_per_scenario: 3,
        scenarios,
        cases,
        result: None,
    };
    let ids = plan(1, &[1, 2, 4]);
    assert_eq!(ids.runs_in(&round(None, None)), 9);
    assert_eq!(ids.runs_in(&round(Some(vec![1, 4]), None)), 6);
    let cases =
        PlanHead { cases: vec![case("a", "A", 1), case("b", "B", 1)], ..PlanHead::default() };
    assert_eq!(cases.runs_in(&round(None, None)), 6);
    assert_eq!(cases.runs_in(&round(None, Some(vec!["b".to_owned()]))), 3);
}

#[test]
fn a_count_of_the_platform_is_taken_in_only_where_it_is_beyond_what_is_shown() {
    let expected = |claimed: Option<u64>, shown: usize| {
        let mut plan = PlanHead::default();
        let mut result = ResultRecord { runs: runs(&vec![1; shown]), ..ResultRecord::default() };
        result.claims.total_runs = claimed;
        plan.expect_claimed(&result);
        plan.runs
    };
    assert_eq!(expected(None, 2), None);
    assert_eq!(expected(Some(1), 2), None);
    assert_eq!(expected(Some(2), 2), None);
    assert_eq!(expected(Some(3), 2), Some(3));
}

#[test]
fn runs_that_tell_more_of_themselves_choose_their_slots_first() {
    let plan = PlanHead { personalities: vec![7, 8], test_profiles: vec![20, 21], ..plan(4, &[1]) };
    let with =
        |id, personality, test_profile| RunRecord { personality, test_profile, ..run(id, 1) };
    // In the order of their ids the first two would take the slots that only the others fit.
    let all = [
        with(1, None, None),
        with(2, None, Some(20)),
        with(3, Some(7), Some(20)),
        with(4, Some(7), Some(21)),
    ];
    let filled = plan.fill(&all, |_| false);
    assert_eq!(filled.fits, [Fit::Slot; 4]);
    assert_eq!((filled.missing, filled.unmatched), (0, 0));
    let profile_twice = [with(1, Some(7), Some(20)), with(2, Some(7), Some(20))];
    let filled = plan.fill(&profile_twice, |_| false);
    assert_eq!((filled.missing, filled.unmatched), (3, 1));
    let other = [with(1, Some(7), Some(99))];
    assert_eq!(plan.fill(&other, |_| false).fits, [Fit::NotPlanned]);
}

#[test]
fn a_scenario_that_is_named_twice_has_twice_the_slots() {
    let filled = filled(&plan(2, &[1, 1, 2]), &[1, 1, 1, 1, 2, 2]);
    assert_eq!(filled.fits, [Fit::Slot; 6]);
    assert_eq!((filled.missing, filled.unmatched), (0, 0));
}

#[test]
fn the_rounds_of_a_scenario_add_up_its_personalities() {
    let started = vec![StartedRound { number: 1, runs_per_scenario: 4, ..StartedRound::default() }];
    let rounds = PlannedRounds { looks: vec![4, 8], started, first: None };
    let plan = PlanHead { personalities: vec![7, 8], rounds: Some(rounds), ..plan(4, &[1]) };
    let with = |id, personality| RunRecord { personality: Some(personality), ..run(id, 1) };
    let filled = plan.fill(&[with(1, 7), with(2, 7), with(3, 8)], |_| false);
    assert_eq!(filled.scenarios[0].rounds, [RoundSlots { round: 1, planned: 4, missing: 1 }]);
}

#[test]
fn what_the_plan_knows_of_a_scenario_goes_with_it() {
    let found = |id, name: &str| FoundScenario {
        id,
        name: name.to_owned(),
        tags: vec![format!("tag {id}")],
    };
    let by_id = PlanHead { found: vec![found(9, "Nine"), found(2, "Two")], ..plan(1, &[1, 2]) };
    let of = |plan: &PlanHead, scenarios: &[u64]| {
        let all = filled(plan, scenarios).scenarios.into_iter();
        all.map(|one| (one.name, one.tags, one.case_key)).collect::<Vec<_>>()
    };
    let two = (Some("Two".to_owned()), Some(vec!["tag 2".to_owned()]), None);
    assert_eq!(of(&by_id, &[1, 2]), [(None, None, None), two]);
    let cases = vec![case("a", "First", 1), case("b", " ", 1)];
    let by_case = PlanHead { cases, ..PlanHead::default() };
    let tags = |tag: &str| Some(vec![tag.to_owned()]);
    assert_eq!(
        of(&by_case, &[]),
        [
            (Some("First".to_owned()), tags("a"), Some("a".to_owned())),
            (None, tags("b"), Some("b".to_owned())),
        ]
    );
}

/// A plan of five scenarios, or of the same number of test cases, in rounds of `each` runs. Its first
/// round has two parts: those of the scenarios, or cases, whose places are in `first`, and the others.
fn in_two_parts(each: usize, by_case: bool, first: &[usize]) -> PlanHead {
    let letters = ["a", "b", "c", "d", "e"];
    let ids = [5, 9, 2, 4, 7];
    let first = match by_case {
        true => FirstPart {
            cases: first.iter().map(|at| letters[*at].to_owned()).collect(),
            ..FirstPart::default()
        },
        false => FirstPart {
            scenarios: first.iter().map(|at| ids[*at]).collect(),
            ..FirstPart::default()
        },
    };
    let started = StartedRound {
        number: 1,
        runs_per_scenario: each,
        result: Some(100),
        ..StartedRound::default()
    };
    let rounds = Some(PlannedRounds {
        looks: vec![each, 3 * each],
        started: vec![started],
        first: Some(FirstPart { rest_result: Some(200), ..first }),
    });
    match by_case {
        true => PlanHead {
            cases: letters.map(|key| case(key, key, each)).to_vec(),
            runs_per_scenario: each,
            runs: Some(5 * each),
            rounds,
            ..PlanHead::default()
        },
        false => PlanHead { rounds, personalities: vec![7, 8], ..plan(each, &ids) },
    }
}

#[test]
fn the_first_part_has_what_failed_lately_and_the_rest_has_the_others() {
    let [first, rest] = in_two_parts(2, false, &[1, 3]).parts().unwrap();
    assert_eq!(first.scenarios, Some(vec![9, 4]));
    assert_eq!(rest.scenarios, Some(vec![5, 2, 7]));
    assert_eq!((first.cases, rest.cases), (None, None));
    assert_eq!((first.result, rest.result), (Some(100), Some(200)));
    let [first, rest] = in_two_parts(2, true, &[1, 3]).parts().unwrap();
    let keys = |keys: &[&str]| Some(keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
    assert_eq!((first.cases, rest.cases), (keys(&["b", "d"]), keys(&["a", "c", "e"])));
    assert_eq!((first.scenarios, rest.scenarios), (None, None));
    assert_eq!((first.number, first.runs_per_scenario), (1, 2));
    assert_eq!((rest.number, rest.runs_per_scenario), (1, 2));
}

#[test]
fn a_round_that_is_one_start_has_no_parts() {
    assert_eq!(plan(2, &[1, 2]).parts(), None, "no rounds");
    let mut one = in_two_parts(2, false, &[1]);
    one.rounds.as_mut().unwrap().first = None;
    assert_eq!(one.parts(), None);
}

#[test]
fn both_parts_together_have_each_slot_of_the_first_round_once() {
    // What each scenario or case owes where no run came.
    let owed = |plan: &PlanHead| -> Vec<(Option<u64>, Option<String>, usize)> {
        let scenarios = plan.fill(&[], |_| false).scenarios;
        let mut owed: Vec<_> =
            scenarios.into_iter().map(|one| (one.scenario, one.case_key, one.missing)).collect();
        owed.sort();
        owed
    };
    for by_case in [false, true] {
        for (each, first) in
            [(2, &[0][..]), (2, &[4]), (4, &[1, 3]), (6, &[3, 0, 1]), (4, &[0, 1, 2, 3])]
        {
            let plan = in_two_parts(each, by_case, first);
            let starts = plan.parts().unwrap().map(|part| plan.of_start(&part));
            let runs = starts.each_ref().map(|start| start.runs.unwrap());
            let of_first = first.len() * each;
            assert_eq!(runs, [of_first, 5 * each - of_first], "{by_case} {first:?}");
            let missing = starts.each_ref().map(|start| start.fill(&[], |_| false).missing);
            assert_eq!(missing, runs, "{by_case} {first:?}");
            let mut both = starts.each_ref().map(owed).concat();
            both.sort();
            assert_eq!(both.len(), 5, "{by_case} {first:?}: {both:?}");
            assert_eq!(both, owed(&plan), "{by_case} {first:?}");
        }
    }
}

#[test]
fn what_was_planned_of_one_start_is_of_its_own_scenarios_and_knows_no_rounds() {
    let whole = in_two_parts(2, false, &[1, 3]);
    let [first, rest] = whole.parts().unwrap();
    let expected = |ids: &[u64]| PlanHead { personalities: vec![7, 8], ..plan(2, ids) };
    assert_eq!(whole.of_start(&first), expected(&[9, 4]));
    assert_eq!(whole.of_start(&rest), expected(&[5, 2, 7]));
    // A later round has its own number of runs; all scenarios where it names none.
    let third = StartedRound { number: 3, runs_per_scenario: 6, ..StartedRound::default() };
    let expected = PlanHead { personalities: vec![7, 8], ..plan(6, &[5, 9, 2, 4, 7]) };
    assert_eq!(whole.of_start(&third), expected);
    let cases = in_two_parts(2, true, &[1, 3]);
    let [first, _] = cases.parts().unwrap();
    let of_first = cases.of_start(&first);
    assert_eq!(of_first.cases, [case("b", "b", 2), case("d", "d", 2)]);
    assert_eq!((of_first.runs, of_first.rounds), (Some(4), None));
}

#[test]
fn until_the_rest_is_started_the_first_round_has_started_its_first_part_alone() {
    for by_case in [false, true] {
        let mut plan = in_two_parts(2, by_case, &[1, 3]);
        let first_round = plan.rounds.as_ref().unwrap().started[0].clone();
        let second = StartedRound { number: 2, ..first_round.clone() };
        assert_eq!(plan.started_in(&first_round), 4);
        assert_eq!(plan.started_in(&second), 10);
        plan.rounds.as_mut().unwrap().first.as_mut().unwrap().rest_started = true;
        assert_eq!(plan.started_in(&first_round), 10);
    }
}
