//! The mean of a metric beside a baseline: how far it moved, and how sure that is.

use serde_json::{Value, json};

use super::super::evidence::ScenarioSlots;
use super::against_a_baseline::against;
use super::*;

/// So many runs of one scenario that give these values.
fn of_scenario(scenario: u64, values: &[f64]) -> Vec<RunRecord> {
    numeric(values).into_iter().map(|run| RunRecord { scenario: Some(scenario), ..run }).collect()
}

fn numbered(parts: Vec<Vec<RunRecord>>) -> Vec<RunRecord> {
    let runs = parts.into_iter().flatten();
    runs.zip(1..).map(|(run, id)| RunRecord { id, ..run }).collect()
}

fn errored(scenario: u64, runs: usize) -> Vec<RunRecord> {
    vec![RunRecord { scenario: Some(scenario), ..run(0, End::Error) }; runs]
}

/// Fifty values of five scenarios, around 112.
fn spread(factor: f64) -> Vec<RunRecord> {
    let value = |at: u32| factor * (100.0 + f64::from(at * 7 % 25));
    numbered(
        (0..5)
            .map(|part| {
                of_scenario(
                    u64::from(part) + 1,
                    &(part * 10..part * 10 + 10).map(value).collect::<Vec<_>>(),
                )
            })
            .collect(),
    )
}

fn limit(way: &str, more: Value) -> Value {
    let mut limits = json!({"metrics": {"Latency": {way: "10%"}}});
    limits.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    limits
}

#[test]
fn the_interval_of_a_change_clears_the_limit_exactly_where_it_decides() {
    let sure = json!({"confidence": "95%"});
    for (way, factor, expected) in [
        ("max_rise", 1.0, Verdict::Pass),
        ("max_rise", 1.1, Verdict::Inconclusive),
        ("max_rise", 1.5, Verdict::Fail),
        ("max_drop", 1.0, Verdict::Pass),
        ("max_drop", 0.9, Verdict::Inconclusive),
        ("max_drop", 0.6, Verdict::Fail),
    ] {
        let report = against(limit(way, sure.clone()), &spread(1.0), &spread(factor));
        assert_eq!(report.verdict, expected, "{way} {factor}: {}", report.reason);
        let Interval { low, high, confidence } = report.interval.unwrap();
        assert_eq!(confidence, Some(0.95));
        let moved = report.value.unwrap();
        assert!(low < moved && moved < high, "{low} {moved} {high}");
        assert!(high - low < 0.15, "{low} {high}");
        let (least, most) = if way == "max_drop" { (-high, -low) } else { (low, high) };
        assert_eq!(most <= 0.1, expected == Verdict::Pass, "{way} {factor}: {low} {high}");
        assert_eq!(least > 0.1, expected == Verdict::Fail, "{way} {factor}: {low} {high}");
    }
}

#[test]
fn what_would_probably_have_shown_follows_from_how_wide_the_interval_is() {
    let sure = against(limit("max_rise", json!({"confidence": "95%"})), &spread(1.0), &spread(1.0));
    let interval = sure.interval.unwrap();
    // Quantiles of the normal distribution: 95% and 80%.
    let error = (interval.high - interval.low) / (2.0 * 1.644_854);
    let (z, probably) = (1.644_854 * error, 0.841_621 * error);
    let said = |least: f64| {
        format!(
            "; a rise of {}% of the baseline's mean would probably show",
            (least * 100.0).ceil()
        )
    };
    assert!(sure.reason.ends_with(&said(0.1 + z + probably)), "{}", sure.reason);
    let plain = against(limit("max_rise", json!({})), &spread(1.0), &spread(1.0));
    assert!(plain.reason.ends_with(&said(f64::max(0.1, z) + probably)), "{}", plain.reason);
    assert_eq!(plain.condition, "rise <= 10% of the baseline's mean (significance 5%)");
}

#[test]
fn a_drop_of_more_than_everything_is_never_promised_and_a_rise_may_be() {
    let wide = |factor: f64| {
        let values = [5.0, 20.0, 80.0, 400.0, 7.0, 90.0];
        of_scenario(1, &values.map(|value| factor * value))
    };
    let reason = |way: &str| against(limit(way, json!({})), &wide(1.0), &wide(1.0)).reason;
    let rise = reason("max_rise");
    assert!(rise.contains(" of the baseline's mean would probably show"), "{rise}");
    let drop = reason("max_drop");
    assert!(!drop.contains("would probably show"), "{drop}");
}

#[test]
fn an_interval_that_so_few_values_leave_without_an_end_is_told_and_not_shown() {
    let few = of_scenario(1, &[100.0, 101.0]);
    let report = against(limit("max_rise", json!({"confidence": "95%"})), &few, &few);
    assert_eq!((report.verdict, report.interval), (Verdict::Inconclusive, None));
    assert!(report.reason.contains("95% interval: any drop to any rise"), "{}", report.reason);
}

