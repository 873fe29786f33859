//! A group is judged over the slots of its scenarios alone, and never by what might be of it.

use serde_json::json;

use super::super::evidence::ScenarioSlots;
use super::*;
use crate::checks::spec::{DescribedUnit, DescribedUnits, MetricUnit};
use crate::suite::thresholds::Group;

/// Two runs of each scenario, the first ones those of scenario 1.
fn two_each(ends: &[End]) -> Vec<RunRecord> {
    let mut runs = runs(ends);
    for (at, run) in runs.iter_mut().enumerate() {
        let scenario = at as u64 / 2 + 1;
        run.scenario = Some(scenario);
        run.scenario_name = Some(format!("Scenario {scenario}"));
    }
    runs
}

fn tagged(mut runs: Vec<RunRecord>, tags: &[&[&str]]) -> Vec<RunRecord> {
    for run in &mut runs {
        let own = tags.get(run.scenario.unwrap() as usize - 1).copied().unwrap_or_default();
        run.tags = Some(own.iter().map(|tag| (*tag).to_owned()).collect());
    }
    runs
}

fn groups(groups: Value, runs: &[RunRecord], missing: usize) -> Vec<CheckReport> {
    judged(json!({ "groups": groups }), runs, missing)
}

const MIXED: [End; 4] = [End::Pass, End::Pass, End::Pass, End::Fail];

#[test]
fn a_group_is_judged_over_the_runs_of_its_scenarios() {
    let runs = tagged(two_each(&MIXED), &[&["safety"], &["other"]]);
    let by = |selector: Value| {
        let mut group = json!({ "success_rate": "100%" });
        group.as_object_mut().unwrap().extend(selector.as_object().unwrap().clone());
        let reports = groups(json!({ "g": group }), &runs, 0);
        assert_eq!((reports.len(), reports[0].group.as_deref()), (1, Some("g")));
        (reports[0].verdict, reports[0].samples)
    };
    for selector in [
        json!({"tags": ["safety", "x"]}),
        json!({"scenarios": [1]}),
        json!({"names": ["SCENARIO 1"]}),
        json!({"names": ["*1"]}),
    ] {
        assert_eq!(by(selector.clone()), (Verdict::Pass, 2), "{selector}");
    }
    for selector in [json!({"scenarios": [2]}), json!({"tags": ["other"]})] {
        assert_eq!(by(selector.clone()), (Verdict::Fail, 2), "{selector}");
    }
    assert_eq!(by(json!({"scenarios": [1], "tags": ["other"]})), (Verdict::Fail, 4));
}

/// The same check of the whole and of a group that is all of it.
fn whole_and_group(evidence: impl Fn(&mut Evidence<'_>), runs: &[RunRecord]) -> [Verdict; 2] {
    let outcomes: Vec<RunOutcome> = runs.iter().map(|run| judge_run(run, 1)).collect();
    [
        json!({ "success_rate": "100%" }),
        json!({ "groups": { "g": { "scenarios": [1, 2], "success_rate": "100%" } } }),
    ]
    .map(|thresholds| {
        let mut all =
            Evidence { runs: runs.iter().zip(&outcomes).collect(), ..Evidence::default() };
        evidence(&mut all);
        let reports = judge_all(&serde_json::from_value(thresholds).unwrap(), &all, None);
        reports.last().unwrap().verdict
    })
}

#[test]
fn a_run_that_may_still_be_replaced_or_is_still_going_fails_no_group() {
    let failed = two_each(&[End::Pass, End::Pass, End::Pass, End::Fail]);
    assert_eq!(whole_and_group(|_| {}, &failed), [Verdict::Fail; 2]);
    let replaced = |evidence: &mut Evidence<'_>| {
        evidence.open_runs.insert(4);
    };
    assert_eq!(whole_and_group(replaced, &failed), [Verdict::Inconclusive; 2]);
}

#[test]
fn missing_runs_of_no_known_scenario_are_missing_in_a_group_unless_its_own_are_all_planned() {
    let runs = two_each(&[End::Pass; 4]);
    let planned = |id: u64| ScenarioSlots {
        scenario: ScenarioRef { id: Some(id), ..ScenarioRef::default() },
        ..ScenarioSlots::default()
    };
    let verdict = |scenarios: Vec<ScenarioSlots>| {
        let evidence = |all: &mut Evidence<'_>| {
            all.missing = 1;
            all.scenarios = scenarios.clone();
        };
        whole_and_group(evidence, &runs)
    };
    assert_eq!(verdict(Vec::new()), [Verdict::Inconclusive; 2]);
    let all = vec![planned(1), planned(2)];
    assert_eq!(verdict(all), [Verdict::Inconclusive, Verdict::Pass]);
    assert_eq!(verdict(vec![planned(1)]), [Verdict::Inconclusive; 2]);
    assert_eq!(verdict(vec![planned(3)]), [Verdict::Inconclusive; 2]);
}

