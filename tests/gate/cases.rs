//! Tests as Code: test cases from a file or from the suite, run, refused, retried and compared.

use cekura_gate::simulate::Request;
use serde_json::Value;

use super::harness::{GOOD, Gate};

const SPEC: &str = r#"{
  "version": "1",
  "defaults": { "frequency": 2 },
  "scenarios": [
    { "key": "order", "name": "Where is my order", "instructions": "Ask for it." },
    { "name": "Return shoes", "instructions": "They are too small.", "frequency": 3 }
  ]
}
"#;

const OF_FILE: &str = "
version: 1
name: Checkout
agent: 1
spec: cekura.tests.json
";

const INLINE: &str = "
version: 1
name: Checkout
agent: 1
mode: text
frequency: 2
cases:
  - key: order
    name: Where is my order
    instructions: Ask for order ${ORDER}.
  - name: Return shoes
    instructions: They are too small.
    frequency: 3
";

/// A gate whose suite names a spec file of this text.
fn of_file(world: &str, more: &str, spec: &str) -> Gate {
    let gate = Gate::against(world, &format!("{OF_FILE}{more}\n"));
    std::fs::write(gate.dir.path().join("cekura.tests.json"), spec).unwrap();
    gate
}

/// The starts that the simulator was asked for, dry runs left out.
fn starts(gate: &Gate) -> Vec<Request> {
    let log = gate.simulator().requests().into_iter();
    log.filter(|one| one.method == "POST" && one.path.ends_with("run_scenarios_json/")).collect()
}

/// The names of the cases that a start brought along.
fn names(start: &Request) -> Vec<String> {
    let cases = start.body.as_ref().and_then(|body| body.pointer("/spec/scenarios"));
    let cases = cases.and_then(Value::as_array).into_iter().flatten();
    let name = |case: &Value| case.get("name").and_then(Value::as_str).unwrap().to_owned();
    cases.map(name).collect()
}

fn keys(result: &Value) -> Vec<&str> {
    let runs = result.pointer("/result/runs").and_then(Value::as_array).into_iter().flatten();
    runs.map(|run| run.get("case_key").and_then(Value::as_str).unwrap_or("-")).collect()
}

#[test]
fn the_cases_of_a_file_are_run_as_often_as_it_says() {
    let gate = of_file(GOOD, "", SPEC);
    let finished = gate.run(&["run"]).expect(0).says("5 runs");
    let [start] = starts(&gate).try_into().unwrap();
    assert_eq!(start.unknown_fields, Vec::<String>::new());
    let body = start.body.unwrap();
    assert_eq!(body["spec"], serde_json::from_str::<Value>(SPEC).unwrap());
    assert_eq!((body["agent_id"].as_u64(), body["channel"].as_str()), (Some(1), Some("voice")));
    assert!(body["name"].as_str().unwrap().starts_with("Checkout [gate "), "{body}");
    let result = finished.result();
    assert_eq!(keys(&result), ["order", "order", "Return shoes", "Return shoes", "Return shoes"]);
}

#[test]
fn the_cases_of_a_suite_are_run_with_their_variables() {
    let mut gate = Gate::against(GOOD, INLINE);
    gate.env("ORDER", "A-4471");
    gate.run(&["check"]).expect(0).says("${ORDER}").says("2 test cases, 2 to 3 runs each: 5 runs");
    gate.run(&["run"]).expect(0).says("5 runs");
    let [start] = starts(&gate).try_into().unwrap();
    let body = start.body.unwrap();
    assert_eq!(body["channel"], "text");
    assert_eq!(body["spec"]["scenarios"][0]["instructions"], "Ask for order A-4471.");
    assert_eq!(body["spec"]["defaults"]["frequency"], 2);
}

#[test]
fn a_rehearsal_needs_no_world() {
    let gate = Gate::alone(OF_FILE);
    std::fs::write(gate.dir.path().join("cekura.tests.json"), SPEC).unwrap();
    gate.run(&["run", "--simulate"]).expect(0).says("5 runs");
}

