//! The lists of Cekura's batch action, as they are.

use serde_json::Value;

use super::harness::{Finished, GOOD, Gate, slow};

/// The example of the batch action's own page, with this account's ids.
const BATCH: &str = "
- name: inbound-smoke
  agent_id: 1
  scenario_ids: 1,2

- name: warm-transfer
  legs:
    - name: caller
      agent_id: 2
      scenario_ids: 1,1
    - name: transfer-target
      agent_id: 1
      scenario_ids: 2,1
";

fn gate(world: &str, batch: &str) -> Gate {
    let two = "agents: [{ id: 1, name: Mia, project: 9 }, { id: 2, name: Max, project: 9 }]";
    let one = "agents: [{ id: 1, name: Mia, project: 9 }]";
    let gate = Gate::against(&world.replace(one, two), "");
    std::fs::remove_file(gate.dir.path().join("cekura-gate.yml")).unwrap();
    write(&gate, "batch.yml", batch);
    gate
}

fn write(gate: &Gate, name: &str, text: &str) {
    std::fs::write(gate.dir.path().join(name), text).unwrap();
}

fn index(finished: &Finished) -> Value {
    serde_json::from_str(&finished.report("gates.json")).unwrap()
}

fn bodies(gate: &Gate) -> Vec<Value> {
    let requests = gate.simulator().requests().into_iter();
    let starts = requests.filter(|request| request.path.contains("/run_scenarios"));
    starts.map(|request| request.body.unwrap()).collect()
}

