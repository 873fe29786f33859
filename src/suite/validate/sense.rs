//! Checks that no one can mean: directions that reward failure, and bounds on another scale than
//! the figure's.
//!
//! Only what has no sensible meaning is refused. What nothing can meet is in `verdict/trivial`,
//! what a metric's name says about its unit in `verdict/units`.

use crate::checks::figure::{Figure, settled};
use crate::checks::grammar::{Aggregate, Check, Operator, Threshold, Unit};
use crate::checks::spec::CheckSpec;
use crate::checks::units;
use crate::document::shown;
use crate::text::trim_number;

/// What is wrong with a check, and the fix; none where it can be meant.
pub(super) fn nonsense(figure: Figure<'_>, spec: &CheckSpec) -> Option<(String, String)> {
    let check = &spec.check;
    let aggregate = settled(check);
    match (figure, &aggregate) {
        (Figure::SuccessRate, _) | (Figure::ExpectedOutcome, Aggregate::Rate) => {
            more_is_better(check, 100.0, "passes when runs fail").or_else(|| in_percent(check, 1.0))
        }
        (Figure::Errors, _) => errors(check),
        (Figure::ExpectedOutcome | Figure::Duration | Figure::AgentLatency, Aggregate::Count) => {
            counted(check)
        }
        (Figure::ExpectedOutcome, _) => {
            more_is_better(check, 100.0, "passes when the expected outcome is missed")
                .or_else(|| of_hundred(check))
        }
        (Figure::Duration, _) => duration(check),
        (Figure::AgentLatency, _) => agent_latency(check),
        (Figure::Metric(name), _) => units::contradicted(name, spec).or_else(|| match aggregate {
            Aggregate::Rate => in_percent(check, 1.0),
            Aggregate::Share(_) => in_percent(check, 0.999_999),
            _ => None,
        }),
    }
}

/// A figure that is better high, with its best value.
fn more_is_better(check: &Check, best: f64, rewards: &str) -> Option<(String, String)> {
    let value = check.threshold.value;
    let at_least = |value: f64| {
        let threshold = Threshold { value, ..check.threshold };
        shown(&Check { operator: Operator::AtLeast, threshold, ..check.clone() }.to_string())
    };
    let turned = |value: f64| {
        Some((format!("{} {rewards}", written(check)), format!("write {}", at_least(value))))
    };
    match check.operator {
        Operator::AtLeast | Operator::Above => None,
        Operator::AtMost | Operator::Below => turned(if value > 0.0 { value } else { best }),
        Operator::Equal if value >= best => None,
        Operator::Equal if value <= 0.0 => turned(best),
        Operator::Unequal if value <= 0.0 => None,
        Operator::Unequal if value >= best => turned(best),
        Operator::Equal | Operator::Unequal => Some((
            format!("{} accepts only one exact value", written(check)),
            format!("write a bound, for example {}", at_least(value)),
        )),
    }
}

/// `>= 0.9%` is nine in a thousand, and `>= 90%` was meant. Below `most` a lower bound is taken for
/// a fraction.
fn in_percent(check: &Check, most: f64) -> Option<(String, String)> {
    let value = check.threshold.value;
    let lower = matches!(check.operator, Operator::AtLeast | Operator::Above);
    (lower && check.threshold.unit == Unit::Percent && value > 0.0 && value <= most).then(|| {
        (
            format!("{} asks for {} of a hundred runs", written(check), trim_number(value, 6)),
            format!("write {}", shown(&times_hundred(check))),
        )
    })
}

/// `mean >= 0.9` of a score from 0 to 100.
fn of_hundred(check: &Check) -> Option<(String, String)> {
    let value = check.threshold.value;
    let lower = matches!(check.operator, Operator::AtLeast | Operator::Above);
    (lower && value > 0.0 && value <= 1.0).then(|| {
        (
            format!("{} is on a scale from 0 to 1, and the score goes to 100", written(check)),
            format!("write {}", shown(&times_hundred(check))),
        )
    })
}

