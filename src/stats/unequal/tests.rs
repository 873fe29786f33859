use proptest::prelude::*;

use super::*;
use crate::stats::sequential::Design;

/// The chances of each count of runs that say yes with these chances.
fn counts(chances: &[f64]) -> Vec<f64> {
    let mut counts = vec![1.0];
    for chance in chances {
        let mut next = vec![0.0; counts.len() + 1];
        for (count, before) in counts.iter().enumerate() {
            next[count] += before * (1.0 - chance);
            next[count + 1] += before * chance;
        }
        counts = next;
    }
    counts
}

/// Chances of `n` runs: some 0, some 1, the others alike, with the mean `p`.
fn extremes(n: usize, p: f64) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    for zeros in 0..n {
        for ones in 0..n - zeros {
            let rest = n - zeros - ones;
            let share = (n as f64 * p - ones as f64) / rest as f64;
            if (0.0..=1.0).contains(&share) {
                let of = |count: usize, chance: f64| vec![chance; count];
                all.push([of(zeros, 0.0), of(ones, 1.0), of(rest, share)].concat());
            }
        }
    }
    all
}

/// The chance that scenarios with these chances reach the boundary, the same ones in each look.
fn reached_by(scenarios: &[f64], looks: &[usize], from: &[Option<usize>]) -> f64 {
    let (mut going, mut before, mut crossed) = (vec![1.0], 0, 0.0);
    for (runs, from) in looks.iter().zip(from) {
        let each: Vec<f64> =
            scenarios.iter().flat_map(|chance| vec![*chance; runs - before]).collect();
        let added = counts(&each);
        let mut next = vec![0.0; going.len() + each.len()];
        for (count, chance) in going.iter().enumerate() {
            for (more, added) in added.iter().enumerate() {
                next[count + more] += chance * added;
            }
        }
        for chance in next.iter_mut().skip(from.unwrap_or(usize::MAX)) {
            crossed += std::mem::take(chance);
        }
        (going, before) = (next, *runs);
    }
    crossed
}

/// The chance that the boundary is reached where someone chooses the chances of each look's runs,
/// with the counts so far in sight.
fn reached_by_the_worst(looks: &[usize], from: &[Option<usize>], p: f64) -> f64 {
    let mut later = vec![0.0; looks.last().unwrap() + 1];
    for at in (0..looks.len()).rev() {
        let before = if at == 0 { 0 } else { looks[at - 1] };
        let value = |count: usize| match from[at] {
            Some(from) if count >= from => 1.0,
            _ => later[count],
        };
        let ways: Vec<Vec<f64>> =
            extremes(looks[at] - before, p).iter().map(|chances| counts(chances)).collect();
        let best = |count: usize| {
            let of = |way: &Vec<f64>| -> f64 {
                way.iter().enumerate().map(|(more, chance)| chance * value(count + more)).sum()
            };
            ways.iter().map(of).fold(0.0, f64::max)
        };
        later =
            (0..later.len()).map(|count| if count <= before { best(count) } else { 0.0 }).collect();
    }
    later[0]
}

#[test]
fn a_tail_of_unequal_runs_is_never_larger_than_what_is_said() {
    for n in 1..=9 {
        for p in [0.02, 0.1, 0.3, 0.5, 0.77, 0.95] {
            for k in 0..=n + 1 {
                let worst = extremes(n, p)
                    .iter()
                    .map(|chances| counts(chances).iter().skip(k).sum())
                    .fold(0.0, f64::max);
                let said = at_least(k, n, p);
                assert!(worst <= said + 1e-12, "{k} of {n} at {p}: {worst} {said}");
                if k as f64 >= n as f64 * p + 1.0 {
                    assert!((worst - said).abs() < 1e-12, "{k} of {n} at {p}: {worst} {said}");
                }
            }
        }
    }
    // One run in three that says yes always, in place of three that do so by a third.
    assert_eq!(at_least(1, 3, 1.0 / 3.0), 1.0);
    assert!((at_least(1, 5, 0.04) - 0.2).abs() < 1e-12);
}

