//! What a suite may ask beyond its thresholds: retries, early stop, quarantine, budget, confidence.

use super::harness::{GOOD, Gate, SUITE, slow, world};

fn suite(more: &str) -> String {
    format!("{SUITE}{more}\n")
}

#[test]
fn errored_runs_are_started_again_until_they_are_evidence() {
    let more =
        "retry: { on: [error], attempts: 10 }\nbudget: { max_cost: 100, price_per_run: 0.5 }";
    let gate = Gate::against(&world("1", "0.5"), &suite(more));
    let finished = gate.run(&["run"]).expect(0).says("started again").says("retries included");
    let result = finished.result();
    assert_eq!(result["tally"]["passed"], 6);
    assert!(
        result["retries"]
            .as_array()
            .unwrap()
            .iter()
            .all(|retry| retry["first"]["outcome"] == "errored")
    );
    assert!(gate.simulator().starts() > 1);
}

#[test]
fn without_a_retry_nothing_is_started_again() {
    let gate = Gate::against(&world("1", "0.5"), SUITE);
    gate.run(&["run"]).expect(3);
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn a_failure_that_passes_on_retry_is_flaky_and_does_not_hide() {
    let retry = "retry: { on: [failure], attempts: 6 }";
    let gate = Gate::against(&world("0.5", "0"), &suite(retry));
    let finished = gate.run(&["run"]).expect(1).says("flaky");
    assert!(finished.report("junit.xml").contains("flaky, passed on retry"));
    assert!(finished.report("summary.md").contains("flaky: passed on retry"));
}

#[test]
fn a_flaky_run_passes_where_the_suite_says_so() {
    let retry = "retry: { on: [failure], attempts: 10, flaky: passed }";
    let gate = Gate::against(&world("0.5", "0"), &suite(retry));
    gate.run(&["run"]).expect(0).says("it counts as passed");
}

#[test]
fn a_retry_over_budget_is_not_started() {
    let more = "retry: { on: [error], attempts: 5 }\nbudget: { max_runs: 6 }";
    let gate = Gate::against(&world("1", "1"), &suite(more));
    gate.run(&["run"]).expect(3).says("no more retries");
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn a_plan_that_costs_too_much_starts_nothing() {
    let gate = Gate::against(GOOD, &suite("budget: { max_cost: 0.5, price_per_run: 0.12 }"));
    gate.run(&["run"]).expect(2).says("the plan costs 0.72");
    gate.run(&["check"]).expect(2).says("the plan costs 0.72");
    assert_eq!(gate.simulator().starts(), 0);
}

/// Two scenarios: one ends at once and fails or passes, the other takes an hour.
fn one_fast_one_slow(pass: &str) -> String {
    slow()
        .replacen(
            "pass: 1, error: 0, duration: { mean: 3600, spread: 1 }",
            &format!("pass: {pass}, error: 0, duration: {{ mean: 0.01, spread: 0 }}"),
            1,
        )
        .replace("time_scale: 1", "time_scale: 1\nevaluate: 0\nstart_rate: 1000")
}

#[test]
fn a_gate_that_nothing_can_save_ends_its_calls_early() {
    let gate = Gate::against(&one_fast_one_slow("0"), &suite("early_stop: failed"));
    let finished = gate.run(&["run", "--timeout", "60s"]).expect(1).says("known early");
    assert_eq!(finished.result()["stopped_early"], true);
    assert!(gate.requests().iter().any(|r| r.ends_with("/end_calls/")));
}

#[test]
fn a_gate_that_nothing_can_break_ends_its_calls_early_where_asked() {
    let half = "early_stop: decided\nthresholds: { success_rate: 50% }";
    let gate = Gate::against(&one_fast_one_slow("1"), &suite(half));
    gate.run(&["run", "--timeout", "60s"]).expect(0).says("3 of 6 calls were ended");
}

#[test]
fn a_quarantined_scenario_runs_and_counts_towards_nothing() {
    let broken = GOOD.replacen("pass: 1", "pass: 0", 1);
    let entry =
        "quarantine: [{ scenario: 1, until: 2999-12-31, owner: payments, reason: ticket 42 }]";
    let gate = Gate::against(&broken, &suite(entry));
    let finished = gate.run(&["run"]).expect(0);
    assert_eq!(finished.result()["tally"]["quarantined"], 3);
    assert!(finished.report("junit.xml").contains("quarantined until 2999-12-31 (payments)"));
    assert!(finished.report("summary.md").contains("payments"));
}

#[test]
fn a_quarantine_that_is_expired_or_of_an_unknown_scenario_is_an_error() {
    let entry = |scenario: u64, until: &str| {
        suite(&format!(
            "quarantine: [{{ scenario: {scenario}, until: {until}, owner: payments, reason: r }}]"
        ))
    };
    Gate::against(GOOD, &entry(1, "2020-01-01"))
        .run(&["run"])
        .expect(2)
        .says("expired")
        .says("payments");
    let by_tag = entry(7, "2999-01-01").replace("scenarios: [1, 2]", "tags: [smoke]");
    let gate = Gate::against(GOOD, &by_tag);
    gate.run(&["run"]).expect(2).says("scenario 7 is quarantined");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn at_a_confidence_six_runs_do_not_prove_ninety_percent() {
    let thresholds = "thresholds: { success_rate: 90%, confidence: 95% }";
    let gate = Gate::against(GOOD, &suite(thresholds));
    gate.run(&["run"]).expect(3).says("would probably decide it");
    let reason = &gate.run(&["run", "--frequency", "30"]).expect(0).result()["checks"][0]["reason"];
    assert!(reason.as_str().unwrap().contains("with 95% confidence"), "{reason}");
}

#[test]
fn a_saved_result_is_a_baseline_and_a_worse_agent_fails_against_it() {
    let good = Gate::against(GOOD, SUITE);
    good.run(&["run", "--frequency", "10"]).expect(0);
    let saved = good.dir.path().join("cekura-report/result.json");
    let saved = saved.to_str().unwrap();
    let baseline = "thresholds: { baseline: { from: main.json, success_rate: { max_drop: 5% } } }";
    let worse = Gate::against(&world("0.5", "0"), &suite(baseline));
    std::fs::copy(saved, worse.dir.path().join("main.json")).unwrap();
    let finished = worse.run(&["run", "--frequency", "10"]).expect(1).says("unlikely to be noise");
    assert!(
        finished.report("summary.md").contains("newly fails"),
        "{}",
        finished.report("summary.md")
    );
    let again = worse.dir.path().join("cekura-report/result.json");
    let again = again.to_str().unwrap();
    worse.run(&["judge", again, "--report-dir", "judged"]).expect(1).says("unlikely to be noise");
    let first = std::fs::read(worse.dir.path().join("judged/result.json")).unwrap();
    worse.run(&["judge", again, "--report-dir", "judged"]).expect(1);
    let second = std::fs::read(worse.dir.path().join("judged/result.json")).unwrap();
    assert!(first == second, "equal inputs give equal bytes");
    good.run(&["compare", saved, again]).expect(1).says("newly fails");
    good.run(&["compare", again, saved]).expect(0).says("newly passes");
    good.run(&["compare", saved, saved]).expect(0).says("the same over 2 common scenarios");
    for format in ["markdown", "json"] {
        good.run(&["compare", saved, again, "--format", format]).expect(1).says("success");
    }
    good.run(&["compare", saved, "nowhere.json"]).expect(2).says("nowhere.json");
}

#[test]
fn a_result_without_verdicts_is_compared_with_nothing() {
    let good = Gate::against(GOOD, SUITE);
    good.run(&["run"]).expect(0);
    let broken = Gate::against(&world("1", "1"), SUITE);
    broken.run(&["run"]).expect(3);
    let [saved, errored] =
        [&good, &broken].map(|gate| gate.dir.path().join("cekura-report/result.json"));
    let (saved, errored) = (saved.to_str().unwrap(), errored.to_str().unwrap());
    good.run(&["compare", saved, errored])
        .expect(3)
        .says("no verdict in the head: Where is my order (3 errored), Return shoes (3 errored)");
    good.run(&["compare", errored, saved]).expect(3).says("no verdict in the base:");
    let json = good.run(&["compare", saved, errored, "--format", "json"]).expect(3).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["verdict"], "inconclusive");
    assert_eq!(json["comparison"]["only_in_base"], serde_json::json!([]));
    assert_eq!(json["comparison"]["head_runs"]["errored"], 6);
}

#[test]
fn the_newest_finished_result_on_a_branch_is_found_by_its_name() {
    let baseline = "thresholds: { baseline: { from: main, success_rate: { max_drop: 5% } } }";
    let mut gate = Gate::against(GOOD, &suite(baseline));
    gate.env("CEKURA_GATE_BRANCH", "main");
    let first = gate.run(&["run", "--baseline", "none"]).expect(0).result()["result"]["id"].clone();
    gate.env("CEKURA_GATE_BRANCH", "feature");
    let result = gate.run(&["run"]).expect(0).result();
    assert_eq!(result["baseline"]["result"], first);
    let by_id = gate.run(&["run", "--baseline", &first.to_string()]).expect(0).result();
    assert_eq!(by_id["baseline"]["result"], first);
}

#[test]
fn a_retry_is_no_baseline() {
    let more = "retry: { on: [error], attempts: 3 }";
    let mut gate = Gate::against(&world("1", "0.3"), &suite(more));
    gate.env("CEKURA_GATE_BRANCH", "main");
    let first = gate.run(&["run"]).says("started again").result()["result"]["id"].clone();
    assert!(gate.simulator().starts() > 1);
    let second = gate.run(&["run", "--baseline", "main"]).result();
    assert_eq!(second["baseline"]["result"], first);
}

#[test]
fn what_can_never_pass_is_told_before_it_is_paid_for() {
    let confident = suite("thresholds: { success_rate: 90%, confidence: 95% }");
    Gate::alone(&confident).run(&["check"]).expect(0).says("needs at least 29 runs that all pass");
    let latency = suite("thresholds: { metrics: { Latency: p95 <= 9s } }");
    Gate::alone(&latency).run(&["check"]).expect(0).says("no check looks at the success rate");
}

#[test]
fn asking_for_more_errors_is_taken_for_the_mistake_that_it_is() {
    let gate = Gate::alone(&suite("thresholds: { success_rate: 70%, errors: 10% }"));
    gate.run(&["check"]).expect(2).says("write `<= 10%`");
}

#[test]
fn a_gate_that_only_warns_is_refused() {
    let warns = "thresholds: { success_rate: { check: 90%, level: warn } }";
    Gate::alone(&suite(warns)).run(&["check"]).expect(2).says("every check only warns");
}

#[test]
fn retrying_until_green_is_no_confidence() {
    let more = "retry: { on: [failure], flaky: passed }\nthresholds: { success_rate: 75%, confidence: 95% }";
    Gate::alone(&suite(more)).run(&["check"]).expect(2).says("no sample");
}

#[test]
fn a_suite_file_in_place_is_used_with_the_flags_in_place_of_its_keys() {
    let gate = Gate::against(GOOD, &suite("thresholds: { metrics: { Latency: max <= 1ms } }"));
    gate.run(&["run", "--agent", "1", "--tags", "smoke"]).expect(1).says("Latency");
}

#[test]
fn a_quarantine_of_all_that_runs_starts_nothing() {
    let entry = "quarantine: [{ scenario: 1, until: 2999-12-31, owner: o, reason: r }]";
    let by_tag = suite(entry).replace("scenarios: [1, 2]", "tags: [one]");
    let world = GOOD.replacen("tags: [smoke]", "tags: [one]", 1);
    let gate = Gate::against(&world, &by_tag);
    gate.run(&["run"]).expect(2).says("no run would count");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn a_rehearsal_says_that_it_is_one() {
    let gate = Gate::alone(SUITE);
    let finished = gate.run(&["run", "--simulate"]).expect(0).says("no real call was made");
    assert_eq!(finished.result()["simulated"], true);
}

#[test]
fn a_watched_result_is_held_to_the_suites_plan() {
    let gate = Gate::against(GOOD, SUITE);
    let id = gate.run(&["run", "--frequency", "2"]).expect(0).result()["result"]["id"].to_string();
    gate.run(&["watch", &id, "--suite", "cekura-gate.yml"]).expect(3).says("never arrived");
}

#[test]
fn what_would_be_missing_after_the_verdict_is_told_before_the_calls() {
    let after = "on_failure: { improve_prompt: { agent_prompt: prompts/no.md } }\n\
                 on_success: { test_set: { from: failing-before, name: Regression } }\n";
    let checked = Gate::alone(&format!("{SUITE}{after}")).run(&["check"]).expect(0);
    checked.says("will not improve prompts/no.md: there is no such file").says("will do nothing");
}

#[test]
fn a_check_against_the_baseline_is_told_and_is_not_the_default() {
    let only = "thresholds: { baseline: { from: main, success_rate: { max_drop: 5% } } }\n";
    let checked = Gate::alone(&format!("{SUITE}{only}")).run(&["check"]).expect(0);
    assert!(!checked.stdout.contains("the default"), "{}", checked.stdout);
    checked.says("success_rate against the baseline: drop <= 5 points");
}

#[test]
fn a_suite_of_another_agent_is_told_when_it_judges() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    std::fs::write(gate.dir.path().join("other.yml"), SUITE.replace("agent: 1", "agent: 9"))
        .unwrap();
    let judge = ["judge", "cekura-report/result.json", "--suite", "other.yml", "--report-dir", "x"];
    gate.run(&judge).expect(3).says("the suite names agent 9, the result is of agent 1");
}

/// A gate on GitHub, of this event, branch and commit.
pub(super) fn on_github(gate: &mut Gate, event: &str, branch: &str, commit: &str) {
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_EVENT_NAME", event);
    gate.env("GITHUB_HEAD_REF", if event == "pull_request" { branch } else { "" });
    gate.env("GITHUB_REF_NAME", branch);
    gate.env("GITHUB_SHA", commit);
}

const AGAINST_MAIN: &str =
    "thresholds: { success_rate: 50%, baseline: { from: main, success_rate: { max_drop: 5% } } }";

#[test]
fn without_a_baseline_the_suite_says_what_that_means() {
    for (key, code) in [("", 3), ("if_missing: pass,", 0), ("if_missing: fail,", 1)] {
        let more = AGAINST_MAIN.replace("from: main,", &format!("from: main, {key}"));
        let gate = Gate::against(GOOD, &suite(&more));
        gate.run(&["run"]).expect(code).says("on branch `main` can be the baseline");
        assert_eq!(gate.simulator().starts(), 1);
    }
}

#[test]
fn a_baseline_is_the_newest_of_the_branch_that_fits_and_the_others_are_named_with_the_reason() {
    let mut gate = Gate::against(GOOD, &suite(AGAINST_MAIN));
    let mut start = |event: &str, commit: &str, flags: &[&str]| {
        on_github(&mut gate, event, "main", commit);
        let flags: Vec<&str> = ["run"].iter().chain(flags).copied().collect();
        gate.run(&flags).result()
    };
    let none = ["--baseline", "none"];
    let good = start("push", "aaaaaaa1", &none)["result"]["id"].clone();
    start("pull_request", "bbbbbbb1", &none);
    start("issue_comment", "bbbbbbb2", &none);
    start("push", "ccccccc1", &["--baseline", "none", "--scenarios", "1"]);
    start("push", "ddddddd1", &none);
    // A plain re-run of the newest commit is not compared with itself.
    let judged = start("push", "ddddddd1", &[]);
    assert_eq!(judged["baseline"]["result"], good, "{judged}");
    let notes = judged["notes"].to_string();
    for reason in [
        "baseline: result 2001 of main, commit aaaaaaa",
        "started by a pull request",
        "not known to be about the branch",
        "another agent, mode or selection",
        "of the commit that is judged, ddddddd",
    ] {
        assert!(notes.contains(reason), "{reason}: {notes}");
    }
}

#[test]
fn a_night_of_errors_is_no_baseline() {
    let gate = Gate::against(&world("1", "1"), &suite(AGAINST_MAIN));
    let mut gate = gate;
    on_github(&mut gate, "schedule", "main", "aaaaaaa1");
    gate.run(&["run", "--baseline", "none"]).expect(3);
    on_github(&mut gate, "pull_request", "feature", "bbbbbbb1");
    let notes = gate.run(&["run"]).expect(3).result()["notes"].to_string();
    assert!(notes.contains("not used as baseline"), "{notes}");
}

#[test]
fn a_result_that_is_taken_up_is_not_compared_with_itself() {
    let mut gate = Gate::against(&world("0", "0"), &suite(AGAINST_MAIN));
    gate.env("CEKURA_GATE_BRANCH", "main");
    gate.env("CEKURA_GATE_REUSE_KEY", "job");
    let first = gate.run(&["run", "--reuse"]).expect(1).result()["result"]["id"].clone();
    let again = gate.run(&["run", "--reuse"]).expect(1).result();
    assert_eq!(again["result"]["id"], first);
    assert!(again.get("baseline").is_none());
    let id = first.to_string();
    let watched = gate.run(&["watch", &id, "--suite", "cekura-gate.yml"]).expect(1).result();
    assert!(watched.get("baseline").is_none());
}
