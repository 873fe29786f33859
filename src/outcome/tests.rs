//! The outcome of a run, each rule as a sentence.

use super::*;
use crate::record::{ExpectedOutcome, MetricRecord, MetricValue};

/// A completed run with a conversation and one score.
fn scored(success: Option<bool>) -> RunRecord {
    RunRecord {
        id: 1,
        status: Status::Completed,
        success,
        has_transcript: true,
        metrics: vec![metric(MetricValue::Binary(success))],
        ..RunRecord::default()
    }
}

fn metric(value: MetricValue) -> MetricRecord {
    let explanation = vec!["skipped the greeting".to_owned()];
    MetricRecord {
        id: Some(7),
        name: "Adherence".to_owned(),
        aliases: vec![],
        value,
        explanation,
        unreadable: false,
    }
}

fn ended(status: Status, reason: &str) -> RunRecord {
    let ended_reason = (!reason.is_empty()).then(|| reason.to_owned());
    RunRecord { id: 1, status, success: Some(false), ended_reason, ..RunRecord::default() }
}

fn of(run: &RunRecord) -> (Outcome, Option<Blame>) {
    let judged = judge_run(run, 1);
    (judged.outcome, judged.blame)
}

#[test]
fn a_judged_conversation_passes_or_fails() {
    assert_eq!(of(&scored(Some(true))), (Outcome::Passed, None));
    assert_eq!(of(&scored(Some(false))), (Outcome::Failed, Some(Blame::Agent)));
}

#[test]
fn a_run_that_has_not_ended_is_no_evidence() {
    let going = [Status::Running, Status::Pending, Status::Evaluating, Status::Unknown("x".into())];
    for status in going {
        let run = RunRecord { status, ..scored(Some(true)) };
        assert_eq!(of(&run), (Outcome::Errored, Some(Blame::StillGoing)));
    }
}

#[test]
fn the_blame_of_an_earlier_result_is_still_read() {
    let read = |text: &str| serde_json::from_str::<Blame>(text).unwrap();
    assert_eq!(read("\"time_limit\""), Blame::StillGoing);
    assert_eq!(read("\"still_going\""), Blame::StillGoing);
}

#[test]
fn endings_name_who_is_to_blame() {
    use Blame::{Agent, AgentOrTransport, Operator, Platform, Telephony, Unknown};
    let failed = Status::Failed;
    let rows = [
        (ended(failed.clone(), "Testing agent-did-not-connect"), Outcome::Errored, Platform),
        (ended(failed.clone(), "Testing agent-pipeline-error"), Outcome::Errored, Platform),
        (ended(failed.clone(), "Testing agent-something-new"), Outcome::Errored, Platform),
        (ended(failed.clone(), "call-failed-unknown-error"), Outcome::Errored, Telephony),
        (ended(failed.clone(), "sip-call-failed"), Outcome::Errored, Telephony),
        (ended(failed.clone(), "run-cancelled-by-user"), Outcome::Errored, Operator),
        (ended(failed.clone(), "Main agent-did-not-answer"), Outcome::Errored, AgentOrTransport),
        (ended(failed.clone(), "Main agent-busy"), Outcome::Errored, AgentOrTransport),
        (
            ended(failed.clone(), "Main agent-call-not-connected"),
            Outcome::Errored,
            AgentOrTransport,
        ),
        (ended(failed.clone(), "Main agent-silence-timed-out"), Outcome::Failed, Agent),
        (ended(Status::Completed, "exceeded-max-duration"), Outcome::Failed, Agent),
        (ended(failed, ""), Outcome::Errored, Unknown),
        (ended(Status::Timeout, ""), Outcome::Errored, Platform),
        (ended(Status::Cancelled, ""), Outcome::Errored, Operator),
        (ended(Status::Completed, ""), Outcome::Errored, Unknown),
    ];
    for (run, outcome, blame) in rows {
        assert_eq!(of(&run), (outcome, Some(blame)), "{:?} {:?}", run.status, run.ended_reason);
    }
}

#[test]
fn the_callers_fault_is_not_the_agents_even_after_some_conversation() {
    let ended_reason = Some("Testing agent-pipeline-error".to_owned());
    let run = RunRecord { ended_reason, ..scored(Some(false)) };
    assert_eq!(of(&run), (Outcome::Errored, Some(Blame::Platform)));
}

#[test]
fn the_caller_may_end_a_call_that_went_well() {
    let ended_reason = Some("Testing agent-ended-call".to_owned());
    for success in [true, false] {
        let run = RunRecord { ended_reason: ended_reason.clone(), ..scored(Some(success)) };
        assert_eq!(of(&run).0, if success { Outcome::Passed } else { Outcome::Failed });
    }
}

#[test]
fn an_error_message_without_a_transcript_is_no_conversation() {
    let run = RunRecord {
        error_message: Some("websocket handshake failed".to_owned()),
        has_transcript: false,
        metrics: vec![],
        ..scored(Some(false))
    };
    assert_eq!(of(&run).0, Outcome::Errored);
    assert_eq!(judge_run(&run, 1).reason, "websocket handshake failed");
}