#[test]
fn only_a_group_of_ids_alone_is_known_to_be_whole() {
    let runs = tagged(two_each(&[End::Pass; 4]), &[&["a"], &["a"]]);
    let outcomes: Vec<RunOutcome> = runs.iter().map(|run| judge_run(run, 1)).collect();
    let planned = |id: u64| ScenarioSlots {
        scenario: ScenarioRef { id: Some(id), ..ScenarioRef::default() },
        ..ScenarioSlots::default()
    };
    let evidence = Evidence {
        runs: runs.iter().zip(&outcomes).collect(),
        missing: 1,
        scenarios: vec![planned(1), planned(2)],
        ..Evidence::default()
    };
    for (more, expected) in [
        (json!({}), Verdict::Pass),
        (json!({"tags": ["a"]}), Verdict::Inconclusive),
        (json!({"names": ["Scenario *"]}), Verdict::Inconclusive),
        (json!({"cases": ["a*"]}), Verdict::Inconclusive),
    ] {
        let mut group = json!({"scenarios": [1, 2], "success_rate": "100%"});
        group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let group: Group = serde_json::from_value(group).unwrap();
        assert_eq!(scenarios_of(&group, &evidence), evidence.scenarios, "{more}");
        let groups = [("g".to_owned(), group)].into();
        let thresholds = Thresholds { groups, ..Thresholds::default() };
        let report = judge_all(&thresholds, &evidence, None).remove(0);
        assert_eq!(report.verdict, expected, "{more}: {}", report.reason);
    }
}

#[test]
fn while_runs_are_going_a_mean_of_a_group_is_not_bounded_by_those_that_ended() {
    let mut runs = two_each(&[End::Pass; 20]);
    for run in &mut runs {
        run.metrics = vec![metric("Latency", MetricValue::Numeric(Some(100.0)))];
    }
    let outcomes: Vec<RunOutcome> = runs.iter().map(|run| judge_run(run, 1)).collect();
    let ids: Vec<u64> = (1..=10).collect();
    let mean = json!({"Latency": "mean <= 100ms"});
    let thresholds: Thresholds = serde_json::from_value(
        json!({"metrics": mean, "groups": {"g": {"scenarios": ids, "metrics": mean}}}),
    )
    .unwrap();
    let judge = |going| {
        let runs = runs.iter().zip(&outcomes).collect();
        let evidence = Evidence { runs, open_runs: [1].into(), going, ..Evidence::default() };
        let reports = judge_all(&thresholds, &evidence, None);
        reports.iter().map(|report| report.verdict).collect::<Vec<_>>()
    };
    assert_eq!(judge(false), [Verdict::Pass; 2]);
    assert_eq!(judge(true), [Verdict::Inconclusive; 2]);
}

#[test]
fn all_figures_of_a_suite_can_stand_in_a_group() {
    let mut runs = two_each(&[End::Pass; 4]);
    for (run, latency) in runs.iter_mut().zip([1.0, 2.0, 30.0, 40.0]) {
        run.metrics = vec![metric("Latency", MetricValue::Numeric(Some(latency)))];
        run.duration_seconds = Some(60.0);
    }
    let group = json!({
        "scenarios": [1], "success_rate": "90%", "errors": "<= 10%", "expected_outcome": "90%",
        "duration": "p95 <= 2m", "metrics": {"Latency": "max <= 2"},
        "each_scenario": {"success_rate": "50%"},
    });
    let reports = groups(json!({ "fast": group }), &runs, 0);
    assert_eq!(reports.len(), 6);
    for report in &reports {
        assert_eq!((report.verdict, report.samples), (Verdict::Pass, 2), "{}", report.name);
        assert_eq!(report.group.as_deref(), Some("fast"));
    }
    assert_eq!(reports[5].scenario.as_ref().unwrap().id, Some(1));
}

#[test]
fn a_group_reads_a_metric_in_the_unit_that_the_account_says() {
    let mut runs = two_each(&[End::Pass; 4]);
    for run in &mut runs {
        let held = metric("Hold", MetricValue::Numeric(Some(5.0)));
        run.metrics = vec![MetricRecord { aliases: Vec::new(), ..held }];
    }
    let outcomes: Vec<_> = runs.iter().map(|run| judge_run(run, 1)).collect();
    let minutes = DescribedUnit { unit: MetricUnit::Minutes, word: "minutes".to_owned() };
    let described = DescribedUnits::from([("Hold".to_owned(), minutes)]);
    let evidence = Evidence {
        runs: runs.iter().zip(&outcomes).collect(),
        described_units: Some(&described),
        ..Evidence::default()
    };
    let check = json!({"metrics": {"Hold": "max <= 60s"}});
    let group = json!({"scenarios": [1], "metrics": {"Hold": "max <= 60s"}});
    let each = json!({"each_scenario": {"metrics": {"Hold": "max <= 60s"}}});
    for thresholds in [check, json!({"groups": {"g": group}}), each] {
        let reports = judge_all(&serde_json::from_value(thresholds).unwrap(), &evidence, None);
        for report in reports {
            assert_eq!(report.verdict, Verdict::Fail, "{}", report.reason);
        }
    }
}

