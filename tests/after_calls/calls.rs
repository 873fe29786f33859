//! `call show|listen|end|vote|outcome|critical`.

use serde_json::{Value, json};

use crate::after_calls::harness::{Account, ERRORED, FAILED, PASSED, WORLD};

#[test]
fn a_call_is_shown_with_its_expectation_its_metrics_and_its_transcript() {
    let account = Account::ended();
    let shown = account.run(&["call", "show", FAILED]).expect(0);
    insta::assert_snapshot!(shown.stdout, @r#"
    ✗ Call 34503 · Return shoes · failed
      The agent's answer contradicts the order data, and it did not check again.
      result     Checkout (2001)
      agent      Mia (1)
      scenario   Return shoes (2)
      ended      Testing agent-ended-call after 1m47s
      when       1970-01-01T00:00:00.400000Z
      status     completed
      provider   call_2193fc5eff40d4f7

    Expected outcome: 25 of 100
      The agent sends a return label and names the refund's amount and time.
        ✅ The agent verified the caller before it acted.
        ❌ The agent's answer contradicts the order data, and it did not check again.

    Metrics
      ✗ Workflow adherence (501)  not passed
          ❌ Workflow adherence: the agent left the workflow before the matter was settled.
      · Latency (502)             893.24
          Latency: 893.24 over the whole call.
      · Sentiment (504)           calm
          The caller came across as calm.

    Critical scenarios
      - Ground answers in the lookup (42) · critical · deviation 1

    Transcript
        0:00  Main Agent     Thanks for calling Harbour & Pine, this is Mia. How can I help?
        0:14  Testing Agent  Hi, I'd like to send back a pair of shoes, they're too small.
        0:29  Main Agent     I can help with that. What's the order number, please?
        0:41  Testing Agent  It's four seven one nine two.
        0:48  Main Agent     Thank you. And the postcode, so that I know it's you?
        1:01  Testing Agent  One oh four three seven.
        1:06  Main Agent     Shoes can't be returned once the box is opened, I'm afraid.
        1:20  Testing Agent  That can't be right. Could you check that again?
        1:31  Main Agent     That is what the system says.
        1:38  Testing Agent  Well, then I'll have to call again.

      next       cekura-gate result show 2001
    "#);
}

#[test]
fn a_call_that_was_never_held_says_why() {
    let account = Account::ended();
    account
        .run(&["call", "show", ERRORED])
        .expect(0)
        .says("Testing agent-did-not-connect")
        .says("There is no transcript.");
}

#[test]
fn a_call_for_scripts_is_judged_too() {
    let account = Account::ended();
    let document = account.json(&["call", "show", FAILED]);
    assert_eq!(document["outcome"], "failed");
    assert_eq!(document["call"]["run"]["id"], 34503);
    assert_eq!(document["call"]["result"], 2001);
    assert!(document["call"]["alignments"][0]["aligned"].is_boolean());
    assert_eq!(document["call"]["details"]["run_type"], "voice");
}

#[test]
fn an_id_that_is_no_call_is_told_with_a_way_out() {
    let account = Account::ended();
    for command in ["show", "listen", "end"] {
        account
            .run(&["call", command, "2001"])
            .expect(5)
            .says("there is no call 2001")
            .says("cekura-gate result show 2001");
    }
}

#[test]
fn a_call_is_listened_to_while_it_is_going_only() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    account.start();
    account.run(&["call", "listen", PASSED]).expect(5).says("cannot be listened to now");
    account.advance(15);
    let address = account.run(&["call", "listen", PASSED]).expect(0).stdout;
    assert!(address.starts_with("wss://listen.cekura.ai/calls/"), "{address}");
    account.advance(1000);
    account.run(&["call", "listen", PASSED]).expect(5).says("is over (completed)");
}

#[test]
fn one_call_is_ended_alone() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    account.start();
    account.advance(15);
    account.run(&["call", "end", PASSED]).expect(0).says("call 34501 was ended: cancelled");
    account.run(&["call", "end", PASSED]).expect(0).says("was over already");
    assert_eq!(account.count("/end_call/"), 1);
    let other = account.json(&["call", "show", FAILED]);
    assert_eq!(other["call"]["run"]["status"], "in_progress");
}

