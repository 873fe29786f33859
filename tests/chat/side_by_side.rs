//! Two versions of the agent's program in one run: base and head, checked out side by side.

use super::{ANSWERS, Gate, world};

const SAYS: &str = "says: [Hello, Thanks]";

/// Two versions of a program in two directories, compared.
fn gate(base: &str, head: &str, limits: &str) -> Gate {
    let suite = format!(
        "version: 1\nname: Chat\nagent: 1\nscenarios: [1]\nmode: api_chat\nfrequency: 10\n\
         agent_command: [sh, agent.sh]\nmatrix: {{ agent_dir: [base, head] }}\n\
         thresholds: {{ baseline: {{ from: matrix, {limits} }} }}\n"
    );
    let gate = Gate::against(&world(SAYS), &suite);
    for (dir, script) in [("base", base), ("head", head)] {
        let dir = gate.dir.path().join(dir);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("agent.sh"), script).unwrap();
    }
    gate
}

const RATE: &str = "success_rate: { max_drop: 5% }";

#[test]
fn a_change_that_breaks_the_agent_fails_against_its_base() {
    let finished = gate(ANSWERS, "exit 1", RATE).run(&["run"]).expect(1);
    finished.says("unlikely to be noise").says("Chat · head").says("the agent's program");
}

#[test]
fn a_change_that_breaks_nothing_passes() {
    let finished = gate(ANSWERS, ANSWERS, RATE).run(&["run"]).expect(0);
    finished.says("1 of 1 suite passed");
}

#[test]
fn a_change_that_makes_the_agent_slow_fails_against_its_base() {
    let slow = ANSWERS.replace("*'\"type\":\"message\"'*)", "*'\"type\":\"message\"'*) sleep 0.2;");
    let limits = "agent_latency: { max_rise: 100% }";
    let finished = gate(ANSWERS, &slow, limits).run(&["run"]).expect(1);
    finished.says("agent_latency");
}

#[test]
fn commands_are_compared_as_well() {
    let suite = "version: 1\nagent: 1\nscenarios: [1]\nmode: api_chat\nfrequency: 2\n\
                 matrix: { agent_command: [[sh, one.sh], [sh, two.sh]] }\n";
    let gate = Gate::against(&world(SAYS), suite);
    for (name, script) in [("one.sh", ANSWERS), ("two.sh", "exit 1")] {
        std::fs::write(gate.dir.path().join(name), script).unwrap();
    }
    gate.run(&["run"]).expect(1).says("1 of 2 suites passed").says("sh two.sh");
}

#[test]
fn a_directory_that_is_not_there_is_refused_before_anything_starts() {
    let gate = gate(ANSWERS, ANSWERS, RATE);
    std::fs::remove_dir_all(gate.dir.path().join("base")).unwrap();
    gate.run(&["run"]).expect(2).says("there is no directory `base`");
    assert_eq!(gate.simulator().starts(), 0);
}
