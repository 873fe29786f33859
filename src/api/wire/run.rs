//! A run to [`RunRecord`], from the detail, a list, a start answer or a webhook.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lenient::{self, Given};
use super::metric::WireMetric;
use super::turns::{WireTurns, turns_of_text};
use crate::escape::url::without_user;
use crate::record::{ExpectedOutcome, MetricRecord, RunRecord, Status, UnreadableField};

/// The runs of a result, in ascending order of their ids and each once: an object keyed by run id
/// in the detail, a list elsewhere.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) runs: Vec<RunRecord>,
    /// Entries that are no runs, or runs of which not even the id can be read.
    pub(super) unreadable: Vec<UnreadableField>,
}

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
        let mut found = Found::default();
        let mut at = 0;
        while let Some(wire) = seq.next_element::<Given<WireRun>>()? {
            found.take(None, format!("runs[{at}]"), wire);
            at += 1;
        }
        Ok(found.runs())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Runs, A::Error> {
        let mut found = Found::default();
        while let Some(key) = map.next_key::<String>()? {
            let wire = map.next_value::<Given<WireRun>>()?;
            let id = key.trim().parse().ok();
            found.take(id, format!("runs.{}", lenient::cut(&key)), wire);
        }
        Ok(found.runs())
    }
}

#[derive(Default)]
struct Found {
    runs: BTreeMap<u64, RunRecord>,
    unreadable: Vec<UnreadableField>,
}

impl Found {
    /// Takes one entry; the key it stands under serves as its id where it has none.
    fn take(&mut self, key: Option<u64>, path: String, wire: Given<WireRun>) {
        let (field, value) = match (wire.value, wire.unreadable) {
            (Some(wire), _) => match wire.id.value.or(key) {
                Some(id) => {
                    self.runs.insert(id, wire.into_record(id));
                    return;
                }
                None => (format!("{path}.id"), wire.id.unreadable),
            },
            (None, found) => (path, found),
        };
        let value = value.unwrap_or_else(|| "null".to_owned());
        self.unreadable.push(UnreadableField { field, metric: None, value });
    }

    fn runs(self) -> Runs {
        Runs { runs: self.runs.into_values().collect(), unreadable: self.unreadable }
    }
}

#[derive(Deserialize)]
struct WireRun {
    #[serde(default, deserialize_with = "lenient::given_whole")]
    id: Given<u64>,
    #[serde(default, deserialize_with = "lenient::run_status")]
    status: Given<Status>,
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
    success: Given<bool>,
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
    duration: Given<f64>,
    #[serde(default, deserialize_with = "lenient::text")]
    executed_at: Option<String>,
    #[serde(default)]
    agent_version: Value,
    #[serde(default)]
    expected_outcome: WireOutcome,
    #[serde(default)]
    evaluation: Given<WireEvaluation>,
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
    metrics: Metrics,
}

/// The entries of a run's metrics. Anything else than a list can't be read.
#[derive(Default)]
struct Metrics(Given<Vec<Given<WireMetric>>>);

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::list(deserializer).map(Metrics)
    }
}

impl WireEvaluation {
    fn records(self, unread: &mut Vec<UnreadableField>) -> Vec<MetricRecord> {
        let Metrics(Given { value, unreadable }) = self.metrics;
        unread.extend(unreadable.map(|value| field("evaluation.metrics", value)));
        let mut records = Vec::new();
        for (at, entry) in value.unwrap_or_default().into_iter().enumerate() {
            let path = format!("evaluation.metrics[{at}]");
            match (entry.value, entry.unreadable) {
                (Some(wire), _) => records.push(wire.into_record(&path, unread)),
                (None, found) => {
                    unread.push(field(&path, found.unwrap_or_else(|| "null".to_owned())));
                }
            }
        }
        records
    }
}

fn field(path: &str, value: String) -> UnreadableField {
    UnreadableField { field: path.to_owned(), metric: None, value }
}

