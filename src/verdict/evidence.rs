//! The runs that count, and the values that a check asks of them.
//!
//! Pure. A run that errored, was not judged or never arrived gives no value but could have given
//! any: it is counted as unknown, never left out silently. A metric that was skipped as irrelevant
//! counts neither for nor against.

use std::collections::BTreeSet;

use super::check::Unit;
use crate::outcome::{Blame, Outcome, RunOutcome};
use crate::record::{MetricRecord, MetricValue, RunRecord};

/// The runs that count towards a check, and how many of the planned ones never arrived.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The runs with their outcomes, in ascending order of their ids.
    pub runs: Vec<(&'a RunRecord, &'a RunOutcome)>,
    /// Planned runs that never arrived.
    pub missing: usize,
    /// Whether runs are still going. What they will give is then unknown in every respect, and a
    /// mean is not bounded by the values seen so far.
    pub going: bool,
}

/// A metric's entry with the run that it belongs to.
pub(super) type Entry<'a> = (&'a RunRecord, &'a MetricRecord);

/// What the runs say about one figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Samples {
    /// Yes or no for each run.
    Shares {
        /// Runs with a yes.
        yes: Vec<u64>,
        /// Runs with a no.
        no: Vec<u64>,
    },
    /// A number for each run.
    Numbers {
        /// The run and its number.
        values: Vec<(u64, f64)>,
        /// The unit of the numbers.
        unit: Unit,
        /// The lowest and highest number that is possible, where that is known.
        scale: Option<(f64, f64)>,
    },
}

/// The samples and the runs that gave none although they could have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sampled {
    pub(super) samples: Samples,
    pub(super) unknown: Vec<u64>,
}

impl<'a> Evidence<'a> {
    /// Whether each judged run passed.
    pub(super) fn successes(&self) -> Sampled {
        Sampled {
            samples: Samples::Shares {
                yes: self.with(|outcome| outcome == Outcome::Passed),
                no: self.with(|outcome| outcome == Outcome::Failed),
            },
            unknown: self.with(Outcome::is_unknown),
        }
    }

    /// Whether each run never became a fair conversation. It is not known of runs that are still
    /// going or that the gate itself ended early.
    pub(super) fn errors(&self) -> Sampled {
        let (unknown, ended): (Vec<_>, Vec<_>) = self.runs.iter().partition(|(run, outcome)| {
            let ended_by_us = outcome.blame == Some(Blame::Operator);
            self.going && (!run.status.is_terminal() || ended_by_us)
        });
        let (yes, no): (Vec<_>, Vec<_>) =
            ended.into_iter().partition(|(_, outcome)| outcome.outcome == Outcome::Errored);
        let ids = |runs: Vec<(&RunRecord, &RunOutcome)>| {
            runs.into_iter().map(|(run, _)| run.id).collect()
        };
        Sampled { samples: Samples::Shares { yes: ids(yes), no: ids(no) }, unknown: ids(unknown) }
    }

    /// The expected outcome's score of each run that has one, 0 to 100.
    pub(super) fn outcome_scores(&self) -> Sampled {
        let score = |run: &RunRecord| run.expected_outcome.as_ref().and_then(|o| o.score);
        let values = self.held().filter_map(|(run, _)| Some((run.id, score(run)?))).collect();
        let unit = Unit::None;
        Sampled {
            samples: Samples::Numbers { values, unit, scale: Some((0.0, 100.0)) },
            unknown: self.with(Outcome::is_unknown),
        }
    }

    /// The length of each conversation in seconds.
    pub(super) fn durations(&self) -> Sampled {
        let values: Vec<(u64, f64)> =
            self.held().filter_map(|(run, _)| Some((run.id, run.duration_seconds?))).collect();
        let known: BTreeSet<u64> = values.iter().map(|(run, _)| *run).collect();
        let unknown = self.runs.iter().map(|(run, _)| run.id).filter(|id| !known.contains(id));
        Sampled {
            unknown: unknown.collect(),
            samples: Samples::Numbers { values, unit: Unit::Seconds, scale: None },
        }
    }

    /// The runs that had a fair conversation.
    fn held(&self) -> impl Iterator<Item = &(&'a RunRecord, &'a RunOutcome)> {
        self.runs.iter().filter(|(_, outcome)| outcome.outcome != Outcome::Errored)
    }

    fn with(&self, wanted: impl Fn(Outcome) -> bool) -> Vec<u64> {
        let runs = self.runs.iter().filter(|(_, outcome)| wanted(outcome.outcome));
        runs.map(|(run, _)| run.id).collect()
    }

