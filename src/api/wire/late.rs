//! What the platform adds to a result once it has settled: path coverage, figures by rubric rule;
//! and the version of the agent.
//!
//! All of it decorates: what cannot be read is dropped.

use serde_json::Value;

use super::lenient;
use crate::record::{PathCoverage, RubricRule};

/// The version of the agent: a text, a number, or an object that holds one.
pub(super) fn version(value: &Value) -> Option<String> {
    let text = |value: &Value| {
        let plain = Some(value).filter(|value| value.is_string() || value.is_number());
        plain.and_then(lenient::text_of).filter(|text| !text.trim().is_empty())
    };
    match value {
        Value::Object(fields) => {
            let keys = ["version", "version_number", "number", "name", "label", "id"];
            keys.iter().find_map(|key| text(fields.get(*key)?))
        }
        value => text(value),
    }
}

/// The coverage of the agent's paths.
pub(super) fn path_coverage(value: &Value) -> Option<PathCoverage> {
    let paths = |key: &str| value.get(key).map(lenient::lines_of).unwrap_or_default();
    let (covered, uncovered) = (paths("covered_paths"), paths("uncovered_paths"));
    let named = covered.len() + uncovered.len();
    let total = value.get("total_paths").and_then(lenient::whole_of);
    let percent = value.get("coverage_pct").and_then(lenient::number_of);
    let percent = percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .or_else(|| (named > 0).then(|| covered.len() as f64 / named as f64 * 100.0))?;
    Some(PathCoverage { percent, total: total.or(Some(named as u64)), covered, uncovered })
}

/// The figures by rubric rule.
///
/// The API's description says what they hold (a metric's name, a value over the result's runs, and
/// whether that meets the rule) and neither their keys nor their shape: it calls them a text. So
/// they are looked for under the names that such things have elsewhere in the API, in a list, in an
/// object, and in the JSON of a text. What is found nowhere is left out; no check rests on it.
pub(super) fn performance(value: &Value) -> Vec<RubricRule> {
    let read = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let value = read.as_ref().unwrap_or(value);
    let entries = value.get("rules").or_else(|| value.get("metrics")).unwrap_or(value);
    super::entries(entries).filter_map(rule).collect()
}

fn rule(entry: &Value) -> Option<RubricRule> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| entry.get(*key)).cloned();
    let metric = first(&["metric_name", "name", "metric"])?;
    let metric = metric.get("name").cloned().unwrap_or(metric);
    let value = first(&["value", "aggregated_value", "aggregate", "actual"]);
    let met = first(&["meets_conditions", "meets_condition", "meets", "met", "passed", "success"]);
    Some(RubricRule {
        metric: lenient::text_of(&metric)?,
        value: value.as_ref().and_then(lenient::text_of),
        met: met.as_ref().and_then(Value::as_bool),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_is_a_text_a_number_or_stands_in_an_object() {
        for (value, expected) in [
            (json!("v12"), Some("v12")),
            (json!(12), Some("12")),
            (json!({ "id": 7, "version_number": 12 }), Some("12")),
            (json!({ "id": 7 }), Some("7")),
            (json!(null), None),
            (json!(" "), None),
            (json!([]), None),
        ] {
            assert_eq!(version(&value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn coverage_is_read_as_it_is_published_and_counted_where_the_share_is_missing() {
        let published = json!({
            "coverage_pct": 66.7, "total_paths": 3, "covered_paths": ["A", "B"],
            "uncovered_paths": ["C"], "generated_at": "2026-07-14T12:00:00Z",
        });
        let read = path_coverage(&published).unwrap();
        assert_eq!((read.percent, read.total), (66.7, Some(3)));
        assert_eq!(read.uncovered, ["C"]);
        let counted = path_coverage(&json!({ "covered_paths": ["A"], "uncovered_paths": ["B"] }));
        assert_eq!(counted.unwrap().percent, 50.0);
        for nothing in [json!(null), json!({}), json!("soon"), json!({ "coverage_pct": 900 })] {
            assert_eq!(path_coverage(&nothing), None, "{nothing}");
        }
    }

    #[test]
    fn rubric_rules_are_read_under_whatever_name_they_come() {
        let rules = performance(&json!([
            { "metric_name": "Latency", "value": 812.5, "meets_conditions": true },
            { "metric": { "id": 3, "name": "Tone" }, "aggregated_value": "4", "met": false },
            7,
        ]));
        let read: Vec<_> = rules.iter().map(|rule| (rule.metric.as_str(), rule.met)).collect();
        assert_eq!(read, [("Latency", Some(true)), ("Tone", Some(false))]);
        let text = json!(r#"[{ "metric_name": "Latency", "value": 812.5, "passed": false }]"#);
        assert_eq!(performance(&text)[0].met, Some(false));
        for value in [json!("none"), json!(null), json!("[1"), json!({ "rules": 3 })] {
            assert_eq!(performance(&value), [], "{value}");
        }
    }
}
