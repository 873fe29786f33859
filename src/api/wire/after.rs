//! The documents of the calls that come after a result: the bodies that they take, and what they
//! answer.
//!
//! The published contract leaves most of the answers open (it gives the shape of a run where
//! another document comes), so that the readers take every shape that makes sense.

use serde_json::{Map, Value, json};

use super::{WireError, insights, lenient};
use crate::review::{Improvement, Issues, Progress, TestSetMetric, TestSetView, Vote};

/// The body that scores metrics of a result's runs again.
pub fn rescore_body(runs: &[u64], metrics: &[u64]) -> Value {
    let texts = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<String>>();
    json!({ "run_ids": texts(runs), "metric_ids": texts(metrics) })
}

/// The body of a vote on a metric.
pub fn metric_vote_body(metric: u64, vote: &Vote) -> Value {
    json!({
        "metric_id": metric,
        "thumbs_up": vote.thumbs_up,
        "expected_value": vote.expected,
        "feedback": vote.feedback,
    })
}

/// The body of a vote on the expected outcome.
pub fn outcome_vote_body(up: bool, feedback: Option<&str>) -> Value {
    json!({ "thumbs_up": up, "feedback": feedback })
}

/// The body that improves a prompt at once.
pub fn improve_now_body(runs: &[u64], prompt: &str) -> Value {
    json!({ "run_ids": runs, "prompt": prompt })
}

/// The body that improves a prompt in the background, or asks for the failures only.
pub fn improve_body(runs: &[u64], agent: Option<u64>, prompt: &str) -> Value {
    let mut body = improve_now_body(runs, prompt);
    if let (Some(agent), Some(fields)) = (agent, body.as_object_mut()) {
        fields.insert("agent".to_owned(), json!(agent));
    }
    body
}

/// The body that makes a test set of a run.
pub fn test_set_body(run: u64, name: &str, project: Option<u64>, metrics: &[Vote]) -> Value {
    let metrics: Vec<Value> = metrics
        .iter()
        .map(|metric| {
            let mut entry = Map::new();
            entry.insert("metric".to_owned(), json!(metric.metric));
            if !metric.expected.is_null() {
                entry.insert("expected_value".to_owned(), metric.expected.clone());
            }
            if let Some(feedback) = &metric.feedback {
                entry.insert("feedback".to_owned(), json!(feedback));
            }
            Value::Object(entry)
        })
        .collect();
    let mut body = json!({ "run_id": run, "name": name, "metrics": metrics });
    if let (Some(project), Some(fields)) = (project, body.as_object_mut()) {
        fields.insert("project".to_owned(), json!(project));
    }
    body
}

/// Reads what a background job is asked for by.
///
/// # Errors
///
/// When there is no such thing in the answer.
pub fn read_progress_id(body: &[u8]) -> Result<String, WireError> {
    let document: Value = super::read(body)?;
    let id = inside(&document, "progress_id").and_then(lenient::text_of);
    id.ok_or_else(|| missing("progress_id", "the id of a background job", body))
}

/// Reads how far a background job is. It is done when it says so, or when one of `results` is
/// there.
///
/// # Errors
///
/// When the answer is no JSON object.
pub fn read_progress(body: &[u8], results: &[&str]) -> Result<Progress, WireError> {
    let document: Map<String, Value> = super::read(body)?;
    let whole = Value::Object(document);
    let words = |key: &str| inside(&whole, key).and_then(lenient::text_of);
    let status = words("status").or_else(|| words("state")).unwrap_or_default().to_lowercase();
    let reason = || words("error").or_else(|| words("error_message")).or_else(|| words("detail"));
    if ["failed", "failure", "error", "cancelled", "timeout"].contains(&status.as_str()) {
        return Ok(Progress::Failed(reason().unwrap_or_else(|| "no reason given".to_owned())));
    }
    let has_result =
        results.iter().any(|key| inside(&whole, key).is_some_and(|value| !value.is_null()));
    if has_result
        || ["completed", "complete", "done", "success", "finished"].contains(&status.as_str())
    {
        let mut all = Map::new();
        for place in places(&whole).rev() {
            all.extend(place.as_object().cloned().unwrap_or_default());
        }
        return Ok(Progress::Done(all));
    }
    if status.is_empty()
        && let Some(reason) = reason()
    {
        return Ok(Progress::Failed(reason));
    }
    let percent = ["progress", "percentage", "percent"].into_iter();
    Ok(Progress::Going(percent.filter_map(|key| inside(&whole, key)).find_map(lenient::number_of)))
}

/// Reads a better prompt.
///
/// # Errors
///
/// When there is none in the answer.
pub fn read_improvement(body: &[u8]) -> Result<Improvement, WireError> {
    let document: Value = super::read(body)?;
    improvement(&document).ok_or_else(|| missing("improved_prompt", "an improved prompt", body))
}

/// A better prompt, out of the answer to a request or the end of a job.
pub fn improvement(document: &Value) -> Option<Improvement> {
    let words = |key: &str| inside(document, key).and_then(Value::as_str);
    let lines = inside(document, "summary_of_changes").map(lenient::lines_of).unwrap_or_default();
    Some(Improvement {
        improved_prompt: words("improved_prompt")
            .filter(|prompt| !prompt.trim().is_empty())?
            .to_owned(),
        summary_of_changes: lines.join("\n"),
    })
}

