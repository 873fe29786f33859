//! The runs that count, and the values that a check asks of them.
//!
//! Pure. A run that errored, was not judged or never arrived gives no value but could have given
//! any: it is counted as unknown, never left out silently. A metric that was skipped as irrelevant
//! counts neither agrees nor disagrees.

use std::collections::{BTreeMap, BTreeSet};

use super::ScenarioRef;
use crate::checks::figures::{BuiltIn, Kind, Reading, SUCCESS_RATE, one_time};
use crate::checks::grammar::{Aggregate, Unit};
use crate::checks::spec::DescribedUnits;
use crate::outcome::{Outcome, RunOutcome};
use crate::plan::slots::RoundSlots;
use crate::record::{MetricRecord, RunRecord};

/// The runs that fill the planned slots, and the slots that have none.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The runs with their outcomes, in ascending order of their ids.
    pub runs: Vec<(&'a RunRecord, &'a RunOutcome)>,
    /// Planned runs that never arrived: those of `scenarios`, and those of scenarios that nobody
    /// knows.
    pub missing: usize,
    /// The planned scenarios; empty where no plan is known and the runs say which there are.
    pub scenarios: Vec<ScenarioSlots>,
    /// Runs that could still show anything, whatever they show now: those that will be started
    /// again, and those of which nobody can say whether they count.
    pub open_runs: BTreeSet<u64>,
    /// Whether runs are still going. What they will give is then unknown in every respect, and a
    /// mean is not bounded by the values seen so far.
    pub going: bool,
    /// The units that the account's descriptions of metrics say, where they were looked up.
    pub described_units: Option<&'a DescribedUnits>,
    /// How many runs each scenario has after each round, as planned before the first call; empty
    /// where the runs do not come in rounds.
    pub looks: Vec<usize>,
}

/// The slots of one planned scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScenarioSlots {
    /// The scenario.
    pub scenario: ScenarioRef,
    /// Slots of it without a run.
    pub missing: usize,
    /// Its name as the plan knows it; none where it does not.
    pub name: Option<String>,
    /// Key of the test case, where it is one.
    pub case_key: Option<String>,
    /// Its tags as the lookup before the start found them; none where they were not looked up.
    pub tags: Option<Vec<String>>,
    /// Its slots in each round that it was started in, the first one first; empty where the runs do
    /// not come in rounds.
    pub rounds: Vec<RoundSlots>,
}

/// A run with its entry of one metric.
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
    /// What a reader should know of the samples, in words.
    pub(super) notes: Vec<String>,
}

impl<'a> Evidence<'a> {
    /// What the runs say about a built-in figure. `aggregate` makes one value of several in a run.
    pub(super) fn built_in(&self, figure: &BuiltIn, aggregate: &Aggregate) -> Sampled {
        let (values, unknown, unit, scale) = match &figure.kind {
            Kind::Share { says, .. } => {
                return self.shares(|run, outcome| says(run, outcome, self.going));
            }
            Kind::Score { of } => {
                let (values, unknown) = self.readings(of);
                (values, unknown, Unit::None, Some((0.0, 100.0)))
            }
            Kind::Time { of, unit, .. } => {
                let (values, unknown) = self.readings(|run, outcome| {
                    let held = outcome.outcome != Outcome::Errored;
                    let value = held.then(|| one_time(aggregate, of(run))).flatten();
                    value.map_or(Reading::Unknown, Reading::Value)
                });
                (values, unknown, *unit, None)
            }
        };
        Sampled { samples: Samples::Numbers { values, unit, scale }, unknown, notes: Vec::new() }
    }

    /// Whether each judged run passed.
    pub(super) fn successes(&self) -> Sampled {
        self.built_in(&SUCCESS_RATE, &Aggregate::Rate)
    }

    /// One yes or no of each run.
    fn shares(&self, of: impl Fn(&RunRecord, &RunOutcome) -> Reading<bool>) -> Sampled {
        let (values, unknown) = self.readings(of);
        let (yes, no): (Vec<_>, Vec<_>) = values.into_iter().partition(|(_, says)| *says);
        let ids = |values: Vec<(u64, bool)>| values.into_iter().map(|(run, _)| run).collect();
        Sampled {
            samples: Samples::Shares { yes: ids(yes), no: ids(no) },
            unknown,
            notes: Vec::new(),
        }
    }

