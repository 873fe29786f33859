//! How a conversation goes: who speaks, what is recorded, how it ends.

use serde_json::json;

use super::{ANSWERS, posted, with_script, world};

const SAYS: &str = "says: [Hello, And the refund, Thanks]";

#[test]
fn the_caller_speaks_first_and_every_message_is_answered_once() {
    let gate = with_script(&world(SAYS), ANSWERS, "reports: { transcripts: all }");
    let finished = gate.run(&["run"]).expect(0);
    assert_eq!(posted(&gate, "/chat/"), vec![json!({"content": "Sure"}); 3]);
    let run = finished.result()["result"]["runs"][0].clone();
    assert_eq!(run["agent_latencies_ms"].as_array().unwrap().len(), 3, "{run}");
    let said: Vec<&str> = run["transcript"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["content"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["Hello", "Sure", "And the refund", "Sure", "Thanks", "Sure"]);
}

#[test]
fn the_agent_speaks_first_where_the_caller_does_not() {
    let script = "speaks_first: agent, says: [Hello]";
    let gate = with_script(&world(script), ANSWERS, "");
    gate.run(&["run"]).expect(0);
    let said = [json!({"content": "Welcome"}), json!({"content": "Sure"})];
    assert_eq!(posted(&gate, "/chat/"), said);
}

#[test]
fn tool_calls_their_results_and_metadata_are_recorded_on_the_run() {
    let agent = r#"
read -r start; read -r message
echo '{"type":"tool_call","id":"1","name":"look_up","arguments":{"order":7}}'
echo '{"type":"tool_result","id":"1","result":"shipped"}'
echo '{"type":"metadata","metadata":{"commit":"abc"}}'
echo '{"type":"message","content":"Shipped"}'
read -r end
"#;
    let gate = with_script(&world("says: [Hello]"), agent, "");
    gate.run(&["run"]).expect(0);
    assert_eq!(
        posted(&gate, "/chat/"),
        [
            json!({"role": "Function Call", "data": {"id": "1", "name": "look_up", "arguments": {"order": 7}}}),
            json!({"role": "Function Call Result", "data": {"id": "1", "result": "shipped"}}),
            json!({"metadata": {"commit": "abc"}}),
            json!({"content": "Shipped"}),
        ]
    );
}

#[test]
fn the_agent_may_end_the_conversation() {
    let agent =
        "read -r a; read -r b; echo '{\"type\":\"end\",\"reason\":\"handed_over\"}'; read -r c";
    let gate = with_script(&world(SAYS), agent, "");
    gate.run(&["run"]).expect(0);
    assert_eq!(posted(&gate, "/end-chat/"), [json!({"reason": "handed_over"})]);
}

#[test]
fn the_turn_limit_ends_the_conversation() {
    let gate = with_script(&world(SAYS), ANSWERS, "turn_limit: 2");
    gate.run(&["run"]).expect(0);
    assert_eq!(posted(&gate, "/chat/").len(), 2);
    assert_eq!(posted(&gate, "/end-chat/"), [json!({"reason": "turn_limit"})]);
}

#[test]
fn a_turn_that_was_dropped_or_whose_reply_failed_is_sent_again() {
    let gate = with_script(&world("says: [Hello, Thanks], drops: [1], errors: [2]"), ANSWERS, "");
    gate.run(&["run"]).expect(0);
    assert_eq!(posted(&gate, "/chat/").len(), 4);
}

#[test]
fn the_start_has_no_field_that_the_platform_does_not_know() {
    let gate = with_script(&world(SAYS), ANSWERS, "frequency: 2\nconcurrency: 1\ntimeout: 5m");
    gate.run(&["run"]).expect(0);
    let start = &posted(&gate, "/run_scenarios_api_chat/")[0];
    assert_eq!(start["timeout"], 300);
    assert!(start.get("concurrency_limit").is_none(), "{start}");
}

#[test]
fn a_conversation_that_never_began_is_no_evidence() {
    let gate = with_script(&world(SAYS).replace("error: 0, chat", "error: 1, chat"), ANSWERS, "");
    let finished = gate.run(&["run"]).expect(3).says("had ended before it began");
    assert_eq!(finished.result()["outcomes"][0]["blame"], "platform");
}

#[test]
fn a_program_that_starts_slowly_is_rehearsed_to_the_end() {
    let keys = "timeout: 5m\nthresholds: { agent_latency: count >= 1 }";
    let gate = super::Gate::alone(&super::suite("[sh, agent.sh]", keys));
    let slow = format!("sleep 1\n{ANSWERS}");
    std::fs::write(gate.dir.path().join("agent.sh"), slow).unwrap();
    gate.run(&["run", "--simulate"]).expect(0);
}

#[test]
fn a_rehearsal_needs_no_account() {
    let gate = super::Gate::alone(&super::suite("[sh, agent.sh]", ""));
    std::fs::write(gate.dir.path().join("agent.sh"), ANSWERS).unwrap();
    gate.run(&["run", "--simulate"]).expect(0);
    std::fs::write(gate.dir.path().join("agent.sh"), "exit 3").unwrap();
    gate.run(&["run", "--simulate"])
        .expect(1)
        .says("the agent's program ended with exit status: 3");
}
