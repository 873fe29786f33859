//! A number beside the number that it is compared with: as many digits as tell the two apart.
//!
//! Pure, and the only place that decides how many digits a figure is shown with. Every report, on
//! whatever surface, shows a figure through it.
//!
//! The rule: a figure is shown with the usual digits of its unit; where they would show it as equal
//! to its threshold, or on the other side of it, it gets more digits until they do not. A threshold
//! is shown as it was written. Numbers that a check takes for equal ([`same`]) are shown alike.

use std::cmp::Ordering;

use crate::text::{NOT_FINITE, trim_number};

/// The smallest chance that is shown with its digits.
const SMALLEST_P: f64 = 0.0001;

/// More digits than that are noise of the arithmetic.
const MOST_DIGITS: usize = 12;

/// How the figures of a unit are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The usual number of decimals.
    pub digits: usize,
    /// Whether the figure is a fraction that is written as a percentage.
    pub percent: bool,
    /// What stands behind it.
    pub sign: &'static str,
}

/// A share of something, as a percentage.
pub const SHARE: Form = Form { digits: 1, percent: true, sign: "%" };
/// A difference of two shares.
pub const POINTS: Form = Form { digits: 1, percent: true, sign: " points" };

/// Whether a check takes two numbers for equal. Rates and means come out of divisions, so that a
/// value within a billionth of the threshold is no further away than rounding takes it.
pub fn same(value: f64, threshold: f64) -> bool {
    (value - threshold).abs() <= 1e-9 * threshold.abs().max(1.0)
}

/// A figure with its unit, with as many digits as tell it apart from each of the thresholds.
///
/// Where it differs from one of them (by more than [`same`] forgives), the text does too, and it
/// names a number on the same side of the threshold's own text ([`threshold`]).
pub fn beside(value: f64, thresholds: &[f64], form: Form) -> String {
    if !value.is_finite() {
        return NOT_FINITE.to_owned();
    }
    let thresholds = thresholds.iter().copied().filter(|threshold| threshold.is_finite());
    // Such a one is shown as the threshold is.
    if let Some(equal) = thresholds.clone().find(|threshold| same(value, *threshold)) {
        return self::threshold(equal, form);
    }
    let number = scaled(value, form);
    let scaled: Vec<f64> = thresholds.map(|one| written(scaled(one, form))).collect();
    // A share of nothing and a share of all are thresholds of their own.
    let ends: &[f64] = if form.percent { &[-100.0, 0.0, 100.0] } else { &[] };
    let is_apart = |text: &str| {
        let shown = text.parse::<f64>().unwrap_or(f64::NAN);
        let side = |one: &f64| shown.partial_cmp(one) == number.partial_cmp(one);
        scaled.iter().chain(ends).all(side)
    };
    let texts = (form.digits..=MOST_DIGITS).map(|digits| decimals(number, digits));
    let text = texts.into_iter().find(|text| is_apart(text)).unwrap_or_else(|| exact(number));
    format!("{text}{}", form.sign)
}

/// A threshold with its unit, as it was written: with all of its digits, without the noise that
/// arithmetic left in the last ones.
pub fn threshold(threshold: f64, form: Form) -> String {
    if !threshold.is_finite() {
        return NOT_FINITE.to_owned();
    }
    format!("{}{}", exact(written(scaled(threshold, form))), form.sign)
}

/// The chance that noise explains a change, beside the chance that counts: `p = 0.031`, or
/// `p < 0.0001` where it is smaller than anybody asks.
pub fn chance(p: f64, significance: f64) -> String {
    let form = Form { digits: 4, percent: false, sign: "" };
    match p {
        p if !p.is_finite() => "p is not known".to_owned(),
        p if p < SMALLEST_P && significance >= SMALLEST_P => format!("p < {SMALLEST_P}"),
        p => format!("p = {}", beside(p, &[0.0, significance], form)),
    }
}

/// A fraction for programs, such as an output of a CI step: six decimals, more where they would
/// make it equal to a threshold, to nothing or to all.
pub fn fraction(value: f64, thresholds: &[f64]) -> String {
    let form = Form { digits: 6, percent: false, sign: "" };
    let all: Vec<f64> = thresholds.iter().copied().chain([0.0, 1.0]).collect();
    beside(value, &all, form)
}

fn scaled(value: f64, form: Form) -> f64 {
    if form.percent { value * 100.0 } else { value }
}

/// The number without what is beyond twelve digits.
fn written(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

/// At most so many decimals. What is far beyond any unit is written with an exponent.
fn decimals(number: f64, digits: usize) -> String {
    match number.abs().partial_cmp(&1e15) {
        Some(Ordering::Less) => trim_number(number, digits),
        _ => exact(number),
    }
}

/// All digits that tell the number apart from every other.
fn exact(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        size if (1e-9..1e15).contains(&size) => number.to_string(),
        _ => format!("{number:e}"),
    }
}

