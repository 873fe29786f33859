//! A tiny deterministic generator (splitmix64) and the distributions that a world speaks of.
//!
//! The same seeds give the same numbers on every machine, for ever: rehearsals can be repeated and
//! tests can name what comes out.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// The standard score of the 95th percentile.
const Z95: f64 = 1.644_853_626_951;

/// A stream of pseudo-random numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// A stream of its own for each sequence of seeds.
    pub(super) fn new(seeds: &[u64]) -> Self {
        let mut random = Random(0x5EED);
        for seed in seeds {
            random.0 ^= seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            random.0 = random.next();
        }
        random
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 (may come) to 1 (never comes).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability. Always takes one number, so that a world's other numbers stay
    /// the same when a probability is edited.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normally distributed.
    pub(super) fn normal(&mut self, mean: f64, spread: f64) -> f64 {
        mean + spread * self.standard()
    }

    /// Log-normally distributed: half of the numbers below `median`, one in twenty above `p95`.
    pub(super) fn log_normal(&mut self, median: f64, p95: f64) -> f64 {
        let sigma = (p95 / median).ln() / Z95;
        let standard = self.standard();
        if sigma.is_finite() { median * (sigma * standard).exp() } else { median }
    }

    fn standard(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }

    /// One of the items.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = (self.unit() * items.len() as f64) as usize;
        items.get(at)
    }

    /// One of the labels, each as often as its weight says.
    pub(super) fn label<'a>(&mut self, weights: &'a BTreeMap<String, f64>) -> Option<&'a str> {
        let total: f64 = weights.values().filter(|weight| **weight > 0.0).sum();
        let mut at = self.unit() * total;
        let mut last = None;
        for (label, weight) in weights.iter().filter(|(_, weight)| **weight > 0.0) {
            last = Some(label.as_str());
            if at < *weight {
                break;
            }
            at -= weight;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_same_for_ever() {
        let mut random = Random::new(&[1, 2, 3]);
        let first = random.next();
        assert_eq!(Random::new(&[1, 2, 3]).next(), first);
        assert_ne!(Random::new(&[1, 3, 2]).next(), first);
        assert_ne!(Random::new(&[2, 2, 3]).next(), first);
    }

    #[test]
    fn a_log_normal_keeps_its_median_and_p95() {
        let mut random = Random::new(&[7]);
        let mut values: Vec<f64> = (0..20_000).map(|_| random.log_normal(800.0, 2000.0)).collect();
        values.sort_by(f64::total_cmp);
        assert!((values[10_000] - 800.0).abs() < 25.0, "{}", values[10_000]);
        assert!((values[19_000] - 2000.0).abs() < 100.0, "{}", values[19_000]);
    }

    #[test]
    fn labels_come_as_often_as_they_weigh() {
        let weights = BTreeMap::from([("a".to_owned(), 3.0), ("b".to_owned(), 1.0)]);
        let mut random = Random::new(&[7]);
        let a = (0..4000).filter(|_| random.label(&weights) == Some("a")).count();
        assert!((2850..3150).contains(&a), "{a}");
        assert_eq!(random.label(&BTreeMap::new()), None);
    }
}
