//! Two results side by side: drops and rises, noise, scenarios that are not comparable.

use serde_json::{Value, json};

use super::*;

/// Runs of several scenarios, each of so many passes and so many failures.
pub(super) fn scenarios(of: &[(usize, usize)]) -> Vec<RunRecord> {
    let mut all = Vec::new();
    for (scenario, (passed, failed)) in (1..).zip(of) {
        let ends = [vec![End::Pass; *passed], vec![End::Fail; *failed]].concat();
        for end in ends {
            let id = all.len() as u64 + 1;
            all.push(RunRecord { scenario: Some(scenario), ..run(id, end) });
        }
    }
    all
}

pub(super) fn against(limits: Value, base: &[RunRecord], head: &[RunRecord]) -> CheckReport {
    let mut limits = limits;
    limits["from"] = json!("main");
    let thresholds: Thresholds = serde_json::from_value(json!({ "baseline": limits })).unwrap();
    let judged = |runs: &[RunRecord]| runs.iter().map(|run| judge_run(run, 1)).collect::<Vec<_>>();
    let (base_outcomes, head_outcomes) = (judged(base), judged(head));
    let base = Evidence { runs: base.iter().zip(&base_outcomes).collect(), ..Evidence::default() };
    let head = Evidence { runs: head.iter().zip(&head_outcomes).collect(), ..Evidence::default() };
    judge_all(&thresholds, &head, Some(&base)).remove(0)
}

fn drop_of(base: &[(usize, usize)], head: &[(usize, usize)]) -> CheckReport {
    let limits = json!({"success_rate": {"max_drop": "5%"}});
    against(limits, &scenarios(base), &scenarios(head))
}

#[test]
fn a_drop_that_is_large_and_unlikely_to_be_noise_fails() {
    let report = drop_of(&[(20, 0), (20, 0)], &[(12, 8), (20, 0)]);
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(report.reason.contains("unlikely to be noise"), "{}", report.reason);
    assert_eq!(report.value, Some(-0.2));
}

#[test]
fn a_drop_that_may_be_noise_or_is_within_the_limit_passes() {
    let noise = drop_of(&[(5, 0)], &[(4, 1)]);
    assert_eq!(noise.verdict, Verdict::Pass);
    assert!(noise.reason.contains("may be noise"), "{}", noise.reason);
    assert_eq!(drop_of(&[(1000, 0)], &[(970, 30)]).verdict, Verdict::Pass, "3% is within 5%");
    assert_eq!(drop_of(&[(5, 5)], &[(10, 0)]).verdict, Verdict::Pass, "better is no drop");
}

#[test]
fn a_drop_that_so_few_runs_could_never_tell_from_noise_proves_nothing() {
    let blind = drop_of(&[(2, 0)], &[(0, 2)]);
    assert_eq!(blind.verdict, Verdict::Inconclusive, "{}", blind.reason);
    assert!(
        blind.reason.contains("too few to distinguish a change from noise"),
        "{}",
        blind.reason
    );
    assert_eq!(drop_of(&[(2, 0)], &[(2, 0)]).verdict, Verdict::Pass, "nothing dropped");
    assert_eq!(drop_of(&[(0, 2)], &[(0, 2)]).verdict, Verdict::Pass, "nothing could drop");
}

#[test]
fn scenarios_are_compared_with_themselves_and_not_by_the_totals() {
    // The mix changed towards the harder scenario; neither scenario got worse.
    let report = drop_of(&[(90, 10), (10, 10)], &[(9, 1), (100, 100)]);
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(report.value.unwrap().abs() < 1e-9, "{:?}", report.value);
}

#[test]
fn without_a_common_scenario_or_a_baseline_nothing_is_proved() {
    let mut other = scenarios(&[(5, 0)]);
    for run in &mut other {
        run.scenario = Some(77);
    }
    let limits = json!({"success_rate": {"max_drop": "5%"}});
    assert_eq!(
        against(limits.clone(), &other, &scenarios(&[(5, 0)])).verdict,
        Verdict::Inconclusive
    );
    assert_eq!(against(limits, &[], &scenarios(&[(5, 0)])).verdict, Verdict::Inconclusive);
}