    /// The one place where runs give values: each at most one. Gives the values, and the runs that
    /// gave none although they could have.
    ///
    /// Where nothing of the figure stands in a run, the scenario decides: if other runs of it have
    /// the figure, this one lacks it. Where all runs of a scenario lack it, it does not belong to
    /// them, unless that would leave the figure to a minority: then they lack it, too.
    fn readings<T>(
        &self,
        of: impl Fn(&RunRecord, &RunOutcome) -> Reading<T>,
    ) -> (Vec<(u64, T)>, Vec<u64>) {
        let readings: Vec<(&RunRecord, Reading<T>)> = self
            .runs
            .iter()
            .map(|(run, outcome)| match self.open_runs.contains(&run.id) {
                true => (*run, Reading::Unknown),
                false => (*run, of(run, outcome)),
            })
            .collect();
        let has = |reading: &Reading<T>| matches!(reading, Reading::Value(_) | Reading::Skipped);
        let belongs: BTreeSet<Option<u64>> = readings
            .iter()
            .filter(|(_, reading)| has(reading))
            .map(|(run, _)| run.scenario)
            .collect();
        let is_absent = |reading: &Reading<T>| matches!(reading, Reading::Absent);
        let elsewhere = readings
            .iter()
            .filter(|(run, reading)| is_absent(reading) && !belongs.contains(&run.scenario))
            .count();
        let by_minority = elsewhere * 2 > readings.len();
        let (mut values, mut unknown) = (Vec::new(), Vec::new());
        for (run, reading) in readings {
            match reading {
                Reading::Value(value) => values.push((run.id, value)),
                Reading::Unknown => unknown.push(run.id),
                Reading::Absent if by_minority || belongs.contains(&run.scenario) => {
                    unknown.push(run.id);
                }
                Reading::Skipped | Reading::Absent => {}
            }
        }
        (values, unknown)
    }

    /// The runs that had a fair conversation.
    fn held(&self) -> impl Iterator<Item = &(&'a RunRecord, &'a RunOutcome)> {
        self.runs.iter().filter(|(_, outcome)| outcome.outcome != Outcome::Errored)
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

    /// The metric that the suite calls `wanted`: by id, by name (any case), or by slug, function or
    /// code. Each run gives at most one entry of it.
    ///
    /// # Errors
    ///
    /// When no metric or more than one is called so, in words for the check's reason.
    pub(super) fn metric(&self, wanted: &str) -> Result<Metric<'a>, String> {
        let by_id = wanted.trim().parse::<u64>().ok();
        let same = |text: &str| text.to_lowercase() == wanted.trim().to_lowercase();
        let rules: [&dyn Fn(&MetricRecord) -> bool; 3] = [
            &|metric| by_id.is_some() && metric.id == by_id,
            &|metric| same(&metric.name),
            &|metric| metric.aliases.iter().any(|alias| same(alias)),
        ];
        for rule in rules {
            let found: Vec<_> = self.metrics().filter(|(_, metric)| rule(metric)).collect();
            let ids: BTreeSet<u64> = found.iter().filter_map(|(_, metric)| metric.id).collect();
            match (found.is_empty(), ids.len()) {
                (true, _) => {}
                // An entry without an id is of the only metric of its name.
                (false, 0 | 1) => return Ok(self.one_entry_each(&found)),
                (false, n) => {
                    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
                    return Err(format!(
                        "{n} metrics are called `{wanted}`; name it by its id: {}",
                        ids.join(", ")
                    ));
                }
            }
        }
        let names = self.metric_names();
        Err(match crate::text::nearest(wanted, names.iter().copied()) {
            Some(near) => format!("no run has the metric `{wanted}`; did you mean `{near}`?"),
            None if names.is_empty() => {
                format!("no run has the metric `{wanted}`")
            }
            None => {
                let names: Vec<&str> = names.into_iter().collect();
                format!("no run has the metric `{wanted}`; the runs have {}", names.join(", "))
            }
        })
    }

