//! `junit.xml` as the suite wants it.

use crate::gate::harness::{GOOD, Gate, SUITE, world};

/// A suite that bears a failing scenario.
fn bears(junit: &str) -> String {
    format!("{SUITE}thresholds: {{ success_rate: \">= 50%\" }}\nreports: {{ junit: {junit} }}\n")
}

fn one_fails() -> String {
    GOOD.replacen("pass: 1", "pass: 0", 1)
}

/// How many cases end with these elements.
fn ends(junit: &str) -> (usize, usize) {
    (junit.matches("<failure ").count(), junit.matches("<skipped message=\"tolerated: ").count())
}

#[test]
fn failed_runs_within_a_passed_gate_are_skipped_where_the_suite_asks_for_it() {
    for (junit, expected) in
        [("{ tolerated: skipped }", (0, 3)), ("{ tolerated: failure }", (3, 0)), ("{}", (3, 0))]
    {
        let gate = Gate::against(&one_fails(), &bears(junit));
        let finished = gate.run(&["run"]).expect(0);
        assert_eq!(ends(&finished.report("junit.xml")), expected, "{junit}");
        // What is judged again is written the same.
        gate.run(&["judge", "cekura-report/result.json", "--report-dir", "again"]).expect(0);
        let again = std::fs::read_to_string(gate.dir.path().join("again/junit.xml")).unwrap();
        assert_eq!(ends(&again), expected, "{junit}");
    }
}

#[test]
fn several_suites_have_each_its_own_way_in_the_merged_file() {
    let gate = Gate::against(&one_fails(), &bears("{ tolerated: skipped }"));
    let other = bears("{ tolerated: failure }").replace("Checkout", "Returns");
    std::fs::write(gate.dir.path().join("b.yml"), other).unwrap();
    let finished = gate.run(&["run", "cekura-gate.yml", "b.yml"]).expect(0);
    assert_eq!(ends(&finished.report("junit.xml")), (3, 3));
}

#[test]
fn a_run_that_passed_on_retry_has_jenkins_elements_where_the_suite_asks_for_them() {
    let retry = "retry: { on: [failure], attempts: 10, flaky: passed }";
    for (junit, has) in [("{ retries: elements }", true), ("{ retries: note }", false)] {
        let suite = format!("{SUITE}{retry}\nreports: {{ junit: {junit} }}\n");
        let gate = Gate::against(&world("0.5", "0"), &suite);
        let junit = gate.run(&["run"]).expect(0).report("junit.xml");
        assert_eq!(junit.contains("<flakyFailure "), has, "{junit}");
        assert!(junit.contains("name=\"flaky_runs\"") && !junit.contains("<failure "), "{junit}");
    }
}

#[test]
fn an_unknown_way_is_refused_with_the_known_ones() {
    let gate = Gate::alone(&bears("{ tolerated: passed }"));
    gate.run(&["check"]).expect(2).says("`failure`").says("`skipped`");
}