impl WireRun {
    fn into_record(self, id: u64) -> RunRecord {
        let mut turns = self.transcript_object.0;
        if turns.is_empty() {
            turns = turns_of_text(self.transcript.as_deref().unwrap_or_default());
        }
        let mut unread = Vec::new();
        let outcome = &self.expected_outcome;
        let unknown = self.status.unreadable.clone().map(Status::Unknown);
        for (path, found) in [
            ("id", self.id.unreadable),
            ("status", self.status.unreadable),
            ("success", self.success.unreadable),
            ("duration", self.duration.unreadable),
            (outcome.path, outcome.unreadable.clone()),
            ("evaluation", self.evaluation.unreadable),
        ] {
            unread.extend(found.map(|value| field(path, value)));
        }
        let evaluation = self.evaluation.value;
        let metrics =
            evaluation.map(|evaluation| evaluation.records(&mut unread)).unwrap_or_default();
        let ended = |key: &str| self.metadata.get(key).and_then(lenient::text_of);
        RunRecord {
            chat_fault: None,
            agent_latencies_ms: Vec::new(),
            id,
            status: unknown.or(self.status.value).unwrap_or_default(),
            scenario: lenient::id_of(&self.scenario),
            case_key: None,
            set: None,
            round: None,
            tags: None,
            scenario_name: lenient::name_of(&self.scenario).or(self.scenario_name),
            personality: lenient::id_of(&self.personality),
            personality_name: lenient::name_of(&self.personality).or(self.personality_name),
            test_profile: lenient::id_of(&self.test_profile)
                .or_else(|| lenient::id_of(&self.test_profile_data)),
            test_profile_name: lenient::name_of(&self.test_profile)
                .or_else(|| lenient::name_of(&self.test_profile_data))
                .or(self.test_profile_name),
            success: self.success.value,
            evaluation_status: self.evaluation_status,
            rubric_skipped: rubric_skipped(&self.rubric, &metrics),
            error_message: self.error_message,
            ended_reason: ended("ended_reason")
                .or_else(|| ended("call_ended_reason"))
                .or(self.ended_reason)
                .or(self.call_ended_reason),
            duration_seconds: self.duration.value,
            executed_at: self.executed_at,
            agent_version: super::late::version(&self.agent_version),
            expected_outcome: self.expected_outcome.outcome,
            metrics,
            has_transcript: !turns.is_empty(),
            transcript: turns,
            recording_url: self.voice_recording_url.map(|url| without_user(&url)),
            unreadable: unread,
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
struct WireOutcome {
    outcome: Option<ExpectedOutcome>,
    /// Where what can't be read stands.
    path: &'static str,
    unreadable: Option<String>,
}

impl<'de> Deserialize<'de> for WireOutcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = "expected_outcome";
        let value = Value::deserialize(deserializer)?;
        let (outcome, path, unreadable) = match &value {
            Value::Null => (None, whole, None),
            Value::String(text) if text.trim().is_empty() => (None, whole, None),
            Value::String(text) => {
                let explanation = vec![text.clone()];
                (Some(ExpectedOutcome { explanation, ..ExpectedOutcome::default() }), whole, None)
            }
            Value::Object(fields) if fields.is_empty() => (None, whole, None),
            Value::Object(fields) => {
                let score = fields.get("score").filter(|score| !score.is_null());
                let read = score.and_then(lenient::number_of);
                let unreadable = score.filter(|_| read.is_none()).map(lenient::shown);
                let explanation =
                    fields.get("explanation").map(lenient::lines_of).unwrap_or_default();
                let is_unreadable = unreadable.is_some();
                let outcome =
                    ExpectedOutcome { score: read, explanation, unreadable: is_unreadable };
                (Some(outcome), "expected_outcome.score", unreadable)
            }
            other => {
                let outcome = ExpectedOutcome { unreadable: true, ..ExpectedOutcome::default() };
                (Some(outcome), whole, Some(lenient::shown(other)))
            }
        };
        Ok(Self { outcome, path, unreadable })
    }
}
