//! `check --online`: what the suite names is looked up, the plan is priced, and nothing is started.

use super::harness::{GOOD, Gate, SUITE};

const SUITE_WITH_NAMES: &str = "
version: 1
name: Checkout
agent: 1
project: 9
tags: [smoke, nightly]
frequency: 2
personalities: [3, 7]
test_profiles: [20]
budget: { max_runs: 100, max_cost: 10, price_per_run: 0.12 }
thresholds:
  success_rate: 90%
  metrics:
    latency: p95 <= 2s
    504: 'share(\"calm\") >= 90%'
";

fn world() -> String {
    let rest = "personalities: [{ id: 3, name: Calm }, { id: 7, name: Hasty }]\n\
                test_profiles: [{ id: 20, name: Gold }]\n";
    let tags = GOOD.replacen("tags: [smoke]", "tags: [smoke, nightly]", 1);
    format!("{tags}{rest}")
}

/// Nothing was asked but what only reads.
fn only_reads(gate: &Gate) {
    assert_eq!(gate.simulator().starts(), 0);
    for request in gate.requests() {
        let dry = request.starts_with("POST ") && request.ends_with("/validate_scenarios_json/");
        assert!(dry || request.starts_with("GET "), "{request}");
    }
}

#[test]
fn a_suite_whose_names_are_known_is_priced_and_not_started() {
    let gate = Gate::against(&world(), SUITE_WITH_NAMES);
    let finished = gate.run(&["check", "--online"]).expect(0);
    let head = finished.stdout.split("\nPOST").next().unwrap();
    insta::assert_snapshot!(head, @r#"
    Checkout (cekura-gate.yml) is valid, and the account has what it names. Nothing was started.

      mode       voice
      agent      1 (Mia), project 9
      scenarios  1 Where is my order, 2 Return shoes
      runs       2 scenarios × frequency 2 × 2 personalities × 1 test profile = 8 runs
      cost       0.96 for 8 runs at 0.12 each
      timeout    1h
      checks     success_rate >= 90%
                 504 share("calm") >= 90%
                 latency p95 <= 2s; values taken as ms (the usual unit of a latency; `unit` says another)
      budget     at most 100 runs and 10.00
      reports    cekura-report
    "#);
    only_reads(&gate);
    assert!(gate.requests().len() < 8, "{:?}", gate.requests());
}

#[test]
fn every_unknown_name_is_told_at_once_with_the_nearest() {
    let suite = SUITE_WITH_NAMES
        .replace("[smoke, nightly]", "[smoke, nigtly]\nscenarios: [1, 22]")
        .replace("[3, 7]", "[3, 8]")
        .replace("[20]", "[21]")
        .replace("latency:", "latancy:")
        .replace("calm", "clam");
    let gate = Gate::against(&world(), &suite);
    let finished = gate.run(&["check", "--online"]).expect(2);
    insta::assert_snapshot!(finished.stderr, @r#"
    error: no scenario of the agent has the tag `nigtly`
     --> cekura-gate.yml:6:15
      |
    6 | tags: [smoke, nigtly]
      |               ^^^^^^
      |
      = help: did you mean `nightly`?

    error: the agent has no scenario `22`
     --> cekura-gate.yml:7:16
      |
    7 | scenarios: [1, 22]
      |                ^^
      |
      = help: did you mean `2` (Return shoes)?

    error: the personality `8` is not enabled for the agent
     --> cekura-gate.yml:9:20
      |
    9 | personalities: [3, 8]
      |                    ^
      |
      = help: enabled are `3` and `7`

    error: there is no test profile `21`
      --> cekura-gate.yml:10:17
       |
    10 | test_profiles: [21]
       |                 ^^
       |
       = help: the account has `20`

    error: the agent has no metric `latancy`
      --> cekura-gate.yml:15:5
       |
    15 |     latancy: p95 <= 2s
       |     ^^^^^^^
       |
       = help: did you mean `Latency`?

    error: the metric `Sentiment` has no label `clam`
      --> cekura-gate.yml:16:10
       |
    16 |     504: 'share("clam") >= 90%'
       |          ^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `calm`?
    "#);
    only_reads(&gate);
}

#[test]
fn a_check_that_a_metric_cannot_be_asked_is_warned_of() {
    let suite = SUITE_WITH_NAMES.replace("p95 <= 2s", "'>= 95%'");
    let gate = Gate::against(&world(), &suite);
    gate.run(&["check", "--online"])
        .expect(0)
        .says("`Latency` is a metric of the kind numeric, and `rate` cannot be used for it");
}

#[test]
fn a_bound_beyond_the_scale_of_a_rating_is_warned_of() {
    let asked = |check: &str| {
        let thresholds = format!("thresholds: {{ metrics: {{ Customer satisfaction: {check} }} }}");
        Gate::against(GOOD, &format!("{SUITE}{thresholds}\n")).run(&["check", "--online"]).expect(0)
    };
    asked("mean >= 0").says("`Customer satisfaction` is a rating, and `mean >= 0` can never fail");
    asked("p5 > 100")
        .says("`p5 > 100` can never pass: a rating lies between 0 and 5, or 0 and 100");
    assert!(!asked("[mean >= 4, sum <= 100]").stderr.contains("never"));
}

#[test]
fn an_unknown_agent_is_told_with_those_that_are_there() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["check", "--online", "--agent", "12"])
        .expect(2)
        .says("--agent: the account has no agent `12`")
        .says("it has 1 (Mia), project 9");
    let suite = SUITE.replace("agent: 1", "assistant: asst_12");
    let gate = Gate::against(GOOD, &suite);
    gate.run(&["check", "--online"]).expect(2).says("cekura-gate.yml:4:12");
}

