//! What a check says beside its verdict: counts, interval, unit, and the reason in words.

use serde_json::json;

use super::super::evidence::ScenarioSlots;
use super::*;

#[test]
fn a_share_with_no_confidence_says_what_the_runs_without_a_verdict_leave_open() {
    let report = only(json!({"success_rate": "95%"}), &runs(&[End::Pass, End::Pass, End::Error]));
    assert_eq!(
        report.reason,
        "saw 100% (2 of 2 runs), wanted >= 95%; 1 of 3 runs has no verdict (1 errored or not \
         judged); the share could be 66.7% to 100%"
    );
    let interval = report.interval.unwrap();
    assert_eq!((interval.confidence, interval.high), (None, 1.0));
    let judged = only(json!({"success_rate": "95%"}), &runs(&[End::Pass, End::Fail]));
    assert_eq!(judged.interval, None, "nothing is open");
    let none = only(json!({"success_rate": "95%"}), &runs(&[End::Error]));
    assert_eq!((none.interval, none.value), (None, None));
    assert_eq!(none.reason, "no run has a verdict (1 errored or not judged)");
    let sure = json!({"success_rate": "95%", "confidence": "95%"});
    assert_eq!(only(sure, &runs(&[End::Error])).interval, None);
}

#[test]
fn what_never_arrived_and_what_errored_are_told_apart() {
    let reason = |ends: &[End], missing| {
        judged(json!({"success_rate": "95%"}), &runs(ends), missing).remove(0).reason
    };
    assert_eq!(reason(&[], 2), "no run has a verdict (2 never arrived)");
    assert_eq!(
        reason(&[End::Error], 2),
        "no run has a verdict (1 errored or not judged, 2 never arrived)"
    );
}

#[test]
fn with_a_confidence_the_bound_that_decided_is_said() {
    let reason = |check: &str, ends: &[End]| {
        let report = only(json!({"success_rate": check, "confidence": "95%"}), &runs(ends));
        (report.verdict, report.reason)
    };
    let (passes, fails) = ([End::Pass; 60], [End::Fail; 60]);
    let (verdict, said) = reason(">= 90%", &passes);
    assert_eq!(verdict, Verdict::Pass);
    assert!(said.contains(", at least 95.1% with 95% confidence, wanted >= 90%"), "{said}");
    let (verdict, said) = reason(">= 90%", &fails);
    assert_eq!(verdict, Verdict::Fail);
    assert!(said.contains(", at most 4.9% with 95% confidence, wanted >= 90%"), "{said}");
    let (verdict, said) = reason("<= 10%", &fails);
    assert_eq!(verdict, Verdict::Pass);
    assert!(said.contains(", at most 4.9% with 95% confidence, wanted <= 10%"), "{said}");
    let (verdict, said) = reason("<= 10%", &passes);
    assert_eq!(verdict, Verdict::Fail);
    assert!(said.contains(", at least 95.1% with 95% confidence, wanted <= 10%"), "{said}");
}

#[test]
fn with_a_confidence_it_is_said_how_many_more_runs_would_decide() {
    let reason = |check: &str, ends: &[End]| {
        only(json!({"success_rate": check, "confidence": "95%"}), &runs(ends)).reason
    };
    let few = reason("90%", &[End::Pass; 10]);
    assert!(few.contains(" interval: 74.1% to 100%; about "), "{few}");
    let even = [[End::Pass; 5], [End::Fail; 5]].concat();
    let never = reason("50%", &even);
    let said = "; no number of further runs like these would decide it";
    assert!(never.ends_with(said), "{never}");
    // With runs that have no verdict it is not the number of runs that is lacking.
    let open = [even.as_slice(), &[End::Error]].concat();
    let lacking = reason("50%", &open);
    assert!(
        lacking.ends_with("1 of 11 runs has no verdict (1 errored or not judged)"),
        "{lacking}"
    );
}

#[test]
fn an_interval_without_an_end_is_not_shown() {
    let check = json!({"metrics": {"Latency": "p95 <= 200"}, "confidence": "95%"});
    assert_eq!(only(check.clone(), &numeric(&[100.0, 110.0])).interval, None);
    let mut runs = numeric(&[100.0, 110.0]);
    runs.push(run(3, End::Error));
    let report = only(json!({"metrics": {"Latency": "max <= 200"}}), &runs);
    assert_eq!((report.verdict, report.interval), (Verdict::Inconclusive, None));
    assert!(report.reason.ends_with("the max could be 110 or higher"), "{}", report.reason);
}