#[test]
fn a_success_that_rests_on_nothing_is_unscored() {
    let skipped = RunRecord { rubric_skipped: true, ..scored(Some(true)) };
    let bare = RunRecord { metrics: vec![], ..scored(Some(true)) };
    let null = RunRecord { metrics: vec![metric(MetricValue::Binary(None))], ..scored(Some(true)) };
    for run in [skipped, bare, null] {
        assert_eq!(of(&run), (Outcome::Unscored, Some(Blame::Judge)));
    }
}

#[test]
fn a_success_that_contradicts_itself_is_no_pass() {
    let with = |success: bool, status: &str| RunRecord {
        evaluation_status: Some(status.to_owned()),
        ..scored(Some(success))
    };
    assert_eq!(of(&with(true, "reviewed_failure")).0, Outcome::Failed);
    assert_eq!(of(&with(true, "failure")).0, Outcome::Unscored);
    assert_eq!(of(&with(false, "reviewed_success")).0, Outcome::Unscored);
    assert_eq!(of(&with(true, "reviewed_success")).0, Outcome::Passed);
}

#[test]
fn without_a_judgement_only_a_missed_outcome_says_something() {
    let with = |score: Option<f64>| RunRecord {
        expected_outcome: Some(ExpectedOutcome { score, ..ExpectedOutcome::default() }),
        ..scored(None)
    };
    assert_eq!(of(&with(Some(80.0))).0, Outcome::Failed);
    assert_eq!(of(&with(Some(100.0))).0, Outcome::Unscored);
    assert_eq!(of(&with(None)).0, Outcome::Unscored);
    let reviewed =
        RunRecord { evaluation_status: Some("reviewed_success".to_owned()), ..with(Some(100.0)) };
    assert_eq!(of(&reviewed).0, Outcome::Passed);
}

#[test]
fn the_reason_is_the_first_thing_held_against_the_agent() {
    let mut run = scored(Some(false));
    assert_eq!(judge_run(&run, 1).reason, "Adherence: skipped the greeting");
    run.expected_outcome = Some(ExpectedOutcome {
        score: Some(50.0),
        explanation: vec![
            "✅ greeted".to_owned(),
            "❌ never asked for the order number".to_owned(),
        ],
        ..ExpectedOutcome::default()
    });
    assert_eq!(judge_run(&run, 1).reason, "never asked for the order number");
}

#[test]
fn a_run_that_errored_or_was_not_judged_could_have_gone_either_way() {
    let all = [Outcome::Passed, Outcome::Failed, Outcome::Errored, Outcome::Unscored];
    assert_eq!(all.map(Outcome::is_unknown), [false, false, true, true]);
    assert_eq!(all.map(Outcome::name), ["passed", "failed", "errored", "unscored"]);
}

#[test]
fn a_run_that_was_going_is_not_called_errored() {
    assert_eq!(word(Outcome::Errored, Some(Blame::StillGoing)), "still going");
    assert_eq!(word(Outcome::Errored, Some(Blame::Platform)), "errored");
    let going = RunRecord { status: Status::Running, ..scored(None) };
    assert_eq!(judge_run(&going, 1).word(), "still going");
    assert_eq!(judge_run(&scored(Some(true)), 1).word(), "passed");
}

#[test]
fn who_is_to_blame_has_a_name() {
    let names =
        [Blame::Agent, Blame::AgentProgram, Blame::Telephony, Blame::Judge].map(Blame::name);
    assert_eq!(names, ["the agent", "the agent's program", "telephony", "the judge"]);
}

#[test]
fn a_transcript_or_a_score_shows_that_there_was_a_conversation() {
    let silent = |run: RunRecord| RunRecord {
        has_transcript: false,
        ended_reason: Some("testing agent-ended-call".to_owned()),
        ..run
    };
    let skipped = vec![metric(MetricValue::Binary(None))];
    let outcome = Some(ExpectedOutcome { score: Some(40.0), ..ExpectedOutcome::default() });
    for (run, expected) in [
        (silent(scored(Some(true))), Outcome::Passed),
        (silent(scored(Some(false))), Outcome::Failed),
        (silent(RunRecord { metrics: skipped, ..scored(Some(false)) }), Outcome::Errored),
        (silent(RunRecord { metrics: vec![], ..scored(Some(false)) }), Outcome::Errored),
        (RunRecord { metrics: vec![], ..scored(Some(false)) }, Outcome::Failed),
        (RunRecord { has_transcript: false, ..scored(Some(false)) }, Outcome::Failed),
        (
            RunRecord {
                has_transcript: false,
                metrics: vec![],
                expected_outcome: outcome,
                ..scored(Some(false))
            },
            Outcome::Failed,
        ),
    ] {
        assert_eq!(of(&run).0, expected, "{run:?}");
    }
}

