//! The unit of a numeric metric's values, which the platform does not give, and the scale of a
//! rating.
//!
//! Pure. The first of these decides: the suite's own `unit`, a unit word in the metric's name (then
//! in its slug, function name or code), the account's description of the metric, and last the rule:
//! milliseconds for a latency, seconds for anything else. What was assumed can be wrong; values that
//! cannot be in the assumed unit make the check inconclusive, and `unit` settles it.

use crate::checks::aggregate::{of_numbers, settled};

use crate::checks::grammar::{Aggregate, Check, Operator, Unit};
use crate::checks::spec::{CheckSpec, DescribedUnit, MetricUnit};
use crate::checks::unit_words::{Said, is_latency, said};
use crate::text::trim_number;

/// A typical latency lies between these, in seconds. Nobody answers a caller within 60 ms, and no
/// caller waits for a minute again and again. With a thousand between them, no number is a latency
/// both in ms and in s: what may be 55 s is not taken for 55 ms.
const LATENCY: (f64, f64) = (0.06, 60.0);

/// No time within a call is typically longer, in seconds: calls last up to an hour.
const LONGEST: f64 = 3600.0;

/// Where a time is no latency: from this many seconds on, a value that is far above the threshold
/// is doubted.
const LONG: f64 = 600.0;

/// How many times the threshold such a value must be.
const FAR_ABOVE: f64 = 100.0;

/// Milliseconds below which a value that is far below the threshold is doubted.
const SHORT: f64 = 50.0;

/// The part of the threshold that such a value must be below.
const FAR_BELOW: f64 = 1.0 / 200.0;

/// What a metric's values are taken to be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AssumedUnit {
    /// The unit; none where the metric says that its numbers are no times that can be converted.
    pub(crate) unit: Option<Unit>,
    /// Why it is assumed.
    pub(crate) why: Why,
}

/// Why a unit is assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// The suite says so.
    Suite,
    /// A word of the name, slug, function name or code, which is given with it.
    Name { name: String, word: String },
    /// A word of the account's description of the metric.
    Description(String),
    /// Nothing says so, and the name is that of a latency.
    Latency,
    /// Nothing says so.
    Nothing,
}

/// The unit of a metric's values. `names` are the metric's name and then its aliases, `described`
/// is the account's description of it where that is known.
pub(crate) fn assumed<'n>(
    names: impl IntoIterator<Item = &'n str> + Clone,
    suite: Option<MetricUnit>,
    described: Option<&DescribedUnit>,
) -> AssumedUnit {
    if let Some(unit) = suite {
        return AssumedUnit { unit: Some(unit.into()), why: Why::Suite };
    }
    for name in names.clone() {
        let why = |word| Why::Name { name: name.to_owned(), word };
        match said(name) {
            Said::Time { unit, word, .. } => {
                return AssumedUnit { unit: Some(unit), why: why(word) };
            }
            Said::Other(word) => return AssumedUnit { unit: None, why: why(word) },
            Said::Nothing => {}
        }
    }
    if let Some(DescribedUnit { unit, word }) = described {
        return AssumedUnit { unit: Some((*unit).into()), why: Why::Description(word.clone()) };
    }
    match names.into_iter().any(is_latency) {
        true => AssumedUnit { unit: Some(Unit::Milliseconds), why: Why::Latency },
        false => AssumedUnit { unit: Some(Unit::Seconds), why: Why::Nothing },
    }
}

impl From<MetricUnit> for Unit {
    fn from(unit: MetricUnit) -> Self {
        match unit {
            MetricUnit::Milliseconds => Unit::Milliseconds,
            MetricUnit::Seconds => Unit::Seconds,
            MetricUnit::Minutes => Unit::Minutes,
        }
    }
}

/// The unit that the account's description of a metric says; none where it says none.
pub(crate) fn described(text: &str) -> Option<DescribedUnit> {
    let Said::Time { unit, word, .. } = said(text) else { return None };
    let unit = match unit {
        Unit::Milliseconds => MetricUnit::Milliseconds,
        Unit::Seconds => MetricUnit::Seconds,
        Unit::Minutes => MetricUnit::Minutes,
        Unit::None | Unit::Percent => return None,
    };
    Some(DescribedUnit { unit, word })
}

