//! The processes of the agent's program: what they see, and that they are gone afterwards.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{ANSWERS, posted, until_posted, with_script, world};

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

/// A program with a child and a grandchild that would never end, all three noted.
fn family(rest: &str) -> String {
    format!("sh -c 'sleep 600 & echo $$ $! >>pids; wait' & echo $$ >>pids; sleep 0.1\n{rest}")
}

fn nobody_is_left(dir: &std::path::Path, processes: usize, how: &str) {
    let pids = noted(dir);
    assert_eq!(pids.len(), processes, "{how}");
    let left: Vec<&String> = pids.iter().filter(|pid| lives(pid)).collect();
    assert!(left.is_empty(), "{how}: {left:?}");
}

#[test]
fn the_program_its_children_and_their_children_are_gone_however_it_ends() {
    let leaves = "echo '{\"type\":\"message\",\"content\":\"Hi\"}'; exec <&-; exit 0";
    for rest in [
        ANSWERS,
        "exit 1",
        "kill -9 $$",
        "echo no JSON; sleep 600",
        "sleep 600",
        "head -c 300000 /dev/zero; sleep 600",
        "trap '' TERM INT HUP; sleep 600",
        leaves,
    ] {
        let gate = with_script(&world(SAYS), &family(rest), "turn_timeout: 500ms\nfrequency: 2");
        gate.run(&["run"]);
        nobody_is_left(gate.dir.path(), 6, rest);
    }
}

#[test]
fn they_are_gone_when_the_suite_is_out_of_time() {
    let gate = with_script(&world(SAYS), &family("sleep 600"), "timeout: 2s");
    gate.run(&["run"]).expect(4);
    nobody_is_left(gate.dir.path(), 3, "timeout");
}

/// A gate that is in the middle of a conversation.
fn talking(gate: &super::Gate) -> std::process::Child {
    let mut child =
        gate.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("has started"), "{line}");
    // The agent's first message says that its processes are there.
    until_posted(gate, 1);
    child
}

const TALKS: &str = "echo '{\"type\":\"message\",\"content\":\"Hi\"}'; sleep 600";

#[test]
fn a_signal_ends_the_open_conversations_and_their_processes() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let gate = with_script(&world(SAYS), &family(TALKS), "");
        let mut child = talking(&gate);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(posted(&gate, "/end-chat/").len(), 1);
        nobody_is_left(gate.dir.path(), 3, signal);
    }
}

#[test]
fn a_second_signal_leaves_no_process_behind_either() {
    let gate = with_script(&world(SAYS), &family(TALKS), "");
    let mut child = talking(&gate);
    for _ in 0..2 {
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nobody_is_left(gate.dir.path(), 3, "INT twice");
}

#[test]
fn a_process_that_has_ended_is_no_zombie_while_others_talk() {
    let script = format!("echo >>count; [ $(wc -l <count) -gt 3 ] && {{ {TALKS}; }}\n{ANSWERS}");
    let gate = with_script(&world("says: [Hello]"), &script, "frequency: 4\nconcurrency: 1");
    let mut child =
        gate.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until_posted(&gate, 4);
    let parent = child.id().to_string();
    let states = Command::new("ps").args(["-o", "stat=", "--ppid", &parent]).output().unwrap();
    Command::new("kill").args(["-INT", &parent]).status().unwrap();
    child.wait().unwrap();
    let states = String::from_utf8(states.stdout).unwrap();
    assert_eq!(states.lines().count(), 1, "{states}");
    assert!(!states.contains('Z'), "{states}");
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
    // What a shell sets by itself stands beside what the gate passes.
    let passed = ["MODEL", "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP"];
    let passed = [&passed[..], &["TMP", "USER", "SHELL", "VIRTUAL_ENV", "PWD", "OLDPWD"]].concat();
    for line in seen.lines() {
        let name = line.split('=').next().unwrap();
        assert!(passed.contains(&name) || ["SHLVL", "_"].contains(&name), "{line}");
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
    let log = gate.simulator().requests();
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
