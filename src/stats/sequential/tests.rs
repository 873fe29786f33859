use proptest::prelude::*;

use super::*;
use crate::stats::rate::bounds;

/// Every way in which `n` runs can end, where each ends in one of `ways`.
fn endings(n: usize, ways: &[Option<bool>]) -> Vec<Vec<Option<bool>>> {
    (0..n).fold(vec![Vec::new()], |so_far, _| {
        let longer = so_far
            .iter()
            .flat_map(|runs| ways.iter().map(|end| [runs.as_slice(), &[*end]].concat()));
        longer.collect()
    })
}

fn seen(runs: &[Option<bool>]) -> Seen {
    let of = |wanted| runs.iter().filter(|end| **end == wanted).count();
    Seen { yes: of(Some(true)), no: of(Some(false)), unknown: of(None) }
}

fn followed(design: &Design, runs: &[Option<bool>]) -> Stand {
    let looks: Vec<Seen> =
        design.looks().iter().map(|look| seen(&runs[..look.runs.min(runs.len())])).collect();
    design.follow(&looks)
}

fn chance(runs: &[Option<bool>], share: f64) -> f64 {
    runs.iter().map(|end| if *end == Some(true) { share } else { 1.0 - share }).product()
}

const BOTH: [Option<bool>; 2] = [Some(true), Some(false)];
const ANY: [Option<bool>; 3] = [Some(true), Some(false), None];

fn small_designs() -> Vec<Design> {
    let looks: [&[usize]; 5] = [&[6], &[2, 4, 6], &[3, 7], &[1, 2, 3, 4, 5, 6, 7], &[4, 5, 6]];
    let of = |looks: &'static [usize]| {
        [(0.5, 0.05), (0.3, 0.2), (0.8, 0.1), (0.6, 0.3)]
            .map(|(threshold, alpha)| Design::new(threshold, alpha, looks))
    };
    looks.into_iter().flat_map(of).collect()
}

fn alpha_of(design: &Design) -> f64 {
    [(0.5, 0.05), (0.3, 0.2), (0.8, 0.1), (0.6, 0.3)]
        .into_iter()
        .find(|(threshold, _)| *threshold == design.threshold)
        .map_or(0.0, |(_, alpha)| alpha)
}

/// Over all outcomes of all runs, with that loss of runs that does most harm, chosen with all
/// outcomes in sight, runs to come included.
#[test]
fn however_runs_are_lost_a_wrong_decision_is_as_rare_as_promised() {
    for design in small_designs() {
        let n = design.looks().last().unwrap().runs;
        let alpha = alpha_of(&design);
        let lost = endings(n, &[Some(true), None]);
        let (mut above, mut below) = (0.0, 0.0);
        for latent in endings(n, &BOTH) {
            let masked = lost.iter().map(|mask| {
                let hide = |(end, kept): (&Option<bool>, &Option<bool>)| kept.and(*end);
                let runs: Vec<_> = latent.iter().zip(mask).map(hide).collect();
                followed(&design, &runs)
            });
            let stands: Vec<Stand> = masked.collect();
            let chance = chance(&latent, design.threshold);
            if stands.iter().any(|stand| matches!(stand, Stand::Above(_))) {
                above += chance;
            }
            if stands.iter().any(|stand| matches!(stand, Stand::Below(_))) {
                below += chance;
            }
        }
        assert!(above <= alpha + 1e-12, "{above} above {design:?}");
        assert!(below <= alpha + 1e-12, "{below} below {design:?}");
    }
}

