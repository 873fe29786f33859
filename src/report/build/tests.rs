//! Evidence, plan and rules make one report: codes, counts and notes.

use crate::record::{Claims, MetricRecord, MetricValue, Status};
use crate::report::build::*;
use crate::suite::model::Mode;
use crate::suite::thresholds::Thresholds;

fn run(id: u64, success: bool) -> RunRecord {
    RunRecord {
        id,
        scenario: Some(1 + id % 2),
        status: Status::Completed,
        success: Some(success),
        has_transcript: true,
        transcript: vec![crate::record::Turn::default()],
        metrics: vec![MetricRecord {
            id: Some(5),
            name: "m".to_owned(),
            aliases: vec![],
            value: MetricValue::Binary(Some(success)),
            explanation: vec![],
            unreadable: false,
        }],
        ..RunRecord::default()
    }
}

fn parts(runs: Vec<RunRecord>, planned: usize) -> ReportInput {
    let suite = SuiteHead {
        report_only: false,
        name: "s".to_owned(),
        file: None,
        mode: Mode::Voice,
        thresholds: Thresholds::default(),
        quarantine: vec![],
    };
    let plan = PlanHead {
        runs_per_scenario: 1,
        runs: Some(planned),
        scenarios: vec![1, 2],
        ..PlanHead::default()
    };
    let result = ResultRecord { id: 9, status: Status::Completed, runs, ..ResultRecord::default() };
    ReportInput::of(suite, plan, result)
}

#[test]
fn every_end_has_its_code_whatever_the_verdict() {
    for verdict in [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail] {
        assert_eq!(exit_code(&End::TimedOut(Duration::from_secs(1)), verdict), Code::TimedOut);
        assert_eq!(exit_code(&End::Interrupted, verdict), Code::Interrupted);
        assert_eq!(exit_code(&End::Terminated, verdict), Code::Terminated);
        assert_eq!(exit_code(&End::Lost(String::new()), verdict), Code::Api);
    }
    assert_eq!(exit_code(&End::Finished, Verdict::Inconclusive), Code::Inconclusive);
}

#[test]
fn a_result_with_fewer_runs_than_planned_is_inconclusive() {
    let report = build_report(parts(vec![run(1, true), run(2, true)], 3));
    assert_eq!((report.exit_code, report.tally.missing), (3, 1));
    assert_eq!(report.notes, ["1 planned run never arrived"]);
    assert_eq!(build_report(parts(vec![run(1, true), run(2, true)], 2)).exit_code, 0);
}

#[test]
fn the_platforms_figures_are_compared_and_do_not_decide() {
    let mut parts = parts(vec![run(1, true), run(2, false)], 2);
    parts.result.claims =
        Claims { success_rate: Some(100.0), total_runs: Some(1), ..Claims::default() };
    let report = build_report(parts);
    assert_eq!(report.exit_code, 1);
    assert_eq!(
        report.notes,
        [
            "the platform counts 1 run in all, its answer has 2",
            "the platform reports a success rate of 100, its runs give 50%; the verdict uses the runs",
        ]
    );
}

#[test]
fn a_run_that_only_the_platforms_count_knows_of_is_missing() {
    let mut parts = parts(vec![run(1, true), run(2, true)], 2);
    parts.plan.runs = None;
    parts.result.claims.total_runs = Some(3);
    let report = build_report(parts);
    assert_eq!((report.exit_code, report.tally.missing), (3, 1));
}

#[test]
fn runs_that_nobody_started_never_make_a_pass() {
    let report = build_report(parts(vec![run(1, true), run(2, true), run(3, true)], 2));
    assert_eq!((report.exit_code, report.tally.unmatched), (3, 1));
    assert!(report.notes[0].contains("it is not known which count"), "{:?}", report.notes);
    assert!(
        report.headline.contains("success_rate not decided: 100%, wanted >= 100%"),
        "{}",
        report.headline
    );
}

