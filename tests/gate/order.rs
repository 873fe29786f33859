//! `order: recent_failures`: what failed lately starts first, and the rest only where it can matter.

use serde_json::{Value, json};

use super::harness::{GOOD, Gate};
use super::policies::on_github;

/// Each scenario must always hold: one failed run fails the suite for good.
const SUITE: &str = "
version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
frequency: { start: 3, max: 12 }
order: recent_failures
thresholds: { success_rate: \">= 60%\", confidence: 95%, each_scenario: { success_rate: 100% } }
";

/// The first scenario never passes.
fn broken() -> String {
    GOOD.replacen("pass: 1, error: 0", "pass: 0, error: 0", 1)
}

fn first(result: &Value) -> &Value {
    &result["plan"]["rounds"]["first"]
}

#[test]
fn what_failed_lately_fails_first_and_the_rest_is_not_started() {
    let gate = Gate::against(&broken(), SUITE);
    let once = gate.run(&["run"]).expect(1).says("no earlier result of this suite");
    assert!(first(&once.result()).is_null());
    assert_eq!(gate.simulator().starts(), 1);

    gate.run(&["check", "--online"]).expect(0).says(
        "order      1 of 2 scenarios start first, because they failed in 1 earlier result: 1\n",
    );
    let again = gate
        .run(&["run"])
        .expect(1)
        .says("the other 3 runs of the first round were not started")
        .says("3 of at most 24 runs were started");
    assert_eq!(gate.simulator().starts(), 2);
    let result = again.result();
    assert_eq!(first(&result), &json!({"scenarios": [1], "rest_started": false}));
    assert_eq!((&result["tally"]["total"], &result["tally"]["missing"]), (&json!(3), &json!(3)));
    let judged = gate.run(&["judge", "cekura-report/result.json"]).expect(1).result();
    assert_eq!(judged["checks"], result["checks"]);
    let watched = gate.run(&["watch", "--from", "cekura-report/run.json"]).expect(1);
    watched.says("the other 3 runs of the first round were not started");
    gate.run(&["run", "--resume"]).expect(1);
    assert_eq!(gate.simulator().starts(), 2, "nothing is started twice, and not the rest");
}

/// A suite that a broken scenario does not fail.
const BEARS_IT: &str = "
version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
frequency: { start: 4, max: 12 }
order: recent_failures
thresholds:
  success_rate: \">= 5%\"
  confidence: 95%
  baseline: { from: none, if_missing: pass, success_rate: { max_drop: 90% } }
";

#[test]
fn the_rest_starts_where_nothing_has_failed_for_good_and_the_whole_is_judged() {
    let mut gate = Gate::against(&broken(), BEARS_IT);
    on_github(&mut gate, "push", "main", "aaaaaaa1");
    gate.run(&["run"]).expect(0);
    on_github(&mut gate, "push", "main", "bbbbbbb1");
    let split = gate.run(&["run"]).expect(0).says("round 1 rest: 4 runs started as result");
    assert_eq!(gate.simulator().starts(), 3);
    let result = split.result();
    assert_eq!(result["tally"]["total"], 8);
    assert_eq!(result["tally"]["missing"], 0);
    let sets: Vec<&Value> =
        result["results"].as_array().unwrap().iter().map(|one| &one["set"]).collect();
    assert_eq!(sets, ["round 1 first", "round 1 rest"]);
    // As a baseline of the branch it counts with both parts.
    let id = &result["result"]["id"];
    on_github(&mut gate, "pull_request", "feature", "ccccccc1");
    for from in ["main".to_owned(), id.to_string()] {
        let compared = gate.run(&["run", "--baseline", &from]).expect(0).result();
        assert_eq!(&compared["baseline"]["result"], id, "{}", compared["notes"]);
        let scenarios = compared["baseline"]["comparison"]["scenarios"].as_array().unwrap();
        let base: Vec<&Value> = scenarios.iter().map(|one| &one["base"]).collect();
        assert_eq!(base, [&json!([0, 4]), &json!([4, 4])], "{from}");
    }
}

#[test]
fn a_lost_runner_is_gone_on_from_in_either_part_and_nothing_is_paid_for_twice() {
    let gate = Gate::against(&broken(), BEARS_IT);
    gate.run(&["run"]).expect(0);
    let whole = gate.run(&["run"]).expect(0).result();
    let starts = gate.simulator().starts();
    let path = gate.dir.path().join("cekura-report/run.json");
    let saved: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let resumed = |left: Value| {
        std::fs::write(&path, left.to_string()).unwrap();
        let again = gate.run(&["run", "--resume"]).expect(0).result();
        assert_eq!(again["tally"], whole["tally"]);
        assert_eq!(again["plan"]["rounds"], whole["plan"]["rounds"]);
    };
    let mut in_the_rest = saved.clone();
    in_the_rest["planned"]["rounds"]["first"].as_object_mut().unwrap().remove("rest_result");
    resumed(in_the_rest);
    let mut before_the_rest = saved.clone();
    before_the_rest["planned"]["rounds"]["first"] = json!({"scenarios": [1]});
    resumed(before_the_rest);
    let mut in_the_first = saved;
    in_the_first["planned"]["rounds"]["first"] = json!({"scenarios": [1]});
    in_the_first["result"] = Value::Null;
    resumed(in_the_first);
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn the_baseline_alone_says_what_failed_too() {
    let gate = Gate::against(&broken(), SUITE);
    gate.run(&["run"]).expect(1);
    let saved = gate.dir.path().join("cekura-report/result.json");
    let suite = SUITE.replace(
        "confidence: 95%,",
        "confidence: 95%, baseline: { from: before.json, new_failures: 0 },",
    );
    let healed = Gate::against(GOOD, &suite);
    std::fs::copy(saved, healed.dir.path().join("before.json")).unwrap();
    let finished =
        healed.run(&["run"]).says("1 of 2 scenarios start first").says("the baseline: 1");
    let result = finished.result();
    assert_eq!(first(&result)["rest_started"], true);
    assert_eq!(result["tally"]["missing"], 0);
}

#[test]
fn without_rounds_or_where_a_start_is_reused_the_order_changes_nothing_and_says_so() {
    let gate = Gate::against(GOOD, &SUITE.replace("{ start: 3, max: 12 }", "3"));
    gate.run(&["check"]).expect(0).says("recent_failures changes nothing: there are no rounds");
    gate.run(&["run"]).says("order: there are no rounds: the first round is one start");
    assert_eq!(gate.simulator().starts(), 1);
}
