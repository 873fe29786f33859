//! Mode `api_chat`: the whole gate with an agent's program, against the simulator.

mod conversations;
mod examples;
mod faults;
mod latency;
mod lost;
mod policies;
mod processes;
mod rounds;
mod side_by_side;

use std::path::PathBuf;

use crate::gate::harness::{GOOD, Gate};

/// A suite of one scenario with this program, and further keys.
fn suite(command: &str, keys: &str) -> String {
    format!(
        "version: 1\nname: Chat\nagent: 1\nscenarios: [1]\nmode: api_chat\n\
         agent_command: {command}\n{keys}\n"
    )
}

/// The world of the other tests, with this script of the caller.
fn world(chat: &str) -> String {
    GOOD.replace("pass: 1, error: 0 }", &format!("pass: 1, error: 0, chat: {{ {chat} }} }}"))
}

/// A gate whose agent is this shell script.
fn with_script(world: &str, script: &str, keys: &str) -> Gate {
    let gate = Gate::against(world, &suite("[sh, agent.sh]", keys));
    std::fs::write(gate.dir.path().join("agent.sh"), script).unwrap();
    gate
}

/// The bodies that were posted to a path that ends so.
fn posted(gate: &Gate, end: &str) -> Vec<serde_json::Value> {
    let log = gate.simulator().requests();
    let of = log.into_iter().filter(|one| one.method == "POST" && one.path.ends_with(end));
    of.map(|one| {
        assert_eq!(one.unknown_fields, Vec::<String>::new(), "{}", one.path);
        one.body.unwrap()
    })
    .collect()
}

/// Waits until so many messages were submitted.
fn until_posted(gate: &Gate, messages: usize) {
    let since = std::time::Instant::now();
    while posted(gate, "/chat/").len() < messages {
        assert!(since.elapsed().as_secs() < 30, "{} messages", posted(gate, "/chat/").len());
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// A file of the examples.
fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/api_chat").join(name);
    path.display().to_string()
}

/// An agent that answers each message, and speaks first where it has to.
const ANSWERS: &str = r#"
while read -r line; do
  case "$line" in
    *'"speaks_first":"agent"'*) echo '{"type":"message","content":"Welcome"}' ;;
    *'"type":"message"'*) echo '{"type":"message","content":"Sure"}' ;;
    *'"type":"end"'*) exit 0 ;;
  esac
done
"#;
