//! The binomial distribution: how many of `n` runs pass when each passes with chance `p`.

use super::{bisect, ln_choose};

/// Terms smaller than this part of their sum change nothing.
const NEGLIGIBLE: f64 = 1e-18;

/// Counts with a smaller chance change no boundary.
pub(super) const UNREACHED: f64 = 1e-20;

/// The chance of `k` or more of `n`: 1 for `k = 0`, 0 for `k > n`. `p` is a fraction.
///
/// Sums outwards from the term at `k` on the side where terms shrink, so it takes about `√n` steps
/// and loses no digits in the far tail.
pub fn at_least(k: usize, n: usize, p: f64) -> f64 {
    lower_tail(n.checked_sub(k), n, 1.0 - p, p)
}

/// The chance of `k` or fewer of `n`: 1 for `k >= n`. `p` is a fraction.
pub fn at_most(k: usize, n: usize, p: f64) -> f64 {
    lower_tail(Some(k), n, p, 1.0 - p)
}

/// The lower tail with both chances given, as `1 - (1 - p)` loses digits; 0 for no count.
fn lower_tail(k: Option<usize>, n: usize, p: f64, q: f64) -> f64 {
    let Some(k) = k else { return 0.0 };
    if k >= n || p <= 0.0 {
        return 1.0;
    }
    if q <= 0.0 {
        return 0.0;
    }
    if k as f64 > n as f64 * p {
        // At least k + 1 of one kind is at most n - k - 1 of the other.
        return 1.0 - lower_sum(n - k - 1, n, q, p);
    }
    lower_sum(k, n, p, q)
}

/// Sums the terms from `k` down to 0; `k` lies below the mean.
fn lower_sum(k: usize, n: usize, p: f64, q: f64) -> f64 {
    let mut term = (ln_choose(n, k) + k as f64 * p.ln() + (n - k) as f64 * q.ln()).exp();
    let mut sum = term;
    for j in (1..=k).rev() {
        term *= j as f64 * q / ((n - j + 1) as f64 * p);
        sum += term;
        if term < sum * NEGLIGIBLE {
            break;
        }
    }
    sum.min(1.0)
}

/// The share at which `k` or more of `n` have this chance; 1 where there is none below.
pub fn share_for(k: usize, n: usize, chance: f64) -> f64 {
    bisect(0.0, 1.0, |share| at_least(k, n, share) < chance).1
}

/// The chances of each count of `n`, from the first that is not negligible to the last, with the
/// first of these counts.
pub(super) fn likely(n: usize, p: f64) -> (usize, Vec<f64>) {
    if p <= 0.0 || p >= 1.0 {
        return (if p >= 1.0 { n } else { 0 }, vec![1.0]);
    }
    let (yes, no) = (p.ln(), (-p).ln_1p());
    let chance = |k: usize| (ln_choose(n, k) + k as f64 * yes + (n - k) as f64 * no).exp();
    let all: Vec<f64> = (0..=n).map(chance).collect();
    let counts = |chance: &f64| *chance > UNREACHED;
    let first = all.iter().position(counts).unwrap_or(0);
    let last = all.iter().rposition(counts).unwrap_or(n);
    (first, all.into_iter().take(last + 1).skip(first).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_of_a_small_distribution_are_those_counted_by_hand() {
        // Four tosses of a fair coin: 1, 4, 6, 4, 1 sixteenths.
        for (k, sixteenths) in [(0, 1.0), (1, 5.0), (2, 11.0), (3, 15.0), (4, 16.0), (9, 16.0)] {
            assert!((at_most(k, 4, 0.5) - sixteenths / 16.0).abs() < 1e-14, "{k}");
        }
        for (k, sixteenths) in [(0, 16.0), (1, 15.0), (3, 5.0), (4, 1.0), (5, 0.0)] {
            assert!((at_least(k, 4, 0.5) - sixteenths / 16.0).abs() < 1e-14, "{k}");
        }
    }

    #[test]
    fn certain_and_impossible_chances_give_certain_tails() {
        assert_eq!(at_least(3, 3, 1.0), 1.0);
        assert_eq!(at_least(1, 3, 0.0), 0.0);
        assert_eq!(at_most(2, 3, 1.0), 0.0);
        assert_eq!(at_most(0, 3, 0.0), 1.0);
        assert_eq!(at_least(0, 0, 0.5), 1.0);
    }

    #[test]
    fn the_tails_on_both_sides_of_a_count_add_up_to_one() {
        for n in [1, 7, 100, 2_000] {
            for k in (1..=n).step_by(1 + n / 9) {
                for p in [0.001, 0.3, 0.5, 0.9, 0.999] {
                    let both = at_least(k, n, p) + at_most(k - 1, n, p);
                    assert!((both - 1.0).abs() < 1e-12, "{k} of {n} at {p}");
                }
            }
        }
    }
}