    /// Every metric's entries, with the run that each belongs to.
    fn metrics(&self) -> impl Iterator<Item = Entry<'a>> + '_ {
        self.held().flat_map(|(run, _)| {
            let run: &'a RunRecord = run;
            run.metrics.iter().map(move |metric| (run, metric))
        })
    }

    /// The names of all metrics in these runs.
    pub(super) fn metric_names(&self) -> BTreeSet<&'a str> {
        self.metrics().map(|(_, metric)| metric.name.as_str()).collect()
    }

    /// The entries of the metric that the suite calls `wanted`: by id, by name (any case), or by
    /// slug, function or code.
    ///
    /// # Errors
    ///
    /// When no metric or more than one is called so, in words for the check's reason.
    pub(super) fn metric(&self, wanted: &str) -> Result<Vec<Entry<'a>>, String> {
        let by_id = wanted.trim().parse::<u64>().ok();
        let same = |text: &str| text.to_lowercase() == wanted.trim().to_lowercase();
        let rules: [&dyn Fn(&MetricRecord) -> bool; 3] = [
            &|metric| by_id.is_some() && metric.id == by_id,
            &|metric| same(&metric.name),
            &|metric| metric.aliases.iter().any(|alias| same(alias)),
        ];
        for rule in rules {
            let found: Vec<_> = self.metrics().filter(|(_, metric)| rule(metric)).collect();
            let ids: BTreeSet<Option<u64>> = found.iter().map(|(_, metric)| metric.id).collect();
            match ids.len() {
                0 => {}
                1 => return Ok(found),
                n => {
                    let ids: Vec<String> =
                        ids.into_iter().flatten().map(|id| id.to_string()).collect();
                    return Err(format!(
                        "{n} metrics are called `{wanted}`; name the one by its id: {}",
                        ids.join(", ")
                    ));
                }
            }
        }
        let names = self.metric_names();
        Err(match crate::text::nearest(wanted, names.iter().copied()) {
            Some(near) => format!("no run has a metric `{wanted}`; did you mean `{near}`?"),
            None if names.is_empty() => {
                format!("no run has a metric `{wanted}`, nor any other metric")
            }
            None => {
                let names: Vec<&str> = names.into_iter().collect();
                format!("no run has a metric `{wanted}`; the runs have {}", names.join(", "))
            }
        })
    }

    /// The runs in which a metric could have given a value and gave none, of scenarios that the
    /// metric belongs to as far as can be told: errored and unscored runs without a score, and
    /// judged runs that lack the metric where other runs of their scenario have it. A metric that
    /// is there without a score was skipped as irrelevant and is no unknown in a judged run.
    pub(super) fn without_score(&self, entries: &[Entry<'_>]) -> Vec<u64> {
        let scored: BTreeSet<u64> = entries
            .iter()
            .filter(|(_, metric)| !metric.value.is_skipped())
            .map(|(run, _)| run.id)
            .collect();
        let listed: BTreeSet<u64> = entries.iter().map(|(run, _)| run.id).collect();
        let belongs: BTreeSet<Option<u64>> = entries.iter().map(|(run, _)| run.scenario).collect();
        let judged: BTreeSet<Option<u64>> = self
            .runs
            .iter()
            .filter(|(_, outcome)| !outcome.outcome.is_unknown())
            .map(|(run, _)| run.scenario)
            .collect();
        let unknown = self.runs.iter().filter(|(run, outcome)| {
            if outcome.outcome.is_unknown() {
                let may_belong = belongs.contains(&run.scenario) || !judged.contains(&run.scenario);
                !scored.contains(&run.id) && may_belong
            } else {
                !listed.contains(&run.id) && belongs.contains(&run.scenario)
            }
        });
        unknown.map(|(run, _)| run.id).collect()
    }
}

/// The unit of a metric's own numbers where the suite does not say: latencies are in milliseconds,
/// other times in seconds.
pub(super) fn native_unit(metric: &MetricRecord) -> Unit {
    let says = |word: &str| {
        let says = |text: &str| text.to_lowercase().contains(word);
        says(&metric.name) || metric.aliases.iter().any(|alias| says(alias))
    };
    let name = metric.name.to_lowercase();
    if says("latency") || name.ends_with("ms") || name.contains("(ms)") || says("millisecond") {
        Unit::Milliseconds
    } else {
        Unit::Seconds
    }
}

/// The scale of a rating: 0–5, or 0–100 where a score above 5 was seen.
pub(super) fn rating_scale(entries: &[Entry<'_>]) -> (f64, f64) {
    let above_five = entries.iter().any(|(_, metric)| match metric.value {
        MetricValue::Rating(Some(score)) => score > 5.0,
        _ => false,
    });
    (0.0, if above_five { 100.0 } else { 5.0 })
}
