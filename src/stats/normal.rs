//! The standard normal distribution: its upper tail and its quantiles.

use std::f64::consts::FRAC_1_SQRT_2;

/// Beyond this many standard deviations the tail is smaller than any `f64`.
const FURTHEST: f64 = 40.0;

/// The chance of a value of at least `z`: `erfc(z / √2) / 2`, which keeps its digits far out.
pub fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// The value that is exceeded with a chance of `tail`, 0 to 1; infinite at both ends.
pub fn upper_quantile(tail: f64) -> f64 {
    if tail > 0.5 {
        return -upper_quantile(1.0 - tail);
    }
    if tail <= 0.0 {
        return f64::INFINITY;
    }
    super::bisect(0.0, FURTHEST, |z| upper_tail(z) >= tail).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz and Stegun, Handbook of Mathematical Functions (1964), tables 26.1 and 26.5.
    #[test]
    fn tails_and_quantiles_agree_with_the_handbook() {
        for (z, tail) in [(0.0, 0.5), (1.0, 0.158_655_253_93), (2.0, 0.022_750_131_95)] {
            assert!((upper_tail(z) - tail).abs() < 5e-11, "{z}");
        }
        for (tail, z) in [(0.025, 1.959_96), (0.05, 1.644_85), (0.005, 2.575_83), (0.5, 0.0)] {
            assert!((upper_quantile(tail) - z).abs() < 5e-6, "{tail}");
            assert!((upper_quantile(1.0 - tail) + z).abs() < 5e-6, "{tail}");
        }
    }

    #[test]
    fn the_ends_are_infinite() {
        assert_eq!(upper_quantile(0.0), f64::INFINITY);
        assert_eq!(upper_quantile(1.0), f64::NEG_INFINITY);
    }
}
