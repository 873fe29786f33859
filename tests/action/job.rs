//! A job on a runner: inputs in the environment, files for outputs and summary, and the simulator.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cekura_gate::simulate::{RealClock, Simulator, World};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Says so when there is no bash to run the steps with.
pub(crate) fn bash_is_missing() -> bool {
    let missing = Command::new("bash").arg("--version").output().is_err();
    if missing {
        eprintln!("passed over: there is no bash to run the action's steps with");
    }
    missing
}

/// What a shell would stumble over.
pub(crate) const HOSTILE: &str =
    "a\" 'b' $(touch pwned) `touch pwned` ${HOME} \\ ; touch pwned & *";

/// A job on a runner.
pub(crate) struct Job {
    pub(crate) dir: TempDir,
    pub(crate) simulator: Simulator,
}

/// What a step left behind.
pub(crate) struct Step {
    pub(crate) output: Output,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: String,
}

impl Step {
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub(crate) fn log(&self) -> String {
        let (out, err) = (&self.output.stdout, &self.output.stderr);
        format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
    }
}

impl Job {
    pub(crate) async fn new() -> Self {
        Self::at_pace(0).await
    }

    /// With calls at this many times their pace; 0 ends all at once.
    pub(crate) async fn at_pace(time_scale: u32) -> Self {
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
        let simulator = Simulator::start(world, address, RealClock::start()).await.unwrap();
        Self { dir: TempDir::new().unwrap(), simulator }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs one of the action's scripts with the environment that a runner gives it.
    pub(crate) async fn step(&self, script: &str, variables: &[(&str, &str)]) -> Step {
        self.script(&root().join(format!("ci/action/{script}.sh")), variables).await
    }

    pub(crate) async fn script(&self, script: &Path, variables: &[(&str, &str)]) -> Step {
        // `exec` keeps the id of the process.
        self.line("echo $$ >\"$HOME/pid\"; exec bash \"$0\"", script, variables).await
    }

    async fn line(&self, line: &str, script: &Path, variables: &[(&str, &str)]) -> Step {
        for file in ["output", "summary"] {
            fs::write(self.path(file), "").unwrap();
        }
        let mut command = Command::new("bash");
        command.env_clear().current_dir(self.dir.path());
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c"]);
        command.arg(line).arg(script);
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
    pub(crate) async fn run(&self, inputs: &[(&str, &str)]) -> Step {
        let installed = self.step("install", &[("INPUT_BINARY", binary())]).await;
        assert_eq!(installed.code(), Some(0), "{}", installed.log());
        let declared = inputs_of_the_action();
        let mut variables: BTreeMap<String, &str> =
            declared.iter().map(|name| (variable(name), "")).collect();
        let url = self.simulator.url();
        variables.insert("INPUT_API_URL".into(), &url);
        variables.insert("INPUT_API_KEY".into(), "key-of-the-action");
        for (name, value) in inputs {
            assert!(declared.iter().any(|input| input == name), "{name} is no input");
            variables.insert(variable(name), value);
        }
        variables.insert("GATE_BINARY".into(), &installed.outputs["binary"]);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let line = run_of_the_gate();
        self.line(&format!("echo $$ >\"$HOME/pid\"; {line}"), Path::new("gate"), &variables).await
    }

    /// The body of the only start.
    pub(crate) fn start(&self) -> Value {
        let requests = self.simulator.requests();
        let starts: Vec<_> = requests.iter().filter(|request| request.method == "POST").collect();
        assert_eq!(starts.len(), 1, "{starts:?}");
        assert_eq!(starts[0].unknown_fields, Vec::<String>::new());
        starts[0].body.clone().unwrap()
    }
}

pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_cekura-gate")
}

pub(crate) fn variable(input: &str) -> String {
    format!("INPUT_{}", input.to_uppercase())
}

pub(crate) fn action() -> String {
    fs::read_to_string(root().join("action.yml")).unwrap()
}

/// The script of the action's last step.
pub(crate) fn run_of_the_gate() -> String {
    action().lines().rev().find_map(|line| line.trim().strip_prefix("run: ")).unwrap().to_owned()
}

/// The names of two-space keys in a block of action.yml.
pub(crate) fn names_in(block: &str) -> Vec<String> {
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

pub(crate) fn inputs_of_the_action() -> Vec<String> {
    names_in("inputs")
}

/// Reads the outputs as a runner does: `name=value` or `name<<delimiter`, the last one wins.
pub(crate) fn outputs(text: &str) -> BTreeMap<String, String> {
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