#[test]
fn a_scenario_in_two_groups_counts_in_both() {
    let runs = two_each(&MIXED);
    let group = |ids: &[u64]| json!({"scenarios": ids, "success_rate": "75%"});
    let reports = groups(json!({"a": group(&[1, 2]), "b": group(&[2])}), &runs, 0);
    let verdicts: Vec<_> = reports.iter().map(|one| (one.verdict, one.samples)).collect();
    assert_eq!(verdicts, [(Verdict::Pass, 4), (Verdict::Fail, 2)]);
}

#[test]
fn a_groups_confidence_goes_before_that_of_the_suite() {
    let runs = two_each(&[End::Pass; 4]);
    let group = |more: Value| {
        let mut group = json!({"scenarios": [1], "success_rate": "90%"});
        group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        group
    };
    let judge = |thresholds: Value| judged(thresholds, &runs, 0).remove(0).verdict;
    assert_eq!(judge(json!({"groups": {"g": group(json!({}))}})), Verdict::Pass);
    let sure = json!({"confidence": "95%", "groups": {"g": group(json!({}))}});
    assert_eq!(judge(sure), Verdict::Inconclusive);
    let own = json!({"confidence": "95%", "groups": {"g": group(json!({"confidence": "55%"}))}});
    assert_eq!(judge(own), Verdict::Inconclusive);
    let few =
        json!({"groups": {"g": {"scenarios": [1], "success_rate": "60%", "confidence": "55%"}}});
    assert_eq!(judge(few), Verdict::Pass);
}

#[test]
fn a_group_that_only_warns_breaks_no_gate() {
    let runs = two_each(&MIXED);
    let reports = judged(
        json!({"success_rate": "50%", "groups": {
            "g": {"scenarios": [2], "success_rate": "100%", "level": "warn"},
        }}),
        &runs,
        0,
    );
    assert_eq!((reports[1].verdict, reports[1].level), (Verdict::Fail, Level::Warn));
    assert_eq!(worst(&reports), Verdict::Pass);
}

#[test]
fn a_group_that_no_scenario_fits_is_inconclusive() {
    let runs = tagged(two_each(&MIXED), &[&["a"], &["b"]]);
    let group =
        json!({"tags": ["c"], "success_rate": "0%", "each_scenario": {"success_rate": "0%"}});
    let reports = groups(json!({ "g": group }), &runs, 0);
    assert_eq!(reports.len(), 2);
    for report in reports {
        assert_eq!(report.verdict, Verdict::Inconclusive);
        assert_eq!(report.reason, "no scenario that counts fits the group (tag c)");
    }
}

#[test]
fn runs_whose_tags_are_not_known_could_give_a_group_anything() {
    let runs = two_each(&[End::Pass; 4]);
    let tags = json!({"g": {"tags": ["safety"], "success_rate": "50%"}});
    let report = groups(tags, &runs, 0).remove(0);
    assert_eq!((report.verdict, report.samples, report.unknown), (Verdict::Inconclusive, 0, 4));
}

#[test]
fn what_is_missing_is_missing_in_each_group_that_it_could_be_of() {
    let runs = two_each(&[End::Pass; 2]);
    let outcomes: Vec<_> = runs.iter().map(|run| judge_run(run, 1)).collect();
    let planned = |id: u64, missing, tags: &[&str]| ScenarioSlots {
        scenario: ScenarioRef { id: Some(id), name: format!("Scenario {id}") },
        missing,
        tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
        ..ScenarioSlots::default()
    };
    let evidence = |missing| Evidence {
        runs: runs.iter().zip(&outcomes).collect(),
        missing,
        scenarios: vec![planned(1, 0, &["a"]), planned(2, 2, &["b"])],
        ..Evidence::default()
    };
    let thresholds: Thresholds = serde_json::from_value(json!({"groups": {
        "a": {"tags": ["a"], "success_rate": "50%"},
        "b": {"tags": ["b"], "success_rate": "50%"},
        "id": {"scenarios": [1], "success_rate": "50%"},
    }}))
    .unwrap();
    let verdicts = |missing| -> Vec<Verdict> {
        let reports = judge_all(&thresholds, &evidence(missing), None);
        reports.iter().map(|report| report.verdict).collect()
    };
    use Verdict::{Inconclusive, Pass};
    assert_eq!(verdicts(2), [Pass, Inconclusive, Pass]);
    // One more is missing of a scenario that nobody knows.
    assert_eq!(verdicts(3), [Inconclusive, Inconclusive, Pass]);
}
