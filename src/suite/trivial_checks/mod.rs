//! Checks that are decided before any run: those that hold whatever the runs show, and those that
//! hold for none.
//!
//! Pure. It rests on what a figure can be at all: a share lies between 0% and 100%, a duration is
//! not negative. Where nothing bounds a figure, as with the numbers of most metrics, nothing is
//! said. What a plan and a confidence leave possible is in `prospects`.

use crate::checks::aggregate::settled;
use crate::checks::figure::{Figure, written_threshold};
use crate::checks::figures::{Kind, SUCCESS_RATE};
use crate::checks::grammar::{Aggregate, Check, Operator, Unit};
use crate::checks::spec::Checks;
use crate::document::{Path, Problem, shown};
use crate::suite::thresholds::Thresholds;
use crate::text;

/// A check that no sample decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrivialCheck {
    /// Whether it always holds; otherwise it never does.
    pub(crate) holds: bool,
    /// Why, as a lowercase fragment.
    pub(crate) because: String,
    /// A check of this figure that says something.
    pub(crate) instead: &'static str,
}

/// What a figure can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// A share of at most so many runs, where their number is known.
    Share(Option<usize>),
    /// A number of runs, of at most so many.
    Count(Option<usize>),
    /// 0 to 100.
    Score,
    /// A length of time.
    Time,
}

impl Scale {
    /// The scale of a figure, where it is known. `runs` is how many runs there will be.
    fn of(figure: Figure<'_>, check: &Check, runs: Option<usize>) -> Option<Self> {
        let share = || (check.threshold.unit == Unit::Percent).then_some(Scale::Share(runs));
        let aggregate = settled(check);
        match figure {
            _ if aggregate == Aggregate::Count => Some(Scale::Count(runs)),
            Figure::Metric(_) => aggregate.is_share().then(share).flatten(),
            Figure::BuiltIn(figure) => match figure.kind {
                Kind::Share { .. } => share(),
                Kind::Score { .. } if aggregate.is_share() => share(),
                Kind::Score { .. } => Some(Scale::Score),
                Kind::Time { .. } => check.threshold.unit.in_seconds().map(|_| Scale::Time),
            },
        }
    }

    fn highest(self) -> f64 {
        match self {
            Scale::Share(_) => 1.0,
            Scale::Count(runs) => runs.map_or(f64::INFINITY, |runs| runs as f64),
            Scale::Score => 100.0,
            Scale::Time => f64::INFINITY,
        }
    }

    /// Whether a figure on this scale can be this number.
    fn has(self, value: f64) -> bool {
        let is_whole =
            |value: f64, of: f64| Operator::Equal.holds((value * of).round() / of, value);
        let within =
            Operator::AtLeast.holds(value, 0.0) && Operator::AtMost.holds(value, self.highest());
        within
            && match self {
                Scale::Share(Some(runs)) => (1..=runs).any(|runs| is_whole(value, runs as f64)),
                Scale::Count(_) => is_whole(value, 1.0),
                Scale::Share(None) | Scale::Score | Scale::Time => true,
            }
    }

    /// Why the check is trivial.
    fn because(self, threshold: f64) -> String {
        let within = (0.0..=self.highest()).contains(&threshold);
        match self {
            Scale::Share(Some(runs)) if within && threshold > 0.0 && threshold < 1.0 => {
                format!("no part of {} is that share", text::count(runs, "run"))
            }
            Scale::Share(_) => "a share lies between 0% and 100%".to_owned(),
            Scale::Count(_) if threshold > 0.0 && threshold.fract() != 0.0 => {
                "a count is a whole number".to_owned()
            }
            Scale::Count(Some(runs)) if threshold > 0.0 => {
                format!("there will be {}", text::count(runs, "run"))
            }
            Scale::Count(_) => "a count is never below 0".to_owned(),
            Scale::Score => "the score lies between 0 and 100".to_owned(),
            Scale::Time => "no call is shorter than 0 s".to_owned(),
        }
    }
}

/// Whether a check of a figure is trivial. `runs` is how many runs there will be, where that is
/// known.
pub(crate) fn trivial_check(
    figure: Figure<'_>,
    check: &Check,
    runs: Option<usize>,
) -> Option<TrivialCheck> {
    let scale = Scale::of(figure, check, runs)?;
    let holds = on_scale(scale, check)?;
    let (is_better_low, time) = match figure {
        Figure::BuiltIn(figure) => match figure.kind {
            Kind::Time { example, .. } => (false, example),
            _ => (figure.is_better_low(), "p95 <= 3m"),
        },
        Figure::Metric(_) => (false, "p95 <= 3m"),
    };
    let instead = match scale {
        Scale::Count(_) if is_better_low => "count <= 2",
        _ if is_better_low => "<= 10%",
        Scale::Share(_) => ">= 90%",
        Scale::Count(_) => "count >= 20",
        Scale::Score => "mean >= 80",
        Scale::Time => time,
    };
    Some(TrivialCheck { holds, because: scale.because(written_threshold(check).0), instead })
}

