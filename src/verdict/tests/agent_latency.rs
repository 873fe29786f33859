//! How long the agent took for its answers: one value of each run.

use serde_json::json;

use super::against_a_baseline::against;
use super::*;

/// Runs that pass, in each of which the agent took so many milliseconds for its answers.
fn answering(latencies_ms: &[&[f64]]) -> Vec<RunRecord> {
    let mut all = runs(&vec![End::Pass; latencies_ms.len()]);
    for (run, latencies) in all.iter_mut().zip(latencies_ms) {
        run.agent_latencies_ms = latencies.to_vec();
    }
    all
}

fn latency(check: &str, runs: &[RunRecord]) -> CheckReport {
    only(json!({"agent_latency": check}), runs)
}

#[test]
fn a_run_gives_one_value_its_answers_by_the_aggregate_of_the_check() {
    let runs = answering(&[&[100.0, 300.0], &[500.0], &[200.0, 200.0, 2600.0]]);
    for (check, seen) in [
        ("max <= 3s", 2600.0),
        ("min <= 1s", 100.0),
        ("mean <= 1s", (200.0 + 500.0 + 1000.0) / 3.0),
        ("median <= 1s", 200.0),
        ("count >= 3", 3.0),
    ] {
        let report = latency(check, &runs);
        let value = report.value.unwrap();
        assert!((value - seen).abs() < 1e-9, "{check}: {value}");
        assert_eq!((report.verdict, report.samples), (Verdict::Pass, 3), "{check}");
    }
    let report = latency("max <= 2s", &runs);
    assert_eq!((report.verdict, report.deciding_runs), (Verdict::Fail, vec![3]));
    assert_eq!(report.reason, "saw 2600ms (3 runs), wanted <= 2000ms");
}

#[test]
fn a_run_without_an_answer_could_have_had_any_latency() {
    let mut runs = answering(&[&[100.0], &[]]);
    let report = latency("max <= 2s", &runs);
    assert_eq!((report.verdict, report.unknown), (Verdict::Inconclusive, 1));
    runs[1] = RunRecord { agent_latencies_ms: vec![9.0], ..run(2, End::Error) };
    assert_eq!(latency("max <= 2s", &runs).verdict, Verdict::Inconclusive);
    runs[0].agent_latencies_ms = vec![5000.0];
    assert_eq!(latency("max <= 2s", &runs).verdict, Verdict::Fail);
}

#[test]
fn each_scenario_has_its_own_latency() {
    let mut runs = answering(&[&[100.0], &[9000.0]]);
    runs[1].scenario = Some(2);
    let reports = judged(json!({"each_scenario": {"agent_latency": "p95 <= 2s"}}), &runs, 0);
    let verdicts: Vec<Verdict> = reports.iter().map(|report| report.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail]);
}

#[test]
fn the_mean_latency_is_compared_with_that_of_the_baseline() {
    let side = |ms: f64| answering(&[&[ms], &[ms + 1.0], &[ms + 2.0], &[ms + 3.0], &[ms + 4.0]]);
    let limits = || json!({"agent_latency": {"max_rise": "20%"}});
    let slower = against(limits(), &side(100.0), &side(300.0));
    assert_eq!(slower.name, "agent_latency against the baseline");
    assert_eq!(slower.verdict, Verdict::Fail, "{}", slower.reason);
    assert_eq!(against(limits(), &side(100.0), &side(101.0)).verdict, Verdict::Pass);
}
