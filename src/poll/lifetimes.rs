//! How long something lasts: a prior, what was seen so far, and what is still going.
//!
//! Lengths are taken for log-normal, with a few that hang: the longer those have lasted, the longer
//! they may yet. What has not ended counts too: a hundred calls that have all been talking for five
//! minutes say that a call takes longer than that. Pure.

use crate::stats::normal::upper_tail;

/// The chance that a length is one that hangs, before anything was seen.
const HANGING: f64 = 0.02;
/// After how many lengths without a hang that chance has halved.
const HALVED_AFTER: f64 = 20.0;
/// Steps of the fit; each brings it closer by a multiple.
const STEPS: usize = 6;
/// A standard score beyond which there is nothing.
const FAR: f64 = 30.0;
/// How many seen lengths the prior's spread weighs as much as.
const SPREAD_WEIGHT: f64 = 3.0;
/// No sample is so alike that its spread is smaller (of the logarithm).
const LEAST_SPREAD: f64 = 0.1;

/// What is thought of a length of time before it was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Half are shorter, in seconds.
    pub median: f64,
    /// How little is known of that median: standard deviation of its logarithm.
    pub doubt: f64,
    /// How different the lengths of one result are: standard deviation of their logarithm.
    pub spread: f64,
}

impl Prior {
    /// Of a call by telephone or the like.
    pub const CALL: Prior = Prior { median: 90.0, doubt: 0.6, spread: 0.35 };
    /// Of a conversation by text.
    pub const CHAT: Prior = Prior { median: 30.0, doubt: 0.6, spread: 0.35 };
    /// How little an earlier result says of this one.
    const CHANGE: f64 = 0.2;

    /// What to think of calls when these are the lengths of earlier ones.
    pub fn like(earlier: &[f64], by_text: bool) -> Self {
        let usual = if by_text { Self::CHAT } else { Self::CALL };
        let logs: Vec<f64> = earlier
            .iter()
            .filter(|length| **length >= 1.0)
            .map(|length| libm::log(*length))
            .collect();
        if logs.len() < 3 {
            return usual;
        }
        let count = logs.len() as f64;
        let middle = logs.iter().sum::<f64>() / count;
        let around = logs.iter().map(|log| (log - middle) * (log - middle)).sum::<f64>();
        let own = SPREAD_WEIGHT * usual.spread * usual.spread;
        Self {
            median: libm::exp(middle),
            doubt: Self::CHANGE,
            spread: ((own + around) / (SPREAD_WEIGHT + count)).sqrt().max(LEAST_SPREAD),
        }
    }
}

/// What is known of one length: between which seconds it lies. What is still going has no most.
pub(super) type Between = (f64, f64);

/// The lengths of something, as far as known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lifetimes {
    middle: f64,
    spread: f64,
    /// Standard deviation of the middle itself, which all have in common.
    doubt: f64,
    hanging: f64,
}

impl Lifetimes {
    /// Fits what is known of some lengths; each stands with the number of those that are alike.
    ///
    /// Expectation and maximisation: each length is replaced by what the last fit expects of it
    /// between its bounds (Dempster, Laird and Rubin 1977).
    pub(super) fn fit(prior: Prior, known: &[(Between, f64)]) -> Self {
        let start = libm::log(prior.median);
        let weight = (prior.spread / prior.doubt).powi(2);
        let ended = known.iter().filter(|((_, most), _)| most.is_finite());
        let ended: f64 = ended.map(|(_, count)| count).sum();
        let mut fit = Self {
            middle: start,
            spread: prior.spread,
            doubt: prior.doubt,
            hanging: HANGING * HALVED_AFTER / (HALVED_AFTER + ended),
        };
        for _ in 0..STEPS {
            let (mut n, mut first, mut second) = (0.0, 0.0, 0.0);
            for ((least, most), count) in known {
                let (mean, variance) = fit.expected(*least, *most);
                let count = match most.is_finite() {
                    true => *count,
                    // What is still young says nothing, and what hangs says nothing of the others.
                    false if fit.z(*least) < -1.5 => 0.0,
                    false => {
                        let sane = (1.0 - fit.hanging) * upper_tail(fit.z(*least));
                        count * sane / (sane + fit.hanging * fit.lindy(*least))
                    }
                };
                n += count;
                first += count * mean;
                second += count * (mean * mean + variance);
            }
            fit.middle = (weight * start + first) / (weight + n);
            let around = second - 2.0 * fit.middle * first + n * fit.middle * fit.middle;
            let own = SPREAD_WEIGHT * prior.spread * prior.spread;
            fit.spread = ((own + around) / (SPREAD_WEIGHT + n)).max(0.0).sqrt().max(LEAST_SPREAD);
            fit.doubt = fit.spread / (weight + n).sqrt();
        }
        fit
    }

