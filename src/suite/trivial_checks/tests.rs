//! What is trivial and what is not, and that the verdict agrees.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::checks::figures::{DURATION, ERRORS, EXPECTED_OUTCOME};
use crate::checks::spec::CheckSpec;
use crate::outcome::judge_run;
use crate::record::{ExpectedOutcome, MetricRecord, MetricValue, RunRecord, Status};
use crate::suite::trivial_checks::*;
use crate::verdict::evidence::Evidence;
use crate::verdict::judge::judge;
use crate::verdict::{CheckReport, Verdict};

fn messages(thresholds: Value, runs: Option<usize>) -> Vec<String> {
    let thresholds = serde_json::from_value(thresholds).unwrap();
    let messages = all(&thresholds, runs, 3);
    messages.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
}

#[test]
fn a_bound_at_the_end_of_its_scale_is_told_with_its_place() {
    let share = "can never fail: a share lies between 0% and 100%";
    let rows = [
        (json!({"success_rate": ">= 0%"}), format!("success_rate: `success_rate`: `>= 0%` {share}")),
        (json!({"errors": "<= 100%"}), format!("errors: `errors`: `<= 100%` {share}")),
        (
            json!({"metrics": {"A": ["90%", "<= 100%"]}}),
            format!("metrics.A.1: `A`: `<= 100%` {share}"),
        ),
        (
            json!({"each_scenario": {"metrics": {"A": "share(\"x\") >= 0%"}}}),
            format!("each_scenario.metrics.A: `A`: `share(\"x\") >= 0%` {share}"),
        ),
        (
            json!({"metrics": {"A": "count >= 0"}}),
            "metrics.A: `A`: `count >= 0` can never fail: a count is never below 0".to_owned(),
        ),
        (
            json!({"errors": "count != 1.5"}),
            "errors: `errors`: `count != 1.5` can never fail: a count is a whole number".to_owned(),
        ),
        (
            json!({"expected_outcome": "mean <= 100"}),
            "expected_outcome: `expected_outcome`: `mean <= 100` can never fail: the score lies \
             between 0 and 100"
                .to_owned(),
        ),
        (
            json!({"duration": "min >= 0s"}),
            "duration: `duration`: `min >= 0s` can never fail: no call is shorter than 0 s"
                .to_owned(),
        ),
        (
            json!({"baseline": {"from": "main", "success_rate": {"max_drop": "100%"}}}),
            "baseline.success_rate.max_drop: `success_rate`: `max_drop` of `100%` can never fail: a \
             share cannot move by more"
                .to_owned(),
        ),
    ];
    for (thresholds, expected) in rows {
        assert_eq!(messages(thresholds, None), [format!("thresholds.{expected}")]);
    }
}

#[test]
fn what_the_number_of_runs_rules_out_is_told_where_it_is_known() {
    let half = json!({"success_rate": "!= 50%"});
    assert!(
        messages(half.clone(), Some(1))[0]
            .ends_with("can never fail: no part of 1 run is that share")
    );
    assert_eq!(messages(half.clone(), Some(2)), Vec::<String>::new());
    assert_eq!(messages(half, None), Vec::<String>::new());
    let few = json!({"errors": "count <= 20"});
    assert!(messages(few.clone(), Some(20))[0].ends_with("can never fail: there will be 20 runs"));
    assert_eq!(messages(few.clone(), Some(21)), Vec::<String>::new());
    assert_eq!(messages(few, None), Vec::<String>::new());
    let many = json!({"each_scenario": {"metrics": {"A": "count >= 4"}}});
    assert!(messages(many, Some(20))[0].ends_with("can never pass: there will be 3 runs"));
}

#[test]
fn a_figure_without_known_bounds_is_not_judged_beforehand() {
    let open = json!({
        "success_rate": [">= 100%", "<= 0%", "!= 50%", "> 0%", "< 100%"],
        "errors": ["<= 10%", "count <= 0"],
        "expected_outcome": ["mean >= 100", "min > 0"],
        "duration": ["max <= 0s", "p95 > 0s"],
        "metrics": {"A": ["mean >= 0", "max <= 100", "sum > -5", "p95 >= 0ms"]},
        "baseline": {"from": "main", "metrics": {"A": {"max_rise": "100%"}}}
    });
    assert_eq!(messages(open, Some(1000)), Vec::<String>::new());
}

#[derive(Debug, Clone, Copy)]
enum End {
    Pass,
    Fail,
    Error,
    Unscored,
}