#[test]
fn an_unknown_folder_is_told_with_the_nearest() {
    let suite = SUITE.replace("scenarios: [1, 2]", "project: 9\nfolder: Ordrs");
    let gate = Gate::against(GOOD, &suite);
    gate.run(&["check", "--online"])
        .expect(2)
        .says("there is no folder `Ordrs`")
        .says("did you mean `Orders`?");
    let gate = Gate::against(GOOD, &suite.replace("Ordrs", "Orders"));
    gate.run(&["check", "--online"]).expect(0).says("2 scenarios × frequency 3 = 6 runs");
}

#[test]
fn a_baseline_is_found_or_told() {
    let thresholds = "thresholds:\n  baseline: { from: main, success_rate: { max_drop: 5% } }\n";
    let mut gate = Gate::against(GOOD, &format!("{SUITE}{thresholds}"));
    gate.env("GITHUB_REF_NAME", "main");
    gate.env("GITHUB_ACTIONS", "true");
    gate.run(&["check", "--online"])
        .expect(0)
        .says("no result of `Checkout` on branch `main` can be the baseline");
    gate.run(&["run", "--baseline", "none"]).expect(0);
    let starts = gate.simulator().starts();
    gate.run(&["check", "--online"]).expect(0).says("main: result 2001 of ").says(", 6 runs");
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn a_plan_over_budget_is_refused_once_its_scenarios_are_known() {
    let suite = SUITE_WITH_NAMES.replace("max_runs: 100", "max_runs: 7");
    let gate = Gate::against(&world(), &suite);
    gate.run(&["check"]).expect(0);
    gate.run(&["check", "--online"]).expect(2).says("the plan has 8 runs, the budget allows 7");
}

#[test]
fn a_key_that_is_missing_or_wrong_is_no_fault_of_the_suite() {
    let mut gate = Gate::against(GOOD, SUITE);
    gate.env("CEKURA_API_KEY", "");
    gate.run(&["check", "--online"]).expect(5).says("CEKURA_API_KEY");
    gate.env("CEKURA_API_KEY", "wrong");
    gate.run(&["check", "--online"]).expect(5).says("401");
}

#[test]
fn test_cases_are_priced_by_the_platforms_dry_run() {
    let suite = "version: 1\nagent: 1\ncases:\n  - { name: A, instructions: x, frequency: 4 }\n";
    let gate = Gate::against(&format!("{GOOD}price_per_run: 0.25\n"), suite);
    gate.run(&["check", "--online"]).expect(0).says("1.00 for 4 runs, by the platform's dry run");
    only_reads(&gate);
    let gate =
        Gate::against(GOOD, &suite.replace("instructions: x", "instructions: x, metrics: [nope]"));
    gate.run(&["check", "--online"]).expect(2).says("cekura-gate.yml:4:43");
    only_reads(&gate);
}

const SPEC: &str = r#"{ "version": "1",
  "defaults": { "personality": 3 },
  "scenarios": [
    { "name": "A", "instructions": "x", "personality": 8 },
    { "name": "B", "instructions": "x", "personality": { "base": 9 }, "test_profile": 21 },
    { "name": "C", "instructions": "x", "personality": 7, "test_profile": 20 }
  ] }"#;

