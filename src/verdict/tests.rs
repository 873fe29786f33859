//! The rules of the verdict, each as a sentence, and its properties.

mod against_a_baseline;
mod agent_latency;
mod groups;
mod labels_and_scales;
mod latencies;
mod means_against_a_baseline;
mod new_failures;
mod rates_against_a_baseline;
mod reasons;
mod rounds;
mod slots;
mod values;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::outcome::judge_run;
use crate::record::{ExpectedOutcome, MetricRecord, MetricValue, Status};

/// How one run ended, for building evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Pass,
    Fail,
    Error,
    Unscored,
}

fn run(id: u64, end: End) -> RunRecord {
    let success = match end {
        End::Pass => Some(true),
        End::Fail => Some(false),
        End::Error | End::Unscored => None,
    };
    RunRecord {
        id,
        scenario: Some(1),
        status: if end == End::Error { Status::Failed } else { Status::Completed },
        success,
        has_transcript: end != End::Error,
        expected_outcome: success.map(|s| ExpectedOutcome {
            score: Some(if s { 100.0 } else { 40.0 }),
            ..ExpectedOutcome::default()
        }),
        ..RunRecord::default()
    }
}

fn runs(ends: &[End]) -> Vec<RunRecord> {
    (1..).zip(ends).map(|(id, end)| run(id, *end)).collect()
}

/// Runs that pass and give a metric these values; none is a skipped metric.
fn measured(values: &[MetricValue]) -> Vec<RunRecord> {
    let mut all = runs(&vec![End::Pass; values.len()]);
    for (run, value) in all.iter_mut().zip(values) {
        run.metrics = vec![metric("Latency", value.clone())];
    }
    all
}

fn metric(name: &str, value: MetricValue) -> MetricRecord {
    MetricRecord {
        id: Some(55),
        name: name.to_owned(),
        aliases: vec!["latency_55".to_owned(), "7fd534f5".to_owned()],
        value,
        explanation: vec![],
        unreadable: false,
    }
}

fn numeric(values: &[f64]) -> Vec<RunRecord> {
    measured(&values.iter().map(|v| MetricValue::Numeric(Some(*v))).collect::<Vec<_>>())
}

fn judged(thresholds: Value, runs: &[RunRecord], missing: usize) -> Vec<CheckReport> {
    let thresholds: Thresholds = serde_json::from_value(thresholds).unwrap();
    let outcomes: Vec<RunOutcome> = runs.iter().map(|run| judge_run(run, 1)).collect();
    judge_all(
        &thresholds,
        &Evidence { runs: runs.iter().zip(&outcomes).collect(), missing, ..Evidence::default() },
        None,
    )
}

