//! Many numbers to one figure.
//!
//! Pure. Values may be infinite: that is how the bounds of runs without a value are computed.

use crate::checks::grammar::{Aggregate, Check, Unit};

/// The figure of some numbers; none when there are none, or when the aggregate is a share.
///
/// Quantiles interpolate linearly between order statistics (Hyndman and Fan 1996, type 7: what
/// NumPy, R and Excel do by default).
pub(crate) fn of_numbers(aggregate: &Aggregate, values: &[f64]) -> Option<f64> {
    if let Aggregate::Count = aggregate {
        return Some(values.len() as f64);
    }
    if values.is_empty() {
        return None;
    }
    let sum = || values.iter().sum::<f64>();
    match aggregate {
        Aggregate::Mean => Some(sum() / values.len() as f64),
        Aggregate::Sum => Some(sum()),
        Aggregate::Min => values.iter().copied().reduce(f64::min),
        Aggregate::Max => values.iter().copied().reduce(f64::max),
        Aggregate::Median => quantile(values, 0.5),
        Aggregate::Percentile(p) => quantile(values, p / 100.0),
        Aggregate::Count | Aggregate::Rate | Aggregate::Share(_) => None,
    }
}

/// The aggregate that fits the threshold where the suite names none.
pub(crate) fn settled(check: &Check) -> Aggregate {
    match (&check.aggregate, check.threshold.unit) {
        (Some(aggregate), _) => aggregate.clone(),
        (None, Unit::Percent) => Aggregate::Rate,
        (None, _) => Aggregate::Mean,
    }
}

/// The quantile at `q`, 0 to 1.
fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = q.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(position.floor() as usize)?;
    let above = *sorted.get(position.ceil() as usize)?;
    // Interpolating from or between infinities would give NaN.
    let flat = below == above || below == f64::NEG_INFINITY;
    Some(if flat { below } else { below + position.fract() * (above - below) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_aggregate_of_a_known_sample() {
        let values = [4.0, 1.0, 3.0, 2.0];
        let rows = [
            (Aggregate::Mean, 2.5),
            (Aggregate::Median, 2.5),
            (Aggregate::Min, 1.0),
            (Aggregate::Max, 4.0),
            (Aggregate::Sum, 10.0),
            (Aggregate::Count, 4.0),
            (Aggregate::Percentile(0.0), 1.0),
            (Aggregate::Percentile(25.0), 1.75),
            (Aggregate::Percentile(90.0), 3.7),
            (Aggregate::Percentile(100.0), 4.0),
        ];
        for (aggregate, expected) in rows {
            let seen = of_numbers(&aggregate, &values).unwrap();
            assert!((seen - expected).abs() < 1e-12, "{aggregate}: {seen}");
        }
    }

    #[test]
    fn nothing_has_no_figure_but_its_count() {
        assert_eq!(of_numbers(&Aggregate::Mean, &[]), None);
        assert_eq!(of_numbers(&Aggregate::Percentile(95.0), &[]), None);
        assert_eq!(of_numbers(&Aggregate::Count, &[]), Some(0.0));
    }

    #[test]
    fn a_quantile_that_falls_on_infinity_is_infinite_and_never_nan() {
        let values = [1.0, f64::INFINITY, f64::INFINITY];
        assert_eq!(of_numbers(&Aggregate::Median, &values), Some(f64::INFINITY));
        assert_eq!(of_numbers(&Aggregate::Percentile(10.0), &values), Some(f64::INFINITY));
        assert_eq!(of_numbers(&Aggregate::Min, &values), Some(1.0));
        let values = [f64::NEG_INFINITY, f64::NEG_INFINITY, 1.0, 2.0];
        assert_eq!(of_numbers(&Aggregate::Median, &values), Some(f64::NEG_INFINITY));
    }

    proptest! {
        #[test]
        fn no_figure_is_ever_nan(
            values in proptest::collection::vec(-1e6..1e6_f64, 0..10), fillers in 0_usize..10,
            p in 0.0..=100.0_f64, filler in prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
        ) {
            let mut filled = values.clone();
            filled.resize(values.len() + fillers, filler);
            for aggregate in [Aggregate::Median, Aggregate::Percentile(p), Aggregate::Max, Aggregate::Min] {
                prop_assert!(!of_numbers(&aggregate, &filled).is_some_and(f64::is_nan));
            }
        }

        #[test]
        fn a_figure_lies_within_its_sample_and_order_does_not_matter(
            mut values in proptest::collection::vec(-1e6..1e6_f64, 1..50), p in 0.0..=100.0_f64
        ) {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for aggregate in [Aggregate::Mean, Aggregate::Median, Aggregate::Percentile(p)] {
                let before = of_numbers(&aggregate, &values).unwrap();
                prop_assert!(before >= low - 1e-6 && before <= high + 1e-6);
                values.reverse();
                let after = of_numbers(&aggregate, &values).unwrap();
                prop_assert!((before - after).abs() < 1e-6);
            }
        }
    }
}
