//! What so many runs can see of each share that a confidence decides: how far an agent must lie
//! beyond a threshold to be probably noticed, and how many runs it takes.
//!
//! Pure. Counted for a whole set of runs that all are judged; `check --power` and the HTML report
//! show it.

use crate::checks::figures::ERRORS;
use crate::checks::grammar::{Aggregate, Operator, Unit};
use crate::checks::spec::{CheckSpec, Checks};
use crate::scalars::Percent;
use crate::stats::rate::{PROBABLY, runs_to_decide};
use crate::stats::sequential::Design;
use crate::suite::thresholds::Thresholds;

/// A check on a share that a confidence decides.
pub(crate) struct Tested {
    /// Its name and condition, with the group or `each scenario` before them.
    pub(crate) name: String,
    /// The share wanted, a fraction.
    pub(crate) threshold: f64,
    /// Whether the share must be at least that; else at most.
    pub(crate) is_least: bool,
    confidence: f64,
    design: Design,
}

impl Tested {
    /// A check of so many scenarios with so many runs each after each look. None for one that is not
    /// on a share, or that no confidence decides.
    fn new(
        name: &str,
        spec: &CheckSpec,
        confidence: Option<Percent>,
        (scenarios, looks): (usize, &[usize]),
    ) -> Option<Self> {
        let check = &spec.check;
        let is_least = match check.operator {
            Operator::AtLeast | Operator::Above => true,
            Operator::AtMost | Operator::Below => false,
            Operator::Equal | Operator::Unequal => return None,
        };
        let is_share = check.aggregate.as_ref().is_none_or(Aggregate::is_share);
        if !is_share || check.threshold.unit != Unit::Percent || scenarios == 0 {
            return None;
        }
        let confidence = spec.confidence.or(confidence)?.fraction();
        let threshold = check.threshold.value / 100.0;
        let runs: Vec<usize> = looks.iter().map(|runs| runs * scenarios).collect();
        let design = Design::new(threshold, 1.0 - confidence, &runs);
        Some(Self { name: format!("{name} {check}"), threshold, is_least, confidence, design })
    }

    /// The share of an agent so far beyond the threshold, on the bad side; none where there is none.
    pub(crate) fn worse_by(&self, points: f64) -> Option<f64> {
        let share = self.threshold + if self.is_least { -points } else { points };
        let rounded = (share * 1e9).round() / 1e9;
        (0.0..=1.0).contains(&rounded).then_some(rounded)
    }

    /// The chance that these runs fail an agent of this share.
    pub(crate) fn chance_to_fail(&self, share: f64) -> f64 {
        let expected = self.design.expected(share);
        if self.is_least { expected.below } else { expected.above }
    }

    /// By how many whole points an agent must be worse to be probably noticed.
    pub(crate) fn notices(&self) -> Option<u32> {
        (1..=100).find(|points| {
            let share = self.worse_by(f64::from(*points) / 100.0);
            share.is_some_and(|share| self.chance_to_fail(share) >= PROBABLY)
        })
    }

    /// How many runs it takes to probably notice an agent so much worse; none where no number does.
    pub(crate) fn runs_to_notice(&self, points: f64) -> Option<usize> {
        runs_to_decide(self.worse_by(points)?, self.threshold, self.confidence)
    }
}

/// The checks of a suite on shares that a confidence decides, and the groups that have some and of
/// which nobody knows yet how many scenarios they have. `looks` are the runs of each scenario after
/// each look; `members` says how many scenarios a group has.
pub(crate) fn tested(
    thresholds: &Thresholds,
    (scenarios, looks): (usize, &[usize]),
    members: impl Fn(&str) -> Option<usize>,
) -> (Vec<Tested>, Vec<String>) {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for (group, rules) in thresholds.with_groups() {
        let before = group.map(|group| format!("group {group}: ")).unwrap_or_default();
        let has = match group {
            None => Some(scenarios),
            Some(group) => members(group),
        };
        let mut add = |name: String, checks: &Checks, confidence, scenarios: Option<usize>| {
            for spec in &checks.0 {
                let size = (scenarios.unwrap_or(1), looks);
                let Some(one) = Tested::new(&name, spec, confidence, size) else { continue };
                match (scenarios, group) {
                    (None, Some(group)) if !unknown.iter().any(|known| known == group) => {
                        unknown.push(group.to_owned());
                    }
                    (None, _) => {}
                    (Some(_), _) => found.push(one),
                }
            }
        };
        let figures = rules.figures.iter().filter(|(figure, _)| figure.key != ERRORS.key);
        let figures = figures.map(|(figure, checks)| (figure.key, checks));
        let metrics = rules.metrics.iter().map(|(name, checks)| (name.as_str(), checks));
        for (name, checks) in figures.chain(metrics) {
            add(format!("{before}{name}"), checks, rules.confidence, has);
        }
        let Some(each) = &rules.each_scenario else { continue };
        let figures = each.figures.iter().map(|(figure, checks)| (figure.key, checks));
        let metrics = each.metrics.iter().map(|(name, checks)| (name.as_str(), checks));
        for (name, checks) in figures.chain(metrics) {
            let confidence = each.confidence.or(rules.confidence);
            add(format!("{before}each scenario: {name}"), checks, confidence, Some(1));
        }
    }
    (found, unknown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_of_metrics_groups_and_scenarios_are_counted_with_their_own_runs() {
        let thresholds: Thresholds = serde_json::from_value(json!({
            "success_rate": ">= 80%",
            "confidence": "95%",
            "errors": "<= 10%",
            "metrics": { "Latency": "p95 <= 2s", "Sentiment": "share(\"angry\") <= 10%" },
            "each_scenario": { "success_rate": ">= 50%" },
            "groups": {
                "known": { "scenarios": [1, 2], "success_rate": ">= 90%" },
                "open": { "tags": ["x"], "success_rate": ">= 90%" },
            },
        }))
        .unwrap();
        let members = |group: &str| (group == "known").then_some(2);
        let (found, unknown) = tested(&thresholds, (10, &[3, 6, 9]), members);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        let expected = [
            "success_rate >= 80%",
            "Sentiment share(\"angry\") <= 10%",
            "each scenario: success_rate >= 50%",
            "group known: success_rate >= 90%",
        ];
        assert_eq!(names, expected);
        assert_eq!(unknown, ["open"]);
        let runs: Vec<usize> =
            found.iter().map(|one| one.design.looks().last().unwrap().runs).collect();
        assert_eq!(runs, [90, 90, 9, 18]);
        // An agent is worse where more of its runs are angry.
        assert_eq!(found[1].worse_by(0.1), Some(0.2));
        assert!(found[1].chance_to_fail(0.4) > found[1].chance_to_fail(0.2));
        assert_eq!(found[0].worse_by(0.81), None);
    }
}