#[test]
fn runs_of_another_scenario_lift_no_share() {
    let mut runs = vec![run(1, false), run(2, false)];
    runs.extend((3..23).map(|id| RunRecord { scenario: Some(9), ..run(id, true) }));
    let mut parts = parts(runs, 2);
    parts.suite.thresholds =
        serde_json::from_value(serde_json::json!({"success_rate": ">= 80%"})).unwrap();
    let report = build_report(parts);
    assert_eq!((report.exit_code, report.tally.unmatched, report.tally.total), (1, 20, 2));
}

#[test]
fn a_result_that_did_not_complete_is_never_a_pass() {
    for status in [Status::Cancelled, Status::Timeout, Status::Failed] {
        let mut parts = parts(vec![run(1, true), run(2, true)], 2);
        parts.result.status = status.clone();
        let report = build_report(parts);
        assert_eq!(report.exit_code, 3, "{status:?}");
        let why = format!("ended with the status `{}`", status.as_str());
        assert!(report.notes.iter().any(|note| note.contains(&why)), "{:?}", report.notes);
        assert!(report.headline.contains(&why), "{}", report.headline);
    }
}

#[test]
fn a_gate_of_which_no_run_was_judged_never_passes() {
    let mut unjudged = run(1, true);
    unjudged.success = None;
    let mut parts = parts(vec![unjudged], 1);
    parts.suite.thresholds =
        serde_json::from_value(serde_json::json!({"errors": "<= 100%", "duration": "count >= 0"}))
            .unwrap();
    assert_eq!(build_report(parts).exit_code, 3);
}

#[test]
fn failures_that_no_check_looks_at_are_told() {
    let mut parts = parts(vec![run(1, true), run(2, false)], 2);
    parts.suite.thresholds =
        serde_json::from_value(serde_json::json!({"errors": "<= 10%"})).unwrap();
    let report = build_report(parts);
    assert_eq!(report.exit_code, 0);
    assert!(report.notes[0].contains("no check is about the success rate"), "{:?}", report.notes);
}

#[test]
fn calls_that_the_gate_ended_are_no_errors_of_the_carrier() {
    let mut cancelled = run(2, false);
    cancelled.status = Status::Cancelled;
    let mut parts = parts(vec![run(1, true), cancelled], 2);
    parts.end = End::Interrupted;
    parts.suite.thresholds =
        serde_json::from_value(serde_json::json!({"errors": "<= 10%"})).unwrap();
    assert_eq!(build_report(parts).checks[0].verdict, Verdict::Inconclusive);
}

#[test]
fn a_success_rate_is_taken_as_a_fraction_or_a_percentage() {
    for claimed in [0.5, 50.0] {
        let mut parts = parts(vec![run(1, true), run(2, false)], 2);
        parts.result.claims.success_rate = Some(claimed);
        assert_eq!(build_report(parts).notes, Vec::<String>::new(), "{claimed}");
    }
}

#[test]
fn transcripts_are_kept_as_the_suite_says() {
    let kept = |transcripts: Transcripts| {
        let report = build_report(ReportInput {
            transcripts,
            ..parts(vec![run(1, true), run(2, false)], 2)
        });
        report.result.runs.iter().filter(|run| !run.transcript.is_empty()).count()
    };
    assert_eq!(
        (kept(Transcripts::None), kept(Transcripts::Failed), kept(Transcripts::All)),
        (0, 1, 2)
    );
}

#[test]
fn quarantined_scenarios_count_towards_nothing() {
    let mut parts = parts(vec![run(1, false), run(2, true)], 2);
    parts.suite.quarantine = vec![crate::suite::model::Quarantine {
        scenario: 2,
        until: "2026-12-31".parse().unwrap(),
        owner: "payments".to_owned(),
        reason: "ticket 42".to_owned(),
    }];
    let report = build_report(parts);
    assert_eq!((report.exit_code, report.tally.total, report.tally.quarantined), (0, 1, 1));
}

#[test]
fn repetitions_are_numbered_within_their_case() {
    let report = build_report(parts(vec![run(1, true), run(2, true), run(3, true)], 3));
    let numbers: Vec<u32> = report.outcomes.iter().map(|outcome| outcome.repetition).collect();
    assert_eq!(numbers, [1, 1, 2]);
}
