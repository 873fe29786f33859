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
        "2 scenarios × frequency 3 = 6 runs, then in rounds to 6, 9, 12 of each until every check \
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
frequency: { start: 4, max: 12 }
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
        .says("1   2 scenarios × 4 = 8 runs, 8 so far; it passed success_rate");
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
    gate.run(&["run"]).expect(1).says("8 so far; it failed success_rate");
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
        .replace("{ start: 4, max: 12 }", "{ start: 8, max: 32 }");
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
    let gate = Gate::against(GOOD, &SURE.replace("{ start: 4, max: 12 }", "12"));
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
