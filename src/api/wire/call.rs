//! A result or a call in full to what is shown of it: [`ResultView`], [`CallView`].
//!
//! What decides a verdict is read by the readers of the evidence. The rest decorates: what can't
//! be read of it is left out.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::run::Runs;
use super::{WireError, entries, lenient};
use crate::review::{Alignment, CallView, Critical, ResultView, Vote};

/// The fields of a result that are read elsewhere, and those that may hold secrets.
const OF_RESULT: [&str; 18] = [
    "id",
    "name",
    "status",
    "agent",
    "agent_name",
    "created_at",
    "updated_at",
    "success_rate",
    "total_runs_count",
    "completed_runs_count",
    "success_runs_count",
    "failed_runs_count",
    "runs",
    "failed_reasons",
    "ai_summary",
    "ai_summary_status",
    "next_steps",
    "run_settings",
];

/// The fields of a call that are read elsewhere.
const OF_CALL: [&str; 33] = [
    "id",
    "status",
    "scenario",
    "scenario_name",
    "personality",
    "personality_name",
    "test_profile",
    "test_profile_data",
    "test_profile_name",
    "success",
    "evaluation_status",
    "rubric",
    "error_message",
    "metadata",
    "ended_reason",
    "call_ended_reason",
    "duration",
    "executed_at",
    "expected_outcome",
    "evaluation",
    "transcript",
    "transcript_object",
    "voice_recording_url",
    "result_id",
    "result_name",
    "agent",
    "agent_name",
    "expected_outcome_prompt",
    "critical_categories",
    "is_reviewed",
    "feedback",
    "result",
    "agent_version",
];

/// Reads a result's detail.
///
/// # Errors
///
/// As for [`super::read_result`].
pub fn read_result_view(body: &[u8]) -> Result<ResultView, WireError> {
    let record = super::read_result(body)?;
    let fields: Map<String, Value> = super::read(body)?;
    let words = |key: &str| fields.get(key).and_then(lenient::text_of);
    Ok(ResultView {
        record,
        updated_at: words("updated_at"),
        summary_status: words("ai_summary_status"),
        details: others(&fields, &OF_RESULT),
    })
}

/// Reads a call's detail.
///
/// # Errors
///
/// When it is not JSON or a field that decides a verdict can't be read.
pub fn read_call(body: &[u8]) -> Result<CallView, WireError> {
    let fields: Map<String, Value> = super::read(body)?;
    let refuse =
        |reason: String| WireError { path: ".".to_owned(), reason, start: super::start_of(body) };
    let list = Value::Array(vec![Value::Object(fields.clone())]);
    let runs = Runs::deserialize(list).map_err(|error| refuse(error.to_string()))?;
    let Some(run) = runs.runs.into_iter().next() else { return Err(refuse("no run".to_owned())) };
    let empty = Value::Null;
    let field = |key: &str| fields.get(key).unwrap_or(&empty);
    let words = |key: &str| lenient::text_of(field(key));
    let outcome = field("expected_outcome");
    let metrics = field("evaluation").get("metrics").unwrap_or(&empty);
    Ok(CallView {
        result: lenient::id_of(field("result_id")).or_else(|| lenient::id_of(field("result"))),
        result_name: words("result_name"),
        agent: lenient::id_of(field("agent")),
        agent_name: words("agent_name"),
        expected: words("expected_outcome_prompt"),
        alignments: entries(outcome.get("outcome_alignments").unwrap_or(&empty))
            .filter_map(alignment)
            .collect(),
        critical: entries(field("critical_categories")).map(critical).collect(),
        votes: entries(metrics).filter_map(vote).collect(),
        reviewed: field("is_reviewed").as_bool().unwrap_or_default(),
        feedback: words("feedback"),
        details: others(&fields, &OF_CALL),
        run,
    })
}

fn others(fields: &Map<String, Value>, known: &[&str]) -> Map<String, Value> {
    let other = |(key, value): &(&String, &Value)| {
        !known.contains(&key.as_str()) && !value.is_null() && value.as_str() != Some("")
    };
    fields.iter().filter(other).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn alignment(entry: &Value) -> Option<Alignment> {
    Some(Alignment {
        outcome: entry.get("outcome").and_then(lenient::text_of)?,
        expected: entry.get("prompt_part").and_then(lenient::text_of),
        aligned: entry.get("aligned").and_then(Value::as_bool),
    })
}

fn critical(entry: &Value) -> Critical {
    let words = |key: &str| entry.get(key).and_then(lenient::text_of);
    Critical {
        id: entry.get("category_id").and_then(lenient::whole_of),
        name: words("category").unwrap_or_else(|| "unnamed".to_owned()),
        priority: words("priority"),
        deviation: entry.get("deviation").and_then(lenient::number_of),
        wrongly_marked: entry.get("wrongly_marked").and_then(Value::as_bool).unwrap_or_default(),
        feedback: words("feedback"),
    }
}

/// A vote stands in the metric's entry, or in what it holds besides.
fn vote(metric: &Value) -> Option<Vote> {
    let extra = metric.get("extra");
    let places = [Some(metric), extra.and_then(|extra| extra.get("review")), extra];
    let place = places.into_iter().flatten().find(|place| {
        let has = |key: &str| place.get(key).is_some_and(|value| !value.is_null());
        has("thumbs_up") || has("expected_value")
    })?;
    Some(Vote {
        metric: metric.get("id").and_then(lenient::whole_of),
        thumbs_up: place.get("thumbs_up").and_then(Value::as_bool),
        expected: place.get("expected_value").cloned().unwrap_or_default(),
        feedback: place.get("feedback").and_then(lenient::text_of),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_with_everything_around_its_evidence() {
        let call = read_call(
            br#"{"id": "7", "status": "completed", "result_id": 3, "agent": {"id": 1},
                "expected_outcome": {"score": 50, "explanation": "half",
                    "outcome_alignments": [{"outcome": "said no", "prompt_part": "says yes",
                        "aligned": false}, {"prompt_part": "without an outcome"}]},
                "critical_categories": [{"category_id": 42, "category": "Fees",
                    "wrongly_marked": true}],
                "evaluation": {"metrics": [{"id": 55, "name": "Tone", "type": "numeric", "score": 4,
                    "extra": {"review": {"thumbs_up": false, "expected_value": 2}}},
                    {"id": 56, "name": "Speed", "type": "numeric", "score": 1}]},
                "run_type": "voice", "trace_id": ""}"#,
        )
        .unwrap();
        assert_eq!((call.run.id, call.result, call.agent), (7, Some(3), Some(1)));
        assert_eq!(call.alignments.len(), 1);
        assert_eq!(call.alignments[0].aligned, Some(false));
        assert!(call.critical[0].wrongly_marked);
        assert_eq!(call.votes.len(), 1);
        assert_eq!((call.votes[0].metric, call.votes[0].thumbs_up), (Some(55), Some(false)));
        let rest: Vec<&String> = call.details.keys().collect();
        assert_eq!(rest, ["run_type"]);
    }

    #[test]
    fn what_a_start_was_told_is_not_repeated() {
        let view = read_result_view(
            br#"{"id": 3, "status": "completed", "run_settings": {"websocket_headers": "secret"},
                "path_coverage": {"coverage_pct": 66.7}}"#,
        )
        .unwrap();
        let rest: Vec<&String> = view.details.keys().collect();
        assert_eq!(rest, ["path_coverage"]);
    }
}