#[test]
fn runs_without_a_judgement_that_could_turn_a_comparison_make_it_inconclusive() {
    let mut head = scenarios(&[(12, 0)]);
    head.extend((100..108).map(|id| run(id, End::Error)));
    let limits = json!({"success_rate": {"max_drop": "5%"}});
    let report = against(limits, &scenarios(&[(20, 0)]), &head);
    assert_eq!(report.verdict, Verdict::Inconclusive);
}

#[test]
fn a_baseline_whose_runs_were_not_judged_makes_a_comparison_inconclusive_too() {
    let limits = json!({"success_rate": {"max_drop": "5%"}});
    let mut base = scenarios(&[(4, 8)]);
    base.extend((100..108).map(|id| run(id, End::Unscored)));
    let report = against(limits, &base, &scenarios(&[(4, 16)]));
    assert_eq!(report.verdict, Verdict::Inconclusive, "{}", report.reason);
    assert!(
        report.reason.contains("8 runs of the baseline without a verdict"),
        "{}",
        report.reason
    );
    assert_eq!(drop_of(&[(4, 16)], &[(4, 16)]).verdict, Verdict::Pass);
}

#[test]
fn a_numeric_metric_that_rises_beyond_noise_fails() {
    let limits = json!({"metrics": {"Latency": {"max_rise": "10%"}}});
    let base = numeric(&[100.0, 102.0, 98.0, 101.0, 99.0, 100.0, 103.0, 97.0]);
    let slow = numeric(&[130.0, 132.0, 128.0, 131.0, 129.0, 130.0, 133.0, 127.0]);
    let report = against(limits.clone(), &base, &slow);
    assert_eq!(report.verdict, Verdict::Fail);
    assert!((report.value.unwrap() - 0.3).abs() < 1e-9, "{:?}", report.value);
    assert_eq!(against(limits.clone(), &base, &base).verdict, Verdict::Pass);
    assert_eq!(against(limits, &slow, &base).verdict, Verdict::Pass, "faster is no rise");
}

fn rise_of(base: &[RunRecord], head: &[RunRecord]) -> CheckReport {
    against(json!({"metrics": {"Latency": {"max_rise": "10%"}}}), base, head)
}

#[test]
fn a_rise_that_so_few_values_could_never_tell_from_noise_proves_nothing() {
    let blind = rise_of(&numeric(&[100.0, 101.0]), &numeric(&[200.0, 201.0]));
    assert_eq!(blind.verdict, Verdict::Inconclusive, "{}", blind.reason);
    assert!(
        blind.reason.contains("too few to distinguish a change from noise"),
        "{}",
        blind.reason
    );
    let within = rise_of(&numeric(&[100.0, 101.0]), &numeric(&[104.0, 103.0]));
    assert_eq!(within.verdict, Verdict::Pass, "{}", within.reason);
    // Three against three can tell, at 1/20; these three do not.
    let three = rise_of(&numeric(&[100.0, 101.0, 150.0]), &numeric(&[200.0, 201.0, 120.0]));
    assert_eq!(three.verdict, Verdict::Pass, "{}", three.reason);
    assert!(three.reason.contains("it may be noise"), "{}", three.reason);
    let drop = json!({"metrics": {"Latency": {"max_drop": "10%", "significance": "1%"}}});
    let fell = against(drop, &numeric(&[9.0, 8.0, 9.5]), &numeric(&[4.0, 4.5, 3.0]));
    assert_eq!(fell.verdict, Verdict::Inconclusive, "{}", fell.reason);
}

#[test]
fn scenarios_add_up_to_enough_values_to_tell_a_rise() {
    let spread = |value: f64, scenarios: u64| {
        let mut runs = numeric(&vec![value; scenarios as usize]);
        for (run, scenario) in runs.iter_mut().zip(1..) {
            run.scenario = Some(scenario);
        }
        runs
    };
    // One value a side in each: no outcome of four is rarer than 1/16, of five than 1/32.
    assert_eq!(rise_of(&spread(100.0, 4), &spread(200.0, 4)).verdict, Verdict::Inconclusive);
    assert_eq!(rise_of(&spread(100.0, 5), &spread(200.0, 5)).verdict, Verdict::Fail);
}

