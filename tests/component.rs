//! The GitLab component's script as a job runs it: inputs in variables, `sh`, the gate in the path.
#![cfg(target_os = "linux")]
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use cekura_gate::simulate::{RealClock, Simulator, World};
use serde_json::{Value, json};
use tempfile::TempDir;

fn component() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("templates/gate.yml")).unwrap()
}

/// The inputs by the variable that carries each.
fn variables() -> BTreeMap<String, String> {
    let text = component();
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let pairs = lines.filter_map(|line| line.split_once(": \"$[[ inputs."));
    pairs
        .map(|(name, input)| (name.to_owned(), input.trim_end_matches(" ]]\"").to_owned()))
        .collect()
}

/// The job's script, its parts one after another as GitLab runs them.
fn script() -> String {
    let text = component();
    let part =
        text.split_once("\n  script:\n").unwrap().1.split_once("\n  allow_failure:").unwrap().0;
    let lines = part.lines().filter(|line| *line != "    - |");
    let line = |line: &str| line.strip_prefix("    - ").unwrap_or(line).trim_start().to_owned();
    lines.map(line).collect::<Vec<_>>().join("\n")
}

async fn simulator() -> Simulator {
    let world: World = serde_json::from_value(json!({
        "time_scale": 0,
        "agents": [{"id": 123, "name": "Mia"}],
        "personalities": [{"id": 3, "name": "Calm"}],
        "scenarios": [
            {"id": 101, "name": "Where is my order", "tags": ["smoke", "day"]},
            {"id": 102, "name": "Broken", "tags": ["broken"], "pass": 0},
        ],
    }))
    .unwrap();
    Simulator::start(world, "127.0.0.1:0".parse().unwrap(), RealClock::start()).await.unwrap()
}

/// Runs the job with these inputs; the others are empty, as their default is.
async fn job(dir: &TempDir, simulator: &Simulator, inputs: &[(&str, &str)]) -> Output {
    let variables = variables();
    for (input, _) in inputs {
        assert!(variables.values().any(|name| name == input), "{input} reaches no variable");
    }
    let given: BTreeMap<&str, &str> = inputs.iter().copied().collect();
    let gates = Path::new(env!("CARGO_BIN_EXE_cekura-gate")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command.args(["-c", &script()]).env_clear().current_dir(dir.path());
    command.env("PATH", format!("{}:{path}", gates.display())).env("HOME", dir.path());
    command.env("GITLAB_CI", "true").env("CEKURA_API_KEY", "key-of-the-job");
    command.env("CEKURA_API_URL", simulator.url());
    for (variable, input) in &variables {
        command.env(variable, given.get(input.as_str()).copied().unwrap_or_default());
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn log(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn start(simulator: &Simulator) -> Value {
    let requests = simulator.requests();
    requests.into_iter().find(|one| one.method == "POST").and_then(|one| one.body).unwrap()
}

#[test]
fn the_component_takes_every_name_of_the_platforms_own() {
    let text = component();
    let theirs = "scenario_ids tags folder_path project_id agent_id phone_number agent_number name \
                  api_url frequency personality_ids test_profile_ids mode concurrency_limit \
                  mock_tool_names timeout stage api_key";
    for name in theirs.split_whitespace() {
        assert!(text.contains(&format!("\n    {name}:\n")), "{name} is no input");
        assert!(text.contains(&format!("$[[ inputs.{name} ]]")), "{name} is not passed on");
    }
    assert!(!script().contains("$[["), "an input inside the script could become code");
}

#[tokio::test]
async fn the_inputs_start_the_run_and_the_reports_are_written() {
    let (dir, simulator) = (TempDir::new().unwrap(), simulator().await);
    let hostile = "a \"b\" 'c' $(touch pwned) `touch pwned` ; touch pwned";
    let inputs = [
        ("agent_id", "123"),
        ("scenario_ids", "101"),
        ("tags", "smoke , day"),
        ("phone_number", "+14155550100"),
        ("name", hostile),
        ("frequency", "2"),
        ("personality_ids", "3"),
        ("mode", "voice"),
        ("concurrency_limit", "4"),
        ("mock_tool_names", "lookup, it's"),
        ("timeout", "600"),
    ];
    let output = job(&dir, &simulator, &inputs).await;
    assert_eq!(output.status.code(), Some(0), "{}", log(&output));
    let body = start(&simulator);
    assert_eq!((&body["agent_id"], &body["scenarios"]), (&json!(123), &json!([101])));
    assert_eq!(body["tags"], json!(["smoke", "day"]));
    assert_eq!(body["outbound_phone_number"], "+14155550100");
    assert_eq!(body["mock_tool_names"], json!(["lookup", "it's"]));
    assert!(body["name"].as_str().unwrap().starts_with(hostile), "{body}");
    assert!(!dir.path().join("pwned").exists());
    let report = dir.path().join("cekura-report");
    let dotenv = fs::read_to_string(report.join("gate.env")).unwrap();
    assert!(dotenv.contains("RESULT_ID=") && dotenv.contains("VERDICT=pass"), "{dotenv}");
    assert!(report.join("junit.xml").exists());
}

#[tokio::test]
async fn the_job_ends_with_the_code_of_the_gate() {
    for (inputs, code) in [
        ([("agent_id", "123"), ("scenario_ids", "102")], 1),
        ([("suite", "nowhere.yml"), ("agent_number", "+14155550101")], 2),
        ([("agent_id", "123"), ("frequency", "often")], 2),
    ] {
        let (dir, simulator) = (TempDir::new().unwrap(), simulator().await);
        let output = job(&dir, &simulator, &inputs).await;
        assert_eq!(output.status.code(), Some(code), "{inputs:?}: {}", log(&output));
    }
}

#[tokio::test]
async fn the_includes_of_the_platforms_guide_start_their_runs() {
    for (inputs, key, value) in [
        (vec![("scenario_ids", "101,")], "scenarios", json!([101])),
        (vec![("tags", "smoke,day")], "tags", json!(["smoke", "day"])),
        (
            vec![("tags", "smoke"), ("mode", "different_numbers")],
            "mode",
            json!("different_numbers"),
        ),
        (vec![("tags", "smoke"), ("mode", "same_number")], "mode", json!("same_number")),
        (vec![("tags", "smoke"), ("mock_tool_names", "[]")], "mock_tool_names", json!([])),
        (
            vec![("tags", "smoke"), ("mock_tool_names", r#"["a", "b"]"#)],
            "mock_tool_names",
            json!(["a", "b"]),
        ),
    ] {
        let (dir, simulator) = (TempDir::new().unwrap(), simulator().await);
        let inputs = [&[("api_key", "key-of-the-input")], &inputs[..]].concat();
        let output = job(&dir, &simulator, &inputs).await;
        assert_eq!(output.status.code(), Some(0), "{inputs:?}: {}", log(&output));
        let body = start(&simulator);
        assert_eq!(body[key], value, "{inputs:?}");
        // The platform infers it from the scenarios.
        assert!(body.get("agent_id").is_none(), "{body}");
    }
}

#[test]
fn the_job_is_called_as_the_platforms_own_and_needs_no_further_line() {
    let text = component();
    assert!(text.contains("\n      default: cekura-run\n"));
    let image = format!("ghcr.io/cekura-ai/cekura-gate:{}-alpine", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&format!("\n      default: {image}\n")), "{image}");
    // Each input but those that choose can be left out.
    let head = text.split("\n---\n").next().unwrap();
    let inputs = head.matches("\n      description: ").count();
    assert_eq!(head.matches("\n      default: ").count(), inputs);
}
