//! Each run gives a figure at most one value, and each planned scenario is judged.

use serde_json::json;

use super::super::evidence::ScenarioSlots;
use super::*;

#[test]
fn a_metric_that_most_runs_lack_is_not_judged_by_the_few() {
    let mut runs = numeric(&[10.0]);
    let elsewhere = (2..9).map(|id| RunRecord { scenario: Some(id), ..run(id, End::Pass) });
    runs.extend(elsewhere);
    for check in ["mean <= 10", "p95 <= 10"] {
        let report = metric_check(check, &runs);
        assert_eq!((report.verdict, report.unknown), (Verdict::Inconclusive, 7), "{check}");
    }
}

#[test]
fn a_metric_that_is_listed_twice_gives_one_value() {
    let mut runs = measured(&vec![MetricValue::Binary(Some(true)); 2]);
    for run in &mut runs {
        run.metrics.push(run.metrics[0].clone());
    }
    assert_eq!(metric_check(">= 90%", &runs).samples, 2);
    let four = json!({"metrics": {"Latency": {"check": ">= 90%", "min_samples": 4}}});
    assert_eq!(only(four, &runs).verdict, Verdict::Inconclusive);
}

#[test]
fn entries_of_one_metric_that_contradict_each_other_are_no_value() {
    let mut runs = measured(&vec![MetricValue::Binary(Some(true)); 4]);
    runs[0].metrics.push(metric("Latency", MetricValue::Binary(Some(false))));
    let report = metric_check(">= 100%", &runs);
    assert_eq!((report.verdict, report.samples, report.unknown), (Verdict::Inconclusive, 3, 1));
    assert!(report.reason.contains("run 1 lists it more than once"), "{}", report.reason);
}

#[test]
fn two_metrics_of_one_name_without_ids_do_not_merge() {
    let mut runs = measured(&vec![MetricValue::Binary(Some(true)); 2]);
    for run in &mut runs {
        run.metrics.push(metric("Latency", MetricValue::Binary(Some(false))));
        for entry in &mut run.metrics {
            entry.id = None;
        }
    }
    assert_eq!(metric_check(">= 50%", &runs).verdict, Verdict::Inconclusive);
}

#[test]
fn a_skipped_entry_needs_no_kind() {
    let runs = measured(&[
        MetricValue::Numeric(None),
        MetricValue::Binary(Some(true)),
        MetricValue::Binary(Some(true)),
    ]);
    let report = metric_check(">= 90%", &runs);
    assert_eq!((report.verdict, report.samples), (Verdict::Pass, 2), "{}", report.reason);
}

#[test]
fn an_unscored_run_gives_an_outcome_or_none_and_never_both() {
    let mut runs = runs(&[End::Pass, End::Unscored]);
    runs[1].expected_outcome =
        Some(ExpectedOutcome { score: Some(100.0), ..ExpectedOutcome::default() });
    let report = only(json!({"expected_outcome": ">= 90%"}), &runs);
    assert_eq!((report.samples, report.unknown), (2, 0));
}

#[test]
fn each_planned_scenario_is_judged_whether_or_not_a_run_came() {
    let thresholds: Thresholds =
        serde_json::from_value(json!({"each_scenario": {"success_rate": "100%"}})).unwrap();
    let runs = runs(&[End::Pass]);
    let outcomes = [judge_run(&runs[0], 1)];
    let planned = |id: u64, missing| ScenarioSlots {
        scenario: ScenarioRef { id: Some(id), name: format!("Scenario {id}") },
        missing,
        ..ScenarioSlots::default()
    };
    let evidence = Evidence {
        runs: runs.iter().zip(&outcomes).collect(),
        missing: 3,
        scenarios: vec![planned(1, 0), planned(2, 2)],
        ..Evidence::default()
    };
    let reports = judge_all(&thresholds, &evidence, None);
    let verdicts: Vec<(Option<u64>, Verdict)> = reports
        .iter()
        .map(|report| (report.scenario.as_ref().unwrap().id, report.verdict))
        .collect();
    assert_eq!(
        verdicts,
        [(Some(1), Verdict::Pass), (Some(2), Verdict::Inconclusive), (None, Verdict::Inconclusive)]
    );
}
