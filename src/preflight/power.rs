//! What so many runs can see: how small a drop since the baseline would show, and how many runs it
//! takes to notice an agent that lies below a threshold.

use std::collections::BTreeMap;

use crate::checks::figures::SUCCESS_RATE;
use crate::checks::grammar::{Check, Operator, Unit};
use crate::numbers;
use crate::plan::Plan;
use crate::plan::rounds::PlannedRounds;
use crate::report::power::tested;
use crate::scalars::Percent;
use crate::stats::drop::{Compared, Rule, least_noticed};
use crate::suite::groups::Member;
use crate::suite::thresholds::Thresholds;
use crate::text;
use crate::verdict::baseline::SIGNIFICANCE;

/// The share that an agent is taken to have where no threshold says one.
const USUAL: f64 = 0.9;

/// The most runs of each scenario that are tried.
const MOST: usize = 1_000;

/// The size of a plan at its largest.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    scenarios: usize,
    /// Runs of each scenario after each look.
    looks: Vec<usize>,
    /// How many scenarios each group has, where that is known.
    members: BTreeMap<String, usize>,
}

impl Size {
    /// None where nobody knows yet how many scenarios there are.
    pub(crate) fn of(plan: &Plan) -> Option<Self> {
        let looks = PlannedRounds::of(plan).map(|rounds| rounds.looks);
        let looks = looks.unwrap_or_else(|| vec![plan.runs_per_scenario]);
        let scenarios = plan.runs()? / plan.runs_per_scenario.max(1);
        (scenarios > 0).then_some(Self { scenarios, looks, members: BTreeMap::new() })
    }

    /// The same with what the plan says of the suite's groups.
    fn with_groups(mut self, thresholds: &Thresholds, plan: &Plan) -> Self {
        let of_id = |id| Member { id: Some(id), ..Member::default() };
        let mut all: Vec<Member> = plan.scenarios().into_iter().map(of_id).collect();
        if let Some(spec) = plan.spec() {
            all.extend(spec.scenarios.iter().map(|case| Member {
                id: None,
                name: Some(case.name.clone()),
                key: Some(case.key().to_owned()),
                tags: Some(spec.tags(case)),
            }));
        }
        for (name, group) in &thresholds.groups {
            let says: Option<Vec<bool>> = all.iter().map(|member| group.has(member)).collect();
            if let Some(says) = says {
                let many = says.into_iter().filter(|has| *has).count();
                self.members.insert(name.clone(), many);
            }
        }
        self
    }

    fn each(&self) -> usize {
        self.looks.last().copied().unwrap_or(0)
    }
}

/// What a comparison with the baseline can see.
pub(crate) struct Sight {
    /// In words.
    pub(crate) told: String,
    /// Whether it is far less than the suite asks for.
    pub(crate) is_blind: bool,
    /// Whether some drop would show at all.
    pub(crate) shows_any: bool,
}

/// What the comparison of the success rate with a baseline of as many runs would probably show.
pub(crate) fn against_the_baseline(thresholds: &Thresholds, size: &Size) -> Option<Sight> {
    let (most, rule) = limit(thresholds)?;
    let shown = |drop: f64| format!("{:.0} points", (drop * 100.0).ceil());
    let runs = format!(
        "{} on each side, an agent of {}",
        text::count(size.scenarios * size.each(), "run"),
        numbers::percent(usual(thresholds))
    );
    Some(match least(thresholds, size.scenarios, size.each(), most, rule) {
        Some(drop) => Sight {
            told: format!(
                "a drop of {} since the baseline would probably show ({runs})",
                shown(drop)
            ),
            is_blind: most > 0.0 && drop > 2.0 * most,
            shows_any: true,
        },
        None => Sight {
            told: format!("so few runs would hardly show any drop since the baseline ({runs})"),
            is_blind: true,
            shows_any: false,
        },
    })
}

fn limit(thresholds: &Thresholds) -> Option<(f64, Rule)> {
    let baseline = thresholds.baseline.as_ref()?;
    let limit = baseline.figures.get(&SUCCESS_RATE)?;
    let rule = match baseline.confidence {
        Some(confidence) => Rule::Confidence(confidence.fraction()),
        None => Rule::Significance(limit.significance.map_or(SIGNIFICANCE, Percent::fraction)),
    };
    Some((limit.max_drop?.fraction(), rule))
}

fn least(
    thresholds: &Thresholds,
    scenarios: usize,
    each: usize,
    most: f64,
    rule: Rule,
) -> Option<f64> {
    let one = Compared { base: each, head: each, share: usual(thresholds) };
    least_noticed(&vec![one; scenarios], most, rule)
}

