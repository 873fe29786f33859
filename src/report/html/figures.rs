//! The report to the data of its plots: which are worth drawing, what stands in them.
//!
//! It draws nothing (`plot`) and writes no page (`pictures`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::checks::figure::FigureUnit;
use crate::checks::figures::{ALL, BuiltIn, Kind, one_time};
use crate::checks::grammar::{Aggregate, Check, Operator, Unit as CheckUnit};
use crate::checks::spec::MetricUnit;
use crate::numbers;
use crate::outcome::{Outcome, RunOutcome};
use crate::record::{MetricRecord, MetricValue, RunRecord};
use crate::report::comparison;
use crate::report::model::{Report, ScenarioRuns};
use crate::report::plot::{
    Call, Cell, Change, Changes, Data, Heat, HeatRow, Lanes, Mark, Plot, Rate, Rates, Spread,
    Standing, Unit,
};
use crate::stats::rate::bounds;
use crate::text;
use crate::verdict::baseline::{ScenarioChange, Trend};
use crate::verdict::{CheckReport, Interval, Verdict};

/// How many rows a plot has at most, those that matter most first.
pub(super) const ROWS: usize = 60;
/// How many distributions are drawn at most.
pub(super) const SPREADS: usize = 8;

/// Every plot of the report. Those without data are left out.
pub(super) fn plots(report: &Report, scenarios: &[ScenarioRuns<'_>]) -> Vec<Plot> {
    let spreads = samples(report).into_iter().take(SPREADS).enumerate();
    let plots = [
        super::rounds::plot(report),
        changes(report),
        rates(report, scenarios),
        heat(scenarios),
        lanes(report),
        super::power::plot(report),
    ];
    let spreads = spreads.filter_map(|(at, sample)| spread(report, at, sample));
    plots.into_iter().flatten().chain(spreads).collect()
}

/// The scenarios, those that fail most first, then those of which least is known.
pub(super) fn worst_first<'a, 'r>(scenarios: &'a [ScenarioRuns<'r>]) -> Vec<&'a ScenarioRuns<'r>> {
    let mut order: Vec<&ScenarioRuns<'_>> = scenarios.iter().collect();
    let rate = |scenario: &ScenarioRuns<'_>| scenario.tally.success_rate().unwrap_or(-1.0);
    order.sort_by(|a, b| {
        let aside = a.quarantine.is_some().cmp(&b.quarantine.is_some());
        aside
            .then_with(|| rate(a).total_cmp(&rate(b)))
            .then_with(|| b.tally.failed.cmp(&a.tally.failed))
    });
    order
}

/// The interval of a scenario's success rate.
pub(super) fn interval(report: &Report, scenario: &ScenarioRuns<'_>) -> Option<(f64, f64)> {
    let tally = scenario.tally;
    if tally.passed + tally.failed == 0 {
        return None;
    }
    let is_its = |check: &&CheckReport| {
        let of = check.scenario.as_ref().and_then(|of| of.id);
        check.name == "success_rate" && of.is_some() && of == scenario.scenario.id
    };
    let sure = confidence(report);
    let is_so_sure = |seen: &Interval| seen.confidence.is_some_and(|c| (c - sure).abs() < 1e-9);
    let of_check = report.checks.iter().filter(is_its).find_map(|check| check.interval);
    Some(match of_check.filter(is_so_sure) {
        Some(seen) => (seen.low, seen.high),
        None => bounds(tally.passed, tally.failed, tally.errored + tally.unscored, sure),
    })
}

/// How sure the intervals of scenarios are, a fraction.
pub(super) fn confidence(report: &Report) -> f64 {
    let thresholds = &report.suite.thresholds;
    let each = thresholds.each_scenario.as_ref().and_then(|each| each.confidence);
    each.or(thresholds.confidence).map_or(0.95, |percent| percent.fraction())
}

