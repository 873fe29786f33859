//! Sides of one call: started together or not at all, each judged over all of its sets.

use std::collections::BTreeMap;

use serde_json::Value;

use super::again::in_a_job;
use super::harness::{Finished, GOOD, Gate, slow};
use super::many::{most_at_once, timed};

/// Two agents, each with a side of the call.
fn world(base: &str) -> String {
    base.replace(
        "agents: [{ id: 1, name: Mia, project: 9 }]",
        "agents: [{ id: 1, name: Mia, project: 9 }, { id: 2, name: Desk, project: 9 }]",
    )
}

/// A caller and whom the call is transferred to: two sets, each twice.
const TRANSFER: &str = "
version: 1
name: Transfer
frequency: 2
together:
  - { name: caller, agent: 1, scenarios: [1, 1] }
  - { name: desk, agent: 2, scenarios: [2, 2] }
";

fn transfer(more: &str) -> String {
    format!("{TRANSFER}{more}\n")
}

fn index(finished: &Finished) -> Value {
    serde_json::from_str(&finished.report("gates.json")).unwrap()
}

fn result(finished: &Finished, side: &str) -> Value {
    let file = format!("cekura-gate-{side}/result.json");
    serde_json::from_str(&finished.report(&file)).unwrap()
}

/// The bodies of the starts, in the order in which they came.
fn starts(gate: &Gate) -> Vec<Value> {
    let requests = gate.simulator().requests().into_iter();
    let starts = requests.filter(|request| request.path.contains("/run_scenarios"));
    starts.map(|request| request.body.unwrap()).collect()
}

fn ended(gate: &Gate) -> usize {
    gate.requests().iter().filter(|request| request.ends_with("/end_calls/")).count()
}

#[test]
fn each_side_is_judged_over_its_sets_and_each_call_is_a_result_of_its_own() {
    let bad_desk = world(GOOD).replace(
        "Return shoes, folder: Orders, tags: [smoke], pass: 1",
        "Return shoes, folder: Orders, tags: [smoke], pass: 0",
    );
    let gate = Gate::against(&bad_desk, &transfer(""));
    let finished = gate.run(&["run"]).expect(1).says("1 of 2 suites passed, 1 failed");
    let index = index(&finished);
    let codes: Vec<(&str, u64, usize)> = index["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| {
            let results = gate["results"].as_array().unwrap().len();
            (gate["name"].as_str().unwrap(), gate["exit_code"].as_u64().unwrap(), results)
        })
        .collect();
    assert_eq!(codes, [("Transfer · caller", 0, 4), ("Transfer · desk", 1, 4)]);
    assert_eq!(index["tally"]["total"], 8);
    let desk = result(&finished, "desk");
    let sets: Vec<&str> =
        desk["results"].as_array().unwrap().iter().map(|r| r["set"].as_str().unwrap()).collect();
    assert_eq!(sets, ["set 1 #1", "set 1 #2", "set 2 #1", "set 2 #2"]);
    let of_runs: BTreeMap<&str, u64> = desk["result"]["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["set"].as_str().unwrap(), run["id"].as_u64().unwrap()))
        .collect();
    assert_eq!(of_runs.keys().copied().collect::<Vec<_>>(), sets);
    assert!(finished.report("junit.xml").contains("set 2 #1"));
    let ids: Vec<String> =
        desk["results"].as_array().unwrap().iter().map(|r| r["id"].to_string()).collect();
    assert!(finished.report("summary.md").contains(&format!("results {}", ids.join(", "))));
    let html = finished.report("cekura-gate-desk/html/index.html");
    assert!(html.contains(&format!("Results {}", ids.join(", "))), "{html}");
    for body in starts(&gate) {
        assert_eq!((&body["concurrency_limit"], &body["frequency"]), (&1.into(), &Value::Null));
        assert_eq!(body["scenarios"], Value::from(vec![body["agent_id"].clone()]));
    }
    // What was saved is judged again with the same sets, and compared with itself.
    let saved = "cekura-report/cekura-gate-desk/result.json";
    let again = gate.run(&["judge", saved, "--report-dir", "x"]).expect(1);
    assert!(again.stdout.contains("one result for each set of calls"), "{}", again.stdout);
    gate.run(&["compare", saved, saved]).expect(0);
}

