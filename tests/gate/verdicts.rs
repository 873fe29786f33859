//! What the evidence says, in exit codes, reports and words.

use super::harness::{GOOD, Gate, SUITE, world};

fn with_thresholds(thresholds: &str) -> String {
    format!("{SUITE}thresholds:\n{thresholds}\n")
}

#[test]
fn a_good_agent_passes_and_leaves_three_reports() {
    let gate = Gate::against(GOOD, SUITE);
    let finished = gate.run(&["run"]).expect(0).says("Passed");
    let result = finished.result();
    assert_eq!(result["verdict"], "pass");
    assert_eq!(result["tally"]["passed"], 6);
    assert!(finished.report("junit.xml").contains("tests=\"6\""));
    assert!(finished.report("summary.md").contains("Passed"));
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn an_agent_that_fails_is_exit_1_with_the_reason() {
    let gate = Gate::against(&world("0", "0"), SUITE);
    let finished = gate.run(&["run"]).expect(1);
    assert_eq!(finished.result()["verdict"], "fail");
    assert!(finished.stdout.contains("wanted"), "{}", finished.stdout);
    assert!(finished.report("junit.xml").contains("<failure"));
}

#[test]
fn telephony_errors_alone_are_inconclusive() {
    let gate = Gate::against(&world("1", "1"), SUITE);
    let finished = gate.run(&["run"]).expect(3);
    assert_eq!(finished.result()["tally"]["errored"], 6);
    assert!(!finished.report("junit.xml").contains("<failure"));
}

#[test]
fn a_mistyped_metric_is_inconclusive_and_answered_with_the_nearest() {
    let suite = with_thresholds("  metrics: { Latancy: p95 <= 2500ms }");
    Gate::against(GOOD, &suite).run(&["run"]).expect(3).says("did you mean `Latency`?");
}

#[test]
fn every_kind_of_metric_is_judged() {
    let suite = with_thresholds(
        "  success_rate: 90%
  errors: '<= 10%'
  duration: p95 <= 10m
  each_scenario: { success_rate: 60% }
  metrics:
    Workflow adherence: '>= 95%'
    Latency: [p95 <= 2500ms, mean <= 1200ms]
    Customer satisfaction: mean >= 4.2
    Sentiment: share(\"angry\") <= 5%",
    );
    let gate = Gate::against(GOOD, &suite);
    let finished = gate.run(&["run"]).expect(0);
    let checks = finished.result()["checks"].as_array().unwrap().len();
    assert_eq!(checks, 10);
}

#[test]
fn flags_alone_make_a_suite() {
    let gate = Gate::against(GOOD, SUITE);
    std::fs::remove_file(gate.dir.path().join("cekura-gate.yml")).unwrap();
    let flags = ["run", "--agent", "1", "--scenarios", "1,2", "--mode", "text"];
    let result = gate.run(&flags).expect(0).result();
    assert_eq!(result["suite"]["mode"], "text");
    assert_eq!(result["tally"]["total"], 2);
}

#[test]
fn a_flag_takes_the_place_of_the_suites_key() {
    let gate = Gate::against(GOOD, SUITE);
    let flags = ["run", "--tags", "smoke", "--frequency", "1", "--success-rate", ">= 50%"];
    let result = gate.run(&flags).expect(0).result();
    assert_eq!(result["tally"]["total"], 2);
    assert_eq!(result["checks"][0]["condition"], ">= 50%");
}

#[test]
fn tags_are_resolved_through_all_pages_where_the_mode_takes_ids_only() {
    let many: String = (1..=230)
        .map(|id| format!("  - {{ id: {id}, name: S{id}, tags: [all], pass: 1, error: 0 }}\n"))
        .collect();
    let world =
        GOOD.lines()
            .filter(|line| !line.starts_with("  - { id: 1,") && !line.starts_with("  - { id: 2,"))
            .map(|line| {
                if line == "scenarios:" {
                    format!("scenarios:\n{many}")
                } else {
                    format!("{line}\n")
                }
            })
            .collect::<String>();
    let suite = "{ version: 1, agent: 1, tags: [all], mode: livekit_v2 }";
    let gate = Gate::against(&world, suite);
    let result = gate.run(&["run"]).expect(0).result();
    assert_eq!(result["tally"]["total"], 230);
    let pages = gate.requests().iter().filter(|r| r.contains("/scenarios/?")).count();
    assert_eq!(pages, 3);
}

#[test]
fn a_tag_that_no_scenario_carries_starts_nothing() {
    let suite = "{ version: 1, agent: 1, tags: [nightly], mode: livekit_v2 }";
    let gate = Gate::against(GOOD, suite);
    gate.run(&["run"]).expect(2).says("no scenario of the agent has the tag `nightly`; nothing");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn a_plan_over_budget_starts_nothing() {
    for selection in ["scenarios: [1, 2]", "tags: [smoke]"] {
        let suite = format!(
            "{{ version: 1, agent: 1, {selection}, frequency: 3, budget: {{ max_runs: 5 }} }}"
        );
        let gate = Gate::against(GOOD, &suite);
        gate.run(&["run"]).expect(2).says("the plan has 6 runs, the budget allows 5");
        assert_eq!(gate.simulator().starts(), 0);
    }
}

#[test]
fn the_platforms_refusal_is_told_in_its_words() {
    let world = format!("{GOOD}personalities: [{{ id: 3, name: Calm }}]\n");
    let suite = "{ version: 1, agent: 1, scenarios: [1], personalities: [7] }";
    let gate = Gate::against(&world, suite);
    gate.run(&["run"]).expect(5).says("was refused with status 400: personality_ids: Invalid");
}

#[test]
fn a_wrong_key_and_a_dead_platform_are_exit_5_and_say_what_to_do() {
    let mut gate = Gate::against(GOOD, SUITE);
    gate.env("CEKURA_API_KEY", "wrong");
    gate.run(&["run"]).expect(5).says("401").says("check the API key");
    let mut gate = Gate::alone(SUITE);
    gate.run(&["run"]).expect(5).says("no API key: set CEKURA_API_KEY");
    gate.env("CEKURA_API_KEY", "x");
    gate.env("CEKURA_API_URL", "http://127.0.0.1:9");
    gate.run(&["run", "--timeout", "1s"]).expect(5).says("got no answer");
}

#[test]
fn a_directory_that_cannot_be_written_fails_before_anything_is_paid_for() {
    let gate = Gate::against(GOOD, SUITE);
    std::fs::write(gate.dir.path().join("file"), "").unwrap();
    gate.run(&["run", "--report-dir", "file/reports"]).expect(6).says("--report-dir");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn a_saved_result_is_judged_again_offline_by_another_suite() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    std::fs::rename(gate.dir.path().join("cekura-report"), gate.dir.path().join("saved")).unwrap();
    let alone = Gate::alone(SUITE);
    let saved = gate.dir.path().join("saved/result.json");
    let saved = saved.to_str().unwrap();
    alone.run(&["judge", saved]).expect(0);
    let strict = with_thresholds("  metrics: { Latency: max <= 1ms }");
    std::fs::write(alone.dir.path().join("strict.yml"), strict).unwrap();
    alone.run(&["judge", saved, "--suite", "strict.yml"]).expect(1).says("Latency");
}

#[test]
fn a_result_that_is_going_can_be_watched() {
    let gate = Gate::against(GOOD, SUITE);
    let id = gate.run(&["run"]).expect(0).result()["result"]["id"].to_string();
    let watched = gate.run(&["watch", &id, "--suite", "cekura-gate.yml"]).expect(0);
    assert_eq!(watched.result()["tally"]["passed"], 6);
    gate.run(&["watch", "99999"]).expect(5).says("404");
}

#[test]
fn a_made_up_world_needs_no_account() {
    let gate = Gate::alone(SUITE);
    let finished = gate.run(&["run", "--simulate"]).expect(0);
    assert_eq!(finished.result()["tally"]["total"], 6);
}

#[test]
fn check_tells_the_plan_and_starts_nothing() {
    let gate = Gate::against(GOOD, &with_thresholds("  success_rate: 90%"));
    gate.run(&["check"])
        .expect(0)
        .says("2 scenarios × frequency 3 = 6 runs")
        .says("success_rate >= 90%")
        .says("POST /test_framework/v1/scenarios/run_scenarios/");
    assert_eq!(gate.requests(), Vec::<String>::new());
}

#[test]
fn github_learns_of_the_result_when_it_starts_and_of_the_verdict_when_it_ends() {
    let mut gate = Gate::against(GOOD, SUITE);
    let output = gate.dir.path().join("output");
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_OUTPUT", output.to_str().unwrap());
    gate.env("GITHUB_STEP_SUMMARY", gate.dir.path().join("summary").to_str().unwrap());
    gate.run(&["run"]).expect(0);
    let outputs = std::fs::read_to_string(output).unwrap();
    assert_eq!(outputs.matches("result_id<<").count(), 2, "{outputs}");
    assert!(outputs.contains("verdict<<"), "{outputs}");
    assert!(gate.dir.path().join("summary").exists());
}

#[test]
fn gitlab_gets_its_files() {
    let mut gate = Gate::against(GOOD, SUITE);
    gate.env("GITLAB_CI", "true");
    assert!(gate.run(&["run"]).expect(0).report("gate.env").contains("VERDICT=pass"));
}

#[test]
fn github_is_told_of_a_gate_that_ended_without_a_verdict() {
    for (flags, code) in [(&["run", "--frequency", "0"][..], "2"), (&["run"], "5")] {
        let mut gate = Gate::alone(SUITE);
        let output = gate.dir.path().join("output");
        gate.env("GITHUB_ACTIONS", "true");
        gate.env("GITHUB_OUTPUT", output.to_str().unwrap());
        gate.run(flags).expect(code.parse().unwrap());
        let outputs = std::fs::read_to_string(output).unwrap();
        assert!(outputs.contains("passed<<") && outputs.contains("\nfalse\n"), "{outputs}");
        assert!(outputs.contains(&format!("\n{code}\n")), "{outputs}");
    }
}

#[test]
fn what_was_typed_is_no_workflow_command() {
    let forged = "x\n::error::forged";
    let finished = Gate::alone(SUITE).run(&["run", "--mode", forged]).expect(2);
    assert!(!finished.stderr.lines().any(|line| line.starts_with("::")), "{}", finished.stderr);
}
