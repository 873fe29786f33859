//! What holds in every mode holds here: early stops, baselines, saved results.

use super::{ANSWERS, posted, with_script, world};

const SAYS: &str = "says: [Hello, Thanks]";

#[test]
fn a_decided_verdict_ends_the_conversations_that_are_open() {
    // The first process crashes; the others say nothing for as long as they are let.
    let script = "mkdir first 2>/dev/null && exit 1\nsleep 600";
    let keys = "frequency: 4\nearly_stop: failed\nturn_timeout: 10m";
    let gate = with_script(&world(SAYS), script, keys);
    let finished = gate.run(&["run"]).expect(1);
    assert_eq!(finished.result()["stopped_early"], true);
    assert_eq!(posted(&gate, "/end_calls/").len(), 1);
}

#[test]
fn an_earlier_result_is_a_baseline() {
    let keys = "frequency: 10\nthresholds: { baseline: { from: base.json, \
                success_rate: { max_drop: 5% } } }";
    let gate = with_script(&world(SAYS), ANSWERS, keys);
    let path = |name: &str| gate.dir.path().join(name);
    let suite = std::fs::read_to_string(path("cekura-gate.yml")).unwrap();
    let (before, _) = suite.split_once("thresholds").unwrap();
    std::fs::write(path("first.yml"), before).unwrap();
    gate.run(&["run", "first.yml"]).expect(0);
    std::fs::copy(path("cekura-report/result.json"), path("base.json")).unwrap();
    gate.run(&["run"]).expect(0);
    std::fs::write(path("agent.sh"), "exit 1").unwrap();
    gate.run(&["run"]).expect(1).says("against the baseline");
}
