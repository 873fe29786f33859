//! After the verdict: `on_failure`, `on_success`, and `run --listen`.

use std::process::Stdio;

use serde_json::json;

use crate::after_calls::harness::{Account, Finished, WORLD};

/// The gate's run of a suite with these keys, on an account of this world.
fn gate(account: &Account, keys: &str) -> Finished {
    let suite =
        format!("version: 1\nname: Checkout\nagent: 1\nscenarios: [1, 2]\nfrequency: 2\n{keys}\n");
    std::fs::write(account.path().join("gate.yml"), suite).unwrap();
    account.run(&["run", "gate.yml"])
}

const IMPROVE: &str = "on_failure: { improve_prompt: { agent_prompt: agent.md } }";
const NEVER_FAILS: &str = "thresholds: { success_rate: 0% }";

#[test]
fn a_failed_gate_proposes_a_better_prompt_in_its_report_and_beside_it() {
    let account = Account::fresh(WORLD);
    let gate = gate(&account, IMPROVE).expect(1);
    let gate = gate.says("a better prompt is proposed by 2 failed calls");
    let diff = gate.report("improved-prompt.diff");
    assert!(diff.starts_with("--- a/agent.md\n+++ b/agent.md\n"), "{diff}");
    assert!(gate.report("improved-prompt.txt").contains("Learned from test calls"));
    assert_eq!(gate.result()["proposal"]["diff"], json!(diff));
    let summary = gate.report("summary.md");
    assert!(summary.contains("```diff\n--- a/agent.md"), "{summary}");
    assert_eq!(account.read("agent.md"), "You are Mia.\nBe kind.\n", "the prompt itself stays");
}

#[test]
fn a_prompt_learns_from_each_scenario_first_and_from_none_in_quarantine() {
    let world = WORLD.replace("personality: 7 }", "personality: 7, pass: 0 }");
    let asked = |keys: &str| {
        let account = Account::fresh(&world);
        gate(&account, &format!("{IMPROVE}\n{keys}")).expect(1);
        account.asked("/improve_prompt_bg/").body.unwrap()["run_ids"].clone()
    };
    assert_eq!(asked(""), json!([34501, 34503, 34502]));
    let one = "{ scenario: 1, until: 2099-12-31, owner: o, reason: r }";
    assert_eq!(asked(&format!("quarantine: [{one}]")), json!([34503, 34504]));
}

#[test]
fn what_nobody_should_read_is_in_no_proposal_and_in_no_test_set() {
    let redact = |pattern: &str| format!("reports: {{ redact: [{{ pattern: {pattern} }}] }}");
    let account = Account::fresh(WORLD);
    let finished = gate(&account, &format!("{IMPROVE}\n{}", redact("Learned"))).expect(1);
    assert!(!finished.report("improved-prompt.txt").contains("Learned"));
    assert!(!finished.report("improved-prompt.diff").contains("Learned"));
    assert!(!finished.report("result.json").contains("Learned from"));

    let keep = "on_success: { test_set: { from: [34501], name: kept } }";
    let keys = format!("{NEVER_FAILS}\n{keep}\n{}", redact("calm"));
    let account = Account::fresh(WORLD);
    gate(&account, &keys).expect(0).says("1 test set made");
    let sent = account.asked("/create_from_run/").body.unwrap();
    let kept: Vec<_> =
        sent["metrics"].as_array().unwrap().iter().map(|metric| &metric["metric"]).collect();
    assert_eq!(kept, [501, 502], "the label could not be told from its mark");
}

#[test]
fn a_passed_gate_proposes_nothing_and_leaves_no_old_proposal() {
    let account = Account::fresh(WORLD);
    gate(&account, IMPROVE).expect(1);
    gate(&account, &format!("{IMPROVE}\n{NEVER_FAILS}")).expect(0);
    assert!(!account.path().join("cekura-report/improved-prompt.diff").exists());
    assert_eq!(account.count("/improve_prompt_bg/"), 1);
}

