//! The examples of agents run against the simulator.

use std::process::{Command, Stdio};

use super::{Gate, example, posted, suite, world};

const SAYS: &str = "says: [Where is my order, Thanks]";

/// Whether a program is here at all.
fn is_here(program: &str) -> bool {
    let ran = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    ran.is_ok_and(|status| status.success())
}

/// Rehearses a suite of the examples as it stands in its directory.
fn rehearses(suite: &str) {
    let mut gate = Gate::alone("");
    let copy = gate.dir.path().join("examples");
    std::fs::create_dir(&copy).unwrap();
    let files = std::path::PathBuf::from(example(suite));
    for file in std::fs::read_dir(files.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    // Two checkouts of a repository that has the examples in their place.
    for commit in ["base", "head"] {
        let dir = copy.join(commit).join("examples/api_chat");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::copy(example("agent.py"), dir.join("agent.py")).unwrap();
    }
    gate.env("PATH", &std::env::var("PATH").unwrap());
    let path = format!("examples/{suite}");
    gate.run(&["run", &path, "--simulate"]).expect(0);
}

#[test]
fn each_example_passes_its_rehearsal() {
    if is_here("python3") {
        rehearses("cekura-gate.yml");
        rehearses("base-and-head.yml");
    }
    if is_here("node") {
        rehearses("node.yml");
    }
}

#[test]
fn the_pydantic_ai_agent_calls_its_tool_and_answers() {
    let has = Command::new("python3").args(["-c", "import pydantic_ai"]).output();
    if !has.is_ok_and(|ran| ran.status.success()) {
        eprintln!("skipped: python3 has no pydantic_ai");
        return;
    }
    let keys = format!("agent_dir: {}", example(""));
    let gate = gate(&suite(&format!("[python3, {}]", example("pydantic_agent.py")), &keys));
    gate.run(&["run"]).expect(0);
    let said = posted(&gate, "/chat/");
    assert!(said.iter().any(|one| one["role"] == "Function Call"), "{said:?}");
    assert!(said.iter().any(|one| one["role"] == "Function Call Result"), "{said:?}");
    rehearses("pydantic-ai.yml");
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
