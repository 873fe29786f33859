//! A gate that goes on with what an earlier one has started and paid for.

use super::harness::{GOOD, Gate, SUITE, slow};

/// A job of GitHub Actions in its first attempt.
pub(super) fn in_a_job(gate: &mut Gate) {
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "shop/bot"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_JOB", "gate"),
        ("GITHUB_ACTION", "__run"),
        ("GITHUB_SHA", "abc"),
        ("GITHUB_RUN_ATTEMPT", "1"),
    ] {
        gate.env(name, value);
    }
}

/// Leaves a result going, as a runner that is lost does.
const LOST: [&str; 6] = ["run", "--timeout", "300ms", "--on-timeout", "leave", "--reuse"];

#[test]
fn resume_goes_on_with_the_result_that_a_lost_runner_left_and_starts_nothing() {
    let gate = Gate::against(GOOD, SUITE);
    let first = gate.run(&["run"]).expect(0).result()["result"]["id"].clone();
    std::fs::remove_file(gate.dir.path().join("cekura-report/result.json")).unwrap();
    let resumed = gate.run(&["run", "--resume"]).expect(0).says("not paid for again").result();
    assert_eq!(resumed["result"]["id"], first);
    assert_eq!(gate.simulator().starts(), 1);
    // What it left serves once more.
    gate.run(&["run", "--resume"]).expect(0);
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn resume_without_anything_to_go_on_with_starts_nothing_and_says_so() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--resume"])
        .expect(2)
        .says("nothing to resume")
        .says("cekura-report/run.json");
    std::fs::create_dir_all(gate.dir.path().join("cekura-report")).unwrap();
    std::fs::write(gate.dir.path().join("cekura-report/run.json"), "{}").unwrap();
    gate.run(&["run", "--resume"]).expect(2).says("names no result");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn resume_is_refused_for_another_plan_and_for_another_suite() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    let left = std::fs::read(gate.dir.path().join("cekura-report/run.json")).unwrap();
    gate.run(&["run", "--resume", "--frequency", "2"]).expect(2).says("`frequency` of the request");
    std::fs::write(gate.dir.path().join("other.yml"), SUITE).unwrap();
    gate.run(&["run", "other.yml", "--resume"]).expect(2).says("started by cekura-gate.yml");
    assert_eq!(gate.simulator().starts(), 1);
    // A refusal takes nothing away.
    assert_eq!(std::fs::read(gate.dir.path().join("cekura-report/run.json")).unwrap(), left);
    gate.run(&["run", "--resume"]).expect(0);
}

#[test]
fn resume_finds_the_result_of_a_runner_that_was_lost_during_the_start() {
    let gate = Gate::against(GOOD, SUITE);
    let first = gate.run(&["run"]).expect(0).result()["result"]["id"].clone();
    let path = gate.dir.path().join("cekura-report/run.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let without_id = text.replacen(&format!("\"result\": {first}"), "\"result\": null", 1);
    assert_ne!(text, without_id);
    std::fs::write(&path, &without_id).unwrap();
    gate.run(&["watch", "--from", "cekura-report/run.json"]).expect(2).says("run --resume");
    std::fs::write(&path, &without_id).unwrap();
    let resumed = gate.run(&["run", "--resume"]).expect(0).result();
    assert_eq!(resumed["result"]["id"], first);
    // One that never arrived is not started again on a guess.
    let never = without_id.replace("[gate ", "[gate never-");
    std::fs::write(&path, never).unwrap();
    gate.run(&["run", "--resume"]).expect(5).says("did not appear");
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn a_resumed_gate_does_not_pay_for_its_retries_twice() {
    let more = format!("{SUITE}retry: {{ on: [error], attempts: 2 }}\n");
    let gate = Gate::against(&super::harness::world("1", "0.6"), &more);
    gate.run(&["run"]).says("started again");
    let (starts, result) = (gate.simulator().starts(), gate.run(&["run", "--resume"]).result());
    assert!(starts > 1 && !result["retries"].as_array().unwrap().is_empty());
    assert_eq!(gate.simulator().starts(), starts);
}

#[test]
fn a_resumed_gate_judges_its_retries_as_the_first_one_did() {
    let more = format!("{SUITE}retry: {{ on: [error], attempts: 2 }}\n");
    let gate = Gate::against(&super::harness::world("0.6", "0.4"), &more);
    let evidence = |args: &[&str]| {
        let result = gate.run(args).result();
        (result["exit_code"].clone(), result["tally"].clone(), result["outcomes"].clone())
    };
    let first = evidence(&["run"]);
    let starts = gate.simulator().starts();
    assert!(starts > 1, "nothing was retried");
    for _ in 0..2 {
        assert_eq!(evidence(&["run", "--resume"]), first);
        assert_eq!(gate.simulator().starts(), starts);
    }
}