fn only(thresholds: Value, runs: &[RunRecord]) -> CheckReport {
    let mut reports = judged(thresholds, runs, 0);
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

fn metric_check(check: &str, runs: &[RunRecord]) -> CheckReport {
    only(json!({"metrics": {"Latency": check}}), runs)
}

const fn ends<const N: usize>(end: End) -> [End; N] {
    [end; N]
}

#[test]
fn without_thresholds_every_run_must_pass() {
    let pass = only(json!({}), &runs(&ends::<4>(End::Pass)));
    assert_eq!((pass.verdict, pass.condition.as_str()), (Verdict::Pass, ">= 100%"));
    let fail = only(json!({}), &runs(&[End::Pass, End::Fail, End::Pass]));
    assert_eq!(fail.verdict, Verdict::Fail);
    assert_eq!(fail.deciding_runs, [2]);
    assert_eq!(fail.reason, "saw 66.67% (2 of 3 runs), wanted >= 100%".replace("66.67", "66.7"));
}

#[test]
fn no_runs_at_all_is_inconclusive() {
    let report = only(json!({}), &[]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert_eq!(report.reason, "no run has a verdict");
}

#[test]
fn runs_that_could_turn_a_check_make_it_inconclusive() {
    let mut nine = ends::<10>(End::Pass);
    nine[0] = End::Error;
    let runs = runs(&nine);
    assert_eq!(only(json!({"success_rate": "90%"}), &runs).verdict, Verdict::Pass);
    let report = only(json!({"success_rate": "95%"}), &runs);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert_eq!(report.deciding_runs, [1]);
    assert!(report.reason.contains("90% to 100%"), "{}", report.reason);
}

#[test]
fn a_failure_that_no_unknown_run_could_save_is_a_failure() {
    let runs = runs(&[End::Fail, End::Fail, End::Error, End::Unscored]);
    assert_eq!(only(json!({"success_rate": "60%"}), &runs).verdict, Verdict::Fail);
    assert_eq!(only(json!({"success_rate": "50%"}), &runs).verdict, Verdict::Inconclusive);
}

#[test]
fn fewer_runs_than_planned_never_pass() {
    let runs = runs(&ends::<20>(End::Pass));
    let report = judged(json!({"success_rate": "50%"}), &runs, 1).remove(0);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("1 planned run never arrived"), "{}", report.reason);
}

#[test]
fn errors_are_a_share_of_all_runs_or_a_count() {
    let runs = runs(&[End::Pass, End::Fail, End::Unscored, End::Error]);
    assert_eq!(only(json!({"errors": "<= 25%"}), &runs).verdict, Verdict::Pass);
    let report = only(json!({"errors": "<= 20%"}), &runs);
    assert_eq!((report.verdict, report.deciding_runs), (Verdict::Fail, vec![4]));
    assert_eq!(only(json!({"errors": "count <= 0"}), &runs).verdict, Verdict::Fail);
}

#[test]
fn the_expected_outcome_is_met_only_at_100() {
    let runs = runs(&[End::Pass, End::Fail]);
    let report = only(json!({"expected_outcome": ">= 50%"}), &runs);
    assert_eq!((report.verdict, report.value), (Verdict::Pass, Some(0.5)));
    assert_eq!(only(json!({"expected_outcome": "mean >= 71"}), &runs).value, Some(70.0));
}

#[test]
fn every_operator_compares_as_written() {
    let runs = numeric(&[10.0, 20.0]);
    for (check, verdict) in [
        ("mean >= 15", Verdict::Pass),
        ("mean > 15", Verdict::Fail),
        ("mean <= 15", Verdict::Pass),
        ("mean < 15", Verdict::Fail),
        ("mean == 15", Verdict::Pass),
        ("mean != 15", Verdict::Fail),
        ("count == 2", Verdict::Pass),
        ("sum == 30", Verdict::Pass),
        ("min >= 10", Verdict::Pass),
        ("max < 20", Verdict::Fail),
        ("median <= 15", Verdict::Pass),
        ("p100 <= 20", Verdict::Pass),
    ] {
        assert_eq!(metric_check(check, &runs).verdict, verdict, "{check}");
    }
}

#[test]
fn a_binary_metric_is_a_rate_and_a_skip_counts_neither_way() {
    let binary = |passed: Option<bool>| MetricValue::Binary(passed);
    let runs =
        measured(&[binary(Some(true)), binary(None), binary(Some(false)), binary(Some(true))]);
    let report = metric_check(">= 66%", &runs);
    assert_eq!((report.verdict, report.samples, report.unknown), (Verdict::Pass, 3, 0));
    assert_eq!(metric_check(">= 70%", &runs).deciding_runs, [3]);
    assert_eq!(metric_check("mean >= 1", &runs).verdict, Verdict::Inconclusive);
}

#[test]
fn a_rating_is_compared_by_its_mean() {
    let runs = measured(&[MetricValue::Rating(Some(4.0)), MetricValue::Rating(Some(5.0))]);
    assert_eq!(metric_check(">= 4.2", &runs).verdict, Verdict::Pass);
    let report = metric_check(">= 90%", &runs);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("is a rating metric"), "{}", report.reason);
}

#[test]
fn an_enum_metric_is_the_share_of_a_label() {
    let label = |text: &str| MetricValue::Label(Some(text.to_owned()));
    let runs = measured(&[label("calm"), label("Angry"), label("calm"), label("calm")]);
    assert_eq!(metric_check("share(\"angry\") <= 25%", &runs).verdict, Verdict::Pass);
    let report = metric_check("share(\"angry\") <= 5%", &runs);
    assert_eq!((report.verdict, report.deciding_runs), (Verdict::Fail, vec![2]));
    assert!(report.reason.ends_with("; `Angry` counted as `angry`"), "{}", report.reason);
    let near = metric_check("share(\"uncalm\") <= 5%", &runs);
    assert_eq!(near.verdict, Verdict::Pass);
    let note = "no run gave `uncalm`, the runs gave `calm` and `Angry`";
    assert!(near.reason.ends_with(note), "{}", near.reason);
    assert_eq!(metric_check("share(\"very_calm\") >= 5%", &runs).verdict, Verdict::Fail);
}