/// A fraction as a percentage with at most one decimal: `87.5%`. A fraction that only rounding
/// would make 0% or 100% is shown with as many decimals as it takes to tell it apart. Beside a
/// threshold, [`crate::numbers::beside`] does the same for the threshold.
pub fn percent(fraction: f64) -> String {
    crate::numbers::beside(fraction, &[], crate::numbers::SHARE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECONDS: Form = Form { digits: 2, percent: false, sign: "s" };

    #[test]
    fn a_figure_gets_the_digits_that_tell_it_apart_from_its_threshold() {
        let rows = [
            (0.9495, 0.95, SHARE, "94.95%"),
            (0.94, 0.95, SHARE, "94%"),
            (0.949_999_99, 0.95, SHARE, "94.999999%"),
            (0.950_000_01, 0.95, SHARE, "95.000001%"),
            (0.8749, 0.8754, SHARE, "87.5%"),
            (0.8753, 0.8754, SHARE, "87.5%"),
            (0.8754, 0.8755, SHARE, "87.5%"),
            (0.8756, 0.8755, SHARE, "87.6%"),
            (0.999_999, 0.9, SHARE, "99.9999%"),
            (0.000_001, 0.1, SHARE, "0.0001%"),
            (2.0 / 3.0, 0.5, SHARE, "66.7%"),
            (1.9996, 2.0, SECONDS, "1.9996s"),
            (2.0004, 2.0, SECONDS, "2.0004s"),
            (1.9, 2.0, SECONDS, "1.9s"),
            (2.0, 2.0, SECONDS, "2s"),
            (-0.0799, -0.08, SHARE, "-7.99%"),
        ];
        for (value, threshold, form, expected) in rows {
            assert_eq!(beside(value, &[threshold], form), expected, "{value} beside {threshold}");
        }
    }

    #[test]
    fn what_a_check_takes_for_equal_is_shown_as_equal() {
        assert_eq!(beside(0.3 - 0.2, &[0.1], SHARE), "10%");
        assert_eq!(beside(0.999, &[99.9 / 100.0], SHARE), "99.9%");
        assert_eq!(threshold(99.9 / 100.0, SHARE), "99.9%");
        assert_eq!(threshold(0.12345, SHARE), "12.345%");
    }

    #[test]
    fn what_is_no_finite_number_says_so() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(beside(value, &[2.0], SECONDS), "not a finite number");
        }
        assert_eq!(threshold(f64::INFINITY, SECONDS), "not a finite number");
    }

    #[test]
    fn a_chance_is_never_zero_and_never_seems_to_be_the_one_that_counts() {
        let rows = [
            (0.0, 0.05, "p < 0.0001"),
            (1e-12, 0.05, "p < 0.0001"),
            (0.031_25, 0.05, "p = 0.0312"),
            (0.049_999_6, 0.05, "p = 0.0499996"),
            (0.050_000_4, 0.05, "p = 0.0500004"),
            (0.000_02, 0.000_05, "p = 0.00002"),
            (f64::NAN, 0.05, "p is not known"),
        ];
        for (p, significance, expected) in rows {
            assert_eq!(chance(p, significance), expected);
        }
    }

    #[test]
    fn a_fraction_for_programs_keeps_six_decimals() {
        assert_eq!(fraction(2.0 / 3.0, &[]), "0.666667");
        assert_eq!(fraction(0.949_999_9, &[0.95]), "0.9499999");
        assert_eq!(fraction(0.999_999_9, &[]), "0.9999999");
    }

    fn forms() -> impl Strategy<Value = Form> {
        let form = (0_usize..4, any::<bool>());
        form.prop_map(|(digits, percent)| Form { digits, percent, sign: "" })
    }

    /// Numbers of every size, and such as lie next to each other.
    fn pairs() -> impl Strategy<Value = (f64, f64)> {
        let near = (-1e4..1e4_f64, -12..1_i32, any::<bool>()).prop_map(|(bound, power, above)| {
            let off = 10_f64.powi(power) * if above { 1.0 } else { -1.0 };
            (bound + off, bound)
        });
        let written = (0..100_000_i32, -9..3_i32, any::<bool>()).prop_map(|(n, power, above)| {
            let bound = f64::from(n) / 1000.0;
            let off = 10_f64.powi(power) * if above { 1.0 } else { -1.0 };
            (bound + off, bound)
        });
        prop_oneof![near, written, (-1e300..1e300_f64, -1e300..1e300_f64), (0.0..1.0, 0.0..1.0)]
    }

    proptest! {
        #[test]
        fn two_numbers_that_differ_are_shown_as_different_and_in_their_order(
            (value, bound) in pairs(), form in forms()
        ) {
            let (shown, wanted) = (beside(value, &[bound], form), threshold(bound, form));
            if same(value, bound) {
                prop_assert_eq!(shown, wanted);
            } else {
                let (a, b): (f64, f64) = (shown.parse().unwrap(), wanted.parse().unwrap());
                prop_assert_eq!(a.partial_cmp(&b), value.partial_cmp(&bound), "{} {}", shown, wanted);
            }
        }

        #[test]
        fn shown_figures_keep_their_order_among_each_other(
            (value, bound) in pairs(), other in 0.0..1.0_f64, form in forms()
        ) {
            let other = bound + (value - bound) * other;
            let show = |number| beside(number, &[bound], form).parse::<f64>().unwrap();
            let (low, high) = if value < other { (value, other) } else { (other, value) };
            prop_assert!(show(low) <= show(high), "{low} {high} beside {bound}");
        }
    }
}