#[test]
fn values_that_one_side_lacks_leave_a_rise_open() {
    let hundred: Vec<f64> = (0..20).map(|i| 100.0 + f64::from(i)).collect();
    let with = |errored: u64, values: &[f64]| {
        let mut runs = numeric(values);
        runs.extend((100..100 + errored).map(|id| run(id, End::Error)));
        runs
    };
    let most = rise_of(&with(0, &hundred), &with(20, &hundred));
    assert_eq!(most.verdict, Verdict::Inconclusive, "{}", most.reason);
    assert!(most.reason.contains("20 of 40 runs have no value"), "{}", most.reason);
    let base = rise_of(&with(20, &hundred), &with(0, &hundred));
    assert_eq!(base.verdict, Verdict::Inconclusive, "{}", base.reason);
    assert!(base.reason.starts_with("in the baseline, "), "{}", base.reason);
    assert_eq!(rise_of(&with(0, &hundred), &with(2, &hundred)).verdict, Verdict::Pass);
    // With the two that are missing among the slowest it would be a rise beyond noise.
    let slower: Vec<f64> = hundred.iter().map(|value| value * 1.099).collect();
    let open = rise_of(&with(0, &hundred), &with(2, &slower));
    assert_eq!(open.verdict, Verdict::Inconclusive, "{}", open.reason);
    assert!(
        open.reason.contains("2 runs without a verdict could change the answer"),
        "{}",
        open.reason
    );
}

#[test]
fn a_baseline_of_zero_has_no_relative_change() {
    let report = rise_of(&numeric(&[0.0, 0.0, 0.0]), &numeric(&[5.0, 5.0, 5.0]));
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("the baseline's mean is 0"), "{}", report.reason);
}

#[test]
fn a_metric_that_one_side_lacks_is_inconclusive() {
    let limits = json!({"metrics": {"Latency": {"max_rise": "10%"}}});
    let report = against(limits, &scenarios(&[(3, 0)]), &numeric(&[1.0]));
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(
        report.reason.starts_with("in the baseline, no run has the metric"),
        "{}",
        report.reason
    );
}

#[test]
fn a_baseline_whose_runs_never_came_takes_only_the_verdicts_of_comparisons_back() {
    let compared = drop_of(&[(20, 0)], &[(20, 0)]);
    let plain = only(json!({}), &scenarios(&[(20, 0)]));
    let mut checks = [compared.clone(), plain.clone()];
    baseline::with_unknown_base(&mut checks, 0);
    assert_eq!(checks, [compared, plain.clone()]);
    baseline::with_unknown_base(&mut checks, 2);
    assert_eq!(checks[0].verdict, Verdict::Inconclusive);
    assert!(checks[0].reason.contains("2 runs of the baseline never arrived"));
    assert_eq!(checks[1], plain);
}

#[test]
fn a_baseline_that_is_refused_leaves_each_comparison_open_with_the_reason() {
    let failed = drop_of(&[(20, 0)], &[(8, 12)]);
    let plain = only(json!({}), &scenarios(&[(20, 0)]));
    let mut checks = [failed, plain.clone()];
    baseline::with_refused_base(&mut checks, "it is the judged result");
    assert_eq!(checks[0].verdict, Verdict::Inconclusive);
    assert_eq!(checks[0].reason, "it is the judged result");
    assert!(checks[0].deciding_runs.is_empty());
    assert_eq!(checks[1], plain);
}

fn sure_drop_of(base: &[(usize, usize)], head: &[(usize, usize)]) -> CheckReport {
    let limits = json!({"success_rate": {"max_drop": "5%"}, "confidence": "95%"});
    against(limits, &scenarios(base), &scenarios(head))
}