#[test]
fn a_metric_is_named_by_name_slug_code_or_id() {
    let runs = numeric(&[10.0]);
    for name in ["Latency", "latency", " LATENCY ", "latency_55", "7fd534f5", "55"] {
        let report = only(json!({"metrics": {name: "mean <= 10"}}), &runs);
        assert_eq!(report.verdict, Verdict::Pass, "{name}: {}", report.reason);
    }
}

#[test]
fn a_mistyped_metric_is_inconclusive_and_answered_with_the_nearest() {
    let report = only(json!({"metrics": {"Latancy": "mean <= 10"}}), &numeric(&[10.0]));
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert_eq!(report.reason, "no run has the metric `Latancy`; did you mean `Latency`?");
}

#[test]
fn a_name_that_two_metrics_share_is_inconclusive() {
    let mut runs = numeric(&[10.0, 20.0]);
    runs[1].metrics[0].id = Some(56);
    let report = metric_check("mean <= 100", &runs);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("55, 56"), "{}", report.reason);
}

#[test]
fn a_metric_that_every_run_skipped_is_inconclusive() {
    let report = metric_check("mean <= 10", &measured(&[MetricValue::Numeric(None)]));
    assert_eq!(
        (report.verdict, report.reason.as_str()),
        (Verdict::Inconclusive, "no run has a value")
    );
}

#[test]
fn units_are_converted_to_the_metrics_own() {
    let runs = numeric(&[900.0, 2400.0]);
    for check in ["max <= 2400ms", "max <= 2.4s", "max <= 0.04m", "max <= 2400"] {
        let report = metric_check(check, &runs);
        assert_eq!(report.verdict, Verdict::Pass, "{check}: {}", report.reason);
    }
    assert_eq!(metric_check("max <= 2s", &runs).verdict, Verdict::Fail);
    let own = json!({"metrics": {"Latency": {"check": "max <= 40m", "unit": "s"}}});
    assert_eq!(only(own, &runs).verdict, Verdict::Pass);
}

#[test]
fn a_quantile_is_bounded_by_the_order_of_the_values() {
    let mut runs = numeric(&[100.0; 100]);
    runs.push(run(101, End::Error));
    assert_eq!(metric_check("p90 <= 100ms", &runs).verdict, Verdict::Pass);
    assert_eq!(metric_check("max <= 100ms", &runs).verdict, Verdict::Inconclusive);
    assert_eq!(metric_check("max >= 200ms", &runs).verdict, Verdict::Inconclusive);
    assert_eq!(metric_check("min > 100ms", &runs).verdict, Verdict::Fail);
}

#[test]
fn a_median_that_unknown_runs_could_turn_is_inconclusive_and_no_failure() {
    let mut runs = numeric(&[100.0; 10]);
    runs.extend((11..21).map(|id| run(id, End::Error)));
    assert_eq!(metric_check("median <= 1200ms", &runs).verdict, Verdict::Inconclusive);
}

#[test]
fn a_mean_tolerates_few_runs_without_a_value_and_not_many() {
    let mut runs = numeric(&[100.0; 20]);
    runs.push(run(21, End::Error));
    assert_eq!(metric_check("mean <= 100ms", &runs).verdict, Verdict::Pass);
    runs.extend([run(22, End::Error), run(23, End::Error)]);
    let report = metric_check("mean <= 100ms", &runs);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("3 of 23 runs have no value"), "{}", report.reason);
}

#[test]
fn a_metric_of_another_scenario_is_not_missed_here() {
    let mut runs = numeric(&[10.0; 3]);
    let other = RunRecord { scenario: Some(2), ..run(4, End::Pass) };
    let errored = RunRecord { scenario: Some(2), ..run(5, End::Error) };
    runs.extend([other, errored]);
    assert_eq!(metric_check("max <= 10", &runs).unknown, 0);
    runs.push(run(6, End::Pass));
    assert_eq!(metric_check("max <= 10", &runs).unknown, 1, "a judged run that lacks the metric");
}

