//! The grammar of a check: `[aggregate] operator value`, in short `value%`.
//!
//! ```text
//! check     := [aggregate] operator value | percentage
//! aggregate := rate | mean | median | min | max | sum | count | p<0-100> | share("label")
//! operator  := >= | > | <= | < | == | !=
//! value     := number [% | ms | s | m]
//! ```
//!
//! Pure. What an aggregate computes is in `aggregate`; which figure it is asked of is in `judge`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::document::ScalarError;
use crate::scalars::meant_by;

/// One condition on a figure, such as `p95 <= 2500ms`.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// How the runs' values become one figure. Missing: what fits the figure's kind.
    pub aggregate: Option<Aggregate>,
    /// How the figure is compared.
    pub operator: Operator,
    /// What it is compared with.
    pub threshold: Threshold,
}

/// How many values become one figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregate {
    /// Share of the runs that pass.
    Rate,
    /// Arithmetic mean.
    Mean,
    /// Median, as `p50`.
    Median,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Sum.
    Sum,
    /// Number of values.
    Count,
    /// Quantile, 0 to 100.
    Percentile(f64),
    /// Share of the runs with this label.
    Share(String),
}

/// How a figure is compared with its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

/// The number that a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// The number as written, in its unit.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// The unit of a threshold or of a figure.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A bare number.
    #[default]
    None,
    /// Percent.
    Percent,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
}

impl Unit {
    /// The sign behind a number.
    pub const fn sign(self) -> &'static str {
        match self {
            Unit::None => "",
            Unit::Percent => "%",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Minutes => "m",
        }
    }

    /// Seconds in one of this unit; none for a unit that is not of time.
    pub const fn in_seconds(self) -> Option<f64> {
        match self {
            Unit::Milliseconds => Some(0.001),
            Unit::Seconds => Some(1.0),
            Unit::Minutes => Some(60.0),
            Unit::None | Unit::Percent => None,
        }
    }
}

impl Operator {
    /// Whether `value operator threshold` holds. Rates and means come out of divisions, so that
    /// a value within a billionth of the threshold counts as equal to it.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        let near = crate::numbers::same(value, threshold);
        match self {
            Operator::AtLeast => value >= threshold || near,
            Operator::Above => value > threshold && !near,
            Operator::AtMost => value <= threshold || near,
            Operator::Below => value < threshold && !near,
            Operator::Equal => near,
            Operator::Unequal => !near,
        }
    }

    /// The sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Operator::AtLeast => ">=",
            Operator::Above => ">",
            Operator::AtMost => "<=",
            Operator::Below => "<",
            Operator::Equal => "==",
            Operator::Unequal => "!=",
        }
    }
}

impl Aggregate {
    /// Whether the figure is a share of the runs, to be compared with a percentage.
    pub const fn is_share(&self) -> bool {
        matches!(self, Aggregate::Rate | Aggregate::Share(_))
    }
}

const EXAMPLES: &str =
    "write `[aggregate] operator value`, for example `>= 90%`, `p95 <= 2500ms` or `mean >= 4.2`";
const AGGREGATES: [&str; 8] = ["rate", "mean", "median", "min", "max", "sum", "count", "share"];

impl FromStr for Check {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(ScalarError::new("the check is empty", EXAMPLES));
        }
        if let Some(check) = shorthand(trimmed)? {
            return Ok(check);
        }
        let (aggregate, rest) = split_aggregate(trimmed)?;
        let (operator, value) = split_operator(rest, trimmed)?;
        let threshold = parse_threshold(value)?;
        check_units(aggregate.as_ref(), threshold, trimmed)?;
        Ok(Check { aggregate, operator, threshold })
    }
}

/// `90%` stands for `>= 90%`. A bare number says neither operator nor unit and is refused.
fn shorthand(text: &str) -> Result<Option<Check>, ScalarError> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-' || c == '+') {
        return Ok(None);
    }
    let threshold = parse_threshold(text)?;
    match threshold.unit {
        Unit::Percent => {
            Ok(Some(Check { aggregate: None, operator: Operator::AtLeast, threshold }))
        }
        Unit::None => Err(ScalarError::new(
            format!("`{text}` is a bare number: it has neither an operator nor a unit"),
            format!(
                "for a rate write `{}`; for a number write `mean >= {text}`",
                meant_by(threshold.value)
            ),
        )),
        Unit::Milliseconds | Unit::Seconds | Unit::Minutes => Err(ScalarError::new(
            format!("`{text}` has no operator"),
            format!("write `p95 <= {text}` or `mean <= {text}`"),
        )),
    }
}

fn split_aggregate(text: &str) -> Result<(Option<Aggregate>, &str), ScalarError> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        return Ok((None, rest));
    }
    let aggregate = match word.to_ascii_lowercase().as_str() {
        "rate" => Aggregate::Rate,
        "mean" => Aggregate::Mean,
        "median" => Aggregate::Median,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "sum" => Aggregate::Sum,
        "count" => Aggregate::Count,
        "share" => {
            let (label, rest) = share_label(rest, text)?;
            return Ok((Some(Aggregate::Share(label)), rest));
        }
        other => match other.strip_prefix('p').and_then(|n| n.parse::<f64>().ok()) {
            Some(p) if (0.0..=100.0).contains(&p) => Aggregate::Percentile(p),
            Some(_) => {
                return Err(ScalarError::new(
                    format!("`{word}` is not a quantile from p0 to p100"),
                    "write for example `p95`",
                ));
            }
            None => return Err(unknown_aggregate(word)),
        },
    };
    Ok((Some(aggregate), rest))
}