#[test]
fn a_second_attempt_of_the_job_takes_up_the_running_result_of_the_first() {
    let mut gate = Gate::against(&slow(), SUITE);
    in_a_job(&mut gate);
    let first = gate.run(&LOST).expect(4).result()["result"]["id"].clone();
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    let again = gate.run(&LOST).expect(4).says("by an earlier attempt of this job").result();
    assert_eq!(again["result"]["id"], first);
    assert_eq!(gate.simulator().starts(), 1);
    gate.env("GITHUB_RUN_ATTEMPT", "3");
    gate.run(&LOST).expect(4);
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn a_finished_result_of_an_earlier_attempt_is_judged_again_and_not_paid_again() {
    let mut gate = Gate::against(&GOOD.replacen("pass: 1", "pass: 0", 1), SUITE);
    in_a_job(&mut gate);
    gate.run(&["run", "--reuse"]).expect(1);
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    gate.run(&["run", "--reuse"]).expect(1).says("not paid for again");
    assert_eq!(gate.simulator().starts(), 1);
    gate.run(&["run"]).expect(1);
    assert_eq!(gate.simulator().starts(), 2, "without the flag a re-run is a new result");
}

/// The first scenario's calls become no conversation with this probability.
fn with_outages(error: &str) -> String {
    GOOD.replacen("error: 0 }", &format!("error: {error} }}"), 1)
}

const ONE_RETRY: &str = "
version: 1
name: Checkout
agent: 1
scenarios: [1]
retry: { on: [error], attempts: 1 }
";

#[test]
fn a_failed_result_holds_nothing_to_judge_and_new_calls_are_started() {
    let suite = ONE_RETRY.replace("retry:", "# retry:");
    let mut gate = Gate::against(&with_outages("1"), &suite);
    in_a_job(&mut gate);
    gate.run(&["run", "--reuse"]).expect(3);
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    gate.run(&["run", "--reuse"]).expect(3);
    assert_eq!(gate.simulator().starts(), 2);
}

#[test]
fn a_failed_result_whose_retry_failed_too_is_started_anew() {
    let mut gate = Gate::against(&with_outages("1"), ONE_RETRY);
    in_a_job(&mut gate);
    gate.run(&["run", "--reuse"]).expect(3);
    assert_eq!(gate.simulator().starts(), 2);
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    gate.run(&["run", "--reuse"]).expect(3);
    assert_eq!(gate.simulator().starts(), 4);
}

#[test]
fn a_failed_result_is_taken_up_with_its_retry_and_neither_is_paid_for_again() {
    let world = format!("seed: 5{}", with_outages("0.5"));
    let mut gate = Gate::against(&world, ONE_RETRY);
    in_a_job(&mut gate);
    let first = gate.run(&["run", "--reuse"]).expect(0).says("started again").result();
    assert_eq!(first["result"]["status"], "failed", "the seed no longer makes this world");
    assert_eq!(gate.simulator().starts(), 2);
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    let again = gate.run(&["run", "--reuse"]).expect(0).says("not paid for again").result();
    assert_eq!(gate.simulator().starts(), 2);
    for part in ["result", "tally", "outcomes", "retries", "checks"] {
        assert_eq!(again[part], first[part], "{part}");
    }
}

#[test]
fn what_is_not_the_same_is_started_anew() {
    let mut gate = Gate::against(GOOD, SUITE);
    in_a_job(&mut gate);
    gate.run(&["run", "--reuse"]).expect(0);
    let mut starts = 1;
    let mut again = |gate: &Gate, flags: &[&str], why: &str| {
        gate.run(flags).expect(0);
        starts += 1;
        assert_eq!(gate.simulator().starts(), starts, "{why}");
    };
    again(&gate, &["run", "--reuse"], "the same attempt gates again");
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    again(&gate, &["run", "--reuse", "--frequency", "2"], "another plan");
    again(&gate, &["run", "--reuse", "--scenarios", "1"], "other scenarios");
    again(&gate, &["run", "--reuse", "--name", "Other"], "another suite");
    again(&gate, &["run", "--reuse=1ms"], "too old");
    for (name, value) in [
        ("GITHUB_SHA", "def"),
        ("GITHUB_RUN_ID", "8"),
        ("GITHUB_JOB", "nightly"),
        ("GITHUB_REPOSITORY", "shop/other"),
        ("GITHUB_ACTION", "__run_2"),
    ] {
        gate.env(name, value);
        again(&gate, &["run", "--reuse"], name);
    }
}

#[test]
fn calls_that_somebody_ended_are_not_taken_up() {
    let mut gate = Gate::against(&slow(), SUITE);
    in_a_job(&mut gate);
    gate.run(&["run", "--timeout", "300ms", "--reuse"]).expect(4);
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    gate.run(&LOST).expect(4);
    assert_eq!(gate.simulator().starts(), 2);
}

#[test]
fn scenarios_that_a_tag_has_gained_since_make_another_plan() {
    let by_tag = SUITE.replace("scenarios: [1, 2]", "tags: [smoke]");
    let mut gate = Gate::against(GOOD, &by_tag);
    in_a_job(&mut gate);
    gate.run(&["run", "--reuse"]).expect(0);
    let first = gate.simulator().requests();
    let start = first.iter().find(|request| request.method == "POST").unwrap();
    // The scenarios are part of the key, and so are asked for before.
    assert_eq!(start.body.as_ref().unwrap()["scenarios"], serde_json::json!([1, 2]));
    gate.env("GITHUB_RUN_ATTEMPT", "2");
    gate.run(&["run", "--reuse"]).expect(0);
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn where_no_job_or_no_name_can_be_told_reuse_is_refused() {
    let mut gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--reuse"]).expect(2).says("CEKURA_GATE_REUSE_KEY");
    gate.env("CEKURA_GATE_REUSE_KEY", "abc/gate");
    gate.run(&["run", "--reuse"]).expect(0);
    gate.run(&["run", "--reuse"]).expect(0).says("not paid for again");
    assert_eq!(gate.simulator().starts(), 1);
    let suite = format!("{SUITE}mode: websocket\nwebsocket: {{ url: \"wss://a.example\" }}\n");
    std::fs::write(gate.dir.path().join("cekura-gate.yml"), suite).unwrap();
    gate.run(&["run", "--reuse"]).expect(2).says("mode websocket gives none").says("--resume");
    assert_eq!(gate.simulator().starts(), 1);
}