impl AssumedUnit {
    /// What is assumed and why, as a lowercase fragment.
    pub(crate) fn note(&self) -> String {
        let why = match &self.why {
            Why::Suite => "the suite says so".to_owned(),
            Why::Name { name, word } => format!("`{name}` says `{word}`"),
            Why::Description(word) => format!("the account's description says `{word}`"),
            Why::Latency => "the usual unit of a latency; `unit` says another".to_owned(),
            Why::Nothing => "nothing says a unit; `unit` says another".to_owned(),
        };
        match self.unit {
            Some(unit) => format!("values taken as {} ({why})", unit.sign()),
            None => format!("values not taken as times ({why})"),
        }
    }
}

/// What a check will assume of a metric's values, as far as the suite's own name of the metric
/// tells; none where it has no need of a unit.
/// `described` is what the account's description of it says, where that was looked up.
pub(crate) fn planned(
    name: &str,
    spec: &CheckSpec,
    described: Option<&DescribedUnit>,
) -> Option<String> {
    let is_id = name.trim().parse::<u64>().is_ok();
    needs_unit(&spec.check).then(|| match spec.unit {
        None if is_id && described.is_none() => {
            "values taken in the unit that the metric's name says".to_owned()
        }
        _ => assumed([name], spec.unit, described).note(),
    })
}

/// Why the unit of a metric's values cannot be told: its name says one and the account's description
/// another. None where the suite says it, or where the check needs none. In words, and the fix.
pub(crate) fn against_description<'n>(
    names: impl IntoIterator<Item = &'n str> + Clone,
    spec: &CheckSpec,
    described: Option<&DescribedUnit>,
) -> Option<(String, String)> {
    let described = described.filter(|_| needs_unit(&spec.check) && spec.unit.is_none())?;
    let here = assumed(names, None, Some(described));
    let Why::Name { name, word } = &here.why else { return None };
    (here.unit != Some(described.unit.into())).then(|| {
        (
            format!(
                "`{name}` says `{word}`, and the account's description of the metric says `{}`",
                described.word
            ),
            format!(
                "say the unit of its values with `unit`, for example `{{ check: \"{}\", unit: {} }}`",
                spec.check,
                Unit::from(described.unit).sign(),
            ),
        )
    })
}

/// Whether a check needs to know the unit of the metric's values: it has a threshold with a unit of
/// time, which numbers are compared with.
pub(crate) fn needs_unit(check: &Check) -> bool {
    check.threshold.unit.in_seconds().is_some()
        && !matches!(
            check.aggregate,
            Some(Aggregate::Rate | Aggregate::Share(_) | Aggregate::Count)
        )
}

/// The unit to compare a metric's values in.
///
/// # Errors
///
/// When the metric's name says that its values are no such times, when the account's description
/// says another unit than the name, or when the values cannot be in the unit that is assumed: in
/// words for the check's reason. Values that miss the threshold in that unit and in the other one
/// are no error: they fail either way, and worse ones must not be less than a failure.
pub(crate) fn unit_of_values<'n>(
    names: impl IntoIterator<Item = &'n str> + Clone,
    spec: &CheckSpec,
    described: Option<&DescribedUnit>,
    values: &[f64],
) -> Result<Unit, String> {
    let check = &spec.check;
    if !needs_unit(check) {
        return Ok(Unit::None);
    }
    if let Some((message, fix)) = against_description(names.clone(), spec, described) {
        return Err(format!("{message}: {fix}"));
    }
    let assumed = assumed(names.clone(), spec.unit, described);
    let Some(unit) = assumed.unit else {
        return Err(format!(
            "{}, so that `{check}` cannot be compared with them: say the unit of its values with \
             `unit`, or write a bare number",
            assumed.note()
        ));
    };
    let latency = names.into_iter().any(is_latency);
    match doubt(unit, latency, check, values).filter(|_| assumed.why != Why::Suite) {
        None => Ok(unit),
        Some((_, other)) if [unit, other].iter().all(|unit| misses(*unit, check, values)) => {
            Ok(unit)
        }
        Some((typical, other)) => Err(format!(
            "typical values such as {} cannot be in {}: {}; if they are in {}, say so: \
             `{{ check: \"{check}\", unit: {} }}`, else `unit: {}`",
            trim_number(typical, 3),
            unit.sign(),
            assumed.note(),
            other.sign(),
            other.sign(),
            unit.sign(),
        )),
    }
}