#[test]
fn the_least_unlikely_count_is_where_the_tail_falls_below_the_chance() {
    // Eight tosses of a fair coin: seven or more heads 9/256, six or more 37/256.
    assert_eq!(least_unlikely(8, 0.5, 0.05), Some(7));
    assert_eq!(least_unlikely(8, 0.5, 0.15), Some(6));
    assert_eq!(least_unlikely(4, 0.5, 0.05), None);
    assert_eq!(least_unlikely(0, 0.5, 0.05), None);
    // Five alike say yes at least once with a chance of 18.5%, one of five with 20%.
    assert_eq!(least_unlikely(5, 0.04, 0.19), Some(2));
}

/// Scenarios that never and always pass, and others between: the same ones in each look.
#[test]
fn scenarios_as_unequal_as_can_be_are_wrongly_decided_as_seldom_as_promised() {
    let grid = [0.0, 0.2, 0.5, 0.8, 0.9, 1.0];
    for looks in [&[4, 8, 12, 16][..], &[2, 4, 6], &[6, 10], &[4, 6, 8, 10, 12]] {
        let designs =
            |p: f64| [0.05, 0.1, 0.2, 0.4].map(|alpha| (alpha, Design::new(p, alpha, looks)));
        for a in grid {
            for b in grid {
                let mean = f64::midpoint(a, b);
                if !(0.05..=0.95).contains(&mean) {
                    continue;
                }
                let half: Vec<usize> = looks.iter().map(|runs| runs / 2).collect();
                for (alpha, design) in designs(mean) {
                    let yes: Vec<_> = design.looks().iter().map(|look| look.yes_from).collect();
                    let no: Vec<_> = design.looks().iter().map(|look| look.no_from).collect();
                    let above = reached_by(&[a, b], &half, &yes);
                    let below = reached_by(&[1.0 - a, 1.0 - b], &half, &no);
                    assert!(above <= alpha + 1e-12, "{a} {b} {alpha}: {above}");
                    assert!(below <= alpha + 1e-12, "{a} {b} {alpha}: {below}");
                }
            }
        }
    }
}

#[test]
fn someone_who_chooses_the_chances_of_each_look_does_no_better_than_promised() {
    for looks in [&[9][..], &[3, 6, 9], &[2, 4, 6, 8, 10], &[6, 12, 18], &[5, 6, 20]] {
        for p in [0.1, 0.3, 0.5, 0.8, 0.9, 0.95] {
            for alpha in [0.01, 0.05, 0.1, 0.2, 0.4] {
                let design = Design::new(p, alpha, looks);
                let yes: Vec<_> = design.looks().iter().map(|look| look.yes_from).collect();
                let no: Vec<_> = design.looks().iter().map(|look| look.no_from).collect();
                let above = reached_by_the_worst(looks, &yes, p);
                let below = reached_by_the_worst(looks, &no, 1.0 - p);
                assert!(above <= alpha + 1e-9, "{looks:?} {p} {alpha}: {above}");
                assert!(below <= alpha + 1e-9, "{looks:?} {p} {alpha}: {below}");
            }
        }
    }
}

proptest! {
    /// Two scenarios of one mean, one pass of many runs: the bound of a single look.
    #[test]
    fn one_look_holds_for_scenarios_of_any_chances(
        chances in proptest::collection::vec(0.0..=1.0_f64, 1..12), confidence in 0.5..0.99_f64
    ) {
        let n = chances.len();
        let mean = chances.iter().sum::<f64>() / n as f64;
        let wrong: f64 = counts(&chances)
            .iter()
            .enumerate()
            .filter(|(k, _)| crate::stats::rate::lower_bound(*k, n, confidence) > mean)
            .map(|(_, chance)| chance)
            .sum();
        prop_assert!(wrong <= 1.0 - confidence + 1e-9, "{}", wrong);
    }
}
