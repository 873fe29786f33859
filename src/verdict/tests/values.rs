//! Which runs give a figure a value, which could have given one, and which it does not concern.

use serde_json::json;

use super::*;
use crate::record::UnreadableField;

/// A run with one entry of the metric `Latency`, or none.
fn of(id: u64, scenario: u64, end: End, value: Option<MetricValue>) -> RunRecord {
    let metrics = value.into_iter().map(|value| metric("Latency", value)).collect();
    RunRecord { scenario: Some(scenario), metrics, ..run(id, end) }
}

const TEN: Option<MetricValue> = Some(MetricValue::Numeric(Some(10.0)));
const SKIPPED: Option<MetricValue> = Some(MetricValue::Numeric(None));

/// Runs as rows of scenario, end and entry: how many gave a value, and how many could have.
fn counted(rows: &[(u64, End, Option<MetricValue>)]) -> (usize, usize) {
    let rows = (1..).zip(rows);
    let runs: Vec<RunRecord> =
        rows.map(|(id, (scenario, end, value))| of(id, *scenario, *end, value.clone())).collect();
    let report = metric_check("max <= 10", &runs);
    (report.samples, report.unknown)
}

#[test]
fn a_metric_belongs_to_the_scenarios_that_have_it_unless_most_runs_lack_it() {
    let with = |scenario| (scenario, End::Pass, TEN);
    let without = |scenario| (scenario, End::Pass, None);
    for (rows, expected) in [
        (vec![with(1), without(1)], (1, 1)),
        (vec![with(1), with(1), without(2), without(3)], (2, 0)),
        (vec![with(1), with(1), without(2), without(3), without(4)], (2, 3)),
        (vec![with(1), without(1), without(1), without(2)], (1, 2)),
    ] {
        assert_eq!(counted(&rows), expected, "{rows:?}");
    }
}

#[test]
fn a_run_that_errored_or_was_not_judged_could_have_had_the_metric() {
    let with = || (1, End::Pass, TEN);
    for (more, expected) in [
        // Of its scenario nothing says that it lacks the metric.
        ((2, End::Error, None), (3, 1)),
        ((2, End::Unscored, None), (3, 1)),
        ((2, End::Unscored, SKIPPED), (3, 1)),
        ((2, End::Unscored, TEN), (4, 0)),
        ((2, End::Pass, SKIPPED), (3, 0)),
        ((2, End::Pass, None), (3, 0)),
    ] {
        let rows = [with(), with(), with(), more];
        assert_eq!(counted(&rows), expected, "{rows:?}");
    }
    // The judged run of scenario 2 lacks the metric: the one that errored would have lacked it, too.
    let rows = [with(), with(), with(), (2, End::Pass, None), (2, End::Error, None)];
    assert_eq!(counted(&rows), (3, 0));
}

#[test]
fn what_contradicts_itself_or_cannot_be_read_could_have_been_any_value() {
    let three = || (1..4).map(|id| of(id, 1, End::Pass, TEN)).collect::<Vec<_>>();
    let unknown = |run: RunRecord| {
        let mut runs = three();
        runs.push(run);
        metric_check("max <= 10", &runs).unknown
    };
    let last = || of(4, 2, End::Pass, TEN);
    let mut contradicting = last();
    contradicting.metrics.push(metric("Latency", MetricValue::Numeric(Some(99.0))));
    assert_eq!(unknown(contradicting), 1);
    let mut unreadable = last();
    unreadable.metrics[0].unreadable = true;
    assert_eq!(unknown(unreadable), 1);
    // A list of metrics that cannot be read may have had it.
    let field =
        UnreadableField { field: "evaluation.metrics".to_owned(), ..UnreadableField::default() };
    let mut lost = of(4, 2, End::Pass, None);
    lost.unreadable = vec![field.clone()];
    assert!(lost.has_unreadable_metrics());
    assert_eq!(unknown(lost), 1);
    let mut whole = last();
    whole.unreadable = vec![field];
    assert_eq!(unknown(whole), 0, "its entry is there");
}

#[test]
fn metrics_without_an_id_are_told_apart_by_their_names() {
    let mut runs = numeric(&[10.0, 20.0]);
    for run in &mut runs {
        run.metrics.push(metric("Tone", MetricValue::Numeric(Some(999.0))));
        for entry in &mut run.metrics {
            (entry.id, entry.aliases) = (None, Vec::new());
        }
    }
    let report = metric_check("max <= 20", &runs);
    assert_eq!((report.verdict, report.value), (Verdict::Pass, Some(20.0)), "{}", report.reason);
}

