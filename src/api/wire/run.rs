//! A run ▶ [`RunRecord`], from the detail, a list, a start answer or a webhook.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lenient;
use super::metric::WireMetric;
use super::turns::{WireTurns, turns_of_text};
use crate::record::{ExpectedOutcome, MetricRecord, RunRecord, Status};

/// The runs of a result, in ascending order of their ids and each once: an object keyed by run id
/// in the detail, a list elsewhere.
#[derive(Default)]
pub(super) struct Runs(pub(super) Vec<RunRecord>);

impl<'de> Deserialize<'de> for Runs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RunsVisitor)
    }
}

struct RunsVisitor;

impl<'de> Visitor<'de> for RunsVisitor {
    type Value = Runs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("runs as an object keyed by run id or as a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Runs, E> {
        Ok(Runs::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Runs, A::Error> {
        let mut runs = BTreeMap::new();
        while let Some(run) = seq.next_element_seed(RunSeed(None))? {
            runs.insert(run.id, run);
        }
        Ok(Runs(runs.into_values().collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Runs, A::Error> {
        let mut runs = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let run = map.next_value_seed(RunSeed(key.trim().parse().ok()))?;
            runs.insert(run.id, run);
        }
        Ok(Runs(runs.into_values().collect()))
    }
}

/// Reads one run; the key it stands under serves as its id where it has none.
struct RunSeed(Option<u64>);

impl<'de> DeserializeSeed<'de> for RunSeed {
    type Value = RunRecord;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RunRecord, D::Error> {
        let wire = WireRun::deserialize(deserializer)?;
        let id = wire.id.or(self.0).ok_or_else(|| D::Error::missing_field("id"))?;
        Ok(wire.into_record(id))
    }
}

#[derive(Deserialize)]
struct WireRun {
    #[serde(default, deserialize_with = "lenient::whole")]
    id: Option<u64>,
    #[serde(default, deserialize_with = "lenient::status")]
    status: Status,
    #[serde(default)]
    scenario: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    scenario_name: Option<String>,
    #[serde(default)]
    personality: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    personality_name: Option<String>,
    #[serde(default)]
    test_profile: Value,
    #[serde(default)]
    test_profile_data: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    test_profile_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::truth")]
    success: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    evaluation_status: Option<String>,
    #[serde(default)]
    rubric: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    error_message: Option<String>,
    #[serde(default)]
    metadata: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    ended_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    call_ended_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient::seconds")]
    duration: Option<f64>,
    #[serde(default, deserialize_with = "lenient::text")]
    executed_at: Option<String>,
    #[serde(default)]
    expected_outcome: WireOutcome,
    #[serde(default)]
    evaluation: Option<WireEvaluation>,
    #[serde(default, deserialize_with = "lenient::text")]
    transcript: Option<String>,
    #[serde(default)]
    transcript_object: WireTurns,
    #[serde(default, deserialize_with = "lenient::text")]
    voice_recording_url: Option<String>,
}

#[derive(Deserialize)]
struct WireEvaluation {
    #[serde(default)]
    metrics: Option<Vec<WireMetric>>,
}

impl WireRun {
    fn into_record(self, id: u64) -> RunRecord {
        let mut turns = self.transcript_object.0;
        if turns.is_empty() {
            turns = turns_of_text(self.transcript.as_deref().unwrap_or_default());
        }
        let metrics = self.evaluation.and_then(|evaluation| evaluation.metrics).unwrap_or_default();
        let metrics: Vec<MetricRecord> = metrics.into_iter().map(MetricRecord::from).collect();
        let ended = |key: &str| self.metadata.get(key).and_then(lenient::text_of);
        RunRecord {
            chat_fault: None,
            agent_latencies_ms: Vec::new(),
            id,
            status: self.status,
            scenario: lenient::id_of(&self.scenario),
            case_key: None,
            set: None,
            scenario_name: lenient::name_of(&self.scenario).or(self.scenario_name),
            personality: lenient::id_of(&self.personality),
            personality_name: lenient::name_of(&self.personality).or(self.personality_name),
            test_profile: lenient::id_of(&self.test_profile)
                .or_else(|| lenient::id_of(&self.test_profile_data)),
            test_profile_name: lenient::name_of(&self.test_profile)
                .or_else(|| lenient::name_of(&self.test_profile_data))
                .or(self.test_profile_name),
            success: self.success,
            evaluation_status: self.evaluation_status,
            rubric_skipped: rubric_skipped(&self.rubric, &metrics),
            error_message: self.error_message,
            ended_reason: ended("ended_reason")
                .or_else(|| ended("call_ended_reason"))
                .or(self.ended_reason)
                .or(self.call_ended_reason),
            duration_seconds: self.duration,
            executed_at: self.executed_at,
            expected_outcome: self.expected_outcome.0,
            metrics,
            has_transcript: !turns.is_empty(),
            transcript: turns,
            recording_url: self.voice_recording_url,
        }
    }
}

/// Whether the rubric has rules and none of them saw a score: `success` then rests on nothing.
fn rubric_skipped(rubric: &Value, metrics: &[MetricRecord]) -> bool {
    let Some(rules) = rubric.as_array().filter(|rules| !rules.is_empty()) else { return false };
    rules.iter().all(|rule| {
        let unseen = rule.get("value").is_none_or(Value::is_null);
        let metric = rule.get("metric_id").and_then(lenient::whole_of);
        let scored =
            metrics.iter().any(|m| m.id.is_some() && m.id == metric && !m.value.is_skipped());
        unseen && !scored
    })
}

/// The expected outcome: `{score, explanation}`, `{}`, null, or text that explains without a score.
#[derive(Default)]
struct WireOutcome(Option<ExpectedOutcome>);

impl<'de> Deserialize<'de> for WireOutcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let outcome = match &value {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => {
                Some(ExpectedOutcome { score: None, explanation: vec![text.clone()] })
            }
            Value::Object(fields) if fields.is_empty() => None,
            Value::Object(fields) => {
                let score = match fields.get("score") {
                    None | Some(Value::Null) => None,
                    Some(score) => Some(lenient::number_of(score).ok_or_else(|| {
                        lenient::expected::<D::Error>("a score from 0 to 100", score)
                    })?),
                };
                let explanation =
                    fields.get("explanation").map(lenient::lines_of).unwrap_or_default();
                Some(ExpectedOutcome { score, explanation })
            }
            other => return Err(lenient::expected("an expected outcome", other)),
        };
        Ok(WireOutcome(outcome))
    }
}