#[test]
fn with_a_confidence_a_drop_that_may_be_noise_does_not_pass() {
    let base = [(5, 0); 10];
    let head = [(5, 0), (5, 0), (5, 0), (5, 0), (5, 0), (5, 0), (4, 1), (4, 1), (4, 1), (4, 1)];
    assert_eq!(drop_of(&base, &head).verdict, Verdict::Pass);
    let report = sure_drop_of(&base, &head);
    assert_eq!(report.verdict, Verdict::Inconclusive, "{}", report.reason);
    assert_eq!(report.condition, "drop <= 5 points (confidence 95%)");
    let interval = report.interval.unwrap();
    assert!(interval.low < -0.05 && interval.high > -0.05 && interval.high < 0.0, "{interval:?}");
    assert!(report.reason.contains("95% interval: -"), "{}", report.reason);
    // So many more on each side, of runs like these, would decide it.
    let open = sure_drop_of(&[(9, 1); 20], &[(9, 1); 20]);
    assert_eq!(open.verdict, Verdict::Inconclusive, "{}", open.reason);
    let more = open.further_runs.unwrap();
    let told = format!("about {more} more runs like these on each side would probably decide it");
    assert!(open.reason.ends_with(&told), "{}", open.reason);
    let scenarios = (200 + more).div_ceil(10);
    let then = sure_drop_of(&vec![(9, 1); scenarios], &vec![(9, 1); scenarios]);
    assert_eq!(then.verdict, Verdict::Pass, "{}", then.reason);
    let same = sure_drop_of(&[(9, 1); 60], &[(9, 1); 60]);
    assert_eq!(same.verdict, Verdict::Pass, "{}", same.reason);
    assert!(same.reason.contains("within the 5 points allowed"), "{}", same.reason);
    let worse = sure_drop_of(&[(9, 1); 20], &[(6, 4); 20]);
    assert_eq!(worse.verdict, Verdict::Fail, "{}", worse.reason);
    assert!(worse.reason.contains("all of it more than the 5 points"), "{}", worse.reason);
}

#[test]
fn runs_that_could_have_gone_either_way_never_make_an_interval_pass_or_fail() {
    let limits = json!({"success_rate": {"max_drop": "5%"}, "confidence": "95%"});
    let base = scenarios(&[(9, 1); 60]);
    let mut head = scenarios(&[(9, 1); 60]);
    assert_eq!(against(limits.clone(), &base, &head).verdict, Verdict::Pass);
    for run in head.iter_mut().filter(|run| run.id % 12 == 0) {
        *run = RunRecord { scenario: run.scenario, ..super::run(run.id, End::Error) };
    }
    assert_eq!(against(limits, &base, &head).verdict, Verdict::Inconclusive);
}

#[test]
fn a_comparison_says_how_small_a_drop_it_would_probably_show() {
    let few = drop_of(&[(5, 0); 10], &[(5, 0); 10]);
    assert_eq!(few.verdict, Verdict::Pass);
    assert!(few.reason.ends_with("; a drop of 16 points would probably show"), "{}", few.reason);
    let many = drop_of(&[(95, 5); 10], &[(95, 5); 10]);
    assert!(many.reason.ends_with("; a drop of 7 points would probably show"), "{}", many.reason);
    let blind = drop_of(&[(2, 0)], &[(2, 0)]);
    assert!(!blind.reason.contains("would probably show"), "{}", blind.reason);
}

#[test]
fn with_a_confidence_numbers_are_three_valued_too() {
    let with = |values: &[f64]| -> Vec<RunRecord> {
        let mut runs = numeric(values);
        for run in &mut runs {
            run.scenario = Some(run.id % 5);
        }
        runs
    };
    let spread = |factor: f64| -> Vec<f64> {
        (0..50).map(|at| factor * (100.0 + f64::from(at * 7 % 25))).collect()
    };
    let limits = json!({"metrics": {"Latency": {"max_rise": "10%"}}, "confidence": "95%"});
    let verdict = |factor: f64| {
        let report = against(limits.clone(), &with(&spread(1.0)), &with(&spread(factor)));
        assert!(report.reason.contains("a rise of"), "{}", report.reason);
        report.verdict
    };
    assert_eq!(verdict(1.0), Verdict::Pass);
    assert_eq!(verdict(1.1), Verdict::Inconclusive);
    assert_eq!(verdict(1.5), Verdict::Fail);
}
