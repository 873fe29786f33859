//! `result show|end|share|rescore|rerun`.

use std::process::Stdio;

use serde_json::json;

use crate::after_calls::harness::{Account, FAILED, PASSED, WORLD};

#[test]
fn showing_a_failed_result_succeeds_and_explains_it() {
    let account = Account::ended();
    let shown = account.run(&["result", "show", "2001"]).expect(0);
    insta::assert_snapshot!(shown.stdout, @r#"
    Result 2001 · Checkout · completed
      6 runs: 2 passed, 2 failed, 2 errored
      agent      Mia (1)
      created    1970-01-01T00:00:00.000000Z
      changed    1970-01-01T00:00:00.000000Z

    Runs
      34503   ✗ failed   Return shoes · 1m47s
          - The agent's answer contradicts the order data, and it did not check again.
      34504   ✗ failed   Return shoes · 1m14s
          - Workflow adherence: the agent left the workflow before the matter was settled.
      34505   ? errored  Book a fitting
          - The call could not be held: Testing agent-did-not-connect
      34506   ? errored  Book a fitting
          - The call could not be held: Testing agent-did-not-connect
      34501   ✓ passed   Where is my order · Grumpy · 2m21s
      34502   ✓ passed   Where is my order · Grumpy · 1m14s

    Why runs failed
      - The agent acted on the account without verifying the caller's identity first. (1 run: 34504)
      - The agent gave information that contradicts the order and the shop's policy. (1 run: 34503)

    What happened
      2 of 6 runs failed. The failures fall into 2 groups. 2 more runs never became a conversation.

    Why it happened
      The agent acted on the account without verifying the caller's identity first. The agent gave
      information that contradicts the order and the shop's policy.

    How to fix it
      Say in the prompt that no account action is taken before the order number and the postcode match.
      Have the agent read dates and amounts from the tool's answer, and say so when there is none.

    Next steps
      1. Verify before acting: Say in the prompt that no account action is taken before the order number
         and the postcode match.
      2. Ground answers in the lookup: Have the agent read dates and amounts from the tool's answer, and
         say so when there is none.

      next       cekura-gate call show 34503
    "#);
}

#[test]
fn a_result_for_scripts_holds_runs_outcomes_and_what_the_platform_says() {
    let account = Account::ended();
    let document = account.json(&["result", "show", "2001"]);
    assert_eq!(document["result"]["id"], 2001);
    assert_eq!(document["outcomes"][2]["outcome"], "failed");
    assert_eq!(document["summary_status"], "completed");
    assert!(document["result"]["insights"]["how_to_fix"].is_string());
    assert!(document["details"]["total_duration"].is_string());
    assert!(document["details"].get("run_settings").is_none(), "it may hold secrets");
}

#[test]
fn an_id_that_is_not_there_is_told_with_a_way_out() {
    let account = Account::ended();
    account
        .run(&["result", "show", PASSED])
        .expect(5)
        .says("there is no result 34501")
        .says("cekura-gate call show 34501");
    account.run(&["result", "show", "0"]).expect(2).says("a whole number from 1");
}

#[test]
fn ending_a_result_ends_what_is_going_and_says_so() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    account.start();
    account.advance(15);
    let ended = account.json(&["result", "end", "2001"]);
    assert_eq!(ended["ended"], json!([34501, 34502, 34503, 34504]));
    assert_eq!(ended["going"], json!([]));
    account.run(&["result", "end", "2001"]).expect(0).says("was over already");
    assert_eq!(account.count("/end_calls/"), 1, "what is over is not ended again");
}

#[test]
fn a_result_that_has_not_ended_is_ended_also_where_no_call_of_it_is_seen() {
    let faults = r#"rules: [{ method: GET, path: "*/results/*/", vanish: 100 }]"#;
    let account = Account::on_a_bad_day(&WORLD.replace("time_scale: 0", "time_scale: 100"), faults);
    account.start();
    account.run(&["result", "end", "2001"]).expect(0).says("was asked to end 0 calls");
    assert_eq!(account.count("/end_calls/"), 1);
}

#[test]
fn sharing_says_that_anyone_can_read_it_and_until_when() {
    let account = Account::ended();
    account
        .run(&["result", "share", "2001"])
        .expect(0)
        .says("https://dashboard.cekura.ai/share/results/2001")
        .says("Anyone who has this link can read the transcripts")
        .says("without an end");
    let document = account.json(&["result", "share", "2001", "--expires-in", "24h"]);
    let sent = account.asked("/create_shareable_link_token/").body.unwrap();
    assert_eq!(sent["expire_at"], document["expires_at"]);
    let expires = document["expires_at"].as_str().unwrap();
    assert!(expires.ends_with('Z'));
    let left = expires.parse::<jiff::Timestamp>().unwrap().duration_since(jiff::Timestamp::now());
    assert!((23..=24).contains(&left.as_hours()), "{expires}");
}

