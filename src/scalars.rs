//! The small values of a suite file that are written as text: percentages, time spans, days.
//!
//! Each has one parser, used by the reader (which checks text against the schema's `format`) and
//! by serde. The errors are lowercase fragments that say what was expected.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::document::ScalarError;

/// A share written in percent, 0 to 100, such as `95%`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(f64);

impl Percent {
    /// The share as a fraction, 0 to 1.
    pub fn fraction(self) -> f64 {
        self.0 / 100.0
    }
}

/// The percentage that was meant by a bare number: up to 1 it was a fraction.
pub fn meant_by(value: f64) -> String {
    let percent = if (0.0..=1.0).contains(&value) { value * 100.0 } else { value };
    format!("{}%", crate::text::trim_number(percent, 9))
}

impl FromStr for Percent {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(number) = text.trim().strip_suffix('%') else {
            return Err(match text.trim().parse::<f64>() {
                Ok(value) => ScalarError::new(
                    format!("`{}` is not a percentage: the sign is missing", text.trim()),
                    format!("write `{}`", meant_by(value)),
                ),
                Err(_) => ScalarError::new(
                    format!("`{text}` is not a percentage"),
                    "write a number from 0 to 100 and the sign, for example `95%`",
                ),
            });
        };
        match number.trim_end().parse::<f64>() {
            Ok(value) if (0.0..=100.0).contains(&value) => Ok(Percent(value)),
            _ => Err(ScalarError::new(
                format!("`{text}` is not a percentage from 0% to 100%"),
                "write a number from 0 to 100 and the sign, for example `95%`",
            )),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// A span of time, longer than nothing and at most seven days, such as `45m` or `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout(Duration);

impl Timeout {
    const MAX: Duration = Duration::from_secs(7 * 24 * 3600);

    /// The span.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl Default for Timeout {
    fn default() -> Self {
        Timeout(Duration::from_secs(3600))
    }
}

impl FromStr for Timeout {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const HELP: &str = "write a span such as `90s`, `45m` or `1h30m`";
        let text = text.trim();
        if text.parse::<f64>().is_ok() {
            return Err(ScalarError::new(
                format!("`{text}` has no unit"),
                format!("write `{text}s` for seconds or `{text}m` for minutes"),
            ));
        }
        let span: jiff::SignedDuration = text
            .parse()
            .map_err(|_| ScalarError::new(format!("`{text}` is not a span of time"), HELP))?;
        let span = Duration::try_from(span).unwrap_or_default();
        if span.is_zero() || span > Self::MAX {
            return Err(ScalarError::new(
                format!("`{text}` is out of range: longer than 0s, at most 7 days (168h)"),
                HELP,
            ));
        }
        Ok(Timeout(span))
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::text::span(self.0))
    }
}

/// A day, such as `2026-12-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub jiff::civil::Date);

impl FromStr for Date {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || {
            ScalarError::new(
                format!("`{text}` is not a day of the calendar"),
                "write year-month-day, for example `2026-12-31`",
            )
        };
        let shape = text.len() == 10 && text.bytes().filter(|b| *b == b'-').count() == 2;
        if !shape {
            return Err(malformed());
        }
        text.parse().map(Date).map_err(|_| malformed())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Gives a text-like type its serde and schema: text in, text out, checked by `FromStr`.
macro_rules! text_scalar {
    ($type:ident, $format:literal, $description:literal, $example:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "format": $format,
                    "description": $description,
                    "examples": [$example],
                })
            }
        }
    };
}

text_scalar!(Percent, "percent", "A share in percent, with the sign.", "95%");
text_scalar!(Timeout, "timespan", "A span of time with its unit.", "45m");
text_scalar!(Date, "date", "A day, year-month-day.", "2026-12-31");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_needs_its_sign() {
        let error = "95".parse::<Percent>().unwrap_err();
        assert_eq!(error.help.as_deref(), Some("write `95%`"));
        let error = "0.95".parse::<Percent>().unwrap_err();
        assert_eq!(error.help.as_deref(), Some("write `95%`"));
        assert_eq!("95 %".parse::<Percent>().unwrap().fraction(), 0.95);
    }

    #[test]
    fn a_percentage_lies_between_0_and_100() {
        for text in ["101%", "-1%", "NaN%", "inf%", "%", ""] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_timeout_needs_a_unit_and_lies_above_zero_and_below_a_week() {
        assert_eq!("1h30m".parse::<Timeout>().unwrap().duration().as_secs(), 5400);
        for text in ["90", "0s", "-5m", "169h", "soon", ""] {
            assert!(text.parse::<Timeout>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_timeout_reads_back_as_it_is_written() {
        for text in ["45m", "1h30m", "90s", "1500ms", "168h"] {
            let timeout: Timeout = text.parse().unwrap();
            assert_eq!(timeout.to_string().parse::<Timeout>().unwrap(), timeout, "{text}");
        }
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        assert!("2026-12-31".parse::<Date>().is_ok());
        for text in ["2026-02-30", "31.12.2026", "2026-12", "tomorrow", "2026-12-31T00:00:00"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
