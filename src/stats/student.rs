//! Student's t distribution with a whole number of degrees of freedom.

use std::f64::consts::FRAC_2_PI;

/// Beyond this the tail is below any level in use, even at one degree of freedom.
const FURTHEST: f64 = 1e9;

/// The chance of a value of at least `t` with `freedom` degrees of freedom, 1 or more.
///
/// The finite series of Abramowitz and Stegun (1964), 26.7.3 and 26.7.4. It gives the part within
/// ±`t`, so that a tail below 0.0001 loses digits.
pub fn upper_tail(t: f64, freedom: usize) -> f64 {
    let angle = (t.abs() / (freedom as f64).sqrt()).atan();
    let (sin, cos) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = 0.0;
    // The series of the odd runs 1, 2/3, 2·4/3·5 …; that of the even 1, 1/2, 1·3/2·4 …
    let mut step = if odd { 3 } else { 2 };
    while step <= freedom {
        sum += term;
        term *= (step - 1) as f64 / step as f64 * cos * cos;
        if term < 1e-18 {
            break;
        }
        step += 2;
    }
    let within = if odd { FRAC_2_PI * (angle + sin * sum) } else { sin * sum };
    let beyond = (1.0 - within) / 2.0;
    if t >= 0.0 { beyond } else { 1.0 - beyond }
}

/// The value that is exceeded with a chance of `tail`, 0 to 1; infinite at both ends.
pub fn upper_quantile(tail: f64, freedom: usize) -> f64 {
    if tail > 0.5 {
        return -upper_quantile(1.0 - tail, freedom);
    }
    if tail <= 0.0 {
        return f64::INFINITY;
    }
    super::bisect(0.0, FURTHEST, |t| upper_tail(t, freedom) >= tail).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's table as in Abramowitz and Stegun (1964), table 26.10.
    #[test]
    fn quantiles_agree_with_the_handbook() {
        let rows = [
            (1, 0.05, 6.314),
            (2, 0.05, 2.920),
            (4, 0.025, 2.776),
            (9, 0.05, 1.833),
            (9, 0.005, 3.250),
            (30, 0.025, 2.042),
            (120, 0.05, 1.658),
        ];
        for (freedom, tail, t) in rows {
            assert!((upper_quantile(tail, freedom) - t).abs() < 5.1e-4, "{freedom} {tail}");
            assert!((upper_quantile(1.0 - tail, freedom) + t).abs() < 5.1e-4, "{freedom} {tail}");
        }
    }

    #[test]
    fn with_many_degrees_of_freedom_it_is_the_normal_distribution() {
        let normal = crate::stats::normal::upper_quantile(0.05);
        assert!((upper_quantile(0.05, 1_000_000) - normal).abs() < 1e-5);
        assert_eq!(upper_quantile(0.0, 3), f64::INFINITY);
    }
}
