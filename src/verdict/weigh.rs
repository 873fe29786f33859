//! Samples against a threshold to verdict, interval and the reason in words.
//!
//! Pure. What the figure could be is in `bounds`; here it is compared and told.

use super::bounds::{LACKING_FOR_A_MEAN, bounds, over_range};
use super::evidence::{Evidence, Samples};
use super::{Interval, Verdict};
use crate::checks::aggregate::{of_numbers, settled};
use crate::checks::figure::{Figure, FigureUnit, written_threshold};
use crate::checks::grammar::{Aggregate, Check, Operator, Unit};
use crate::checks::spec::CheckSpec;
use crate::stats::numbers::further_for_mean;
use crate::stats::rate;
use crate::stats::sequential::{Design, Seen};
use crate::verdict::finding::Finding;
use crate::{numbers, text};

/// How sure a check must be, and of what an interval is only shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confidence {
    /// Decides: the truth, not the sample, must clear the threshold at this confidence.
    pub(super) decides: Option<f64>,
    /// Is shown: the interval at this confidence stands in the reports.
    shown: Option<f64>,
}

impl Confidence {
    /// The suite's confidence decides shares of runs: success rate, outcome, metrics. A check's own
    /// decides whatever it stands on. The share of errors is the platform's, not the agent's: there
    /// the suite's is only shown, as it is for numbers.
    pub(super) fn of(
        figure: Figure<'_>,
        spec: &CheckSpec,
        check: &Check,
        suite: Option<f64>,
    ) -> Self {
        let own = spec.confidence.map(crate::scalars::Percent::fraction);
        let is_share = check.aggregate.as_ref().is_some_and(Aggregate::is_share);
        let of_platform = matches!(figure, Figure::BuiltIn(figure) if figure.is_better_low());
        let by_suite = suite.filter(|_| is_share && !of_platform);
        Confidence { decides: own.or(by_suite), shown: own.or(suite) }
    }
}

/// What one look among several may spend, in place of what the confidence leaves to a single one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spent<'d> {
    /// This look of a design for a share.
    Share(&'d Design, usize),
    /// The chances that the truth lies below the lower bound, and above the upper one.
    Levels(f64, f64),
}

/// A check being compared with its samples.
pub(super) struct Weighing<'w> {
    pub(super) figure: Figure<'w>,
    pub(super) check: &'w Check,
    pub(super) spec: &'w CheckSpec,
    pub(super) confidence: Confidence,
    pub(super) spent: Option<Spent<'w>>,
    pub(super) evidence: &'w Evidence<'w>,
    pub(super) unknown: &'w [u64],
}

