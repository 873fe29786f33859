//! `--format json`: standard output of every command is one JSON document, that of a failure too.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use cekura_gate::document::Source;
use cekura_gate::simulate::{RealClock, Simulator, World};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::finished::Finished;
use crate::common::{program, serving};
use crate::docs::{COMMANDS, GROUPED};

const KEY: &str = "ck_live_5up3r53cr3t";
const WORLD: &str = "
time_scale: 0
api_key: ck_live_5up3r53cr3t
agents: [{ id: 1, name: Mia }]
scenarios: [{ id: 1, name: \"One \\u001b[31m ::error::x\", pass: 0 }, { id: 2, name: Two }]
metrics: [{ id: 501, name: Workflow adherence, kind: binary, rubric: true }]
";
const SUITE: &str = "version: 1\nname: Shop\nagent: 1\nscenarios: [1, 2]\nfrequency: 3\n";

/// Each command with arguments that work, and the keys that its document has among others. The
/// first run is result 2001; its runs begin with 34501.
const TABLE: [(&str, &str, &str); 26] = [
    ("run", "run", "verdict exit_code checks result"),
    ("run", "run suites", "verdict gates"),
    ("run", "run --simulate", "verdict exit_code checks result"),
    ("run", "run --list", "suites"),
    ("run", "run --dry-run", "valid account suites"),
    ("check", "check --power", "valid account suites"),
    ("check", "check --online suites", "valid account suites"),
    ("watch", "watch 2001 --suite cekura-gate.yml", "verdict exit_code checks result"),
    (
        "judge",
        "judge cekura-report/result.json --report-dir again",
        "verdict exit_code checks result",
    ),
    ("compare", "compare 2001 2001", "verdict"),
    ("result show", "result show 2001", "result outcomes"),
    ("result end", "result end 2001", "result status"),
    ("result share", "result share 2001", "result link"),
    ("result rescore", "result rescore 2001 --metrics 501", "result scores"),
    (
        "result rescore",
        "result rescore 2002 --metrics 501 --suite cekura-gate.yml",
        "verdict exit_code checks",
    ),
    ("result rerun", "result rerun 2001", "of result"),
    ("call show", "call show RUN", "call outcome blame reason"),
    ("call end", "call end RUN", "call status"),
    ("call vote", "call vote RUN --metric 501 --down --feedback no", "call vote"),
    ("call outcome", "call outcome RUN --down", "call thumbs_up"),
    ("call critical", "call critical RUN --scenario CRITICAL --wrong", "call scenario"),
    (
        "prompt improve",
        "prompt improve --runs RUN --agent-prompt prompt.md",
        "improved_prompt diff",
    ),
    ("prompt issues", "prompt issues --runs RUN --agent-prompt prompt.md", "issues"),
    ("test-set create", "test-set create --run RUN --name Kept", "test_set"),
    ("init", "init --force --ci none --offline", "written kept next"),
    ("schema", "schema result", "properties"),
];

/// Commands that are not in the table, and why.
const LEFT_OUT: [(&str, &str); 3] = [
    ("simulate", "it serves until it is stopped: the test below"),
    ("call listen", "no call is going"),
    ("completions", "a script for a shell, refused with JSON"),
];

struct Place {
    dir: TempDir,
    env: Vec<(String, String)>,
    _served: (tokio::runtime::Runtime, Simulator),
}

impl Place {
    fn new() -> Self {
        let world = World::read(Source { name: "world", text: WORLD }, &|_| None);
        let world = world.unwrap_or_else(|faults| panic!("{faults}"));
        let runtime = serving();
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let simulator = runtime.block_on(Simulator::start(world, bind, RealClock::start()));
        let simulator = simulator.unwrap();
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("cekura-gate.yml"), SUITE).unwrap();
        fs::write(dir.path().join("prompt.md"), "Be kind.\n").unwrap();
        fs::create_dir(dir.path().join("suites")).unwrap();
        for name in ["a", "b"] {
            let path = dir.path().join(format!("suites/{name}.yml"));
            fs::write(path, SUITE.replace("Shop", name)).unwrap();
        }
        let env = vec![
            ("CEKURA_API_URL".to_owned(), simulator.url()),
            ("CEKURA_API_KEY".to_owned(), KEY.to_owned()),
            // Whose commands would stand between the lines of standard output.
            ("GITHUB_ACTIONS".to_owned(), "true".to_owned()),
        ];
        Self { dir, env, _served: (runtime, simulator) }
    }

    fn gate(&self, args: &[&str]) -> Finished {
        let output = program(self.dir.path(), &self.env, args).output().unwrap();
        Finished::of(output, self.dir.path())
    }
}

#[track_caller]
fn document(done: &Finished) -> Value {
    assert!(!done.stdout.contains('\u{1b}'), "{}", done.stdout);
    serde_json::from_str(&done.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", done.stdout, done.stderr))
}

#[test]
fn every_command_answers_in_one_document() {
    let place = Place::new();
    let first = place.gate(&["run", "--format", "json"]).expect(1);
    let run = document(&first)["result"]["runs"][0]["id"].to_string();
    let shown = document(&place.gate(&["call", "show", &run, "--format", "json"]));
    let critical = shown["call"]["critical"][0]["id"].to_string();
    for (command, args, keys) in TABLE {
        let args = args.replace("RUN", &run).replace("CRITICAL", &critical);
        let mut args: Vec<&str> = args.split(' ').collect();
        args.extend(["--format", "json"]);
        let done = place.gate(&args);
        let document = document(&done);
        assert!(document.get("error").is_none(), "{command}: {document:#}\n{}", done.stderr);
        for key in keys.split_whitespace() {
            assert!(document.get(key).is_some(), "{args:?}: no `{key}` in {document:#}");
        }
    }
}

#[test]
fn no_command_is_forgotten() {
    let below = |name: &&'static str| {
        GROUPED.iter().find(|(group, _)| group == name).map(|(_, below)| *below)
    };
    let mut missing = Vec::new();
    for name in COMMANDS {
        let leaves: Vec<String> = match below(name) {
            Some(below) => below.iter().map(|one| format!("{name} {one}")).collect(),
            None => vec![(*name).to_owned()],
        };
        let known = |leaf: &String| {
            TABLE.iter().any(|row| row.0 == leaf) || LEFT_OUT.iter().any(|row| row.0 == leaf)
        };
        missing.extend(leaves.into_iter().filter(|leaf| !known(leaf)));
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_failure_is_a_document_with_its_code() {
    let place = Place::new();
    for (args, code, words) in [
        ("run none.yml", 2, "none.yml"),
        ("run --no-such-flag", 2, "--no-such-flag"),
        ("check --agent x", 2, "--agent"),
        ("watch 77", 5, "77"),
        ("judge none.json", 2, "none.json"),
        ("compare none.json 5", 2, "none.json"),
        ("call show 77", 5, "77"),
        ("completions bash", 2, "completions"),
        ("init", 2, "cekura-gate.yml"),
    ] {
        let args: Vec<&str> = args.split(' ').chain(["--format", "json"]).collect();
        let done = place.gate(&args).expect(code);
        let document = document(&done);
        assert_eq!(document["code"], code, "{args:?}");
        let error = document["error"].as_str().unwrap();
        assert!(error.contains(words), "{args:?}: {error}");
        assert!(!done.stdout.contains(KEY), "{args:?}");
    }
    // Each fault of a file has its place.
    fs::write(place.dir.path().join("bad.yml"), "version: 1\nagnet: 1\nmode: voise\n").unwrap();
    let done = place.gate(&["check", "bad.yml", "--format=json"]).expect(2);
    let faults = document(&done)["faults"].as_array().unwrap().len();
    assert_eq!(faults, 2, "{}", done.stdout);
    // One that has more to say than text has keeps standard output for the document.
    place.gate(&["check", "--format", "markdown"]).expect(2).says("is for compare");
    let same = place.gate(&["check", "--json"]).expect(0);
    assert_eq!(document(&same), document(&place.gate(&["check", "--format=json"])));
}

#[test]
fn the_simulator_says_in_a_document_where_it_is() {
    use std::io::Read as _;
    let place = Place::new();
    let mut command = program(place.dir.path(), &[], &["simulate", "--format", "json"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    let mut out = child.stdout.take().unwrap();
    let mut byte = [0];
    while !text.contains('}') && out.read(&mut byte).unwrap() > 0 {
        text.push(char::from(byte[0]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["url"], format!("http://127.0.0.1:{}", document["port"]));
}
