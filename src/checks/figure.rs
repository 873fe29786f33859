//! What a check is asked of, and the aggregate and the number that it means.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::BuiltIn;
use super::grammar::{Check, Unit};
use crate::numbers;
use crate::numbers::Form;

/// What a check is asked of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Figure<'s> {
    /// An entry of the table in `figures`.
    BuiltIn(&'static BuiltIn),
    /// A metric of the account.
    Metric(&'s str),
}

impl Figure<'_> {
    /// What a run has where it has a value of this figure.
    pub(crate) const fn value_of_a_run(&self) -> &'static str {
        match self {
            Figure::BuiltIn(figure) => figure.of_a_run,
            Figure::Metric(_) => "value",
        }
    }

    pub(crate) const fn name(&self) -> &str {
        match self {
            Figure::BuiltIn(figure) => figure.key,
            Figure::Metric(name) => name,
        }
    }
}

/// The unit of a check's figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureUnit {
    /// A fraction, shown as a percentage.
    Share,
    /// A bare number.
    Number,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
}

impl FigureUnit {
    /// How its figures are written.
    pub const fn form(self) -> Form {
        let (digits, sign) = match self {
            FigureUnit::Share => return numbers::SHARE,
            FigureUnit::Number => (2, ""),
            FigureUnit::Milliseconds => (1, "ms"),
            FigureUnit::Seconds => (2, "s"),
            FigureUnit::Minutes => (2, "m"),
        };
        Form { digits, percent: false, sign }
    }

    /// A figure with its unit, as a person reads it: `87.5%`, `2310ms`, `4.2`. Beside a threshold,
    /// `CheckReport::shown` has the digits that tell the two apart.
    pub fn show(self, value: f64) -> String {
        numbers::beside(value, &[], self.form())
    }

    /// A figure beside the threshold that it is compared with.
    pub fn beside(self, value: f64, threshold: f64) -> String {
        numbers::beside(value, &[threshold], self.form())
    }
}

/// The threshold as the suite writes it, shares as fractions.
pub(crate) fn written_threshold(check: &Check) -> (f64, FigureUnit) {
    let value = check.threshold.value;
    match check.threshold.unit {
        Unit::Percent => (value / 100.0, FigureUnit::Share),
        Unit::None => (value, FigureUnit::Number),
        Unit::Milliseconds => (value, FigureUnit::Milliseconds),
        Unit::Seconds => (value, FigureUnit::Seconds),
        Unit::Minutes => (value, FigureUnit::Minutes),
    }
}
