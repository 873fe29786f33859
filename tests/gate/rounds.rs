//! Runs that come in rounds: what is planned, started, judged and reported.

use serde_json::Value;

use super::harness::{GOOD, Gate, world};

/// The suite that goes with [`GOOD`], in rounds of three to twelve.
pub(crate) const SUITE: &str = "
version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
frequency: { start: 3, max: 12 }
thresholds: { success_rate: \">= 60%\", confidence: 95% }
";

#[test]
fn check_shows_the_first_round_and_the_worst_case() {
    let gate = Gate::alone(SUITE);
    let finished = gate.run(&["check"]).expect(0);
    let finished = finished.says(
        "2 scenarios × frequency 3 = 6 runs, then in rounds to 5, 7, 9, 11, 12 of each until every check \
         is decided: 24 runs at most",
    );
    finished.says("\"frequency\": 3");
}

#[test]
fn limits_are_held_against_the_worst_case() {
    let gate = Gate::against(GOOD, SUITE);
    for command in ["run", "check"] {
        let args = [command, "--max-runs", "23"];
        gate.run(&args).expect(2).says("may start 24 runs").says("nothing was started");
    }
    gate.run(&["check", "--max-runs", "24"]).expect(0);
    let gate = Gate::against(GOOD, &format!("{SUITE}budget: {{ max_runs: 23 }}\n"));
    gate.run(&["check"]).expect(2).says("24 runs").says("the budget allows 23");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn rounds_without_a_confidence_are_refused_with_their_place() {
    let gate = Gate::alone(&SUITE.replace(", confidence: 95%", ""));
    gate.run(&["check"]).expect(2).says("cekura-gate.yml:6").says("add `confidence: 95%`");
    let gate = Gate::alone(&SUITE.replace("{ start: 3, max: 12 }", "3"));
    let finished = gate.run(&["check", "--frequency", "{start: 2, max: 4}"]).expect(0);
    finished.says("frequency 2 = 4 runs").says("8 runs at most");
}

/// A suite whose first round decides about a plainly fine and a plainly broken agent.
const SURE: &str = "
version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
frequency: { start: 4, max: 12, step: 4 }
thresholds: { success_rate: \">= 50%\", confidence: 95% }
";

/// One scenario always passes, the other never: half of all runs.
fn on_the_edge() -> String {
    GOOD.replacen("pass: 1, error: 0", "pass: 0, error: 0", 1)
}

fn rounds_of(result: &Value) -> Vec<Value> {
    result["plan"]["rounds"]["started"].as_array().unwrap().clone()
}

#[test]
fn a_saved_result_whose_rounds_or_statuses_contradict_each_other_passes_nowhere() {
    let gate = Gate::against(GOOD, SURE);
    let saved = gate.run(&["run"]).expect(0).result();
    let judged = |key: &str, value: Value| {
        let mut changed = saved.clone();
        *changed.pointer_mut(key).unwrap() = value;
        std::fs::write(gate.dir.path().join("changed.json"), changed.to_string()).unwrap();
        gate.run(&["judge", "changed.json", "--report-dir", "again"])
    };
    judged("/result/status", "completed".into()).expect(0);
    judged("/result/status", "cancelled".into()).expect(3).says("the status `cancelled`");
    for looks in [vec![], vec![12, 8, 4], vec![3, 8, 12]] {
        judged("/plan/rounds/looks", looks.into()).expect(3).says("contradict each other");
    }
}

#[test]
fn a_plainly_fine_agent_passes_after_the_first_round() {
    let gate = Gate::against(GOOD, SURE);
    let finished = gate
        .run(&["run"])
        .expect(0)
        .says("8 of at most 24 runs were started, in 1 of 3 rounds; 16 saved")
        .says("1   2 scenarios × 4 = 8 runs, 8 so far; decided: passed success_rate");
    assert_eq!(gate.simulator().starts(), 1);
    assert!(finished.report("summary.md").contains("16 saved"));
    assert!(
        finished
            .report("summary.md")
            .contains("| 1 | 2 scenarios × 4 = 8 runs | 8 | passed success")
    );
    assert!(finished.report("html/index.html").contains("16 saved"));
    assert!(finished.report("html/plots/rounds.svg").contains("100% · 8 runs"));
    let table = serde_json::json!({
        "planned_rounds": 3, "most_runs": 24, "started_runs": 8, "saved_runs": 16,
        "rounds": [{
            "number": 1, "scenarios": 2, "runs_per_scenario": 4, "runs": 8, "runs_so_far": 8,
            "passed": ["success_rate"],
        }],
    });
    assert_eq!(finished.result()["rounds"], table);
}

#[test]
fn a_plainly_broken_agent_fails_after_the_first_round() {
    let gate = Gate::against(&world("0", "0"), SURE);
    gate.run(&["run"]).expect(1).says("8 so far; decided: failed success_rate");
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn an_agent_on_the_edge_goes_on_as_long_as_another_round_may_decide() {
    let gate = Gate::against(&on_the_edge(), SURE);
    let finished = gate.run(&["run"]).expect(3).says("not decided yet: success_rate");
    let result = finished.result();
    let starts = gate.simulator().starts();
    assert!(starts > 1, "{result}");
    assert_eq!(rounds_of(&result).len(), starts);
    assert_eq!(result["tally"]["total"], 8 * starts);
    assert_eq!(result["results"].as_array().unwrap().len(), starts);
    assert_eq!(result["results"][1]["set"], "round 2");
    let last = result["result"]["runs"].as_array().unwrap().last().unwrap()["round"].clone();
    assert_eq!(last, starts);
    // Judged again it stands the same.
    let again = gate.run(&["judge", "cekura-report/result.json"]).expect(3).result();
    assert_eq!(again["checks"], result["checks"]);
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn a_check_of_one_scenario_starts_that_scenario_only() {
    let suite = SURE
        .replace("success_rate: \">= 50%\"", "each_scenario: { success_rate: \">= 50%\" }")
        .replace("{ start: 4, max: 12, step: 4 }", "{ start: 8, max: 32, step: 8 }");
    let world = GOOD.replacen("pass: 1, error: 0", "pass: 0.6, error: 0", 1);
    let gate = Gate::against(&world, &suite);
    let result = gate.run(&["run"]).result();
    let rounds = rounds_of(&result);
    assert!(rounds.len() > 1, "{rounds:?}");
    assert_eq!(rounds[1]["scenarios"], serde_json::json!([1]));
    let of = |id: u64| {
        let runs = result["result"]["runs"].as_array().unwrap().iter();
        runs.filter(|run| run["scenario"] == id).count()
    };
    assert_eq!((of(1), of(2)), (8 * rounds.len(), 8));
    let checks = result["checks"].as_array().unwrap();
    assert!(checks.iter().any(|c| c["scenario"]["id"] == 2 && c["verdict"] == "pass"));
}

#[test]
fn resume_goes_on_in_the_round_that_a_lost_runner_left_and_pays_for_nothing_twice() {
    let gate = Gate::against(&on_the_edge(), SURE);
    let first = gate.run(&["run"]).expect(3).result();
    let starts = gate.simulator().starts();
    let again = gate.run(&["run", "--resume"]).expect(3).result();
    assert_eq!(gate.simulator().starts(), starts);
    assert_eq!(again["tally"], first["tally"]);
    assert_eq!(again["plan"]["rounds"], first["plan"]["rounds"]);
    // The runner was lost in the start of the second round: it is found by its name.
    let path = gate.dir.path().join("cekura-report/run.json");
    let mut left: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let rounds = left["planned"]["rounds"]["started"].as_array_mut().unwrap();
    rounds.truncate(2);
    assert!(rounds[1].as_object_mut().unwrap().remove("result").is_some());
    std::fs::write(&path, left.to_string()).unwrap();
    let again = gate.run(&["run", "--resume"]).expect(3).result();
    assert_eq!(gate.simulator().starts(), starts);
    assert_eq!(again["tally"], first["tally"]);
    // Other looks are another plan.
    let flags = ["run", "--resume", "--frequency", "{start: 4, max: 16}"];
    gate.run(&flags).expect(2).says("`frequency` of the request");
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn watch_reads_every_round_that_was_started_and_starts_none() {
    let gate = Gate::against(&on_the_edge(), SURE);
    let first = gate.run(&["run"]).expect(3).result();
    let starts = gate.simulator().starts();
    let seen = gate.run(&["watch", "--from", "cekura-report/run.json"]).expect(3).result();
    assert_eq!(seen["tally"], first["tally"]);
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn what_failed_in_rounds_is_not_repeated_until_it_passes() {
    let gate = Gate::against(&on_the_edge(), SURE);
    gate.run(&["run"]).expect(3);
    let path = gate.dir.path().join("cekura-report/result.json");
    let kept = gate.dir.path().join("earlier.json");
    std::fs::copy(path, &kept).unwrap();
    let starts = gate.simulator().starts();
    let flags = ["run", "--failed-from", "earlier.json"];
    gate.run(&flags).expect(2).says("come in rounds").says("nothing was started");
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn check_says_how_many_runs_to_expect_if_nothing_has_changed_since_the_baseline() {
    let gate = Gate::against(GOOD, &SURE.replace("{ start: 4, max: 12, step: 4 }", "12"));
    gate.run(&["run"]).expect(0);
    std::fs::copy(
        gate.dir.path().join("cekura-report/result.json"),
        gate.dir.path().join("main.json"),
    )
    .unwrap();
    let more = "baseline: { from: main.json, success_rate: { max_drop: 20% } }";
    let suite = SURE.replace("confidence: 95% }", &format!("confidence: 95%, {more} }}"));
    std::fs::write(gate.dir.path().join("cekura-gate.yml"), suite).unwrap();
    let finished = gate.run(&["check", "--online"]).expect(0).says("24 runs at most");
    finished.says("about 8 runs if nothing has changed since the baseline");
}

/// Both scenarios pass as often as this.
fn passing(pass: &str) -> String {
    GOOD.replace("pass: 1, error: 0", &format!("pass: {pass}, error: 0"))
}

#[test]
fn check_says_how_many_runs_to_expect_of_test_cases_too() {
    let cases = "mode: text\ncases: [{ key: order, name: Where is my order, instructions: Ask. }, \
                 { name: Return shoes, instructions: Too small. }]";
    let suite = SURE.replace("scenarios: [1, 2]", cases);
    let gate = Gate::against(GOOD, &suite.replace("{ start: 4, max: 12, step: 4 }", "12"));
    gate.run(&["run"]).expect(0);
    let saved = gate.dir.path().join("cekura-report/result.json");
    std::fs::copy(saved, gate.dir.path().join("main.json")).unwrap();
    let more = "baseline: { from: main.json, success_rate: { max_drop: 20% } }";
    let suite = suite.replace("confidence: 95% }", &format!("confidence: 95%, {more} }}"));
    std::fs::write(gate.dir.path().join("cekura-gate.yml"), suite).unwrap();
    let finished = gate.run(&["check", "--online"]).expect(0).says("24 runs at most");
    finished.says("about 8 runs if nothing has changed since the baseline");
}

#[test]
fn early_stop_ends_the_calls_of_a_later_round_by_what_all_rounds_show() {
    // One scenario fails at once, the other passes after a while: as soon as the runs of the first
    // have ended, those of the second can save nothing.
    let world = GOOD
        .replacen("pass: 1, error: 0", "pass: 0, error: 0, duration: { mean: 0.01, spread: 0 }", 1)
        .replacen(
            "pass: 1, error: 0 }",
            "pass: 1, error: 0, duration: { mean: 300, spread: 1 } }",
            1,
        )
        .replace("time_scale: 0", "time_scale: 1000\nevaluate: 0\nstart_rate: 1000");
    let suite = SURE.replace(">= 50%", ">= 70%").replace("max: 12", "max: 40");
    let gate = Gate::against(&world, &format!("{suite}early_stop: failed\n"));
    let result = gate.run(&["run"]).expect(1).says("known early").result();
    let starts = gate.simulator().starts();
    assert!(starts > 1, "{result}");
    assert_eq!(rounds_of(&result).len(), starts);
    assert_eq!(result["stopped_early"], true);
    let last = &result["results"][starts - 1]["id"];
    let ended = format!("/{last}/end_calls/");
    assert!(gate.requests().iter().any(|one| one.ends_with(&ended)), "{:?}", gate.requests());
    // Judged again it stands the same.
    let again = gate.run(&["judge", "cekura-report/result.json"]).expect(1).result();
    assert_eq!(again["checks"], result["checks"]);
}

#[test]
fn early_stop_leaves_to_the_rounds_to_come_what_they_may_save() {
    // In the first round the bare check fails whatever the last calls show; the rounds to come could
    // save it.
    let world = GOOD
        .replacen("pass: 1, error: 0", "pass: 0, error: 0, duration: { mean: 0.01, spread: 0 }", 1)
        .replace("time_scale: 0", "time_scale: 1000\nevaluate: 0\nstart_rate: 1000");
    let thresholds = "{ success_rate: \">= 70%\", each_scenario: { success_rate: { check: \">= 50%\", \
                      confidence: 95% } } }";
    let suite = SURE.replace("{ success_rate: \">= 50%\", confidence: 95% }", thresholds);
    let gate = Gate::against(&world, &format!("{suite}early_stop: failed\n"));
    let result = gate.run(&["run"]).expect(1).result();
    let checks = result["checks"].as_array().unwrap();
    let first = checks.iter().find(|check| check["scenario"]["id"] == 1).unwrap();
    assert_eq!(first["verdict"], "fail", "what ended the rounds is decided: {result}");
}

#[test]
fn errored_runs_are_retried_round_by_round_and_all_of_it_is_counted() {
    let world = on_the_edge().replace("error: 0", "error: 0.2");
    let suite =
        format!("{SURE}retry: {{ on: [error] }}\nbudget: {{ max_cost: 99, price_per_run: 0.5 }}\n");
    let gate = Gate::against(&world, &suite);
    let finished = gate.run(&["run"]);
    let result = finished.result();
    let rounds = rounds_of(&result);
    assert!(rounds.len() > 1, "{result}");
    let planned = 8 * rounds.len();
    assert_eq!(result["tally"]["total"], planned);
    let retries = result["retries"].as_array().unwrap();
    assert!(!retries.is_empty(), "{result}");
    let paid = planned + retries.len();
    let cost = format!("cost: {:.2} for {paid} runs, retries included", paid as f64 * 0.5);
    finished.says(&cost);
    // A retry replaces a run of its own round.
    let runs = result["result"]["runs"].as_array().unwrap();
    for number in 1..=rounds.len() {
        assert_eq!(runs.iter().filter(|run| run["round"] == number).count(), 8, "{number}");
    }
    let again = gate.run(&["judge", "cekura-report/result.json"]).result();
    assert_eq!(again["checks"], result["checks"]);
}

#[test]
fn reuse_takes_up_all_rounds_of_the_job_and_starts_none_again() {
    let mut gate = Gate::against(&on_the_edge(), SURE);
    super::again::in_a_job(&mut gate);
    let first = gate.run(&["run", "--reuse"]).expect(3).result();
    let starts = gate.simulator().starts();
    assert!(starts > 1, "{first}");
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    std::fs::remove_dir_all(gate.dir.path().join("cekura-report")).unwrap();
    let again = gate.run(&["run", "--reuse"]).expect(3).says("not paid for again").result();
    assert_eq!(gate.simulator().starts(), starts);
    assert_eq!(again["tally"], first["tally"]);
    assert_eq!(again["checks"], first["checks"]);
    assert_eq!(again["plan"]["rounds"], first["plan"]["rounds"]);
}

#[test]
fn a_share_of_a_group_starts_the_scenarios_of_the_group_only() {
    let groups = "groups: { orders: { scenarios: [1], success_rate: \">= 50%\" } }";
    let suite = SURE
        .replace("success_rate: \">= 50%\"", groups)
        .replace("{ start: 4, max: 12, step: 4 }", "{ start: 8, max: 32, step: 8 }");
    let gate = Gate::against(&on_the_edge().replacen("pass: 0,", "pass: 0.6,", 1), &suite);
    let result = gate.run(&["run"]).result();
    let rounds = rounds_of(&result);
    assert!(rounds.len() > 1, "{result}");
    for round in &rounds[1..] {
        assert_eq!(round["scenarios"], serde_json::json!([1]));
    }
    let check = &result["checks"][0];
    assert_eq!(check["group"], "orders");
    let of_group = result["result"]["runs"].as_array().unwrap().iter();
    let runs = of_group.filter(|run| run["scenario"] == 1).count();
    assert!(check["samples"].as_u64().unwrap() <= runs as u64, "{check}");
}

/// Pushes to main until one took several rounds and passed; gives the id of its first result.
fn good_on_main(gate: &mut Gate) -> (String, Value) {
    for push in 0..40 {
        super::policies::on_github(gate, "push", "main", &format!("{push:07x}1"));
        let finished = gate.run(&["run", "--baseline", "none"]);
        let result = finished.result();
        if finished.code == 0 && rounds_of(&result).len() > 1 {
            return (result["result"]["id"].to_string(), result);
        }
    }
    panic!("the seed makes no such result");
}

const COMPARED: &str =
    "confidence: 95%, baseline: { from: main, success_rate: { max_drop: 90% } } }";

#[test]
fn the_baseline_of_a_branch_has_all_of_its_rounds() {
    let suite = SURE.replace("confidence: 95% }", COMPARED);
    let mut gate = Gate::against(&passing("0.85"), &suite);
    let (id, main) = good_on_main(&mut gate);
    super::policies::on_github(&mut gate, "pull_request", "feature", "fffffff1");
    let finished = gate.run(&["run"]);
    let result = finished.result();
    let rounds = rounds_of(&main).len();
    assert_eq!(result["baseline"]["result"].to_string(), id);
    assert_eq!(
        result["baseline"]["runs"].as_array().unwrap().len(),
        main["result"]["runs"].as_array().unwrap().len()
    );
    finished.says(&format!("{rounds} rounds together"));
    // So it has where it is named by its id, and beside another result.
    let by_id = gate.run(&["run", "--baseline", &id]).result();
    assert_eq!(by_id["baseline"]["runs"], result["baseline"]["runs"]);
    let other = result["result"]["id"].to_string();
    gate.run(&["compare", &id, &other, "--max-drop", "100%"]).expect(0);
    // One round of it is no result of its own.
    let second = main["results"][1]["id"].to_string();
    let refused = gate.run(&["run", "--baseline", &second]).expect(3);
    refused.says(&format!("result {second} is only round 2 of several"));
    gate.run(&["compare", &second, &other]).expect(2).says("is only round 2 of several");
}

#[test]
fn a_baseline_with_a_round_that_did_not_complete_is_passed_over() {
    // A round takes two seconds, so that the time is up in the second one.
    let long = "error: 0, duration: { mean: 2000, spread: 1 } }";
    let world = on_the_edge().replace("error: 0 }", long).replace("scale: 0", "scale: 1000");
    let mut gate = Gate::against(&world, &SURE.replace("confidence: 95% }", COMPARED));
    super::policies::on_github(&mut gate, "push", "main", "aaaaaaa1");
    let finished = gate.run(&["run", "--baseline", "none", "--timeout", "3s"]).expect(4);
    let id = finished.result()["result"]["id"].to_string();
    super::policies::on_github(&mut gate, "pull_request", "feature", "fffffff1");
    gate.run(&["check", "--online"]).expect(0).says(&format!("round 2 of result {id} is "));
}

#[test]
fn what_is_not_decided_says_how_many_runs_would_decide_it_and_what_they_cost() {
    let suite = SURE.replace("{ start: 4, max: 12, step: 4 }", "8")
        + "budget: { max_runs: 100, price_per_run: 0.25 }\n";
    let suite = suite.replace("50%", "60%");
    let gate = Gate::against(&on_the_edge(), &suite);
    let result = gate.run(&["run"]).expect(3).result();
    let check = &result["checks"][0];
    let more = check["further_runs"].as_u64().unwrap();
    let cost = more as f64 * 0.25;
    let told = format!(
        "about {more} more runs like these would probably decide it; {more} runs cost {cost:.2}"
    );
    assert!(check["reason"].as_str().unwrap().ends_with(&told), "{check}");
    let again = gate.run(&["judge", "cekura-report/result.json"]).expect(3).result();
    assert_eq!(again["checks"], result["checks"]);
    // Within the rounds it is the runs until the look that would decide.
    let gate = Gate::against(GOOD, &SURE.replace(
        "success_rate: \">= 50%\"",
        "success_rate: \">= 50%\", each_scenario: { success_rate: { check: \">= 50%\", level: warn } }",
    ));
    let result = gate.run(&["run"]).expect(0).result();
    let open = result["checks"].as_array().unwrap().iter().find(|c| c["verdict"] == "inconclusive");
    assert_eq!(open.unwrap()["further_runs"], 4, "{result}");
}