impl Weighing<'_> {
    /// How many runs gave no value although they could have.
    fn open(&self) -> usize {
        self.unknown.len() + self.evidence.missing
    }

    pub(super) fn weigh(&self, samples: Samples) -> Finding {
        match samples {
            Samples::Shares { yes, no } if self.check.aggregate == Some(Aggregate::Count) => {
                self.count(yes, no.len())
            }
            Samples::Shares { yes, no } => self.share(yes, no),
            Samples::Numbers { values, unit, scale } => self.numbers(&values, unit, scale),
        }
    }

    fn share(&self, yes: Vec<u64>, no: Vec<u64>) -> Finding {
        let (k, n, open) = (yes.len(), yes.len() + no.len(), self.open());
        let share = |k: usize, n: usize| (n > 0).then(|| k as f64 / n as f64);
        let threshold = self.check.threshold.value / 100.0;
        let bare = (share(k, n + open).unwrap_or(0.0), share(k + open, n + open).unwrap_or(1.0));
        let at = |confidence: f64| match self.spent {
            Some(Spent::Share(design, look)) => {
                design.bounds(look, Seen { yes: k, no: no.len(), unknown: open })
            }
            _ => rate::bounds(k, no.len(), open, confidence),
        };
        let (low, high) = self.confidence.decides.map_or(bare, at);
        // The bounds that decide are those that are shown.
        let interval = self.confidence.shown.filter(|_| n > 0).map(|confidence| {
            let (low, high) = at(confidence);
            Interval { low, high, confidence: Some(confidence) }
        });
        let further = self.confidence.decides.and_then(|confidence| match self.spent {
            Some(Spent::Share(design, look)) => {
                let seen = Seen { yes: k, no: no.len(), unknown: open };
                design.further_runs(look, seen).or_else(|| {
                    // Beyond the last round nothing is left of the error but what that one spends.
                    let last = design.looks().last()?;
                    let level = if k as f64 >= threshold * n as f64 {
                        last.level_above
                    } else {
                        last.level_below
                    };
                    rate::further_runs(k, n, threshold, 1.0 - level).filter(|more| *more > 0)
                })
            }
            _ => rate::further_runs(k, n, threshold, confidence),
        });
        let against = if wants_more(self.check.operator) { no } else { yes };
        self.conclude(
            Weighed {
                value: share(k, n),
                low,
                high,
                threshold,
                unit: FigureUnit::Share,
                samples: n,
                parts: Some((k, n)),
                interval,
                further,
            },
            against,
        )
    }

    /// `count` of a share's figure counts its yeses: `errors: "count <= 3"`.
    fn count(&self, yes: Vec<u64>, no: usize) -> Finding {
        let counted = yes.len() as f64;
        self.conclude(
            Weighed {
                value: Some(counted),
                low: counted,
                high: counted + self.open() as f64,
                threshold: self.check.threshold.value,
                unit: FigureUnit::Number,
                samples: yes.len() + no,
                parts: None,
                interval: None,
                further: None,
            },
            yes,
        )
    }

    fn numbers(&self, values: &[(u64, f64)], unit: Unit, scale: Option<(f64, f64)>) -> Finding {
        let (threshold, shown) = in_unit_of(self.check, unit);
        let numbers: Vec<f64> = values.iter().map(|(_, number)| *number).collect();
        let aggregate = settled(self.check);
        let lacking = if self.evidence.going { 0.0 } else { LACKING_FOR_A_MEAN };
        let at = |confidence: Option<f64>| {
            bounds(&aggregate, &numbers, self.open(), scale, lacking, confidence)
        };
        let bounds_at = |confidence: Option<f64>| match (self.spent, confidence) {
            (Some(Spent::Levels(low, high)), Some(_)) => {
                Some((at(Some(1.0 - low))?.0, at(Some(1.0 - high))?.1))
            }
            (_, confidence) => at(confidence),
        };
        let Some((low, high)) = bounds_at(self.confidence.decides) else {
            return self.without_bounds(&aggregate, &numbers, threshold, shown);
        };
        let interval = self.confidence.shown.and_then(|confidence| {
            let (low, high) = bounds_at(Some(confidence))?;
            Some(Interval { low, high, confidence: Some(confidence) })
        });
        let against = values
            .iter()
            .filter(|(_, number)| !self.check.operator.holds(*number, threshold))
            .map(|(run, _)| *run)
            .collect();
        let further = self.further_numbers(&aggregate, &numbers, threshold);
        self.conclude(
            Weighed {
                value: of_numbers(&aggregate, &numbers),
                low,
                high,
                threshold,
                unit: shown,
                samples: numbers.len(),
                parts: None,
                interval: interval.filter(|i| i.low.is_finite() && i.high.is_finite()),
                further,
            },
            against,
        )
    }

    /// How many further runs would probably decide on numbers like these.
    fn further_numbers(
        &self,
        aggregate: &Aggregate,
        numbers: &[f64],
        threshold: f64,
    ) -> Option<usize> {
        let seen = of_numbers(aggregate, numbers)?;
        let confidence = self.confidence.decides.map(|confidence| match self.spent {
            Some(Spent::Levels(low, _)) if seen > threshold => 1.0 - low,
            Some(Spent::Levels(_, high)) => 1.0 - high,
            _ => confidence,
        })?;
        let quantile = match aggregate {
            Aggregate::Median => 0.5,
            Aggregate::Percentile(p) => p / 100.0,
            Aggregate::Mean => return further_for_mean(numbers, threshold, confidence),
            // Facts about these runs, which no others change the meaning of.
            _ => return None,
        };
        // A quantile is within its limit where its share of the values is.
        let is_within = |value: &&f64| match self.check.operator {
            Operator::AtMost | Operator::Above => **value <= threshold,
            _ => **value < threshold,
        };
        let within = numbers.iter().filter(is_within).count();
        rate::further_runs(within, numbers.len(), quantile, confidence)
    }

    /// There is no value at all, or too many runs lack one.
    fn without_bounds(
        &self,
        aggregate: &Aggregate,
        numbers: &[f64],
        threshold: f64,
        unit: FigureUnit,
    ) -> Finding {
        let reason = match numbers.len() {
            0 => self.no_value(),
            n => format!("{}: too many to compute a {aggregate}", self.lacking(n),),
        };
        Finding {
            samples: numbers.len(),
            unknown: self.open(),
            value: of_numbers(aggregate, numbers),
            threshold,
            unit,
            deciding_runs: self.unknown.to_vec(),
            ..Finding::without_samples(self.spec, reason)
        }
    }
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

/// A figure with everything needed to compare it and to say so.
struct Weighed {
    value: Option<f64>,
    low: f64,
    high: f64,
    threshold: f64,
    unit: FigureUnit,
    samples: usize,
    parts: Option<(usize, usize)>,
    interval: Option<Interval>,
    further: Option<usize>,
}

