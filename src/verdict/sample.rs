//! The values that a check asks of the evidence, by the figure's kind and the check's aggregate.
//!
//! Pure. What does not fit (a mean of labels, values that cannot be in their unit) is said in words
//! that become the check's reason; so is what was assumed.

use super::evidence::{Entry, Evidence, Metric, Sampled, Samples};
use super::labels;
use crate::checks::aggregate::settled;
use crate::checks::figure::Figure;
use crate::checks::figures::Kind;
use crate::checks::grammar::{Aggregate, Check, Unit};
use crate::checks::spec::{CheckSpec, DescribedUnit};
use crate::checks::units;
use crate::record::{MetricRecord, MetricValue};

/// The samples that a check asks for, and the check with its aggregate settled.
pub(super) fn sample(
    figure: Figure<'_>,
    spec: &CheckSpec,
    evidence: &Evidence<'_>,
) -> Result<(Sampled, Check), String> {
    let check = &spec.check;
    let with = |aggregate: Aggregate| Check { aggregate: Some(aggregate), ..check.clone() };
    match figure {
        Figure::BuiltIn(figure) => {
            let aggregate = match &figure.kind {
                Kind::Share { .. } => check.aggregate.clone().unwrap_or(Aggregate::Rate),
                Kind::Score { .. } => settled(check),
                Kind::Time { .. } => check.aggregate.clone().unwrap_or(Aggregate::Mean),
            };
            let sampled = evidence.built_in(figure, &aggregate);
            let by_score = matches!(figure.kind, Kind::Score { .. });
            let is_met = by_score && aggregate == Aggregate::Rate;
            Ok((if is_met { met(sampled) } else { sampled }, with(aggregate)))
        }
        Figure::Metric(name) => {
            let metric = evidence.metric(name)?;
            let mut unknown = evidence.without_score(&metric);
            let described = evidence.described_units.and_then(|units| units.get(name));
            let read = metric_samples((name, described), spec, &metric)?;
            unknown.extend(read.unclear);
            let notes = metric.notes().into_iter().chain(read.notes).collect();
            Ok((Sampled { samples: read.samples, unknown, notes }, with(settled(check))))
        }
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

/// What was read of a metric's entries.
struct Read {
    samples: Samples,
    /// Runs whose entry may or may not be what the check asks for.
    unclear: Vec<u64>,
    /// What a reader of the check must know.
    notes: Vec<String>,
}

/// The values of a metric, as its kind and the check's aggregate have them.
fn metric_samples(
    (name, described): (&str, Option<&DescribedUnit>),
    spec: &CheckSpec,
    metric: &Metric<'_>,
) -> Result<Read, String> {
    let entries = metric.entries.as_slice();
    let first = entries.first().ok_or_else(|| metric.without_value(name))?;
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
        (MetricValue::Binary(_), Aggregate::Rate) => {
            let samples = shares(entries, |value| match value {
                MetricValue::Binary(passed) => *passed,
                _ => None,
            });
            Ok(Read { samples, unclear: Vec::new(), notes: Vec::new() })
        }
        (MetricValue::Label(_), Aggregate::Share(label)) => label_samples(name, label, entries),
        (MetricValue::Rating(_), number) if !number.is_share() => ratings(spec, entries),
        (MetricValue::Numeric(_), number) if !number.is_share() => {
            numbers((scored.1, described), spec, entries)
        }
        (MetricValue::Binary(_), other) => Err(format!(
            "`{name}` is a binary metric, and `{other}` cannot be used for it: write for example `>= 95%`"
        )),
        (MetricValue::Label(_), other) => Err(format!(
            "`{name}` is an enum metric, and `{other}` cannot be used for it: write for example `share(\"label\") <= 5%`"
        )),
        (_, other) => Err(format!(
            "`{name}` is a {kind} metric, and `{other}` cannot be used for it: write for example `mean >= 4` or `p95 <= 2500ms`"
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

/// The runs that gave a label, and those that gave others.
fn label_samples(name: &str, label: &str, entries: &[Entry<'_>]) -> Result<Read, String> {
    let given = || {
        entries.iter().filter_map(|(run, metric)| match &metric.value {
            MetricValue::Label(Some(label)) => Some((run.id, label.as_str())),
            _ => None,
        })
    };
    if given().any(|(_, label)| crate::redact::is_redacted(label)) {
        return Err(format!("labels of `{name}` were redacted: their share cannot be counted"));
    }
    let labels::Seen { yes, no, unclear, notes } = labels::seen(label, given());
    Ok(Read { samples: Samples::Shares { yes, no }, unclear, notes })
}

fn ratings(spec: &CheckSpec, entries: &[Entry<'_>]) -> Result<Read, String> {
    let (values, scores) = scores(entries);
    if let Some(reason) = units::other_scale(&spec.check, &scores) {
        return Err(reason);
    }
    let (unit, scale) = (spec.check.threshold.unit, Some(units::rating_scale(None)));
    let notes = units::scale_note(&spec.check, &scores).into_iter().collect();
    Ok(Read { samples: Samples::Numbers { values, unit, scale }, unclear: Vec::new(), notes })
}

fn numbers(
    (metric, described): (&MetricRecord, Option<&DescribedUnit>),
    spec: &CheckSpec,
    entries: &[Entry<'_>],
) -> Result<Read, String> {
    let (values, numbers) = scores(entries);
    let aliases = metric.aliases.iter().map(String::as_str);
    let names = std::iter::once(metric.name.as_str()).chain(aliases);
    let unit = units::unit_of_values(names.clone(), spec, described, &numbers)?;
    let assumed = || units::assumed(names, spec.unit, described);
    let assumed = units::needs_unit(&spec.check).then(assumed);
    let samples = Samples::Numbers { values, unit, scale: None };
    let notes = assumed.iter().map(units::AssumedUnit::note).collect();
    Ok(Read { samples, unclear: Vec::new(), notes })
}

/// The runs' scores, and the scores alone.
fn scores(entries: &[Entry<'_>]) -> (Vec<(u64, f64)>, Vec<f64>) {
    let scores = entries.iter().filter_map(|(run, metric)| match metric.value {
        MetricValue::Rating(Some(score)) | MetricValue::Numeric(Some(score)) => {
            Some((run.id, score))
        }
        _ => None,
    });
    let values: Vec<(u64, f64)> = scores.collect();
    let numbers = values.iter().map(|(_, score)| *score).collect();
    (values, numbers)
}

/// A metric's values with no aggregate asked for: yes or no of a binary metric, numbers of a rating
/// or a numeric one.
pub(super) fn metric_values(name: &str, evidence: &Evidence<'_>) -> Result<Sampled, String> {
    let metric = evidence.metric(name)?;
    let unknown = evidence.without_score(&metric);
    let notes = metric.notes();
    let kind = kind_of(&metric.entries).ok_or_else(|| metric.without_value(name))?;
    let entries = metric.entries;
    if let Some((run, _)) = entries.iter().find(|entry| is_of_another_kind(entry, kind)) {
        return Err(format!("the runs disagree on the kind of `{name}`: run {} differs", run.id));
    }
    let samples = match kind {
        "binary" => shares(&entries, |value| match value {
            MetricValue::Binary(passed) => *passed,
            _ => None,
        }),
        "enum" => {
            return Err(format!("`{name}` is an enum metric, which has no drop or rise"));
        }
        _ => Samples::Numbers { values: scores(&entries).0, unit: Unit::None, scale: None },
    };
    Ok(Sampled { samples, unknown, notes })
}
