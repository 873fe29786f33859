//! The examples are what they say: each suite is valid, and passes against a simulator.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use assert_cmd::Command;
use cekura_gate::document::Source;
use cekura_gate::simulate::{ManualClock, RealClock, Simulator, World};
use cekura_gate::spec;
use cekura_gate::suite::{self, model::Mode};
use serde_json::Value;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The example suites by the name of their directory.
fn suites() -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|dir| (dir.file_name().unwrap().to_string_lossy().into_owned(), dir))
        .map(|(name, dir)| (name, dir.join("cekura-gate.yml")))
        .filter(|(_, file)| file.exists())
        .collect();
    found.push(("inline".to_owned(), root().join("examples/tests-as-code/inline.yml")));
    found.sort();
    found
}

/// The gate in a directory of its own, without the variables of a CI system or an account.
fn gate(dir: &TempDir) -> Command {
    let mut command = Command::cargo_bin("cekura-gate").unwrap();
    command.env_clear().current_dir(dir.path()).env("HOME", dir.path());
    command
}

fn world_of(file: &Path) -> World {
    let text = fs::read_to_string(file).unwrap();
    let source = Source { name: "example", text: &text };
    let suite = suite::read(source, &|_| None, jiff::civil::date(2026, 11, 21))
        .unwrap_or_else(|faults| panic!("{faults}"));
    let mut suite = suite.value;
    if let Some(spec) = &suite.spec {
        let text = fs::read_to_string(file.with_file_name(spec)).unwrap();
        let spec = spec::read(Source { name: "spec", text: &text });
        suite.spec_read = Some(spec.unwrap_or_else(|faults| panic!("{faults}")).value);
    }
    World::for_suite(&suite)
}

#[test]
fn each_mode_has_an_example_and_there_are_a_quickstart_and_tests_as_code() {
    let names: BTreeSet<String> = suites().into_iter().map(|(name, _)| name).collect();
    let modes = Mode::ALL.iter().map(|mode| mode.name().to_owned());
    let others = ["quickstart", "rounds", "tests-as-code", "inline"];
    let expected: BTreeSet<String> = modes.chain(others.map(str::to_owned)).collect();
    assert_eq!(names, expected);
    for (name, file) in suites() {
        let text = fs::read_to_string(&file).unwrap();
        let schema = "# yaml-language-server: $schema=../../schema/suite.schema.json\n";
        assert!(text.starts_with(schema), "{name}");
        let is_other = others.contains(&name.as_str());
        assert!(is_other || text.contains(&format!("\nmode: {name}\n")), "{name}");
    }
}

#[test]
fn each_example_checks_without_an_account() {
    let dir = TempDir::new().unwrap();
    for (_, file) in suites() {
        gate(&dir).arg("check").arg(&file).assert().code(0);
    }
}

#[test]
fn each_example_passes_its_rehearsal_and_writes_its_reports() {
    for (name, file) in suites() {
        let dir = TempDir::new().unwrap();
        let began = Instant::now();
        gate(&dir).arg("run").arg(&file).arg("--simulate").assert().code(0);
        let took = began.elapsed().as_secs_f64();
        // The two seconds that the quickstart promises, with room for a busy machine.
        assert!(took < 10.0, "{name} took {took} s");
        let report = dir.path().join("cekura-report");
        for file in ["junit.xml", "summary.md", "result.json"] {
            let size = fs::metadata(report.join(file)).unwrap().len();
            assert!(size > 500, "{name}: {file} has {size} bytes");
        }
        let result = fs::read_to_string(report.join("result.json")).unwrap();
        let result: Value = serde_json::from_str(&result).unwrap();
        let checks = result["checks"].as_array().unwrap();
        let on_metrics: BTreeSet<&str> = checks.iter().filter_map(|c| c["name"].as_str()).collect();
        assert!(checks.len() >= 3, "{name} checks too little: {on_metrics:?}");
    }
}

