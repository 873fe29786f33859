//! The questions that `docs/reports.md` asks of a `result.json` are answered. Needs `jq`; where it is
//! missing the test says so and passes over it.

use std::path::Path;
use std::process::Command;

#[test]
fn every_question_in_the_docs_has_an_answer() {
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("passed over: there is no jq here");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("docs/reports.md")).unwrap();
    let block = docs.split("```sh jq\n").nth(1).unwrap().split("```").next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let suite = root.join("examples/quickstart/cekura-gate.yml");
    let world = root.join("examples/worlds/regression.yml");
    let gate = Command::new(env!("CARGO_BIN_EXE_cekura-gate"))
        .args(["run".as_ref(), suite.as_os_str(), "--quiet".as_ref(), "--report-dir=.".as_ref()])
        .arg(format!("--simulate={}", world.display()))
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(gate.status.code(), Some(1), "{gate:?}");
    let questions: Vec<&str> = block.split("\n\n").filter(|text| !text.trim().is_empty()).collect();
    assert!(questions.len() >= 5);
    for question in questions {
        let asked = Command::new("sh").args(["-ec", question]).current_dir(dir.path()).output();
        let answer = asked.unwrap();
        let said = String::from_utf8_lossy(&answer.stdout).into_owned();
        assert!(answer.status.success() && said.trim().len() > 1, "{question}\n{answer:?}");
        assert!(!said.contains("null"), "{question}\n{said}");
    }
}