#[test]
fn a_proposal_that_fails_changes_neither_verdict_nor_code() {
    let newest = Account::fresh(&format!("{WORLD}quirks: {{ newest_api: true }}\n"));
    gate(&newest, IMPROVE).expect(1).says("no better prompt: this platform no longer improves");
    let missing = "on_failure: { improve_prompt: { agent_prompt: missing.md } }";
    gate(&newest, missing).expect(1).says("no better prompt: cannot read missing.md");
    let slow = Account::on_a_bad_day(
        WORLD,
        r#"rules: [{ method: GET, path: "*/improve_prompt_progress/", status: 503 }]"#,
    );
    gate(&slow, IMPROVE).expect(1).says("no better prompt");
}

#[test]
fn an_explanation_is_waited_for_within_its_bound() {
    let world = WORLD.replace("time_scale: 0", "time_scale: 100\ninsights_after: 100000");
    let account = Account::fresh(&world);
    let suite = "{ version: 1, agent: 1, scenarios: [1, 2], on_failure: { explain: true }, \
                 reports: { redact: [{ pattern: the }] } }";
    std::fs::write(account.path().join("gate.yml"), suite).unwrap();
    let mut command = account.command(&["run", "gate.yml"]);
    let going = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    account.wait_until("/results/2001/", 1);
    account.advance(1000);
    // The wait ends with the first or the second of these, and the rest ask for the explanation.
    let seen = account.count("/results/2001/");
    account.wait_until("/results/2001/", seen + 4);
    account.advance(200_000);
    let output = going.wait_with_output().unwrap();
    let finished = Finished::of(output, account.path()).expect(1);
    let finished = finished.says("the platform explained the failures");
    let result = finished.result();
    let how_to_fix = result["result"]["insights"]["how_to_fix"].as_str().unwrap();
    assert!(how_to_fix.contains("[redacted]") && !how_to_fix.contains("the"), "{how_to_fix}");
}

#[test]
fn an_explanation_that_does_not_come_is_told_and_changes_nothing() {
    let account = Account::fresh(&format!("{WORLD}insights: false\n"));
    gate(&account, "on_failure: { explain: true }")
        .expect(1)
        .says("the platform's explanation did not come within 2s")
        .says("cekura-gate result show 2001");
}

#[test]
fn a_platform_that_has_nothing_to_explain_is_not_waited_for() {
    let account = Account::fresh(&WORLD.replace(", pass: 0", ""));
    let keys = "on_failure: { explain: true }\nthresholds: { metrics: { Latency: mean <= 1ms } }";
    gate(&account, keys)
        .expect(1)
        .says("the platform does not explain the failures (skipped no failures)");
}

#[test]
fn a_passed_gate_keeps_what_failed_before() {
    let account = Account::fresh(WORLD);
    gate(&account, "").expect(1);
    let old = account.path().join("old.json");
    std::fs::copy(account.path().join("cekura-report/result.json"), &old).unwrap();
    let better = Account::fresh(&WORLD.replace(", pass: 0", ""));
    std::fs::copy(&old, better.path().join("old.json")).unwrap();
    let keys = "thresholds: { success_rate: 100%, baseline: { from: old.json, success_rate: { max_drop: 5% } } }\n\
                on_success: { test_set: { from: failing-before, name: regression } }";
    gate(&better, keys).expect(0).says("1 test set made for `regression`: 701 (run 34503)");
    let sent = better.asked("/create_from_run/").body.unwrap();
    assert_eq!((&sent["run_id"], &sent["name"]), (&json!(34503), &json!("regression")));
    assert_eq!(sent["metrics"][0], json!({ "metric": 501, "expected_value": 5 }));
}

#[test]
fn named_runs_and_all_runs_can_be_kept() {
    let account = Account::ended();
    let keep = |from: &str| {
        format!("{NEVER_FAILS}\non_success: {{ test_set: {{ from: {from}, name: kept }} }}")
    };
    gate(&account, &keep("[34501, 99]"))
        .expect(0)
        .says("1 test set made for `kept`: 701 (run 34501)")
        .says("no test set of run 99");
    gate(&account, &keep("all")).expect(0).says("2 test sets made for `kept`: 702");
    gate(&account, &keep("failing-before")).expect(0).says("no test set: there is no baseline");
    gate(&account, &keep("some")).expect(2).says("on_success");
    gate(&account, &keep("all")).expect(0);
    let before = account.count("/create_from_run/");
    account
        .run(&["run", "gate.yml", "--frequency", "22"])
        .expect(0)
        .says("2 runs more are not kept as test sets");
    assert_eq!(account.count("/create_from_run/") - before, 20);
}