#[test]
fn a_batch_runs_its_groups_under_one_budget_of_calls() {
    let gate = gate(GOOD, BATCH);
    let flags = ["run", "batch.yml", "--concurrency", "3", "--frequency", "2", "--name", "ci"];
    let finished = gate.run(&flags).expect(0).says("3 of 3 suites passed");
    let index = index(&finished);
    let seen: Vec<(&str, &str, u64)> = index["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| {
            let (name, dir) = (gate["name"].as_str().unwrap(), gate["dir"].as_str().unwrap());
            (name, dir, gate["tally"]["total"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("ci · inbound-smoke", "ci-inbound-smoke", 4),
            ("ci · warm-transfer · caller", "ci-warm-transfer-caller", 4),
            ("ci · warm-transfer · transfer-target", "ci-warm-transfer-transfer-target", 4),
        ]
    );
    let bodies = bodies(&gate);
    let group = bodies.iter().find(|body| body["frequency"] == 2).unwrap();
    assert_eq!(group["scenarios"], serde_json::json!([1, 2]));
    assert_eq!(group["concurrency_limit"], 3, "four calls in the three that there are");
    assert_eq!(bodies.len(), 9);
}

#[test]
fn an_id_that_stands_there_twice_is_sent_so_and_what_is_not_run_is_missing() {
    let gate = gate(GOOD, "[{ agent_id: 1, scenario_ids: '1,2,1' }]");
    // Nobody knows whether the platform runs it twice; the simulator does not.
    let finished = gate.run(&["run", "batch.yml"]).expect(3).says("is in one group more than once");
    assert_eq!(bodies(&gate)[0]["scenarios"], serde_json::json!([1, 2, 1]));
    assert_eq!(index(&finished)["tally"]["missing"], 1);
}

#[test]
fn every_run_must_pass_unless_the_list_says_what_they_must_show() {
    let world = GOOD.replacen("pass: 1", "pass: 0", 1);
    gate(&world, BATCH).run(&["run", "batch.yml"]).expect(1);
    let list = format!(
        "version: 1\nthresholds: {{ errors: \"<= 10%\" }}\nbatch:{}",
        BATCH.replace('\n', "\n  ")
    );
    let gate = gate(&world, BATCH);
    write(&gate, "gates.yml", &list);
    gate.run(&["run"]).expect(0).says("3 of 3 suites passed");
    // What the list says judges the result of a group, too.
    let saved = "cekura-report/inbound-smoke/result.json";
    gate.run(&["judge", saved, "--suite", "gates.yml", "--report-dir", "x"]).expect(0);
    gate.run(&["judge", saved, "--suite", "batch.yml", "--report-dir", "x"]).expect(1);
    gate.run(&["watch", "2001", "--suite", "gates.yml", "--report-dir", "x"]).expect(0);
}

#[test]
fn json_and_a_list_below_groups_are_the_same_batch() {
    let groups =
        r#"[{"name": "a", "agent_id": "1", "scenario_ids": [1, "2"], "phone_number": ""}]"#;
    let keyed = "groups:\n  - name: a\n    agent_id: 1\n    scenario_ids: 1, 2,\n";
    for text in [groups.to_owned(), format!("{{\"groups\": {groups}}}"), keyed.to_owned()] {
        let gate = gate(GOOD, &text);
        gate.run(&["run", "batch.yml"]).expect(0).says("1 of 1 suite passed");
        assert_eq!(bodies(&gate)[0]["scenarios"], serde_json::json!([1, 2]));
    }
}

#[test]
fn a_batch_stands_beside_suites_in_a_list() {
    let gate = gate(GOOD, "");
    write(&gate, "a.yml", "version: 1\nagent: 1\nscenarios: [1]\n");
    let batch = "batch: [{ name: b, agent_id: 2, scenario_ids: 2 }]";
    write(&gate, "gates.yml", &format!("version: 1\nsuites: [a.yml]\n{batch}\n"));
    gate.run(&["run", "--timeout", "5m"]).expect(0).says("2 of 2 suites passed");
    gate.run(&["run", "--agent", "1"]).expect(2).says("--agent cannot be used with a batch");
}

#[test]
fn the_time_of_the_whole_ends_what_goes_and_keeps_the_rest_from_starting() {
    let gate = gate(&slow(), BATCH);
    let flags = ["run", "batch.yml", "--concurrency", "3", "--timeout", "500ms"];
    let finished = gate.run(&flags).expect(4);
    assert_eq!(gate.simulator().starts(), 1, "the legs never had room");
    let index = index(&finished);
    let legs = index["gates"][1]["headline"].as_str().unwrap();
    assert!(legs.contains("was over before its calls became free"), "{legs}");
    let ended = gate.requests().iter().filter(|request| request.ends_with("/end_calls/")).count();
    assert_eq!(ended, 1);
    write(
        &gate,
        "gates.yml",
        "version: 1\ntimeout: 400ms\nbatch: [{ agent_id: 1, scenario_ids: 1 }]",
    );
    gate.run(&["run", "gates.yml"]).expect(4).says("did not finish within");
}

#[test]
fn all_that_is_wrong_with_a_batch_is_shown_at_its_places() {
    let gate = gate(
        GOOD,
        "
- { agent_id: 1, scenario_ids: 2, execution_mode: text, phone_number: '+1' }
- { agent_id: 1 }
- { agent_id: 1, legs: [{ scenario_ids: 1 }, { scenario_ids: '2,3' }] }
- { agent_id: 1, legs: [{ name: a, scenario_ids: 1 }, { name: a, scenario_ids: 2 }] }
",
    );
    gate.run(&["check", "batch.yml"])
        .expect(2)
        .says("--> batch.yml:2:")
        .says("execution_mode voice only")
        .says("--> batch.yml:3:")
        .says("`scenario_ids` is missing")
        .says("--> batch.yml:4:")
        .says("leg 1 has 1, leg 2 has 2")
        .says("--> batch.yml:5:")
        .says("two sides are called `a`");
    write(&gate, "batch.yml", "[{ agent_id: x, scenario_ids: 1 }]");
    gate.run(&["check", "batch.yml"]).expect(2).says("`x` is not a whole number above 0");
    write(&gate, "batch.yml", "[]");
    gate.run(&["check", "batch.yml"]).expect(2).says("is empty");
    write(&gate, "gates.yml", "version: 1\nsuites: [a.yml]\nthresholds: { success_rate: 90% }");
    gate.run(&["check", "gates.yml"]).expect(2).says("there is none");
    // What the account does not have is shown at the words of the batch.
    write(&gate, "batch.yml", "[{ agent_id: 1, scenario_ids: [1, 77] }]");
    gate.run(&["check", "batch.yml", "--online"]).expect(2).says("77").says("--> batch.yml:1:");
}

/// Agent and scenarios of each start, in a fixed order.
fn started(gate: &Gate) -> Vec<(Value, Value)> {
    let agent = |body: &Value| {
        [&body["agent_id"], &body["agent"]].into_iter().find(|id| id.is_u64()).cloned()
    };
    let mut starts: Vec<(Value, Value)> =
        bodies(gate).iter().map(|body| (agent(body).unwrap(), body["scenarios"].clone())).collect();
    starts.sort_by_key(|(agent, scenarios)| format!("{agent} {scenarios}"));
    starts
}

#[test]
fn legs_are_matched_by_their_place_and_repeated_together() {
    use serde_json::json;
    let list = "
- name: transfer
  frequency: 2
  legs:
    - { name: caller, agent_id: 1, scenario_ids: [1, 1] }
    - { name: target, agent_id: 2, scenario_ids: '1,2' }
";
    let gate = gate(GOOD, list);
    gate.run(&["run", "batch.yml", "--concurrency", "4", "--name", "ci"]).expect(0);
    let (caller, first, second) =
        ((json!(1), json!([1])), (json!(2), json!([1])), (json!(2), json!([2])));
    let caller = || caller.clone();
    let expected =
        [caller(), caller(), caller(), caller(), first.clone(), first, second.clone(), second];
    assert_eq!(started(&gate), expected);
    // Each call is a start of its own.
    let once = |body: &Value| body.get("frequency").is_none_or(|times| *times == 1);
    assert!(bodies(&gate).iter().all(once), "{:?}", bodies(&gate));
}

#[test]
fn three_legs_need_three_calls_at_a_time_and_have_names() {
    let list = "[{ name: conference, agent_id: 1, legs: [{ scenario_ids: 1 }, { scenario_ids: 2 }, { scenario_ids: 1 }] }]";
    let gate = gate(GOOD, list);
    gate.run(&["run", "batch.yml", "--concurrency", "2"]).expect(2).says("3");
    assert_eq!(gate.simulator().starts(), 0);
    let finished = gate.run(&["run", "batch.yml", "--concurrency", "3"]).expect(0);
    let index = index(&finished);
    let names: Vec<&str> = index["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| gate["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["conference · leg 1", "conference · leg 2", "conference · leg 3"]);
}

#[test]
fn what_a_group_says_holds_for_each_leg_that_does_not() {
    use serde_json::json;
    let list = r#"
- agent_id: 1
  execution_mode: pipecat_v2
  pipecat_data: '{"pipecat_agent_name": "bot"}'
  legs: [{ scenario_ids: 1 }, { scenario_ids: 2, agent_id: 2 }]
"#;
    let gate = gate(GOOD, list);
    gate.run(&["run", "batch.yml"]).expect(0);
    let expected = [(json!(1), json!([{ "scenario": 1 }])), (json!(2), json!([{ "scenario": 2 }]))];
    assert_eq!(started(&gate), expected);
    for body in bodies(&gate) {
        assert_eq!(body["pipecat_data"], json!({ "pipecat_agent_name": "bot" }));
    }
}

#[test]
fn a_group_that_cannot_be_meant_starts_nothing() {
    for (list, words) in [
        (
            "[{ legs: [{ agetnt_id: 1, scenario_ids: 1 }, { agent_id: 1, scenario_ids: 2 }] }]",
            "agetnt_id",
        ),
        ("[{ member: { agent_id: 1, scenario_ids: 1 } }]", "member"),
        ("[{ legs: [{ agent_id: 1, scenario_ids: 1 }] }]", "at least 2"),
        (
            "[{ agent_id: 1, scenario_ids: 1, legs: [{ scenario_ids: 1 }, { scenario_ids: 2 }] }]",
            "`scenario_ids`",
        ),
        (
            "[{ agent_id: 1, scenario_ids: 1, execution_mode: voice, websocket_url: 'wss://a' }]",
            "execution_mode text only",
        ),
        ("[{ agent_id: 1, scenario_ids: 1, frequency: 0 }]", "0"),
        ("[{ agent_id: 1, scenario_ids: true }]", "true"),
        (
            "[{ agent_id: 1, scenario_ids: 1, execution_mode: pipecat_v2, pipecat_data: '{' }]",
            "JSON",
        ),
        ("{ groups: [{ agent_id: 1, scenario_ids: 1 }], more: 1 }", "more"),
    ] {
        let gate = gate(GOOD, list);
        gate.run(&["run", "batch.yml", "--concurrency", "4"]).expect(2).says(words);
        assert!(gate.requests().is_empty(), "{list}");
    }
}

#[test]
fn a_leg_that_fails_fails_its_group_and_is_named_with_its_scenario() {
    let world = GOOD.replacen("pass: 1", "pass: 0", 1);
    let list = "
- { name: inbound, agent_id: 1, scenario_ids: 2 }
- name: transfer
  legs: [{ name: caller, agent_id: 1, scenario_ids: 2 }, { name: target, agent_id: 2, scenario_ids: 1 }]
";
    let gate = gate(&world, list);
    let finished = gate.run(&["run", "batch.yml"]).expect(1).says("2 of 3 suites passed");
    let summary = finished.report("summary.md");
    for words in ["transfer · target", "1 of 2 groups"] {
        assert!(summary.contains(words), "{words}: {summary}");
    }
}
