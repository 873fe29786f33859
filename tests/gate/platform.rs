//! What the platform does today: dry runs, the balance, occupied numbers, bare answers, v2 paths.

use super::harness::{GOOD, Gate, SUITE};

const SPEC: &str = r#"{
  "version": "1",
  "scenarios": [
    { "name": "Order", "instructions": "Ask for it.", "frequency": 2 },
    { "name": "Return", "instructions": "They are too small." }
  ]
}
"#;

const OF_SPEC: &str = "
version: 1
name: Checkout
agent: 1
spec: cekura.tests.json
mode: livekit_v2
livekit: { agent_name: preview-42, config: { room: a } }
frequency: 3
concurrency: 2
";

fn of_spec(world: &str) -> Gate {
    let gate = Gate::against(world, OF_SPEC);
    std::fs::write(gate.dir.path().join("cekura.tests.json"), SPEC).unwrap();
    gate
}

#[test]
fn a_preview_with_a_spec_runs_with_its_frequency_and_concurrency() {
    let gate = of_spec(GOOD);
    let finished = gate.run(&["run", "--share-link"]).expect(0);
    let start = gate.simulator().requests().into_iter().find(|one| one.method == "POST").unwrap();
    let body = start.body.unwrap();
    assert_eq!((&body["frequency"], &body["concurrency_limit"]), (&3.into(), &2.into()));
    assert_eq!(body["channel"], "livekit_v2");
    assert_eq!(body["livekit_data"]["agent_name"], "preview-42");
    assert_eq!(start.unknown_fields, [""; 0]);
    assert_eq!(finished.result()["tally"]["total"], 9);
}

#[test]
fn a_dry_run_with_a_key_has_the_platform_check_and_price_the_plan() {
    let gate = of_spec(&format!("{GOOD}price_per_run: 0.5\n"));
    gate.run(&["run", "--dry-run"])
        .expect(0)
        .says("is valid")
        .says("9 runs")
        .says("4.50 for 9 runs, by the platform's dry run");
    assert_eq!(gate.simulator().starts(), 0);
    let asked = gate.requests();
    assert!(asked.iter().any(|one| one.ends_with("/validate_scenarios_json/")), "{asked:?}");
    assert!(!gate.dir.path().join("cekura-report").exists(), "a dry run writes no report");
}

#[test]
fn a_dry_run_without_a_key_says_that_nobody_was_asked() {
    let gate = Gate::alone(SUITE);
    gate.run(&["run", "--dry-run"])
        .expect(0)
        .says("is valid")
        .says("The platform was not asked, because there is no API key");
}

#[test]
fn a_dry_run_of_a_broken_suite_is_refused_as_a_run_would_be() {
    let gate = Gate::alone("version: 1\nagent: 1\n");
    gate.run(&["run", "--dry-run"]).expect(2).says("does not say which scenarios to run");
}

#[test]
fn a_dry_run_leaves_the_reports_of_an_earlier_gate_alone() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    for dry in [
        &["run", "--dry-run", "--frequency", "0"][..],
        &["run", "--dry-run", "--no-such-flag"],
        &["run", "--dry-run", "--scenarios", "999"],
    ] {
        gate.run(dry).expect(2);
        assert!(gate.dir.path().join("cekura-report/junit.xml").exists(), "{dry:?}");
    }
}

#[test]
fn a_plan_that_costs_more_than_what_is_left_is_warned_of() {
    let gate = of_spec(&format!("{GOOD}price_per_run: 0.5\ncredits: 4\n"));
    gate.run(&["check", "--online"])
        .expect(0)
        .says("4.00 credits left")
        .says("the plan costs 4.50, and 4.00 credits are left");
    let gate = of_spec(&format!("{GOOD}price_per_run: 0.5\ncredits: 5\n"));
    let finished = gate.run(&["check", "--online"]).expect(0).says("5.00 credits left");
    assert!(!finished.stderr.contains("the plan costs"), "{}", finished.stderr);
}

#[test]
fn a_start_that_the_balance_does_not_cover_is_refused_with_what_is_left() {
    let gate = Gate::against(&format!("{GOOD}price_per_run: 0.5\ncredits: 1.25\n"), SUITE);
    gate.run(&["run"])
        .expect(5)
        .says("1.25 credits are left")
        .says("the balance is too low: add credits to the account");
    // A key that may not read the balance is no reason to say less.
    let gate = Gate::against(&format!("{GOOD}price_per_run: 0.5\n"), SUITE);
    gate.run(&["run"]).expect(0);
}

