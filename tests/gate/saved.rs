//! `result.json` goes through `judge` and comes out the same.

use super::harness::{GOOD, Gate, SUITE, slow, world};

/// Judges a saved result with its own rules, and gives what that saves.
fn judged(gate: &Gate, from: &str, to: &str, code: i32) -> String {
    gate.run(&["judge", from, "--report-dir", to]).expect(code);
    std::fs::read_to_string(gate.dir.path().join(to).join("result.json")).unwrap()
}

#[test]
fn judging_a_finished_gate_again_changes_no_byte() {
    let more = |more: &str| format!("{SUITE}{more}\n");
    let compared = "thresholds:\n  success_rate: 50%\n  baseline: { from: base/result.json, success_rate: { max_drop: 5% } }";
    let retried =
        "retry: { on: [failure], attempts: 2 }\nbudget: { max_cost: 100, price_per_run: 0.5 }";
    let quarantined =
        "quarantine: [{ scenario: 2, until: 2099-12-31, owner: payments, reason: x }]";
    let hidden = "reports: { redact: [phone_numbers, { pattern: order }], transcripts: all }";
    let cases = [
        (GOOD.to_owned(), more(""), 0),
        (world("0", "0"), more(""), 1),
        (world("1", "0.5"), more(""), 3),
        (GOOD.to_owned(), more(compared), 0),
        (world("0.5", "0"), more(retried), 1),
        (GOOD.to_owned(), more(quarantined), 0),
        (GOOD.to_owned(), more(hidden), 0),
    ];
    for (world, suite, code) in cases {
        let gate = Gate::against(&world, &suite);
        if suite.contains("baseline") {
            gate.run(&["run", "--baseline", "none", "--report-dir", "base"]).expect(0);
        }
        let first = gate.run(&["run"]).expect(code).report("result.json");
        assert_eq!(judged(&gate, "cekura-report/result.json", "again", code), first, "{suite}");
        assert_eq!(judged(&gate, "again/result.json", "again", code), first, "{suite}");
    }
}

#[test]
fn an_early_end_is_remembered_however_often_it_is_judged() {
    let gate = Gate::against(&slow(), SUITE);
    let timed_out = gate.run(&["run", "--timeout", "300ms"]).expect(4);
    assert!(timed_out.says("ended by the gate").result()["incomplete"].as_bool().unwrap());
    let first = judged(&gate, "cekura-report/result.json", "once", 3);
    assert!(first.contains("ended early: its evidence is not complete"), "{first}");
    assert!(first.contains("the remaining calls were ended"), "{first}");
    assert_eq!(judged(&gate, "once/result.json", "twice", 3), first);
}

#[test]
fn a_gate_that_did_not_pass_says_so_even_when_it_is_to_be_quiet() {
    let quiet = |world: &str, code| {
        let finished = Gate::against(world, SUITE).run(&["run", "--quiet"]).expect(code);
        assert_eq!(finished.stderr, "");
        finished.stdout
    };
    assert_eq!(quiet(GOOD, 0), "");
    assert_eq!(
        quiet(&world("0", "0"), 1),
        "Failed: 0 of 6 judged runs passed (0%), success_rate not met: 0%, wanted >= 100%\n"
    );
}

#[test]
fn a_suite_of_other_runs_than_the_evidence_decides_nothing() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    let judge = |suite: &str| {
        std::fs::write(gate.dir.path().join("other.yml"), suite).unwrap();
        let flags = ["judge", "cekura-report/result.json", "--suite", "other.yml"];
        gate.run(&[&flags[..], &["--report-dir", "again"]].concat())
    };
    judge(&format!("{SUITE}thresholds: {{ success_rate: 50% }}\n")).expect(0);
    for (old, new) in [
        ("frequency: 3", "frequency: 4"),
        ("scenarios: [1, 2]", "scenarios: [1]"),
        ("scenarios: [1, 2]", "tags: [smoke]"),
        ("agent: 1", "agent: 2"),
        ("agent: 1", "agent: 1\nmode: text"),
    ] {
        judge(&SUITE.replace(old, new)).expect(3).says("the suite is not that of the evidence");
        // Judging that file again does not forget it.
        let again = ["judge", "again/result.json", "--report-dir", "third"];
        gate.run(&again).expect(3).says("the suite is not that of the evidence");
    }
}

#[test]
fn results_of_different_suites_are_not_compared() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--report-dir", "a"]).expect(0);
    gate.run(&["run", "--report-dir", "b", "--name", "Billing"]).expect(0);
    gate.run(&["compare", "a/result.json", "b/result.json"]).expect(3).says("different suites");
    gate.run(&["compare", "a/result.json", "a/result.json"]).expect(0);
}

#[test]
fn watching_a_result_with_another_suite_decides_nothing() {
    let gate = Gate::against(&GOOD.replace("spread: 0.1", "spread: 0"), SUITE);
    let id = gate.run(&["run"]).expect(0).result()["result"]["id"].to_string();
    let watch = |suite: &str, from: &[&str]| {
        std::fs::write(gate.dir.path().join("other.yml"), suite).unwrap();
        let flags = ["watch", "--suite", "other.yml", "--report-dir", "again"];
        gate.run(&[&flags[..], from].concat())
    };
    let left = std::fs::read(gate.dir.path().join("cekura-report/run.json")).unwrap();
    std::fs::write(gate.dir.path().join("left.json"), left).unwrap();
    for from in [&[id.as_str()][..], &["--from", "left.json"]] {
        watch(&format!("{SUITE}thresholds: {{ success_rate: 50% }}\n"), from).expect(0);
        for (old, new, why) in [
            ("frequency: 3", "frequency: 2", "it has 2 runs of each scenario"),
            ("frequency: 3", "frequency: 4", "it has 4 runs of each scenario"),
            ("scenarios: [1, 2]", "scenarios: [1]", "it selects other scenarios"),
            ("scenarios: [1, 2]", "tags: [smoke]", "another agent, mode or selection"),
            ("agent: 1", "agent: 2", "the suite names agent 2, the result is of agent 1"),
            ("agent: 1", "agent: 1\nmode: text", "another agent, mode or selection"),
        ] {
            let finished = watch(&SUITE.replace(old, new), from).expect(3);
            finished.says("the suite is not that of the evidence").says(why);
            let again = ["judge", "again/result.json", "--report-dir", "third"];
            gate.run(&again).expect(3).says("the suite is not that of the evidence");
        }
    }
    gate.run(&["watch", &id, "--report-dir", "plain"]).expect(0);
}

#[test]
fn a_cell_of_a_matrix_is_judged_by_its_own_suite() {
    let matrix = format!("{}matrix: {{ mode: [text, voice] }}\n", SUITE);
    let gate = Gate::against(GOOD, &matrix);
    gate.run(&["run"]).expect(0);
    for cell in ["text", "voice"] {
        let saved = format!("cekura-report/cekura-gate-{cell}/result.json");
        let judge = ["judge", &saved, "--suite", "cekura-gate.yml", "--report-dir", "x"];
        gate.run(&judge).expect(0);
    }
}