#[test]
fn a_vote_carries_its_value_as_json_where_it_is_json() {
    let account = Account::ended();
    for (value, sent) in [("2", json!(2)), ("-1", json!(-1)), ("angry", json!("angry"))] {
        let args = ["call", "vote", FAILED, "--metric", "501", "--down", "--expected", value];
        account.run(&args).expect(0);
        let body = account.asked("/mark_metric_vote/").body.unwrap();
        assert_eq!((&body["expected_value"], &body["thumbs_up"]), (&sent, &json!(false)));
    }
    let args = ["call", "vote", FAILED, "--metric", "501", "--expected", "3"];
    account.run(&args).expect(0).says("you expect another value of metric 501; expected: 3");
    let body = account.asked("/mark_metric_vote/").body.unwrap();
    assert!(body["thumbs_up"].is_null(), "{body}");
    let args = ["call", "vote", FAILED, "--metric", "501", "--down", "--expected", "angry"];
    account.run(&args).expect(0);
    let args = ["call", "vote", FAILED, "--metric", "latency", "--up", "--feedback", "true enough"];
    account.run(&args).expect(0).says("you agree with metric 502");
    account
        .run(&["call", "show", FAILED])
        .says("vote: disagreed, expected angry")
        .says("vote: agreed: true enough")
        .says("reviewed_failure");
}

#[test]
fn a_vote_must_say_something_about_a_metric_that_is_there() {
    let account = Account::ended();
    let vote = |more: &[&str]| account.run(&[&["call", "vote", FAILED], more].concat());
    vote(&["--metric", "501"]).expect(2).says("--up|--down|--expected");
    vote(&["--metric", "501", "--up", "--down"]).expect(2);
    vote(&["--metric", "latncy", "--up"]).expect(2).says("did you mean `Latency`?");
    vote(&["--metric", "999", "--up"]).expect(5).says("Metric not found").says("call show 34503");
}

#[test]
fn an_expected_outcome_is_judged_again_and_hears_the_vote() {
    let account = Account::ended();
    let before = account.json(&["call", "show", PASSED]);
    assert_eq!(before["call"]["run"]["expected_outcome"]["score"], 100.0);
    let args = ["call", "outcome", PASSED, "--down", "--feedback", "no label"];
    account.run(&args).expect(0).says("you disagree");
    account
        .run(&["call", "outcome", PASSED, "--rescore"])
        .expect(0)
        .says("expected outcome 100 of 100 → 0 of 100");
    let after = account.json(&["call", "show", PASSED]);
    assert_eq!(after["outcome"], "failed");
    assert_eq!(after["call"]["feedback"], "no label");
    account.run(&["call", "outcome", PASSED, "--up"]).expect(0).says("you agree");
}

#[test]
fn judging_again_tells_how_far_it_is() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    account.start();
    account.advance(1000);
    let mut command = account.command(&["call", "outcome", PASSED, "--rescore"]);
    let going = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    for half in [1, 3] {
        account.wait_until("/run_expected_outcome_progress/", half);
        account.advance(10);
    }
    let output = going.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("expected outcome of call 34501: 40%"), "{said}");
}

#[test]
fn a_job_that_does_not_end_in_time_is_told() {
    let account = Account::fresh(&WORLD.replace("time_scale: 0", "time_scale: 100"));
    account.start();
    account.advance(1000);
    account
        .run(&["call", "outcome", PASSED, "--rescore", "--timeout", "1s"])
        .expect(4)
        .says("not done within 1s");
}

#[test]
fn judging_at_once_works_where_the_platform_has_it() {
    let account = Account::ended();
    account.run(&["call", "outcome", PASSED, "--rescore", "--now"]).expect(0);
    assert_eq!(account.count("/run_expected_outcome/"), 1);
    let newest = Account::with(&format!("{WORLD}quirks: {{ newest_api: true }}\n"));
    newest
        .run(&["call", "outcome", PASSED, "--rescore", "--now"])
        .expect(5)
        .says("no longer judges an expected outcome at once")
        .says("cekura-gate call outcome 34501 --rescore");
    newest.run(&["call", "outcome", PASSED, "--rescore"]).expect(0);
}

#[test]
fn a_critical_scenario_is_called_wrong_and_taken_back() {
    let account = Account::ended();
    let shown = account.json(&["call", "show", FAILED]);
    let id = shown["call"]["critical"][0]["id"].to_string();
    let wrong = |account: &Account| -> Value {
        account.json(&["call", "show", FAILED])["call"]["critical"][0]["wrongly_marked"].clone()
    };
    assert_eq!(wrong(&account), json!(false));
    account.run(&["call", "critical", FAILED, "--wrong", "--scenario", &id]).expect(0);
    assert_eq!(wrong(&account), json!(true));
    account.run(&["call", "critical", FAILED, "--undo", "--scenario", &id]).expect(0);
    assert_eq!(wrong(&account), json!(false));
    account
        .run(&["call", "critical", FAILED, "--wrong", "--scenario", "999"])
        .expect(5)
        .says("lists the critical scenarios");
    account.run(&["call", "critical", FAILED, "--scenario", &id]).expect(2);
}

#[test]
fn an_outcome_wants_exactly_one_word() {
    let account = Account::ended();
    for args in [&[][..], &["--up", "--down"], &["--rescore", "--up"], &["--up", "--now"]] {
        account.run(&[&["call", "outcome", PASSED], args].concat()).expect(2);
    }
}
