//! Comparisons with an earlier result: what a side lacks of its plan, or has beyond it, is part of
//! neither side, and what it could have been decides whether anything is said.

use serde_json::Value;

use crate::faults::evidence::{all_passed, completed, ends, gate, judged, suite};
use crate::faults::harness::Finished;
use crate::faults::made::Made;

/// Twenty runs of scenario 1 are planned, and there is a baseline to drop from.
const AGAINST: &str = "scenarios: [1]\nfrequency: 20\n\
    thresholds: { baseline: { from: base.json, success_rate: { max_drop: 20% } } }";

/// A gate that saves its result, of a suite without a baseline.
fn saved(keys: &str, runs: &[Value]) -> Made {
    let made = gate(&suite(keys), completed(runs));
    assert_ne!(made.run(&["run", "--timeout", "20s"]).code, 2);
    made
}

/// So many passed runs of scenario 1, and then so many that failed.
fn runs(passed: u64, failed: u64) -> Vec<Value> {
    (1..=passed + failed).map(|id| judged(id, 1, id <= passed)).collect()
}

fn keep(from: &Made, to: &Made, name: &str) {
    let saved = from.dir.path().join("cekura-report/result.json");
    std::fs::copy(saved, to.dir.path().join(name)).unwrap();
}

const TWENTY: &str = "scenarios: [1]\nfrequency: 20\nthresholds: { success_rate: 50% }";

/// The gate of these runs against a saved baseline of those.
#[track_caller]
fn against(base: &[Value], head: &[Value], code: i32, why: &str) {
    let made = gate(&suite(AGAINST), completed(head));
    keep(&saved(TWENTY, base), &made, "base.json");
    ends(&made, &[], code, &[why]);
}

#[test]
fn a_saved_baseline_that_lacks_planned_runs_is_not_compared_as_if_it_were_whole() {
    against(&runs(20, 0), &runs(20, 0), 0, "did not change");
    against(&runs(20, 0), &runs(5, 15), 1, "unlikely to be noise");
    against(&runs(10, 0), &runs(20, 0), 3, "10 runs of the baseline never arrived");
    against(&runs(10, 0), &runs(5, 15), 3, "10 runs of the baseline never arrived");
}

#[test]
fn runs_that_a_saved_baseline_has_too_many_of_a_scenario_are_not_compared() {
    against(&runs(21, 0), &runs(5, 15), 3, "no scenario has judged runs");
    // Those of a scenario that was not planned are none of it.
    let mut more = runs(20, 0);
    more.extend((21..=24).map(|id| judged(id, 2, true)));
    against(&more, &runs(5, 15), 1, "unlikely to be noise");
}

#[test]
fn a_drop_that_runs_which_never_came_could_undo_is_no_failure() {
    against(&runs(20, 0), &runs(0, 4), 3, "could change the answer");
    against(&runs(20, 0), &runs(0, 16), 1, "unlikely to be noise");
}

/// `compare` of two saved results.
fn compare(base: &Made, head: &Made) -> Finished {
    keep(base, head, "base.json");
    head.run(&["compare", "base.json", "cekura-report/result.json", "--max-drop", "20%"])
}

#[test]
fn compare_holds_each_side_to_its_own_plan() {
    let whole = || saved(TWENTY, &runs(20, 0));
    compare(&whole(), &whole()).expect(0);
    compare(&whole(), &saved(TWENTY, &runs(5, 15))).expect(1);
    let few = saved(TWENTY, &runs(10, 0));
    compare(&few, &whole()).expect(3).says("10 runs of the baseline never arrived");
    compare(&whole(), &few).expect(3).says("could change the answer");
    compare(&whole(), &saved(TWENTY, &runs(0, 4))).expect(3).says("could change the answer");
    // Runs that nobody planned stand in for no planned one.
    let others: Vec<u64> = [vec![1; 10], vec![2; 10]].concat();
    let others = saved(TWENTY, &all_passed(&others));
    compare(&whole(), &others).expect(3);
    let mut more = runs(20, 0);
    more.push(judged(21, 2, true));
    compare(&whole(), &saved(TWENTY, &more)).expect(3).says("1 run of the head fit no planned run");
}
