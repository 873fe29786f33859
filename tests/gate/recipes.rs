//! The recipes of the docs that go on when there was not enough evidence: they test the code of the
//! gate, which an outage and a timeout do not share, and not its verdict, which they do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::harness::{GOOD, Gate, SUITE, slow, world};

fn doc(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci").join(name);
    fs::read_to_string(path).unwrap()
}

/// The block of a YAML file that stands below `key: |`, without its indentation.
fn script_below(text: &str, key: &str) -> String {
    let mut lines = text.lines().skip_while(|line| !line.trim_end().ends_with(key));
    let head = lines.next().unwrap_or_else(|| panic!("no `{key}` in:\n{text}"));
    let depth = head.len() - head.trim_start_matches(['-', ' ']).len();
    let block = lines
        .take_while(|line| line.trim().is_empty() || line.len() - line.trim_start().len() > depth);
    block.map(|line| format!("{}\n", line.trim())).collect()
}

/// The code of a script in whose `PATH` a gate ends with `code`.
fn code_of(script: &str, code: i32) -> i32 {
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for (name, text) in
        [("cekura-gate", format!("exit {code}")), ("buildkite-agent", "exit 0".to_owned())]
    {
        let path: PathBuf = bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let status = Command::new("bash")
        .args(["-e", "-c", script])
        .current_dir(dir.path())
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    status.code().unwrap()
}

/// Each code of a gate, and whether the pipeline goes on.
const CODES: [(i32, bool); 7] =
    [(0, true), (1, false), (2, false), (3, true), (4, false), (5, false), (6, false)];

#[test]
fn the_shell_of_azure_and_circleci_goes_on_with_3_alone() {
    let azure = script_below(&doc("azure-pipelines.md"), "- bash: |");
    let circleci = doc("circleci.md");
    let circleci = circleci.split('`').find(|code| code.contains("$?")).unwrap();
    for script in [azure.as_str(), circleci] {
        assert!(script.contains("cekura-gate run"), "{script}");
        for (code, goes_on) in CODES {
            assert_eq!(code_of(script, code) == 0, goes_on, "{code}:\n{script}");
        }
    }
}

#[test]
fn the_shell_of_buildkite_hands_the_code_on_and_3_alone_fails_softly() {
    let page = doc("buildkite.md");
    // `$$` is how a pipeline writes `$`.
    let script = script_below(&page, "command: |").replace("$$", "$");
    for (code, _) in CODES {
        assert_eq!(code_of(&script, code), code, "{script}");
    }
    let soft: Vec<&str> = page.lines().filter(|line| line.contains("exit_status:")).collect();
    assert_eq!(soft.iter().map(|line| line.trim()).collect::<Vec<_>>(), ["- exit_status: 3"]);
}

#[test]
fn gitlab_and_jenkins_go_on_with_3_alone() {
    let allowed = doc("gitlab.md");
    let allowed: Vec<&str> =
        allowed.lines().filter(|line| line.contains("exit_codes: [")).collect();
    assert_eq!(allowed.iter().map(|line| line.trim()).collect::<Vec<_>>(), ["exit_codes: [3]"]);
    // The code decides, and all others are an error.
    let jenkins = doc("jenkins.md");
    let lines: Vec<&str> = jenkins.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with("unstable(")).unwrap();
    assert_eq!(lines[at - 1], "case 3:");
    assert_eq!((lines[at + 2], lines[at + 3].starts_with("error(")), ("default:", true));
}

/// The outputs that a gate writes for GitHub's later steps.
fn outputs(gate: &mut Gate, args: &[&str], code: i32) -> BTreeMap<String, String> {
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_OUTPUT", "output");
    gate.run(args).expect(code);
    let text = fs::read_to_string(gate.dir.path().join("output")).unwrap();
    let mut lines = text.lines();
    let mut outputs = BTreeMap::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}

/// Whether a condition of GitHub's holds that joins comparisons of outputs with `&&`.
fn holds(condition: &str, outputs: &BTreeMap<String, String>) -> bool {
    condition.split("&&").all(|one| {
        let (operator, equal) = if one.contains("!=") { ("!=", false) } else { ("==", true) };
        let (name, value) = one.split_once(operator).unwrap();
        let name = name.trim().rsplit('.').next().unwrap();
        let seen = outputs.get(name).map(String::as_str).unwrap_or_default();
        (seen == value.trim().trim_matches('\'')) == equal
    })
}

#[test]
fn the_recipe_for_github_stops_for_everything_but_a_pass_and_3() {
    let page = doc("github-actions.md");
    let recipe = page.split("not enough evidence:").nth(1).unwrap();
    let condition = recipe.split("- if: ${{").nth(1).unwrap().split("}}").next().unwrap();
    let mut unreachable = Gate::alone(SUITE);
    unreachable.env("CEKURA_API_KEY", "key");
    unreachable.env("CEKURA_API_URL", "http://127.0.0.1:9");
    let run = ["run", "--timeout", "1s"];
    for (mut gate, code, stops) in [
        (Gate::against(GOOD, SUITE), 0, false),
        (Gate::against(&world("0", "0"), SUITE), 1, true),
        (Gate::against(&world("1", "1"), SUITE), 3, false),
        (Gate::against(&slow(), SUITE), 4, true),
        (unreachable, 5, true),
    ] {
        let mut outputs = outputs(&mut gate, &run, code);
        assert_eq!(outputs["exit_code"], code.to_string());
        let outcome = if code == 0 { "success" } else { "failure" };
        outputs.insert("outcome".to_owned(), outcome.to_owned());
        assert_eq!(holds(condition, &outputs), stops, "{code}: {condition}");
    }
}