#[test]
fn an_interval_with_one_open_end_is_told_and_not_shown() {
    let limit = limit("max_rise", json!({"confidence": "95%"}));
    let report = against(limit, &spread(1.0), &spread(10.0));
    assert_eq!((report.verdict, report.interval), (Verdict::Fail, None), "{}", report.reason);
    assert!(report.reason.contains(" to any rise"), "{}", report.reason);
    assert!(!report.reason.contains("any drop"), "{}", report.reason);
}

#[test]
fn a_drop_that_would_probably_show_is_told_where_it_is_less_than_everything() {
    let report = against(limit("max_drop", json!({})), &spread(1.0), &spread(1.0));
    assert!(report.reason.contains("; a drop of "), "{}", report.reason);
    assert!(report.reason.ends_with("would probably show"), "{}", report.reason);
}

#[test]
fn scenarios_weigh_by_the_runs_of_both_sides() {
    let base = numbered(vec![of_scenario(1, &[100.0; 2]), of_scenario(2, &[100.0; 8])]);
    let head = numbered(vec![of_scenario(1, &[150.0; 2]), of_scenario(2, &[100.0; 3])]);
    let report = against(limit("max_rise", json!({})), &base, &head);
    // 2·2/4 and 8·3/11.
    let expected = 0.5 / (1.0 + 24.0 / 11.0);
    assert!((report.value.unwrap() - expected).abs() < 1e-9, "{:?}", report.value);
}

#[test]
fn a_scenario_with_values_on_one_side_alone_moves_nothing() {
    let base = numbered(vec![of_scenario(1, &[100.0; 20]), errored(2, 1)]);
    let head = numbered(vec![of_scenario(1, &[120.0; 20]), of_scenario(2, &[900.0])]);
    let report = against(limit("max_rise", json!({})), &base, &head);
    assert!((report.value.unwrap() - 0.2).abs() < 1e-9, "{:?}", report.value);
    assert_eq!(report.samples, 20);
}

#[test]
fn what_both_sides_lack_is_taken_at_its_worst_on_both() {
    let hundred =
        |factor: f64| (0..20).map(|i| factor * (100.0 + f64::from(i))).collect::<Vec<_>>();
    let verdict = |base_lacks: usize, head_lacks: usize| {
        let base = numbered(vec![of_scenario(1, &hundred(1.0)), errored(1, base_lacks)]);
        let head = numbered(vec![of_scenario(1, &hundred(1.092)), errored(1, head_lacks)]);
        against(limit("max_rise", json!({})), &base, &head).verdict
    };
    assert_eq!(verdict(1, 0), Verdict::Pass);
    assert_eq!(verdict(0, 1), Verdict::Pass);
    assert_eq!(verdict(1, 1), Verdict::Inconclusive);
}

#[test]
fn planned_runs_that_never_arrived_are_counted_in_their_scenario_on_each_side() {
    let thresholds = |limits: Value| -> Thresholds {
        let mut limits = limits;
        limits["from"] = json!("main");
        serde_json::from_value(json!({ "baseline": limits })).unwrap()
    };
    let runs = of_scenario(1, &[100.0; 20]);
    let outcomes: Vec<RunOutcome> = runs.iter().map(|run| judge_run(run, 1)).collect();
    let evidence = |missing: usize| Evidence {
        runs: runs.iter().zip(&outcomes).collect(),
        missing,
        scenarios: vec![ScenarioSlots {
            scenario: ScenarioRef { id: Some(1), name: "One".to_owned() },
            missing,
            ..ScenarioSlots::default()
        }],
        ..Evidence::default()
    };
    let judge = |limits: Value, base: usize, head: usize| {
        judge_all(&thresholds(limits), &evidence(head), Some(&evidence(base))).remove(0)
    };
    let mean = judge(limit("max_rise", json!({})), 0, 5);
    assert_eq!((mean.verdict, mean.unknown), (Verdict::Inconclusive, 5));
    assert!(mean.reason.starts_with("5 of 25 runs have no value"), "{}", mean.reason);
    let of_base = judge(limit("max_rise", json!({})), 5, 0);
    let said = "in the baseline, 5 of 25 runs have no value";
    assert!(of_base.reason.starts_with(said), "{}", of_base.reason);
    let rate = json!({"success_rate": {"max_drop": "5%"}});
    let head = judge(rate.clone(), 0, 5);
    assert_eq!((head.verdict, head.unknown), (Verdict::Inconclusive, 5));
    assert!(head.reason.contains("; 5 runs without a verdict could change"), "{}", head.reason);
    // Had those of the baseline failed, nothing would have dropped; had they passed, neither.
    let base = judge(rate, 5, 0);
    assert_eq!(base.verdict, Verdict::Pass, "{}", base.reason);
}
