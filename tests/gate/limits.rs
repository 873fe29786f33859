//! The caller's limits, which no suite can raise: what everything together may start and cost.

use super::harness::{GOOD, Gate, SUITE};

fn refused(gate: &Gate, args: &[&str], words: &str) {
    gate.run(args).expect(2).says(words).says("nothing was started");
    assert_eq!(gate.simulator().starts(), 0, "{args:?}");
}

#[test]
fn a_plan_above_the_callers_limit_is_refused_whatever_the_suites_budget_says() {
    let gate = Gate::against(GOOD, &format!("{SUITE}budget: {{ max_runs: 1000 }}\n"));
    for command in ["run", "check"] {
        refused(&gate, &[command, "--max-runs", "5"], "may start 6 runs");
    }
    gate.run(&["run", "--max-runs", "6"]).expect(0);
    let gate = Gate::against(GOOD, &format!("{SUITE}budget: {{ max_runs: 5 }}\n"));
    refused(&gate, &["run", "--max-runs", "6"], "the budget allows 5");
}

#[test]
fn every_retry_that_the_suite_allows_counts() {
    let gate = Gate::against(GOOD, &format!("{SUITE}retry: {{ on: [error], attempts: 3 }}\n"));
    refused(&gate, &["run", "--max-runs", "23"], "24 runs (6 runs and at most 18 in retries)");
    gate.run(&["run", "--max-runs", "24"]).expect(0);
}

#[test]
fn runs_that_only_the_account_knows_are_counted_before_the_start() {
    let gate = Gate::against(GOOD, "version: 1\nagent: 1\ntags: [smoke]\nfrequency: 2\n");
    refused(&gate, &["run", "--max-runs", "3"], "may start 4 runs");
    gate.run(&["run", "--max-runs", "4"]).expect(0);
}

#[test]
fn a_limit_of_cost_takes_the_callers_price_before_the_suites() {
    let cheap = format!("{SUITE}budget: {{ price_per_run: 0.001, max_runs: 99 }}\n");
    let gate = Gate::against(GOOD, &cheap);
    let args = ["run", "--max-cost", "2.99", "--price-per-run", "0.5"];
    refused(&gate, &args, "may cost 3.00");
    gate.run(&["run", "--max-cost", "2.99"]).expect(0);
    let gate = Gate::against(GOOD, SUITE);
    refused(&gate, &["run", "--max-cost", "9"], "needs the price of a run");
}

#[test]
fn a_limit_holds_for_several_suites_and_every_side_of_a_matrix_together() {
    let gate = Gate::against(GOOD, SUITE);
    let other = SUITE.replace("Checkout", "Returns");
    std::fs::write(gate.dir.path().join("other.yml"), other).unwrap();
    let both = ["run", "cekura-gate.yml", "other.yml", "--max-runs"];
    refused(&gate, &[&both[..], &["11"]].concat(), "may start 12 runs");
    gate.run(&[&both[..], &["12"]].concat()).expect(0);

    let gate = Gate::against(GOOD, &format!("{SUITE}matrix: {{ mode: [voice, text] }}\n"));
    refused(&gate, &["run", "--max-runs", "11"], "may start 12 runs");
}

#[test]
fn the_agent_may_be_that_of_the_scenarios_but_not_of_test_cases() {
    let gate = Gate::against(GOOD, "version: 1\nscenarios: [1, 2]\n");
    gate.run(&["run"]).expect(0);
    let request = gate.simulator().requests().into_iter().find(|one| one.method == "POST").unwrap();
    assert!(request.body.unwrap().get("agent_id").is_none());
    gate.run(&["check", "--online"]).expect(0).says("that of the scenarios");
    let cases = "version: 1\ncases: [{ key: a, name: A, instructions: Ask., language: en }]\n";
    Gate::alone(cases).run(&["check"]).expect(2).says("does not say which agent to test");
}

#[test]
fn flags_carry_what_only_suites_could() {
    let gate = Gate::against(GOOD, SUITE);
    let flags = [
        "--phone-number=+14155550100",
        "--agent-number=+14155550101",
        "--numbers=different",
        "--mock-tools=[]",
    ];
    gate.run(&[&["run"], &flags[..]].concat()).expect(0);
    let request = gate.simulator().requests().into_iter().find(|one| one.method == "POST").unwrap();
    let body = request.body.unwrap();
    assert_eq!(body["outbound_phone_number"], "+14155550100");
    assert_eq!(body["agent_number"], "+14155550101");
    assert_eq!(body["mode"], "different_numbers");
    assert_eq!(body["mock_tool_names"], serde_json::json!([]));
    gate.run(&["run", "--livekit-data={}"]).expect(2).says("--livekit-data");
    gate.run(&["run", "--frequency=1001"]).expect(2).says("1000");
}

#[test]
fn a_link_that_is_asked_for_ends_in_seven_days_and_the_short_summary_is_whole() {
    let gate = Gate::against(GOOD, SUITE);
    let finished = gate.run(&["run", "--share-link"]).expect(0);
    let requests = gate.simulator().requests();
    let share = requests.iter().find(|one| one.path.ends_with("link_token/")).unwrap();
    let end = share.body.as_ref().unwrap()["expire_at"].as_str().unwrap().to_owned();
    let end: jiff::Timestamp = end.parse().unwrap();
    let days = (end - jiff::Timestamp::now()).total(jiff::Unit::Hour).unwrap() / 24.0;
    assert!((6.9..7.1).contains(&days), "{days}");
    let comment = finished.report("comment.md");
    assert!(comment.starts_with("## ✅") && comment.chars().count() < 65_536, "{comment}");
}