fn rates(report: &Report, scenarios: &[ScenarioRuns<'_>]) -> Option<Plot> {
    let order = worst_first(scenarios);
    let mut checks: BTreeMap<Option<u64>, &CheckReport> = BTreeMap::new();
    for check in
        report.checks.iter().filter(|check| check.name == "success_rate" && check.group.is_none())
    {
        if let Some(scenario) = &check.scenario {
            checks.entry(scenario.id).or_insert(check);
        }
    }
    let rows: Vec<Rate> = order
        .iter()
        .take(ROWS)
        .map(|scenario| {
            let tally = scenario.tally;
            let check = checks.get(&scenario.scenario.id);
            let standing = match (scenario.quarantine, check.map(|check| check.verdict)) {
                (Some(_), _) => Standing::Aside,
                (None, Some(Verdict::Pass)) => Standing::Good,
                (None, Some(Verdict::Fail)) => Standing::Bad,
                (None, Some(Verdict::Inconclusive)) => Standing::Open,
                (None, None) if tally.failed == 0 => Standing::Good,
                (None, None) => Standing::Bad,
            };
            let judged = tally.passed + tally.failed;
            let figures = match tally.success_rate() {
                Some(rate) => {
                    let rate =
                        check.map_or_else(|| numbers::percent(rate), |check| check.shown(rate));
                    format!("{rate} · {}/{judged}", tally.passed)
                }
                None => "none judged".to_owned(),
            };
            Rate {
                label: scenario.scenario.name.clone(),
                value: tally.success_rate(),
                interval: interval(report, scenario),
                wanted: check.map(|check| check.threshold),
                figures,
                standing,
            }
        })
        .collect();
    let worst = order.iter().find(|scenario| scenario.tally.failed > 0);
    let worst = worst.map_or_else(
        || "No scenario has a failed run".to_owned(),
        |s| {
            format!(
                "The lowest is {} with {} of {} judged runs passed",
                s.scenario.name,
                s.tally.passed,
                s.tally.passed + s.tally.failed
            )
        },
    );
    let wanted = rows.iter().any(|row| row.wanted.is_some());
    let upright = if wanted { ". The upright line is the threshold" } else { "" };
    let judged = rows.iter().any(|row| row.value.is_some());
    judged.then(|| Plot {
        stem: "scenarios".to_owned(),
        title: format!(
            "Share of the judged runs that passed, with the interval that is {} sure{upright}",
            numbers::percent(confidence(report))
        ),
        description: format!("{} from 0% to 100%. {worst}.", text::count(rows.len(), "scenario")),
        data: Data::Rates(Rates { rows }),
    })
}

const fn cell(outcome: Outcome) -> Cell {
    match outcome {
        Outcome::Passed => Cell::Passed,
        Outcome::Failed => Cell::Failed,
        Outcome::Errored => Cell::Errored,
        Outcome::Unscored => Cell::Unscored,
    }
}

fn heat(scenarios: &[ScenarioRuns<'_>]) -> Option<Plot> {
    let rows: Vec<HeatRow> = worst_first(scenarios)
        .into_iter()
        .take(ROWS)
        .map(|scenario| {
            let mut runs: Vec<_> = scenario.runs.iter().collect();
            // Variants stand together, each with its repetitions in order.
            runs.sort_by_key(|(run, outcome)| (run.case(), outcome.repetition));
            HeatRow {
                label: scenario.scenario.name.clone(),
                cells: runs.into_iter().map(|(_, outcome)| cell(outcome.outcome)).collect(),
            }
        })
        .collect();
    let variants = scenarios.iter().any(|scenario| {
        let mut cases: Vec<_> = scenario.runs.iter().map(|(run, _)| run.case()).collect();
        cases.dedup();
        cases.iter().any(|case| Some(case) != cases.first())
    });
    let columns = if variants { "personality, profile, repetition" } else { "repetition" };
    let runs: usize = rows.iter().map(|row| row.cells.len()).sum();
    let failed =
        rows.iter().flat_map(|row| &row.cells).filter(|cell| **cell == Cell::Failed).count();
    (!rows.is_empty()).then(|| Plot {
        stem: "runs".to_owned(),
        title: "How each run of each scenario ended".to_owned(),
        description: format!(
            "{} of {}, {failed} of them failed.",
            text::count(runs, "run"),
            text::count(rows.len(), "scenario")
        ),
        data: Data::Heat(Heat { rows, columns }),
    })
}

/// Seconds since the epoch of a time that the platform wrote; UTC where it names no zone.
fn time(text: &str) -> Option<f64> {
    let stamp = crate::record::instant(text)?;
    Some(stamp.as_millisecond() as f64 / 1000.0)
}

fn lanes(report: &Report) -> Option<Plot> {
    let begun = report.result.runs.iter().zip(&report.outcomes).filter_map(|(run, outcome)| {
        let from = time(run.executed_at.as_deref()?)?;
        let long = run.duration_seconds.filter(|s| s.is_finite() && *s >= 0.0).unwrap_or(0.0);
        Some(Call { from, to: from + long, end: cell(outcome.outcome) })
    });
    let mut calls: Vec<Call> = begun.collect();
    calls.sort_by(|a, b| a.from.total_cmp(&b.from));
    let first = calls.first()?.from;
    for call in &mut calls {
        call.from -= first;
        call.to -= first;
    }
    let end = calls.iter().map(|call| call.to).fold(0.0, f64::max);
    // Times a year apart are no time line of one result.
    (end > 0.0 && end < 31_536_000.0).then(|| Plot {
        stem: "time".to_owned(),
        title: "When the calls were, and how they ended".to_owned(),
        description: format!("{} over {}.", text::count(calls.len(), "call"), text::seconds(end)),
        data: Data::Lanes(Lanes { calls }),
    })
}

/// The scenarios that changed since the baseline, the most telling first.
pub(super) fn changed(report: &Report) -> Vec<&ScenarioChange> {
    let scenarios = report.baseline.iter().flat_map(|base| &base.comparison.scenarios);
    let mut changed: Vec<_> = scenarios.filter(|change| change.trend != Trend::Same).collect();
    changed.sort_by_key(|change| change.trend);
    changed
}

/// Passed of judged, as a fraction.
pub(super) fn share((passed, judged): (usize, usize)) -> f64 {
    if judged == 0 { 0.0 } else { passed as f64 / judged as f64 }
}

fn changes(report: &Report) -> Option<Plot> {
    let row = |change: &ScenarioChange| Change {
        label: change.scenario.name.clone(),
        before: share(change.base),
        after: share(change.head),
        words: change.trend.name().to_owned(),
        telling: matches!(change.trend, Trend::NewlyFails | Trend::NewlyPasses),
    };
    let rows: Vec<Change> = changed(report).into_iter().take(ROWS).map(row).collect();
    let baseline = report.baseline.as_ref()?;
    (!rows.is_empty()).then(|| Plot {
        stem: "change".to_owned(),
        title: "Success rate in the baseline and now, of the scenarios that changed".to_owned(),
        description: format!("{}.", comparison::headline(&baseline.comparison)),
        data: Data::Changes(Changes { rows }),
    })
}

/// The numbers of one figure over the runs that count.
#[derive(Debug)]
pub(super) struct Sample<'r> {
    /// Name of the figure, for people.
    pub(super) name: Cow<'r, str>,
    /// The name by which checks call it, where it is built in.
    built_in: Option<&'static str>,
    /// How checks may call it besides.
    metric: Option<&'r MetricRecord>,
    /// The numbers, in ascending order.
    pub(super) values: Vec<f64>,
    /// Their unit.
    pub(super) unit: Unit,
}

impl Sample<'_> {
    /// Whether a check is on this figure.
    fn is_called(&self, name: &str) -> bool {
        let same = |text: &str| text.to_lowercase() == name.trim().to_lowercase();
        match self.metric {
            None => self.built_in == Some(name),
            Some(metric) => {
                let by_id = metric.id.is_some() && name.trim().parse().ok() == metric.id;
                by_id || same(&metric.name) || metric.aliases.iter().any(|alias| same(alias))
            }
        }
    }

    /// A quantile, `q` from 0 to 1, interpolated linearly as the checks do.
    pub(super) fn quantile(&self, q: f64) -> Option<f64> {
        let place = q * self.values.len().checked_sub(1)? as f64;
        let (below, above) =
            (self.values.get(place.floor() as usize)?, self.values.get(place.ceil() as usize)?);
        Some(below + place.fract() * (above - below))
    }

    /// The mean.
    pub(super) fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len().max(1) as f64
    }
}

