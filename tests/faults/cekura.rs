//! What Cekura's own tests of its suite action ask of it on a platform that refuses or stumbles,
//! asked of this one.

use serde_json::{Value, json};

use super::evidence::{answer, completed, ends, judged, platform, started_answer, suite};
use super::harness::{Day, GOOD};
use crate::faults::made::{Asked, Made};

const CASES: &str = "cases: [{ name: Greets, instructions: Say hello }]";

/// A platform that answers a validation and a start so.
fn of_cases(validation: (u16, Value), start: (u16, Value)) -> Made {
    Made::new(&suite(CASES), move |asked: &Asked<'_>| {
        let (status, body) = match asked.path {
            path if path.contains("/validate_scenarios_json/") => &validation,
            path if path.contains("/run_scenarios_json/") => &start,
            path if path.contains("/aiagents/1/") => {
                return answer(&json!({ "id": 1, "agent_name": "Mia" }));
            }
            _ => return answer(&json!({ "count": 0, "next": null, "results": [] })),
        };
        (*status, body.to_string().into_bytes())
    })
}

#[test]
fn a_dry_run_that_the_platform_does_not_find_valid_is_refused() {
    let start = (500, json!({}));
    let valid = json!({ "valid": true, "plan": { "total_runs": 1, "estimated_cost": 0.5 } });
    of_cases((200, valid), start.clone()).run(&["run", "--dry-run"]).expect(0).says("0.50");
    let invalid = json!({ "valid": false, "plan": {} });
    of_cases((200, invalid), start.clone())
        .run(&["run", "--dry-run"])
        .expect(2)
        .says("the platform rejected the suite");
    let refused =
        json!({ "errors": { "scenarios[0].metrics[0]": ["not enabled for this agent"] } });
    of_cases((400, refused), start)
        .run(&["run", "--dry-run"])
        .expect(2)
        .says("not enabled for this agent");
}

#[test]
fn a_refused_start_is_told_with_what_the_platform_says() {
    let made = of_cases((404, json!({})), (400, json!({ "spec": ["no such channel"] })));
    made.run(&["run"]).says("no such channel");
}

#[test]
fn a_run_that_never_became_a_conversation_is_no_pass_and_its_error_is_told() {
    let errored = json!({
        "id": 1, "status": "failed", "success": null, "scenario": 1,
        "error_message": "Failed to create Pipecat session",
    });
    let mut detail = completed(&[errored]);
    detail["status"] = "failed".into();
    let made = platform(&suite("scenarios: [1]"), &[1], move |_| detail.clone());
    // Red or green is the agent's; nobody knows which this was.
    ends(&made, &[], 3, &["Failed to create Pipecat session"]);
}

#[test]
fn a_failed_run_says_that_its_expected_outcome_was_missed() {
    let mut failed = judged(2, 2, false);
    failed["evaluation"]["metrics"] = json!([]);
    let detail = completed(&[judged(1, 1, true), failed]);
    let made = platform(&suite("scenarios: [1, 2]"), &[1, 2], move |_| detail.clone());
    ends(&made, &[], 1, &["expected outcome"]);
}

#[test]
fn a_page_of_a_proxy_and_a_dropped_connection_are_asked_again() {
    let rules = "{ path: '*/results/*', nth: [1], garble: html }\n\
                 { path: '*/results/*', nth: [2], drop: before }";
    Day::of(GOOD, rules, "127.0.0.1:0".parse().unwrap()).gate("20s", &[]).expect(0);
}

#[test]
fn a_start_without_an_id_is_no_start() {
    let made = Made::new(&suite("scenarios: [1]"), move |asked: &Asked<'_>| {
        match (asked.method, asked.path.split('?').next().unwrap_or_default()) {
            ("POST", _) => {
                let mut answered = started_answer(asked, &[]);
                answered.as_object_mut().unwrap().remove("id");
                answer(&answered)
            }
            _ => answer(&json!({ "count": 0, "next": null, "results": [] })),
        }
    });
    made.run(&["run", "--timeout", "5s"]).expect(5);
}