#[test]
fn what_is_expected_is_what_all_outcomes_add_up_to() {
    for design in small_designs() {
        let n = design.looks().last().unwrap().runs;
        for share in [0.2, 0.5, 0.85] {
            let (mut above, mut below, mut runs) = (0.0, 0.0, 0.0);
            for latent in endings(n, &BOTH) {
                let chance = chance(&latent, share);
                let mut done = Vec::new();
                let mut stand = Stand::Open;
                for look in design.looks() {
                    done.push(seen(&latent[..look.runs]));
                    stand = design.follow(&done);
                    let is_decided = matches!(stand, Stand::Above(_) | Stand::Below(_));
                    let last = done.last().copied().unwrap();
                    if is_decided || design.can_decide(done.len(), last) == (false, false) {
                        break;
                    }
                }
                runs += chance * done.last().map_or(0, |seen| seen.runs()) as f64;
                above += if matches!(stand, Stand::Above(_)) { chance } else { 0.0 };
                below += if matches!(stand, Stand::Below(_)) { chance } else { 0.0 };
            }
            let expected = design.expected(share);
            assert!((expected.above - above).abs() < 1e-12, "{design:?}");
            assert!((expected.below - below).abs() < 1e-12, "{design:?}");
            assert!((expected.runs - runs).abs() < 1e-9, "{design:?}");
        }
    }
}

#[test]
fn a_look_is_futile_exactly_where_the_runs_to_come_hardly_decide() {
    let looks = [2, 4, 6];
    for threshold in [0.5, 0.8, 0.97] {
        let design = Design::new(threshold, 0.1, &looks);
        for done in 1..looks.len() {
            for runs in endings(looks[done - 1], &ANY) {
                let so_far: Vec<Seen> = looks[..done].iter().map(|n| seen(&runs[..*n])).collect();
                let stand = design.follow(&so_far);
                let now = seen(&runs);
                let (low, high) = rate::wilson(now.yes, now.yes + now.no, 0.6);
                let chance_of = |share: f64, above: bool| -> f64 {
                    let ends = endings(6 - runs.len(), &BOTH).into_iter().filter(|rest| {
                        let all = [runs.clone(), rest.clone()].concat();
                        match followed(&design, &all) {
                            Stand::Above(_) => above,
                            Stand::Below(_) => !above,
                            _ => false,
                        }
                    });
                    ends.map(|rest| chance(&rest, share)).sum()
                };
                let decides = chance_of(high, true) >= HARDLY || chance_of(low, false) >= HARDLY;
                match stand {
                    Stand::Open => assert!(decides, "{runs:?} {design:?}"),
                    Stand::Futile => assert!(!decides, "{runs:?} {design:?}"),
                    Stand::Above(_) | Stand::Below(_) => {}
                    Stand::Undecided => panic!("looks are left"),
                }
            }
        }
    }
}

#[test]
fn a_single_look_decides_as_the_exact_bounds_do() {
    for n in [1, 8, 29, 60, 200] {
        for threshold in [0.5, 0.8, 0.9, 0.95, 1.0] {
            for confidence in [0.8, 0.95, 0.99] {
                let design = Design::new(threshold, 1.0 - confidence, &[n]);
                for yes in 0..=n {
                    let (low, high) = bounds(yes, n - yes, 0, confidence);
                    let expected = match (low >= threshold, high < threshold) {
                        (true, _) => Stand::Above(0),
                        (_, true) => Stand::Below(0),
                        _ => Stand::Undecided,
                    };
                    let seen = Seen { yes, no: n - yes, unknown: 0 };
                    assert_eq!(design.follow(&[seen]), expected, "{yes} of {n} at {threshold}");
                    let shown = design.bounds(0, seen);
                    let apart = (shown.0 - low).abs().max((shown.1 - high).abs());
                    assert!(apart < 1e-9, "{yes} of {n} at {threshold}: {shown:?}");
                }
            }
        }
    }
}

