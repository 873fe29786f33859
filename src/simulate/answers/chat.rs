//! The turns of mode `api_chat`.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::chat::{Chat, Closed};
use super::Reply;
use crate::simulate::state::{Account, HeldRun};

/// The result, the simulated time and the run of an id.
fn run_of(account: &mut Account, id: u64, now: Duration) -> Option<(u64, f64, &mut HeldRun)> {
    let result = *account.run_owner.get(&id)?;
    let at = account.results.get(&result)?.at(&account.world, now);
    Some((result, at, account.run_mut(id)?))
}

/// The fields of a body that the endpoint does not know.
fn unknown(body: Option<&Value>, known: &[&str]) -> Vec<String> {
    let keys = body.and_then(Value::as_object).into_iter().flat_map(|body| body.keys());
    keys.filter(|key| !known.contains(&key.as_str())).cloned().collect()
}

pub(super) fn submit(
    account: &mut Account,
    id: u64,
    body: Option<&Value>,
    unknown_fields: &mut Vec<String>,
    now: Duration,
) -> Reply {
    *unknown_fields = unknown(body, &["content", "metadata", "role", "data"]);
    let Some((result, at, run)) = run_of(account, id, now) else { return Reply::not_found() };
    let over = || Reply::detail(409, "This run has already ended.");
    let Some(chat) = &mut run.chat else { return over() };
    let field = |name: &str| body.and_then(|body| body.get(name)).filter(|value| !value.is_null());
    let said = match (field("role").and_then(Value::as_str), field("data"), field("content")) {
        (Some(role @ ("Function Call" | "Function Call Result")), Some(data), _) => {
            chat.record(role, data, at)
        }
        (Some(_), ..) => return Reply::refused("role", "Not a valid choice."),
        (None, _, Some(Value::String(content))) => chat.say(content, at),
        (None, _, Some(_)) => return Reply::refused("content", "Not a valid string."),
        (None, _, None) if field("metadata").is_some() => chat.record("Metadata", &json!({}), at),
        (None, _, None) => return Reply::refused("content", "This field is required."),
    };
    if let Some(Value::Object(metadata)) = field("metadata") {
        chat.metadata.extend(metadata.clone());
    }
    let turn = match said {
        Ok(turn) => turn,
        Err(Closed::Starting) => return Reply::detail(409, "This run is still starting."),
        Err(Closed::Over) => return over(),
    };
    settle(account, id);
    let answer =
        json!({ "run_id": id, "result_id": result, "turn_id": turn, "status": "generating" });
    Reply::json(202, &answer)
}

pub(super) fn turn(account: &mut Account, id: u64, turn: u64, now: Duration) -> Reply {
    let Some((result, at, run)) = run_of(account, id, now) else { return Reply::not_found() };
    let Some(chat) = &run.chat else {
        let answer = json!({
            "run_id": id, "result_id": result, "turn_id": turn, "status": "error",
            "message": null, "ended": true, "ended_reason": "Testing agent-run-not-ready",
        });
        return Reply::ok(&answer);
    };
    let Some(polled) = chat.poll(turn, at) else {
        return Reply::detail(404, "Unknown turn.");
    };
    Reply::ok(&json!({
        "run_id": id,
        "result_id": result,
        "turn_id": turn,
        "status": polled.status,
        "message": polled.message,
        "ended": polled.ended,
        "ended_reason": polled.reason,
    }))
}

pub(super) fn end(
    account: &mut Account,
    id: u64,
    body: Option<&Value>,
    unknown_fields: &mut Vec<String>,
    now: Duration,
) -> Reply {
    *unknown_fields = unknown(body, &["reason"]);
    let Some((result, at, run)) = run_of(account, id, now) else { return Reply::not_found() };
    let reason = body.and_then(|body| body.get("reason")).and_then(Value::as_str);
    if let Some(chat) = &mut run.chat {
        chat.finish(reason.unwrap_or("main_agent_ended_call"), at);
        settle(account, id);
    }
    Reply::ok(&json!({ "run_id": id, "result_id": result, "status": "completed" }))
}

/// Puts the end of a conversation, where it has one, on the run's time line.
fn settle(account: &mut Account, id: u64) {
    let evaluate = account.world.evaluate.max(0.0);
    let Some(run) = account.run_mut(id) else { return };
    if let Some(over) = run.chat.as_ref().and_then(Chat::over)
        && over < run.line.hung_up
    {
        run.line.hung_up = over;
        run.line.settled = over + evaluate;
    }
}
