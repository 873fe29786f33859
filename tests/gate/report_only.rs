//! Report first: everything is judged and reported, and nothing breaks.

use super::harness::{Gate, SUITE, slow, world};

fn read(gate: &Gate, name: &str) -> String {
    std::fs::read_to_string(gate.dir.path().join("cekura-report").join(name)).unwrap()
}

fn on_github(gate: &mut Gate) {
    let path = gate.dir.path().to_owned();
    let file = |name: &str| path.join(name).display().to_string();
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_OUTPUT", &file("output"));
    gate.env("GITHUB_STEP_SUMMARY", &file("step"));
}

#[test]
fn a_gate_that_reports_only_exits_with_0_and_says_everywhere_that_it_would_fail() {
    for (suite, args) in [
        (format!("{SUITE}enforce: false\n"), ["run"].as_slice()),
        (SUITE.to_owned(), &["run", "--report-only"]),
    ] {
        let mut gate = Gate::against(&world("0", "0"), &suite);
        on_github(&mut gate);
        let finished = gate
            .run(args)
            .expect(0)
            .says("Would fail (report only): 0 of 6 judged runs passed")
            .says("0: report only; enforced it would be 1, a gating check failed")
            .says("::warning file=cekura-gate.yml,title=would fail (report only)::");
        assert!(!finished.stdout.contains("::error") && !finished.stderr.contains("::error"));
        for (report, words) in [
            ("summary.md", "## ⚠️ Would fail (report only): 0 of 6"),
            ("html/index.html", "Would fail (report only)"),
            ("junit.xml", "name=\"verdict\" value=\"would fail (report only)\""),
            ("junit.xml", "<skipped message=\"would fail (report only): saw 0%"),
            ("result.json", "\"would_exit_code\": 1"),
            ("result.json", "\"verdict\": \"fail\""),
        ] {
            let text = read(&gate, report);
            assert!(text.contains(words), "{report}: {text}");
        }
        let outputs = std::fs::read_to_string(gate.dir.path().join("output")).unwrap();
        let value = |name: &str| {
            let entry = outputs.rsplit(&format!("{name}<<")).next().unwrap();
            entry.lines().nth(1).unwrap().to_owned()
        };
        let outputs = ["verdict", "enforced", "passed", "exit_code"].map(value);
        assert_eq!(outputs, ["fail", "false", "false", "0"]);
    }
}

#[test]
fn a_gate_that_passes_and_reports_only_says_so() {
    let gate = Gate::against(&world("1", "0"), SUITE);
    gate.run(&["run", "--report-only"]).expect(0).says("Would pass (report only): 6 of 6");
}

#[test]
fn not_enough_evidence_and_a_time_limit_break_nothing_that_reports_only() {
    let gate = Gate::against(&world("1", "1"), SUITE);
    gate.run(&["run", "--report-only"])
        .expect(0)
        .says("Would be inconclusive (report only)")
        .says("enforced it would be 3");
    let gate = Gate::against(&slow(), SUITE);
    gate.run(&["run", "--report-only", "--timeout", "1s"])
        .expect(0)
        .says("did not finish within 1s")
        .says("enforced it would be 4");
}

#[test]
fn what_keeps_the_gate_from_its_work_keeps_its_code() {
    let mut gate = Gate::against(&world("0", "0"), SUITE);
    gate.run(&["run", "--report-only", "--scenarios", "77"]).expect(2);
    gate.env("CEKURA_API_KEY", "wrong");
    gate.run(&["run", "--report-only"]).expect(5);
}

#[test]
fn a_suite_of_warnings_alone_may_report_and_may_not_gate() {
    let suite = format!("{SUITE}thresholds:\n  success_rate: {{ check: 90%, level: warn }}\n");
    let gate = Gate::against(&world("0", "0"), &suite);
    gate.run(&["run"]).expect(2).says("every check only warns").says("enforce: false");
    gate.run(&["run", "--report-only"])
        .expect(0)
        .says("every check only warns: that is fine to report only")
        .says("no check decides the verdict");
    std::fs::write(gate.dir.path().join("cekura-gate.yml"), format!("{suite}enforce: false\n"))
        .unwrap();
    gate.run(&["check"]).expect(0).says("false: the verdict is reported only");
}

#[test]
fn a_saved_result_that_was_reported_only_is_judged_alike_and_the_suite_given_decides() {
    let gate = Gate::against(&world("0", "0"), SUITE);
    gate.run(&["run", "--report-only"]).expect(0);
    gate.run(&["judge", "cekura-report/result.json", "--report-dir", "again"])
        .expect(0)
        .says("Would fail (report only)");
    gate.run(&[
        "judge",
        "cekura-report/result.json",
        "--report-dir",
        "again",
        "--suite",
        "cekura-gate.yml",
    ])
    .expect(1)
    .says("Failed: 0 of 6");
}

#[test]
fn one_suite_of_several_may_report_only() {
    let gate = Gate::against(&world("0", "0"), SUITE);
    let two = SUITE.replace("Checkout", "Returns");
    std::fs::write(gate.dir.path().join("b.yml"), format!("{two}enforce: false\n")).unwrap();
    std::fs::write(gate.dir.path().join("a.yml"), format!("{SUITE}enforce: false\n")).unwrap();
    gate.run(&["run", "a.yml", "b.yml"])
        .expect(0)
        .says("0 of 2 suites passed, 2 would fail (report only)")
        .says("0: report only; a suite would not have passed");
    assert!(read(&gate, "summary.md").contains("# ⚠️ 0 of 2 suites passed"));
    gate.run(&["run", "cekura-gate.yml", "b.yml"])
        .expect(1)
        .says("0 of 2 suites passed, 1 failed, 1 would fail (report only)");
}