#[test]
fn too_few_samples_are_inconclusive() {
    let check = json!({"metrics": {"Latency": {"check": "mean <= 10", "min_samples": 3}}});
    let report = only(check, &numeric(&[10.0, 10.0]));
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("at least 3 samples"), "{}", report.reason);
}

#[test]
fn each_scenario_is_judged_on_its_own() {
    let mut all = runs(&[End::Pass, End::Pass, End::Fail, End::Fail]);
    for (run, scenario) in all.iter_mut().zip([7, 7, 8, 8]) {
        run.scenario = Some(scenario);
        run.scenario_name = Some(format!("Scenario {scenario}"));
    }
    let thresholds = json!({"success_rate": "50%", "each_scenario": {"success_rate": "60%"}});
    let reports = judged(thresholds, &all, 0);
    let verdicts: Vec<Verdict> = reports.iter().map(|report| report.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass, Verdict::Fail]);
    assert_eq!(reports[2].scenario.as_ref().unwrap().name, "Scenario 8");
    assert_eq!(worst(&reports), Verdict::Fail);
}

#[test]
fn a_warning_is_reported_and_changes_nothing() {
    let thresholds = json!({
        "success_rate": "50%",
        "metrics": {"Latency": {"check": "mean <= 1", "level": "warn"}},
    });
    let reports = judged(thresholds, &numeric(&[10.0]), 0);
    assert_eq!(reports[1].verdict, Verdict::Fail);
    assert_eq!(worst(&reports), Verdict::Pass);
    assert_eq!(
        worst(&reports[1..]),
        Verdict::Inconclusive,
        "a gate of warnings alone proves nothing"
    );
}

#[test]
fn at_a_confidence_four_of_five_say_little() {
    let runs = runs(&[End::Pass, End::Pass, End::Pass, End::Pass, End::Fail]);
    assert_eq!(only(json!({"success_rate": "80%"}), &runs).verdict, Verdict::Pass);
    let report = only(json!({"success_rate": "90%", "confidence": "95%"}), &runs);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("95% interval: 34.3% to 99%"), "{}", report.reason);
    assert!(report.reason.contains("would probably decide it"), "{}", report.reason);
    let interval = report.interval.unwrap();
    assert_eq!(interval.confidence, Some(0.95));
    assert!(interval.low < 0.8 && interval.high > 0.8);
}

#[test]
fn at_a_confidence_enough_runs_decide_either_way() {
    let good = runs(&[End::Pass; 60]);
    let confident = json!({"success_rate": "90%", "confidence": "95%"});
    let report = only(confident.clone(), &good);
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(report.reason.contains("with 95% confidence"), "{}", report.reason);
    let mut ends = [End::Pass; 60];
    ends[..20].fill(End::Fail);
    assert_eq!(only(confident, &runs(&ends)).verdict, Verdict::Fail);
}

#[test]
fn unknown_runs_widen_what_a_confidence_leaves_open() {
    let mut ends = [End::Pass; 60];
    ends[..4].fill(End::Error);
    let confident = json!({"success_rate": "90%", "confidence": "95%"});
    assert_eq!(only(confident, &runs(&ends)).verdict, Verdict::Inconclusive);
}

#[test]
fn a_checks_own_confidence_goes_before_the_suites_and_a_scenarios_before_both() {
    let good = runs(&[End::Pass; 30]);
    let own = json!({"success_rate": {"check": "90%", "confidence": "80%"}, "confidence": "99%"});
    assert_eq!(only(own, &good).verdict, Verdict::Pass);
    let each =
        json!({"each_scenario": {"success_rate": "90%", "confidence": "80%"}, "confidence": "99%"});
    assert_eq!(only(each, &good).verdict, Verdict::Pass);
}

#[test]
fn the_suites_confidence_is_shown_for_numbers_and_decides_only_where_the_check_asks() {
    let runs = numeric(&[100.0, 110.0, 120.0, 90.0, 105.0, 95.0, 100.0, 115.0]);
    let shown = json!({"metrics": {"Latency": "mean <= 105ms"}, "confidence": "95%"});
    let report = only(shown, &runs);
    assert_eq!(report.verdict, Verdict::Pass);
    let interval = report.interval.unwrap();
    assert!(interval.low < 104.375 && interval.high > 105.0, "{interval:?}");
    let decides = json!({"metrics": {"Latency": {"check": "mean <= 105ms", "confidence": "95%"}}});
    assert_eq!(only(decides, &runs).verdict, Verdict::Inconclusive);
}