#[test]
fn a_mean_that_too_many_runs_lack_keeps_its_value_and_names_them() {
    let mut runs = numeric(&[100.0; 18]);
    runs.extend([run(19, End::Error), run(20, End::Error)]);
    assert_eq!(metric_check("mean <= 2s", &runs).verdict, Verdict::Pass, "exactly a tenth");
    runs.push(run(21, End::Error));
    let report = metric_check("mean <= 2s", &runs);
    assert_eq!((report.verdict, report.value), (Verdict::Inconclusive, Some(100.0)));
    assert_eq!((report.samples, report.unknown), (18, 3));
    assert_eq!((report.threshold, report.unit), (2000.0, FigureUnit::Milliseconds));
    assert_eq!(report.deciding_runs, [19, 20, 21]);
}

#[test]
fn a_figure_is_shown_in_the_unit_of_the_metric() {
    let of = |unit: &str| {
        let check = json!({"metrics": {"Latency": {"check": "max <= 120s", "unit": unit}}});
        let report = only(check, &numeric(&[1.0]));
        (report.threshold, report.unit, report.shown_threshold())
    };
    assert_eq!(of("m"), (2.0, FigureUnit::Minutes, "2m".to_owned()));
    assert_eq!(of("s"), (120.0, FigureUnit::Seconds, "120s".to_owned()));
    assert_eq!(of("ms"), (120_000.0, FigureUnit::Milliseconds, "120000ms".to_owned()));
}

#[test]
fn a_count_of_errors_takes_in_what_is_missing() {
    let mut ends = [End::Pass; 20];
    ends[..3].fill(End::Error);
    let judge = |check: &str, missing| {
        let report = judged(json!({ "errors": check }), &runs(&ends), missing).remove(0);
        (report.verdict, report.samples)
    };
    assert_eq!(judge("count <= 3", 0), (Verdict::Pass, 20));
    assert_eq!(judge("count <= 3", 1), (Verdict::Inconclusive, 20));
    assert_eq!(judge("count >= 4", 1), (Verdict::Inconclusive, 20));
    assert_eq!(judge("count <= 2", 1), (Verdict::Fail, 20));
    assert_eq!(judge("count >= 5", 1), (Verdict::Fail, 20));
}

#[test]
fn a_verdict_has_a_word_for_sentences() {
    let words = [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail].map(Verdict::participle);
    assert_eq!(words, ["passed", "inconclusive", "failed"]);
}

#[test]
fn runs_of_no_scenario_are_those_of_a_planned_case_only_where_none_of_its_runs_is_missing() {
    let thresholds: Thresholds =
        serde_json::from_value(json!({"each_scenario": {"success_rate": "100%"}})).unwrap();
    let runs = [RunRecord { scenario: None, ..run(1, End::Pass) }];
    let outcomes = [judge_run(&runs[0], 1)];
    let of = |missing| {
        let planned = ScenarioSlots {
            scenario: ScenarioRef { id: None, name: "Case".to_owned() },
            missing,
            ..ScenarioSlots::default()
        };
        let evidence = Evidence {
            runs: runs.iter().zip(&outcomes).collect(),
            missing,
            scenarios: vec![planned],
            ..Evidence::default()
        };
        let reports = judge_all(&thresholds, &evidence, None);
        let of_report =
            |report: CheckReport| (report.scenario.unwrap().name, report.verdict, report.samples);
        reports.into_iter().map(of_report).collect::<Vec<_>>()
    };
    assert_eq!(of(0), [("Case".to_owned(), Verdict::Pass, 1)]);
    assert_eq!(
        of(1),
        [
            ("Case".to_owned(), Verdict::Inconclusive, 0),
            ("deleted scenario".to_owned(), Verdict::Pass, 1)
        ]
    );
}

#[test]
fn an_open_mean_or_quantile_says_how_many_more_runs_would_probably_decide() {
    let values = numeric(&[1000.0, 2000.0, 3000.0, 4000.0, 5000.0]);
    let open = |check: &str| {
        let spec = json!({"check": check, "unit": "ms", "confidence": "95%"});
        only(json!({"metrics": {"Latency": spec}}), &values)
    };
    let mean = open("mean <= 4000ms");
    assert_eq!((mean.verdict, mean.further_runs), (Verdict::Inconclusive, Some(21)));
    assert!(mean.reason.contains("about 21 more runs like these would probably decide it"));
    // Four of five are at most 4.5 s: as for a share of 80% against one of 50%.
    let as_share = crate::stats::rate::further_runs(4, 5, 0.5, 0.95);
    for check in ["p50 <= 4500ms", "median < 4500ms", "p50 >= 4500ms"] {
        assert_eq!(open(check).further_runs, as_share, "{check}");
    }
    let equal = open("mean <= 3000ms");
    assert_eq!((equal.verdict, equal.further_runs), (Verdict::Inconclusive, None));
    assert!(!equal.reason.contains("further runs"), "{}", equal.reason);
}