#[test]
fn a_spec_is_found_beside_its_suite_or_where_the_flag_says() {
    let gate = Gate::alone("version: 1\nagent: 1\nscenarios: [1]\n");
    let below = gate.dir.path().join("gates");
    std::fs::create_dir(&below).unwrap();
    std::fs::write(below.join("gate.yml"), OF_FILE).unwrap();
    std::fs::write(below.join("cekura.tests.json"), SPEC).unwrap();
    gate.run(&["check", "gates/gate.yml"]).expect(0).says("order, Return shoes");
    gate.run(&["check", "--spec", "gates/cekura.tests.json"]).expect(0).says("order, Return shoes");
    gate.run(&["check", "--spec", "gates/gate.yml"]).expect(2).says("under `cases`");
    gate.run(&["check", "--spec", "nowhere.json"]).expect(2).says("nowhere.json");
    std::fs::remove_file(below.join("cekura.tests.json")).unwrap();
    gate.run(&["check", "gates/gate.yml"]).expect(2).says("gates/gate.yml:5:7");
}

#[test]
fn a_broken_spec_is_told_with_its_place_and_starts_nothing() {
    let gate = of_file(GOOD, "", &SPEC.replace("\"frequency\": 3", "\"frequency\": 0"));
    let finished = gate.run(&["run"]).expect(2);
    assert!(finished.stderr.contains("cekura.tests.json:6:"), "{}", finished.stderr);
    assert_eq!(gate.requests(), Vec::<String>::new());
}