#[test]
fn new_scores_are_waited_for_and_shown_beside_the_old() {
    let world = WORLD.replace("time_scale: 0", "time_scale: 100");
    let account = Account::fresh(&world);
    account.start();
    account.advance(1000);
    let command =
        ["result", "rescore", "2001", "--metrics", "workflow", "--runs", FAILED, "--json"];
    let going = account.command(&command).stdout(Stdio::piped()).spawn().unwrap();
    // It asks again and again until the time has moved.
    account.wait_until("/results/2001/", 6);
    account.advance(60);
    let output = going.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let score = json!([{
        "run": 34503, "metric": 501, "name": "Workflow adherence",
        "before": "not passed", "after": "passed",
    }]);
    assert_eq!(document["scores"], score);
    let sent = account.asked("/evaluate_metrics/").body.unwrap();
    assert_eq!(sent, json!({ "run_ids": ["34503"], "metric_ids": ["501"] }));
}

#[test]
fn without_a_choice_the_runs_that_became_a_conversation_are_scored() {
    let account = Account::ended();
    account.run(&["result", "rescore", "2001", "--metrics", "501"]).expect(0);
    let sent = account.asked("/evaluate_metrics/").body.unwrap();
    assert_eq!(sent["run_ids"], json!(["34501", "34502", "34503", "34504"]));
}

#[test]
fn scores_that_do_not_come_are_no_new_scores() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    account.start();
    account.advance(1000);
    account
        .run(&["result", "rescore", "2001", "--metrics", "501", "--timeout", "1s"])
        .expect(4)
        .says("did not come within 1s (it has begun)");
}

#[test]
fn new_scores_are_judged_where_a_suite_is_given() {
    let account = Account::ended();
    let suite = "{ version: 1, name: c, agent: 1, scenarios: [1, 2, 3], frequency: 2, \
                 quarantine: [{ scenario: 3, until: 2099-12-31, owner: o, reason: r }], \
                 thresholds: { success_rate: 0%, metrics: { Workflow adherence: 100% } } }";
    std::fs::write(account.path().join("judge.yml"), suite).unwrap();
    account.run(&["watch", "2001", "--suite", "judge.yml"]).expect(1);
    account
        .run(&["result", "rescore", "2001", "--metrics", "501", "--suite", "judge.yml"])
        .expect(0)
        .says("Workflow adherence (501): not passed → passed")
        .says("Passed");
}

#[test]
fn only_runs_and_metrics_that_are_there_are_scored() {
    let account = Account::ended();
    let rescore = |more: &[&str]| account.run(&[&["result", "rescore", "2001"], more].concat());
    rescore(&["--metrics", "501", "--runs", "99"]).expect(2).says("run 99 is not in result 2001");
    rescore(&["--metrics", "latncy"]).expect(2).says("did you mean `Latency`?");
    rescore(&["--metrics", "999"]).expect(5).says("metric_ids: Invalid pk");
    rescore(&[]).expect(2).says("--metrics");
    rescore(&["--metrics", "501", "--suite", "missing.yml"]).expect(2);
    assert_eq!(account.count("/evaluate_metrics/"), 1, "the rest was refused before it was asked");
}

#[test]
fn a_rerun_starts_once_and_says_that_it_is_billed() {
    let account = Account::ended();
    account
        .run(&["result", "rerun", "2001"])
        .expect(0)
        .says("result 2002 has started as a rerun of result 2001: 3 calls that are billed")
        .says("cekura-gate watch 2002");
    assert_eq!((account.count("/rerun/"), account.simulator.starts()), (1, 2));
    let document = account.json(&["result", "rerun", "2001"]);
    assert_eq!((&document["result"], &document["of"]), (&json!(2003), &json!(2001)));
}

#[test]
fn a_rerun_is_judged_where_a_suite_is_given() {
    let account = Account::ended();
    let result = account
        .run(&["result", "rerun", "2001", "--suite", "cekura-gate.yml"])
        .expect(1)
        .says("a rerun of result 2001")
        .says("the platform runs each scenario once: 3 runs, where the suite starts 6")
        .result();
    assert_eq!(result["result"]["id"], 2002);
}

#[test]
fn a_platform_that_runs_nothing_again_is_told_with_what_does() {
    for status in [404, 405] {
        let faults = format!(r#"rules: [{{ method: POST, path: "*/rerun/", status: {status} }}]"#);
        let account = Account::on_a_bad_day(WORLD, &faults);
        account.start();
        account
            .run(&["result", "rerun", "2001"])
            .expect(5)
            .says("result 2001 was not run again")
            .says("nothing was started; `cekura-gate run` with its suite starts the same");
        assert_eq!(account.simulator.starts(), 1);
    }
}

#[test]
fn a_result_that_is_going_is_not_run_again() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    account.start();
    account.run(&["result", "rerun", "2001"]).expect(5).says("still going").says("watch 2001");
    assert_eq!(account.count("/rerun/"), 0);
}

#[test]
fn what_could_fail_for_free_fails_before_a_rerun_is_paid_for() {
    let account = Account::ended();
    std::fs::write(account.path().join("file"), "").unwrap();
    let args = ["result", "rerun", "2001", "--wait", "--report-dir", "file/below"];
    account.run(&args).expect(6);
    account.run(&["result", "rerun", "2001", "--suite", "missing.yml"]).expect(2);
    assert_eq!(account.simulator.starts(), 1);
}

#[test]
fn a_platform_that_cannot_be_reached_is_told_apart() {
    let account = Account::ended();
    let url = "http://cekura.invalid";
    account
        .run(&["result", "show", "2001", "--api-url", url, "--allow-http", "--quiet"])
        .expect(5)
        .says("got no answer");
}
