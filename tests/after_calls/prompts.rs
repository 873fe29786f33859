//! `prompt improve|issues` and `test-set create`.

use std::collections::BTreeSet;

use serde_json::json;

use crate::after_calls::harness::{Account, ERRORED, FAILED, PASSED, WORLD};

#[test]
fn a_prompt_is_improved_written_and_shown_as_a_diff() {
    let account = Account::ended();
    let args = ["prompt", "improve", "--runs", FAILED, "--agent-prompt", "agent.md"];
    account.run(&args).expect(0).says("Added a rule").says("improved prompt: agent.improved.md");
    let improved = account.read("agent.improved.md");
    assert!(improved.starts_with("You are Mia.\nBe kind.\n"), "{improved}");
    assert!(improved.contains("## Learned from test calls"), "{improved}");
    let diff = account.read("agent.improved.diff");
    assert!(diff.starts_with("--- a/agent.md\n+++ b/agent.md\n@@"), "{diff}");
    assert_eq!(account.read("agent.md"), "You are Mia.\nBe kind.\n", "the prompt itself stays");
    let sent = account.asked("/improve_prompt_bg/").body.unwrap();
    let prompt = "You are Mia.\nBe kind.\n";
    assert_eq!(sent, json!({ "run_ids": [34503], "prompt": prompt, "agent": 1 }));
}

#[test]
fn more_than_three_calls_are_asked_about_in_batches_that_build_on_each_other() {
    let account = Account::ended();
    let runs = format!("{PASSED},34502,{ERRORED},{FAILED},34504,{FAILED}");
    let args =
        ["prompt", "improve", "--runs", &runs, "--agent-prompt", "agent.md", "--out", "new.txt"];
    let document = account.json(&args);
    assert_eq!(document["runs"], json!([34501, 34502, 34505, 34503, 34504]), "each once");
    assert_eq!(document["summary_of_changes"].as_array().unwrap().len(), 2);
    assert_eq!(account.count("/improve_prompt_bg/"), 2);
    assert_eq!(account.read("new.txt"), document["improved_prompt"].as_str().unwrap());
    assert_eq!(account.read("new.diff"), document["diff"].as_str().unwrap());
}

#[test]
fn what_earlier_batches_have_made_is_kept_where_a_later_one_fails() {
    let faults =
        r#"rules: [{ method: POST, path: "*/improve_prompt_bg/", nth: [2], status: 500 }]"#;
    let account = Account::on_a_bad_day(WORLD, faults);
    account.start();
    let runs = format!("{FAILED},34504,{PASSED},34502");
    let args = ["prompt", "improve", "--runs", &runs, "--agent-prompt", "agent.md"];
    account.run(&args).expect(5).says("part 2 of 2 failed: what came before it is kept");
    assert!(account.read("agent.improved.md").contains("Learned from test calls"));
}

#[test]
fn the_failed_calls_of_a_result_stand_for_it() {
    let account = Account::ended();
    let document =
        account.json(&["prompt", "improve", "--result", "2001", "--agent-prompt", "agent.md"]);
    assert_eq!(document["runs"], json!([34503, 34504]));
    let none = Account::with(&WORLD.replace(", pass: 0", ""));
    none.run(&["prompt", "improve", "--result", "2001", "--agent-prompt", "agent.md"])
        .expect(2)
        .says("no call of result 2001 failed");
}

#[test]
fn at_once_means_without_a_job() {
    let account = Account::ended();
    let args = ["prompt", "improve", "--runs", FAILED, "--agent-prompt", "agent.md", "--now"];
    account.run(&args).expect(0).says("Added a rule");
    assert_eq!((account.count("/improve_prompt/"), account.count("/improve_prompt_bg/")), (1, 0));
    let sent = account.asked("/improve_prompt/").body.unwrap();
    assert!(sent.get("agent").is_none(), "the older call has no such field");
}

#[test]
fn nothing_is_written_where_nothing_is_to_change() {
    let account = Account::ended();
    let args = ["prompt", "improve", "--runs", PASSED, "--agent-prompt", "agent.md"];
    account.run(&args).expect(0).says("Nothing to change");
    assert!(!account.path().join("agent.improved.md").exists());
}

#[test]
fn a_platform_without_these_calls_says_what_to_use_instead() {
    let account = Account::with(&format!("{WORLD}quirks: {{ newest_api: true }}\n"));
    for more in [&["improve"][..], &["improve", "--now"], &["issues"]] {
        let args = [&["prompt"], more, &["--runs", FAILED, "--agent-prompt", "agent.md"]].concat();
        account
            .run(&args)
            .expect(5)
            .says("no longer improves prompts")
            .says("cekura-gate result show 2001");
    }
}

#[test]
fn a_prompt_that_cannot_be_read_costs_nothing() {
    let account = Account::ended();
    let before = account.simulator.requests().len();
    std::fs::write(account.path().join("empty.md"), " \n").unwrap();
    for file in ["missing.md", "empty.md"] {
        account.run(&["prompt", "improve", "--runs", FAILED, "--agent-prompt", file]).expect(2);
    }
    account.run(&["prompt", "improve", "--agent-prompt", "agent.md"]).expect(2);
    assert_eq!(account.simulator.requests().len(), before);
}

