//! Checks against evidence ▶ pass, fail or inconclusive, with the reason in words.
//!
//! Pure. The rule is one: a check passes when the figure would hold whatever the runs without a
//! value had given, fails when it would not hold whatever they had given, and is inconclusive in
//! between. Without a sample, with fewer samples than asked for, or with runs missing it never
//! passes.

use super::aggregate::of_numbers;
use super::check::{Aggregate, Check, Operator, Unit};
use super::evidence::{Evidence, Sampled, Samples, native_unit, rating_scale};
use super::{CheckReport, FigureUnit, Interval, ScenarioRef, Verdict};
use crate::record::MetricValue;
use crate::suite::checks::{CheckSpec, MetricUnit};
use crate::text;

/// A mean or sum has no bound when a run gave no value. Up to this share of the runs may lack one,
/// and are then taken to lie between the lowest and the highest value seen; beyond it the check is
/// inconclusive.
const LACKING_FOR_A_MEAN: f64 = 0.10;

/// What a check is asked of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Figure<'s> {
    SuccessRate,
    Errors,
    ExpectedOutcome,
    Duration,
    Metric(&'s str),
}

impl Figure<'_> {
    pub(super) fn name(&self) -> &str {
        match self {
            Figure::SuccessRate => "success_rate",
            Figure::Errors => "errors",
            Figure::ExpectedOutcome => "expected_outcome",
            Figure::Duration => "duration",
            Figure::Metric(name) => name,
        }
    }
}

/// Judges one check.
pub(super) fn judge(
    figure: Figure<'_>,
    spec: &CheckSpec,
    scenario: Option<ScenarioRef>,
    evidence: &Evidence<'_>,
) -> CheckReport {
    let finding = match sample(figure, spec, evidence) {
        Ok((sampled, check)) => weigh(&check, spec, sampled, evidence.missing),
        Err(reason) => Finding::without_samples(spec, reason),
    };
    CheckReport {
        name: figure.name().to_owned(),
        scenario,
        condition: spec.check.to_string(),
        level: spec.level,
        verdict: finding.verdict,
        value: finding.value,
        threshold: finding.threshold,
        unit: finding.unit,
        interval: finding.interval,
        samples: finding.samples,
        unknown: finding.unknown,
        reason: finding.reason,
        deciding_runs: finding.deciding_runs,
    }
}

/// A judged check without its name.
struct Finding {
    verdict: Verdict,
    value: Option<f64>,
    threshold: f64,
    unit: FigureUnit,
    interval: Option<Interval>,
    samples: usize,
    unknown: usize,
    reason: String,
    deciding_runs: Vec<u64>,
}

impl Finding {
    fn without_samples(spec: &CheckSpec, reason: String) -> Self {
        let (threshold, unit) = written_threshold(&spec.check);
        Finding {
            verdict: Verdict::Inconclusive,
            value: None,
            threshold,
            unit,
            interval: None,
            samples: 0,
            unknown: 0,
            reason,
            deciding_runs: Vec::new(),
        }
    }
}

/// The threshold as the suite writes it, shares as fractions.
fn written_threshold(check: &Check) -> (f64, FigureUnit) {
    let value = check.threshold.value;
    match check.threshold.unit {
        Unit::Percent => (value / 100.0, FigureUnit::Share),
        Unit::None => (value, FigureUnit::Number),
        Unit::Milliseconds => (value, FigureUnit::Milliseconds),
        Unit::Seconds => (value, FigureUnit::Seconds),
        Unit::Minutes => (value, FigureUnit::Minutes),
    }
}

/// The samples that a check asks for, and the check with its aggregate settled.
fn sample(
    figure: Figure<'_>,
    spec: &CheckSpec,
    evidence: &Evidence<'_>,
) -> Result<(Sampled, Check), String> {
    let check = &spec.check;
    let with = |aggregate: Aggregate| Check { aggregate: Some(aggregate), ..check.clone() };
    match figure {
        Figure::SuccessRate => Ok((evidence.successes(), with(Aggregate::Rate))),
        Figure::Errors => {
            Ok((evidence.errors(), with(check.aggregate.clone().unwrap_or(Aggregate::Rate))))
        }
        Figure::Duration => {
            Ok((evidence.durations(), with(check.aggregate.clone().unwrap_or(Aggregate::Mean))))
        }
        Figure::ExpectedOutcome => {
            let scores = evidence.outcome_scores();
            match settled(check) {
                Aggregate::Rate => Ok((met(scores), with(Aggregate::Rate))),
                other => Ok((scores, with(other))),
            }
        }
        Figure::Metric(name) => {
            let entries = evidence.metric(name)?;
            let unknown = evidence.without_score(&entries);
            let samples = metric_samples(name, spec, &entries)?;
            Ok((Sampled { samples, unknown }, with(settled(check))))
        }
    }
}

