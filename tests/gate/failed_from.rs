//! Again, only what failed: the rest stays evidence.

use super::harness::{GOOD, Gate, SUITE};

/// The second scenario passes with this probability.
fn world(pass: &str) -> String {
    GOOD.replacen(
        "Return shoes, folder: Orders, tags: [smoke], pass: 1",
        &format!("Return shoes, folder: Orders, tags: [smoke], pass: {pass}"),
        1,
    )
}

/// A gate that has failed once, with its result in `first.json`.
fn failed(suite: &str, pass: &str) -> Gate {
    let gate = Gate::against(&world(pass), suite);
    let finished = gate.run(&["run"]);
    assert_ne!(finished.code, 0, "{}", finished.stdout);
    let dir = gate.dir.path();
    std::fs::copy(dir.join("cekura-report/result.json"), dir.join("first.json")).unwrap();
    gate
}

const FAILED_FROM: [&str; 3] = ["run", "--failed-from", "first.json"];

#[test]
fn only_the_scenarios_that_did_not_pass_start_again_and_the_whole_is_judged() {
    let gate = failed(SUITE, "0");
    let finished = gate.run(&FAILED_FROM).expect(1).says("6 runs: 3 passed, 3 failed");
    let starts: Vec<_> = gate
        .simulator()
        .requests()
        .into_iter()
        .filter(|request| request.path.contains("run_scenarios"))
        .collect();
    assert_eq!(starts.len(), 2);
    let body = starts[1].body.clone().unwrap();
    assert_eq!(body["scenarios"], serde_json::json!([2]));
    assert_eq!(body["frequency"], 3);
    let report = finished.result();
    let runs = report["result"]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 6);
    assert_eq!(report["retries"].as_array().unwrap().len(), 3);
    assert_eq!(report["plan"]["scenarios"], serde_json::json!([1, 2]));
    // What it wrote can be gone on with, and judged, as that of any gate.
    gate.run(&["judge", "cekura-report/result.json", "--report-dir", "judged"]).expect(1);
    let kept = "cekura-report/result.json";
    gate.run(&["run", "--failed-from", kept]).expect(1).says("6 runs: 3 passed, 3 failed");
}

#[test]
fn test_cases_that_did_not_pass_start_again_by_their_keys() {
    let suite = "
version: 1
name: Checkout
agent: 1
cases:
  - { key: order, name: Where is my order, instructions: ask, frequency: 2 }
  - { key: returns, name: Return shoes, instructions: return, frequency: 3 }
";
    let gate = failed(suite, "0");
    let finished = gate.run(&FAILED_FROM).expect(1).says("5 runs: 2 passed, 3 failed");
    assert_eq!(finished.result()["result"]["runs"].as_array().unwrap().len(), 5);
}

#[test]
fn another_suite_another_commit_and_a_pass_are_refused_before_anything_starts() {
    let mut gate = failed(SUITE, "0");
    let other = |text: &str| {
        std::fs::write(gate.dir.path().join("cekura-gate.yml"), text).unwrap();
    };
    for (suite, words) in [
        (SUITE.replace("[1, 2]", "[1]"), "it selects other scenarios"),
        (SUITE.replace("Checkout", "Other"), "it is of another suite, `Checkout`"),
        (SUITE.replace("frequency: 3", "frequency: 4"), "it has 4 runs of each scenario"),
    ] {
        other(&suite);
        gate.run(&FAILED_FROM).expect(2).says(words).says("nothing was started");
    }
    other(SUITE);
    gate.run(&["run", "--failed-from", "nowhere.json"]).expect(2);
    assert_eq!(gate.simulator().starts(), 1);
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_SHA", "1a2b3c4d5e6f");
    gate.run(&["run"]).expect(1);
    std::fs::copy(
        gate.dir.path().join("cekura-report/result.json"),
        gate.dir.path().join("first.json"),
    )
    .unwrap();
    gate.env("GITHUB_SHA", "ffffffffffff");
    gate.run(&FAILED_FROM).expect(2).says("it is of commit 1a2b3c4, and this is fffffff");
    let good = Gate::against(GOOD, SUITE);
    good.run(&["run"]).expect(0);
    good.run(&["run", "--failed-from", "cekura-report/result.json"])
        .expect(2)
        .says("every run passed there");
}

#[test]
fn a_job_that_is_run_again_goes_on_from_the_file_where_it_was_kept() {
    let mut gate = failed(SUITE, "0");
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "shop/agent"),
        ("GITHUB_RUN_ID", "77"),
        ("GITHUB_JOB", "gate"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        ("GITHUB_SHA", "1a2b3c4d5e6f"),
    ] {
        gate.env(name, value);
    }
    gate.run(&["run", "--reuse", "--failed-from", "first.json"])
        .expect(1)
        .says("ran again as result");
    gate.run(&["run", "--reuse", "--failed-from", "nowhere.json"]).expect(1);
    assert_eq!(gate.simulator().starts(), 3);
}