#[test]
fn the_calls_of_a_set_start_together_and_a_set_only_when_all_of_them_fit() {
    let gate = Gate::against(&world(&timed()), &transfer(""));
    // Three calls at a time have room for one set, and not for a set and a half.
    let finished = gate.run(&["run", "--concurrency", "3"]).expect(0);
    let order: Vec<u64> =
        starts(&gate).iter().map(|body| body["agent_id"].as_u64().unwrap()).collect();
    for set in order.chunks(2) {
        assert!(set.contains(&1) && set.contains(&2), "{order:?}");
    }
    assert!(most_at_once(&finished) <= 3);
    let own = transfer("concurrency: 4");
    let wide = Gate::against(&world(&timed()), &own);
    assert!(most_at_once(&wide.run(&["run"]).expect(0)) <= 4);
    gate.run(&["run", "--concurrency", "1"]).expect(2).says("too few for 2 calls");
    let list = "{ version: 1, suites: [cekura-gate.yml], concurrency: 1 }";
    std::fs::write(gate.dir.path().join("gates.yml"), list).unwrap();
    gate.run(&["run", "gates.yml"]).expect(2).says("2 calls start together");
}

#[test]
fn where_one_side_cannot_be_started_the_others_are_ended_and_no_further_set_is_started() {
    // The desk is none of the account's agents: each of its starts is refused.
    let gate = Gate::against(&world(GOOD), &transfer("").replace("agent: 2", "agent: 7"));
    let finished = gate.run(&["run", "--concurrency", "2"]).expect(5);
    let finished = finished.says("no further set is started").says("did not all start");
    assert_eq!((starts(&gate).len(), ended(&gate)), (2, 1), "{:?}", gate.requests());
    let caller = result(&finished, "caller");
    assert_eq!((&caller["exit_code"], &caller["verdict"]), (&5.into(), &"inconclusive".into()));
    // Alone it was not the call that the suite means, however it went.
    assert_eq!((&caller["tally"]["passed"], &caller["tally"]["missing"]), (&0.into(), &3.into()));
    let notes = caller["notes"].to_string();
    assert!(
        notes.contains("set 1 #1: its call was ended: the other parties did not start"),
        "{notes}"
    );
    assert_eq!(index(&finished)["gates"][1]["result"], Value::Null);
}

#[test]
fn a_side_that_fails_is_no_reason_to_stop_the_others() {
    let gate = Gate::against(&world(GOOD), &transfer("thresholds: { success_rate: \">= 0%\" }"));
    gate.run(&["run"]).expect(0);
    assert_eq!(ended(&gate), 0);
}

#[test]
fn a_lost_runner_is_gone_on_with_and_a_half_set_is_not_completed_later() {
    let gate = Gate::against(&world(GOOD), &transfer(""));
    gate.run(&["run"]).expect(0);
    let left = |set: &str, side: &str| {
        gate.dir.path().join(format!("cekura-report/cekura-gate-{side}/{set}/run.json"))
    };
    gate.run(&["run", "--resume"]).expect(0).says("not paid for again");
    assert_eq!(gate.simulator().starts(), 8);
    // A set of which nothing was left had not begun: it is started now.
    for side in ["caller", "desk"] {
        std::fs::remove_file(left("set-2-2", side)).unwrap();
    }
    gate.run(&["run", "--resume"]).expect(0);
    assert_eq!(gate.simulator().starts(), 10);
    // Where one side is there alone, nobody calls it an hour later. The other sets go on.
    std::fs::remove_file(left("set-2-1", "desk")).unwrap();
    for side in ["caller", "desk"] {
        std::fs::remove_file(left("set-2-2", side)).unwrap();
    }
    gate.run(&["run", "--resume", "--concurrency", "2"])
        .expect(5)
        .says("its other parties did start");
    assert_eq!(gate.simulator().starts(), 12);
}