    /// Mean and variance of the logarithm of a length between two bounds.
    fn expected(&self, least: f64, most: f64) -> (f64, f64) {
        let (low, high) = (self.z(least), if most.is_finite() { self.z(most) } else { FAR });
        let inside = upper_tail(low) - upper_tail(high);
        if inside < 1e-9 {
            // So far out that the nearer bound is all there is.
            let nearest = if low > 0.0 { low } else { high };
            return (self.middle + self.spread * nearest, 0.0);
        }
        let (at_low, at_high) = (density(low), density(high));
        let shift = (at_low - at_high) / inside;
        let squeeze = 1.0 + (low * at_low - high * at_high) / inside - shift * shift;
        let variance = self.spread * self.spread * squeeze.max(0.0);
        (self.middle + self.spread * shift, variance)
    }

    /// The same, if the middle is off by so many standard deviations.
    pub(super) fn off_by(&self, z: f64) -> Self {
        Self { middle: self.middle + z * self.doubt, ..*self }
    }

    fn z(&self, length: f64) -> f64 {
        ((libm::log(length.max(1e-3)) - self.middle) / self.spread).clamp(-FAR, FAR)
    }

    /// The chance that one that hangs lasts longer than this.
    fn lindy(&self, length: f64) -> f64 {
        let median = self.median();
        median / (median + length.max(0.0))
    }

    /// The length that half of them exceed.
    pub(super) fn median(&self) -> f64 {
        libm::exp(self.middle)
    }

    /// The mean of those that do not hang.
    pub(super) fn mean(&self) -> f64 {
        libm::exp(self.middle + self.spread * self.spread / 2.0)
    }

    /// The length that `z` standard deviations stand for.
    pub(super) fn at(&self, z: f64) -> f64 {
        libm::exp(self.middle + z * self.spread)
    }

    /// The chance that it lasts longer than this.
    pub(super) fn survival(&self, length: f64) -> f64 {
        if length <= 0.0 {
            return 1.0;
        }
        (1.0 - self.hanging) * upper_tail(self.z(length)) + self.hanging * self.lindy(length)
    }

    /// How much longer one of this age lasts on average, if it does not hang.
    pub(super) fn mean_rest(&self, age: f64) -> f64 {
        let z = self.z(age);
        let tail = upper_tail(z);
        if tail < 1e-9 {
            return age / 4.0;
        }
        (self.mean() * upper_tail(z - self.spread) / tail - age).max(0.0)
    }
}

fn density(z: f64) -> f64 {
    libm::exp(-z * z / 2.0) / std::f64::consts::TAU.sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRIOR: Prior = Prior { median: 90.0, doubt: 0.6, spread: 0.4 };

    fn ended(lengths: &[f64]) -> Vec<(Between, f64)> {
        lengths.iter().map(|length| ((length - 1.0, length + 1.0), 1.0)).collect()
    }

    fn going(ages: &[f64]) -> Vec<(Between, f64)> {
        ages.iter().map(|age| ((*age, f64::INFINITY), 1.0)).collect()
    }

    #[test]
    fn earlier_calls_say_what_to_expect() {
        let like = Prior::like(&[200.0, 220.0, 180.0, 0.0], false);
        assert!((190.0..210.0).contains(&like.median) && like.doubt < 0.3, "{like:?}");
        assert_eq!(Prior::like(&[200.0, 0.0], true), Prior::CHAT);
    }

    #[test]
    fn what_was_seen_moves_the_prior_aside() {
        let fit = Lifetimes::fit(PRIOR, &ended(&[10.0; 50]));
        assert!((9.0..13.0).contains(&fit.median()), "{}", fit.median());
        assert!(fit.survival(30.0) < 0.05, "{}", fit.survival(30.0));
    }

    #[test]
    fn what_is_still_going_says_that_it_takes_long() {
        let fit = Lifetimes::fit(PRIOR, &going(&[300.0; 100]));
        assert!(fit.median() > 280.0, "{}", fit.median());
        let young = Lifetimes::fit(PRIOR, &going(&[1.0; 100]));
        assert!((young.median() - 90.0).abs() < 1.0, "{}", young.median());
    }

    #[test]
    fn one_that_hangs_says_nothing_of_the_others() {
        let seen = [80.0, 90.0, 100.0, 110.0, 95.0, 85.0, 105.0, 90.0];
        let fit = Lifetimes::fit(PRIOR, &[ended(&seen), going(&[2000.0])].concat());
        assert!((85.0..115.0).contains(&fit.median()), "{}", fit.median());
        // And what has hung for long may hang for as long again.
        let rest = fit.survival(4000.0) / fit.survival(2000.0);
        assert!(rest > 0.4, "{rest}");
    }

    proptest! {
        #[test]
        fn survival_only_falls(
            seen in prop::collection::vec(0.0..5000.0_f64, 0..30),
            ages in prop::collection::vec(0.0..5000.0_f64, 0..30),
        ) {
            let fit = Lifetimes::fit(PRIOR, &[ended(&seen), going(&ages)].concat());
            let mut last = 1.0;
            for length in 0..500 {
                let now = fit.survival(f64::from(length) * 10.0);
                prop_assert!((0.0..=last).contains(&now), "{now} after {last}");
                last = now;
            }
            prop_assert!(fit.mean_rest(100.0).is_finite());
        }
    }
}
