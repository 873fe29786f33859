//! Runs that come in rounds: what is planned, started, judged and reported.

use super::harness::{GOOD, Gate};

/// The suite that goes with [`GOOD`], in rounds of three to twelve.
pub(crate) const SUITE: &str = "
version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
frequency: { start: 3, max: 12 }
thresholds: { success_rate: \">= 60%\", confidence: 95% }
";

#[test]
fn check_shows_the_first_round_and_the_worst_case() {
    let gate = Gate::alone(SUITE);
    let finished = gate.run(&["check"]).expect(0);
    let finished = finished.says(
        "2 scenarios × frequency 3 = 6 runs, then in rounds to 6, 9, 12 of each until every check \
         is decided: 24 runs at most",
    );
    finished.says("\"frequency\": 3");
}

#[test]
fn limits_are_held_against_the_worst_case() {
    let gate = Gate::against(GOOD, SUITE);
    let args = ["check", "--max-runs", "23"];
    gate.run(&args).expect(2).says("may start 24 runs").says("nothing was started");
    gate.run(&["check", "--max-runs", "24"]).expect(0);
    let gate = Gate::against(GOOD, &format!("{SUITE}budget: {{ max_runs: 23 }}\n"));
    gate.run(&["check"]).expect(2).says("24 runs").says("the budget allows 23");
    assert_eq!(gate.stand_in().starts(), 0);
}

#[test]
fn rounds_are_not_run_yet_and_nothing_starts() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(2).says("cannot be run yet").says("nothing was started");
    assert_eq!(gate.stand_in().starts(), 0);
}

#[test]
fn rounds_without_a_confidence_are_refused_with_their_place() {
    let gate = Gate::alone(&SUITE.replace(", confidence: 95%", ""));
    gate.run(&["check"]).expect(2).says("cekura-gate.yml:6").says("add `confidence: 95%`");
    let gate = Gate::alone(&SUITE.replace("{ start: 3, max: 12 }", "3"));
    let finished = gate.run(&["check", "--frequency", "{start: 2, max: 4}"]).expect(0);
    finished.says("frequency 2 = 4 runs").says("8 runs at most");
}
