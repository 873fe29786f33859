//! The examples of agents run against the simulator.

use std::process::{Command, Stdio};

use super::{Gate, example, posted, suite, world};

const SAYS: &str = "says: [Hello, Thanks]";

/// Whether a program is here at all.
fn is_here(program: &str) -> bool {
    let ran = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    ran.is_ok_and(|status| status.success())
}

fn gate(suite: &str) -> Gate {
    let mut gate = Gate::against(&world(SAYS), suite);
    gate.env("PATH", &std::env::var("PATH").unwrap());
    gate
}

#[test]
fn the_plain_python_agent_answers() {
    if is_here("python3") {
        let gate = gate(&suite(&format!("[python3, {}]", example("agent.py")), ""));
        gate.run(&["run"]).expect(0);
        assert_eq!(posted(&gate, "/chat/").len(), 6);
    }
}

#[test]
fn the_plain_node_agent_answers() {
    if is_here("node") {
        let gate = gate(&suite(&format!("[node, {}]", example("agent.mjs")), ""));
        gate.run(&["run"]).expect(0);
        assert_eq!(posted(&gate, "/chat/").len(), 2);
    }
}

#[test]
fn the_openai_compatible_server_answers_with_all_messages_so_far() {
    if is_here("python3") {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let keys = format!(
            "agent_url: \"http://127.0.0.1:{port}/v1/chat/completions\"\nagent_api: openai\n\
             agent_ready: \"http://127.0.0.1:{port}/health\"\nfrequency: 2"
        );
        let command = format!("[python3, {}, \"{port}\"]", example("server.py"));
        let gate = gate(&suite(&command, &keys));
        gate.run(&["run"]).expect(0);
        let said = posted(&gate, "/chat/");
        assert_eq!(said.len(), 4);
        assert!(said.iter().any(|one| one["content"] == "Your order has been shipped (2)."));
    }
}
