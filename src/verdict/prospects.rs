//! What can be said of a verdict before anything is paid for: checks that this plan can never pass.
//!
//! Pure.

use crate::checks::grammar::{Check, Operator, Unit};
use crate::checks::spec::{CheckSpec, Checks, Level};
use crate::scalars::Percent;
use crate::stats::rate::runs_to_decide;
use crate::suite::thresholds::Thresholds;
use crate::{numbers, text};

/// The checks that cannot pass with so many runs, each in a sentence. `runs` is the plan's count of
/// runs, `per_scenario` that of each scenario.
pub fn unpassable_checks(
    thresholds: &Thresholds,
    runs: Option<usize>,
    per_scenario: usize,
) -> Vec<String> {
    let all = thresholds.with_groups().into_iter();
    all.flat_map(|(group, rules)| match group {
        None => hopeless_of(&rules, runs, per_scenario),
        // How many runs a group has is not known for sure: no more than there are.
        Some(group) => {
            let reasons = hopeless_of(&rules, runs, per_scenario);
            reasons.into_iter().map(|reason| format!("group {group}: {reason}")).collect()
        }
    })
    .collect()
}

/// The same of checks without groups.
fn hopeless_of(thresholds: &Thresholds, runs: Option<usize>, per_scenario: usize) -> Vec<String> {
    let confidence = thresholds.confidence.map(Percent::fraction);
    let mut reasons = Vec::new();
    let mut look = |name: &str, checks: &Checks, confidence: Option<f64>, runs: Option<usize>| {
        for spec in checks.0.iter().filter(|spec| spec.level == Level::Error) {
            reasons.extend(why_hopeless(name, spec, confidence, runs));
        }
    };
    // The suite's confidence does not decide errors, numbers and times.
    for (figure, checks) in thresholds.figures.iter() {
        look(figure.key, checks, confidence.filter(|_| figure.sees_failures()), runs);
    }
    for (name, checks) in &thresholds.metrics {
        look(name, checks, confidence, runs);
    }
    if let Some(each) = &thresholds.each_scenario {
        let confidence = each.confidence.map(Percent::fraction).or(confidence);
        for (figure, checks) in each.figures.iter() {
            let name = format!("each scenario's {}", figure.key);
            let confidence = confidence.filter(|_| figure.sees_failures());
            look(&name, checks, confidence, Some(per_scenario));
        }
        for (name, checks) in &each.metrics {
            look(&format!("each scenario's {name}"), checks, confidence, Some(per_scenario));
        }
    }
    reasons
}

fn why_hopeless(
    name: &str,
    spec: &CheckSpec,
    confidence: Option<f64>,
    runs: Option<usize>,
) -> Option<String> {
    let check = &spec.check;
    if let (Some(least), Some(runs)) = (spec.min_samples, runs)
        && (least as usize) > runs
    {
        return Some(format!(
            "{name} {check} can never pass: it asks for {least} samples, and there will be {runs}"
        ));
    }
    let confidence = spec.confidence.map(Percent::fraction).or(confidence)?;
    let least = runs_to_pass(check, confidence)?;
    let sure = numbers::percent(confidence);
    match (least, runs) {
        (Needed::Never, _) => Some(format!(
            "{name} {check} can never pass: no number of runs proves it with {sure} confidence"
        )),
        (Needed::Runs(least), Some(runs)) if least > runs => Some(format!(
            "{name} {check} can never pass: with {sure} confidence it needs at least {} \
             that all pass, and there will be {runs}",
            text::count(least, "run")
        )),
        (Needed::Runs(_), _) => None,
    }
}

enum Needed {
    Runs(usize),
    Never,
}

/// The least number of runs that can pass a share's check at all; none for other checks.
fn runs_to_pass(check: &Check, confidence: f64) -> Option<Needed> {
    if check.threshold.unit != Unit::Percent {
        return None;
    }
    let threshold = check.threshold.value / 100.0;
    let (best, possible) = match check.operator {
        Operator::AtLeast | Operator::Above => (1.0, threshold < 1.0),
        Operator::AtMost | Operator::Below => (0.0, threshold > 0.0),
        Operator::Equal | Operator::Unequal => return None,
    };
    if !possible {
        return Some(Needed::Never);
    }
    Some(runs_to_decide(best, threshold, confidence).map_or(Needed::Never, Needed::Runs))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reasons(thresholds: Value, runs: usize) -> Vec<String> {
        unpassable_checks(&serde_json::from_value(thresholds).unwrap(), Some(runs), 5)
    }

    #[test]
    fn a_confidence_that_the_runs_cannot_give_is_told_before_they_are_paid_for() {
        let ninety = json!({"success_rate": "90%", "confidence": "95%"});
        assert_eq!(reasons(ninety.clone(), 29), Vec::<String>::new());
        assert!(reasons(ninety, 28)[0].contains("needs at least 29 runs that all pass"));
        let all = json!({"success_rate": "100%", "confidence": "95%"});
        assert!(reasons(all, 10_000)[0].contains("no number of runs"));
    }

    #[test]
    fn a_check_that_asks_for_more_samples_than_there_will_be_is_told() {
        let many = json!({"duration": {"check": "p95 <= 3m", "min_samples": 500}});
        assert!(reasons(many.clone(), 20)[0].contains("500 samples"));
        assert_eq!(reasons(many, 500), Vec::<String>::new());
    }

    #[test]
    fn each_scenario_has_its_own_number_of_runs() {
        let each = json!({"each_scenario": {"success_rate": "60%", "confidence": "95%"}});
        assert!(reasons(each, 1000)[0].starts_with("each scenario's success_rate"));
    }

    #[test]
    fn a_share_that_may_not_exceed_its_bound_needs_as_many_runs_as_its_mirror() {
        let errors = |check: &str| json!({"errors": {"check": check, "confidence": "95%"}});
        assert_eq!(reasons(errors("<= 10%"), 29), Vec::<String>::new());
        assert!(reasons(errors("<= 10%"), 28)[0].contains("needs at least 29 runs"));
        assert!(reasons(errors("<= 0%"), 10_000)[0].contains("no number of runs"));
        assert_eq!(reasons(errors("== 0%"), 1), Vec::<String>::new());
    }

    #[test]
    fn the_suites_confidence_decides_the_expected_outcome_and_not_the_errors() {
        let of =
            |figure: &str, check: &str| reasons(json!({figure: check, "confidence": "95%"}), 5);
        assert!(of("expected_outcome", ">= 90%")[0].starts_with("expected_outcome >= 90%"));
        assert_eq!(of("errors", "<= 10%"), Vec::<String>::new());
    }

    #[test]
    fn a_suite_without_a_confidence_has_nothing_to_be_told() {
        let bare =
            json!({"success_rate": "100%", "errors": "<= 10%", "metrics": {"A": "mean >= 3"}});
        assert_eq!(reasons(bare, 1), Vec::<String>::new());
    }
}
