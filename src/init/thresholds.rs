//! The thresholds of a suite to begin with, from the runs of earlier results.
//!
//! Pure. Each is judged by the gate's own rules before it is written: what does not hold for the
//! runs that it was made from, or is no valid check, becomes a comment that says what was seen.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::yaml::{comment, key};
use crate::checks::aggregate::of_numbers;
use crate::checks::grammar::Aggregate;
use crate::checks::units::{Why, assumed, described};
use crate::document::Source;
use crate::lookup::Metric;
use crate::outcome::{Outcome, judge_run};
use crate::plan::slots::PlanHead;
use crate::record::{MetricRecord, MetricValue, RunRecord};
use crate::report::evaluation::Evaluation;
use crate::stats::numbers::mean_bounds;
use crate::stats::rate::{lower_bound, upper_bound};
use crate::suite::head::SuiteHead;
use crate::suite::model::Mode;
use crate::text::{count, trim_number};
use crate::verdict::Verdict;

/// Fewer values than this say too little for a threshold.
const FEWEST: usize = 10;
/// How sure the bounds are that thresholds are made from.
const CONFIDENCE: f64 = 0.95;
/// Shares are rounded to steps of so many percent.
const STEP: u32 = 5;
/// A time may be this many times what was seen.
const ROOM: f64 = 1.25;
/// What is written where the runs say nothing else.
const USUAL: [&str; 3] = [
    "success_rate: \">= 90%\"",
    "each_scenario: { success_rate: \">= 60%\" }",
    "errors: \"<= 10%\"",
];

/// The lines of `thresholds:` that these runs suggest, its own line first. `from` says whose runs
/// they are.
pub(super) fn thresholds(
    runs: &[RunRecord],
    metrics: &[Metric],
    from: &str,
    today: Date,
) -> String {
    let evidence = Evidence::of(runs, today);
    let mut lines = vec!["thresholds:".to_owned()];
    if evidence.judged() < FEWEST {
        let seen = match runs.len() {
            0 => "No earlier run of these scenarios was found".to_owned(),
            _ => format!("Only {} of {from} were judged", count(evidence.judged(), "run")),
        };
        lines.push(format!("  # {seen}: these are the usual thresholds."));
        lines.extend(USUAL.map(|line| format!("  {line}")));
    } else {
        let all = count(runs.len(), "run");
        lines.push(format!(
            "  # From {all} of {from}. A share and a mean are the lowest that these"
        ));
        lines.push(
            "  # runs leave likely (95%), rounded down; a time is what was seen and a quarter"
                .to_owned(),
        );
        lines.push("  # more. Raise them as the agent gets better.".to_owned());
        lines.extend(evidence.figures());
    }
    lines.extend(evidence.metrics(metrics));
    lines.join("\n")
}

struct Evidence<'r> {
    runs: &'r [RunRecord],
    outcomes: Vec<Outcome>,
    today: Date,
}

impl<'r> Evidence<'r> {
    fn of(runs: &'r [RunRecord], today: Date) -> Self {
        let outcomes = runs.iter().map(|run| judge_run(run, 1).outcome).collect();
        Self { runs, outcomes, today }
    }