#[test]
fn the_quickstart_shows_a_failure_that_the_thresholds_bear() {
    let dir = TempDir::new().unwrap();
    let file = root().join("examples/quickstart/cekura-gate.yml");
    let run = gate(&dir).arg("run").arg(file).arg("--simulate").assert().code(0);
    let account = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    for part in ["Passed", "40 runs", "Failed runs", "Latency", "exit     0"] {
        assert!(account.contains(part), "{part} is missing in:\n{account}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_example_asks_only_for_what_the_platform_knows() {
    // Against an address the gate asks at the platform's pace: all of them at once.
    let mut tasks = tokio::task::JoinSet::new();
    for (name, file) in suites() {
        tasks.spawn(async move { asks_only_for_what_the_platform_knows(&name, file).await });
    }
    tasks.join_all().await;
}

async fn asks_only_for_what_the_platform_knows(name: &str, file: PathBuf) {
    let address = "127.0.0.1:0".parse().unwrap();
    let simulator = Simulator::start(world_of(&file), address, RealClock::start()).await.unwrap();
    let url = simulator.url();
    let ask = move |command: &'static str| {
        let (url, file) = (url.clone(), file.clone());
        tokio::task::spawn_blocking(move || {
            let dir = TempDir::new().unwrap();
            let mut gate = gate(&dir);
            gate.env("CEKURA_API_KEY", "any").env("CEKURA_API_URL", url);
            gate.arg(command).arg(file).assert().code(0);
        })
    };
    ask("check").await.unwrap();
    assert_eq!(simulator.requests(), [], "{name}: a check asks nothing");
    ask("run").await.unwrap();
    assert_eq!(simulator.starts(), 1, "{name}");
    let requests = simulator.requests();
    let is_start = |path: &str| !path.contains("dry_run");
    let start = requests.iter().find(|one| one.method == "POST" && is_start(&one.path)).unwrap();
    assert_eq!(start.unknown_fields, Vec::<String>::new(), "{name}: {:?}", start.body);
    assert!(start.status < 300, "{name}: {start:?}");
}

#[tokio::test]
async fn each_world_is_served() {
    let dir = root().join("examples/worlds");
    let mut served = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let source = Source { name: "world", text: &text };
        let world = cekura_gate::document::read::<World>(source, &|_| None)
            .unwrap_or_else(|faults| panic!("{faults}"));
        let address = "127.0.0.1:0".parse().unwrap();
        Simulator::start(world.value, address, ManualClock::default()).await.unwrap();
        served += 1;
    }
    assert!(served >= 3);
}

/// The files that a page shows: their path and what stands on the page.
fn shown_files(page: &str) -> Vec<(String, String)> {
    page.split("<!-- file: ")
        .skip(1)
        .map(|part| {
            let (path, rest) = part.split_once(" -->\n").unwrap();
            let body = rest.split_once('\n').unwrap().1;
            let body = body.split_once("\n```\n").unwrap().0;
            (path.to_owned(), format!("{body}\n"))
        })
        .collect()
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn the_pages_show_each_workflow_as_it_is() {
    let mut shown = BTreeSet::new();
    for page in files_below(&root().join("docs/ci")) {
        for (path, text) in shown_files(&fs::read_to_string(&page).unwrap()) {
            let file = fs::read_to_string(root().join(&path)).unwrap();
            assert!(file == text, "{} shows another {path}", page.display());
            shown.insert(root().join(path));
        }
    }
    let mut files: BTreeSet<PathBuf> =
        files_below(&root().join("examples/workflows")).into_iter().collect();
    // Those of the agents' examples are linked from their own page.
    let linked = fs::read_to_string(root().join("docs/api-chat.md")).unwrap();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_string_lossy();
        !linked.contains(&format!("(../examples/workflows/github/{name})"))
    });
    assert_eq!(shown, files);
}

/// The examples that make several suites.
const SEVERAL: [&str; 2] =
    ["examples/together/warm-transfer.yml", "examples/batch/cekura-batch.yml"];

#[test]
fn sides_and_batches_are_shown_as_they_are_and_pass_their_rehearsal() {
    let page = fs::read_to_string(root().join("docs/many.md")).unwrap();
    let shown = shown_files(&page);
    for example in SEVERAL {
        let text = fs::read_to_string(root().join(example)).unwrap();
        assert!(
            shown.contains(&(example.to_owned(), text)),
            "docs/many.md shows another {example}"
        );
        let dir = TempDir::new().unwrap();
        gate(&dir).arg("check").arg(root().join(example)).assert().code(0);
        let run = gate(&dir).arg("run").arg(root().join(example)).arg("--simulate").assert();
        let account = String::from_utf8_lossy(&run.code(0).get_output().stdout).into_owned();
        assert!(account.contains("suites passed"), "{account}");
    }
}

#[test]
fn the_pages_link_only_to_what_exists() {
    let mut pages = files_below(&root().join("docs/ci"));
    pages.push(root().join("examples/README.md"));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let path = link.split('#').next().unwrap();
            let exists = link.contains("://") || page.parent().unwrap().join(path).exists();
            assert!(exists, "{} links to {link}", page.display());
        }
    }
}