#[test]
fn what_the_platform_refuses_is_told_with_its_place() {
    let spec = SPEC.replace("\"frequency\": 3", "\"metrics\": [501, \"politeness\"]");
    let gate = of_file(GOOD, "", &spec);
    let finished = gate.run(&["run"]).expect(2);
    let place = "cekura.tests.json:6:87";
    assert!(finished.stderr.contains(place), "{}", finished.stderr);
    let inline = INLINE.replace("frequency: 3", "metrics: [501, politeness]");
    let mut gate = Gate::against(GOOD, &inline);
    gate.env("ORDER", "A");
    gate.run(&["run"]).expect(2).says("cekura-gate.yml:13:20");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn an_agent_that_the_platform_does_not_know_is_no_fault_of_the_spec() {
    let gate = of_file(GOOD, "", SPEC);
    gate.run(&["run", "--agent", "77"]).expect(5).says("agent_id");
}

#[test]
fn a_lost_answer_to_a_start_is_found_again() {
    let gate = Gate::alone(OF_FILE);
    std::fs::write(gate.dir.path().join("cekura.tests.json"), SPEC).unwrap();
    let faults = "rules:\n  - { method: POST, path: \"*/run_scenarios_json/\", drop: after }\n";
    std::fs::write(gate.dir.path().join("faults.yml"), faults).unwrap();
    gate.run(&["run", "--simulate", "--faults", "faults.yml"]).expect(0).says("resumed it");
}

#[test]
fn only_the_case_that_needs_it_is_started_again() {
    let world = GOOD.replace(
        "name: Return shoes, folder: Orders, tags: [smoke], pass: 1, error: 0",
        "name: Return shoes, pass: 1, error: 0.6",
    );
    let gate = of_file(&world, "retry: { on: [error], attempts: 10 }", SPEC);
    let finished = gate.run(&["run"]).expect(0);
    let all = starts(&gate);
    assert!(all.len() > 1, "nothing was started again");
    for again in all.iter().skip(1) {
        assert_eq!(names(again), ["Return shoes"]);
    }
    let result = finished.result();
    assert_eq!(result["tally"]["passed"], 5);
    let ids = result["result"]["runs"].as_array().unwrap().iter();
    let ids: std::collections::BTreeSet<u64> =
        ids.map(|run| run["scenario"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), 2, "a retried run stays with its case");
}

#[test]
fn a_baseline_is_matched_by_the_keys_of_the_cases() {
    let gate = of_file(GOOD, "", SPEC);
    gate.run(&["run", "--report-dir", "first"]).expect(0);
    // The second start's ids are others, and a name has changed: the key is the same.
    let renamed = SPEC.replace("\"Where is my order\"", "\"Where is my parcel\"");
    std::fs::write(gate.dir.path().join("cekura.tests.json"), renamed).unwrap();
    let finished = gate.run(&["run", "--baseline", "first/result.json"]).expect(0);
    let comparison = finished.result()["baseline"]["comparison"].clone();
    assert_eq!(comparison["scenarios"].as_array().unwrap().len(), 2, "{comparison}");
    assert_eq!(comparison["only_in_base"], serde_json::json!([]));
    // By its id, the earlier result comes from the platform, which knows the names alone.
    let finished = gate.run(&["run", "--baseline", "2002"]).expect(0);
    let comparison = finished.result()["baseline"]["comparison"].clone();
    assert_eq!(comparison["scenarios"].as_array().unwrap().len(), 2, "{comparison}");
}

#[test]
fn the_budget_is_held_by_the_platforms_price() {
    let priced = format!("{GOOD}price_per_run: 0.5\n");
    let gate = of_file(&priced, "budget: { max_cost: 2.4 }", SPEC);
    gate.run(&["run"]).expect(2).says("the plan costs 2.50 (5 runs at 0.5 each)");
    assert_eq!(gate.simulator().starts(), 0);
    let gate = of_file(&priced, "budget: { max_cost: 2.5 }", SPEC);
    gate.run(&["run"]).expect(0).says("cost: 2.50 for 5 runs");
    let gate = of_file(GOOD, "budget: { max_runs: 4 }", SPEC);
    gate.run(&["check"]).expect(2).says("the plan has 5 runs, the budget allows 4");
}

#[test]
fn frequency_and_concurrency_beside_a_spec_are_sent_and_counted() {
    let gate = of_file(GOOD, "frequency: 2\nconcurrency: 3", SPEC);
    gate.run(&["check"]).expect(0).says("2 test cases, 4 to 6 runs each: 10 runs");
    let finished = gate.run(&["run"]).expect(0);
    assert_eq!(finished.result()["result"]["runs"].as_array().unwrap().len(), 10);
    let start = starts(&gate).remove(0);
    let body = start.body.unwrap();
    assert_eq!((&body["frequency"], &body["concurrency_limit"]), (&2.into(), &3.into()));
    assert!(start.unknown_fields.is_empty(), "{:?}", start.unknown_fields);
    gate.run(&["run", "--frequency", "1"]).expect(0);
    gate.run(&["check", "--frequency", "5"]).expect(0).says("25 runs");
}

#[test]
fn what_test_cases_cannot_be_told_is_refused() {
    for (more, place) in [
        ("mode: sip", "mode sip cannot be used with `spec`"),
        ("personalities: [3]", "`personalities` cannot be used with `spec`"),
        ("cases: [{ name: A, instructions: x }]", "`cases` cannot be used with `spec`"),
        (
            "quarantine: [{ scenario: 1, until: 2999-01-01, owner: a, reason: b }]",
            "`quarantine` cannot be used with `spec`",
        ),
    ] {
        of_file(GOOD, more, SPEC).run(&["check"]).expect(2).says(place);
    }
}

#[test]
fn a_world_in_the_place_of_a_suite_is_recognised() {
    let gate = Gate::alone(OF_FILE);
    std::fs::write(gate.dir.path().join("world.yml"), GOOD).unwrap();
    gate.run(&["run", "--simulate", "world.yml"])
        .expect(2)
        .says("did you mean `--simulate=world.yml`, with the `=`?");
}