    fn number_of(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|one| **one == outcome).count()
    }

    fn judged(&self) -> usize {
        self.number_of(Outcome::Passed) + self.number_of(Outcome::Failed)
    }

    /// Whether a line below `thresholds:` is a valid check that these runs pass.
    fn holds(&self, lines: &str) -> bool {
        let text = format!("version: 1\nagent: 1\nscenarios: [1]\nthresholds:\n{lines}\n");
        let source = Source { name: "cekura-gate.yml", text: &text };
        let Ok(read) = crate::suite::read(source, &|_| None, self.today) else { return false };
        if !crate::suite::validate(&read.value, self.today).is_empty() {
            return false;
        }
        let thresholds = read.value.thresholds.unwrap_or_default();
        let head = SuiteHead {
            name: String::new(),
            file: None,
            mode: Mode::default(),
            thresholds,
            quarantine: Vec::new(),
            report_only: false,
        };
        let mut plan = PlanHead::default();
        plan.learn(self.runs);
        let checks = Evaluation::of(&head, &plan, self.runs, None, false).checks;
        !checks.is_empty() && checks.iter().all(|check| check.verdict == Verdict::Pass)
    }

    /// The first of these lines that holds.
    fn first(&self, lines: impl IntoIterator<Item = String>) -> Option<String> {
        lines.into_iter().find(|line| self.holds(line))
    }

    fn figures(&self) -> Vec<String> {
        let (passed, judged) = (self.number_of(Outcome::Passed), self.judged());
        let errored = self.number_of(Outcome::Errored);
        let [rate, each, errors] = USUAL;
        let rates = shares_below(lower_bound(passed, judged, CONFIDENCE));
        let shares = shares_above(upper_bound(errored, self.runs.len(), CONFIDENCE));
        let lowest = self.lowest();
        let lowest = lowest.map_or_else(String::new, |(name, passed, of)| {
            format!("the lowest: {}, {passed} of {of}", comment(&name))
        });
        [
            (
                self.first(rates.map(|share| format!("  success_rate: \">= {share}%\""))),
                rate,
                format!("{passed} of {judged} judged runs passed"),
            ),
            (Some(format!("  {each}")).filter(|line| self.holds(line)), each, lowest),
            (
                self.first(shares.map(|share| format!("  errors: \"<= {share}%\""))),
                errors,
                format!("{errored} of {} errored", count(self.runs.len(), "run")),
            ),
        ]
        .into_iter()
        .map(|(found, usual, seen)| match found {
            Some(line) => format!("{line}  # {seen}"),
            // Something has to decide.
            None if usual == rate => format!("  {usual}  # these runs miss it: {seen}"),
            None => format!("  # {usual}  # these runs miss it: {seen}"),
        })
        .collect()
    }

    /// The scenario that passes least often: its name, how many of its runs passed, and of how many.
    fn lowest(&self) -> Option<(String, usize, usize)> {
        let mut scenarios: BTreeMap<u64, (String, usize, usize)> = BTreeMap::new();
        for (run, outcome) in self.runs.iter().zip(&self.outcomes) {
            let Some(id) = run.scenario.filter(|_| !outcome.is_unknown()) else { continue };
            let name = run.scenario_name.clone().unwrap_or_else(|| format!("scenario {id}"));
            let entry = scenarios.entry(id).or_insert((name, 0, 0));
            entry.1 += usize::from(*outcome == Outcome::Passed);
            entry.2 += 1;
        }
        // a/b < c/d, in whole numbers.
        scenarios.into_values().min_by(|a, b| (a.1 * b.2).cmp(&(b.1 * a.2)))
    }

    fn metrics(&self, metrics: &[Metric]) -> Vec<String> {
        let lines: Vec<String> = metrics
            .iter()
            .filter(|metric| metric.simulated)
            .filter_map(|metric| self.metric(metric, metrics))
            .collect();
        match lines.iter().any(|line| !line.trim_start().starts_with('#')) {
            true => [vec!["  metrics:".to_owned()], lines].concat(),
            false if lines.is_empty() => lines,
            false => [vec!["  # metrics:".to_owned()], lines].concat(),
        }
    }

    /// The line of a metric; none where no run has a value of it.
    fn metric(&self, metric: &Metric, all: &[Metric]) -> Option<String> {
        let name = key(&name_of(metric, all));
        let values: Vec<&MetricValue> = self
            .runs
            .iter()
            .filter_map(|run| run.metrics.iter().find(|entry| is_of(entry, metric)))
            .map(|entry| &entry.value)
            .filter(|value| !value.is_skipped())
            .collect();
        let is_known = name != key(&metric.name);
        let called = if is_known { format!("{}: ", comment(&metric.name)) } else { String::new() };
        let Suggested { checks, seen } = suggested(metric, &values)?;
        let holds = |check: &String| self.holds(&format!("  metrics:\n    {name}: {check}"));
        let found = match values.len() < FEWEST {
            true => None,
            false => checks.iter().find(|check| holds(check)),
        };
        Some(match found {
            Some(check) => format!("    {name}: {check}  # {called}{seen}"),
            None => format!("    # {name}: {called}{seen}"),
        })
    }
}

/// Whether an entry of a run is of a metric.
fn is_of(entry: &MetricRecord, metric: &Metric) -> bool {
    entry.id.map_or(entry.name == metric.name, |id| id == metric.id)
}

/// How the suite names a metric: by its name, or by its id where the name could mean another.
fn name_of(metric: &Metric, all: &[Metric]) -> String {
    let name = metric.name.trim();
    let is_called = |other: &&Metric| {
        let same = |text: &str| text.trim().to_lowercase() == name.to_lowercase();
        same(&other.name) || other.aliases.iter().any(|alias| same(alias))
    };
    let is_clear = !name.is_empty()
        && name == metric.name
        && name.parse::<u64>().is_err()
        && name.chars().count() <= 200
        && all.iter().filter(is_called).count() == 1;
    if is_clear { name.to_owned() } else { metric.id.to_string() }
}

/// What values of a metric suggest.
struct Suggested {
    /// Checks as YAML, the one to be taken first; none where the values say nothing.
    checks: Vec<String>,
    /// What was seen, for a comment.
    seen: String,
}