/// The figures that are numbers: those with a check first, then latencies, the duration, the rest.
pub(super) fn samples(report: &Report) -> Vec<Sample<'_>> {
    let runs = || report.result.runs.iter().zip(&report.outcomes);
    let counts = |run: &RunRecord, outcome: &RunOutcome| {
        outcome.outcome != Outcome::Errored && !report.suite.quarantines(run.scenario)
    };
    let finite = |value: &f64| value.is_finite() && value.abs() < 1e12;
    let judged: Vec<&RunRecord> =
        runs().filter(|(run, outcome)| counts(run, outcome)).map(|(run, _)| run).collect();
    let mut all: Vec<Sample<'_>> =
        ALL.iter().filter_map(|figure| times(report, figure, &judged)).collect();
    for sample in &mut all {
        sample.values.retain(finite);
    }
    let mut places: BTreeMap<(&str, Option<u64>), usize> = BTreeMap::new();
    for (_, metric) in runs()
        .filter(|(run, outcome)| counts(run, outcome))
        .flat_map(|(run, _)| run.metrics.iter().map(move |metric| (run, metric)))
    {
        let (MetricValue::Rating(Some(value)) | MetricValue::Numeric(Some(value))) = metric.value
        else {
            continue;
        };
        let place = *places.entry((&metric.name, metric.id)).or_insert_with(|| {
            all.push(Sample {
                name: Cow::from(&metric.name),
                built_in: None,
                metric: Some(metric),
                values: Vec::new(),
                unit: Unit::Number,
            });
            all.len() - 1
        });
        if let Some(sample) = all.get_mut(place).filter(|_| finite(&value)) {
            sample.values.push(value);
        }
    }
    all.retain(|sample| !sample.values.is_empty());
    for sample in &mut all {
        sample.values.sort_by(f64::total_cmp);
        sample.unit = unit(report, sample);
    }
    all.sort_by_key(|sample| {
        let checked = report.checks.iter().any(|check| sample.is_called(&check.name));
        let latency = sample.name.to_lowercase().contains("latency");
        (!checked, !latency, sample.metric.is_some())
    });
    all
}

