//! The bodies that these commands send and the answers that the simulator gives, against the API's
//! published contract, where that is there.
//!
//! For some operations the contract gives the shape of a run in the place of the body's or the
//! answer's own. Their bodies are checked against what the API's prose says of them.

use std::path::Path;

use serde_json::{Value, json};

use crate::after_calls::harness::{Account, FAILED, PASSED};

/// The operations without a body's schema of their own, and the fields that the prose names.
const BY_PROSE: [(&str, &[&str]); 6] = [
    ("/mark_expected_outcome_vote/", &["thumbs_up", "feedback"]),
    ("/mark_critical_scenario_wrong/", &["scenario_id"]),
    ("/unmark_critical_scenario_wrong/", &["scenario_id"]),
    ("/run_expected_outcome", &[]),
    ("/improve_prompt_bg/", &["run_ids", "agent", "prompt"]),
    ("/improve_prompt_issues/", &["run_ids", "agent", "prompt"]),
];

fn openapi() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/contract/cekura-openapi.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("passed over: {} is missing", path.display());
        return None;
    };
    let mut openapi = serde_json::from_str(&text).unwrap();
    free_what_may_be_anything(&mut openapi);
    Some(openapi)
}

/// "Anything or null" is written so that null fits twice, and thus not at all: it is anything.
fn free_what_may_be_anything(schema: &mut Value) {
    if schema.get("oneOf") == Some(&json!([{}, { "type": "null" }])) {
        *schema = json!({});
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(free_what_may_be_anything),
        Value::Array(items) => items.iter_mut().for_each(free_what_may_be_anything),
        _ => {}
    }
}

/// The path's operation in the contract: its template and the operation.
fn operation<'a>(openapi: &'a Value, method: &str, path: &str) -> (&'a str, &'a Value) {
    let path = path.split('?').next().unwrap();
    let fits = |template: &str| {
        let (a, b): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| *a == b || (*a == "{id}" && b.parse::<u64>().is_ok()))
    };
    let paths = openapi["paths"].as_object().unwrap();
    let (template, item) = paths
        .iter()
        .find(|(template, item)| fits(template) && item.get(method).is_some())
        .unwrap_or_else(|| panic!("the contract has no {method} {path}"));
    (template, &item[method])
}

/// A schema that stands alone, with no field beside those that it names.
fn validator(openapi: &Value, schema: &Value, closed: bool) -> jsonschema::Validator {
    let mut schema = json!({ "allOf": [schema], "components": openapi["components"] });
    if closed {
        schema["unevaluatedProperties"] = json!(false);
    }
    jsonschema::validator_for(&schema).unwrap()
}

fn hold(openapi: &Value, schema: &Value, value: &Value, closed: bool, what: &str) {
    let errors: Vec<String> = validator(openapi, schema, closed)
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
}

/// Says everything that these commands can say.
fn say_everything(account: &Account) {
    let run = |args: &[&str]| drop(account.run(args).expect(0));
    run(&["call", "vote", FAILED, "--metric", "501", "--down", "--expected", "5"]);
    run(&["call", "vote", FAILED, "--metric", "501", "--expected", "x", "--feedback", "because"]);
    run(&["call", "vote", FAILED, "--metric", "501", "--up"]);
    run(&["call", "outcome", FAILED, "--up"]);
    run(&["call", "outcome", FAILED, "--down", "--feedback", "because"]);
    run(&["call", "outcome", FAILED, "--rescore"]);
    run(&["call", "outcome", FAILED, "--rescore", "--now"]);
    let shown = account.json(&["call", "show", FAILED]);
    let scenario = shown["call"]["critical"][0]["id"].to_string();
    run(&["call", "critical", FAILED, "--wrong", "--scenario", &scenario]);
    run(&["call", "critical", FAILED, "--undo", "--scenario", &scenario]);
    run(&["prompt", "improve", "--runs", FAILED, "--agent-prompt", "agent.md"]);
    run(&["prompt", "improve", "--runs", FAILED, "--agent-prompt", "agent.md", "--now"]);
    run(&["prompt", "issues", "--runs", FAILED, "--agent-prompt", "agent.md"]);
    run(&["test-set", "create", "--run", FAILED, "--name", "n", "--expected", "501=5"]);
    run(&["result", "share", "2001", "--expires-in", "1h"]);
    run(&["result", "rescore", "2001", "--metrics", "501"]);
    run(&["result", "rerun", "2001"]);
}

