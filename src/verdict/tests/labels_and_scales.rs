//! Labels that runs give, units that are assumed, and the scale of ratings, in a verdict.

use super::*;

#[test]
fn a_run_that_gives_several_labels_has_each_of_them() {
    let label = |text: &str| MetricValue::Label(Some(text.to_owned()));
    let runs = measured(&[label("[\"calm\",\"Very Angry\"]"), label("very_angry"), label("calm")]);
    for (check, expected) in [
        ("share(\"very angry\") >= 66%", Verdict::Pass),
        ("share(\"calm\") >= 66%", Verdict::Pass),
        ("share(\"very angry\") <= 5%", Verdict::Fail),
    ] {
        assert_eq!(metric_check(check, &runs).verdict, expected, "{check}");
    }
    let unclear = measured(&[label("calm, angry"), label("calm")]);
    let report = metric_check("share(\"angry\") <= 5%", &unclear);
    assert_eq!(report.verdict, Verdict::Inconclusive, "{}", report.reason);
}

#[test]
fn a_rating_without_a_value_could_have_been_up_to_100() {
    let rating = |values: &[f64]| {
        let mut runs =
            measured(&values.iter().map(|v| MetricValue::Rating(Some(*v))).collect::<Vec<_>>());
        runs.push(run(90, End::Error));
        runs
    };
    for (check, values, expected) in [
        ("mean >= 80", &[79.0, 79.0, 79.0, 79.0][..], Verdict::Inconclusive),
        ("mean >= 80", &[4.0, 4.0, 4.0, 4.0], Verdict::Fail),
        ("mean <= 6", &[4.0, 4.0, 4.0, 4.0], Verdict::Inconclusive),
        ("mean <= 6", &[60.0, 60.0, 60.0, 60.0], Verdict::Fail),
        ("mean >= 4", &[5.0, 5.0, 5.0, 5.0], Verdict::Pass),
        ("mean >= 4", &[3.0, 3.0, 3.0, 3.0], Verdict::Inconclusive),
        ("mean >= 4", &[60.0, 60.0, 60.0, 60.0], Verdict::Inconclusive),
    ] {
        let report = metric_check(check, &rating(values));
        assert_eq!(report.verdict, expected, "{check} {values:?}: {}", report.reason);
    }
}

#[test]
fn the_unit_of_a_metric_is_said_in_the_reason_and_never_guessed_against_its_name() {
    let named = |name: &str, check: &str, values: &[f64]| {
        let mut runs = numeric(values);
        for metric in runs.iter_mut().flat_map(|run| &mut run.metrics) {
            metric.name = name.to_owned();
            metric.aliases.clear();
        }
        only(json!({"metrics": {name: check}}), &runs)
    };
    let slow = named("Latency (s)", "p95 <= 2s", &[9.5, 9.5]);
    assert_eq!(slow.verdict, Verdict::Fail);
    let said = "; values taken as s (`Latency (s)` says `s`)";
    assert!(slow.reason.ends_with(said), "{}", slow.reason);
    assert_eq!(named("Problems", "max <= 2s", &[9.5]).verdict, Verdict::Fail);
    assert_eq!(named("Latency", "p95 <= 2s", &[1900.0]).verdict, Verdict::Pass);
    let doubted = named("Latency", "p95 <= 2s", &[9.5, 1.2]);
    assert_eq!(doubted.verdict, Verdict::Inconclusive);
    assert!(doubted.reason.contains("unit: s"), "{}", doubted.reason);
}

#[test]
fn a_count_of_errors_is_compared_as_a_number_of_runs() {
    let verdict = |errors: usize| {
        let mut ends = vec![End::Pass; 20];
        ends[..errors].fill(End::Error);
        let reports = judged(json!({ "errors": "count <= 3" }), &runs(&ends), 0);
        reports.iter().find(|report| report.name == "errors").unwrap().verdict
    };
    assert_eq!([3, 4].map(verdict), [Verdict::Pass, Verdict::Fail]);
}

#[test]
fn an_entry_without_a_value_never_disagrees_on_the_kind() {
    let numbers = [MetricValue::Numeric(Some(1_000.0)), MetricValue::Numeric(Some(1_200.0))];
    let kinds = |third: MetricValue| {
        let report =
            metric_check("mean <= 2s", &measured(&[numbers.as_slice(), &[third]].concat()));
        report.reason.contains("disagree on the kind")
    };
    assert!(!kinds(MetricValue::Binary(None)));
    assert!(!kinds(MetricValue::Numeric(Some(900.0))));
    assert!(kinds(MetricValue::Binary(Some(true))));
}