/// Whether values miss the threshold if they are in this unit.
fn misses(unit: Unit, check: &Check, values: &[f64]) -> bool {
    let figure = of_numbers(&settled(check), values);
    let in_seconds = |value: f64, unit: Unit| Some(value * unit.in_seconds()?);
    let figure = figure.and_then(|figure| in_seconds(figure, unit));
    let threshold = in_seconds(check.threshold.value, check.threshold.unit);
    figure.zip(threshold).is_some_and(|(figure, most)| !check.operator.holds(figure, most))
}

/// Why values cannot be in a unit: the typical one, and the unit that they are probably in.
fn doubt(unit: Unit, latency: bool, check: &Check, values: &[f64]) -> Option<(f64, Unit)> {
    let per = unit.in_seconds()?;
    let sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    let typical = of_numbers(&Aggregate::Median, &sizes)?;
    let seconds = typical * per;
    // A sum is of many values: it says nothing of one.
    let wanted = match check.aggregate {
        Some(Aggregate::Sum) => None,
        _ => check.threshold.unit.in_seconds().map(|one| (check.threshold.value * one).abs()),
    };
    let far_above = |most: f64| seconds > LONG && most > 0.0 && seconds > FAR_ABOVE * most;
    let far_below = |most: f64| typical < SHORT && seconds < FAR_BELOW * most;
    let too_long =
        seconds > LONGEST || (latency && seconds > LATENCY.1) || (wanted.is_some_and(far_above));
    let too_short = typical > 0.0
        && ((latency && seconds < LATENCY.0)
            || (unit == Unit::Milliseconds && wanted.is_some_and(far_below)));
    match unit {
        Unit::Milliseconds if too_long => Some((typical, Unit::Seconds)),
        Unit::Minutes if too_long && typical <= LATENCY.1 => Some((typical, Unit::Seconds)),
        _ if too_long => Some((typical, Unit::Milliseconds)),
        Unit::Seconds if too_short => Some((typical, Unit::Minutes)),
        _ if too_short => Some((typical, Unit::Seconds)),
        _ => None,
    }
}

/// What is wrong with the unit or the bound of a check by the metric's name alone; none where
/// nothing is. A lowercase fragment, and the fix.
pub(crate) fn contradicted(name: &str, spec: &CheckSpec) -> Option<(String, String)> {
    let check = &spec.check;
    let is_time = needs_unit(check);
    if spec.unit.is_some()
        && (check.threshold.unit == Unit::Percent || check.aggregate == Some(Aggregate::Count))
    {
        return Some((
            format!("`unit` says nothing beside `{check}`: a share or a count has no unit"),
            "remove it".to_owned(),
        ));
    }
    match said(name) {
        Said::Other(word) if is_time && spec.unit.is_none() => {
            return Some((
                format!("`{check}` is a time, and the values of `{name}` are none: it says `{word}`"),
                "write a bare number on the metric's own scale, or say what its values are in with \
                 `unit`"
                    .to_owned(),
            ));
        }
        Said::Time { word, explicit: true, .. } if check.threshold.unit == Unit::Percent => {
            return Some((
                format!(
                    "`{check}` is a share, and the values of `{name}` are times: it says `{word}`"
                ),
                "write for example `p95 <= 2500ms`".to_owned(),
            ));
        }
        _ => {}
    }
    if !is_time || !is_latency(name) {
        return None;
    }
    nonsense_of_latency(check)
}

/// What is wrong with the bound of a latency; none where nothing is. A lowercase fragment, and the
/// fix.
pub(crate) fn nonsense_of_latency(check: &Check) -> Option<(String, String)> {
    let seconds = check.threshold.value * check.threshold.unit.in_seconds()?;
    let low_end = match check.aggregate {
        Some(Aggregate::Min) => true,
        Some(Aggregate::Percentile(p)) => p < 50.0,
        _ => false,
    };
    let number = trim_number(check.threshold.value, 6);
    match check.operator {
        _ if seconds < 0.0 => Some((
            format!("`{check}` is a negative time, and no latency is"),
            "write for example `p95 <= 2500ms`".to_owned(),
        )),
        Operator::AtLeast | Operator::Above if !low_end && seconds > 0.0 => Some((
            format!("`{check}` would pass only when the latency is high"),
            format!("write `{}`", opposite(check)),
        )),
        Operator::AtMost | Operator::Below
            if seconds > LONG && check.aggregate != Some(Aggregate::Sum) =>
        {
            let probably = match check.threshold.unit {
                Unit::Minutes => "s",
                _ => "ms",
            };
            Some((
                format!("`{check}` allows a latency of more than ten minutes"),
                format!("write for example `{number}{probably}`"),
            ))
        }
        _ => None,
    }
}

