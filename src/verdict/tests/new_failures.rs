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
         passed, runs 1 to 5)"
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