/// What values of a metric suggest; none without a value.
fn suggested(metric: &Metric, values: &[&MetricValue]) -> Option<Suggested> {
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|value| match value {
            MetricValue::Rating(score) | MetricValue::Numeric(score) => *score,
            _ => None,
        })
        .filter(|score| score.is_finite())
        .collect();
    Some(match values.first()? {
        MetricValue::Binary(_) => {
            let passed = values.iter().filter(|one| ***one == MetricValue::Binary(Some(true)));
            let (passed, of) = (passed.count(), values.len());
            let shares = shares_below(lower_bound(passed, of, CONFIDENCE));
            Suggested {
                checks: shares.map(|share| format!("\">= {share}%\"")).collect(),
                seen: format!("{passed} of {of} passed"),
            }
        }
        MetricValue::Rating(_) => rating(&numbers),
        MetricValue::Numeric(_) => numeric(metric, &numbers),
        MetricValue::Label(_) => Suggested { checks: Vec::new(), seen: labels(values) },
    })
}

fn rating(values: &[f64]) -> Suggested {
    let mean = of_numbers(&Aggregate::Mean, values).unwrap_or_default();
    // Ratings go to 5 or to 100.
    let is_of_five = values.iter().all(|value| *value <= 5.0);
    let (highest, step, digits) = if is_of_five { (5.0, 10.0, 1) } else { (100.0, 1.0, 0) };
    let (low, _) = mean_bounds(values, CONFIDENCE);
    // Nothing is perfect for ever.
    let threshold = (low.min(highest * 0.95).min(mean) * step).floor() / step;
    let check = (threshold.is_finite() && threshold > 0.0)
        .then(|| format!("\"mean >= {}\"", trim_number(threshold, digits)));
    let of = count(values.len(), "value");
    Suggested {
        checks: check.into_iter().collect(),
        seen: format!("mean of {of}: {}", trim_number(mean, digits + 1)),
    }
}

/// A check on how long something takes. A run without a value could have been the slowest: where
/// some have none, more of the tail is left out.
fn numeric(metric: &Metric, values: &[f64]) -> Suggested {
    let names = [&metric.name].into_iter().chain(&metric.aliases).map(String::as_str);
    let described = metric.description.as_deref().and_then(described);
    let of = count(values.len(), "value");
    let at = |q: f64| of_numbers(&Aggregate::Percentile(q), values).unwrap_or_default();
    let (median, p95) = (trim_number(at(50.0), 1), trim_number(at(95.0), 1));
    let taken = assumed(names, None, described.as_ref());
    let is_known = matches!(taken.why, Why::Name { .. } | Why::Description(_) | Why::Latency);
    let Some(unit) = taken.unit.filter(|unit| is_known && unit.in_seconds().is_some()) else {
        return Suggested {
            checks: Vec::new(),
            seen: format!(
                "{of}, median {median}, p95 {p95}: say what is good, such as \"p95 <= …\" or \"mean >= …\""
            ),
        };
    };
    let sign = unit.sign();
    let check = |q: f64| {
        let most = two_digits(at(q) * ROOM);
        let check = format!("\"p{q} <= {}{sign}\"", trim_number(most, 3));
        match taken.why {
            Why::Description(_) => format!("{{ check: {check}, unit: {sign} }}"),
            _ => check,
        }
    };
    Suggested {
        checks: [95.0, 90.0, 50.0].map(check).to_vec(),
        seen: format!(
            "{of}: median {median}{sign}, p90 {}{sign}, p95 {p95}{sign}",
            trim_number(at(90.0), 1)
        ),
    }
}

fn labels(values: &[&MetricValue]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values {
        if let MetricValue::Label(Some(label)) = value {
            *counts.entry(label).or_default() += 1;
        }
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let shown: Vec<String> =
        counts.iter().take(6).map(|(label, times)| format!("{} {times}", comment(label))).collect();
    format!("{}: say which are bad, such as 'share(\"…\") <= 5%'", shown.join(", "))
}

/// Shares in steps from a bound down, in percent.
fn shares_below(bound: f64) -> impl Iterator<Item = u32> {
    let first = (bound.clamp(0.0, 1.0) * 100.0) as u32 / STEP * STEP;
    (STEP..=first.min(100 - STEP)).rev().step_by(STEP as usize)
}

/// Shares in steps from a bound up, in percent: at least 10.
fn shares_above(bound: f64) -> impl Iterator<Item = u32> {
    let first = ((bound.clamp(0.0, 1.0) * 100.0).ceil() as u32).div_ceil(STEP) * STEP;
    (first.max(10)..=50).step_by(STEP as usize)
}

/// A number rounded up to two digits.
fn two_digits(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    (value / unit - 1e-9).ceil() * unit
}