/// The check with its direction turned.
pub(crate) fn opposite(check: &Check) -> Check {
    let operator = match check.operator {
        Operator::AtLeast | Operator::Equal => Operator::AtMost,
        Operator::Above => Operator::Below,
        Operator::AtMost | Operator::Unequal => Operator::AtLeast,
        Operator::Below => Operator::Above,
    };
    Check { operator, ..check.clone() }
}

/// The lowest and the highest that a rating without a value could have been. Ratings go to 5 or to
/// 100, and no run says to which: a value above 5, or a threshold above 5, means 100. With neither,
/// both are possible, and the wider one bounds what a run without a value could have turned.
/// `highest` is the top of the scale, where the lookup gives it.
pub(crate) fn rating_scale(highest: Option<f64>) -> (f64, f64) {
    (0.0, highest.unwrap_or(100.0))
}

/// Why ratings cannot be compared with the threshold: it is a lower bound for the scale from 0 to 5,
/// and the values are on the one from 0 to 100. In words for the check's reason.
pub(crate) fn other_scale(check: &Check, values: &[f64]) -> Option<String> {
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let typical = match check.aggregate {
        None | Some(Aggregate::Mean | Aggregate::Median) => true,
        Some(Aggregate::Percentile(p)) => (5.0..=95.0).contains(&p),
        _ => false,
    };
    let lower = matches!(check.operator, Operator::AtLeast | Operator::Above);
    let bound = check.threshold.value;
    (typical && lower && bound > 0.0 && bound <= 5.0 && highest > 5.0).then(|| {
        format!(
            "the ratings go to 100 (one is {}), and `{check}` is for ratings from 0 to 5: write for \
             example `{} {} {}`",
            trim_number(highest, 2),
            check.aggregate.as_ref().unwrap_or(&Aggregate::Mean),
            check.operator.sign(),
            trim_number(bound * 20.0, 2),
        )
    })
}

/// What to say of the scale of ratings, where the threshold or a value tells it.
pub(crate) fn scale_note(check: &Check, values: &[f64]) -> Option<String> {
    let summed = matches!(check.aggregate, Some(Aggregate::Sum | Aggregate::Count));
    let seen = values.iter().any(|value| *value > 5.0);
    (!summed && (seen || check.threshold.value > 5.0)).then(|| {
        let none = if seen || values.is_empty() { "" } else { ", though none is above 5" };
        format!("ratings taken as 0 to 100{none}")
    })
}

/// What is wrong with the bound of a call's length; none where nothing is. A lowercase fragment, and
/// the fix.
pub(crate) fn nonsense_of_duration(check: &Check) -> Option<(String, String)> {
    let seconds = check.threshold.value * check.threshold.unit.in_seconds()?;
    let number = trim_number(check.threshold.value, 6);
    match check.operator {
        _ if seconds < 0.0 => Some((
            format!("{} is a negative time", written(check)),
            "no call is shorter than 0 s: write for example `p95 <= 3m`".to_owned(),
        )),
        Operator::AtMost | Operator::Below if seconds > 0.0 && seconds < 1.0 => Some((
            format!("{} allows no call of even one second", written(check)),
            format!("write for example `{number}s`"),
        )),
        Operator::Equal => Some((
            format!("{} accepts only one exact length of a call", written(check)),
            "write a bound, for example `p95 <= 3m`".to_owned(),
        )),
        Operator::Unequal if seconds > 0.0 => Some((
            format!("{} allows every length of a call except one", written(check)),
            "write a bound, for example `p95 <= 3m`".to_owned(),
        )),
        _ => None,
    }
}

/// The same of the times that the agent takes for its answers.
pub(crate) fn nonsense_of_agent_latency(check: &Check) -> Option<(String, String)> {
    check.threshold.unit.in_seconds()?;
    nonsense_of_latency(check).or_else(|| {
        let wrong = match check.operator {
            Operator::Equal => "accepts only one exact time",
            Operator::Unequal => "allows every time except one",
            _ => return None,
        };
        let bound = "write a bound, for example `p95 <= 2s`".to_owned();
        Some((format!("{} {wrong}", written(check)), bound))
    })
}

fn written(check: &Check) -> String {
    format!("`{check}`")
}

#[cfg(test)]
mod tests;
