//! The share of paths against its threshold.

use super::*;

fn covered(percent: f64, uncovered: usize) -> PathCoverage {
    PathCoverage {
        percent,
        total: Some(9),
        covered: vec![],
        uncovered: (1..=uncovered).map(|n| format!("path {n}")).collect(),
    }
}

fn judged(coverage: Option<&PathCoverage>, open: bool) -> CheckReport {
    let checks: Checks = serde_json::from_value(serde_json::json!([">= 80%"])).unwrap();
    let mut reports = judge(Some(&checks), coverage, 4, open);
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

#[test]
fn without_a_check_nothing_is_judged() {
    assert_eq!(judge(None, Some(&covered(10.0, 0)), 4, false), []);
}

#[test]
fn a_coverage_passes_from_its_threshold_on() {
    let report = judged(Some(&covered(80.0, 2)), false);
    assert_eq!(report.verdict, Verdict::Pass);
    assert_eq!((report.value, report.threshold, report.samples), (Some(0.8), 0.8, 4));
    assert_eq!(report.reason, "80% of 9 paths, >= 80% wanted");
}

#[test]
fn a_low_coverage_fails_and_names_what_is_not_covered() {
    let report = judged(Some(&covered(40.0, 2)), false);
    assert_eq!(report.verdict, Verdict::Fail);
    assert_eq!(report.reason, "40% of 9 paths, >= 80% wanted; not covered: path 1, path 2");
    let five = judged(Some(&covered(40.0, 5)), false).reason;
    assert!(five.ends_with("path 4, path 5"), "{five}");
    let seven = judged(Some(&covered(40.0, 7)), false).reason;
    assert!(seven.ends_with("path 5 and 2 more"), "{seven}");
    let none = judged(Some(&covered(40.0, 0)), false).reason;
    assert_eq!(none, "40% of 9 paths, >= 80% wanted");
}

#[test]
fn runs_that_are_missing_could_have_covered_more() {
    assert_eq!(judged(Some(&covered(40.0, 2)), true).verdict, Verdict::Inconclusive);
    assert_eq!(judged(Some(&covered(90.0, 2)), true).verdict, Verdict::Pass);
}

#[test]
fn a_coverage_that_the_platform_does_not_say_is_inconclusive() {
    let report = judged(None, false);
    assert_eq!((report.verdict, report.value, report.samples), (Verdict::Inconclusive, None, 0));
}