/// The aggregate that fits the threshold where the suite names none.
fn settled(check: &Check) -> Aggregate {
    match (&check.aggregate, check.threshold.unit) {
        (Some(aggregate), _) => aggregate.clone(),
        (None, Unit::Percent) => Aggregate::Rate,
        (None, _) => Aggregate::Mean,
    }
}

/// Outcome scores as met or not: met only at 100.
fn met(scores: Sampled) -> Sampled {
    let Samples::Numbers { values, .. } = scores.samples else { return scores };
    let (yes, no): (Vec<_>, Vec<_>) = values.into_iter().partition(|(_, score)| *score >= 100.0);
    let ids = |values: Vec<(u64, f64)>| values.into_iter().map(|(run, _)| run).collect();
    let samples = Samples::Shares { yes: ids(yes), no: ids(no) };
    Sampled { samples, unknown: scores.unknown }
}

/// The values of a metric, as its kind and the check's aggregate have them.
fn metric_samples(
    name: &str,
    spec: &CheckSpec,
    entries: &[(&crate::record::RunRecord, &crate::record::MetricRecord)],
) -> Result<Samples, String> {
    let Some((_, first)) = entries.first() else {
        return Err(format!("no run has a metric `{name}`"));
    };
    let kind = first.value.kind();
    if let Some((run, other)) = entries.iter().find(|(_, metric)| metric.value.kind() != kind) {
        return Err(format!(
            "the runs disagree on the kind of `{name}`: {kind} in one, {} in run {}",
            other.value.kind(),
            run.id
        ));
    }
    let aggregate = settled(&spec.check);
    match (&first.value, &aggregate) {
        (MetricValue::Binary(_), Aggregate::Rate) => Ok(shares(entries, |value| match value {
            MetricValue::Binary(passed) => *passed,
            _ => None,
        })),
        (MetricValue::Label(_), Aggregate::Share(label)) => label_samples(name, label, entries),
        (MetricValue::Rating(_) | MetricValue::Numeric(_), number) if !number.is_share() => {
            number_samples(spec, entries)
        }
        (MetricValue::Binary(_), other) => Err(format!(
            "`{name}` is a binary metric, and `{other}` is no aggregate for it: write for example `>= 95%`"
        )),
        (MetricValue::Label(_), other) => Err(format!(
            "`{name}` is an enum metric, and `{other}` is no aggregate for it: write for example `share(\"label\") <= 5%`"
        )),
        (_, other) => Err(format!(
            "`{name}` is a {kind} metric, and `{other}` is no aggregate for it: write for example `mean >= 4` or `p95 <= 2500ms`"
        )),
    }
}

fn shares(
    entries: &[(&crate::record::RunRecord, &crate::record::MetricRecord)],
    says: impl Fn(&MetricValue) -> Option<bool>,
) -> Samples {
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for (run, metric) in entries {
        match says(&metric.value) {
            Some(true) => yes.push(run.id),
            Some(false) => no.push(run.id),
            None => {}
        }
    }
    Samples::Shares { yes, no }
}

/// A label that nobody gave is a share of nothing, unless a label much like it was given: then the
/// suite's is probably mistyped, and a share of nothing would pass for the wrong reason.
fn label_samples(
    name: &str,
    label: &str,
    entries: &[(&crate::record::RunRecord, &crate::record::MetricRecord)],
) -> Result<Samples, String> {
    let same = |seen: &str| seen.trim().to_lowercase() == label.trim().to_lowercase();
    let seen = || {
        entries.iter().filter_map(|(_, metric)| match &metric.value {
            MetricValue::Label(Some(label)) => Some(label.as_str()),
            _ => None,
        })
    };
    if !seen().any(same)
        && let Some(near) = text::nearest(label, seen())
    {
        return Err(format!("no run gave `{name}` the label `{label}`; did you mean `{near}`?"));
    }
    Ok(shares(entries, |value| match value {
        MetricValue::Label(Some(seen)) => Some(same(seen)),
        _ => None,
    }))
}