#[test]
fn an_occupied_number_is_reported_before_the_start() {
    let world = format!("{GOOD}occupied_numbers: [\"+14155550100\"]\n");
    let suite = format!("{SUITE}phone: {{ outbound: \"+14155550100\" }}\n");
    let gate = Gate::against(&world, &suite);
    let words = "the number +14155550100 (`phone.outbound`) is occupied by 1 pending run";
    gate.run(&["check", "--online"]).expect(0).says(words);
    gate.run(&["run"]).expect(0).says(words);
    let asked = gate.requests();
    let at = |what: &str| asked.iter().rposition(|one| one.contains(what)).unwrap();
    assert!(at("check_occupancy") < at("run_scenarios"), "{asked:?}");
    let free = Gate::against(GOOD, &suite).run(&["run"]).expect(0);
    assert!(!free.stderr.contains("occupied"), "{}", free.stderr);
}

#[test]
fn a_start_that_is_answered_with_an_id_alone_is_confirmed_by_reading_it() {
    for suite in [
        SUITE.to_owned(),
        SUITE.replace(
            "frequency",
            "mode: websocket\nwebsocket: { url: wss://a.example }\nfrequency",
        ),
    ] {
        let gate = Gate::against(&format!("{GOOD}quirks: {{ bare_starts: true }}\n"), &suite);
        let finished = gate.run(&["run"]).expect(0);
        assert_eq!(gate.simulator().starts(), 1);
        assert_eq!(finished.result()["tally"]["passed"], 6);
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!said.contains("lost"), "{said}");
        let searched = gate.requests().iter().any(|one| one.contains("search="));
        assert!(!searched, "{:?}", gate.requests());
    }
}

#[test]
fn v2_paths_are_taken_where_the_v1_paths_are_gone_and_it_is_noted_once() {
    let gate = Gate::against(&format!("{GOOD}quirks: {{ without_v1: true }}\n"), SUITE);
    let finished = gate.run(&["run", "--share-link"]).expect(0);
    let notes = finished.result()["notes"].to_string();
    assert_eq!(notes.matches("the v2 paths were taken").count(), 1, "{notes}");
    let log = gate.simulator().requests();
    let gone = log.iter().filter(|one| one.status == 404).count();
    assert_eq!(gone, 1, "{:?}", gate.requests());
    assert!(log.iter().any(|one| one.path.contains("/v2/results/")));
}

#[test]
fn an_id_that_is_not_there_is_no_reason_to_take_the_v2_paths() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["watch", "77"]).expect(5);
    assert!(gate.requests().iter().all(|one| !one.contains("/v2/")), "{:?}", gate.requests());
}

#[test]
fn a_count_of_successes_that_its_runs_contradict_is_noted() {
    let world = GOOD.replacen("pass: 1", "pass: 0", 1);
    let gate = Gate::against(&format!("{world}quirks: {{ inflated_success: true }}\n"), SUITE);
    let finished = gate.run(&["run"]).expect(1);
    let notes = finished.result()["notes"].to_string();
    assert!(notes.contains("counts 6 successful of 6 runs, its runs make 3"), "{notes}");
}

#[test]
fn the_modes_pipecat_and_email_run_without_a_name() {
    for more in [
        "mode: pipecat\npipecat: { room: { url: \"https://rooms.example/a\", token: t0ken-of-the-room } }\n",
        "mode: email\nfrequency: 2\nemail: { agent: support@example.com }\n",
    ] {
        let suite = format!("version: 1\nname: Checkout\nagent: 1\nscenarios: [1, 2]\n{more}");
        let gate = Gate::against(GOOD, &suite);
        gate.run(&["run"]).expect(0);
        let shown = gate.run(&["check"]).expect(0);
        assert!(!shown.stdout.contains("t0ken-of-the-room"), "{}", shown.stdout);
        let start = gate.simulator().requests().into_iter().find(|one| one.method == "POST");
        assert_eq!(start.unwrap().unknown_fields, [""; 0]);
    }
}

const PATHS: &str = "paths: { Book: true, Move: true, \"Cancel <b>\": false }\n";

fn versioned(world: &str, version: &str) -> String {
    world.replace("project: 9 }]", &format!("project: 9, version: {version} }}]"))
}

#[test]
fn uncovered_paths_and_the_agents_version_simulator_the_reports() {
    let world = versioned(&format!("{GOOD}{PATHS}"), "v12");
    let gate = Gate::against(&world, SUITE);
    let finished = gate.run(&["run"]).expect(0);
    let summary = finished.report("summary.md");
    assert!(summary.contains("66.7% of the agent's 3 paths covered. Not covered:"), "{summary}");
    assert!(summary.contains("- Cancel &lt;b&gt;"), "{summary}");
    assert!(summary.contains("| Agent version | v12 |"), "{summary}");
    let page = finished.report("html/index.html");
    assert!(page.contains("Cancel &lt;b&gt;") && page.contains("v12"), "{page}");
    assert!(finished.report("junit.xml").contains("name=\"agent_version\" value=\"v12\""));
    assert_eq!(finished.result()["result"]["agent_version"], "v12");
}

