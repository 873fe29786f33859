//! Checks that no one can mean: directions that reward failure, and bounds on another scale than
//! the figure's.
//!
//! Only what has no sensible meaning is refused. What nothing can meet is in `verdict/trivial`,
//! what a metric's name says about its unit in `verdict/units`.

use crate::checks::aggregate::settled;
use crate::checks::figure::Figure;
use crate::checks::figures::Kind;
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
        (Figure::BuiltIn(figure), _) => match (&figure.kind, &aggregate) {
            (Kind::Share { high_is_good: true, .. }, _) | (Kind::Score { .. }, Aggregate::Rate) => {
                more_is_better(check, 100.0, "passes when runs fail")
                    .or_else(|| in_percent(check, 1.0))
            }
            (Kind::Share { high_is_good: false, .. }, _) => errors(check),
            (Kind::Score { .. } | Kind::Time { .. }, Aggregate::Count) => counted(check),
            (Kind::Score { .. }, _) => {
                more_is_better(check, 100.0, "passes when the expected outcome is missed")
                    .or_else(|| of_hundred(check))
            }
            (Kind::Time { nonsense, .. }, _) => nonsense(check),
        },
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

/// A share that is better low.
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
    use crate::checks::figures::{DURATION, ERRORS, EXPECTED_OUTCOME, SUCCESS_RATE};

    fn of(figure: Figure<'_>, check: &str) -> Option<(String, String)> {
        nonsense(figure, &CheckSpec::plain(check.parse().unwrap()))
    }

    #[test]
    fn a_check_that_rewards_failure_is_nonsense() {
        for (figure, check, fix) in [
            (Figure::BuiltIn(&SUCCESS_RATE), "<= 90%", "`>= 90%`"),
            (Figure::BuiltIn(&SUCCESS_RATE), "< 100%", "`>= 100%`"),
            (Figure::BuiltIn(&SUCCESS_RATE), "== 0%", "`>= 100%`"),
            (Figure::BuiltIn(&SUCCESS_RATE), "== 90%", "`>= 90%`"),
            (Figure::BuiltIn(&SUCCESS_RATE), "!= 100%", "`>= 100%`"),
            (Figure::BuiltIn(&SUCCESS_RATE), "!= 50%", "`>= 50%`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "<= 90%", "`>= 90%`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "mean <= 80", "`mean >= 80`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "p10 < 80", "`p10 >= 80`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "max == 0", "`max >= 100`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "count <= 5", "`count >= 5`"),
            (Figure::BuiltIn(&ERRORS), "== 10%", "`<= 10%`"),
            (Figure::BuiltIn(&ERRORS), "!= 0%", "`<= 0%`"),
            (Figure::BuiltIn(&ERRORS), "count == 3", "`count <= 3`"),
            (Figure::BuiltIn(&DURATION), "count < 5", "`count > 5`"),
            (Figure::Metric("Latency"), "p95 >= 2500ms", "`p95 <= 2500ms`"),
        ] {
            let (_, help) = of(figure, check).unwrap_or_else(|| panic!("{check}"));
            assert!(help.contains(fix), "{check}: {help}");
        }
    }

    #[test]
    fn a_bound_on_another_scale_is_nonsense() {
        for (figure, check, fix) in [
            (Figure::BuiltIn(&SUCCESS_RATE), ">= 0.9%", "`>= 90%`"),
            (Figure::BuiltIn(&SUCCESS_RATE), "> 1%", "`> 100%`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), ">= 0.95%", "`>= 95%`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "mean >= 0.9", "`mean >= 90`"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "min >= 1", "`min >= 100`"),
            (Figure::Metric("A"), ">= 0.9%", "`>= 90%`"),
            (Figure::Metric("A"), "share(\"x\") >= 0.2%", "`share(\"x\") >= 20%`"),
            (Figure::Metric("Latency"), "p95 <= 2500s", "`2500ms`"),
            (Figure::Metric("Latency"), "p95 <= -2s", "`p95 <= 2500ms`"),
            (Figure::BuiltIn(&DURATION), "p95 <= 180ms", "`180s`"),
            (Figure::BuiltIn(&DURATION), "min >= -1s", "`p95 <= 3m`"),
            (Figure::BuiltIn(&DURATION), "mean == 95s", "`p95 <= 3m`"),
            (Figure::BuiltIn(&DURATION), "mean != 95s", "`p95 <= 3m`"),
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
            (Figure::BuiltIn(&SUCCESS_RATE), ">= 90%"),
            (Figure::BuiltIn(&SUCCESS_RATE), "> 0%"),
            (Figure::BuiltIn(&SUCCESS_RATE), "== 100%"),
            (Figure::BuiltIn(&SUCCESS_RATE), "!= 0%"),
            (Figure::BuiltIn(&SUCCESS_RATE), ">= 2%"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "min == 100"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "mean > 0"),
            (Figure::BuiltIn(&EXPECTED_OUTCOME), "count == 5"),
            (Figure::BuiltIn(&ERRORS), "<= 0.5%"),
            (Figure::BuiltIn(&ERRORS), "== 0%"),
            (Figure::BuiltIn(&ERRORS), "count == 0"),
            (Figure::BuiltIn(&DURATION), "p95 <= 3m"),
            (Figure::BuiltIn(&DURATION), "min >= 10s"),
            (Figure::BuiltIn(&DURATION), "min != 0s"),
            (Figure::BuiltIn(&DURATION), "max <= 1s"),
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
