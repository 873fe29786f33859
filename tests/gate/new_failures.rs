//! Nothing gets worse: scenarios that held in the baseline and fall now.

use super::harness::{GOOD, Gate, SUITE};

/// The third scenario fails on both sides, the second one with this probability of a pass.
fn world(pass: &str, more: &str) -> String {
    let three = "metrics:".to_owned();
    GOOD.replacen("Return shoes, folder: Orders, tags: [smoke], pass: 1", &format!("Return shoes, folder: Orders, tags: [smoke], pass: {pass}"), 1)
        .replacen(&three, &format!("  - {{ id: 3, name: Late parcel, pass: 0, error: 0 }}\n  - {{ id: 4, name: Old tale, pass: 1, error: 0 }}\n  - {{ id: 5, name: Fresh ask, pass: 1, error: 0 }}\n{more}metrics:"), 1)
}

fn suite(scenarios: &str, thresholds: &str) -> String {
    let suite = SUITE.replace("[1, 2]", scenarios).replace("frequency: 3", "frequency: 5");
    format!("{suite}thresholds:\n  success_rate: 10%\n{thresholds}")
}

#[test]
fn a_scenario_that_newly_fails_is_named_in_every_report_and_what_failed_before_does_not_gate() {
    let before = Gate::against(&world("1", ""), &suite("[1, 2, 3, 4]", ""));
    before.run(&["run"]).expect(0);
    let limits = "  baseline: { from: main.json, new_failures: 0 }\n";
    let now = Gate::against(&world("0", ""), &suite("[1, 2, 3, 5]", limits));
    std::fs::copy(
        before.dir.path().join("cekura-report/result.json"),
        now.dir.path().join("main.json"),
    )
    .unwrap();
    let finished = now
        .run(&["run"])
        .expect(1)
        .says("1 of 3 common scenarios newly fails")
        .says("Return shoes (5 of 5 passed, runs")
        .says("newly fails: Return shoes (5 of 5, now 0 of 5)")
        .says("failed before and still failing: Late parcel (0 of 5, now 0 of 5)")
        .says("only in the base, not counted: Old tale")
        .says("only in the head, not counted: Fresh ask");
    let read = |name: &str| {
        std::fs::read_to_string(now.dir.path().join("cekura-report").join(name)).unwrap()
    };
    for report in ["summary.md", "junit.xml", "html/index.html", "result.json"] {
        assert!(read(report).contains("newly fails: Return shoes (5 of 5 passed"), "{report}");
    }
    assert!(read("summary.md").contains("failed before and still failing: Late parcel"));
    assert_eq!(finished.result()["checks"][1]["name"], "new failures against the baseline");
    let one = suite("[1, 2, 3, 5]", &limits.replace(": 0", ": 1"));
    std::fs::write(now.dir.path().join("cekura-gate.yml"), one).unwrap();
    now.run(&["run"]).expect(0);
}
