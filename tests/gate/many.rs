//! Several suites in one command: one verdict each, and one of the whole.

use serde_json::Value;

use super::harness::{Finished, GOOD, Gate, KEY, slow};

/// A suite of three runs of one scenario.
fn suite(name: &str, scenario: u64, more: &str) -> String {
    format!("version: 1\nname: {name}\nagent: 1\nscenarios: [{scenario}]\nfrequency: 3\n{more}\n")
}

fn write(gate: &Gate, name: &str, text: &str) {
    let path = gate.dir.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A platform, and two suites in a directory.
fn two(world: &str) -> Gate {
    let gate = Gate::against(world, "");
    std::fs::remove_file(gate.dir.path().join("cekura-gate.yml")).unwrap();
    write(&gate, "suites/a.yml", &suite("Orders", 1, ""));
    write(&gate, "suites/b.yml", &suite("Returns", 2, ""));
    gate
}

/// The first scenario fails, the second passes.
fn half_bad() -> String {
    GOOD.replacen("pass: 1", "pass: 0", 1)
}

fn index(finished: &Finished) -> Value {
    serde_json::from_str(&finished.report("gates.json")).unwrap()
}

#[test]
fn files_a_directory_and_a_list_are_the_same_gates() {
    let gate = two(GOOD);
    write(&gate, "gates.yml", "{ version: 1, name: Release, suites: [suites] }");
    for named in [&["suites/a.yml", "suites/b.yml"][..], &["suites"], &["gates.yml"], &[]] {
        let finished = gate.run(&[&["run"], named].concat()).expect(0).says("2 of 2 suites passed");
        let index = index(&finished);
        let names: Vec<&str> = index["gates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| g["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Orders", "Returns"], "{named:?}");
        assert_eq!(index["tally"]["passed"], 6);
    }
    assert_eq!(gate.simulator().starts(), 8);
}

#[test]
fn no_file_of_a_directory_is_passed_over_in_silence() {
    let gate = two(&half_bad());
    write(&gate, "suites/a.yml", &suite("Returns twice", 2, ""));
    write(&gate, "suites/C.YML", &suite("Orders", 1, ""));
    write(&gate, "suites/deeper/d.yml", "");
    let warning = "suites/deeper is a directory: its files are not run";
    gate.run(&["run", "suites"]).expect(1).says("2 of 3 suites passed").says(warning);
}

#[test]
fn quiet_leaves_the_verdict_of_a_whole_that_did_not_pass() {
    let finished = two(&half_bad()).run(&["run", "suites", "--quiet"]).expect(1);
    assert_eq!(finished.stdout.trim(), "2 suites: 1 of 2 suites passed, 1 failed");
}

#[test]
fn one_bad_suite_fails_the_whole_and_leaves_the_other_its_own_verdict() {
    let gate = two(&half_bad());
    let finished = gate.run(&["run", "suites"]).expect(1).says("1 of 2 suites passed, 1 failed");
    let index = index(&finished);
    assert_eq!((&index["verdict"], &index["exit_code"]), (&"fail".into(), &1.into()));
    assert_eq!(
        (&index["gates"][0]["exit_code"], &index["gates"][1]["exit_code"]),
        (&1.into(), &0.into())
    );
    let junit = finished.report("junit.xml");
    for suite in ["Orders", "Orders · gate checks", "Returns", "Returns · gate checks"] {
        assert!(junit.contains(&format!("<testsuite name=\"{suite}\"")), "{suite}");
    }
    let summary = finished.report("summary.md");
    assert!(summary.find("**Orders**").unwrap() < summary.find("<b>Returns</b>").unwrap());
    let page = finished.report("html/index.html");
    assert!(page.contains("../a/html/index.html") && page.contains("../b/html/index.html"));
    gate.run(&["judge", "cekura-report/gates.json", "--report-dir", "x"])
        .expect(2)
        .says("it is of several suites")
        .says("a/result.json, b/result.json");
    // Each suite's own result is as readable as that of a single gate.
    gate.run(&["judge", "cekura-report/a/result.json", "--report-dir", "x"]).expect(1);
    gate.run(&["judge", "cekura-report/b/result.json", "--report-dir", "x"]).expect(0);
    let (a, b) = ("cekura-report/a/result.json", "cekura-report/b/result.json");
    gate.run(&["compare", a, a]).expect(0);
    gate.run(&["compare", a, b]).says("only in the base");
}

#[test]
fn what_is_wrong_with_one_suite_starts_none_and_all_faults_are_shown() {
    let gate = two(GOOD);
    write(&gate, "suites/b.yml", &suite("Returns", 2, "frequenzy: 3"));
    write(&gate, "suites/c.yml", &suite("More", 2, "mode: telepathy"));
    let finished = gate.run(&["run", "suites"]).expect(2).says("frequenzy").says("telepathy");
    assert!(finished.stderr.contains("suites/b.yml") && finished.stderr.contains("suites/c.yml"));
    write(&gate, "suites/b.yml", &suite("Orders", 2, ""));
    std::fs::remove_file(gate.dir.path().join("suites/c.yml")).unwrap();
    gate.run(&["run", "suites"]).expect(2).says("both named `Orders`");
    write(&gate, "suites/b.yml", &suite("Returns", 2, "budget: { max_runs: 2 }"));
    gate.run(&["run", "suites"]).expect(2).says("Returns: the plan has 3 runs");
    gate.run(&["run", "suites/a.yml", "suites/a.yml"]).expect(2).says("named twice");
    gate.run(&["run", "nowhere.yml", "suites/a.yml"]).expect(2).says("nowhere.yml");
    write(&gate, "empty/readme.txt", "");
    gate.run(&["run", "empty"]).expect(2).says("has no suite");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn a_budget_over_all_is_held_before_the_first_call() {
    let gate = two(GOOD);
    let list = |budget: &str| format!("{{ version: 1, suites: [suites], budget: {budget} }}");
    write(&gate, "gates.yml", &list("{ max_runs: 5 }"));
    gate.run(&["run"]).expect(2).says("the plan has 6 runs, the budget allows 5");
    gate.run(&["check"]).expect(2).says("the plan has 6 runs");
    write(&gate, "gates.yml", &list("{ max_cost: 1, price_per_run: 0.2 }"));
    gate.run(&["run"]).expect(2).says("the plan costs 1.20");
    write(&gate, "gates.yml", &list("{ max_cost: 1 }"));
    gate.run(&["run"]).expect(2).says("price_per_run");
    assert_eq!(gate.simulator().starts(), 0);
    write(&gate, "gates.yml", &list("{ max_cost: 1.2, price_per_run: 0.2 }"));
    gate.run(&["run"]).expect(0);
}

/// How much faster than life the calls are where their times matter.
const SCALE: f64 = 2000.0;

/// A world whose calls take some time.
pub(super) fn timed() -> String {
    GOOD.replace("time_scale: 0", &format!("time_scale: {SCALE}"))
}

/// The most conversations that were held at the same time, by their own times.
pub(super) fn most_at_once(finished: &Finished) -> usize {
    let mut spans: Vec<(f64, f64)> = Vec::new();
    for gate in index(finished)["gates"].as_array().unwrap() {
        let name = format!("{}/result.json", gate["dir"].as_str().unwrap());
        let result: Value = serde_json::from_str(&finished.report(&name)).unwrap();
        for run in result["result"]["runs"].as_array().unwrap() {
            let began: jiff::Timestamp = run["executed_at"].as_str().unwrap().parse().unwrap();
            let began = began.as_microsecond() as f64 / 1e6;
            spans.push((began, began + run["duration_seconds"].as_f64().unwrap() / SCALE));
        }
    }
    let at = |moment: f64| spans.iter().filter(|(from, to)| (*from..*to).contains(&moment)).count();
    spans.iter().map(|(from, _)| at(*from)).max().unwrap()
}

#[test]
fn one_budget_of_calls_is_kept_by_all_and_the_next_starts_when_its_calls_fit() {
    let gate = two(&timed());
    for (name, scenario) in [("c", 1), ("d", 2), ("e", 1)] {
        write(&gate, &format!("suites/{name}.yml"), &suite(name, scenario, ""));
    }
    let finished = gate.run(&["run", "suites", "--concurrency", "6"]).expect(0);
    let finished = finished.says("at most 6 calls");
    assert_eq!(gate.simulator().starts(), 5);
    let most = most_at_once(&finished);
    assert!(most <= 6, "two suites side by side, never three: {most}");
    // A suite with more runs than there are calls is told how many it may have.
    let narrow = gate.run(&["run", "suites", "--concurrency", "2"]).expect(0);
    assert!(most_at_once(&narrow) <= 2);
    let bodies = |gate: &Gate, from: usize| {
        let starts = gate.simulator().requests();
        let starts = starts.into_iter().filter(|request| request.path.contains("/run_scenarios"));
        let limits = starts.skip(from).map(|r| r.body.unwrap()["concurrency_limit"].clone());
        limits.collect::<Vec<Value>>()
    };
    assert_eq!(bodies(&gate, 5), vec![Value::from(2); 5]);
    gate.run(&["run", "suites"]).expect(0);
    assert_eq!(bodies(&gate, 10), vec![Value::Null; 5]);
}

#[test]
fn a_mode_that_cannot_be_held_to_the_budget_is_refused_before_anything_starts() {
    let gate = two(GOOD);
    let socket = "mode: websocket\nwebsocket: { url: \"wss://a.example\" }";
    write(&gate, "suites/b.yml", &suite("Returns", 2, socket));
    gate.run(&["run", "suites", "--concurrency", "2"])
        .expect(2)
        .says("Returns: ")
        .says("websocket");
    assert_eq!(gate.simulator().starts(), 0);
    gate.run(&["run", "suites", "--concurrency", "3"]).expect(0);
}

#[test]
fn a_suite_whose_start_is_refused_stops_no_other() {
    let gate = two(GOOD);
    write(&gate, "suites/b.yml", &suite("Returns", 77, ""));
    let finished =
        gate.run(&["run", "suites"]).expect(5).says("1 of 2 suites passed, 1 not finished");
    let index = index(&finished);
    assert_eq!(index["gates"][0]["exit_code"], 0);
    assert_eq!(index["gates"][1]["result"], Value::Null);
    assert!(finished.report("junit.xml").contains("gate.NoEvidence"));
}

#[test]
fn ci_systems_are_told_of_the_whole() {
    let mut gate = two(&half_bad());
    for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
        let path = gate.dir.path().join(name);
        gate.env(name, path.to_str().unwrap());
    }
    gate.env("GITHUB_ACTIONS", "true");
    let finished =
        gate.run(&["run", "suites"]).expect(1).says("::error file=suites/a.yml,title=Orders");
    assert_eq!(finished.stdout.matches("::error ").count(), 1);
    let read = |name: &str| std::fs::read_to_string(gate.dir.path().join(name)).unwrap();
    let output = read("GITHUB_OUTPUT");
    let last = |key: &str| {
        let at = output.rfind(&format!("{key}<<")).unwrap();
        output[at..].lines().nth(1).unwrap().to_owned()
    };
    let ids = last("result_ids");
    assert!(["[2001,2002]", "[2002,2001]"].contains(&ids.as_str()), "{ids}");
    assert_eq!(last("simulated"), "true");
    assert_eq!(last("exit_code"), "1");
    assert_eq!((last("success_rate").as_str(), last("total_runs").as_str()), ("0.5", "6"));
    assert_eq!(read("GITHUB_STEP_SUMMARY").matches("\n# ").count(), 0, "one summary");
    let mut gitlab = two(GOOD);
    gitlab.env("GITLAB_CI", "true");
    let finished = gitlab.run(&["run", "suites"]).expect(0);
    assert!(finished.report("gate.env").contains("RESULT_IDS=[200"));
    assert!(!finished.dir.join("cekura-report/a/gate.env").exists());
    let mut azure = two(GOOD);
    azure.env("TF_BUILD", "True");
    let variable = |name: &str| format!("##vso[task.setvariable variable={name};isOutput=true]");
    azure
        .run(&["run", "suites", "--quiet"])
        .expect(0)
        .says(&format!("{}true", variable("passed")))
        .says(&format!("{}[200", variable("result_ids")))
        .says("##vso[task.uploadsummary]");
}

#[test]
fn reports_of_an_earlier_command_are_taken_for_nobody_elses() {
    let gate = two(GOOD);
    let report = |name: &str| gate.dir.path().join("cekura-report").join(name);
    gate.run(&["run", "suites/a.yml"]).expect(0);
    assert!(report("result.json").exists());
    gate.run(&["run", "suites"]).expect(0);
    assert!(!report("result.json").exists() && report("a/result.json").exists());
    gate.run(&["run", "suites/b.yml"]).expect(0);
    assert!(!report("gates.json").exists() && !report("a/result.json").exists());
}

#[test]
fn several_suites_are_resumed_and_those_that_never_started_are_started() {
    let gate = two(GOOD);
    gate.run(&["run", "suites", "--resume"]).expect(2).says("nothing to resume");
    gate.run(&["run", "suites"]).expect(0);
    std::fs::remove_file(gate.dir.path().join("cekura-report/b/run.json")).unwrap();
    gate.run(&["run", "suites", "--resume"]).expect(0).says("was started by an earlier gate");
    assert_eq!(gate.simulator().starts(), 3);
}

#[test]
fn several_suites_are_rehearsed_against_one_simulator() {
    let gate = Gate::alone("");
    std::fs::remove_file(gate.dir.path().join("cekura-gate.yml")).unwrap();
    write(&gate, "a.yml", &suite("Orders", 1, ""));
    write(&gate, "b.yml", &suite("Returns", 2, "").replace("agent: 1", "agent: 2"));
    let finished = gate.run(&["run", "a.yml", "b.yml", "--simulate"]).expect(0);
    assert_eq!(index(&finished)["simulated"], true);
    let ids = finished.report("gates.json").matches("\"result\": 200").count();
    assert_eq!(ids, 2, "the results are numbered by one account");
}

#[test]
fn check_tells_each_plan_and_what_they_are_together() {
    let gate = two(GOOD);
    let finished = gate.run(&["check", "suites", "--concurrency", "4"]).expect(0);
    let finished = finished.says("Orders (suites/a.yml) is valid").says("Returns (suites/b.yml)");
    finished.says("2 suites: 6 runs, at most 4 calls at a time");
    assert_eq!(gate.simulator().requests().len(), 0);
}

#[test]
fn a_retry_of_one_suite_waits_for_its_calls_too() {
    let gate = two(&super::harness::world("1", "0.5"));
    let more = "retry: { on: [error], attempts: 8 }";
    write(&gate, "suites/a.yml", &suite("Orders", 1, more));
    write(&gate, "suites/b.yml", &suite("Returns", 2, more));
    gate.run(&["run", "suites", "--concurrency", "3"]).expect(0);
    assert!(gate.simulator().starts() > 2);
}

#[test]
fn the_published_schemas_are_the_programs_own() {
    let gate = Gate::alone("");
    for (of, file) in [("gates", "gates"), ("gates-report", "gates-report")] {
        let path = format!("{}/schema/{file}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let saved = std::fs::read_to_string(&path).unwrap();
        let printed = gate.run(&["schema", of]).expect(0).stdout;
        assert!(
            saved == printed,
            "write it again: cekura-gate schema {of} > schema/{file}.schema.json"
        );
    }
}

/// Runs a gate, interrupts it once so many results have started, and gives what it left and how
/// long it took then, in seconds.
#[cfg(unix)]
pub(super) fn interrupted(gate: &Gate, args: &[&str], starts: usize) -> (Finished, f64) {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};
    let mut command = gate.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut started = 0;
    while started < starts {
        let mut line = String::new();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended early");
        started += usize::from(line.contains("has started"));
    }
    let began = std::time::Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    let mut output = child.wait_with_output().unwrap();
    let took = began.elapsed().as_secs_f64();
    output.stderr = said.into_bytes();
    (Finished::of(output, gate.dir.path()), took)
}

#[cfg(unix)]
#[test]
fn one_signal_ends_the_calls_of_all_and_what_waits_never_starts() {
    let gate = two(&slow());
    write(&gate, "suites/c.yml", &suite("Waiting", 1, ""));
    let (finished, took) = interrupted(&gate, &["run", "suites", "--concurrency", "6"], 2);
    let finished = finished.expect(130);
    assert!(took < 7.5, "{took}");
    assert!(!finished.stderr.contains(KEY));
    let ended = gate.requests().iter().filter(|request| request.ends_with("/end_calls/")).count();
    assert_eq!((gate.simulator().starts(), ended), (2, 2));
    let index = index(&finished);
    assert_eq!(index["exit_code"], 130);
    assert!(index["gates"][2]["headline"].as_str().unwrap().contains("nothing was started"));
}