#[test]
fn people_that_test_cases_name_are_told_at_their_place() {
    let gate = Gate::against(
        &world(),
        "version: 1\nagent: 1\nspec: a.json\nthresholds: { metrics: { latancy: p95 <= 2s } }\n",
    );
    std::fs::write(gate.dir.path().join("a.json"), SPEC).unwrap();
    let finished = gate.run(&["check", "--online"]).expect(2);
    insta::assert_snapshot!(finished.stderr, @r#"
    error: there is no personality `8`
     --> a.json:4:56
      |
    4 |     { "name": "A", "instructions": "x", "personality": 8 },
      |                                                        ^
      |
      = help: the account has `3` and `7`

    error: there is no personality `9`
     --> a.json:5:66
      |
    5 |     { "name": "B", "instructions": "x", "personality": { "base": 9 }, "test_profile": 21 },
      |                                                                  ^
      |
      = help: the account has `3` and `7`

    error: there is no test profile `21`
     --> a.json:5:87
      |
    5 |     { "name": "B", "instructions": "x", "personality": { "base": 9 }, "test_profile": 21 },
      |                                                                                       ^^
      |
      = help: the account has `20`

    error: the agent has no metric `latancy`
     --> cekura-gate.yml:4:26
      |
    4 | thresholds: { metrics: { latancy: p95 <= 2s } }
      |                          ^^^^^^^
      |
      = help: did you mean `Latency`?
    "#);
    only_reads(&gate);
}

#[test]
fn people_of_cases_in_the_suite_are_told_at_their_place() {
    let suite =
        "version: 1\nagent: 1\ncases:\n  - { name: A, instructions: x, test_profile: 21 }\n";
    let gate = Gate::against(&world(), suite);
    gate.run(&["check", "--online"])
        .expect(2)
        .says("there is no test profile `21`")
        .says("cekura-gate.yml:4:47")
        .says("the account has `20`");
}

#[test]
fn people_that_cannot_be_looked_up_are_warned_of() {
    let suite = "version: 1\nagent: 1\ncases:\n  - { name: A, instructions: x, personality: 8 }\n";
    let gate = Gate::against(GOOD, suite);
    gate.run(&["check", "--online"])
        .expect(0)
        .says("warning: the personality `8` of the case `A` is not among those that are enabled");
}

#[test]
fn what_several_suites_name_is_told_at_once() {
    let by_tag = SUITE.replace("scenarios: [1, 2]", "tags: [smke]");
    let gate = Gate::against(&world(), &by_tag);
    let other = by_tag.replace("Checkout", "Returns").replace("smke", "nigtly");
    std::fs::write(gate.dir.path().join("b.yml"), other).unwrap();
    gate.run(&["check", "--online", "cekura-gate.yml", "b.yml"])
        .expect(2)
        .says("did you mean `smoke`?")
        .says("did you mean `nightly`?");
}

#[test]
fn an_account_of_any_size_takes_a_bounded_number_of_questions() {
    let mut scenarios = String::new();
    for id in 10..2200 {
        scenarios.push_str(&format!("  - {{ id: {id}, name: Scenario {id} }}\n"));
    }
    let world = GOOD.replace("metrics:", &format!("{scenarios}metrics:"));
    let suite = SUITE.replace("[1, 2]", "[1, 2190]");
    let gate = Gate::against(&world, &suite);
    gate.run(&["check", "--online"]).expect(0).says("not every id could be looked up");
    assert!(gate.requests().len() < 30, "{}", gate.requests().len());
}
