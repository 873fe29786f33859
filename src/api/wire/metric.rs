//! A metric's entry in a run's evaluation ▶ [`MetricRecord`], old and new encodings.

use serde::Deserialize;
use serde_json::Value;

use super::lenient;
use crate::record::{MetricRecord, MetricValue};

#[derive(Deserialize)]
pub(super) struct WireMetric {
    #[serde(default, deserialize_with = "lenient::whole")]
    id: Option<u64>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    slug: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    function_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    vocera_defined_metric_code: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    code: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    eval_type: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::truth")]
    passed: Option<bool>,
    #[serde(default, deserialize_with = "lenient::number")]
    score: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    score_normalized: Option<f64>,
    #[serde(default, rename = "enum")]
    label: Value,
    #[serde(default)]
    value: Value,
    #[serde(default, deserialize_with = "lenient::lines")]
    explanation: Vec<String>,
}

impl From<WireMetric> for MetricRecord {
    fn from(wire: WireMetric) -> Self {
        let value = value(&wire);
        let name = wire.name.unwrap_or_else(|| match wire.id {
            Some(id) => format!("metric {id}"),
            None => "unnamed metric".to_owned(),
        });
        let aliases = [wire.slug, wire.function_name, wire.vocera_defined_metric_code, wire.code];
        MetricRecord {
            id: wire.id,
            name,
            aliases: aliases.into_iter().flatten().collect(),
            value,
            explanation: wire.explanation,
        }
    }
}

fn value(wire: &WireMetric) -> MetricValue {
    // `eval_type` is the newer word for the kind. `type` may hold the same words or, in older
    // entries, how the metric was defined (`llm_judge`, …), which says nothing about its kind.
    for word in [&wire.eval_type, &wire.kind].into_iter().flatten() {
        match word.as_str() {
            word if word.starts_with("binary") => return MetricValue::Binary(passed(wire)),
            "continuous_qualitative" => return MetricValue::Rating(wire.score),
            "numeric" => return MetricValue::Numeric(wire.score),
            "enum" => return MetricValue::Label(label(wire)),
            _ => {}
        }
    }
    if let Some(label) = lenient::text_of(&wire.label) {
        return MetricValue::Label(Some(label));
    }
    if wire.passed.is_some() {
        return MetricValue::Binary(wire.passed);
    }
    MetricValue::Numeric(wire.score)
}

fn label(wire: &WireMetric) -> Option<String> {
    lenient::text_of(&wire.label).or_else(|| lenient::text_of(&wire.value))
}

/// New entries say `passed`; older ones score 5, 100 or 1 for a pass and 0 for a miss. A score
/// between them is not a full pass.
fn passed(wire: &WireMetric) -> Option<bool> {
    let by_score = || match (wire.score, wire.score_normalized) {
        (None, None) => None,
        (_, Some(normalized)) => Some(normalized >= 1.0),
        (Some(score), None) => Some([1.0, 5.0, 100.0].contains(&score)),
    };
    wire.passed.or_else(by_score)
}