#[test]
fn every_body_is_as_the_contract_has_it() {
    let Some(openapi) = openapi() else { return };
    let account = Account::ended();
    say_everything(&account);
    let mut held = 0;
    for request in account.simulator.requests().into_iter().skip(1) {
        let what = format!("{} {}", request.method, request.path);
        let (template, operation) =
            operation(&openapi, &request.method.to_lowercase(), &request.path);
        let Some(body) = request.body else { continue };
        if let Some((_, fields)) = BY_PROSE.iter().find(|(part, _)| template.contains(part)) {
            let sent: Vec<&String> = body.as_object().unwrap().keys().collect();
            assert!(sent.iter().all(|field| fields.contains(&field.as_str())), "{what}: {body}");
            held += 1;
            continue;
        }
        match operation.pointer("/requestBody/content/application~1json/schema") {
            Some(schema) => hold(&openapi, schema, &body, true, &what),
            None => assert_eq!(body, json!({}), "{what} takes no body"),
        }
        held += 1;
    }
    assert!(held >= 15, "only {held} bodies");
}

#[test]
fn the_simulator_answers_as_the_contract_has_it() {
    let Some(openapi) = openapi() else { return };
    let account = Account::ended();
    let improve = json!({ "run_ids": [34503], "prompt": "p" });
    let vote = json!({ "metric_id": 501, "thumbs_up": true, "expected_value": null });
    let set = json!({ "run_id": 34503, "metrics": [{ "metric": 501 }] });
    let rows = [
        ("/test_framework/v1/results/2001/create_shareable_link_token/", json!({}), ""),
        ("/test_framework/v1/runs/34503/mark_metric_vote/", vote, ""),
        ("/test_framework/v1/runs/improve_prompt/", improve, ""),
        ("/test_framework/test-sets/create_from_run/", set, "required"),
    ];
    for (path, body, without) in rows {
        let (status, answer) = account.send("POST", path, &body.to_string());
        assert_eq!(status, 200, "{path}: {answer}");
        let (_, operation) = operation(&openapi, "post", path);
        let schema = operation.pointer("/responses/200/content/application~1json/schema").unwrap();
        let mut contract = openapi.clone();
        if without == "required" {
            // What a writer alone must give is no part of the answer.
            let set = &mut contract["components"]["schemas"]["TestSetDetail"];
            set["required"] = json!(["id", "metric_reviews", "source_id"]);
        }
        hold(&contract, schema, &answer, true, path);
    }
}

#[test]
fn the_simulator_refuses_what_the_contract_refuses() {
    let account = Account::ended();
    let rows = [
        ("results/2001/evaluate_metrics", json!({}), "run_ids"),
        ("results/2001/evaluate_metrics", json!({"run_ids": [], "metric_ids": ["501"]}), "run_ids"),
        (
            "results/2001/evaluate_metrics",
            json!({"run_ids": ["1"], "metric_ids": ["501"]}),
            "run_ids",
        ),
        (
            "runs/34503/mark_metric_vote",
            json!({"metric_id": 501, "thumbs_up": true}),
            "expected_value",
        ),
        ("runs/34503/mark_metric_vote", json!({"metric_id": "x", "thumbs_up": 1}), "metric_id"),
        ("runs/34503/mark_expected_outcome_vote", json!({}), "thumbs_up"),
        ("runs/34503/mark_critical_scenario_wrong", json!({}), "scenario_id"),
        ("runs/improve_prompt", json!({"run_ids": [34503]}), "prompt"),
        ("runs/improve_prompt_bg", json!({"run_ids": [1, 2, 3, 4], "prompt": "p"}), "run_ids"),
        ("runs/improve_prompt_issues", json!({"run_ids": [34503], "agent": 99}), "agent"),
    ];
    for (path, body, field) in rows {
        let path = format!("/test_framework/v1/{path}/");
        let (status, answer) = account.send("POST", &path, &body.to_string());
        assert_eq!(status, 400, "{path} {body}: {answer}");
        assert!(answer[field][0].is_string(), "{path} {body}: {answer}");
    }
    for path in ["results/9/rerun", "runs/9/mark_metric_vote", "runs/9/run_expected_outcome_bg"] {
        let (status, _) = account.send("POST", &format!("/test_framework/v1/{path}/"), "{}");
        assert_eq!(status, 404, "{path}");
    }
    let progress = "/test_framework/v1/runs/improve_prompt_progress/";
    assert_eq!(account.send("GET", progress, "").0, 400);
    assert_eq!(account.send("GET", &format!("{progress}?progress_id=x"), "").0, 404);
    assert_eq!(account.send("GET", "/test_framework/v1/results/2001/rerun/", "").0, 405);
    // Cekura's own clients leave the final slash out.
    let (status, _) =
        account.send("GET", &format!("/test_framework/v1/runs-external/{PASSED}"), "");
    assert_eq!(status, 200);
}
