//! The GitHub action's steps as a runner runs them: inputs in the environment, files for outputs
//! and summary, the scripts of `ci/action` between them and the gate.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it passes over"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cekura_gate::simulate::{RealClock, StandIn, World};
use serde_json::{Value, json};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Says so when there is no bash to run the steps with.
fn bash_is_missing() -> bool {
    let missing = Command::new("bash").arg("--version").output().is_err();
    if missing {
        eprintln!("passed over: there is no bash to run the action's steps with");
    }
    missing
}

/// What a shell would stumble over.
const HOSTILE: &str = "a\" 'b' $(touch pwned) `touch pwned` ${HOME} \\ ; touch pwned & *";

/// A job on a runner.
struct Job {
    dir: TempDir,
    stand_in: StandIn,
}

/// What a step left behind.
struct Step {
    output: Output,
    outputs: BTreeMap<String, String>,
    summary: String,
}

impl Step {
    fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    fn log(&self) -> String {
        let (out, err) = (&self.output.stdout, &self.output.stderr);
        format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
    }
}

impl Job {
    async fn new() -> Self {
        Self::at_pace(0).await
    }

    /// With calls at this many times their pace; 0 ends all at once.
    async fn at_pace(time_scale: u32) -> Self {
        let world: World = serde_json::from_value(json!({
            "time_scale": time_scale,
            "projects": [{"id": 1376, "name": "Shop"}],
            "agents": [{"id": 123, "name": "Mia", "project": 1376}],
            "personalities": [{"id": 3, "name": "Calm"}],
            "test_profiles": [{"id": 20, "name": "Dana"}],
            "scenarios": [
                {"id": 101, "name": "Where is my order", "tags": ["smoke"]},
                {"id": 102, "name": "Return shoes", "tags": ["smoke", "two words", HOSTILE]},
                {"id": 103, "name": "Broken", "pass": 0},
            ],
        }))
        .unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let stand_in = StandIn::start(world, address, RealClock::start()).await.unwrap();
        Self { dir: TempDir::new().unwrap(), stand_in }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs one of the action's scripts with the environment that a runner gives it.
    async fn step(&self, script: &str, variables: &[(&str, &str)]) -> Step {
        self.script(&root().join(format!("ci/action/{script}.sh")), variables).await
    }

    async fn script(&self, script: &Path, variables: &[(&str, &str)]) -> Step {
        for file in ["output", "summary"] {
            fs::write(self.path(file), "").unwrap();
        }
        let mut command = Command::new("bash");
        command.env_clear().current_dir(self.dir.path());
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c"]);
        // As in action.yml. `exec` keeps the id of the process.
        command.arg("echo $$ >\"$HOME/pid\"; exec bash \"$0\"").arg(script);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path()).env("RUNNER_TEMP", self.dir.path());
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_ACTION_PATH", root());
        command.env("GITHUB_OUTPUT", self.path("output"));
        command.env("GITHUB_STEP_SUMMARY", self.path("summary"));
        command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64");
        command.envs(variables.iter().copied());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let outputs = outputs(&fs::read_to_string(self.path("output")).unwrap());
        let summary = fs::read_to_string(self.path("summary")).unwrap();
        Step { output, outputs, summary }
    }

    /// Both steps. Inputs are named as in action.yml; those that are not given are empty, as there.
    async fn run(&self, inputs: &[(&str, &str)]) -> Step {
        let installed = self.step("install", &[("INPUT_BINARY", binary())]).await;
        assert_eq!(installed.code(), Some(0), "{}", installed.log());
        let declared = inputs_of_the_action();
        let mut variables: BTreeMap<String, &str> =
            declared.iter().map(|name| (variable(name), "")).collect();
        let url = self.stand_in.url();
        variables.insert("INPUT_API_URL".into(), &url);
        variables.insert("INPUT_API_KEY".into(), "key-of-the-action");
        for (name, value) in inputs {
            assert!(declared.iter().any(|input| input == name), "{name} is no input");
            variables.insert(variable(name), value);
        }
        variables.insert("GATE_BINARY".into(), &installed.outputs["binary"]);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.step("run", &variables).await
    }

    /// The body of the only start.
    fn start(&self) -> Value {
        let requests = self.stand_in.requests();
        let starts: Vec<_> = requests.iter().filter(|request| request.method == "POST").collect();
        assert_eq!(starts.len(), 1, "{starts:?}");
        assert_eq!(starts[0].unknown_fields, Vec::<String>::new());
        starts[0].body.clone().unwrap()
    }
}

fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_cekura-gate")
}

fn variable(input: &str) -> String {
    format!("INPUT_{}", input.to_uppercase())
}

fn action() -> String {
    fs::read_to_string(root().join("action.yml")).unwrap()
}

