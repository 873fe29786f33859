//! A share of runs to what it says about the agent behind them.
//!
//! `k` of `n` runs passed; what share would pass if it were run for ever? Counts with `k > n` are
//! taken as `k = n`. Confidences are fractions and are held between 0.5 and 1 for a bound on one
//! side, 0 and 1 for an interval; at 1 nothing is excluded. Without a run (`n = 0`) nothing is
//! known: 0 to 1.

use super::{binomial, bisect, normal, unequal};

/// A number of further runs decides "probably" when it does so with this chance.
pub const PROBABLY: f64 = 0.8;

/// More runs than anyone would pay for.
pub const MOST_RUNS: usize = 100_000;

/// The Wilson score interval, two-sided: what the tables of `docs/statistics.md` compare the exact
/// bounds with. Reports show the bounds that decide.
///
/// `(p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n)`. Its coverage is `confidence` on average
/// over all shares, and somewhat below it for some. At `k = 0` it begins at 0 and at `k = n` it
/// ends at 1.
///
/// Wilson (1927), Probable inference, the law of succession, and statistical inference;
/// recommended by Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion.
pub fn wilson(k: usize, n: usize, confidence: f64) -> (f64, f64) {
    let k = k.min(n);
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    if n == 0 || tail <= 0.0 {
        return (0.0, 1.0);
    }
    let z = normal::upper_quantile(tail);
    let (n, share) = (n as f64, k as f64 / n as f64);
    let centre = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // Rounding must not move the ends that are exact, nor the share out of its interval.
    let low = if k == 0 { 0.0 } else { ((centre - spread) / scale).clamp(0.0, share) };
    let high = if share == 1.0 { 1.0 } else { ((centre + spread) / scale).clamp(share, 1.0) };
    (low, high)
}

/// The exact interval, two-sided: each end is a one-sided bound at `(1 + confidence) / 2`. It holds
/// at least as often as `confidence` says, whatever the true share is.
///
/// Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of
/// the binomial.
pub fn clopper_pearson(k: usize, n: usize, confidence: f64) -> (f64, f64) {
    let (k, chance) = (k.min(n), (1.0 - confidence.clamp(0.0, 1.0)) / 2.0);
    let low = |k: usize| {
        let is_known = k == 0 || chance <= 0.0;
        let rare = |share: f64| binomial::at_least(k, n, share) <= chance;
        if is_known { 0.0 } else { bisect(0.0, 1.0, rare).0 }
    };
    (low(k), 1.0 - low(n - k))
}

/// The exact lower bound, one-sided: the smallest share at which `k` or more of `n` runs pass with
/// a chance of `1 - confidence`. The true share lies below it at most that often. 0 for `k = 0`;
/// `(1 - confidence)^(1/n)` for `k = n`.
///
/// It is Clopper's and Pearson's where all runs have the same chance to pass. Where scenarios are
/// not equally hard it holds for their mean ([`unequal::at_least`]): for that, the bound of a single
/// pass is `(1 - confidence) / n`, a little lower, and at a confidence below 75% so are some others.
pub fn lower_bound(k: usize, n: usize, confidence: f64) -> f64 {
    lower_bound_at(k, n, 1.0 - confidence.clamp(0.5, 1.0))
}

/// The exact lower bound by the chance that the true share lies below it, 0 to 0.5.
pub(super) fn lower_bound_at(k: usize, n: usize, chance: f64) -> f64 {
    let k = k.min(n);
    if k == 0 || chance <= 0.0 {
        return 0.0;
    }
    bisect(0.0, 1.0, |share| unequal::at_least(k, n, share) <= chance).0
}

/// The exact upper bound, one-sided: the mirror image of [`lower_bound`]. 1 for `k = n`.
pub fn upper_bound(k: usize, n: usize, confidence: f64) -> f64 {
    1.0 - lower_bound(n - k.min(n), n, confidence)
}

/// The bounds that decide a check on a share: `(lower_bound, upper_bound)`, each at `confidence`,
/// over everything that the runs of unknown outcome could have been. The low end takes all of them
/// as no, the high end all of them as yes.
///
/// A condition that holds everywhere between them passes, one that holds nowhere fails, and each
/// of the two is wrong with a chance of at most `1 - confidence`. That is what a decision on one
/// side needs; the two-sided interval at the same confidence would ask for about a quarter more
/// runs.
pub fn bounds(yes: usize, no: usize, unknown: usize, confidence: f64) -> (f64, f64) {
    let n = yes + no + unknown;
    (lower_bound(yes, n, confidence), upper_bound(yes + unknown, n, confidence))
}

