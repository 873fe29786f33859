//! Values of a numeric metric to what they say about the mean and the quantiles behind them.
//!
//! As with [`super::rate::bounds`], each end of a pair of bounds holds on its own with the given
//! confidence (a fraction, held between 0.5 and 1). Where the values say nothing, an end is
//! infinite. Values may be infinite too, which is how runs without a value are bounded; they are
//! never NaN.

use super::{normal, rate, student, unequal};

/// Bounds of the quantile at `q` (0 to 1): two of the values themselves, chosen by the binomial
/// distribution of how many of `n` values lie below the quantile. They assume nothing of how the
/// values are distributed, and hold at least as often as `confidence` says; ties make them safer.
///
/// A tail needs values: at 95%, the upper bound of p95 is infinite for fewer than 59 values, that
/// of p90 for fewer than 29, that of the median for fewer than 5. Without a value both are
/// infinite.
///
/// The bounds always enclose the interpolated quantile of the sample (Hyndman and Fan 1996, type
/// 7). Conover (1971), Practical Nonparametric Statistics; David and Nagaraja (2003), Order
/// Statistics.
pub fn quantile_bounds(values: &[f64], q: f64, confidence: f64) -> (f64, f64) {
    let chance = 1.0 - confidence.clamp(0.5, 1.0);
    let q = q.clamp(0.0, 1.0);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let position = q * n.saturating_sub(1) as f64;
    // Ranks from 0. With a chance beyond this, `least` or more values lie on one side.
    let high = unequal::least_unlikely(n, q, chance).map(|least| least - 1);
    let low = unequal::least_unlikely(n, 1.0 - q, chance).map(|least| n - least);
    let at = |rank: usize| sorted.get(rank).copied();
    (
        low.and_then(|rank| at(rank.min(position.floor() as usize))).unwrap_or(f64::NEG_INFINITY),
        high.and_then(|rank| at(rank.max(position.ceil() as usize))).unwrap_or(f64::INFINITY),
    )
}

/// Bounds of the mean: Student's t, corrected for skewness by Hall's transformation. Latencies are
/// skewed to the right, and Student's own interval then misses a mean that is larger than its
/// upper end far too often; `docs/statistics.md` has the measured rates beside those of Student and
/// of the bootstrap.
///
/// With `A = skewness / √n`, `h(y) = 3/A · (∛(1 + A·(y − A/6)) − 1)`, the standard error `s/√n` and
/// the quantile `t` of Student's distribution, the bounds are `mean − h(±t)·s/√n`. For skewness 0
/// that is Student's interval.
///
/// Fewer than two values, or an infinite one, say nothing: both bounds are infinite. Values that
/// are all equal show no spread at all, and the bounds are that value: whoever decides on them
/// should ask for a number of samples as well.
///
/// Hall (1992), On the removal of skewness by transformation; Student (1908).
pub fn mean_bounds(values: &[f64], confidence: f64) -> (f64, f64) {
    let confidence = confidence.clamp(0.5, 1.0);
    if values.len() < 2 || confidence >= 1.0 || values.iter().any(|value| !value.is_finite()) {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let moment = |power: i32| values.iter().map(|value| (value - mean).powi(power)).sum::<f64>();
    let deviation = (moment(2) / (n - 1.0)).sqrt();
    // What rounding alone makes of equal values is no spread.
    if deviation <= mean.abs() * 1e-14 {
        return (mean, mean);
    }
    let skew = moment(3) / n / deviation.powi(3) / n.sqrt();
    let t = student::upper_quantile(1.0 - confidence, values.len() - 1);
    let end = |t: f64| mean - unskewed(t, skew) * deviation / n.sqrt();
    (end(t).min(mean), end(-t).max(mean))
}

/// About how many further values would probably move a bound of the mean past `threshold`, were the
/// mean and the spread those of `values`; none as for [`further_by_width`].
pub fn further_for_mean(values: &[f64], threshold: f64, confidence: f64) -> Option<usize> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    further_by_width(values.len(), mean, mean_bounds(values, confidence), threshold, confidence)
}

/// About how many further samples would probably, that is with a chance of [`rate::PROBABLY`], move
/// an interval off `limit`, were the truth the figure `seen` in so many `samples`: the interval
/// narrows with the root of their number. `interval` has an end on each side of `seen`, each at
/// `confidence` (above 0.5).
///
/// None where the figure seen is the limit, without an interval, where the limit is outside already,
/// and where more than [`rate::MOST_RUNS`] would be needed.
pub fn further_by_width(
    samples: usize,
    seen: f64,
    interval: (f64, f64),
    limit: f64,
    confidence: f64,
) -> Option<usize> {
    let half = if limit < seen { seen - interval.0 } else { interval.1 - seen };
    let sure = normal::upper_quantile(1.0 - confidence);
    let wider = (sure + normal::upper_quantile(1.0 - rate::PROBABLY)) / sure;
    let factor = (half / (seen - limit).abs() * wider).powi(2);
    let more = (samples as f64 * (factor - 1.0)).ceil();
    (half > (seen - limit).abs() && (1.0..=rate::MOST_RUNS as f64).contains(&more))
        .then_some(more as usize)
}

