//! Runs that come in rounds: the first look that decides is final.

use serde_json::{Value, json};

use super::*;
use crate::plan::slots::RoundSlots;
use crate::verdict::evidence::ScenarioSlots;

const EACH: usize = 3;

/// The ends of all runs, round by round and scenario by scenario; `None` for a run that is missing.
type Rounds = Vec<Vec<Vec<Option<End>>>>;

/// So many scenarios, of which in each round the first runs fail and the others pass.
fn rounds(scenarios: usize, failures: &[usize]) -> Rounds {
    let of_round = |failures: &usize| {
        let ends = (0..scenarios * EACH)
            .map(|at| Some(if at < *failures { End::Fail } else { End::Pass }));
        ends.collect::<Vec<_>>().chunks(EACH).map(<[_]>::to_vec).collect()
    };
    failures.iter().map(of_round).collect()
}

/// Judged with four rounds planned, of three runs of each scenario.
fn judged(thresholds: Value, rounds: &Rounds) -> Vec<CheckReport> {
    let thresholds: Thresholds = serde_json::from_value(thresholds).unwrap();
    let mut records = Vec::new();
    let mut scenarios: BTreeMap<u64, ScenarioSlots> = BTreeMap::new();
    for (round, of_round) in (1_u32..).zip(rounds) {
        for (id, ends) in (1_u64..).zip(of_round) {
            let slots = scenarios.entry(id).or_default();
            slots.scenario = ScenarioRef { id: Some(id), name: format!("S{id}") };
            let missing = ends.iter().filter(|end| end.is_none()).count();
            slots.missing += missing;
            if ends.is_empty() {
                continue;
            }
            slots.rounds.push(RoundSlots { round, planned: ends.len(), missing });
            for end in ends.iter().flatten() {
                let run = run(records.len() as u64 + 1, *end);
                let duration_seconds = Some(20.0 + records.len() as f64);
                records.push(RunRecord {
                    scenario: Some(id),
                    round: Some(round),
                    duration_seconds,
                    ..run
                });
            }
        }
    }
    let outcomes: Vec<_> = records.iter().map(|run| judge_run(run, 1)).collect();
    let scenarios: Vec<ScenarioSlots> = scenarios.into_values().collect();
    let evidence = Evidence {
        runs: records.iter().zip(&outcomes).collect(),
        missing: scenarios.iter().map(|one| one.missing).sum(),
        scenarios,
        looks: vec![3, 6, 9, 12],
        ..Evidence::default()
    };
    judge_all(&thresholds, &evidence, None)
}

fn eighty() -> Value {
    json!({"success_rate": ">= 80%", "confidence": "95%"})
}

fn stand(report: &CheckReport) -> (Verdict, u32, Option<u32>, bool) {
    let rounds = report.rounds.unwrap();
    assert_eq!(rounds.of, 4);
    (report.verdict, rounds.looked, rounds.decided_in, rounds.open)
}

#[test]
fn the_first_look_that_decides_is_final() {
    let early = &judged(eighty(), &rounds(10, &[0]))[0];
    assert_eq!(stand(early), (Verdict::Pass, 1, Some(1), false));
    assert!(early.reason.ends_with("; decided in round 1 of at most 4"), "{}", early.reason);
    // Whatever came later, for the sake of other checks: the same figure, the same verdict.
    let later = &judged(eighty(), &rounds(10, &[0, 30, 30]))[0];
    assert_eq!(later, early);
    let failed = &judged(eighty(), &rounds(10, &[20, 0]))[0];
    assert_eq!(stand(failed), (Verdict::Fail, 1, Some(1), false));
}

