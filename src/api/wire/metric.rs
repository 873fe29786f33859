//! A metric's entry in a run's evaluation to [`MetricRecord`], old and new encodings.

use serde::Deserialize;

use super::lenient::{self, Given};
use crate::record::{MetricRecord, MetricValue, UnreadableField};

#[derive(Deserialize)]
pub(super) struct WireMetric {
    #[serde(default, deserialize_with = "lenient::given_whole")]
    id: Given<u64>,
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
    passed: Given<bool>,
    #[serde(default, deserialize_with = "lenient::number")]
    score: Given<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    score_normalized: Given<f64>,
    #[serde(default, rename = "enum", deserialize_with = "lenient::label")]
    label: Given<String>,
    #[serde(default, deserialize_with = "lenient::label")]
    value: Given<String>,
    #[serde(default, deserialize_with = "lenient::lines")]
    explanation: Vec<String>,
}

impl WireMetric {
    /// The metric's score, and what of it could not be read. `path` is where the entry stands.
    pub(super) fn into_record(self, path: &str, unread: &mut Vec<UnreadableField>) -> MetricRecord {
        let (value, unreadable) = value(&self);
        let name = self.name.unwrap_or_else(|| match self.id.value {
            Some(id) => format!("metric {id}"),
            None => "unnamed metric".to_owned(),
        });
        let is_label = matches!(value, MetricValue::Label(_));
        let fields = [
            ("id", self.id.unreadable),
            ("passed", self.passed.unreadable),
            ("score", self.score.unreadable),
            ("score_normalized", self.score_normalized.unreadable),
            ("enum", self.label.unreadable),
            // A `value` is read for labels only.
            ("value", self.value.unreadable.filter(|_| is_label)),
        ];
        for (field, found) in fields {
            if let Some(value) = found {
                let field = format!("{path}.{field}");
                unread.push(UnreadableField { field, metric: Some(name.clone()), value });
            }
        }
        let aliases = [self.slug, self.function_name, self.vocera_defined_metric_code, self.code];
        MetricRecord {
            id: self.id.value,
            name,
            aliases: aliases.into_iter().flatten().collect(),
            value,
            explanation: self.explanation,
            unreadable,
        }
    }
}

/// The score by the metric's kind, and whether there is one that can't be read.
fn value(wire: &WireMetric) -> (MetricValue, bool) {
    let number = |make: fn(Option<f64>) -> MetricValue| {
        (make(wire.score.value), wire.score.unreadable.is_some())
    };
    // `eval_type` is the newer word for the kind. `type` may hold the same words or, in older
    // entries, how the metric was defined (`llm_judge`, …), which says nothing about its kind.
    for word in [&wire.eval_type, &wire.kind].into_iter().flatten() {
        match word.as_str() {
            word if word.starts_with("binary") => return binary(wire),
            "continuous_qualitative" => return number(MetricValue::Rating),
            "numeric" => return number(MetricValue::Numeric),
            "enum" => {
                let label = if wire.label.is_given() { &wire.label } else { &wire.value };
                return (MetricValue::Label(label.value.clone()), label.unreadable.is_some());
            }
            _ => {}
        }
    }
    if wire.label.is_given() {
        return (MetricValue::Label(wire.label.value.clone()), wire.label.unreadable.is_some());
    }
    if wire.passed.is_given() {
        return (MetricValue::Binary(wire.passed.value), wire.passed.unreadable.is_some());
    }
    number(MetricValue::Numeric)
}

/// New entries say `passed`; older ones score 5, 100 or 1 for a pass and 0 for a miss. A score
/// between them is not a full pass. The first of them that is there decides, readable or not.
fn binary(wire: &WireMetric) -> (MetricValue, bool) {
    let (passed, unreadable) = if wire.passed.is_given() {
        (wire.passed.value, wire.passed.unreadable.is_some())
    } else if wire.score_normalized.is_given() {
        let normalized = &wire.score_normalized;
        (normalized.value.map(|score| score >= 1.0), normalized.unreadable.is_some())
    } else {
        let passes = |score| [1.0, 5.0, 100.0].contains(&score);
        (wire.score.value.map(passes), wire.score.unreadable.is_some())
    };
    (MetricValue::Binary(passed), unreadable)
}
