//! Quarantine, retry and budget: one row for each rule.

use super::*;

#[test]
fn a_quarantine_is_current_and_leaves_something_to_judge() {
    let entry = |id: u64, until: &str| {
        format!("{{scenario: {id}, until: {until}, owner: payments, reason: x}}")
    };
    let current = |id| entry(id, "2026-08-01");
    let rows = [
        (
            format!("scenarios: [1, 2]\nquarantine: [{}]", entry(1, "2026-07-31")),
            "quarantine.0.until",
            "the quarantine of scenario `1` expired on `2026-07-31`",
        ),
        (
            format!("scenarios: [1, 2]\nquarantine: [{}, {}]", current(1), current(1)),
            "quarantine.1.scenario",
            "scenario `1` is quarantined twice",
        ),
        (
            format!("scenarios: [1, 2]\nquarantine: [{}]", current(3)),
            "quarantine.0.scenario",
            "scenario `3` is quarantined but not in `scenarios`",
        ),
        (
            format!("scenarios: [1, 2]\nquarantine: [{}, {}]", current(1), current(2)),
            "quarantine",
            "every scenario of the suite is quarantined: nothing is left to judge",
        ),
    ];
    for (text, path, message) in &rows {
        all_refused("agent: 1", &[(text, path, message)]);
    }
    all_fine("agent: 1", &[&format!("tags: [a]\nquarantine: [{}]", current(3))]);
    let (suite, _) = read(&format!("agent: 1\n{}", rows[0].0));
    let help = suite::validate(&suite, TODAY)[0].help.clone().unwrap();
    assert!(help.starts_with("`payments` owns it"), "{help}");
}

#[test]
fn limits_limit_something() {
    all_refused(
        "agent: 1\nscenarios: [1]",
        &[
            ("budget: {price_per_run: 1}", "budget", "`budget` sets no limit"),
            ("retry: {on: [error, error]}", "retry.on.1", "this outcome stands in `on` twice"),
            (
                "thresholds: {baseline: {from: main}}",
                "thresholds.baseline",
                "`baseline` sets no limit",
            ),
            (
                "thresholds: {baseline: {from: main, success_rate: {}}}",
                "thresholds.baseline.success_rate",
                "this comparison sets no limit",
            ),
            (
                "thresholds: {baseline: {from: main, metrics: {A: {max_rise: 5%, significance: 0%}}}}",
                "thresholds.baseline.metrics.A.significance",
                "`0%` is no useful significance: it lies above 0% and below 50%",
            ),
        ],
    );
    all_fine("agent: 1\nscenarios: [1]", &["budget: {max_runs: 3}"]);
}