/// How many further runs would probably lift or drop a bound over `threshold`, were the agent as
/// good as the share seen: about the least number at which that happens with a chance of
/// [`PROBABLY`], from the exact binomial distribution of the further runs.
///
/// 0 when the bounds of `k` of `n` exclude the threshold already. None when the share seen is the
/// threshold or so near to it that [`MOST_RUNS`] would not do, and without a run. A clean sheet
/// never proves a threshold of 100%: no number of runs does.
pub fn further_runs(k: usize, n: usize, threshold: f64, confidence: f64) -> Option<usize> {
    if n == 0 {
        return None;
    }
    let k = k.min(n);
    from_here_on(k, n, k as f64 / n as f64, threshold, confidence)
}

/// How many runs a check needs, from the first one, to probably decide on an agent of the true
/// share `rate`; none as for [`further_runs`]. At a rate of 1 it is the least number of runs that
/// can pass at all.
pub fn runs_to_decide(rate: f64, threshold: f64, confidence: f64) -> Option<usize> {
    from_here_on(0, 0, rate, threshold, confidence)
}

fn from_here_on(k: usize, n: usize, rate: f64, threshold: f64, confidence: f64) -> Option<usize> {
    let chance = 1.0 - confidence.clamp(0.5, 1.0);
    if rate > threshold {
        runs_to_pass(k, n, rate, threshold, chance)
    } else if rate < threshold {
        // A share that is too low is one of failures that is too high.
        runs_to_pass(n - k, n, 1.0 - rate, 1.0 - threshold, chance)
    } else {
        None
    }
}

