//! The processes of the agent's program: what they see, and that they are gone afterwards.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{ANSWERS, posted, with_script, world};

const SAYS: &str = "says: [Hello, Thanks]";

/// Whether a process runs. One that is dead waits for init, not for the gate.
fn lives(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap().stdout;
    !matches!(state.trim_ascii(), [] | [b'Z', ..])
}

/// The processes that scripts have noted.
fn noted(dir: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(dir.join("pids")).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_program_and_its_children_are_gone_however_it_ends() {
    for rest in [ANSWERS, "exit 1", "echo no JSON; sleep 600", "sleep 600"] {
        let script = format!("sleep 600 & echo $$ $! >>pids\n{rest}");
        let gate = with_script(&world(SAYS), &script, "turn_timeout: 300ms\nfrequency: 3");
        gate.run(&["run"]);
        let pids = noted(gate.dir.path());
        assert_eq!(pids.len(), 6, "{rest}");
        let left: Vec<&String> = pids.iter().filter(|pid| lives(pid)).collect();
        assert!(left.is_empty(), "{rest}: {left:?}");
    }
}

#[test]
fn a_signal_ends_the_open_conversations_and_their_processes() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let script = "sleep 600 & echo $$ $! >>pids; echo '{\"type\":\"message\",\"content\":\"Hi\"}'; sleep 600";
        let gate = with_script(&world(SAYS), script, "");
        let mut child =
            gate.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("has started"), "{line}");
        // The agent's first message says that its process is there.
        while posted(&gate, "/chat/").is_empty() {
            std::thread::yield_now();
        }
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(posted(&gate, "/end-chat/").len(), 1);
        let pids = noted(gate.dir.path());
        assert!(!pids.iter().any(|pid| lives(pid)), "{pids:?}");
    }
}

#[test]
fn the_program_sees_no_key_and_only_the_variables_that_the_suite_names() {
    let script = format!("env >seen.env\n{ANSWERS}");
    let mut gate = with_script(&world(SAYS), &script, "agent_env: [MODEL]");
    for (name, value) in [("MODEL", "small"), ("OTHER", "x"), ("GITHUB_TOKEN", "t0k3n")] {
        gate.env(name, value);
    }
    gate.run(&["run"]).expect(0);
    let seen = std::fs::read_to_string(gate.dir.path().join("seen.env")).unwrap();
    assert!(seen.contains("MODEL=small"), "{seen}");
    for hidden in ["CEKURA", "OTHER", "GITHUB_TOKEN"] {
        assert!(!seen.contains(hidden), "{hidden}: {seen}");
    }
}

#[test]
fn the_program_runs_in_the_directory_that_the_suite_names() {
    let gate = with_script(&world(SAYS), "", "agent_dir: base");
    std::fs::create_dir(gate.dir.path().join("base")).unwrap();
    std::fs::write(gate.dir.path().join("base/agent.sh"), ANSWERS).unwrap();
    gate.run(&["run"]).expect(0);
}

#[test]
fn no_more_processes_are_there_at_once_than_the_concurrency_allows() {
    let script = format!("echo $$ >>pids\n{ANSWERS}");
    let gate = with_script(&world(SAYS), &script, "frequency: 4\nconcurrency: 1");
    gate.run(&["run"]).expect(0);
    let log = gate.stand_in().requests();
    let runs: Vec<&str> = log
        .iter()
        .filter(|one| one.method == "POST" && one.path.ends_with("/chat/"))
        .map(|one| one.path.rsplit('/').nth(2).unwrap())
        .collect();
    let mut changes = runs.clone();
    changes.dedup();
    assert_eq!(changes.len(), 4, "one conversation after the other: {runs:?}");
}

#[test]
fn one_process_may_hold_all_conversations() {
    let script = r#"
echo $$ >>pids
while read -r line; do
  id=$(echo "$line" | sed 's/.*"conversation":"\([0-9]*\)".*/\1/')
  case "$line" in
    *'"type":"message"'*) echo "{\"type\":\"message\",\"conversation\":\"$id\",\"content\":\"Sure\"}" ;;
  esac
done
"#;
    let gate = with_script(&world(SAYS), script, "agent_processes: shared\nfrequency: 3");
    gate.run(&["run"]).expect(0);
    assert_eq!(noted(gate.dir.path()).len(), 1);
    assert_eq!(posted(&gate, "/chat/").len(), 6);
}
