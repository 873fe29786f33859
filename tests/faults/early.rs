//! Early stop: calls are ended only where no planned run could turn the verdict any more.

use serde_json::{Value, json};

use crate::faults::evidence::{
    answer, completed, ends, judged, passed, platform, started_answer, suite,
};
use crate::faults::harness::Finished;
use crate::faults::made::{Asked, Made};

/// A result that is going, with these runs.
fn going(runs: &[Value]) -> Value {
    let mut detail = completed(runs);
    detail["status"] = json!("running");
    detail
}

/// A run that has not ended.
fn open(id: u64, scenario: u64) -> Value {
    json!({"id": id, "scenario": scenario, "status": "running"})
}

fn ended_calls(made: &Made) -> bool {
    made.asked().iter().any(|one| one.ends_with("/end_calls/"))
}

/// That the gate waits for the whole result, which it sees at its third look, and ends so.
#[track_caller]
fn waits(keys: &str, first: &[Value], last: &[Value], code: i32) -> Finished {
    let (first, last) = (going(first), completed(last));
    let show = move |look| if look < 2 { first.clone() } else { last.clone() };
    let made = platform(&suite(keys), &[], show);
    let finished = ends(&made, &[], code, &[]);
    assert!(!ended_calls(&made), "{}", finished.said);
    assert!(finished.result.as_ref().unwrap().get("stopped_early").is_none());
    finished
}

/// That the gate ends the calls at its first look, and ends so.
#[track_caller]
fn stops(keys: &str, first: &[Value], code: i32) {
    let first = going(first);
    let made = platform(&suite(keys), &[], move |_| first.clone());
    let finished = ends(&made, &[], code, &[]);
    assert!(ended_calls(&made), "{}", finished.said);
    assert_eq!(finished.result.unwrap()["stopped_early"], true);
}

/// A run that never became a conversation.
fn errored(id: u64, scenario: u64) -> Value {
    json!({"id": id, "scenario": scenario, "status": "failed", "error_message": "no call"})
}

fn keys(stop: &str, frequency: u64, check: &str) -> String {
    format!(
        "scenarios: [1, 2]\nfrequency: {frequency}\nearly_stop: {stop}\nthresholds: {{ {check} }}"
    )
}

#[test]
fn decided_does_not_pass_while_planned_runs_have_not_begun() {
    // The runs of scenario 2 are not shown yet, and do worse.
    let first = [passed(1, 1), passed(2, 1), open(3, 1)];
    let with = |run: fn(u64) -> Value| {
        let scenario_1 = (1..=3).map(|id| passed(id, 1));
        scenario_1.chain((4..=6).map(run)).collect::<Vec<Value>>()
    };
    let fails = with(|id| judged(id, 2, false));
    let errors = with(|id| errored(id, 2));
    waits(&keys("decided", 3, "success_rate: 60%"), &first, &fails, 1);
    waits(&keys("decided", 3, "each_scenario: { success_rate: 60% }"), &first, &fails, 1);
    waits(&keys("decided", 3, "each_scenario: { metrics: { Adherence: 60% } }"), &first, &fails, 1);
    waits(&keys("decided", 3, "expected_outcome: 60%"), &first, &fails, 1);
    waits(&keys("decided", 3, "errors: <= 40%"), &first, &errors, 1);
    // Once they are shown, two of six hold a third, whatever the others do.
    let shown = [passed(1, 1), passed(2, 1), open(3, 1), open(4, 2), open(5, 2), open(6, 2)];
    stops(&keys("decided", 3, "success_rate: 33%"), &shown, 0);
}

#[test]
fn failed_does_not_fail_a_scenario_that_its_other_runs_could_save() {
    let first = [judged(1, 1, false), open(2, 1), open(3, 1)];
    let saved: Vec<Value> = std::iter::once(judged(1, 1, false))
        .chain((2..=3).map(|id| passed(id, 1)))
        .chain((4..=6).map(|id| passed(id, 2)))
        .collect();
    for check in ["success_rate: 60%", "metrics: { Adherence: 60% }"] {
        let each = |check: &str| format!("each_scenario: {{ {check} }}");
        for stop in ["failed", "decided"] {
            waits(&keys(stop, 3, &each(check)), &first, &saved, 0);
            stops(&keys(stop, 3, &each(&check.replace("60%", "100%"))), &first, 1);
        }
    }
}

/// That a retry replaces the errored run of scenario 1, and the gate passes.
fn retries(check: &str) {
    let keys = format!("{}\nretry: {{ on: [error] }}", keys("failed", 1, check));
    let again = {
        let mut again = completed(&[passed(11, 1)]);
        again["id"] = json!(8);
        again
    };
    let made = Made::new(&suite(&keys), move |asked: &Asked<'_>| {
        match (asked.method, asked.path.split('?').next().unwrap_or_default()) {
            ("POST", path) if path.contains("run_scenarios") => {
                let mut started = started_answer(asked, &[]);
                started["id"] = json!(7 + asked.earlier);
                answer(&started)
            }
            ("GET", path) if path.ends_with("/results/7/") && asked.earlier < 2 => {
                answer(&going(&[errored(1, 1), open(2, 2)]))
            }
            ("GET", path) if path.ends_with("/results/7/") => {
                answer(&completed(&[errored(1, 1), passed(2, 2)]))
            }
            ("GET", path) if path.ends_with("/results/8/") => answer(&again),
            _ => (404, b"{}".to_vec()),
        }
    });
    let finished = ends(&made, &[], 0, &[]);
    assert!(!ended_calls(&made), "{}", finished.said);
    assert_eq!(finished.result.unwrap()["retries"][0]["counts"], 11);
}

#[test]
fn failed_does_not_fail_a_gate_whose_errored_run_a_retry_would_replace() {
    retries("errors: <= 0%");
    retries("errors: count <= 0");
    stops(&keys("failed", 1, "errors: <= 0%"), &[errored(1, 1), open(2, 2)], 1);
}