#[test]
fn a_check_on_the_coverage_warns_unless_it_is_to_gate() {
    let gate = |check: &str| {
        let suite = format!("{SUITE}thresholds: {{ success_rate: 100%, coverage: {check} }}\n");
        Gate::against(&format!("{GOOD}{PATHS}"), &suite)
    };
    let warned = gate("\">= 80%\"");
    let check = warned.run(&["run"]).expect(0).result()["checks"][1].clone();
    assert_eq!((&check["level"], &check["verdict"]), (&"warn".into(), &"fail".into()), "{check}");
    let reason = check["reason"].as_str().unwrap();
    assert_eq!(reason, "66.7% of 3 paths, >= 80% wanted; not covered: Cancel <b>");
    gate("{ check: \">= 80%\", level: error }").run(&["run"]).expect(1);
    gate("{ check: \">= 60%\", level: error }").run(&["run"]).expect(0);
}

#[test]
fn a_gating_check_on_a_coverage_that_never_comes_is_inconclusive() {
    let thresholds =
        "thresholds: { success_rate: 100%, coverage: { check: \">= 80%\", level: error } }";
    let gate = Gate::against(GOOD, &format!("{SUITE}{thresholds}\n"));
    let finished = gate.run(&["run"]).expect(3);
    let check = finished.result()["checks"][1].clone();
    assert_eq!(check["verdict"], "inconclusive", "{check}");
}

#[test]
fn a_saved_result_is_judged_again_with_the_same_coverage_check() {
    let thresholds =
        "thresholds: { success_rate: 100%, coverage: { check: \">= 80%\", level: error } }";
    let gate = Gate::against(&format!("{GOOD}{PATHS}"), &format!("{SUITE}{thresholds}\n"));
    gate.run(&["run"]).expect(1);
    let saved = gate.dir.path().join("saved.json");
    std::fs::copy(gate.dir.path().join("cekura-report/result.json"), &saved).unwrap();
    gate.run(&["judge", "saved.json", "--report-dir", "again"]).expect(1);
}

#[test]
fn a_comparison_says_that_the_agent_itself_changed() {
    let saved = |version: &str, to: &std::path::Path| {
        let gate = Gate::against(&versioned(GOOD, version), SUITE);
        gate.run(&["run"]).expect(0);
        std::fs::copy(gate.dir.path().join("cekura-report/result.json"), to).unwrap();
    };
    let gate = Gate::against(
        &versioned(GOOD, "v12"),
        &format!(
            "{SUITE}thresholds: {{ baseline: {{ from: base.json, success_rate: {{ max_drop: 0% }} }} }}\n"
        ),
    );
    saved("v11", &gate.dir.path().join("base.json"));
    saved("v12", &gate.dir.path().join("head.json"));
    let words = "the agent itself changed on the platform: version v11 in the baseline, v12 now";
    gate.run(&["compare", "base.json", "head.json"]).says(words);
    let same = gate.run(&["compare", "head.json", "head.json"]);
    assert!(!same.stdout.contains("itself changed"), "{}", same.stdout);
    let finished = gate.run(&["run"]);
    assert!(finished.result()["notes"].to_string().contains(words));
}

#[test]
fn a_check_on_the_coverage_that_cannot_be_meant_is_refused() {
    for check in ["\"<= 80%\"", "mean >= 4", "\">= 80\"", "{ check: \">= 80%\", min_samples: 3 }"] {
        let suite = format!("{SUITE}thresholds: {{ success_rate: 100%, coverage: {check} }}\n");
        Gate::alone(&suite).run(&["check"]).expect(2).says("`coverage`");
    }
}

#[test]
fn a_script_that_the_platform_would_refuse_is_shown_at_its_place() {
    let gate = of_spec(GOOD);
    let spec = r#"{
  "version": "1",
  "scenarios": [
    {
      "name": "Order",
      "type": "conditional_actions",
      "language": "en",
      "conditional_actions": {
        "role": "You are a customer",
        "conditions": [
          { "id": 0, "condition": "FIRST_MESSAGE", "action": "", "type": "standard", "fixed_message": true },
          { "id": 1, "condition": 7, "action": "Bye <endcall />", "type": "action_followup", "fixed_message": false }
        ]
      }
    }
  ]
}
"#;
    let place = gate.dir.path().join("cekura.tests.json");
    std::fs::write(&place, spec).unwrap();
    gate.run(&["check"])
        .expect(2)
        .says("no earlier condition has the id `7`: this one never fires")
        .says("cekura.tests.json:12:");
    std::fs::write(&place, spec.replace("\"condition\": 7", "\"condition\": 0")).unwrap();
    gate.run(&["check"]).expect(0).says("`<endcall>` works with `fixed_message: true` only");
}
