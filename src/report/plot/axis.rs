//! Numbers to places on a plot: scales, round tick values and their labels.
//!
//! It draws nothing.

use crate::text;

/// A scale from numbers to places: linear, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// A scale of the numbers from `low` to `high` on the places from `from` to `to`.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, from, to }
    }

    /// The place of a number; of one beyond the ends, the end.
    pub(super) fn at(self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        let share = if share.is_nan() { 0.0 } else { share };
        self.from + share * (self.to - self.from)
    }

    /// Whether a number lies on the scale.
    pub(super) fn holds(self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }
}

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Unit {
    /// A bare number.
    Number,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
}

impl Unit {
    /// A number with its unit, in a sentence or at a mark.
    pub(in crate::report) fn show(self, value: f64) -> String {
        let digits = if value.abs() >= 100.0 { 0 } else { 2 };
        let number = text::trim_number(value, digits);
        match self {
            Unit::Number => number,
            Unit::Milliseconds => format!("{number} ms"),
            Unit::Seconds => format!("{number} s"),
            Unit::Minutes => format!("{number} min"),
        }
    }

    /// The unit in a word, for the axis; none of a bare number.
    pub(in crate::report) const fn word(self) -> Option<&'static str> {
        match self {
            Unit::Number => None,
            Unit::Milliseconds => Some("milliseconds"),
            Unit::Seconds => Some("seconds"),
            Unit::Minutes => Some("minutes"),
        }
    }
}

/// The size of a step between round numbers, so that about `wanted` steps span `range`.
pub(super) fn step(range: f64, wanted: f64) -> f64 {
    if !range.is_finite() || range <= 0.0 {
        return 1.0;
    }
    let rough = range / wanted.max(1.0);
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

/// The same for a time in seconds: steps that a clock has.
pub(super) fn time_step(range: f64, wanted: f64) -> f64 {
    const STEPS: [f64; 15] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
        21600.0,
    ];
    let rough = range / wanted.max(1.0);
    STEPS.into_iter().find(|step| *step >= rough).unwrap_or_else(|| step(range, wanted))
}

/// Multiples of `step` from `low` to `high`, at most a hundred.
pub(super) fn ticks(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - 1e-9).ceil();
    (0..100)
        .map(|n| (first + f64::from(n)) * step)
        .take_while(|tick| *tick <= high + step * 1e-9)
        .collect()
}

/// The label of a tick: as many decimals as the step has.
pub(super) fn label(tick: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let plain = text::trim_number(tick, digits);
    let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), ""), |(w, r)| (w, r));
    // A thin gap between thousands; four digits read well without.
    let digits = whole.trim_start_matches('-');
    if digits.len() < 5 {
        return plain;
    }
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let dot = if rest.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{dot}{rest}")
}

/// A time since the start as a clock shows it: `0:30`, `1:05:00`.
pub(in crate::report) fn clock(seconds: f64) -> String {
    let total = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_are_round_and_about_as_many_as_wanted() {
        let table = [(100.0, 5.0, 20.0), (2310.0, 5.0, 500.0), (0.9, 5.0, 0.2), (7.0, 5.0, 2.0)];
        for (range, wanted, expected) in table {
            assert!(
                (step(range, wanted) - expected).abs() < 1e-9,
                "{range}: {}",
                step(range, wanted)
            );
        }
        assert!((time_step(252.0, 5.0) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_labelled_as_a_person_writes_them() {
        let labels = |high, step| -> Vec<String> {
            ticks(0.0, high, step).into_iter().map(|tick| label(tick, step)).collect()
        };
        assert_eq!(labels(1.0, 0.5), ["0", "0.5", "1"]);
        assert_eq!(labels(2310.0, 1000.0), ["0", "1000", "2000"]);
        assert_eq!(labels(25_000.0, 10_000.0), ["0", "10\u{2009}000", "20\u{2009}000"]);
        assert_eq!([clock(5.0), clock(3900.0)], ["0:05", "1:05:00"]);
    }

    proptest! {
        #[test]
        fn ticks_lie_within_the_axis_and_are_few(low in -1e6..1e6_f64, span in 1e-3..1e7_f64) {
            let step = step(span, 5.0);
            let ticks = ticks(low, low + span, step);
            prop_assert!(ticks.len() <= 7, "{ticks:?}");
            prop_assert!(ticks.iter().all(|t| *t >= low - step * 1e-6 && *t <= low + span + step * 1e-6));
        }

        #[test]
        fn a_place_is_within_the_plot(value in prop::num::f64::ANY, low in -1e6..1e6_f64, span in 0.0..1e6_f64) {
            let place = Scale::new((low, low + span), (10.0, 90.0)).at(value);
            prop_assert!((10.0..=90.0).contains(&place));
        }
    }
}
