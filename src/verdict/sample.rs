//! The values that a check asks of the evidence, by the figure's kind and the check's aggregate.
//!
//! Pure. What does not fit (a mean of labels, a label that is probably mistyped) is told in words
//! that become the check's reason.

use super::check::{Aggregate, Check, Unit};
use super::evidence::{Entry, Evidence, Sampled, Samples, native_unit, rating_scale};
use super::judge::Figure;
use crate::record::MetricValue;
use crate::suite::checks::{CheckSpec, MetricUnit};
use crate::text;

/// The samples that a check asks for, and the check with its aggregate settled.
pub(super) fn sample(
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
            let metric = evidence.metric(name)?;
            let unknown = evidence.without_score(&metric);
            let open = |(run, _): &Entry<'_>| !evidence.open_runs.contains(&run.id);
            let entries: Vec<Entry<'_>> = metric.entries.iter().copied().filter(open).collect();
            let samples = metric_samples(name, spec, &entries)?;
            Ok((Sampled { samples, unknown, notes: metric.notes() }, with(settled(check))))
        }
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

/// Outcome scores as met or not: met only at 100.
fn met(scores: Sampled) -> Sampled {
    let Samples::Numbers { values, .. } = scores.samples else { return scores };
    let (yes, no): (Vec<_>, Vec<_>) = values.into_iter().partition(|(_, score)| *score >= 100.0);
    let ids = |values: Vec<(u64, f64)>| values.into_iter().map(|(run, _)| run).collect();
    let samples = Samples::Shares { yes: ids(yes), no: ids(no) };
    Sampled { samples, unknown: scores.unknown, notes: scores.notes }
}

/// The values of a metric, as its kind and the check's aggregate have them.
fn metric_samples(name: &str, spec: &CheckSpec, entries: &[Entry<'_>]) -> Result<Samples, String> {
    let Some(first) = entries.first() else {
        return Err(format!("no run has a metric `{name}`"));
    };
    // A skipped entry often lacks its kind: one with a score says it.
    let scored = entries.iter().find(|(_, metric)| !metric.value.is_skipped()).unwrap_or(first);
    let kind = scored.1.value.kind();
    if let Some((run, other)) = entries.iter().find(|entry| is_of_another_kind(entry, kind)) {
        return Err(format!(
            "the runs disagree on the kind of `{name}`: {kind} in one, {} in run {}",
            other.value.kind(),
            run.id
        ));
    }
    let aggregate = settled(&spec.check);
    match (&scored.1.value, &aggregate) {
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

/// The kind of a metric by an entry that has a score.
fn kind_of(entries: &[Entry<'_>]) -> Option<&'static str> {
    let scored = entries.iter().find(|(_, metric)| !metric.value.is_skipped());
    scored.or(entries.first()).map(|(_, metric)| metric.value.kind())
}

fn is_of_another_kind((_, metric): &Entry<'_>, kind: &str) -> bool {
    !metric.value.is_skipped() && metric.value.kind() != kind
}

fn shares(entries: &[Entry<'_>], says: impl Fn(&MetricValue) -> Option<bool>) -> Samples {
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
fn label_samples(name: &str, label: &str, entries: &[Entry<'_>]) -> Result<Samples, String> {
    let same = |seen: &str| seen.trim().to_lowercase() == label.trim().to_lowercase();
    let seen = || {
        entries.iter().filter_map(|(_, metric)| match &metric.value {
            MetricValue::Label(Some(label)) => Some(label.as_str()),
            _ => None,
        })
    };
    if seen().any(crate::redact::is_redacted) {
        return Err(format!("labels of `{name}` were redacted: their share cannot be counted"));
    }
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

fn number_samples(spec: &CheckSpec, entries: &[Entry<'_>]) -> Result<Samples, String> {
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

/// A metric's values with no aggregate asked for: yes or no of a binary metric, numbers of a rating
/// or a numeric one.
pub(super) fn metric_values(name: &str, evidence: &Evidence<'_>) -> Result<Sampled, String> {
    let metric = evidence.metric(name)?;
    let unknown = evidence.without_score(&metric);
    let notes = metric.notes();
    let entries = metric.entries;
    let kind = kind_of(&entries).unwrap_or("");
    if let Some((run, _)) = entries.iter().find(|entry| is_of_another_kind(entry, kind)) {
        return Err(format!("the runs disagree on the kind of `{name}`: run {} differs", run.id));
    }
    let numbers = |entry: &Entry<'_>| match entry.1.value {
        MetricValue::Rating(Some(score)) | MetricValue::Numeric(Some(score)) => {
            Some((entry.0.id, score))
        }
        _ => None,
    };
    let samples = match kind {
        "binary" => shares(&entries, |value| match value {
            MetricValue::Binary(passed) => *passed,
            _ => None,
        }),
        "enum" => {
            return Err(format!("`{name}` is an enum metric, which has no drop or rise"));
        }
        _ => Samples::Numbers {
            values: entries.iter().filter_map(numbers).collect(),
            unit: Unit::None,
            scale: None,
        },
    };
    Ok(Sampled { samples, unknown, notes })
}