#[test]
fn what_is_not_decided_goes_on_and_ends_with_the_last_round() {
    let open = &judged(eighty(), &rounds(10, &[3]))[0];
    assert_eq!(stand(open), (Verdict::Inconclusive, 1, None, true));
    assert!(open.reason.ends_with("; not decided after round 1 of at most 4"), "{}", open.reason);
    let second = &judged(eighty(), &rounds(10, &[3, 1]))[0];
    assert_eq!(stand(second), (Verdict::Pass, 2, Some(2), false));
    assert_eq!((second.samples, second.value), (60, Some(56.0 / 60.0)));
    let never = &judged(eighty(), &rounds(10, &[6, 6, 6, 6]))[0];
    assert_eq!(stand(never), (Verdict::Inconclusive, 4, None, false));
    assert!(never.reason.ends_with("; not decided by the last of 4 rounds"), "{}", never.reason);
}

#[test]
fn the_interval_that_is_shown_clears_the_threshold_exactly_where_the_look_decides() {
    for failures in 0..=30 {
        let report = &judged(eighty(), &rounds(10, &[failures]))[0];
        let interval = report.interval.unwrap();
        assert_eq!(interval.low >= 0.8, report.verdict == Verdict::Pass, "{failures}");
        assert_eq!(interval.high < 0.8, report.verdict == Verdict::Fail, "{failures}");
        assert_eq!(interval.confidence, Some(0.95));
    }
}

#[test]
fn lost_runs_count_against_whatever_is_to_be_decided_and_a_missing_one_never_lets_it_pass() {
    let mut lost = rounds(10, &[0]);
    for scenario in &mut lost[0][..4] {
        scenario[0] = Some(End::Error);
    }
    let report = &judged(eighty(), &lost)[0];
    assert_eq!(stand(report), (Verdict::Inconclusive, 1, None, true), "{}", report.reason);
    let mut missing = rounds(10, &[0]);
    missing[0][0][0] = None;
    let report = &judged(eighty(), &missing)[0];
    assert_eq!(report.verdict, Verdict::Inconclusive, "{}", report.reason);
}

#[test]
fn a_scenarios_own_check_has_rounds_of_its_own_and_the_suites_share_whole_ones() {
    let each = json!({
        "success_rate": ">= 80%", "confidence": "95%",
        "each_scenario": {"success_rate": ">= 50%", "confidence": "80%"}
    });
    let mut runs = rounds(10, &[3, 0]);
    // Only the first scenario was started again.
    for scenario in &mut runs[1][1..] {
        scenario.clear();
    }
    let reports = judged(each, &runs);
    assert_eq!(stand(&reports[0]), (Verdict::Inconclusive, 1, None, true));
    assert_eq!(reports[0].samples, 30);
    assert_eq!(reports[1].scenario.as_ref().unwrap().id, Some(1));
    assert_eq!(reports[1].rounds.unwrap().looked, 2, "{}", reports[1].reason);
    assert_eq!(reports[2].rounds.unwrap().looked, 1, "{}", reports[2].reason);
}

#[test]
fn without_a_confidence_a_check_waits_for_the_end_unless_it_has_failed_for_good() {
    let bare = |failures: &[usize]| {
        let reports = judged(json!({"success_rate": ">= 80%"}), &rounds(10, failures));
        stand(&reports[0])
    };
    assert_eq!(bare(&[0]), (Verdict::Pass, 1, None, false));
    assert_eq!(bare(&[24]), (Verdict::Fail, 1, None, false), "96 of 120 can pass yet");
    assert_eq!(bare(&[25]), (Verdict::Fail, 1, Some(1), false));
}

#[test]
fn quantiles_and_means_with_a_confidence_are_looked_at_round_by_round() {
    let of = |check: &str| {
        let rule = json!({"duration": {"check": check, "confidence": "95%"}});
        stand(&judged(rule, &rounds(10, &[0]))[0])
    };
    // Thirty runs take 20 to 49 seconds.
    for figure in ["p50", "mean"] {
        assert_eq!(of(&format!("{figure} <= 60s")), (Verdict::Pass, 1, Some(1), false));
        assert_eq!(of(&format!("{figure} <= 10s")), (Verdict::Fail, 1, Some(1), false));
        assert_eq!(of(&format!("{figure} <= 34s")), (Verdict::Inconclusive, 1, None, true));
    }
}
