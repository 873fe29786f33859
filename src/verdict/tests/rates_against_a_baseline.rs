//! Shares of runs beside a baseline: limits met exactly, rises, and what is told.

use serde_json::json;

use super::super::evidence::ScenarioSlots;
use super::against_a_baseline::{against, scenarios};
use super::*;
use crate::verdict::baseline::{Trend, compare};

fn drop_of(base: &[(usize, usize)], head: &[(usize, usize)]) -> CheckReport {
    against(json!({"success_rate": {"max_drop": "5%"}}), &scenarios(base), &scenarios(head))
}

/// Runs of which so many have a flag, and so many have none.
fn flags(set: usize, clear: usize) -> Vec<RunRecord> {
    let values = [vec![true; set], vec![false; clear]].concat();
    measured(&values.iter().map(|set| MetricValue::Binary(Some(*set))).collect::<Vec<_>>())
}

fn flagged(way: &str, base: (usize, usize), head: (usize, usize)) -> CheckReport {
    let limits = json!({"metrics": {"Latency": {way: "5%"}}});
    against(limits, &flags(base.0, base.1), &flags(head.0, head.1))
}

#[test]
fn a_change_of_exactly_what_is_allowed_is_within_the_limit() {
    let exact = drop_of(&[(1000, 0)], &[(950, 50)]);
    assert_eq!(exact.verdict, Verdict::Pass, "{}", exact.reason);
    assert!(exact.reason.contains(": within the 5 points allowed"), "{}", exact.reason);
    assert_eq!((exact.threshold, exact.samples), (-0.05, 1000));
    assert_eq!(drop_of(&[(1000, 0)], &[(949, 51)]).verdict, Verdict::Fail);
}

#[test]
fn a_binary_metric_that_rises_or_drops_beyond_noise_fails() {
    for (way, base, head, expected) in [
        ("max_rise", (0, 20), (8, 12), Verdict::Fail),
        ("max_rise", (0, 20), (1, 19), Verdict::Pass),
        ("max_rise", (8, 12), (0, 20), Verdict::Pass),
        ("max_drop", (20, 0), (12, 8), Verdict::Fail),
        ("max_drop", (12, 8), (20, 0), Verdict::Pass),
    ] {
        let report = flagged(way, base, head);
        assert_eq!(report.verdict, expected, "{way} {base:?} {head:?}: {}", report.reason);
    }
    assert_eq!(flagged("max_rise", (0, 20), (8, 12)).threshold, 0.05);
}

#[test]
fn a_rise_shows_as_early_as_the_drop_that_mirrors_it() {
    for (yes, no) in [(2, 48), (10, 40), (25, 25)] {
        let rise = flagged("max_rise", (yes, no), (yes, no)).reason;
        let drop = flagged("max_drop", (no, yes), (no, yes)).reason;
        assert!(rise.contains("; a rise of "), "{rise}");
        assert_eq!(rise.replace("rise", "drop"), drop);
    }
}

#[test]
fn with_a_confidence_the_drop_that_would_show_lies_beyond_the_limit_and_the_error() {
    let limits = json!({"success_rate": {"max_drop": "5%"}, "confidence": "95%"});
    let runs = scenarios(&[(9, 1); 60]);
    let report = against(limits, &runs, &runs);
    // 5 points, and two and a half standard errors of 2.04 points.
    let said = "; a drop of 11 points would probably show";
    assert!(report.reason.ends_with(said), "{}", report.reason);
}

#[test]
fn whether_a_drop_could_show_depends_on_the_runs_that_there_are_now() {
    let three = drop_of(&[(4, 0)], &[(1, 2)]);
    assert_eq!(three.verdict, Verdict::Pass, "1 in 35 by chance: {}", three.reason);
    let two = drop_of(&[(4, 0)], &[(1, 1)]);
    assert_eq!(two.verdict, Verdict::Inconclusive, "1 in 15 by chance: {}", two.reason);
}

#[test]
fn nothing_in_common_is_said() {
    let report = against(
        json!({"success_rate": {"max_drop": "5%"}}),
        &scenarios(&[(0, 0), (5, 0)]),
        &scenarios(&[(5, 0)]),
    );
    assert_eq!(report.reason, "no scenario has judged runs in both the baseline and this result");
}