/// Hall's transformation, backwards.
fn unskewed(y: f64, skew: f64) -> f64 {
    if skew == 0.0 {
        return y;
    }
    let inner = skew * (y - skew / 6.0);
    // Near 0 the plain form would lose its digits.
    let root =
        if inner.abs() < 0.5 { (inner.ln_1p() / 3.0).exp_m1() } else { (1.0 + inner).cbrt() - 1.0 };
    3.0 * root / skew
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INFINITE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    fn one_to(n: usize) -> Vec<f64> {
        (1..=n).map(|value| value as f64).collect()
    }

    /// The critical values of the sign test, read off a cumulative binomial table: a median's bounds
    /// leave at most 5% on each side.
    #[test]
    fn the_ranks_of_a_medians_bounds_are_those_of_the_sign_test() {
        for (n, low, high) in [(5, 1.0, 5.0), (8, 2.0, 7.0), (10, 2.0, 9.0), (20, 6.0, 15.0)] {
            assert_eq!(quantile_bounds(&one_to(n), 0.5, 0.95), (low, high), "{n}");
        }
        assert_eq!(quantile_bounds(&one_to(4), 0.5, 0.95), INFINITE);
    }

    /// Wilks (1941), Determination of sample sizes for setting tolerance limits: 59 values for
    /// 95% at 95%, 29 for 90%.
    #[test]
    fn a_tail_is_bounded_from_wilks_number_of_values_on() {
        for (q, least) in [(0.95, 59), (0.9, 29), (0.99, 299)] {
            assert_eq!(quantile_bounds(&one_to(least), q, 0.95).1, least as f64);
            assert_eq!(quantile_bounds(&one_to(least - 1), q, 0.95).1, f64::INFINITY);
        }
    }

    #[test]
    fn nothing_is_known_without_values() {
        assert_eq!(quantile_bounds(&[], 0.5, 0.95), INFINITE);
        assert_eq!(mean_bounds(&[], 0.95), INFINITE);
        assert_eq!(mean_bounds(&[3.0], 0.95), INFINITE);
        assert_eq!(mean_bounds(&[3.0, 4.0], 1.0), INFINITE);
        assert_eq!(mean_bounds(&[3.0, f64::INFINITY], 0.95), INFINITE);
    }

    #[test]
    fn an_infinite_value_moves_a_quantile_only_where_it_reaches_it() {
        let mut values = one_to(59);
        values.push(f64::INFINITY);
        assert_eq!(quantile_bounds(&values, 0.95, 0.95).1, f64::INFINITY);
        assert!(quantile_bounds(&values, 0.5, 0.95).1.is_finite());
    }

    /// Without skewness it is Student's interval: mean 3, s = √2.5, n = 5, t = 2.132.
    #[test]
    fn the_mean_of_symmetric_values_has_students_interval() {
        let (low, high) = mean_bounds(&one_to(5), 0.95);
        let half = 2.131_846_786 * (2.5_f64 / 5.0).sqrt();
        assert!((low - (3.0 - half)).abs() < 1e-8 && (high - (3.0 + half)).abs() < 1e-8);
    }

    #[test]
    fn a_long_tail_to_the_right_moves_the_means_upper_bound_out() {
        let values = [0.8, 0.9, 1.0, 1.0, 1.1, 1.2, 1.3, 4.0];
        let mean = values.iter().sum::<f64>() / 8.0;
        let (low, high) = mean_bounds(&values, 0.95);
        assert!(high - mean > mean - low);
        let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
        let (lower, higher) = mean_bounds(&mirrored, 0.95);
        assert!((lower + high).abs() < 1e-12 && (higher + low).abs() < 1e-12);
    }

    #[test]
    fn equal_values_bound_their_mean_by_itself() {
        assert_eq!(mean_bounds(&[0.1; 7], 0.95).0, mean_bounds(&[0.1; 7], 0.95).1);
    }

    /// One to five has a half width of 1.5075 and, at 95% and 80%, has to be 1.5117 times as sure.
    #[test]
    fn so_many_more_values_probably_move_the_bound_of_a_mean_past_a_threshold() {
        assert_eq!(further_for_mean(&one_to(5), 4.0, 0.95), Some(21));
        assert_eq!(further_for_mean(&one_to(5), 2.0, 0.95), Some(21));
        assert_eq!(further_for_mean(&one_to(5), 5.0, 0.95), None, "decided already");
        assert_eq!(further_for_mean(&one_to(5), 3.0, 0.95), None, "the mean is the threshold");
        assert_eq!(further_for_mean(&one_to(5), 3.001, 0.95), None, "too near");
        assert_eq!(further_for_mean(&[3.0], 4.0, 0.95), None, "one value has no spread");
    }

    proptest! {
        #[test]
        fn bounds_enclose_the_figure_and_widen_with_confidence(
            values in proptest::collection::vec(-1e4..1e4_f64, 2..80), q in 0.0..=1.0_f64
        ) {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let (low, high) = mean_bounds(&values, 0.9);
            let (lower, higher) = mean_bounds(&values, 0.99);
            prop_assert!(lower <= low && low <= mean && mean <= high && high <= higher);
            let (low, high) = quantile_bounds(&values, q, 0.9);
            let (lower, higher) = quantile_bounds(&values, q, 0.99);
            prop_assert!(lower <= low && low <= high && high <= higher);
        }

        #[test]
        fn the_order_of_values_does_not_matter(
            mut values in proptest::collection::vec(-1e4..1e4_f64, 2..80)
        ) {
            let quantile = quantile_bounds(&values, 0.9, 0.95);
            let mean = mean_bounds(&values, 0.95);
            values.reverse();
            prop_assert_eq!(quantile, quantile_bounds(&values, 0.9, 0.95));
            prop_assert!((mean.0 - mean_bounds(&values, 0.95).0).abs() < 1e-6);
        }
    }
}
