//! The rules of quarantine, budget and retry, and of what reports may show.

use super::{TODAY, all_fine, all_refused, read};
use crate::suite;

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
            ("retry: {on: [error, error]}", "retry.on.1", "this outcome is in `on` twice"),
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
                "`0%` is not a useful significance: it must be above 0% and below 50%",
            ),
            (
                "thresholds: {baseline: {from: main, confidence: 95%, success_rate: {max_drop: 5%, significance: 1%}}}",
                "thresholds.baseline.success_rate.significance",
                "`significance` and `baseline.confidence` are two rules for one comparison",
            ),
            (
                "thresholds: {baseline: {from: main, confidence: 95%, new_failures: 0}}",
                "thresholds.baseline.confidence",
                "`baseline.confidence` judges drops and rises, and none is limited",
            ),
        ],
    );
    all_fine("agent: 1\nscenarios: [1]", &["budget: {max_runs: 3}"]);
}

#[test]
fn runs_repeated_until_they_pass_cannot_be_judged_by_an_interval() {
    let message = "`flaky: passed` cannot be used with `confidence`: \
                   runs that are repeated until they pass are no sample";
    let confident = [
        "thresholds: { success_rate: 90%, confidence: 95% }",
        "thresholds: { success_rate: { check: 90%, confidence: 95% } }",
        "thresholds: { metrics: { Adherence: { check: 90%, confidence: 95% } } }",
        "thresholds: { each_scenario: { success_rate: 90%, confidence: 95% } }",
        "thresholds: { each_scenario: { success_rate: { check: 90%, confidence: 95% } } }",
    ];
    let base = "agent: 1\nscenarios: [1]\nretry: { on: [failure], flaky: passed }";
    all_refused(base, &confident.map(|thresholds| (thresholds, "retry.flaky", message)));
    all_fine(base, &["thresholds: { success_rate: 90%, metrics: { Adherence: 90% } }"]);
}

#[test]
fn what_is_to_be_hidden_can_be_found_and_is_not_shared() {
    all_refused(
        "agent: 1\nscenarios: [1]",
        &[
            (
                "reports: {redact: [emails, {pattern: 'a(b'}]}",
                "reports.redact.1.pattern",
                "`a(b` cannot be used as a pattern: unclosed group, at character 2",
            ),
            (
                "reports: {redact: [{pattern: 'x*', as: x}]}",
                "reports.redact.0.pattern",
                "`x*` cannot be used as a pattern: it matches the empty text",
            ),
            (
                "reports: {redact: [emails], share_link: true}",
                "reports.share_link",
                "`reports.share_link` shows what `reports.redact` hides",
            ),
        ],
    );
    all_fine(
        "agent: 1\nscenarios: [1]",
        &["reports: {redact: [phone_numbers, {pattern: 'CUST-\\d{6}', as: customer number}]}"],
    );
}