#[test]
fn a_result_of_a_side_is_judged_again_by_the_rules_of_that_side() {
    let own = "scenarios: [2, 2], thresholds: { metrics: { Latency: mean <= 100ms } }";
    let suite = transfer("").replace("scenarios: [2, 2]", own);
    let gate = Gate::against(&world(GOOD), &suite);
    gate.run(&["run"]).expect(1);
    for (side, code) in [("caller", 0), ("desk", 1)] {
        let saved = format!("cekura-report/cekura-gate-{side}/result.json");
        let again = ["judge", &saved, "--suite", "cekura-gate.yml", "--report-dir", "x"];
        gate.run(&again).expect(code);
        let left = format!("cekura-report/cekura-gate-{side}/set-1-1/run.json");
        gate.run(&["watch", "--from", &left, "--report-dir", "x"]).expect(code);
    }
    // Without its name nobody knows whose result it is.
    gate.run(&["watch", "2001", "--suite", "cekura-gate.yml", "--report-dir", "x"])
        .expect(2)
        .says("Transfer · caller, Transfer · desk");
}

#[test]
fn judging_takes_no_evidence_away() {
    let gate = Gate::against(&world(GOOD), &transfer(""));
    let finished = gate.run(&["run"]).expect(0);
    gate.run(&["judge", "cekura-report/cekura-gate-desk/result.json"]).expect(0);
    for left in ["gates.json", "cekura-gate-caller/result.json", "cekura-gate-desk/result.json"] {
        finished.report(left);
    }
}

#[test]
fn calls_that_a_gate_has_ended_are_no_errors_when_it_is_gone_on_with() {
    let world = world(&slow());
    let errors = "thresholds: { errors: \"<= 10%\" }";
    let gate = Gate::against(&world, &transfer(errors));
    gate.run(&["run", "--timeout", "400ms"]).expect(4);
    gate.run(&["run", "--resume"]).expect(3);
    let single = "version: 1\nagent: 1\nscenarios: [1, 2]\nthresholds: { errors: \"<= 10%\" }\n";
    let gate = Gate::against(&world, single);
    gate.run(&["run", "--timeout", "400ms"]).expect(4);
    gate.run(&["run", "--resume"]).expect(3);
    gate.run(&["watch", "--from", "cekura-report/run.json"]).expect(3);
}

#[test]
fn a_refusal_before_the_start_and_a_baseline_in_the_way_take_nothing_away() {
    let gate = Gate::against(&world(GOOD), &transfer(""));
    let finished = gate.run(&["run"]).expect(0);
    let path = gate.dir.path().join("cekura-gate.yml");
    std::fs::write(&path, transfer("budget: { max_runs: 1 }")).unwrap();
    gate.run(&["run"]).expect(2);
    finished.report("cekura-gate-desk/set-1-1/run.json");
    let saved = "cekura-report/cekura-gate-desk/result.json";
    let own = format!(
        "scenarios: [2, 2], thresholds: {{ baseline: {{ from: {saved}, success_rate: {{ max_drop: 5% }} }} }}"
    );
    std::fs::write(&path, transfer("").replace("scenarios: [2, 2]", &own)).unwrap();
    let again = gate.run(&["run"]);
    assert_eq!(result(&again, "desk")["baseline"]["from"], saved);
}

