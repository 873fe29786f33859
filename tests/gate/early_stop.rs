//! Early stop against the simulator: what has not begun, and what a retry replaces, decides nothing.

use super::harness::{GOOD, Gate, SUITE, slow};

/// Two scenarios: the first ends at once as `first` says, the second begins in a second and takes an
/// hour.
fn one_at_once(first: &str) -> String {
    slow()
        .replacen("pass: 1, error: 0, duration: { mean: 3600, spread: 1 }", first, 1)
        .replace("time_scale: 1", "time_scale: 1\nevaluate: 0\nstart_rate: 1000")
}

const AT_ONCE: &str = "duration: { mean: 0.01, spread: 0 }";

fn ended_calls(gate: &Gate) -> bool {
    gate.requests().iter().any(|one| one.ends_with("/end_calls/"))
}

#[test]
fn decided_passes_no_scenario_whose_runs_have_not_ended() {
    let world = one_at_once(&format!("pass: 1, error: 0, {AT_ONCE}"));
    for check in ["each_scenario: { success_rate: 50% }", "success_rate: 60%"] {
        let suite = format!("{SUITE}early_stop: decided\nthresholds: {{ {check} }}\n");
        let gate = Gate::against(&world, &suite);
        let finished = gate.run(&["run", "--timeout", "1s"]).expect(4);
        assert!(finished.result().get("stopped_early").is_none());
    }
}

#[test]
fn failed_fails_no_scenario_that_the_runs_still_going_could_save() {
    let world = one_at_once(&format!("pass: 0, error: 0, {AT_ONCE}"));
    // One of two scenarios has failed: of all runs half may yet pass.
    let suite = format!("{SUITE}early_stop: failed\nthresholds: {{ success_rate: 50% }}\n");
    Gate::against(&world, &suite).run(&["run", "--timeout", "1s"]).expect(4);
    let suite = suite.replace("success_rate: 50%", "each_scenario: { success_rate: 50% }");
    Gate::against(&world, &suite).run(&["run", "--timeout", "60s"]).expect(1).says("known early");
}

#[test]
fn failed_waits_for_the_retry_of_an_errored_run() {
    let world = GOOD.replacen("pass: 1, error: 0", &format!("pass: 1, error: 1, {AT_ONCE}"), 1);
    let world = world.replace("time_scale: 0", "time_scale: 100\nevaluate: 0\nstart_rate: 1000");
    let suite = format!("{SUITE}early_stop: failed\nthresholds: {{ errors: count <= 0 }}\n");
    let gate = Gate::against(&world, &suite);
    gate.run(&["run"]).expect(1).says("known early");
    assert!(ended_calls(&gate));
    let gate = Gate::against(&world, &format!("{suite}retry: {{ on: [error] }}\n"));
    gate.run(&["run"]).expect(1).says("started again");
    assert!(!ended_calls(&gate));
    assert_eq!(gate.simulator().starts(), 2);
}
