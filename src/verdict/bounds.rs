//! Between which figures the truth lies, and whether a condition holds between them.
//!
//! Pure. Two things leave a figure open: runs that gave no value, and, where a confidence is asked
//! for, the chance of the sample.

use super::Verdict;
use crate::checks::aggregate::of_numbers;
use crate::checks::grammar::{Aggregate, Operator};
use crate::stats::numbers;

/// A mean or sum has no bound when a run gave no value. Up to this share of the runs may lack one,
/// and are then taken to lie between the lowest and the highest value seen; beyond it the check is
/// inconclusive.
pub(super) const LACKING_FOR_A_MEAN: f64 = 0.10;

/// The lowest and highest figure that the runs without a value leave possible, and at `confidence`
/// the chance of the sample too; none when they leave anything possible or there is no value at
/// all. `lacking` is the share of runs that may lack a value for a mean.
pub(super) fn bounds(
    aggregate: &Aggregate,
    numbers: &[f64],
    unknown: usize,
    scale: Option<(f64, f64)>,
    lacking: f64,
    confidence: Option<f64>,
) -> Option<(f64, f64)> {
    if let Aggregate::Count = aggregate {
        return Some((numbers.len() as f64, (numbers.len() + unknown) as f64));
    }
    let value = of_numbers(aggregate, numbers)?;
    let (lowest, highest) = match (aggregate, scale) {
        _ if unknown == 0 => (value, value),
        (_, Some(scale)) => scale,
        (Aggregate::Mean | Aggregate::Sum, None) => {
            if unknown as f64 / (numbers.len() + unknown) as f64 > lacking {
                return None;
            }
            let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low, high)
        }
        // Quantiles and extremes are bounded by the order of the values alone.
        (_, None) => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let with = |filler: f64| {
        let mut filled = numbers.to_vec();
        filled.resize(numbers.len() + unknown, filler);
        let figure = of_numbers(aggregate, &filled)?;
        Some(match (confidence, aggregate) {
            (None, _) => (figure, figure),
            (Some(confidence), Aggregate::Mean) => numbers::mean_bounds(&filled, confidence),
            (Some(confidence), Aggregate::Median) => {
                numbers::quantile_bounds(&filled, 0.5, confidence)
            }
            (Some(confidence), Aggregate::Percentile(p)) => {
                numbers::quantile_bounds(&filled, p / 100.0, confidence)
            }
            // Extremes, sums and counts are facts about these runs, not estimates of a truth.
            (Some(_), _) => (figure, figure),
        })
    };
    Some((with(lowest)?.0, with(highest)?.1))
}

/// Whether a condition holds everywhere, nowhere or somewhere between two bounds.
pub(super) fn over_range(operator: Operator, low: f64, high: f64, threshold: f64) -> Verdict {
    let at = |value: f64| operator.holds(value, threshold);
    let inside = low <= threshold && threshold <= high;
    let (everywhere, somewhere) = match operator {
        Operator::AtLeast | Operator::Above => (at(low), at(high)),
        Operator::AtMost | Operator::Below => (at(high), at(low)),
        Operator::Equal => (at(low) && at(high), at(low) || at(high) || inside),
        Operator::Unequal => (at(low) && at(high) && !inside, at(low) || at(high)),
    };
    match (everywhere, somewhere) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Inconclusive,
        (false, false) => Verdict::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_holds_everywhere_nowhere_or_somewhere_between_two_bounds() {
        use Operator::{Above, AtLeast, AtMost, Below, Equal, Unequal};
        use Verdict::{Fail, Inconclusive, Pass};
        for (operator, low, high, expected) in [
            (AtLeast, 5.0, 9.0, Pass),
            (AtLeast, 4.0, 5.0, Inconclusive),
            (AtLeast, 1.0, 4.0, Fail),
            (Above, 5.0, 9.0, Inconclusive),
            (Above, 1.0, 5.0, Fail),
            (AtMost, 1.0, 5.0, Pass),
            (AtMost, 5.0, 9.0, Inconclusive),
            (AtMost, 6.0, 9.0, Fail),
            (Below, 1.0, 5.0, Inconclusive),
            (Below, 5.0, 9.0, Fail),
            (Equal, 5.0, 5.0, Pass),
            (Equal, 5.0, 9.0, Inconclusive),
            (Equal, 1.0, 5.0, Inconclusive),
            (Equal, 1.0, 9.0, Inconclusive),
            (Equal, 6.0, 9.0, Fail),
            (Equal, 1.0, 4.0, Fail),
            // A billionth beside the threshold is equal to it.
            (Equal, 5.0 + 1e-12, 9.0, Inconclusive),
            (Unequal, 1.0, 5.0 - 1e-12, Inconclusive),
            (Unequal, 5.0, 5.0, Fail),
            (Unequal, 5.0, 9.0, Inconclusive),
            (Unequal, 1.0, 5.0, Inconclusive),
            (Unequal, 1.0, 9.0, Inconclusive),
            (Unequal, 6.0, 9.0, Pass),
            (Unequal, 1.0, 4.0, Pass),
        ] {
            let seen = over_range(operator, low, high, 5.0);
            assert_eq!(seen, expected, "{operator:?} from {low} to {high}");
        }
    }
}