#[test]
fn an_improved_prompt_that_cannot_be_written_is_not_lost() {
    let account = Account::ended();
    let args = [
        "prompt",
        "improve",
        "--runs",
        FAILED,
        "--agent-prompt",
        "agent.md",
        "--out",
        "no/where.md",
    ];
    account.run(&args).expect(6).says("Learned from test calls");
}

#[test]
fn the_issues_are_listed_in_groups() {
    let account = Account::ended();
    let args = ["prompt", "issues", "--runs", FAILED, "--agent-prompt", "agent.md"];
    account.run(&args).expect(0).says("1 run: 34503");
    let document = account.json(&args);
    assert_eq!(document["issues"][0]["run_ids"], json!([34503]));
    let args = ["prompt", "issues", "--runs", PASSED, "--agent-prompt", "agent.md"];
    account.run(&args).expect(0).says("nothing went wrong in 1 call");
}

#[test]
fn issues_of_several_batches_are_one_list_with_the_most_frequent_first() {
    let account = Account::fresh(WORLD);
    let body = r#"{"agent_id": 1, "scenarios": [2], "frequency": 12, "name": "Many"}"#;
    account.send("POST", "/test_framework/v1/scenarios/run_scenarios/", body);
    let args = ["prompt", "issues", "--result", "2001", "--agent-prompt", "agent.md"];
    let document = account.json(&args);
    assert_eq!(account.count("/improve_prompt_issues/"), 4);
    let issues = document["issues"].as_array().unwrap();
    let words: BTreeSet<&str> =
        issues.iter().filter_map(|issue| issue["description"].as_str()).collect();
    assert_eq!(words.len(), issues.len(), "each cause once: {issues:#?}");
    let runs: Vec<usize> =
        issues.iter().map(|issue| issue["run_ids"].as_array().unwrap().len()).collect();
    assert_eq!(runs.iter().sum::<usize>(), 12);
    assert!(runs.is_sorted_by(|more, fewer| more >= fewer) && runs[0] > 3, "{runs:?}");
    let counts: Vec<_> = issues.iter().map(|issue| issue["affected_count"].as_u64()).collect();
    assert_eq!(counts, runs.iter().map(|runs| Some(*runs as u64)).collect::<Vec<_>>());
}

#[test]
fn a_test_set_holds_the_metrics_of_its_call() {
    let account = Account::ended();
    let args = ["test-set", "create", "--run", PASSED, "--name", "regression"];
    account.run(&args).expect(0).says("test set 701 (regression) holds call 34501 with 3 metrics");
    let sent = account.asked("/create_from_run/").body.unwrap();
    let metrics = json!([{ "metric": 501 }, { "metric": 502 }, { "metric": 504 }]);
    assert_eq!(sent, json!({ "run_id": 34501, "name": "regression", "metrics": metrics }));
    account.run(&args).expect(0).says("test set 701");
}

#[test]
fn a_test_set_holds_what_its_metrics_should_have_said() {
    let account = Account::ended();
    let args = [
        "test-set",
        "create",
        "--run",
        FAILED,
        "--name",
        "n",
        "--metrics",
        "workflow adherence,504",
        "--expected",
        "501=0",
        "--expected",
        "504=angry",
        "--feedback",
        "504=listen to it",
        "--project",
        "9",
    ];
    let set = account.json(&args);
    assert_eq!(set["test_set"]["metrics"][0]["expected"], 0);
    let sent = account.asked("/create_from_run/").body.unwrap();
    assert_eq!(
        sent["metrics"],
        json!([
            { "metric": 501, "expected_value": 0 },
            { "metric": 504, "expected_value": "angry", "feedback": "listen to it" },
        ])
    );
    let args =
        ["test-set", "create", "--run", PASSED, "--name", "n", "--metrics", "501", "--expected"];
    account.run(&[&args[..], &["504=angry"]].concat()).expect(0);
    let sent = account.asked("/create_from_run/").body.unwrap();
    let both = json!([{ "metric": 501 }, { "metric": 504, "expected_value": "angry" }]);
    assert_eq!(sent["metrics"], both, "a value names its metric");
    let args = ["test-set", "create", "--run", PASSED, "--name", "n", "--as-scored"];
    account.run(&args).expect(0);
    let sent = account.asked("/create_from_run/").body.unwrap();
    assert_eq!(sent["metrics"][0], json!({ "metric": 501, "expected_value": 5 }));
    assert_eq!(sent["metrics"][2], json!({ "metric": 504, "expected_value": "calm" }));
}

#[test]
fn a_call_without_scores_is_no_test_set() {
    let account = Account::ended();
    account
        .run(&["test-set", "create", "--run", ERRORED, "--name", "n"])
        .expect(2)
        .says("no metric scored call 34505");
    account.run(&["test-set", "create", "--run", "99", "--name", "n"]).expect(5);
    account
        .run(&["test-set", "create", "--run", PASSED, "--name", "n", "--expected", "501"])
        .expect(2)
        .says("such as 55=5");
}
