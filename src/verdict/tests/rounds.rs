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
    judged_against(thresholds, rounds, None)
}

/// The same beside a baseline of runs.
fn judged_against(
    thresholds: Value,
    rounds: &Rounds,
    base: Option<&[RunRecord]>,
) -> Vec<CheckReport> {
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
                // Thirty in a row take 20 to 49 seconds, each of them once.
                let duration_seconds = Some(20.0 + (records.len() * 7 % 30) as f64);
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
    let base_outcomes: Vec<_> =
        base.unwrap_or_default().iter().map(|run| judge_run(run, 1)).collect();
    let base = base.map(|base| Evidence {
        runs: base.iter().zip(&base_outcomes).collect(),
        ..Evidence::default()
    });
    judge_all(&thresholds, &evidence, base.as_ref())
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
    for figure in ["p50", "mean"] {
        assert_eq!(of(&format!("{figure} <= 60s")), (Verdict::Pass, 1, Some(1), false));
        assert_eq!(of(&format!("{figure} <= 10s")), (Verdict::Fail, 1, Some(1), false));
        assert_eq!(of(&format!("{figure} <= 34s")), (Verdict::Inconclusive, 1, None, true));
    }
}

#[test]
fn a_look_spends_its_part_of_the_error_and_no_more() {
    // At the first of four looks an eighth of 5%: all 30 pass by chance 1 time in 800, one failure
    // more and it is 1 in 95. Of 80% passing, 13 failures are 1 in 320, 12 are 1 in 105.
    for (failures, expected) in [
        (0, Verdict::Pass),
        (1, Verdict::Inconclusive),
        (12, Verdict::Inconclusive),
        (13, Verdict::Fail),
    ] {
        let report = &judged(eighty(), &rounds(10, &[failures]))[0];
        assert_eq!(report.verdict, expected, "{failures}: {}", report.reason);
    }
}

#[test]
fn a_group_is_looked_at_in_its_own_rounds() {
    let groups = json!({
        "confidence": "95%",
        "groups": {"g": {"scenarios": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "success_rate": ">= 80%"}}
    });
    let runs = rounds(10, &[3, 1]);
    let (group, whole) = (&judged(groups, &runs)[0], &judged(eighty(), &runs)[0]);
    assert_eq!(stand(group), stand(whole));
    assert_eq!(stand(group), (Verdict::Pass, 2, Some(2), false));
}

#[test]
fn a_check_is_open_only_while_a_later_look_could_decide_it() {
    let of = |check: &str, runs: &Rounds| {
        let report = judged(json!({"success_rate": check, "confidence": "95%"}), runs).remove(0);
        assert_eq!(report.verdict, Verdict::Inconclusive, "{}", report.reason);
        let said = report.reason.contains("and more rounds would hardly decide it");
        assert_eq!(said, !report.rounds.unwrap().open, "{}", report.reason);
        report.rounds.unwrap().open
    };
    // With eleven of 90 lost it is not yet enough, and the last 30 could not make it too few.
    let lost = |end: End, missing: usize| {
        let mut runs = rounds(10, &[0, 0, 0]);
        for (at, one) in runs.iter_mut().flatten().flatten().enumerate() {
            *one = match at {
                _ if at < missing => None,
                _ if at < 11 => Some(End::Error),
                _ => Some(end),
            };
        }
        runs
    };
    for (check, end) in
        [(">= 80%", End::Pass), ("> 80%", End::Pass), ("<= 20%", End::Fail), ("< 20%", End::Fail)]
    {
        assert!(of(check, &lost(end, 0)), "{check}");
        assert!(!of(check, &lost(end, 1)), "{check}: with a missing run it can never pass");
    }
    assert!(of("== 80%", &lost(End::Pass, 0)));
}

#[test]
fn a_mean_that_the_last_look_leaves_open_stays_undecided() {
    let rule = json!({"duration": {"check": "mean <= 34s", "confidence": "95%"}});
    let last = &judged(rule, &rounds(10, &[0, 0, 0, 0]))[0];
    assert_eq!(stand(last), (Verdict::Inconclusive, 4, None, false));
    assert!(last.reason.ends_with("; not decided by the last of 4 rounds"), "{}", last.reason);
}

#[test]
fn the_looks_at_a_mean_share_the_error_between_them() {
    let of = |check: &str, looks: usize| {
        let rule = json!({"duration": {"check": check, "confidence": "95%"}});
        let report = judged(rule, &rounds(10, &vec![0; looks])).remove(0);
        (report.verdict, report.rounds.unwrap().decided_in)
    };
    // A mean of 34.5 s. At an eighth of 5% thirty runs say: below 38.8 s. At 5% it would be 37.2 s.
    assert_eq!(of("mean <= 38s", 1), (Verdict::Inconclusive, None));
    assert_eq!(of("mean <= 39s", 1), (Verdict::Pass, Some(1)));
    // The second look has 1.14%: below 37.1 s. With what the first one had it would be 36.8 s.
    assert_eq!(of("mean <= 36.95s", 2), (Verdict::Inconclusive, None));
    assert_eq!(of("mean <= 37.3s", 2), (Verdict::Pass, Some(2)));
}