/// The names of two-space keys in a block of action.yml.
fn names_in(block: &str) -> Vec<String> {
    let text = action();
    let after = text.split_once(&format!("\n{block}:\n")).unwrap().1;
    after
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with([' ', '#']))
        .map(str::to_owned)
        .collect()
}

fn inputs_of_the_action() -> Vec<String> {
    names_in("inputs")
}

/// Reads the outputs as a runner does: `name=value` or `name<<delimiter`, the last one wins.
fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, delimiter)) = line.split_once("<<") {
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            outputs.insert(name.to_owned(), value.join("\n"));
        } else {
            let (name, value) = line.split_once('=').unwrap();
            outputs.insert(name.to_owned(), value.to_owned());
        }
    }
    outputs
}

#[test]
fn the_action_takes_every_name_of_the_platforms_own_actions() {
    let inputs = inputs_of_the_action();
    let theirs = "agent_id scenario_ids tags execution_mode livekit_data phone_number name api_url \
                  frequency timeout api_key spec pipecat_data dry_run concurrency_limit share_link";
    for name in theirs.split_whitespace() {
        assert!(inputs.iter().any(|input| input == name), "{name}");
    }
    let outputs = names_in("outputs");
    let theirs = "result_url result_id passed total_runs success_runs valid summary_file";
    for name in theirs.split_whitespace() {
        assert!(outputs.iter().any(|output| output == name), "{name}");
    }
}

#[test]
fn no_script_of_the_action_holds_an_expression_and_every_input_reaches_one() {
    let text = action();
    let runs = text.lines().filter_map(|line| line.trim_start().strip_prefix("run: "));
    let scripts: Vec<&str> = runs.collect();
    let script = |name| format!("exec bash \"$GITHUB_ACTION_PATH/ci/action/{name}.sh\"");
    assert_eq!(scripts, [script("install"), script("run")]);
    for name in inputs_of_the_action() {
        let passed = format!("INPUT_{}: ${{{{ inputs.{name} }}}}", name.to_uppercase());
        assert!(text.contains(&passed), "{passed}");
    }
}

#[tokio::test]
async fn the_inputs_of_the_platforms_action_start_the_same_run() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let step = job
        .run(&[
            ("agent_id", "123"),
            ("scenario_ids", "101, 102"),
            ("tags", "smoke , two words"),
            ("execution_mode", "voice"),
            ("phone_number", "+14155550100"),
            ("name", "Nightly"),
            ("frequency", "2"),
            ("timeout", "600"),
            ("concurrency_limit", "4"),
            ("mock_tool_names", "lookup_order, it's \"quoted\""),
        ])
        .await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    let body = job.start();
    assert_eq!(body["agent_id"], 123);
    assert_eq!(body["scenarios"], json!([101, 102]));
    assert_eq!(body["tags"], json!(["smoke", "two words"]));
    assert_eq!(body["outbound_phone_number"], "+14155550100");
    assert_eq!((&body["frequency"], &body["concurrency_limit"]), (&json!(2), &json!(4)));
    assert_eq!(body["mock_tool_names"], json!(["lookup_order", "it's \"quoted\""]));
    assert!(body["name"].as_str().unwrap().starts_with("Nightly"), "{body}");

    assert_eq!(step.outputs["verdict"], "pass");
    assert_eq!(step.outputs["passed"], "true");
    assert_eq!(step.outputs["exit_code"], "0");
    assert_eq!(step.outputs["total_runs"], "4");
    assert!(step.outputs["result_id"].parse::<u64>().is_ok());
    assert!(job.path(&step.outputs["junit"]).exists());
    assert!(job.path(&step.outputs["summary_file"]).exists());
    assert!(step.summary.contains("Nightly"), "{}", step.summary);
    // Each output of the action is one that the step can have.
    for line in action().lines() {
        let Some(name) = line.split_once("steps.gate.outputs.") else { continue };
        let name = name.1.trim_end_matches(" }}");
        assert!(name == "valid" || step.outputs.contains_key(name), "{name}");
    }
    assert!(!step.log().contains("key-of-the-action"));
}

#[tokio::test]
async fn a_failed_gate_fails_the_step_and_still_publishes() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    fs::create_dir(job.path("service")).unwrap();
    let inputs =
        [("agent_id", "123"), ("scenario_ids", "101,103"), ("working_directory", "service")];
    let step = job.run(&inputs).await;
    assert!(job.path("service").join(&step.outputs["junit"]).exists(), "{}", step.log());
    assert_eq!(step.code(), Some(1), "{}", step.log());
    assert_eq!(step.outputs["passed"], "false");
    assert_eq!(step.outputs["exit_code"], "1");
    assert_eq!(step.outputs["failed_runs"], "1");
    assert!(step.log().contains("::error "), "{}", step.log());
    assert!(step.summary.contains("Failed"));
}

