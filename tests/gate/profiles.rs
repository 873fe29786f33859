//! One file for a quick run and a thorough one.

use super::harness::{GOOD, Gate};

const SUITE: &str = "version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
frequency: 3
profiles:
  smoke: { scenarios: [1], frequency: 1 }
  nightly: { frequency: 4, confidence: 80%, thresholds: { success_rate: 70% } }
";

#[test]
fn a_profile_runs_by_its_own_keys_and_the_result_carries_its_name() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--profile", "smoke"])
        .expect(0)
        .says("1 of 1")
        .says("Checkout (profile smoke)");
    gate.run(&["run"]).expect(0).says("6 of 6");
    let names: Vec<String> = gate
        .simulator()
        .requests()
        .into_iter()
        .filter_map(|one| one.body.as_ref()?.get("name")?.as_str().map(str::to_owned))
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("Checkout (profile smoke) "), "{names:?}");
    assert!(names[1].starts_with("Checkout [gate "), "{names:?}");
}

#[test]
fn check_shows_the_suite_with_the_profile_merged_in() {
    let gate = Gate::alone(SUITE);
    gate.run(&["check", "--profile", "nightly"])
        .expect(0)
        .says("profile    nightly: its frequency, confidence and thresholds stand in place of the suite's")
        .says("2 scenarios × frequency 4 = 8 runs")
        .says("success_rate >= 70%")
        .says("confidence 80%");
    gate.run(&["check"])
        .expect(0)
        .says("profile    none; `--profile` takes nightly, smoke")
        .says("= 6 runs");
    // Flags come after.
    gate.run(&["check", "--profile", "nightly", "--frequency", "5"]).expect(0).says("= 10 runs");
}

#[test]
fn an_unknown_profile_is_refused_with_a_suggestion() {
    let gate = Gate::alone(SUITE);
    gate.run(&["run", "--profile", "smoek"])
        .expect(2)
        .says("`--profile`: there is no profile `smoek`; did you mean `smoke`? (cekura-gate.yml)");
    gate.run(&["run", "--profile", ""]).expect(2).says("the profiles are `nightly` and `smoke`");
    std::fs::remove_file(gate.dir.path().join("cekura-gate.yml")).unwrap();
    gate.run(&["run", "--agent", "1", "--scenarios", "1", "--profile", "smoke"])
        .expect(2)
        .says("profiles stand in a suite file, and there is none");
}

#[test]
fn a_mistake_in_a_profile_is_shown_at_its_place_whether_or_not_it_is_chosen() {
    let suite = SUITE.replace("{ scenarios: [1], frequency: 1 }", "{ scenarios: [1, 1] }");
    let gate = Gate::alone(&suite);
    for args in
        [["check"].as_slice(), &["check", "--profile", "smoke"], &["check", "--profile", "nightly"]]
    {
        gate.run(args).expect(2).says("cekura-gate.yml:7:");
    }
    let suite = SUITE.replace("frequency: 1 }", "frequency: 0, frequencies: 2, name: x }");
    let gate = Gate::alone(&suite);
    gate.run(&["check"])
        .expect(2)
        .says("`frequency` must be from 1 to 1000")
        .says("unknown key `frequencies`")
        .says("did you mean `frequency`?")
        .says("unknown key `name`");
}

#[test]
fn the_baseline_of_a_profile_is_a_result_of_the_same_profile() {
    let suite = format!(
        "{SUITE}thresholds: {{ baseline: {{ from: main, success_rate: {{ max_drop: 0% }} }} }}\n"
    );
    let mut gate = Gate::against(GOOD, &suite.replace(", thresholds: { success_rate: 70% }", ""));
    for (key, value) in [("CEKURA_GATE_BRANCH", "main"), ("CEKURA_GATE_COMMIT", "aaaaaaaaaa")] {
        gate.env(key, value);
    }
    gate.run(&["run"]);
    gate.env("CEKURA_GATE_COMMIT", "bbbbbbbbbb");
    gate.run(&["run"]).says("baseline: result 2001");
    // The same scenarios, and no result of this profile yet.
    gate.run(&["run", "--profile", "nightly"])
        .says("no result of `Checkout (profile nightly)` on branch `main`");
    gate.env("CEKURA_GATE_COMMIT", "cccccccccc");
    gate.run(&["run"]).says("baseline: result 2002");
}

#[test]
fn a_saved_result_of_a_profile_is_judged_by_that_profile() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--profile", "smoke"]).expect(0);
    gate.run(&[
        "judge",
        "cekura-report/result.json",
        "--suite",
        "cekura-gate.yml",
        "--report-dir",
        "again",
    ])
    .expect(0)
    .says("Checkout (profile smoke)");
}

#[test]
fn every_suite_of_a_directory_runs_by_the_profile_and_one_without_it_is_refused() {
    let gate = Gate::against(GOOD, "");
    let dir = gate.dir.path().join("suites");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("a.yml"), SUITE).unwrap();
    std::fs::write(dir.join("b.yml"), SUITE.replace("Checkout", "Returns")).unwrap();
    gate.run(&["run", "suites", "--profile", "smoke"])
        .expect(0)
        .says("Checkout (profile smoke)")
        .says("Returns (profile smoke)");
    std::fs::write(dir.join("b.yml"), "version: 1\nagent: 1\nscenarios: [1]\n").unwrap();
    gate.run(&["run", "suites", "--profile", "smoke"])
        .expect(2)
        .says("there is no profile `smoke`: the suite has no `profiles`");
}