#[test]
fn missing_runs_of_known_scenarios_turn_a_failure_only_where_they_could() {
    let thresholds: Thresholds = serde_json::from_value(
        json!({"baseline": {"from": "main", "success_rate": {"max_drop": "5%"}}}),
    )
    .unwrap();
    let (base, head) = (scenarios(&[(20, 0), (20, 0)]), scenarios(&[(4, 16), (20, 0)]));
    let judged = |runs: &[RunRecord]| runs.iter().map(|run| judge_run(run, 1)).collect::<Vec<_>>();
    let (base_outcomes, head_outcomes) = (judged(&base), judged(&head));
    let base = Evidence { runs: base.iter().zip(&base_outcomes).collect(), ..Evidence::default() };
    let of = |missing: usize, of_no_scenario: usize| {
        let head = Evidence {
            runs: head.iter().zip(&head_outcomes).collect(),
            missing: missing + of_no_scenario,
            scenarios: vec![ScenarioSlots {
                scenario: ScenarioRef { id: Some(2), name: "Two".to_owned() },
                missing,
                ..ScenarioSlots::default()
            }],
            ..Evidence::default()
        };
        let report = judge_all(&thresholds, &head, Some(&base)).remove(0);
        (report.verdict, report.unknown)
    };
    assert_eq!(of(0, 0), (Verdict::Fail, 0));
    assert_eq!(of(1, 0), (Verdict::Fail, 1));
    assert_eq!(of(0, 1), (Verdict::Inconclusive, 1));
}

#[test]
fn without_a_baseline_each_comparison_comes_to_what_the_suite_says() {
    let judge = |if_missing: &str| {
        let thresholds: Thresholds = serde_json::from_value(json!({"baseline": {
            "from": "main", "success_rate": {"max_drop": "5%"}, "if_missing": if_missing,
        }}))
        .unwrap();
        judge_all(&thresholds, &Evidence::default(), None).remove(0).verdict
    };
    assert_eq!(judge("pass"), Verdict::Pass);
    assert_eq!(judge("inconclusive"), Verdict::Inconclusive);
    assert_eq!(judge("fail"), Verdict::Fail);
}

#[test]
fn a_metric_that_was_skipped_first_is_compared_by_its_scores() {
    let limits = json!({"metrics": {"Latency": {"max_drop": "5%"}}});
    let mut base = flags(20, 0);
    let skipped = RunRecord {
        metrics: vec![metric("Latency", MetricValue::Numeric(None))],
        ..run(90, End::Pass)
    };
    base.insert(0, skipped);
    assert_eq!(against(limits.clone(), &base, &flags(12, 8)).verdict, Verdict::Fail);
    let label = measured(&[MetricValue::Label(Some("calm".to_owned()))]);
    let report = against(limits, &label, &label);
    let said = "in the baseline, `Latency` is an enum metric, which has no drop or rise";
    assert_eq!((report.verdict, report.reason.as_str()), (Verdict::Inconclusive, said));
}

#[test]
fn each_scenario_side_by_side_has_its_trend() {
    let of = |base: (usize, usize), head: (usize, usize)| {
        let (base, head) = (scenarios(&[base]), scenarios(&[head]));
        let judged =
            |runs: &[RunRecord]| runs.iter().map(|run| judge_run(run, 1)).collect::<Vec<_>>();
        let (base_outcomes, head_outcomes) = (judged(&base), judged(&head));
        let of = |runs, outcomes| Evidence { runs, ..outcomes };
        let base = of(base.iter().zip(&base_outcomes).collect(), Evidence::default());
        let head = of(head.iter().zip(&head_outcomes).collect(), Evidence::default());
        compare(&base, &head, 0.05).scenarios.remove(0).trend
    };
    for (base, head, expected) in [
        ((5, 0), (0, 5), Trend::NewlyFails),
        ((5, 0), (4, 1), Trend::WorseOrNoise),
        ((0, 5), (5, 0), Trend::NewlyPasses),
        ((0, 5), (1, 4), Trend::BetterOrNoise),
        ((3, 2), (3, 2), Trend::Same),
    ] {
        assert_eq!(of(base, head), expected, "{base:?} {head:?}");
    }
}