#[tokio::test]
async fn json_overrides_reach_the_request() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let data =
        "{\n  \"agent_name\": \"bot-pr-42\",\n  \"config\": {\"room\": \"${HOME} a: b #\"}\n}\n";
    let inputs = [
        ("agent_id", "123"),
        ("scenario_ids", "101"),
        ("execution_mode", "livekit_v2"),
        ("livekit_data", data),
    ];
    let step = job.run(&inputs).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    let sent = &job.start()["livekit_data"];
    assert_eq!(*sent, json!({"agent_name": "bot-pr-42", "config": {"room": "${HOME} a: b #"}}));

    let job = Job::new().await;
    let inputs = [
        ("agent_id", "123"),
        ("scenario_ids", "101"),
        ("execution_mode", "pipecat_v2"),
        ("pipecat_data", "{\"pipecat_agent_name\": \"bot-pr-42\"}"),
    ];
    let step = job.run(&inputs).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    assert_eq!(job.start()["pipecat_data"], json!({"pipecat_agent_name": "bot-pr-42"}));
}

#[tokio::test]
async fn a_hostile_value_is_data() {
    if bash_is_missing() {
        return;
    }
    let hostile = HOSTILE;
    let job = Job::new().await;
    let inputs = [
        ("agent_id", "123"),
        ("tags", hostile),
        ("scenario_ids", "101"),
        ("name", hostile),
        ("mock_tool_names", hostile),
        ("report_dir", "$(touch pwned) reports"),
    ];
    let step = job.run(&inputs).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    let body = job.start();
    assert_eq!(body["tags"], json!([hostile]));
    assert_eq!(body["mock_tool_names"], json!([hostile]));
    assert!(body["name"].as_str().unwrap().starts_with(hostile), "{body}");
    assert!(job.path("$(touch pwned) reports/junit.xml").exists());
    assert!(!job.path("pwned").exists());
}

#[tokio::test]
async fn a_value_with_lines_forges_neither_an_output_nor_a_key_of_the_suite() {
    if bash_is_missing() {
        return;
    }
    let lines = "x\npassed=true\nverdict<<E\npass\nE\n::error::forged";
    let passes = "\nthresholds: { success_rate: \">= 0%\" }";
    let phone = format!("+14155550100\" }}{passes}");
    let object = format!("{{}}{passes}");
    for (input, value) in [
        ("name", lines),
        ("tags", lines),
        ("agent_id", lines),
        ("timeout", lines),
        ("phone_number", &phone),
        ("livekit_data", &object),
        ("spec", "x\nthresholds: {}"),
    ] {
        let job = Job::new().await;
        let mode = if input == "livekit_data" { "livekit_v2" } else { "voice" };
        let mut inputs =
            vec![("agent_id", "123"), ("scenario_ids", "103"), ("execution_mode", mode)];
        inputs.push((input, value));
        let step = job.run(&inputs).await;
        // Refused, or carried as it is and judged by the default thresholds.
        assert!(matches!(step.code(), Some(1 | 2)), "{input}: {}", step.log());
        let passed = step.outputs.get("passed").map(String::as_str);
        assert!(matches!(passed, None | Some("false")), "{input}: {:?}", step.outputs);
        let verdict = step.outputs.get("verdict").map(String::as_str);
        assert!(matches!(verdict, None | Some("fail")), "{input}: {:?}", step.outputs);
        let log = step.log();
        let forged = log.lines().find(|line| line.trim_start().starts_with("::error::forged"));
        assert_eq!(forged, None, "{input}");
    }
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused() {
    if bash_is_missing() {
        return;
    }
    fn told(inputs: &[(&str, &str)], step: &Step) -> String {
        let log = step.log();
        assert_eq!(step.code(), Some(2), "{inputs:?}: {log}");
        log
    }
    let job = Job::new().await;
    fs::write(job.path("suite.yml"), "version: 1\nagent: 123\nscenarios: [101]\n").unwrap();
    for (inputs, part) in [
        ([("suite", "suite.yml"), ("livekit_data", "{}")], "cannot stand beside `suite`"),
        ([("agent_id", "123"), ("livekit_data", "[1]")], "is not a JSON object"),
        ([("suite", "suite.yml"), ("dry_run", "perhaps")], "neither true nor false"),
        ([("suite", "suite.yml"), ("args", "--nonsense")], "--nonsense"),
        ([("suite", "suite.yml"), ("working_directory", "nowhere")], "names no directory"),
        ([("suite", "suite.yml"), ("execution_mode", "pigeon")], "pigeon"),
    ] {
        let log = told(&inputs, &job.run(&inputs).await);
        assert!(log.contains(part), "{part} is missing in {log}");
    }
    assert_eq!(job.stand_in.starts(), 0);
}

#[tokio::test]
async fn a_dry_run_starts_nothing_and_says_whether_the_suite_is_valid() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let step = job.run(&[("agent_id", "123"), ("scenario_ids", "101"), ("dry_run", "true")]).await;
    assert_eq!((step.code(), step.outputs["valid"].as_str()), (Some(0), "true"), "{}", step.log());
    let step = job.run(&[("scenario_ids", "101"), ("dry_run", "true")]).await;
    assert_eq!((step.code(), step.outputs["valid"].as_str()), (Some(2), "false"));
    assert_eq!(job.stand_in.starts(), 0);
}