fn errors(check: &Check) -> Option<(String, String)> {
    let value = check.threshold.value;
    match check.operator {
        Operator::Equal if value > 0.0 => {}
        Operator::Unequal => {}
        _ => return None,
    }
    let few = Check { operator: Operator::AtMost, ..check.clone() };
    Some((
        format!("{} would pass when runs never become a conversation", written(check)),
        format!("write for example {}", shown(&few.to_string())),
    ))
}

/// How many runs gave a value.
fn counted(check: &Check) -> Option<(String, String)> {
    matches!(check.operator, Operator::AtMost | Operator::Below).then(|| {
        (
            format!("{} passes when runs have no value", written(check)),
            format!("write {}", shown(&units::opposite(check).to_string())),
        )
    })
}

fn duration(check: &Check) -> Option<(String, String)> {
    let seconds = check.threshold.value * check.threshold.unit.in_seconds()?;
    let number = trim_number(check.threshold.value, 6);
    match check.operator {
        _ if seconds < 0.0 => Some((
            format!("{} is a negative time", written(check)),
            "no call is shorter than 0 s: write for example `p95 <= 3m`".to_owned(),
        )),
        Operator::AtMost | Operator::Below if seconds > 0.0 && seconds < 1.0 => Some((
            format!("{} allows no call of even one second", written(check)),
            format!("write for example `{number}s`"),
        )),
        Operator::Equal => Some((
            format!("{} accepts only one exact length of a call", written(check)),
            "write a bound, for example `p95 <= 3m`".to_owned(),
        )),
        Operator::Unequal if seconds > 0.0 => Some((
            format!("{} allows every length of a call except one", written(check)),
            "write a bound, for example `p95 <= 3m`".to_owned(),
        )),
        _ => None,
    }
}

/// How long the agent takes for its answers.
fn agent_latency(check: &Check) -> Option<(String, String)> {
    check.threshold.unit.in_seconds()?;
    units::nonsense_of_latency(check).or_else(|| {
        let wrong = match check.operator {
            Operator::Equal => "accepts only one exact time",
            Operator::Unequal => "allows every time except one",
            _ => return None,
        };
        let bound = "write a bound, for example `p95 <= 2s`".to_owned();
        Some((format!("{} {wrong}", written(check)), bound))
    })
}

fn written(check: &Check) -> String {
    shown(&check.to_string())
}