fn run(id: u64, end: End, number: f64) -> RunRecord {
    let success = match end {
        End::Pass => Some(true),
        End::Fail => Some(false),
        End::Error | End::Unscored => None,
    };
    let held = !matches!(end, End::Error);
    let value = MetricValue::Binary(success);
    let metric = MetricRecord {
        id: Some(5),
        name: "A".to_owned(),
        aliases: vec![],
        value,
        explanation: vec![],
        unreadable: false,
    };
    let score = if matches!(end, End::Pass) { 100.0 } else { number };
    RunRecord {
        id,
        scenario: Some(1),
        status: if held { Status::Completed } else { Status::Failed },
        success,
        has_transcript: held,
        duration_seconds: held.then_some(number),
        expected_outcome: success
            .map(|_| ExpectedOutcome { score: Some(score), ..ExpectedOutcome::default() }),
        metrics: held.then_some(metric).into_iter().collect(),
        ..RunRecord::default()
    }
}

/// A figure with a check that the suite's validation lets it be asked.
fn asked() -> impl Strategy<Value = (Figure<'static>, Check)> {
    let operator = prop::sample::select(vec![">=", ">", "<=", "<", "==", "!="]);
    let number = prop::sample::select(vec!["p0", "min", "max", "mean", "median", "p95"]);
    let forms = prop::sample::select(vec![
        (Figure::BuiltIn(&SUCCESS_RATE), "", "%"),
        (Figure::BuiltIn(&ERRORS), "", "%"),
        (Figure::BuiltIn(&ERRORS), "count", ""),
        (Figure::BuiltIn(&EXPECTED_OUTCOME), "", "%"),
        (Figure::BuiltIn(&EXPECTED_OUTCOME), "number", ""),
        (Figure::BuiltIn(&DURATION), "number", "s"),
        (Figure::BuiltIn(&DURATION), "sum", "m"),
        (Figure::BuiltIn(&DURATION), "count", ""),
        (Figure::Metric("A"), "rate", "%"),
    ]);
    let threshold = prop::sample::select(vec!["-1", "0", "0.5", "1", "2", "3", "50", "100", "101"]);
    (forms, operator, number, threshold).prop_filter_map(
        "the grammar takes it",
        |((figure, aggregate, unit), operator, number, threshold)| {
            let aggregate = if aggregate == "number" { number } else { aggregate };
            let check = format!("{aggregate} {operator} {threshold}{unit}").parse().ok()?;
            Some((figure, check))
        },
    )
}

fn judged(figure: Figure<'_>, check: &Check, runs: &[RunRecord]) -> CheckReport {
    let outcomes: Vec<_> = runs.iter().map(|run| judge_run(run, 1)).collect();
    let evidence = Evidence { runs: runs.iter().zip(&outcomes).collect(), ..Evidence::default() };
    judge(figure, &CheckSpec::plain(check.clone()), None, &evidence, None)
}

proptest! {
    #[test]
    fn whatever_the_sample_a_foregone_check_comes_out_as_told(
        (figure, check) in asked(),
        runs in prop::collection::vec(
            (
                prop::sample::select(vec![End::Pass, End::Fail, End::Error, End::Unscored]),
                prop::sample::select(vec![0.0, 0.5, 1.0, 30.0, 99.0, 100.0]),
            ),
            1..6,
        ),
        planned in any::<bool>(),
    ) {
        let runs: Vec<RunRecord> =
            (1..).zip(&runs).map(|(id, (end, number))| run(id, *end, *number)).collect();
        let report = judged(figure, &check, &runs);
        let (wanted, never) = match trivial_check(figure, &check, planned.then_some(runs.len())) {
            None => return Ok(()),
            Some(TrivialCheck { holds: true, .. }) => (Verdict::Pass, Verdict::Fail),
            Some(TrivialCheck { holds: false, .. }) => (Verdict::Fail, Verdict::Pass),
        };
        prop_assert_ne!(report.verdict, never, "{}", report.reason);
        if report.unknown == 0 && report.samples > 0 {
            prop_assert_eq!(report.verdict, wanted, "{}", report.reason);
        }
    }

    #[test]
    fn a_bound_that_is_not_foregone_can_come_out_both_ways((figure, check) in asked()) {
        // What can be equal, and how many there are, depends on the number of runs.
        let of_runs = matches!(check.operator, Operator::Equal | Operator::Unequal)
            || check.aggregate == Some(Aggregate::Count);
        if of_runs || trivial_check(figure, &check, None).is_some() {
            return Ok(());
        }
        let samples = ["p", "f", "e", "pf", "ef"].map(|ends| ends.repeat(102));
        let mut seen = Vec::new();
        for ends in samples.iter().chain(&["p".to_owned(), "e".to_owned()]) {
            for number in [0.0, 99.0, 100.0, 8000.0] {
                let run = |(id, end): (u64, char)| match end {
                    'p' => run(id, End::Pass, number),
                    'f' => run(id, End::Fail, number),
                    _ => run(id, End::Error, number),
                };
                let runs: Vec<RunRecord> = (1..).zip(ends.chars()).map(run).collect();
                seen.push(judged(figure, &check, &runs).verdict);
            }
        }
        prop_assert!(seen.contains(&Verdict::Pass) && seen.contains(&Verdict::Fail));
    }
}
