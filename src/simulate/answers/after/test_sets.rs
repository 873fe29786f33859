//! Test sets: a run with the scores that it should have had.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::world::Kind;
use super::super::runs;
use super::Reply;
use super::form::Form;
use crate::record::Status;
use crate::simulate::state::Account;

/// Makes a test set of a run, or gives the one that was made of it.
pub(super) fn create(account: &mut Account, mut form: Form<'_>, now: Duration) -> Reply {
    let id = form.id("run_id");
    let name = form.text("name").unwrap_or_default();
    if let Some(project) = form.optional_id("project")
        && !account.world.all_agents().iter().any(|agent| agent.project == project)
    {
        form.fault("project", format!("Invalid pk \"{project}\" - object does not exist."));
    }
    let metrics = form.objects("metrics");
    let mut reviews = Vec::new();
    for (metric, number) in metrics.into_iter().zip(1..) {
        let wanted = metric.get("metric").and_then(Value::as_u64);
        let known = account.world.metrics.iter().find(|known| Some(known.id) == wanted);
        match known {
            None => form.fault("metrics", "Invalid pk - object does not exist."),
            Some(known) => reviews.push(json!({
                "id": number,
                "metric": known.id,
                "metric_name": known.name,
                "eval_type": match known.kind {
                    Kind::Binary => "binary",
                    Kind::Rating => "continuous_qualitative",
                    Kind::Numeric => "numeric",
                    Kind::Enum => "enum",
                },
                "expected_value": metric.get("expected_value"),
                "feedback": metric.get("feedback").and_then(Value::as_str).unwrap_or_default(),
            })),
        }
    }
    let found = id.and_then(|id| account.run(id));
    if let (Some(id), None) = (id, found) {
        form.fault("run_id", format!("Invalid pk \"{id}\" - object does not exist."));
    }
    if let Some((held, run)) = found
        && run.status(held.at(&account.world, now)) != Status::Completed
    {
        form.fault("run_id", "Only a completed run can become a test set.");
    }
    if let Some(refusal) = form.refusal() {
        return refusal;
    }
    let Some((held, run)) = found else { return Reply::not_found() };
    let source = run.id.to_string();
    let made = |set: &&Value| set.get("source_id").and_then(Value::as_str) == Some(&source);
    if let Some(set) = account.test_sets.iter().find(made) {
        return Reply::ok(set);
    }
    let document: Value =
        serde_json::from_str(&runs::detail(account, held, run, now)).unwrap_or_default();
    let of_run = |key: &str| document.get(key).cloned().unwrap_or_default();
    let set = json!({
        "id": 701 + account.test_sets.len(),
        "agent": held.agent,
        "name": if name.is_empty() { source.as_str() } else { name },
        "transcript": of_run("transcript"),
        "transcript_object": of_run("transcript_object"),
        "voice_recording_url": "",
        "call_end_reason": document.pointer("/metadata/ended_reason"),
        "duration": of_run("duration"),
        "source_model": "Run",
        "source_id": source,
        "metric_reviews": reviews,
        "created_at": account.calendar(now),
        "updated_at": account.calendar(now),
    });
    account.test_sets.push(set.clone());
    Reply::ok(&set)
}