/// The number of further runs after which the lower bound probably clears the threshold. Whole
/// counts make the chance jagged as runs are added: this is a number at which it rises over
/// [`PROBABLY`], and not always the first. For a rate of 1 it is.
fn runs_to_pass(k: usize, n: usize, rate: f64, threshold: f64, chance: f64) -> Option<usize> {
    if chance <= 0.0 {
        return None;
    }
    let enough = |further: usize| {
        let needed = unequal::least_unlikely(n + further, threshold, chance);
        needed.is_some_and(|needed| {
            binomial::at_least(needed.saturating_sub(k), further, rate) >= PROBABLY
        })
    };
    if enough(0) {
        return Some(0);
    }
    let mut most = 1;
    while !enough(most) {
        if most >= MOST_RUNS {
            return None;
        }
        most = (2 * most).min(MOST_RUNS);
    }
    let mut too_few = most / 2;
    while most - too_few > 1 {
        let middle = too_few + (most - too_few) / 2;
        if enough(middle) {
            most = middle;
        } else {
            too_few = middle;
        }
    }
    Some(most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(seen: (f64, f64), expected: (f64, f64), within: f64) -> bool {
        (seen.0 - expected.0).abs() < within && (seen.1 - expected.1).abs() < within
    }

    /// Newcombe (1998), Two-sided confidence intervals for the single proportion, table I: methods
    /// 3 (score) and 5 (Clopper–Pearson), 95%.
    #[test]
    fn two_sided_intervals_agree_with_newcombes_table() {
        let rows = [
            (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
            (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
            (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
            (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
        ];
        for (k, n, score, exact) in rows {
            assert!(near(wilson(k, n, 0.95), score, 5.1e-5), "{k} of {n}");
            assert!(near(clopper_pearson(k, n, 0.95), exact, 5.1e-5), "{k} of {n}");
        }
    }

    /// The "rule of three" (Hanley and Lippman-Hand 1983): none of n bounds the share by about 3/n.
    #[test]
    fn a_clean_sheet_is_bounded_by_the_closed_form_and_the_rule_of_three() {
        for n in [1, 10, 29, 100, 1_000] {
            let closed = 0.05_f64.powf(1.0 / n as f64);
            assert!((lower_bound(n, n, 0.95) - closed).abs() < 1e-12, "{n}");
            assert!((upper_bound(0, n, 0.95) - (1.0 - closed)).abs() < 1e-12, "{n}");
        }
        assert!((upper_bound(0, 1_000, 0.95) - 0.003).abs() < 1e-4);
    }

    #[test]
    fn twenty_nine_clean_runs_prove_ninety_percent_and_twenty_eight_do_not() {
        assert!(lower_bound(29, 29, 0.95) >= 0.9);
        assert!(lower_bound(28, 28, 0.95) < 0.9);
        assert_eq!(runs_to_decide(1.0, 0.9, 0.95), Some(29));
        assert_eq!(further_runs(10, 10, 0.9, 0.95), Some(19));
        assert_eq!(further_runs(29, 29, 0.9, 0.95), Some(0));
    }

    #[test]
    fn nothing_is_known_without_a_run_and_all_is_possible_at_full_confidence() {
        assert_eq!(wilson(0, 0, 0.95), (0.0, 1.0));
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
        assert_eq!(bounds(0, 0, 3, 0.95), (0.0, 1.0));
        assert_eq!(wilson(5, 10, 1.0), (0.0, 1.0));
        assert_eq!(clopper_pearson(5, 10, 1.0), (0.0, 1.0));
        assert_eq!(further_runs(0, 0, 0.9, 0.95), None);
    }

    #[test]
    fn a_clean_or_a_wholly_failed_sheet_reaches_its_end() {
        for interval in [wilson, clopper_pearson] {
            assert_eq!(interval(0, 12, 0.95).0, 0.0);
            assert_eq!(interval(12, 12, 0.95).1, 1.0);
            assert_eq!(interval(99, 12, 0.95), interval(12, 12, 0.95));
        }
    }

    #[test]
    fn unknown_runs_count_against_whatever_is_to_be_decided() {
        let (low, high) = bounds(60, 2, 5, 0.95);
        assert_eq!(low, lower_bound(60, 67, 0.95));
        assert_eq!(high, upper_bound(65, 67, 0.95));
    }

    #[test]
    fn further_runs_are_none_where_no_number_decides() {
        assert_eq!(further_runs(9, 10, 0.9, 0.95), None, "the share seen is the threshold");
        assert_eq!(further_runs(10, 10, 1.0, 0.95), None, "nothing proves a hundred percent");
        assert_eq!(further_runs(0, 10, 0.0, 0.95), None);
        assert_eq!(further_runs(90_001, 100_000, 0.9, 0.95), None, "too near");
        assert_eq!(further_runs(5, 10, 0.9, 1.0), None, "no certainty from samples");
    }

    #[test]
    fn a_failure_is_enough_to_refute_a_hundred_percent() {
        assert_eq!(further_runs(9, 10, 1.0, 0.95), Some(0));
    }

    #[test]
    fn further_runs_decide_with_the_chance_they_promise() {
        for (k, n, threshold) in [(19, 20, 0.9), (7, 10, 0.9), (48, 50, 0.9), (8, 10, 0.95)] {
            let further = further_runs(k, n, threshold, 0.95).unwrap();
            let rate = k as f64 / n as f64;
            let decided: f64 = (0..=further)
                .filter(|passed| {
                    let (low, high) = bounds(k + passed, n + further - k - passed, 0, 0.95);
                    if rate > threshold { low >= threshold } else { high < threshold }
                })
                .map(|passed| {
                    binomial::at_least(passed, further, rate)
                        - binomial::at_least(passed + 1, further, rate)
                })
                .sum();
            assert!((PROBABLY..0.95).contains(&decided), "{k} of {n}: {further}, {decided}");
        }
    }

    proptest! {
        #[test]
        fn intervals_contain_the_share_and_lie_within_nothing_and_all(
            n in 1..400_usize, part in 0.0..=1.0_f64, confidence in 0.5..0.999_f64
        ) {
            let k = (part * n as f64).round() as usize;
            let share = k as f64 / n as f64;
            let one_sided = (lower_bound(k, n, confidence), upper_bound(k, n, confidence));
            for (low, high) in
                [wilson(k, n, confidence), clopper_pearson(k, n, confidence), one_sided]
            {
                prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            }
        }

        #[test]
        fn intervals_are_mirrored_when_yes_and_no_change_places(
            n in 1..400_usize, part in 0.0..=1.0_f64, confidence in 0.5..0.999_f64
        ) {
            let k = (part * n as f64).round() as usize;
            for interval in [wilson, clopper_pearson] {
                let (low, high) = interval(k, n, confidence);
                prop_assert!(near(interval(n - k, n, confidence), (1.0 - high, 1.0 - low), 1e-12));
            }
        }

        #[test]
        fn the_same_share_of_more_runs_is_surer(
            n in 1..60_usize, part in 0.0..=1.0_f64, times in 2..6_usize
        ) {
            let k = (part * n as f64).round() as usize;
            for interval in [wilson, clopper_pearson] {
                let (low, high) = interval(k, n, 0.95);
                let (lower, higher) = interval(k * times, n * times, 0.95);
                prop_assert!(higher - lower < high - low);
            }
        }

        #[test]
        fn one_more_pass_and_less_confidence_raise_the_lower_bound(
            n in 1..400_usize, part in 0.0..1.0_f64, confidence in 0.5..0.99_f64
        ) {
            let k = (part * n as f64) as usize;
            prop_assert!(lower_bound(k, n, confidence) < lower_bound(k + 1, n, confidence));
            prop_assert!(lower_bound(k, n, confidence + 0.005) <= lower_bound(k, n, confidence));
        }

        #[test]
        fn an_unknown_run_only_widens(
            yes in 0..80_usize, no in 0..80_usize, unknown in 0..9_usize
        ) {
            let (low, high) = bounds(yes, no, unknown, 0.95);
            let (lower, higher) = bounds(yes, no, unknown + 1, 0.95);
            prop_assert!(lower <= low && high <= higher);
        }
    }
}
