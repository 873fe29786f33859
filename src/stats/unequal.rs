//! Yes or no of independent runs whose chances differ: scenarios are not equally hard.
//!
//! Only the mean of the chances is given, and whatever is said here holds for all chances of that
//! mean. How many of `n` runs say yes is then closer to its mean than where all chances are alike:
//!
//! - for a function without a bend downwards (a convex one) the mean is at most that of the
//!   binomial distribution;
//! - so is the chance of `k` or more, where `k` is at least `n·p + 1`. Nearer to the mean it is not:
//!   one run in three with the chances 1, 0, 0 says yes always, with three chances of a third 70% of
//!   the time.
//!
//! Hoeffding (1956), On the distribution of the number of successes in independent trials, theorems
//! 3 and 4.

use super::binomial;

/// By how little a whole number may be missed.
const LAST_DIGITS: f64 = 1e-9;

/// The chance of `k` or more of `n` whose chances have the mean `p`, at most. It is that of the
/// binomial distribution from `n·p + 1` on; nearer to the mean it is the mean of `S − k + 1` where
/// that is positive.
pub fn at_least(k: usize, n: usize, p: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    let mean = n as f64 * p.clamp(0.0, 1.0);
    let tail = binomial::at_least(k, n, p);
    if k as f64 + LAST_DIGITS >= mean + 1.0 {
        return tail;
    }
    let before = (k - 1) as f64;
    let counted = mean * binomial::at_least(k - 1, n.saturating_sub(1), p);
    (counted - before * tail).clamp(tail, 1.0)
}

/// The least count of `n` that is reached with a chance of at most `chance`, whatever the chances of
/// the mean `p` are; none when even `n` is likelier, and for `n = 0`. `chance` is below 1.
pub fn least_unlikely(n: usize, p: f64, chance: f64) -> Option<usize> {
    let unlikely = |k: usize| at_least(k, n, p) <= chance;
    if n == 0 || !unlikely(n) {
        return None;
    }
    let (mut likely, mut least) = (0, n);
    while least - likely > 1 {
        let middle = likely + (least - likely) / 2;
        if unlikely(middle) {
            least = middle;
        } else {
            likely = middle;
        }
    }
    Some(least)
}

/// The runs that one look adds to those of the look before, of whose chances `p` is the mean.
pub(super) struct Added {
    /// The least count that has a chance worth counting.
    first: usize,
    /// The chances of `first + 1` or more, `first + 2` or more and so on, were all alike.
    tails: Vec<f64>,
    /// The sums of those from each one on.
    sums: Vec<f64>,
    /// From this count on a tail is at most that of the binomial distribution.
    far: usize,
    /// The least count that all runs up to here have a chance worth counting to reach.
    low: usize,
}

impl Added {
    /// So many runs, after which there are `runs` of them.
    pub(super) fn new(added: usize, runs: usize, p: f64) -> Self {
        let (first, each) = binomial::likely(added, p);
        let from_the_end = |values: &[f64]| {
            let sum = |sum: &mut f64, value: &f64| {
                *sum += value;
                Some(*sum)
            };
            let mut sums: Vec<f64> = values.iter().rev().scan(0.0, sum).collect();
            sums.reverse();
            sums
        };
        let tails: Vec<f64> = from_the_end(&each).into_iter().skip(1).collect();
        let sums = from_the_end(&tails);
        let far = (added as f64 * p + 1.0 - LAST_DIGITS).ceil().max(1.0) as usize;
        Self { first, tails, sums, far, low: binomial::likely(runs, p).0 }
    }

    /// The mean of a function of the count, at most. `value` rises with the count, and is the same
    /// from `flat` on.
    ///
    /// Its rises before `far` are made to grow, from there on to be no smaller than the last of
    /// these. What has such rises is convex, and what rises steeper from `far` on is a sum of tails:
    /// for both the binomial distribution has the largest mean.
    fn mean(&self, flat: usize, value: impl Fn(usize) -> f64) -> f64 {
        let mut before = value(self.first);
        let (mut mean, mut least) = (before, 0.0_f64);
        for (at, (tail, sum)) in self.tails.iter().zip(&self.sums).enumerate() {
            let count = self.first + at + 1;
            if count > flat {
                mean += least * sum;
                break;
            }
            let now = value(count);
            let rise = now - before;
            before = now;
            if count < self.far {
                least = least.max(rise);
            }
            mean += rise.max(least) * tail;
        }
        mean.min(1.0)
    }
}

/// The chance that the count reaches its boundary at any of the looks, at most: whatever the chances
/// of the runs are, also where those of a later look depend on what the earlier ones have shown, as
/// long as each look's mean is `p`. `from` has the least count that crosses, for each look.
pub(super) fn reached(looks: &[Added], from: &[usize]) -> f64 {
    // The chance to cross at a later look, for each count from `low` on that has not crossed.
    let mut later: Vec<f64> = Vec::new();
    let mut look_of = looks.iter().zip(from).rev().peekable();
    while let Some((look, from)) = look_of.next() {
        let low = look.low.min(from.saturating_sub(1));
        let value = |count: usize| match later.get(count.saturating_sub(low)) {
            _ if count >= *from => 1.0,
            Some(chance) => *chance,
            None => 0.0,
        };
        let (lowest, crossed) = look_of
            .peek()
            .map_or((0, 1), |(before, from)| (before.low.min(from.saturating_sub(1)), **from));
        // More yes so far never make a crossing less likely.
        let mut rising = 0.0_f64;
        let chance = |count: usize| {
            let flat = from.saturating_sub(count);
            rising = rising.max(look.mean(flat, |more| value(count + more)));
            rising
        };
        later = (lowest..crossed).map(chance).collect();
    }
    later.first().copied().unwrap_or(0.0)
}

#[cfg(test)]
#[path = "unequal/tests.rs"]
mod tests;