#[tokio::test]
async fn a_cancelled_step_ends_its_calls() {
    if bash_is_missing() {
        return;
    }
    let job = Job::at_pace(1).await;
    let output = job.path("output");
    let cancel = tokio::task::spawn_blocking(move || {
        // The id is published before the first question about the result.
        let started = || fs::read_to_string(&output).is_ok_and(|text| text.contains("result_id"));
        while !started() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let pid = fs::read_to_string(output.with_file_name("pid")).unwrap();
        // As the runner does: to the process of the step alone.
        let script = format!("kill -s INT {}", pid.trim());
        Command::new("bash").args(["-c", &script]).status().unwrap()
    });
    let step = job.run(&[("agent_id", "123"), ("scenario_ids", "101,102")]).await;
    assert!(cancel.await.unwrap().success());
    assert_eq!(step.code(), Some(130), "{}", step.log());
    assert!(step.outputs["result_id"].parse::<u64>().is_ok());
    let requests = job.stand_in.requests();
    assert!(requests.iter().any(|one| one.path.ends_with("/end_calls/")), "{requests:?}");
}

/// A copy of what the action needs, with a release that it knows the checksum of, and a `curl`
/// that gives `archive` for every address.
fn released(job: &Job, archive: &[u8], known: &[u8]) -> (String, String) {
    let action = job.path("action");
    fs::create_dir_all(action.join("ci")).unwrap();
    fs::write(action.join("Cargo.toml"), "[package]\nversion = \"1.2.3\"\n").unwrap();
    let name = "cekura-gate-1.2.3-x86_64-unknown-linux-musl.tar.gz";
    fs::write(job.path("known"), known).unwrap();
    let sum = Command::new("sha256sum").arg(job.path("known")).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    let sum = sum.split(' ').next().unwrap();
    fs::write(action.join("ci/checksums.txt"), format!("# released\n{sum}  {name}\n")).unwrap();
    fs::write(job.path("archive"), archive).unwrap();
    let tools = job.path("tools");
    fs::create_dir_all(&tools).unwrap();
    let copy = "while [ $# -gt 1 ]; do [ \"$1\" != --output ] || out=$2; shift; done";
    let last = "echo \"$1\" >\"$HOME/asked\"; cp \"$HOME/archive\" \"$out\"";
    let curl = tools.join("curl");
    fs::write(&curl, format!("#!/usr/bin/env bash\n{copy}\n{last}\n")).unwrap();
    fs::set_permissions(&curl, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    (action.display().to_string(), format!("{}:{path}", tools.display()))
}

#[tokio::test]
async fn a_release_is_taken_when_it_is_the_file_that_was_released() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    fs::create_dir(job.path("pack")).unwrap();
    let program = job.path("pack/cekura-gate");
    fs::write(&program, "#!/bin/sh\necho cekura-gate 1.2.3\n").unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(job.path("pack")).args(["-czf", "-", "cekura-gate"]);
    let archive = tar.output().unwrap().stdout;

    for (known, code) in [(archive.as_slice(), 0), (b"another file".as_slice(), 2)] {
        let (action, path) = released(&job, &archive, known);
        let variables = [("GITHUB_ACTION_PATH", action.as_str()), ("PATH", &path)];
        let step = job.script(&root().join("ci/action/install.sh"), &variables).await;
        assert_eq!(step.code(), Some(code), "{}", step.log());
        assert_eq!(step.outputs.contains_key("binary"), code == 0);
        let asked = fs::read_to_string(job.path("asked")).unwrap();
        assert!(
            asked
                .trim()
                .ends_with("/download/v1.2.3/cekura-gate-1.2.3-x86_64-unknown-linux-musl.tar.gz")
        );
    }
}

#[tokio::test]
async fn an_install_without_a_known_checksum_is_refused() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    for (version, part) in
        [("99.0.0", "has no checksum here"), ("$(touch pwned)", "neither a version")]
    {
        let step = job.step("install", &[("INPUT_VERSION", version)]).await;
        assert_eq!(step.code(), Some(2), "{}", step.log());
        assert!(step.log().contains(part), "{}", step.log());
    }
    assert!(!job.path("pwned").exists());
}
