//! What a test set keeps of a call.

use serde_json::{Value, json};

use crate::record::{MetricValue, RunRecord};
use crate::review::Vote;

/// The metrics that scored a run, each expected to score so again where that is wanted.
pub(crate) fn frozen(run: &RunRecord, as_scored: bool) -> Vec<Vote> {
    let scored = run.metrics.iter().filter(|metric| metric.id.is_some());
    let expected = |value: &MetricValue| match value {
        _ if !as_scored => Value::Null,
        // As the platform writes the scores of its binary metrics.
        MetricValue::Binary(Some(passed)) => json!(if *passed { 5 } else { 0 }),
        MetricValue::Rating(Some(score)) | MetricValue::Numeric(Some(score)) => json!(score),
        MetricValue::Label(Some(label)) => json!(label),
        MetricValue::Binary(None)
        | MetricValue::Rating(None)
        | MetricValue::Numeric(None)
        | MetricValue::Label(None) => Value::Null,
    };
    scored
        .map(|metric| Vote {
            metric: metric.id,
            expected: expected(&metric.value),
            ..Vote::default()
        })
        .collect()
}