#[test]
fn what_an_earlier_gate_left_of_a_larger_plan_is_forgotten() {
    let gate = Gate::against(&world(GOOD), &transfer(""));
    gate.run(&["run"]).expect(0);
    gate.run(&["run", "--frequency", "1"]).expect(0);
    let starts = gate.simulator().starts();
    gate.run(&["run", "--resume"]).expect(2).says("no longer has the set of");
    assert_eq!(gate.simulator().starts(), starts);
    gate.run(&["run", "--resume", "--frequency", "1"]).expect(0);
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn a_second_attempt_of_the_job_takes_up_whole_sets_only() {
    let mut gate = Gate::against(&world(GOOD), &transfer(""));
    in_a_job(&mut gate);
    gate.run(&["run", "--reuse"]).expect(0);
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    gate.run(&["run", "--reuse"]).expect(0).says("by an earlier attempt of this job");
    assert_eq!(gate.simulator().starts(), 8);
    // The desk is another agent now: its calls are new, and so are the caller's.
    let path = gate.dir.path().join("cekura-gate.yml");
    std::fs::write(&path, transfer("").replace("agent: 2", "agent: 1")).unwrap();
    gate.run(&["run", "--reuse"]).expect(0);
    assert_eq!(gate.simulator().starts(), 16);
}

#[test]
fn the_time_is_that_of_the_suite_and_what_it_did_not_reach_is_told() {
    let gate = Gate::against(&world(&slow()), &transfer("concurrency: 2"));
    let finished = gate.run(&["run", "--timeout", "400ms"]).expect(4);
    assert_eq!((gate.simulator().starts(), ended(&gate)), (2, 2));
    let caller = result(&finished, "caller");
    assert_eq!(caller["exit_code"], 4);
    assert!(caller["headline"].as_str().unwrap().contains("within 400ms"), "{caller}");
    let why = "3 of 4 sets not started: set 1 #2: the `timeout` of the suite was over";
    assert!(caller["notes"].to_string().contains(why), "{}", caller["notes"]);
}

#[test]
fn a_side_is_compared_with_what_an_earlier_run_saved_of_it() {
    let gate = Gate::against(&world(GOOD), &transfer(""));
    gate.run(&["run", "--frequency", "10"]).expect(0);
    let saved = gate.dir.path().join("cekura-report/cekura-gate-desk/result.json");
    let base = gate.dir.path().join("base.json");
    std::fs::copy(saved, &base).unwrap();
    let limit = "thresholds: { baseline: { from: base.json, success_rate: { max_drop: 5% } } }";
    let own = format!("scenarios: [2, 2], {limit}");
    let worse = GOOD.replace(
        "Return shoes, folder: Orders, tags: [smoke], pass: 1",
        "Return shoes, folder: Orders, tags: [smoke], pass: 0",
    );
    let worse = Gate::against(&world(&worse), &transfer("").replace("scenarios: [2, 2]", &own));
    std::fs::copy(&base, worse.dir.path().join("base.json")).unwrap();
    let finished = worse.run(&["run", "--frequency", "10"]).expect(1).says("unlikely to be noise");
    assert_eq!(result(&finished, "desk")["baseline"]["from"], "base.json");
    assert_eq!(result(&finished, "caller")["exit_code"], 0);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_all_sides_and_what_waits_never_starts() {
    let gate = Gate::against(&world(&slow()), &transfer("concurrency: 2"));
    let (finished, took) = super::many::interrupted(&gate, &["run"], 2);
    let finished = finished.expect(130);
    assert!(took < 7.5, "{took}");
    assert_eq!((gate.simulator().starts(), ended(&gate)), (2, 2));
    for side in ["caller", "desk"] {
        let result = result(&finished, side);
        assert_eq!((&result["exit_code"], &result["tally"]["missing"]), (&130.into(), &3.into()));
    }
}

#[test]
fn all_sides_count_towards_the_budget_of_the_suite() {
    let gate = Gate::against(&world(GOOD), &transfer("budget: { max_runs: 7 }"));
    gate.run(&["run"]).expect(2).says("the plan has 8 runs, the budget allows 7");
    assert_eq!(gate.simulator().starts(), 0);
    let path = gate.dir.path().join("cekura-gate.yml");
    let priced = transfer("budget: { max_runs: 8, price_per_run: 0.5 }");
    std::fs::write(&path, priced).unwrap();
    let finished = gate.run(&["run"]).expect(0);
    assert!(result(&finished, "desk")["notes"].to_string().contains("cost: 2.00 for 4 runs"));
}

#[test]
fn a_side_has_checks_of_its_own_where_it_says_so() {
    let own = "scenarios: [2, 2], thresholds: { metrics: { Latency: mean <= 100ms } }";
    let gate = Gate::against(&world(GOOD), &transfer("").replace("scenarios: [2, 2]", own));
    let finished = gate.run(&["run"]).expect(1);
    assert_eq!(result(&finished, "caller")["exit_code"], 0);
    assert_eq!(result(&finished, "desk")["checks"][0]["name"], "Latency");
}

#[test]
fn what_cannot_stand_beside_sides_is_refused_with_the_way_out() {
    for (text, words) in [
        (transfer("scenarios: [1]"), "`scenarios` cannot be used with `together`"),
        (transfer("tags: [a]"), "`tags` cannot be used with `together`"),
        (transfer("matrix: { agent: [1, 2] }"), "`matrix` cannot be used with `together`"),
        (transfer("retry: { on: [error] }"), "cannot be started again"),
        (transfer("early_stop: failed"), "without its other sides"),
        (transfer("concurrency: 1"), "too few for 2 calls that start together"),
        (transfer("agent: 3"), "`agent` has no effect: every side has its own"),
        (transfer("personalities: [1, 2]"), "a side is one call"),
        (transfer("on_failure: { explain: true }"), "the platform explains a result"),
        (
            transfer("thresholds: { baseline: { from: a.json, success_rate: { max_drop: 5% } } }"),
            "a baseline is of one side",
        ),
        (
            transfer("").replace(
                "scenarios: [2, 2]",
                "scenarios: [2, 2], thresholds: { baseline: { from: main, success_rate: { max_drop: 5% } } }",
            ),
            "many results",
        ),
        (
            transfer("quarantine: [{ scenario: 9, until: 2099-01-01, owner: a, reason: b }]"),
            "is of no side",
        ),
        (transfer("").replace("[2, 2]", "[2]"), "caller has 2, desk has 1"),
        (transfer("").replace(", scenarios: [2, 2]", ""), "side `desk` has no scenarios"),
        (transfer("").replace("name: desk", "name: caller"), "two sides are called `caller`"),
        (transfer("").replace("agent: 2", "agent: 2, mode: sip, vapi: { assistant: x }"), "vapi"),
        (transfer("").replace("name: desk", "nmae: desk"), "nmae"),
        ("version: 1\ntogether: [{ agent: 1, scenarios: [1] }]".to_owned(), "at least 2 entries"),
    ] {
        Gate::alone(&text).run(&["check"]).expect(2).says(words);
    }
}

#[test]
fn a_fault_of_one_side_is_shown_at_its_place() {
    let text = transfer("").replace("agent: 2", "agent: 2, mode: sip, vapi: { assistant: x }");
    Gate::alone(&text).run(&["check"]).expect(2).says("--> cekura-gate.yml:7:");
    let unknown = Gate::against(GOOD, &transfer(""));
    unknown.run(&["check", "--online"]).expect(2).says("--> cekura-gate.yml:7:");
}

#[test]
fn what_many_results_tell_their_job_grows_no_faster_than_they_do() {
    let mut gate = Gate::against(&world(GOOD), &transfer(""));
    let output = gate.dir.path().join("output");
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_OUTPUT", output.to_str().unwrap());
    gate.run(&["run", "--frequency", "20"]).expect(0);
    let text = std::fs::read_to_string(&output).unwrap();
    // 80 results: with each of the first 16, with 32, with 64, and with all.
    assert_eq!(text.matches("result_ids<<").count(), 19, "{text}");
    let last = &text[text.rfind("result_ids<<").unwrap()..];
    let ids: Vec<u64> = serde_json::from_str(last.lines().nth(1).unwrap()).unwrap();
    assert_eq!(ids.len(), 80);
}

#[test]
fn check_shows_the_sets_and_the_first_call_of_each_side() {
    let checked = Gate::alone(&transfer("concurrency: 4")).run(&["check"]).expect(0);
    checked
        .says("Transfer: 4 sets of 2 calls that start together, at most 4 calls at a time")
        .says("\"name\": \"Transfer · desk · set 1 #1 [gate key]\"")
        .says("2 suites: 8 runs");
}

#[test]
fn sides_are_rehearsed_without_a_world() {
    Gate::alone(&transfer("")).run(&["run", "--simulate"]).expect(0).says("2 of 2 suites passed");
}

#[test]
fn sets_with_long_names_are_told_apart_when_they_are_taken_up() {
    let long = transfer("").replace("name: Transfer", &format!("name: {}", "Transfer ".repeat(18)));
    let mixed = world(GOOD).replace("pass: 1", "pass: 0.5");
    let mut gate = Gate::against(&mixed, &long);
    in_a_job(&mut gate);
    let results = |finished: &Finished| index(finished)["gates"].clone();
    let ids = |gates: &Value| -> Vec<Value> {
        gates.as_array().unwrap().iter().map(|gate| gate["results"].clone()).collect()
    };
    let first = gate.run(&["run", "--reuse"]);
    let before = results(&first);
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    let again = gate.run(&["run", "--reuse"]).expect(first.code);
    assert_eq!(gate.simulator().starts(), 8);
    assert_eq!(ids(&results(&again)), ids(&before));
}