/// The share of the suite's own check, else a usual one.
fn usual(thresholds: &Thresholds) -> f64 {
    let checks = thresholds.figures.get(&SUCCESS_RATE).into_iter().flat_map(|checks| &checks.0);
    checks.map(|spec| &spec.check).find_map(lowest).filter(|share| *share < 1.0).unwrap_or(USUAL)
}

/// The share that a check asks for at least.
fn lowest(check: &Check) -> Option<f64> {
    let is_lowest = matches!(check.operator, Operator::AtLeast | Operator::Above);
    (is_lowest && check.threshold.unit == Unit::Percent).then(|| check.threshold.value / 100.0)
}

/// What the runs of a plan can see, as `check --power` shows it.
pub(crate) fn text(thresholds: Option<&Thresholds>, plan: &Plan) -> String {
    let default = Thresholds::default();
    let thresholds = thresholds.unwrap_or(&default);
    let Some(size) = Size::of(plan) else {
        return "\nWhat the runs can see is known once the scenarios are: add --online.\n"
            .to_owned();
    };
    let size = size.with_groups(thresholds, plan);
    let mut lines = lines(thresholds, &size);
    lines.extend(against_the_baseline(thresholds, &size).map(|sight| sight.told));
    format!("\nWhat the runs can see, with a chance of 80%:\n  {}\n", lines.join("\n  "))
}

/// `check --power`: how many runs it takes to notice an agent 5, 10 and 20 points below each
/// threshold with a confidence, or a drop of so many since the baseline, and what this plan sees.
fn lines(thresholds: &Thresholds, size: &Size) -> Vec<String> {
    let mut lines = Vec::new();
    let (found, unknown) =
        tested(thresholds, (size.scenarios, &size.looks), |group| size.members.get(group).copied());
    for one in found {
        let runs = |points: f64| match one.runs_to_notice(points) {
            Some(runs) => text::count(runs, "run"),
            None => "never".to_owned(),
        };
        let side = if one.is_least { "below" } else { "above" };
        lines.push(format!(
            "{}: to notice an agent 5, 10, 20 points {side}: {}, {}, {}; this plan notices {}",
            one.name,
            runs(0.05),
            runs(0.1),
            runs(0.2),
            match one.notices() {
                Some(points) => format!("one {points} points {side}"),
                None => "none".to_owned(),
            }
        ));
    }
    for group in unknown {
        lines.push(format!("group {group}: how many scenarios it has is known when it runs"));
    }
    if let Some((most, rule)) = limit(thresholds) {
        let each = |points: f64| {
            let notices = |each: &usize| {
                least(thresholds, size.scenarios, *each, most, rule).is_some_and(|d| d <= points)
            };
            match (1..=MOST).find(notices) {
                Some(each) => text::count(each * size.scenarios, "run"),
                None => "never".to_owned(),
            }
        };
        lines.push(format!(
            "success_rate against the baseline: to notice a drop of 5, 10, 20 points: {}, {}, {} on \
             each side",
            each(0.05),
            each(0.1),
            each(0.2)
        ));
    }
    if lines.is_empty() {
        lines.push(
            "no share has a confidence or a baseline: there is nothing to compute".to_owned(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn thresholds(value: Value) -> Thresholds {
        serde_json::from_value(value).unwrap()
    }

    fn size(scenarios: usize, each: usize) -> Size {
        Size { scenarios, looks: vec![each], members: BTreeMap::new() }
    }

    #[test]
    fn a_comparison_that_sees_only_far_larger_drops_than_it_allows_is_blind() {
        let rules =
            thresholds(json!({"baseline": {"from": "main", "success_rate": {"max_drop": "5%"}}}));
        let few = against_the_baseline(&rules, &size(10, 5)).unwrap();
        assert!(few.is_blind && few.told.starts_with("a drop of 2"), "{}", few.told);
        let many = against_the_baseline(&rules, &size(10, 60)).unwrap();
        assert!(!many.is_blind, "{}", many.told);
        assert!(against_the_baseline(&rules, &size(1, 1)).unwrap().told.starts_with("so few runs"));
        assert!(against_the_baseline(&Thresholds::default(), &size(10, 5)).is_none());
    }

    #[test]
    fn the_runs_that_a_drop_takes_are_those_of_the_statistics() {
        let rules = thresholds(json!({"success_rate": ">= 90%", "confidence": "95%"}));
        let told = lines(&rules, &size(10, 9)).join("\n");
        assert!(told.contains("277 runs, 89 runs, 29 runs"), "{told}");
        assert!(told.ends_with("this plan notices one 10 points below"), "{told}");
    }
}