/// A quantile lies within a limit where enough runs do: it is decided by the same looks as the share
/// of those runs.
#[test]
fn a_quantile_is_decided_exactly_where_the_share_of_runs_within_its_limit_is() {
    for (quantile, share) in [("median", "50%"), ("p80", "80%")] {
        for limit in 20..50 {
            for looks in 1..=4 {
                let runs = rounds(10, &vec![0; looks]);
                let check = format!("{quantile} <= {limit}.5s");
                let rule = json!({"duration": {"check": check, "confidence": "95%"}});
                let of_quantile = judged(rule, &runs).remove(0);
                let mut within = rounds(10, &vec![0; looks]);
                for (at, end) in within.iter_mut().flatten().flatten().enumerate() {
                    let seconds = 20 + at * 7 % 30;
                    *end = Some(if seconds <= limit { End::Pass } else { End::Fail });
                }
                let rule = json!({"success_rate": format!(">= {share}"), "confidence": "95%"});
                let of_share = judged(rule, &within).remove(0);
                let decided =
                    |report: &CheckReport| (report.verdict, report.rounds.unwrap().decided_in);
                assert_eq!(
                    decided(&of_quantile),
                    decided(&of_share),
                    "{check} after {looks}: {} / {}",
                    of_quantile.reason,
                    of_share.reason
                );
            }
        }
    }
}

#[test]
fn what_may_still_run_is_counted_from_the_rounds_that_the_figure_is_of() {
    let mut runs = rounds(10, &[24, 0]);
    // Only the first scenario was started again, for the sake of another check.
    for scenario in &mut runs[1][1..] {
        scenario.clear();
    }
    let report = &judged(json!({"success_rate": ">= 80%"}), &runs)[0];
    assert_eq!(stand(report), (Verdict::Fail, 1, None, false), "96 of 120 can pass yet");
}

/// Runs of ten scenarios, of each so many that pass and so many that fail.
fn base(passes: usize, fails: usize) -> Vec<RunRecord> {
    let ends = [vec![End::Pass; passes], vec![End::Fail; fails]].concat();
    let of = |id: u64| ends.iter().map(move |end| (id, *end));
    let all = (1..=10).flat_map(of).zip(1..);
    all.map(|((scenario, end), id)| RunRecord { scenario: Some(scenario), ..run(id, end) })
        .collect()
}

#[test]
fn a_comparison_with_a_confidence_is_decided_by_the_first_look_that_can() {
    let limits = json!({"baseline": {
        "from": "main", "confidence": "95%", "success_rate": {"max_drop": "10%"}, "new_failures": 0,
    }});
    let base = base(20, 0);
    let compared = |failures: &[usize]| {
        let reports = judged_against(limits.clone(), &rounds(10, failures), Some(&base));
        assert_eq!(reports[1].rounds.unwrap().decided_in, None, "{}", reports[1].reason);
        assert!(!reports[1].rounds.unwrap().open);
        stand(&reports[0])
    };
    assert_eq!(compared(&[18]), (Verdict::Fail, 1, Some(1), false));
    // Whatever comes later, the verdict stays.
    assert_eq!(compared(&[18, 0, 0, 0]), (Verdict::Fail, 1, Some(1), false));
    assert_eq!(compared(&[4]), (Verdict::Inconclusive, 1, None, true));
    assert_eq!(compared(&[0, 0]).0, Verdict::Pass);
    let bare = json!({"baseline": {"from": "main", "success_rate": {"max_drop": "10%"}}});
    let bare = judged_against(bare, &rounds(10, &[18]), Some(&base));
    assert_eq!(stand(&bare[0]), (Verdict::Fail, 1, None, false), "no confidence decides it");
}

/// The first of four looks may spend an eighth of 5%: it decides where a comparison that is looked at
/// once has a confidence of 99.375%.
#[test]
fn a_look_at_a_comparison_decides_as_one_alone_with_its_part_of_the_error() {
    let limits = |confidence: &str| {
        json!({"baseline": {
            "from": "main", "confidence": confidence, "success_rate": {"max_drop": "10%"},
        }})
    };
    let base = base(20, 0);
    let alone = |confidence: &str, runs: &Rounds| {
        let ends = runs
            .iter()
            .flatten()
            .zip(1..)
            .flat_map(|(ends, id)| ends.iter().flatten().map(move |end| (id, *end)));
        let head: Vec<RunRecord> = ends
            .zip(1..)
            .map(|((id, end), at)| RunRecord { scenario: Some(id), ..run(at, end) })
            .collect();
        let own = limits(confidence)["baseline"].clone();
        super::against_a_baseline::against(own, &base, &head).verdict
    };
    for failures in 0..=30 {
        let runs = rounds(10, &[failures]);
        let look = judged_against(limits("95%"), &runs, Some(&base)).remove(0);
        assert_eq!(look.verdict, alone("99.375%", &runs), "{failures}: {}", look.reason);
    }
    // What all of the 5% would decide and an eighth of it does not.
    let seven = rounds(10, &[7]);
    assert_eq!(alone("95%", &seven), Verdict::Fail);
    assert_eq!(alone("99.375%", &seven), Verdict::Inconclusive);
}

#[test]
fn a_quantile_stays_open_while_a_round_is_to_come() {
    let mut runs = rounds(10, &[0, 0, 0]);
    runs[0][0][0] = None;
    for check in ["p50 >= 34s", "p50 <= 34s"] {
        let rule = json!({"duration": {"check": check, "confidence": "95%"}});
        let report = &judged(rule, &runs)[0];
        assert_eq!(stand(report), (Verdict::Inconclusive, 3, None, true), "{}", report.reason);
    }
}
