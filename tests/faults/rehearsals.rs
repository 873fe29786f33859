//! The example fault scripts do what they say, inside one process.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn rehearse(faults: &Path, flags: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_cekura-gate"))
        .args(["run", "--simulate"])
        .arg(example("quickstart/cekura-gate.yml"))
        .arg("--faults")
        .arg(faults)
        .args(flags)
        .current_dir(dir.path())
        .env_clear()
        .env("HOME", dir.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn ends(name: &str, flags: &[&str], code: i32, words: &str) {
    let output = rehearse(&example("faults").join(name), flags);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{name}:\n{said}");
    let flat: Vec<&str> = said.split_whitespace().collect();
    assert!(flat.join(" ").contains(words), "{name}: `{words}` is not in:\n{said}");
}

#[test]
fn each_example_ends_as_it_says() {
    ends("chaos.yml", &[], 0, "the answer to the start was lost");
    ends("lost-start.yml", &[], 5, "was not started again");
    ends("outage.yml", &[], 5, "cekura-gate watch 2001");
    ends("never-ends.yml", &["--timeout", "2s"], 4, "the calls");
    let count = std::fs::read_dir(example("faults")).unwrap().count();
    assert_eq!(count, 4, "an example is missing here");
}

#[test]
fn faults_go_with_simulate_only_and_must_be_a_fault_script() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.yml");
    std::fs::write(&path, "rules: [{ drop: late }]").unwrap();
    let output = rehearse(&path, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("bad.yml:1:17"));
    let alone = Command::new(env!("CARGO_BIN_EXE_cekura-gate"))
        .args(["run", "--faults", "x.yml"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(alone.status.code(), Some(2));
}

#[test]
fn the_schema_of_fault_scripts_is_the_one_checked_in() {
    let printed = Command::new(env!("CARGO_BIN_EXE_cekura-gate"))
        .args(["schema", "faults"])
        .output()
        .unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/faults.schema.json");
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        checked_in,
        String::from_utf8_lossy(&printed.stdout),
        "write it again: cekura-gate schema faults > schema/faults.schema.json"
    );
}