#[test]
fn a_metric_that_no_run_has_is_answered_with_those_that_there_are() {
    let reason =
        |runs: &[RunRecord]| only(json!({"metrics": {"Politeness": "mean <= 10"}}), runs).reason;
    assert_eq!(reason(&runs(&[End::Pass])), "no run has the metric `Politeness`");
    let said = "no run has the metric `Politeness`; the runs have Latency";
    assert_eq!(reason(&numeric(&[10.0])), said);
}

#[test]
fn why_no_run_has_a_usable_score_is_said() {
    let reason = |runs: &[RunRecord]| metric_check("mean <= 10", runs).reason;
    let unreadable = |ids: &[u64]| {
        let runs = ids.iter().map(|id| {
            let mut run = of(*id, 1, End::Pass, TEN);
            run.metrics[0].unreadable = true;
            run
        });
        reason(&runs.collect::<Vec<_>>())
    };
    let none = "no run has a usable score of `Latency`: ";
    assert_eq!(unreadable(&[3]), format!("{none}that of run 3 cannot be read"));
    assert_eq!(unreadable(&[3, 4]), format!("{none}those of the runs 3 and 4 cannot be read"));
    let contradicting = |ids: &[u64]| {
        let runs = ids.iter().map(|id| {
            let mut run = of(*id, 1, End::Pass, TEN);
            run.metrics.push(metric("Latency", MetricValue::Numeric(Some(99.0))));
            run
        });
        reason(&runs.collect::<Vec<_>>())
    };
    let twice = "more than once with different scores, so neither counts";
    assert_eq!(contradicting(&[3]), format!("{none}run 3 lists it {twice}"));
    assert_eq!(contradicting(&[3, 4]), format!("{none}the runs 3 and 4 list it {twice}"));
}

#[test]
fn where_nobody_can_say_which_runs_count_none_gives_a_score() {
    let thresholds: Thresholds =
        serde_json::from_value(json!({"metrics": {"Latency": "mean <= 10"}})).unwrap();
    let runs = numeric(&[10.0]);
    let outcomes = [judge_run(&runs[0], 1)];
    let evidence = Evidence {
        runs: runs.iter().zip(&outcomes).collect(),
        open_runs: [1].into(),
        ..Evidence::default()
    };
    let report = judge_all(&thresholds, &evidence, None).remove(0);
    assert_eq!(
        report.reason,
        "no run has a usable score of `Latency`: it cannot be said which of the runs that have one \
         count"
    );
}

#[test]
fn the_length_of_a_call_that_errored_is_no_duration() {
    let mut runs = runs(&[End::Pass, End::Pass, End::Error]);
    for (run, seconds) in runs.iter_mut().zip([60.0, 70.0, 900.0]) {
        run.duration_seconds = Some(seconds);
    }
    let report = only(json!({"duration": "median <= 80s"}), &runs);
    assert_eq!((report.samples, report.unknown, report.value), (2, 1, Some(65.0)));
}

#[test]
fn a_check_that_does_not_fit_the_kind_of_its_metric_says_the_kind() {
    let of = |value: MetricValue, check: &str| {
        let report = metric_check(check, &measured(&[value]));
        assert_eq!(report.verdict, Verdict::Inconclusive);
        report.reason
    };
    let numeric = of(MetricValue::Numeric(Some(10.0)), ">= 90%");
    assert!(numeric.starts_with("`Latency` is a numeric metric, and `rate` "), "{numeric}");
    let label = of(MetricValue::Label(Some("calm".to_owned())), ">= 90%");
    assert!(label.starts_with("`Latency` is an enum metric, and `rate` "), "{label}");
}

#[test]
fn a_text_is_one_label_unless_it_lists_several_of_which_one_is_asked_for() {
    let unknown = |text: &str| {
        let runs = measured(&[MetricValue::Label(Some(text.to_owned()))]);
        metric_check("share(\"angry\") <= 5%", &runs).unknown
    };
    for (text, expected) in [("calm", 0), ("angry", 0), ("calm, sad", 0), ("calm, angry", 1)] {
        assert_eq!(unknown(text), expected, "{text}");
    }
}