/// An agent that is 10 points or more from the threshold takes half of the calls or fewer on
/// average over such agents, at nearly the power of the fixed number of runs.
#[test]
fn far_agents_take_half_the_calls_at_nearly_the_same_power() {
    let looks = [30, 60, 90, 120];
    for (threshold, shares) in
        [(0.8, vec![0.5, 0.6, 0.7, 0.9, 0.95, 0.99]), (0.9, vec![0.5, 0.6, 0.7, 0.8, 1.0])]
    {
        let design = Design::new(threshold, 0.05, &looks);
        let fixed = Design::new(threshold, 0.05, &[120]);
        let mut runs = 0.0;
        for share in &shares {
            let (ours, fixed) = (design.expected(*share), fixed.expected(*share));
            let power = ours.above + ours.below - fixed.above - fixed.below;
            assert!(power > -0.06, "{share}: {power}");
            runs += ours.runs / shares.len() as f64;
        }
        assert!(runs <= 60.0, "{threshold}: {runs}");
    }
}

#[test]
fn nothing_is_decided_without_an_error_to_spend_or_without_a_look() {
    let never = Design::new(1.0, 0.0, &[500, 1_000]);
    assert!(never.looks().iter().all(|look| look.yes_from.is_none() && look.no_from.is_none()));
    assert_eq!(never.follow(&[Seen { yes: 0, no: 500, unknown: 0 }]), Stand::Futile);
    assert_eq!(Design::new(0.8, 0.05, &[]).follow(&[]), Stand::Undecided);
}

#[test]
fn one_miss_refutes_a_hundred_percent_at_the_first_look_and_nothing_proves_it() {
    let design = Design::new(1.0, 0.05, &[3, 6]);
    assert_eq!(design.follow(&[Seen { yes: 2, no: 1, unknown: 0 }]), Stand::Below(0));
    assert_eq!(design.follow(&[Seen { yes: 3, no: 0, unknown: 0 }]), Stand::Open);
    let all = Seen { yes: 6, no: 0, unknown: 0 };
    assert_eq!(design.follow(&[Seen { yes: 3, no: 0, unknown: 0 }, all]), Stand::Undecided);
}

#[test]
fn thousands_of_runs_have_a_design_too() {
    let design = Design::new(0.9, 0.05, &[2_000, 4_000, 6_000]);
    let far = design.expected(0.85);
    assert!(far.below > 0.999 && far.runs < 2_100.0, "{far:?}");
}

proptest! {
    #[test]
    fn an_agent_beyond_the_threshold_is_wrongly_decided_even_less_often(
        threshold in 0.05..0.99_f64, alpha in 0.01..0.3_f64, nearer in 0.0..1.0_f64,
        steps in proptest::collection::vec(1usize..20, 1..7),
    ) {
        let mut runs = 0;
        let looks: Vec<usize> = steps.iter().map(|step| { runs += step; runs }).collect();
        let design = Design::new(threshold, alpha, &looks);
        let worse = design.expected(threshold * nearer);
        prop_assert!(worse.above <= alpha + 1e-9);
        let better = design.expected(threshold + (1.0 - threshold) * nearer);
        prop_assert!(better.below <= alpha + 1e-9);
        prop_assert!(worse.runs <= runs as f64 + 1e-9);
    }

    #[test]
    fn the_bounds_clear_the_threshold_exactly_where_a_look_decides(
        threshold in 0.05..0.99_f64, alpha in 0.01..0.3_f64, first in 1usize..40, more in 1usize..40,
        yes in 0.0..=1.0_f64, lost in 0.0..=0.5_f64,
    ) {
        let n = first + more;
        let design = Design::new(threshold, alpha, &[first, n]);
        let unknown = (n as f64 * lost) as usize;
        let yes = ((n - unknown) as f64 * yes).round() as usize;
        let seen = Seen { yes, no: n - unknown - yes, unknown };
        let (low, high) = design.bounds(1, seen);
        let look = design.looks()[1];
        prop_assert!(0.0 <= low && low <= high && high <= 1.0);
        prop_assert_eq!(low > threshold, look.yes_from.is_some_and(|from| seen.yes >= from));
        prop_assert_eq!(high < threshold, look.no_from.is_some_and(|from| seen.no >= from));
    }
}
