//! Scenarios that held in the baseline and fall now.

use serde_json::{Value, json};

use super::super::evidence::ScenarioSlots;
use super::against_a_baseline::{against, scenarios};
use super::*;

fn new_failures(limit: Value, base: &[(usize, usize)], head: &[(usize, usize)]) -> CheckReport {
    against(json!({ "new_failures": limit }), &scenarios(base), &scenarios(head))
}

#[test]
fn a_scenario_that_held_and_falls_beyond_noise_is_a_new_failure_named_with_both_sides_runs() {
    let report = new_failures(json!(0), &[(5, 0), (5, 0)], &[(0, 5), (5, 0)]);
    assert_eq!((report.verdict, report.value, report.samples), (Verdict::Fail, Some(1.0), 2));
    assert_eq!(report.deciding_runs, [1, 2, 3, 4, 5]);
    assert_eq!(
        report.reason,
        "1 of 2 common scenarios newly fails: scenario 1 (5 of 5 passed, runs 1 to 5; now 0 of 5 \
         passed, runs 1 to 5); of a scenario that always passed a drop of 84 points would probably \
         show"
    );
    assert_eq!(new_failures(json!(1), &[(5, 0), (5, 0)], &[(0, 5), (5, 0)]).verdict, Verdict::Pass);
}

#[test]
fn noise_and_what_failed_before_are_no_new_failures() {
    for (base, head) in [((5, 0), (4, 1)), ((0, 5), (0, 5)), ((2, 8), (0, 10)), ((0, 5), (5, 0))] {
        let report = new_failures(json!(0), &[base, (5, 0)], &[head, (5, 0)]);
        assert_eq!(report.verdict, Verdict::Pass, "{base:?} {head:?}: {}", report.reason);
    }
}

#[test]
fn a_share_is_of_the_scenarios_on_both_sides() {
    let (base, head) = ([(5, 0); 4], [(0, 5), (5, 0), (5, 0), (5, 0)]);
    assert_eq!(new_failures(json!("25%"), &base, &head).verdict, Verdict::Pass);
    let report = new_failures(json!("20%"), &base, &head);
    assert_eq!((report.verdict, report.value), (Verdict::Fail, Some(0.25)));
    // A scenario that ran on one side alone is none of them.
    let more = [&base[..], &[(5, 0)]].concat();
    assert_eq!(new_failures(json!("20%"), &more, &head).samples, 4);
}

#[test]
fn so_few_runs_that_no_fall_could_be_told_from_noise_prove_nothing() {
    let report = new_failures(json!(0), &[(1, 0)], &[(0, 1)]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("run each scenario more often"), "{}", report.reason);
    assert!(report.reason.ends_with("would hardly show any drop"), "{}", report.reason);
    assert_eq!(new_failures(json!(0), &[(1, 0)], &[(1, 0)]).verdict, Verdict::Pass);
    assert_eq!(new_failures(json!(1), &[(1, 0)], &[(0, 1)]).verdict, Verdict::Pass);
}

#[test]
fn what_has_no_verdict_could_turn_a_scenario() {
    let base = scenarios(&[(5, 0)]);
    let mut head = scenarios(&[(3, 2)]);
    assert_eq!(against(json!({"new_failures": 0}), &base, &head).verdict, Verdict::Pass);
    for run in head.iter_mut().take(3) {
        run.success = None;
        run.status = Status::Failed;
        run.has_transcript = false;
        run.expected_outcome = None;
    }
    let report = against(json!({"new_failures": 0}), &base, &head);
    assert_eq!((report.verdict, report.unknown), (Verdict::Inconclusive, 1), "{}", report.reason);
    assert_eq!(report.deciding_runs, [1, 2, 3]);
}

#[test]
fn a_planned_scenario_of_which_no_run_came_may_have_fallen() {
    let thresholds: Thresholds =
        serde_json::from_value(json!({"baseline": {"from": "main", "new_failures": 0}})).unwrap();
    let (base, head) = (scenarios(&[(5, 0), (5, 0)]), scenarios(&[(5, 0)]));
    let outcomes: Vec<_> = base.iter().map(|run| judge_run(run, 1)).collect();
    let planned = |id: u64, missing| ScenarioSlots {
        scenario: ScenarioRef { id: Some(id), name: format!("Scenario {id}") },
        missing,
        ..ScenarioSlots::default()
    };
    let base = Evidence { runs: base.iter().zip(&outcomes).collect(), ..Evidence::default() };
    let head_outcomes: Vec<_> = head.iter().map(|run| judge_run(run, 1)).collect();
    let head = Evidence {
        runs: head.iter().zip(&head_outcomes).collect(),
        missing: 5,
        scenarios: vec![planned(1, 0), planned(2, 5)],
        ..Evidence::default()
    };
    let report = judge_all(&thresholds, &head, Some(&base)).remove(0);
    assert_eq!((report.verdict, report.samples), (Verdict::Inconclusive, 2), "{}", report.reason);
}

#[test]
fn without_a_baseline_the_suite_says_what_new_failures_come_to() {
    let judge = |if_missing: &str| {
        let thresholds: Thresholds = serde_json::from_value(json!({"baseline": {
            "from": "main", "new_failures": 0, "if_missing": if_missing,
        }}))
        .unwrap();
        let report = judge_all(&thresholds, &Evidence::default(), None).remove(0);
        assert_eq!(report.name, "new failures against the baseline");
        report.verdict
    };
    assert_eq!(judge("pass"), Verdict::Pass);
    assert_eq!(judge("inconclusive"), Verdict::Inconclusive);
    assert_eq!(judge("fail"), Verdict::Fail);
}