fn unknown_aggregate(word: &str) -> ScalarError {
    let known = format!("the aggregates are {} and p0 to p100", AGGREGATES.join(", "));
    let help = match crate::text::nearest(word, AGGREGATES) {
        Some(near) => format!("did you mean `{near}`? {known}"),
        None => known,
    };
    ScalarError::new(format!("`{word}` is not an aggregate"), help)
}

/// The quoted label of `share("label")`, with `\"` and `\\` for a quote and a backslash.
fn share_label<'a>(rest: &'a str, whole: &str) -> Result<(String, &'a str), ScalarError> {
    let malformed = || {
        ScalarError::new(
            format!("`{whole}` does not name its label"),
            "write the label in double quotes, for example `share(\"angry\") <= 5%`",
        )
    };
    let inner = rest.trim_start().strip_prefix('(').ok_or_else(malformed)?;
    let inner = inner.trim_start().strip_prefix('"').ok_or_else(malformed)?;
    let mut label = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => label.push(characters.next().ok_or_else(malformed)?.1),
            '"' => {
                let after = inner.get(at + 1..).unwrap_or_default();
                let after = after.trim_start().strip_prefix(')').ok_or_else(malformed)?;
                if label.is_empty() {
                    return Err(malformed());
                }
                return Ok((label, after));
            }
            other => label.push(other),
        }
    }
    Err(malformed())
}

fn split_operator<'a>(rest: &'a str, whole: &str) -> Result<(Operator, &'a str), ScalarError> {
    const OPERATORS: [(&str, Operator); 6] = [
        (">=", Operator::AtLeast),
        ("<=", Operator::AtMost),
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        (">", Operator::Above),
        ("<", Operator::Below),
    ];
    let rest = rest.trim_start();
    for (sign, operator) in OPERATORS {
        if let Some(value) = rest.strip_prefix(sign) {
            return Ok((operator, value));
        }
    }
    let help = match rest.chars().next() {
        Some('=') => "write `==` for equal, or `>=`, `<=`",
        Some('≥') => "write `>=`",
        Some('≤') => "write `<=`",
        _ => "the operators are >= > <= < == !=",
    };
    Err(ScalarError::new(format!("`{whole}` has no operator"), help))
}

fn parse_threshold(text: &str) -> Result<Threshold, ScalarError> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let value = match number.parse::<f64>() {
        Ok(value) if value.is_finite() => value,
        _ => {
            return Err(ScalarError::new(
                if text.is_empty() {
                    "the check has no value".to_owned()
                } else {
                    format!("`{text}` is not a number with a unit")
                },
                EXAMPLES,
            ));
        }
    };
    let unit = match unit.trim() {
        "" => Unit::None,
        "%" => Unit::Percent,
        "ms" => Unit::Milliseconds,
        "s" => Unit::Seconds,
        "m" => Unit::Minutes,
        other if [" and ", " or ", "&&", "||", ","].iter().any(|word| unit.contains(word)) => {
            return Err(ScalarError::new(
                format!("a check is one comparison: `{other}` is left over"),
                "write two checks as a list: [\">= 90%\", \"<= 95%\"]",
            ));
        }
        other => {
            return Err(ScalarError::new(
                format!("`{other}` is not a unit"),
                "the units are %, ms, s and m (minutes)",
            ));
        }
    };
    if unit == Unit::Percent && !(0.0..=100.0).contains(&value) {
        return Err(ScalarError::new(
            format!("`{text}` is not a percentage from 0% to 100%"),
            "a rate lies between 0% and 100%",
        ));
    }
    Ok(Threshold { value, unit })
}

/// A share is compared with a percentage, and nothing else is.
fn check_units(
    aggregate: Option<&Aggregate>,
    threshold: Threshold,
    whole: &str,
) -> Result<(), ScalarError> {
    let is_percent = threshold.unit == Unit::Percent;
    match aggregate {
        Some(share) if share.is_share() && !is_percent => Err(ScalarError::new(
            format!("`{whole}` compares a share with a number that is not a percentage"),
            format!("write `{}`", meant_by(threshold.value)),
        )),
        Some(Aggregate::Count) if threshold.unit != Unit::None => Err(ScalarError::new(
            format!("`{whole}` gives a count a unit"),
            "write a bare number, for example `count >= 20`",
        )),
        Some(other) if !other.is_share() && is_percent => Err(ScalarError::new(
            format!("`{whole}` compares `{other}` with a percentage"),
            "percentages belong to `rate` and `share(\"label\")`",
        )),
        _ => Ok(()),
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aggregate::Rate => f.write_str("rate"),
            Aggregate::Mean => f.write_str("mean"),
            Aggregate::Median => f.write_str("median"),
            Aggregate::Min => f.write_str("min"),
            Aggregate::Max => f.write_str("max"),
            Aggregate::Sum => f.write_str("sum"),
            Aggregate::Count => f.write_str("count"),
            Aggregate::Percentile(p) => write!(f, "p{p}"),
            Aggregate::Share(label) => {
                write!(f, "share(\"{}\")", label.replace('\\', "\\\\").replace('"', "\\\""))
            }
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.unit.sign())
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(aggregate) = &self.aggregate {
            write!(f, "{aggregate} ")?;
        }
        write!(f, "{} {}", self.operator.sign(), self.threshold)
    }
}

#[cfg(test)]
mod tests;