/// The times of a built-in figure: one value of each run. Where a run has several, the aggregate of
/// the first check makes one of them, as it does for the check.
fn times<'r>(report: &Report, figure: &'static BuiltIn, runs: &[&RunRecord]) -> Option<Sample<'r>> {
    let Kind::Time { of, unit, are_several, title, .. } = &figure.kind else { return None };
    let checks = report.suite.thresholds.figures.get(figure);
    let first = checks.and_then(|checks| checks.0.first()).and_then(|spec| {
        spec.check.aggregate.clone().filter(|aggregate| *aggregate != Aggregate::Count)
    });
    let aggregate = first.unwrap_or(Aggregate::Mean);
    let name = match are_several {
        true => Cow::from(format!("{title}, {aggregate} of each run")),
        false => Cow::from(*title),
    };
    Some(Sample {
        name,
        built_in: Some(figure.key),
        metric: None,
        values: runs.iter().filter_map(|run| one_time(&aggregate, of(run))).collect(),
        unit: if *unit == CheckUnit::Milliseconds { Unit::Milliseconds } else { Unit::Seconds },
    })
}

/// The unit of a figure's numbers: what the suite says, what a check on it lets conclude, or none.
fn unit(report: &Report, sample: &Sample<'_>) -> Unit {
    let Some(metric) = sample.metric else { return sample.unit };
    if matches!(metric.value, MetricValue::Rating(_)) {
        return Unit::Number;
    }
    let specs = report.suite.thresholds.metrics.iter().filter(|(name, _)| sample.is_called(name));
    let said = specs.flat_map(|(_, checks)| &checks.0).find_map(|spec| spec.unit);
    let timed = report.checks.iter().any(|check| {
        sample.is_called(&check.name)
            && matches!(
                check.unit,
                FigureUnit::Milliseconds | FigureUnit::Seconds | FigureUnit::Minutes
            )
    });
    let latency = sample.name.to_lowercase().contains("latency");
    match said {
        Some(MetricUnit::Milliseconds) => Unit::Milliseconds,
        Some(MetricUnit::Seconds) => Unit::Seconds,
        Some(MetricUnit::Minutes) => Unit::Minutes,
        None if latency => Unit::Milliseconds,
        None if timed => Unit::Seconds,
        None => Unit::Number,
    }
}

