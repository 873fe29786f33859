//! Answers that are lost, and gates that are.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{ANSWERS, Gate, posted, suite, until_posted, with_script, world};

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
fn a_run_that_is_still_starting_is_sent_the_message_again() {
    let gate = Gate::alone(&suite("[sh, agent.sh]", "reports: { transcripts: all }"));
    let write = |name: &str, text: &str| std::fs::write(gate.dir.path().join(name), text).unwrap();
    write("agent.sh", ANSWERS);
    write("world.yml", &world("says: [Hello]"));
    write("faults.yml", "rules: [{ method: POST, path: '*/chat/', status: 409, nth: [1, 2] }]");
    let finished = gate.run(&["run", "--simulate=world.yml", "--faults", "faults.yml"]).expect(0);
    let result = finished.result();
    assert_eq!(result["result"]["runs"][0]["transcript"].as_array().unwrap().len(), 2);
}

/// Starts a gate, and kills it once as many messages were submitted as are given.
fn lose(gate: &Gate, args: &[&str], messages: usize) {
    let mut child =
        gate.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    until_posted(gate, messages);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// An agent whose conversation of this number, counted from 1, hangs in its first turn; the others
/// are answered.
fn hangs_in(conversations: &str) -> String {
    format!(
        "echo >>count; case \" {conversations} \" in *\" $(wc -l <count | tr -d ' ') \"*)\n\
         read -r a; read -r b; echo '{{\"type\":\"message\",\"content\":\"Hi\"}}'\n\
         while read -r line; do :; done; exit;; esac\n{ANSWERS}"
    )
}

#[test]
fn what_a_lost_gate_left_open_is_ended_on_resume_and_held_again() {
    let gate = with_script(&world("says: [Hello, Thanks]"), &hangs_in("1"), "");
    lose(&gate, &["run"], 1);
    let finished =
        gate.run(&["run", "--resume"]).expect(0).says("they were ended and started again");
    assert_eq!(posted(&gate, "/end-chat/").len(), 1);
    let result = finished.result();
    assert_eq!(result["outcomes"][0]["outcome"], "passed", "{}", result["outcomes"]);
    assert_eq!(result["retries"][0]["first"]["outcome"], "errored", "{}", result["retries"]);
    assert_eq!(gate.simulator().starts(), 2);
}

#[test]
fn only_the_conversations_that_were_lost_are_held_again() {
    let keys = "frequency: 3\nconcurrency: 1";
    let gate = with_script(&world("says: [Hello, Thanks]"), &hangs_in("3"), keys);
    lose(&gate, &["run"], 5);
    let finished = gate.run(&["run", "--resume"]).expect(0);
    let again = &posted(&gate, "/run_scenarios_api_chat/")[1];
    assert_eq!(again["frequency"], 1, "{again}");
    assert_eq!(finished.result()["tally"]["passed"], 3);
}

#[test]
fn a_gate_that_is_lost_while_it_holds_them_again_is_resumed_as_well() {
    let gate = with_script(&world("says: [Hello, Thanks]"), &hangs_in("1 2"), "");
    lose(&gate, &["run"], 1);
    lose(&gate, &["run", "--resume"], 2);
    let finished = gate.run(&["run", "--resume"]).expect(0);
    assert_eq!(posted(&gate, "/end-chat/").len(), 2);
    assert_eq!(finished.result()["tally"]["passed"], 1);
    assert_eq!(gate.simulator().starts(), 3);
}

#[test]
fn a_retry_holds_the_conversation_again_with_a_process_of_its_own() {
    let script = format!("[ -e crashed ] || {{ touch crashed; exit 1; }}\n{ANSWERS}");
    let keys = "agent_errors: errored\nretry: { on: [error] }";
    let gate = with_script(&world("says: [Hello]"), &script, keys);
    gate.run(&["run"]).expect(0);
    assert_eq!(gate.simulator().starts(), 2);
}