impl Weighing<'_> {
    /// The verdict and its words.
    fn conclude(&self, figure: Weighed, against: Vec<u64>) -> Finding {
        let (verdict, reason) = self.verdict(&figure);
        let further_runs = figure.further.filter(|more| *more > 0);
        let further_runs = further_runs.filter(|_| verdict == Verdict::Inconclusive);
        let Weighed { value, low, high, threshold, unit, samples, interval, .. } = figure;
        let mut deciding_runs = match verdict {
            Verdict::Pass => Vec::new(),
            Verdict::Fail => against,
            Verdict::Inconclusive => self.unknown.to_vec(),
        };
        deciding_runs.sort_unstable();
        deciding_runs.dedup();
        let open = self.open();
        let bounded = open > 0 && value.is_some() && low.is_finite() && high.is_finite();
        let bare = bounded.then_some(Interval { low, high, confidence: None });
        Finding {
            verdict,
            value,
            threshold,
            unit,
            interval: interval.or(bare),
            rounds: None,
            samples,
            unknown: open,
            further_runs,
            reason,
            deciding_runs,
        }
    }

    fn verdict(&self, figure: &Weighed) -> (Verdict, String) {
        let unit = figure.unit;
        let wanted = format!(
            "{} {}",
            self.check.operator.sign(),
            numbers::threshold(figure.threshold, unit.form())
        );
        let missing = self.evidence.missing;
        let Some(value) = figure.value else {
            return (Verdict::Inconclusive, self.no_value());
        };
        let of = match figure.parts {
            Some((k, n)) => format!("{k} of {}", text::count(n, "run")),
            None => text::count(figure.samples, "run"),
        };
        let shown = |value: f64| unit.beside(value, figure.threshold);
        let seen = format!("saw {} ({of})", shown(value));
        let too_few = self.spec.min_samples.filter(|least| figure.samples < *least as usize);
        if let Some(least) = too_few {
            let least = text::count(least as usize, "sample");
            let reason = format!("{seen}, but the suite asks for at least {least}");
            return (Verdict::Inconclusive, reason);
        }
        let range = over_range(self.check.operator, figure.low, figure.high, figure.threshold);
        let sure = self.confidence.decides.map(numbers::percent);
        match (range, sure) {
            (Verdict::Pass, _) if missing > 0 => {
                let reason =
                    format!("{seen}, but {} never arrived", text::count(missing, "planned run"));
                (Verdict::Inconclusive, reason)
            }
            (Verdict::Inconclusive, sure) => {
                (Verdict::Inconclusive, self.open_question(figure, &seen, &wanted, sure))
            }
            (decided, Some(sure)) => {
                let bound = match (decided, wants_more(self.check.operator)) {
                    (Verdict::Pass, true) | (Verdict::Fail, false) => {
                        format!("at least {}", shown(figure.low))
                    }
                    _ => format!("at most {}", shown(figure.high)),
                };
                (decided, format!("{seen}, {bound} with {sure} confidence, wanted {wanted}"))
            }
            (decided, None) => (decided, format!("{seen}, wanted {wanted}")),
        }
    }

    /// Why the evidence does not decide, and what would.
    fn open_question(
        &self,
        figure: &Weighed,
        seen: &str,
        wanted: &str,
        sure: Option<String>,
    ) -> String {
        let span = self.span(figure);
        let open = self.open();
        let lacking = match open {
            0 => String::new(),
            _ => format!("; {}", self.lacking(figure.samples)),
        };
        match sure {
            None => {
                let what = match settled(self.check) {
                    Aggregate::Rate | Aggregate::Share(_) => "the share".to_owned(),
                    Aggregate::Percentile(p) => format!("p{p}"),
                    other => format!("the {other}"),
                };
                format!("{seen}, wanted {wanted}{lacking}; {what} could be {span}")
            }
            Some(sure) => {
                let further = match figure.further {
                    None if open == 0 && figure.parts.is_some() => {
                        "; no number of further runs like these would decide it".to_owned()
                    }
                    Some(0) | None => String::new(),
                    Some(more) => format!(
                        "; about {} like these would probably decide it",
                        text::count(more, "more run")
                    ),
                };
                format!("{seen}, wanted {wanted}; {sure} interval: {span}{lacking}{further}")
            }
        }
    }

    /// Between which figures the figure lies.
    fn span(&self, figure: &Weighed) -> String {
        let shown = |end: f64| figure.unit.beside(end, figure.threshold);
        match (figure.low.is_finite(), figure.high.is_finite()) {
            (true, true) => format!("{} to {}", shown(figure.low), shown(figure.high)),
            (true, false) => format!("{} or higher", shown(figure.low)),
            (false, true) => format!("{} or lower", shown(figure.high)),
            (false, false) => "anything".to_owned(),
        }
    }

    /// `no run has a duration (2 runs errored or not judged)`.
    fn no_value(&self) -> String {
        let what = self.figure.value_of_a_run();
        format!("no run has a {what}{}", why_unknown(self.unknown, self.evidence.missing))
    }

    /// `4 of 8 runs have no duration (4 errored or not judged)`.
    fn lacking(&self, samples: usize) -> String {
        let (open, what) = (self.open(), self.figure.value_of_a_run());
        let have = if open == 1 { "has" } else { "have" };
        let all = text::count(samples + open, "run");
        let why = why_unknown(self.unknown, self.evidence.missing);
        format!("{open} of {all} {have} no {what}{why}")
    }
}

fn why_unknown(unknown: &[u64], missing: usize) -> String {
    match (unknown.len(), missing) {
        (0, 0) => String::new(),
        (n, 0) => format!(" ({n} errored or not judged)"),
        (0, m) => format!(" ({m} never arrived)"),
        (n, m) => format!(" ({n} errored or not judged, {m} never arrived)"),
    }
}