/// New failures between two sets of runs, with what `change` makes of the judged evidence.
fn changed(
    base: &[(usize, usize)],
    head: &[(usize, usize)],
    change: impl Fn(&mut Evidence<'_>),
) -> CheckReport {
    let thresholds: Thresholds =
        serde_json::from_value(json!({"baseline": {"from": "main", "new_failures": 0}})).unwrap();
    let (base, head) = (scenarios(base), scenarios(head));
    let judged = |runs: &[RunRecord]| runs.iter().map(|run| judge_run(run, 1)).collect::<Vec<_>>();
    let (base_outcomes, head_outcomes) = (judged(&base), judged(&head));
    let base = Evidence { runs: base.iter().zip(&base_outcomes).collect(), ..Evidence::default() };
    let mut head =
        Evidence { runs: head.iter().zip(&head_outcomes).collect(), ..Evidence::default() };
    change(&mut head);
    judge_all(&thresholds, &head, Some(&base)).remove(0)
}

#[test]
fn runs_that_may_be_replaced_and_missing_ones_of_any_scenario_could_turn_each() {
    let (base, fell) = ([(5, 0), (5, 0)], [(0, 5), (5, 0)]);
    assert_eq!(changed(&base, &fell, |_| {}).verdict, Verdict::Fail);
    let replaced = changed(&base, &fell, |head| head.open_runs.extend(1..=5));
    assert_eq!((replaced.verdict, replaced.unknown), (Verdict::Inconclusive, 1));
    assert_eq!(replaced.deciding_runs, [1, 2, 3, 4, 5]);
    // Two more of scenario 2 could have failed, but so few would be no sign of a fall.
    let two = changed(&base, &base, |head| head.missing = 2);
    assert_eq!((two.verdict, two.unknown), (Verdict::Pass, 0), "{}", two.reason);
    let many = changed(&base, &base, |head| head.missing = 20);
    assert_eq!((many.verdict, many.unknown), (Verdict::Inconclusive, 2), "{}", many.reason);
}

#[test]
fn a_scenario_of_which_half_the_runs_passed_has_not_held() {
    assert_eq!(new_failures(json!(0), &[(10, 10)], &[(0, 20)]).verdict, Verdict::Pass);
    assert_eq!(new_failures(json!(0), &[(11, 9)], &[(0, 20)]).verdict, Verdict::Fail);
}

#[test]
fn whether_a_fall_could_show_depends_on_the_runs_that_there_are_now() {
    // Three runs of now could all fail: 1 in 35 by chance. Two could not: 1 in 15.
    let three = new_failures(json!(0), &[(4, 0)], &[(1, 2)]);
    assert_eq!(three.verdict, Verdict::Pass, "{}", three.reason);
    let two = new_failures(json!(0), &[(4, 0)], &[(1, 1)]);
    assert_eq!(two.verdict, Verdict::Inconclusive, "{}", two.reason);
}

#[test]
fn the_figure_has_an_interval_only_where_scenarios_are_open() {
    let of = |report: &CheckReport| {
        let ends = report.interval.map(|interval| (interval.low, interval.high));
        (report.value, ends)
    };
    assert_eq!(of(&new_failures(json!(0), &[(5, 0)], &[(5, 0)])), (Some(0.0), None));
    let open = new_failures(json!(0), &[(5, 0), (1, 0)], &[(0, 5), (0, 1)]);
    assert_eq!(of(&open), (Some(1.0), Some((1.0, 2.0))));
    let nothing = against(json!({"new_failures": 0}), &[], &scenarios(&[(5, 0)]));
    assert_eq!((nothing.verdict, of(&nothing)), (Verdict::Inconclusive, (None, None)));
    assert_eq!(nothing.condition, "<= 0 (significance 5%)");
}

#[test]
fn what_could_turn_the_verdict_is_said_and_nothing_else() {
    let errored = |failed: usize, errored: usize| {
        let mut head = scenarios(&[(3, failed)]);
        for run in head.iter_mut().take(errored) {
            *run = RunRecord { scenario: run.scenario, ..super::run(run.id, End::Error) };
        }
        head
    };
    let limit = || json!({"new_failures": 0});
    let open = against(limit(), &scenarios(&[(5, 0)]), &errored(2, 3));
    assert_eq!(
        open.reason,
        "none of 1 common scenario newly fails; with the runs that have no verdict it could also be \
         scenario 1 (5 of 5 passed, runs 1 to 5; now 0 of 2 passed, runs 1 to 5); of a scenario \
         that always passed a drop of 90 points would probably show"
    );
    let few = new_failures(json!(0), &[(1, 0)], &[(0, 1)]);
    assert_eq!(
        few.reason,
        "none of 1 common scenario newly fails; too few runs to distinguish a change from noise for \
         scenario 1 (1 of 1 passed, run 1; now 0 of 1 passed, run 1): run each scenario more often; \
         so few runs of a scenario would hardly show any drop"
    );
    let passed = new_failures(json!(1), &[(1, 0)], &[(0, 1)]);
    assert_eq!(
        passed.reason,
        "none of 1 common scenario newly fails; so few runs of a scenario would hardly show any drop"
    );
}