fn times_hundred(check: &Check) -> String {
    let value = (check.threshold.value * 100.0).min(100.0);
    let value = trim_number(value, 6).parse().unwrap_or(value);
    Check { threshold: Threshold { value, ..check.threshold }, ..check.clone() }.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(figure: Figure<'_>, check: &str) -> Option<(String, String)> {
        nonsense(figure, &CheckSpec::plain(check.parse().unwrap()))
    }

    #[test]
    fn a_check_that_rewards_failure_is_nonsense() {
        for (figure, check, fix) in [
            (Figure::SuccessRate, "<= 90%", "`>= 90%`"),
            (Figure::SuccessRate, "< 100%", "`>= 100%`"),
            (Figure::SuccessRate, "== 0%", "`>= 100%`"),
            (Figure::SuccessRate, "== 90%", "`>= 90%`"),
            (Figure::SuccessRate, "!= 100%", "`>= 100%`"),
            (Figure::SuccessRate, "!= 50%", "`>= 50%`"),
            (Figure::ExpectedOutcome, "<= 90%", "`>= 90%`"),
            (Figure::ExpectedOutcome, "mean <= 80", "`mean >= 80`"),
            (Figure::ExpectedOutcome, "p10 < 80", "`p10 >= 80`"),
            (Figure::ExpectedOutcome, "max == 0", "`max >= 100`"),
            (Figure::ExpectedOutcome, "count <= 5", "`count >= 5`"),
            (Figure::Errors, "== 10%", "`<= 10%`"),
            (Figure::Errors, "!= 0%", "`<= 0%`"),
            (Figure::Errors, "count == 3", "`count <= 3`"),
            (Figure::Duration, "count < 5", "`count > 5`"),
            (Figure::Metric("Latency"), "p95 >= 2500ms", "`p95 <= 2500ms`"),
        ] {
            let (_, help) = of(figure, check).unwrap_or_else(|| panic!("{check}"));
            assert!(help.contains(fix), "{check}: {help}");
        }
    }

    #[test]
    fn a_bound_on_another_scale_is_nonsense() {
        for (figure, check, fix) in [
            (Figure::SuccessRate, ">= 0.9%", "`>= 90%`"),
            (Figure::SuccessRate, "> 1%", "`> 100%`"),
            (Figure::ExpectedOutcome, ">= 0.95%", "`>= 95%`"),
            (Figure::ExpectedOutcome, "mean >= 0.9", "`mean >= 90`"),
            (Figure::ExpectedOutcome, "min >= 1", "`min >= 100`"),
            (Figure::Metric("A"), ">= 0.9%", "`>= 90%`"),
            (Figure::Metric("A"), "share(\"x\") >= 0.2%", "`share(\"x\") >= 20%`"),
            (Figure::Metric("Latency"), "p95 <= 2500s", "`2500ms`"),
            (Figure::Metric("Latency"), "p95 <= -2s", "`p95 <= 2500ms`"),
            (Figure::Duration, "p95 <= 180ms", "`180s`"),
            (Figure::Duration, "min >= -1s", "`p95 <= 3m`"),
            (Figure::Duration, "mean == 95s", "`p95 <= 3m`"),
            (Figure::Duration, "mean != 95s", "`p95 <= 3m`"),
            (Figure::Metric("Words per minute"), "mean <= 3m", "bare number"),
            (Figure::Metric("Talk ratio (%)"), "mean <= 3s", "bare number"),
            (Figure::Metric("Hold time (s)"), ">= 95%", "`p95 <= 2500ms`"),
        ] {
            let (_, help) = of(figure, check).unwrap_or_else(|| panic!("{check}"));
            assert!(help.contains(fix), "{check}: {help}");
        }
    }

    #[test]
    fn a_check_that_can_be_meant_is_none() {
        for (figure, check) in [
            (Figure::SuccessRate, ">= 90%"),
            (Figure::SuccessRate, "> 0%"),
            (Figure::SuccessRate, "== 100%"),
            (Figure::SuccessRate, "!= 0%"),
            (Figure::SuccessRate, ">= 2%"),
            (Figure::ExpectedOutcome, "min == 100"),
            (Figure::ExpectedOutcome, "mean > 0"),
            (Figure::ExpectedOutcome, "count == 5"),
            (Figure::Errors, "<= 0.5%"),
            (Figure::Errors, "== 0%"),
            (Figure::Errors, "count == 0"),
            (Figure::Duration, "p95 <= 3m"),
            (Figure::Duration, "min >= 10s"),
            (Figure::Duration, "min != 0s"),
            (Figure::Duration, "max <= 1s"),
            (Figure::Metric("Latency"), "min >= 100ms"),
            (Figure::Metric("Latency"), "p5 >= 100ms"),
            (Figure::Metric("Latency"), "max <= 1ms"),
            (Figure::Metric("Latency"), "mean >= 4"),
            (Figure::Metric("Latency score"), "mean >= 4"),
            (Figure::Metric("Clock drift"), "min >= -50ms"),
            (Figure::Metric("Hallucination"), "rate <= 5%"),
            (Figure::Metric("Hold time"), "count <= 2"),
            (Figure::Metric("A"), "share(\"x\") <= 0.5%"),
            (Figure::Metric("A"), "share(\"x\") >= 1%"),
        ] {
            assert_eq!(of(figure, check), None, "{check}");
        }
    }

    #[test]
    fn a_unit_beside_a_share_is_nonsense() {
        let spec = |value| serde_json::from_value::<CheckSpec>(value).unwrap();
        let share = spec(json!({"check": ">= 90%", "unit": "ms"}));
        assert!(nonsense(Figure::Metric("A"), &share).is_some());
        let time = spec(json!({"check": "mean <= 3m", "unit": "s"}));
        assert_eq!(nonsense(Figure::Metric("Words per minute"), &time), None);
    }
}