/// Whether a check holds everywhere or nowhere on a scale; none where it depends.
pub(crate) fn on_scale(scale: Scale, check: &Check) -> Option<bool> {
    let (threshold, _) = written_threshold(check);
    let at = |value: f64| check.operator.holds(value, threshold);
    let (at_lowest, at_highest) = (at(0.0), at(scale.highest()));
    match check.operator {
        Operator::AtLeast | Operator::Above if at_lowest => Some(true),
        Operator::AtLeast | Operator::Above if !at_highest => Some(false),
        Operator::AtMost | Operator::Below if at_highest => Some(true),
        Operator::AtMost | Operator::Below if !at_lowest => Some(false),
        Operator::Equal if !scale.has(threshold) => Some(false),
        Operator::Unequal if !scale.has(threshold) => Some(true),
        _ => None,
    }
}

/// The checks of a suite that are trivial, each at its place. `runs` is the plan's number of runs,
/// `per_scenario` that of each scenario.
pub fn all(thresholds: &Thresholds, runs: Option<usize>, per_scenario: usize) -> Vec<Problem> {
    let root = Path::of(["thresholds"]);
    let mut problems = Vec::new();
    for (group, rules) in thresholds.with_groups() {
        let place = group.map(|group| root.child("groups").child(group));
        // How many runs a group has is not known.
        let runs = runs.filter(|_| group.is_none());
        problems.extend(all_of(&rules, place.as_ref().unwrap_or(&root), runs, per_scenario));
    }
    let limit =
        thresholds.baseline.as_ref().and_then(|baseline| baseline.figures.get(&SUCCESS_RATE));
    for (key, most) in
        limit.iter().flat_map(|l| [("max_drop", l.max_drop), ("max_rise", l.max_rise)])
    {
        if most.is_some_and(|most| most.fraction() >= 1.0) {
            let path = root.child("baseline").child("success_rate").child(key);
            let message = format!(
                "`success_rate`: `{key}` of `100%` can never fail: a share cannot move by more"
            );
            problems.push(Problem::new(path, message).help("write for example `5%`, or remove it"));
        }
    }
    problems
}

/// The checks of thresholds at a place, without their groups and their baseline.
fn all_of(
    thresholds: &Thresholds,
    root: &Path,
    runs: Option<usize>,
    per_scenario: usize,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut look = |parent: &Path, figure: Figure<'_>, checks: &Checks, runs| {
        let named = match figure {
            Figure::Metric(name) => parent.child("metrics").child(name),
            built_in => parent.child(built_in.name()),
        };
        for (path, spec) in checks.at(&named) {
            if let Some(trivial) = trivial_check(figure, &spec.check, runs) {
                let message = trivial.message(Some(figure.name()), &spec.check);
                problems.push(Problem::new(path, message).help(trivial.help()));
            }
        }
    };
    for (figure, checks) in thresholds.figures.iter() {
        look(root, Figure::BuiltIn(figure), checks, runs);
    }
    for (name, checks) in &thresholds.metrics {
        look(root, Figure::Metric(name), checks, runs);
    }
    if let Some(each) = &thresholds.each_scenario {
        let root = &root.child("each_scenario");
        for (figure, checks) in each.figures.iter() {
            look(root, Figure::BuiltIn(figure), checks, Some(per_scenario));
        }
        for (name, checks) in &each.metrics {
            look(root, Figure::Metric(name), checks, Some(per_scenario));
        }
    }
    problems
}

impl TrivialCheck {
    /// What is wrong with the check, with the figure's name where nothing else shows it.
    pub(crate) fn message(&self, name: Option<&str>, check: &Check) -> String {
        let name = name.map(|name| format!("{}: ", shown(name))).unwrap_or_default();
        let never = if self.holds { "can never fail" } else { "can never pass" };
        format!("{name}{} {never}: {}", shown(&check.to_string()), self.because)
    }

    /// The way out.
    pub(crate) fn help(&self) -> String {
        format!(
            "write the bound that is meant, for example `{}`, or remove the check",
            self.instead
        )
    }
}

#[cfg(test)]
mod tests;