    /// One entry for each run: the first of several that agree; none of those that contradict each
    /// other, and none of a run that could still show anything.
    fn one_entry_each(&self, found: &[Entry<'a>]) -> Metric<'a> {
        let mut by_run: BTreeMap<u64, Vec<Entry<'a>>> = BTreeMap::new();
        for (run, entry) in found {
            if !self.open_runs.contains(&run.id) {
                by_run.entry(run.id).or_default().push((run, entry));
            }
        }
        let (mut entries, mut contradicting) = (Vec::new(), Vec::new());
        // What cannot be read may have been of this metric.
        let lost = |run: &RunRecord| !by_run.contains_key(&run.id) && run.has_unreadable_metrics();
        let mut unreadable: Vec<u64> =
            self.held().filter(|(run, _)| lost(run)).map(|(run, _)| run.id).collect();
        for (run, of_run) in by_run {
            let Some(first) = of_run.first() else { continue };
            let agrees = |(_, other): &Entry<'a>| {
                !other.unreadable && other.value.says_the_same(&first.1.value)
            };
            if of_run.iter().all(agrees) {
                entries.push(*first);
            } else if of_run.len() == 1 {
                unreadable.push(run);
            } else {
                contradicting.push(run);
            }
        }
        unreadable.sort_unstable();
        Metric { entries, contradicting, unreadable }
    }

    /// The runs in which a metric could have given a value and gave none: see [`Self::readings`]. A
    /// metric that is there without a score was skipped as irrelevant and is no unknown in a judged
    /// run.
    pub(super) fn without_score(&self, metric: &Metric<'a>) -> Vec<u64> {
        let entries: BTreeMap<u64, &MetricRecord> =
            metric.entries.iter().map(|(run, entry)| (run.id, *entry)).collect();
        // Whose judged runs all lack the metric: there an errored run would have lacked it, too.
        let judged_without: BTreeSet<Option<u64>> = self
            .runs
            .iter()
            .filter(|(run, outcome)| {
                !outcome.outcome.is_unknown() && !entries.contains_key(&run.id)
            })
            .map(|(run, _)| run.scenario)
            .collect();
        let of = |run: &RunRecord, outcome: &RunOutcome| {
            if metric.contradicting.contains(&run.id) || metric.unreadable.contains(&run.id) {
                return Reading::Unknown;
            }
            match (entries.get(&run.id), outcome.outcome.is_unknown()) {
                (Some(entry), _) if !entry.value.is_skipped() => Reading::Value(()),
                (Some(_), false) => Reading::Skipped,
                (None, true) if judged_without.contains(&run.scenario) => Reading::Absent,
                (Some(_) | None, true) => Reading::Unknown,
                (None, false) => Reading::Absent,
            }
        };
        self.readings(of).1
    }
}

impl Metric<'_> {
    /// That runs contradict themselves, in words.
    pub(super) fn notes(&self) -> Vec<String> {
        let runs: Vec<String> = self.contradicting.iter().map(u64::to_string).collect();
        match runs.len() {
            0 => Vec::new(),
            1 => vec![format!(
                "run {} lists it more than once with different scores, so neither counts",
                runs.concat()
            )],
            _ => vec![format!(
                "the runs {} list it more than once with different scores, so neither counts",
                crate::text::list(&runs)
            )],
        }
    }

    /// Why no run gives a value although runs have the metric, in words.
    pub(super) fn without_value(&self, name: &str) -> String {
        let unreadable: Vec<String> = self.unreadable.iter().map(u64::to_string).collect();
        let unreadable = match unreadable.len() {
            0 => None,
            1 => Some(format!("that of run {} cannot be read", unreadable.concat())),
            _ => {
                Some(format!("those of the runs {} cannot be read", crate::text::list(&unreadable)))
            }
        };
        let mut reasons: Vec<String> = self.notes().into_iter().chain(unreadable).collect();
        if reasons.is_empty() {
            reasons.push("it cannot be said which of the runs that have one count".to_owned());
        }
        format!("no run has a usable score of `{name}`: {}", reasons.join("; "))
    }
}

/// One metric in the runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Metric<'a> {
    /// The entry of each run that has one.
    pub(super) entries: Vec<Entry<'a>>,
    /// Runs whose entries of the metric contradict each other: they give no value.
    pub(super) contradicting: Vec<u64>,
    /// Runs whose score of the metric cannot be read: they could have given any value.
    pub(super) unreadable: Vec<u64>,
}