fn number_samples(
    spec: &CheckSpec,
    entries: &[(&crate::record::RunRecord, &crate::record::MetricRecord)],
) -> Result<Samples, String> {
    let values = entries.iter().filter_map(|(run, metric)| match metric.value {
        MetricValue::Rating(Some(score)) | MetricValue::Numeric(Some(score)) => {
            Some((run.id, score))
        }
        _ => None,
    });
    let rating = entries.first().is_some_and(|(_, m)| matches!(m.value, MetricValue::Rating(_)));
    let unit = match (spec.unit, entries.first(), spec.check.threshold.unit) {
        (Some(MetricUnit::Milliseconds), _, _) => Unit::Milliseconds,
        (Some(MetricUnit::Seconds), _, _) => Unit::Seconds,
        (Some(MetricUnit::Minutes), _, _) => Unit::Minutes,
        (None, _, Unit::None) => Unit::None,
        (None, Some((_, metric)), _) if !rating => native_unit(metric),
        (None, _, unit) => unit,
    };
    let scale = rating.then(|| rating_scale(entries));
    Ok(Samples::Numbers { values: values.collect(), unit, scale })
}

/// Compares the samples with the threshold.
fn weigh(check: &Check, spec: &CheckSpec, sampled: Sampled, missing: usize) -> Finding {
    let unknown = sampled.unknown.len() + missing;
    match sampled.samples {
        Samples::Shares { yes, no } => {
            if check.aggregate == Some(Aggregate::Count) {
                return weigh_count(check, spec, yes, no.len(), &sampled.unknown, missing);
            }
            let (k, n) = (yes.len(), yes.len() + no.len());
            let share = |k: usize, n: usize| (n > 0).then(|| k as f64 / n as f64);
            let against = if wants_more(check.operator) { no } else { yes };
            let figure = Weighed {
                value: share(k, n),
                low: share(k, n + unknown).unwrap_or(0.0),
                high: share(k + unknown, n + unknown).unwrap_or(1.0),
                threshold: check.threshold.value / 100.0,
                unit: FigureUnit::Share,
                samples: n,
                parts: Some((k, n)),
            };
            conclude(check, spec, figure, against, &sampled.unknown, missing)
        }
        Samples::Numbers { values, unit, scale } => {
            let (threshold, shown) = in_unit_of(check, unit);
            let numbers: Vec<f64> = values.iter().map(|(_, number)| *number).collect();
            let aggregate = settled(check);
            let Some((low, high)) = bounds(&aggregate, &numbers, unknown, scale) else {
                let lacking = text::count(unknown, "run");
                let reason = match numbers.len() {
                    0 => format!("no run gave a value{}", why_unknown(&sampled.unknown, missing)),
                    n => format!(
                        "{} gave a value and {lacking} did not: too many for a {aggregate} to mean anything",
                        text::count(n, "run")
                    ),
                };
                let mut finding = Finding::without_samples(spec, reason);
                finding.samples = numbers.len();
                finding.unknown = unknown;
                finding.value = of_numbers(&aggregate, &numbers);
                (finding.threshold, finding.unit) = (threshold, shown);
                finding.deciding_runs = sampled.unknown;
                return finding;
            };
            let against = values
                .iter()
                .filter(|(_, number)| !check.operator.holds(*number, threshold))
                .map(|(run, _)| *run)
                .collect();
            let figure = Weighed {
                value: of_numbers(&aggregate, &numbers),
                low,
                high,
                threshold,
                unit: shown,
                samples: numbers.len(),
                parts: None,
            };
            conclude(check, spec, figure, against, &sampled.unknown, missing)
        }
    }
}

/// `count` of a share's figure counts its yeses: `errors: "count <= 3"`.
fn weigh_count(
    check: &Check,
    spec: &CheckSpec,
    yes: Vec<u64>,
    no: usize,
    unknown: &[u64],
    missing: usize,
) -> Finding {
    let open = unknown.len() + missing;
    let figure = Weighed {
        value: Some(yes.len() as f64),
        low: yes.len() as f64,
        high: (yes.len() + open) as f64,
        threshold: check.threshold.value,
        unit: FigureUnit::Number,
        samples: yes.len() + no,
        parts: None,
    };
    conclude(check, spec, figure, yes, unknown, missing)
}

const fn wants_more(operator: Operator) -> bool {
    matches!(operator, Operator::AtLeast | Operator::Above | Operator::Equal)
}

/// The threshold in the unit of the numbers.
fn in_unit_of(check: &Check, unit: Unit) -> (f64, FigureUnit) {
    match (check.threshold.unit.in_seconds(), unit.in_seconds()) {
        (Some(written), Some(native)) => {
            let shown = match unit {
                Unit::Milliseconds => FigureUnit::Milliseconds,
                Unit::Minutes => FigureUnit::Minutes,
                _ => FigureUnit::Seconds,
            };
            (check.threshold.value * written / native, shown)
        }
        _ => written_threshold(check),
    }
}