#[test]
fn a_call_that_nobody_answered_counts_only_where_it_was_judged_a_success_all_the_same() {
    let busy =
        |run: RunRecord| RunRecord { ended_reason: Some("main agent-busy".to_owned()), ..run };
    assert_eq!(of(&busy(scored(Some(true)))).0, Outcome::Passed);
    assert_eq!(of(&busy(scored(Some(false)))).0, Outcome::Errored);
    let nothing = RunRecord { has_transcript: false, metrics: vec![], ..scored(Some(true)) };
    assert_eq!(of(&busy(nothing)).0, Outcome::Errored);
}

#[test]
fn an_error_message_beside_a_conversation_or_a_success_takes_nothing_away() {
    let with_error =
        |run: RunRecord| RunRecord { error_message: Some("late hang-up".to_owned()), ..run };
    assert_eq!(of(&with_error(scored(Some(false)))).0, Outcome::Failed);
    assert_eq!(of(&with_error(scored(Some(true)))).0, Outcome::Passed);
    let unheard = RunRecord { has_transcript: false, ..scored(Some(true)) };
    assert_eq!(of(&with_error(unheard)).0, Outcome::Passed);
}

#[test]
fn a_conversation_that_the_gate_held_is_judged_by_what_ended_it() {
    let with = |kind: ChatFaultKind, counts_as_failed: bool| {
        let fault = ChatFault { kind, counts_as_failed, ..ChatFault::default() };
        of(&RunRecord { chat_fault: Some(fault), ..scored(Some(true)) })
    };
    for (kind, counts, expected) in [
        (ChatFaultKind::Exited, true, (Outcome::Failed, Blame::AgentProgram)),
        (ChatFaultKind::Exited, false, (Outcome::Errored, Blame::AgentProgram)),
        (ChatFaultKind::GateLost, true, (Outcome::Errored, Blame::Operator)),
        (ChatFaultKind::NoReply, true, (Outcome::Errored, Blame::Platform)),
    ] {
        assert_eq!(with(kind, counts), (expected.0, Some(expected.1)), "{kind:?} {counts}");
    }
    let lost = RunRecord { ended_reason: Some(GATE_LOST.to_owned()), ..scored(Some(true)) };
    assert_eq!(of(&lost), (Outcome::Errored, Some(Blame::Operator)));
}

#[test]
fn a_success_by_review_alone_needs_a_score_that_agrees() {
    let reviewed = |run: RunRecord| RunRecord {
        evaluation_status: Some("reviewed_success".to_owned()),
        success: None,
        ..run
    };
    assert_eq!(of(&reviewed(scored(Some(true)))).0, Outcome::Passed);
    let bare = RunRecord { metrics: vec![], ..scored(None) };
    assert_eq!(of(&reviewed(bare)).0, Outcome::Unscored);
    let outcome = Some(ExpectedOutcome { score: Some(99.0), ..ExpectedOutcome::default() });
    let missed = RunRecord { expected_outcome: outcome, ..scored(Some(true)) };
    assert_eq!(of(&reviewed(missed)).0, Outcome::Failed);
}

#[test]
fn the_reason_of_an_error_has_the_message_and_how_the_call_ended_each_once() {
    let reason = |message: &str, ending: &str| {
        let run = RunRecord {
            error_message: Some(message.to_owned()),
            ended_reason: Some(ending.to_owned()),
            status: Status::Timeout,
            ..RunRecord::default()
        };
        judge_run(&run, 1).reason
    };
    assert_eq!(reason("no answer", "call-failed"), "no answer (call-failed)");
    assert_eq!(reason("call-failed: no answer", "call-failed"), "call-failed: no answer");
    assert_eq!(reason("no answer", " "), "no answer");
    assert_eq!(reason(" ", "call-failed"), "call-failed");
    assert_eq!(reason("", ""), "the run timed out");
}

#[test]
fn an_outcome_that_was_met_is_no_reason_for_a_failure() {
    let with = |score: f64, explanation: &[&str], metrics: Vec<MetricRecord>| {
        let outcome = ExpectedOutcome {
            score: Some(score),
            explanation: explanation.iter().map(|line| (*line).to_owned()).collect(),
            ..ExpectedOutcome::default()
        };
        let run = RunRecord { expected_outcome: Some(outcome), metrics, ..scored(Some(false)) };
        judge_run(&run, 1).reason
    };
    let missed = || vec![metric(MetricValue::Binary(Some(false)))];
    assert_eq!(with(100.0, &["✅ greeted"], missed()), "Adherence: skipped the greeting");
    assert_eq!(with(99.0, &["did not greet"], missed()), "did not greet");
    assert_eq!(with(99.0, &[], vec![]), "the expected outcome was not met");
    let none = "the platform judged it a failure and gave no reason";
    assert_eq!(with(100.0, &[], vec![]), none);
}