#[test]
fn errors_are_not_held_to_the_suites_confidence() {
    let good = runs(&[End::Pass; 10]);
    let thresholds = json!({"errors": "<= 10%", "confidence": "95%"});
    assert_eq!(only(thresholds, &good).verdict, Verdict::Pass);
}

fn any_end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Pass), Just(End::Fail), Just(End::Error), Just(End::Unscored)]
}

proptest! {
    #[test]
    fn a_success_rate_never_improves_when_a_run_gets_worse(
        mut ends in proptest::collection::vec(any_end(), 1..20),
        at in 0_usize..20, percent in 1_u32..=100, missing in 0_usize..3,
    ) {
        let thresholds = json!({"success_rate": format!(">= {percent}%")});
        let before = judged(thresholds.clone(), &runs(&ends), missing)[0].verdict;
        let at = at % ends.len();
        ends[at] = match ends[at] {
            End::Pass => End::Unscored,
            End::Error | End::Unscored | End::Fail => End::Fail,
        };
        let after = judged(thresholds, &runs(&ends), missing)[0].verdict;
        prop_assert!(after >= before, "{before:?} became {after:?}");
    }

    #[test]
    fn the_order_of_the_runs_does_not_matter(
        ends in proptest::collection::vec(any_end(), 1..12), percent in 0_u32..=100,
    ) {
        let thresholds = json!({"success_rate": format!("{percent}%"), "errors": "<= 20%"});
        let mut all = runs(&ends);
        let before = judged(thresholds.clone(), &all, 0);
        all.reverse();
        prop_assert_eq!(before, judged(thresholds, &all, 0));
    }

    #[test]
    fn more_evidence_of_the_same_rate_never_turns_fail_into_pass(
        ends in proptest::collection::vec(any_end(), 1..10), percent in 1_u32..=99, times in 2_usize..6,
    ) {
        let thresholds = json!({"success_rate": format!(">= {percent}%"), "confidence": "90%"});
        let before = judged(thresholds.clone(), &runs(&ends), 0)[0].verdict;
        let after = judged(thresholds, &runs(&ends.repeat(times)), 0)[0].verdict;
        prop_assert!(before != Verdict::Fail || after == Verdict::Fail);
        prop_assert!(before != Verdict::Pass || after == Verdict::Pass);
    }

    #[test]
    fn an_interval_holds_its_estimate(
        ends in proptest::collection::vec(any_end(), 1..30), percent in 1_u32..=99,
    ) {
        let thresholds = json!({"success_rate": format!(">= {percent}%"), "confidence": "90%"});
        let report = judged(thresholds, &runs(&ends), 0).remove(0);
        if let (Some(value), Some(interval)) = (report.value, report.interval) {
            prop_assert!(interval.low <= value + 1e-9 && value <= interval.high + 1e-9);
        }
    }

    #[test]
    fn a_confident_verdict_never_improves_when_a_run_gets_worse(
        mut ends in proptest::collection::vec(any_end(), 1..40), at in 0_usize..40, percent in 1_u32..=99,
    ) {
        let thresholds = json!({"success_rate": format!(">= {percent}%"), "confidence": "90%"});
        let before = judged(thresholds.clone(), &runs(&ends), 0)[0].verdict;
        let at = at % ends.len();
        ends[at] = match ends[at] {
            End::Pass => End::Unscored,
            End::Error | End::Unscored | End::Fail => End::Fail,
        };
        prop_assert!(judged(thresholds, &runs(&ends), 0)[0].verdict >= before);
    }

    #[test]
    fn nothing_passes_without_a_sample(
        unknown in 0_usize..5, percent in 0_u32..=100, missing in 0_usize..3,
        operator in prop_oneof![Just(">="), Just("<="), Just("!="), Just("<")],
    ) {
        let check = format!("{operator} {percent}%");
        let reports = judged(json!({"success_rate": check}), &runs(&vec![End::Error; unknown]), missing);
        prop_assert_eq!(reports[0].verdict, Verdict::Inconclusive);
    }
}
