//! What is said of common mistakes, in the words that a user can act on.

use super::harness::{GOOD, Gate, SUITE};

fn with(thresholds: &str) -> String {
    format!("{SUITE}thresholds:\n{thresholds}\n")
}

#[test]
fn runs_without_a_duration_are_counted_and_the_figure_is_bounded() {
    let world = GOOD.replace("pass: 1, error: 0 }", "pass: 1, error: 1 }").replacen(
        "pass: 1, error: 1 }",
        "pass: 1, error: 0, duration: { mean: 60, spread: 0 } }",
        1,
    );
    let gate = Gate::against(&world, &with("  duration: p95 <= 90s"));
    let finished = gate.run(&["run"]).expect(3);
    let reason = finished.result()["checks"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("3 of 6 runs have no duration (3 errored or not judged)"), "{reason}");
    assert!(reason.contains("p95 could be ") && reason.contains(" or higher"), "{reason}");
}

#[test]
fn a_metric_that_one_scenario_lacks_is_missed_in_that_scenario() {
    let gate = Gate::against(GOOD, &with("  each_scenario: { metrics: { CSAT: mean >= 4 } }"));
    let finished = gate.run(&["run"]).expect(3);
    let reason = finished.result()["checks"][0]["reason"].as_str().unwrap().to_owned();
    assert!(
        reason.starts_with("no run of \"Where is my order\" has the metric `CSAT`"),
        "{reason}"
    );
}

#[test]
fn what_is_no_saved_result_is_called_what_it_is() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    let report = gate.dir.path().join("cekura-report");
    let saved = std::fs::read_to_string(report.join("result.json")).unwrap();
    let cut = saved.get(..100).unwrap();
    let answer = r#"{ "id": 5008, "status": "completed", "runs": {} }"#;
    let left = r#"{ "result": 5008, "name": "x", "planned": {}, "request": {} }"#;
    for (text, says) in [
        (cut, "it is cut off at byte 100"),
        ("", "it is cut off at byte 0"),
        (answer, "it is the platform's answer, not a result.json of cekura-gate"),
        (left, "it is a run.json: use `cekura-gate watch --from FILE`"),
    ] {
        std::fs::write(gate.dir.path().join("saved.json"), text).unwrap();
        gate.run(&["judge", "saved.json", "--report-dir", "again"]).expect(2).says(says);
    }
}

#[test]
fn two_comparisons_in_one_check_are_written_as_a_list() {
    let gate = Gate::alone(&with("  success_rate: \">= 90% and <= 95%\""));
    let finished = gate.run(&["check"]).expect(2).says("a check is one comparison");
    finished.says("write two checks as a list: [\">= 90%\", \"<= 95%\"]");
}

#[test]
fn a_metric_among_the_thresholds_is_sent_to_its_place() {
    let gate = Gate::alone(&with("  Latency: p95 <= 2s"));
    let finished = gate.run(&["check"]).expect(2).says("unknown key `Latency`");
    finished.says("put metrics under `thresholds.metrics`");
}

#[test]
fn a_word_is_no_result_id() {
    let finished = Gate::alone(SUITE).run(&["watch", "abc"]).expect(2);
    finished.says("`abc` is not a result id: a whole number is expected");
}

#[test]
fn the_terminal_blames_nobody_for_what_the_gate_ended() {
    let gate = Gate::against(&super::harness::slow(), SUITE);
    let finished = gate.run(&["run", "--timeout", "300ms"]).expect(4).says("ended by the gate");
    assert!(!finished.stdout.contains("nobody"), "{}", finished.stdout);
}

#[test]
fn a_bound_against_the_baseline_says_of_what_it_is_a_percentage() {
    let suite = with(
        "  baseline:\n    from: main\n    success_rate: { max_drop: 5% }\n    metrics: { Latency: { max_rise: 10% } }",
    );
    let finished = Gate::alone(&suite).run(&["check"]).expect(0);
    let finished = finished.says("success_rate against the baseline: drop <= 5 points");
    let finished =
        finished.says("rise <= 10 (points for a binary metric, else % of the baseline's mean)");
    finished.says("results named \"Checkout\" of that branch");
    let suite = SUITE.replace("scenarios: [1, 2]", "tags: [smoke, nightly]");
    Gate::alone(&suite).run(&["check"]).expect(0).says("any of the tags smoke, nightly");
}

#[test]
fn a_list_beside_a_suite_is_not_passed_over_silently() {
    let gate = Gate::alone(SUITE);
    std::fs::write(gate.dir.path().join("gates.yml"), "version: 1\nsuites: [cekura-gate.yml]\n")
        .unwrap();
    let finished = gate.run(&["check"]).expect(0);
    finished.says("cekura-gate.yml is used and gates.yml beside it is not");
    let finished = gate.run(&["check", "gates.yml"]).expect(0);
    assert!(!finished.stderr.contains("beside it"), "{}", finished.stderr);
}