/// Reads the groups of failures.
///
/// # Errors
///
/// When the answer is not JSON.
pub fn read_issues(body: &[u8]) -> Result<Issues, WireError> {
    let document: Value = super::read(body)?;
    let found = ["failed_reasons", "data", "result"].into_iter().find_map(|key| document.get(key));
    Ok(insights(found.unwrap_or(&document), &Value::Null, &Value::Null))
}

/// Reads where a call can be listened to; none when the answer names no place.
///
/// # Errors
///
/// When the answer is not JSON.
pub fn read_listen_url(body: &[u8]) -> Result<Option<String>, WireError> {
    let document: Value = super::read(body)?;
    let keys = ["listen_url", "listenUrl", "url"];
    let url = keys.into_iter().find_map(|key| inside(&document, key).and_then(Value::as_str));
    let known = ["wss://", "ws://", "https://", "http://"];
    let url = url.map(str::trim).filter(|url| known.iter().any(|scheme| url.starts_with(scheme)));
    Ok(url.map(str::to_owned))
}

/// Reads a test set.
///
/// # Errors
///
/// When it has no id.
pub fn read_test_set(body: &[u8]) -> Result<TestSetView, WireError> {
    let document: Value = super::read(body)?;
    let id = document.get("id").and_then(lenient::whole_of);
    let metric = |entry: &Value| TestSetMetric {
        metric: entry.get("metric").and_then(lenient::whole_of),
        name: entry.get("metric_name").and_then(lenient::text_of),
        expected: entry.get("expected_value").cloned().unwrap_or_default(),
    };
    Ok(TestSetView {
        id: id.ok_or_else(|| missing("id", "the id of a test set", body))?,
        name: document.get("name").and_then(lenient::text_of),
        run: document.get("source_id").and_then(lenient::whole_of),
        agent: document.get("agent").and_then(lenient::id_of),
        metrics: document
            .get("metric_reviews")
            .map(|reviews| super::entries(reviews).map(metric).collect())
            .unwrap_or_default(),
    })
}

/// The document itself, and the objects in it that may hold what it is about.
fn places(document: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    let inner = ["result", "data", "response", "monitor"];
    std::iter::once(document).chain(inner.into_iter().filter_map(|key| document.get(key)))
}

fn inside<'a>(document: &'a Value, key: &str) -> Option<&'a Value> {
    places(document).find_map(|place| place.get(key))
}

fn missing(path: &str, what: &str, body: &[u8]) -> WireError {
    WireError {
        path: path.to_owned(),
        reason: format!("expected {what}, found nothing"),
        start: super::start_of(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_going_done_or_failed_in_each_way_that_it_may_be_told() {
        let read = |body: &str| read_progress(body.as_bytes(), &["improved_prompt"]).unwrap();
        assert_eq!(
            read(r#"{"status": "in_progress", "progress": 40}"#),
            Progress::Going(Some(40.0))
        );
        assert_eq!(read(r#"{"state": "PENDING"}"#), Progress::Going(None));
        assert_eq!(read("{}"), Progress::Going(None));
        assert_eq!(
            read(r#"{"status": "failed", "error": "no runs"}"#),
            Progress::Failed("no runs".to_owned())
        );
        assert_eq!(read(r#"{"error": "no runs"}"#), Progress::Failed("no runs".to_owned()));
        for body in [
            r#"{"improved_prompt": "x"}"#,
            r#"{"status": "completed", "result": {"improved_prompt": "x"}}"#,
            r#"{"data": {"improved_prompt": "x"}, "progress": 100}"#,
        ] {
            let Progress::Done(fields) = read(body) else { panic!("{body}") };
            assert_eq!(fields["improved_prompt"], "x", "{body}");
        }
    }

    #[test]
    fn an_answer_without_a_prompt_is_no_improvement() {
        assert!(read_improvement(br#"{"improved_prompt": "  "}"#).is_err());
        assert!(read_improvement(br#"{"status": "completed"}"#).is_err());
        let read =
            read_improvement(br#"{"improved_prompt": "p", "summary_of_changes": ["a", "b"]}"#);
        assert_eq!(read.unwrap().summary_of_changes, "a\nb");
    }

    #[test]
    fn only_an_address_is_taken_for_a_place_to_listen() {
        let read = |body: &str| read_listen_url(body.as_bytes()).unwrap();
        assert_eq!(read(r#"{"listen_url": "wss://a/b"}"#), Some("wss://a/b".to_owned()));
        assert_eq!(read(r#"{"monitor": {"listenUrl": "wss://a"}}"#), Some("wss://a".to_owned()));
        for none in [r#"{"listen_url": null}"#, r#"{"listen_url": "javascript:x"}"#, r#"{"id": 7}"#]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_test_set_takes_no_more_than_it_is_told() {
        let metrics = [Vote { metric: Some(5), ..Vote::default() }];
        let body = test_set_body(1, "n", None, &metrics);
        assert_eq!(body, json!({"run_id": 1, "name": "n", "metrics": [{"metric": 5}]}));
    }
}