#[test]
fn a_failed_gate_keeps_nothing() {
    let account = Account::fresh(WORLD);
    gate(&account, "on_success: { test_set: { from: all, name: kept } }").expect(1);
    assert_eq!(account.count("/create_from_run/"), 0);
}

/// The gate's run of a suite with these keys, on an account where the calls of one scenario have
/// ended, as this world says, and those of the other never end: until its time is over.
fn until_its_time_is_over(world: &str, keys: &str) -> (Account, Finished) {
    let world = world.replace("time_scale: 0", "time_scale: 100").replace(
        "order, personality: 7 }",
        "order, personality: 7, duration: { mean: 100000, spread: 1 } }",
    );
    let account = Account::fresh(&world);
    let suite = format!("version: 1\nagent: 1\nscenarios: [1, 2]\nfrequency: 2\n{keys}\n");
    std::fs::write(account.path().join("gate.yml"), suite).unwrap();
    let mut command = account.command(&["run", "gate.yml", "--timeout", "1s"]);
    let going = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    account.wait_until(LOOKS, 1);
    account.advance(1000);
    let output = going.wait_with_output().unwrap();
    let finished = Finished::of(output, account.path()).expect(4);
    (account, finished)
}

#[test]
fn a_gate_whose_time_is_over_asks_for_nothing_more_whatever_its_verdict() {
    let (account, finished) = until_its_time_is_over(WORLD, IMPROVE);
    assert_eq!(finished.result()["verdict"], "fail");
    assert_eq!(account.count("/improve_prompt_bg/"), 0);
    let keep = format!("{NEVER_FAILS}\non_success: {{ test_set: {{ from: all, name: kept }} }}");
    let (account, finished) = until_its_time_is_over(&WORLD.replace(", pass: 0", ""), &keep);
    assert_eq!(finished.result()["verdict"], "inconclusive");
    assert_eq!(account.count("/create_from_run/"), 0);
}

/// How the gate looks at its result while calls are going.
const LOOKS: &str = "/results/2001/";

#[test]
fn listening_tells_each_address_once() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    let suite = "{ version: 1, agent: 1, scenarios: [1, 2], frequency: 2 }";
    std::fs::write(account.path().join("gate.yml"), suite).unwrap();
    let mut command = account.command(&["run", "gate.yml", "--listen"]);
    let going = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    account.wait_until(LOOKS, 1);
    account.advance(15);
    account.wait_until("/get_listen_url/", 4);
    let seen = account.count(LOOKS);
    account.wait_until(LOOKS, seen + 3);
    account.advance(1000);
    let output = going.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let lines = said.lines().filter(|line| line.contains("wss://listen.cekura.ai/calls/"));
    assert_eq!(lines.count(), 4, "{said}");
    assert_eq!(account.count("/get_listen_url/"), 4, "each call is asked about once");
    assert!(said.contains("listen to call 34501 (Where is my order): wss://"), "{said}");
}

#[test]
fn addresses_that_do_not_come_are_no_failure_and_asked_for_a_few_times_only() {
    let account = Account::on_a_bad_day(
        &WORLD.replace("time_scale: 0", "time_scale: 100"),
        r#"rules: [{ method: GET, path: "*/get_listen_url/", status: 404 }]"#,
    );
    let suite = "{ version: 1, agent: 1, scenarios: [1], thresholds: { success_rate: 0% } }";
    std::fs::write(account.path().join("gate.yml"), suite).unwrap();
    let mut command = account.command(&["run", "gate.yml", "--listen"]);
    let going = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    account.wait_until(LOOKS, 1);
    account.advance(15);
    let seen = account.count(LOOKS);
    account.wait_until(LOOKS, seen + 6);
    account.advance(1000);
    assert_eq!(going.wait_with_output().unwrap().status.code(), Some(0));
}
