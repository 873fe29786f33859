//! Answers that are lost, and gates that are.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{ANSWERS, Gate, posted, suite, with_script, world};

#[test]
fn a_message_whose_answer_was_lost_is_looked_up_and_not_sent_twice() {
    let gate = Gate::alone(&suite("[sh, agent.sh]", "reports: { transcripts: all }"));
    let write = |name: &str, text: &str| std::fs::write(gate.dir.path().join(name), text).unwrap();
    write("agent.sh", ANSWERS);
    write("world.yml", &world("says: [Hello, Thanks]"));
    write("faults.yml", "rules: [{ method: POST, path: '*/chat/', drop: after, nth: [1, 2] }]");
    let finished = gate.run(&["run", "--simulate=world.yml", "--faults", "faults.yml"]).expect(0);
    let result = finished.result();
    let turns = result["result"]["runs"][0]["transcript"].as_array().unwrap();
    let said: Vec<&str> = turns.iter().map(|turn| turn["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["Hello", "Sure", "Thanks", "Sure"]);
}

#[test]
fn a_message_that_never_arrived_is_sent_again() {
    let gate = Gate::alone(&suite("[sh, agent.sh]", "reports: { transcripts: all }"));
    let write = |name: &str, text: &str| std::fs::write(gate.dir.path().join(name), text).unwrap();
    write("agent.sh", ANSWERS);
    write("world.yml", &world("says: [Hello]"));
    write("faults.yml", "rules: [{ method: POST, path: '*/chat/', drop: before, nth: [1] }]");
    let finished = gate.run(&["run", "--simulate=world.yml", "--faults", "faults.yml"]).expect(0);
    let result = finished.result();
    assert_eq!(result["result"]["runs"][0]["transcript"].as_array().unwrap().len(), 2);
}

#[test]
fn what_a_lost_gate_left_open_is_ended_on_resume_and_is_no_evidence() {
    let script = "echo '{\"type\":\"message\",\"content\":\"Hi\"}'; while read -r line; do :; done";
    let gate = with_script(&world("says: [Hello, Thanks]"), script, "");
    let mut child =
        gate.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    while posted(&gate, "/chat/").is_empty() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let finished = gate.run(&["run", "--resume"]);
    assert_eq!(posted(&gate, "/end-chat/").len(), 1);
    let outcome = finished.result()["outcomes"][0].clone();
    assert_eq!(outcome["outcome"], "errored", "{outcome}");
    assert_eq!(outcome["reason"], "the gate that held the conversation stopped");
    assert_eq!(gate.stand_in().starts(), 1);
}

#[test]
fn a_retry_holds_the_conversation_again_with_a_process_of_its_own() {
    let script = format!("[ -e crashed ] || {{ touch crashed; exit 1; }}\n{ANSWERS}");
    let keys = "agent_errors: errored\nretry: { on: [error] }";
    let gate = with_script(&world("says: [Hello]"), &script, keys);
    gate.run(&["run"]).expect(0);
    assert_eq!(gate.stand_in().starts(), 2);
}