/// The lowest and highest figure that the runs without a value leave possible; none when they
/// leave anything possible or there is no value at all.
fn bounds(
    aggregate: &Aggregate,
    numbers: &[f64],
    unknown: usize,
    scale: Option<(f64, f64)>,
) -> Option<(f64, f64)> {
    if let Aggregate::Count = aggregate {
        return Some((numbers.len() as f64, (numbers.len() + unknown) as f64));
    }
    let value = of_numbers(aggregate, numbers)?;
    if unknown == 0 {
        return Some((value, value));
    }
    let (lowest, highest) = match (aggregate, scale) {
        (_, Some(scale)) => scale,
        (Aggregate::Mean | Aggregate::Sum, None) => {
            let lacking = unknown as f64 / (numbers.len() + unknown) as f64;
            if lacking > LACKING_FOR_A_MEAN {
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
        of_numbers(aggregate, &filled)
    };
    Some((with(lowest)?, with(highest)?))
}

/// A figure with everything needed to compare it and to say so.
struct Weighed {
    value: Option<f64>,
    low: f64,
    high: f64,
    threshold: f64,
    unit: FigureUnit,
    samples: usize,
    parts: Option<(usize, usize)>,
}

/// The verdict and its words.
fn conclude(
    check: &Check,
    spec: &CheckSpec,
    figure: Weighed,
    against: Vec<u64>,
    unknown: &[u64],
    missing: usize,
) -> Finding {
    let Weighed { value, low, high, threshold, unit, samples, parts } = figure;
    let open = unknown.len() + missing;
    let wanted = format!("{} {}", check.operator.sign(), unit.show(threshold));
    let seen = match (value, parts) {
        (Some(value), Some((k, n))) => format!("{} ({k} of {n} runs)", unit.show(value)),
        (Some(value), None) => format!("{} ({})", unit.show(value), text::count(samples, "run")),
        (None, _) => "nothing".to_owned(),
    };
    let span = format!("{} to {}", show_bound(unit, low), show_bound(unit, high));
    let range = over_range(check.operator, low, high, threshold);
    let too_few = spec.min_samples.filter(|least| samples < *least as usize);
    let (verdict, reason) = match (range, value) {
        (_, None) => {
            (Verdict::Inconclusive, format!("no run gave a value{}", why_unknown(unknown, missing)))
        }
        (_, _) if too_few.is_some() => (
            Verdict::Inconclusive,
            format!(
                "saw {seen}, but the suite asks for at least {} samples",
                too_few.unwrap_or_default()
            ),
        ),
        (Verdict::Pass, _) if missing > 0 => (
            Verdict::Inconclusive,
            format!("saw {seen}, but {} never arrived", text::count(missing, "planned run")),
        ),
        (Verdict::Pass, _) => (Verdict::Pass, format!("saw {seen}, wanted {wanted}")),
        (Verdict::Fail, _) => (Verdict::Fail, format!("saw {seen}, wanted {wanted}")),
        (Verdict::Inconclusive, _) => (
            Verdict::Inconclusive,
            format!(
                "saw {seen}, wanted {wanted}; {} could make it anything from {span}{}",
                text::count(open, "run without a value"),
                why_unknown(unknown, missing)
            ),
        ),
    };
    let mut deciding_runs = match verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Fail => against,
        Verdict::Inconclusive => unknown.to_vec(),
    };
    deciding_runs.sort_unstable();
    deciding_runs.dedup();
    let interval = (open > 0 && value.is_some() && low.is_finite() && high.is_finite())
        .then_some(Interval { low, high, confidence: None });
    Finding {
        verdict,
        value,
        threshold,
        unit,
        interval,
        samples,
        unknown: open,
        reason,
        deciding_runs,
    }
}

fn show_bound(unit: FigureUnit, bound: f64) -> String {
    if bound.is_finite() { unit.show(bound) } else { "anything".to_owned() }
}

fn why_unknown(unknown: &[u64], missing: usize) -> String {
    match (unknown.len(), missing) {
        (0, 0) => String::new(),
        (n, 0) => format!(" ({} errored or not judged)", text::count(n, "run")),
        (0, m) => format!(" ({} never arrived)", text::count(m, "run")),
        (n, m) => format!(" ({} errored or not judged, {m} never arrived)", text::count(n, "run")),
    }
}

/// Whether a condition holds everywhere, nowhere or somewhere between two bounds.
fn over_range(operator: Operator, low: f64, high: f64, threshold: f64) -> Verdict {
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