/// Seconds in one of a unit; none for bare numbers.
const fn seconds_in(unit: Unit) -> Option<f64> {
    match unit {
        Unit::Number => None,
        Unit::Milliseconds => Some(0.001),
        Unit::Seconds => Some(1.0),
        Unit::Minutes => Some(60.0),
    }
}

/// The threshold of a check in a sample's unit; none where it is no number on its axis.
fn threshold(check: &CheckReport, unit: Unit) -> Option<Mark> {
    let parsed: Check = check.condition.parse().ok()?;
    let aggregate = parsed.aggregate.clone().unwrap_or(Aggregate::Mean);
    let on_axis = match aggregate {
        Aggregate::Mean
        | Aggregate::Median
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::Percentile(_) => true,
        Aggregate::Rate | Aggregate::Sum | Aggregate::Count | Aggregate::Share(_) => false,
    };
    let of_check = match check.unit {
        FigureUnit::Share => return None,
        FigureUnit::Number => None,
        FigureUnit::Milliseconds => Some(0.001),
        FigureUnit::Seconds => Some(1.0),
        FigureUnit::Minutes => Some(60.0),
    };
    let factor = match (of_check, seconds_in(unit)) {
        (Some(check), Some(own)) => check / own,
        _ => 1.0,
    };
    let sign = match parsed.operator {
        Operator::AtLeast => "≥",
        Operator::AtMost => "≤",
        Operator::Equal => "=",
        Operator::Unequal => "≠",
        Operator::Above | Operator::Below => parsed.operator.sign(),
    };
    let name = format!("wanted {aggregate} {sign}");
    on_axis.then_some(Mark { name, value: check.threshold * factor, threshold: true })
}

fn spread(report: &Report, at: usize, sample: Sample<'_>) -> Option<Plot> {
    let quantile = |name: &str, q: f64| {
        Some(Mark { name: name.to_owned(), value: sample.quantile(q)?, threshold: false })
    };
    let mut marks: Vec<Mark> = vec![quantile("median", 0.5)?, quantile("p95", 0.95)?];
    let description = format!(
        "{} of {}: median {}, p95 {}, largest {}",
        sample.name,
        text::count(sample.values.len(), "call"),
        sample.unit.show(sample.quantile(0.5)?),
        sample.unit.show(sample.quantile(0.95)?),
        sample.unit.show(*sample.values.last()?),
    );
    let checks =
        report.checks.iter().filter(|check| check.scenario.is_none() && check.group.is_none());
    let thresholds = checks.filter(|check| sample.is_called(&check.name));
    for mark in thresholds.filter_map(|check| threshold(check, sample.unit)).take(3) {
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    let wanted: String = marks
        .iter()
        .filter(|mark| mark.threshold)
        .map(|mark| format!("; {} {}", mark.name, sample.unit.show(mark.value)))
        .collect();
    Some(Plot {
        stem: format!("figure-{}", at + 1),
        title: sample.name.clone().into_owned(),
        description: format!("{description}{wanted}."),
        data: Data::Spread(Spread {
            values: sample.values,
            unit: sample.unit,
            noun: "call",
            marks,
        }),
    })
}
