//! A report that cannot be written takes a pass back: the process, the terminal and every file that
//! could be written say so alike, of one suite and of several.

use std::fs;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::harness::{Finished, GOOD, Gate, SUITE, slow, world};

fn json(gate: &Gate, path: &str) -> Value {
    serde_json::from_slice(&fs::read(gate.dir.path().join(path)).unwrap()).unwrap()
}

fn text(gate: &Gate, path: &str) -> String {
    fs::read_to_string(gate.dir.path().join(path)).unwrap()
}

/// A gate in GitHub's system whose step summary is a directory: nothing can be appended to it.
fn without_summary(world: &str) -> Gate {
    let mut gate = Gate::against(world, SUITE);
    fs::create_dir(gate.dir.path().join("step")).unwrap();
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_STEP_SUMMARY", "step");
    gate.env("GITHUB_OUTPUT", "output");
    gate
}

fn add_second(gate: &Gate) {
    let second = SUITE.replace("name: Checkout", "name: Returns");
    fs::write(gate.dir.path().join("second.yml"), second).unwrap();
}

/// That nothing of a gate that ended with 6 says that it passed.
#[track_caller]
fn says_6_everywhere(finished: &Finished, gate: &Gate, files: &[&str]) {
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(said.contains("a report could not be written"), "{said}");
    assert!(!said.starts_with('✓') && !said.contains("exit     0"), "{said}");
    for file in files {
        let file = format!("cekura-report/{file}");
        let text = text(gate, &file);
        assert!(!text.starts_with("# ✅"), "{file}:\n{text}");
        assert!(text.contains("could not be written"), "{file}:\n{text}");
        let is_red = text.contains("<error") && text.contains("\"exit_code\" value=\"6\"");
        assert!(!file.ends_with(".xml") || is_red, "{file}:\n{text}");
    }
}

#[test]
fn of_one_suite_code_terminal_and_files_agree() {
    let gate = without_summary(GOOD);
    let finished = gate.run(&["run"]).expect(6);
    says_6_everywhere(&finished, &gate, &["summary.md", "junit.xml", "html/index.html"]);
    let result = finished.result();
    assert_eq!((&result["exit_code"], &result["verdict"]), (&6.into(), &"inconclusive".into()));
    let outputs = text(&gate, "output");
    assert!(outputs.contains("\n6\n") && !outputs.contains("\npass\n"), "{outputs}");
}

#[test]
fn of_several_suites_code_terminal_index_and_files_agree() {
    let gate = without_summary(GOOD);
    add_second(&gate);
    let finished = gate.run(&["run", "cekura-gate.yml", "second.yml"]).expect(6);
    says_6_everywhere(&finished, &gate, &["summary.md", "junit.xml", "html/index.html"]);
    let index = json(&gate, "cekura-report/gates.json");
    assert_eq!((&index["exit_code"], &index["verdict"]), (&6.into(), &"inconclusive".into()));
    let outputs = text(&gate, "output");
    assert!(outputs.contains("\n6\n") && !outputs.contains("\npass\n"), "{outputs}");
    // Each suite passed, and its own report was written: it keeps its own answer.
    for part in index["gates"].as_array().unwrap() {
        let own =
            json(&gate, &format!("cekura-report/{}/result.json", part["dir"].as_str().unwrap()));
        assert_eq!(own["exit_code"], part["exit_code"], "{part}");
        assert_eq!(own["verdict"], part["verdict"], "{part}");
    }
}

#[test]
fn what_cannot_be_written_hides_no_other_code() {
    let failing = world("0", "0");
    let gate = without_summary(&failing);
    assert_eq!(gate.run(&["run"]).expect(1).result()["exit_code"], 1);
    add_second(&gate);
    gate.run(&["run", "cekura-gate.yml", "second.yml"]).expect(1);
    let index = json(&gate, "cekura-report/gates.json");
    assert_eq!((&index["exit_code"], &index["verdict"]), (&1.into(), &"fail".into()));
}

/// Runs a gate of these suites, in whose way a directory is put once its calls are going.
fn with_a_directory_at(path: &str, suites: &[&str]) -> (Gate, Finished) {
    let world = slow().replace("time_scale: 1", "time_scale: 40\nevaluate: 0\nstart_rate: 1000");
    let world = world.replace("mean: 3600", "mean: 40");
    let gate = Gate::against(&world, SUITE);
    add_second(&gate);
    let args = [&["run"], suites].concat();
    let mut command = gate.command(&args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while gate.simulator().starts() < suites.len() {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing starts");
        std::thread::sleep(Duration::from_millis(5));
    }
    let path = gate.dir.path().join("cekura-report").join(path);
    let _ = fs::remove_file(&path);
    fs::create_dir_all(path.join("in the way")).unwrap();
    let output: Output = child.wait_with_output().unwrap();
    let finished = Finished::of(output, gate.dir.path());
    (gate, finished)
}

#[test]
fn a_directory_in_the_place_of_a_file_is_a_report_that_could_not_be_written() {
    let one = ["cekura-gate.yml"];
    for (path, others) in [("summary.md", ["junit.xml"]), ("junit.xml", ["summary.md"])] {
        let (gate, finished) = with_a_directory_at(path, &one);
        let finished = finished.expect(6);
        says_6_everywhere(&finished, &gate, &others);
        assert_eq!(finished.result()["exit_code"], 6);
    }
    let both = ["cekura-gate.yml", "second.yml"];
    for (path, others) in [("summary.md", ["junit.xml"]), ("junit.xml", ["summary.md"])] {
        let (gate, finished) = with_a_directory_at(path, &both);
        let finished = finished.expect(6);
        says_6_everywhere(&finished, &gate, &others);
        let index = json(&gate, "cekura-report/gates.json");
        assert_eq!((&index["exit_code"], &index["verdict"]), (&6.into(), &"inconclusive".into()));
    }
}

#[test]
fn a_suite_of_several_whose_report_could_not_be_written_makes_the_whole_6() {
    let both = ["cekura-gate.yml", "second.yml"];
    let (gate, finished) = with_a_directory_at("second/summary.md", &both);
    let finished = finished.expect(6);
    says_6_everywhere(&finished, &gate, &["junit.xml"]);
    let index = json(&gate, "cekura-report/gates.json");
    assert_eq!((&index["exit_code"], &index["verdict"]), (&6.into(), &"inconclusive".into()));
    let own = json(&gate, "cekura-report/second/result.json");
    assert_eq!(own["exit_code"], 6);
}
