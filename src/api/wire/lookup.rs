//! The lists of an account to [what a suite is checked against](crate::lookup).

use serde_json::Value;

use crate::api::wire::{WireError, lenient, read, start_of};
use crate::lookup::{Agent, ListedResult, Metric, Scenario};
use crate::record::Status;

/// A page of a list: its entries and the address of the next page. Some lists are bare arrays.
///
/// # Errors
///
/// When it is neither.
pub fn read_page(body: &[u8]) -> Result<(Vec<Value>, Option<String>), WireError> {
    let wrong = |reason: &str| WireError {
        path: ".".to_owned(),
        reason: reason.to_owned(),
        start: start_of(body),
    };
    match read::<Value>(body)? {
        Value::Array(entries) => Ok((entries, None)),
        Value::Object(mut page) => match page.shift_remove("results") {
            Some(Value::Array(entries)) => {
                let next = page.get("next").and_then(Value::as_str).filter(|next| !next.is_empty());
                Ok((entries, next.map(str::to_owned)))
            }
            _ => Err(wrong("expected a list in `results`")),
        },
        _ => Err(wrong("expected a list")),
    }
}

/// An agent.
///
/// # Errors
///
/// When it is not JSON, or no object with an id.
pub fn read_agent(body: &[u8]) -> Result<Agent, WireError> {
    let value: Value = read(body)?;
    agent(&value).ok_or_else(|| WireError {
        path: "id".to_owned(),
        reason: "expected the id of an agent".to_owned(),
        start: start_of(body),
    })
}

/// An agent of a list; none without an id.
pub fn agent(value: &Value) -> Option<Agent> {
    let personalities = value.get("enabled_personalities").and_then(Value::as_array);
    Some(Agent {
        id: id(value)?,
        name: text(value, "agent_name").unwrap_or_default(),
        project: value.get("project").and_then(lenient::id_of),
        assistant: text(value, "assistant_id"),
        personalities: personalities.map(|ids| ids.iter().filter_map(lenient::id_of).collect()),
        provider: text(value, "assistant_provider"),
        has_number: text(value, "contact_number").is_some(),
        updated_at: text(value, "updated_at"),
    })
}

/// A result of a list; none without an id.
pub fn listed_result(value: &Value) -> Option<ListedResult> {
    Some(ListedResult {
        id: id(value)?,
        agent: value.get("agent").and_then(lenient::id_of),
        completed: text(value, "status").as_deref() == Some(Status::Completed.as_str()),
        is_text: value.get("run_as_text") == Some(&Value::Bool(true)),
    })
}

/// A scenario of a list; none without an id.
pub fn scenario(value: &Value) -> Option<Scenario> {
    let tags = value.get("tags").and_then(Value::as_array);
    Some(Scenario {
        id: id(value)?,
        name: text(value, "name").unwrap_or_default(),
        tags: tags.into_iter().flatten().filter_map(lenient::text_of).collect(),
        folder: text(value, "folder_path"),
    })
}

/// A metric of a list; none without an id.
pub fn metric(value: &Value) -> Option<Metric> {
    let aliases = ["slug", "function_name", "vocera_defined_metric_code"];
    let labels = value.get("enum_values").and_then(Value::as_array);
    Some(Metric {
        id: id(value)?,
        name: text(value, "name").unwrap_or_default(),
        aliases: aliases.iter().filter_map(|key| text(value, key)).collect(),
        kind: text(value, "eval_type"),
        labels: labels.map(|labels| labels.iter().filter_map(lenient::text_of).collect()),
        description: text(value, "description"),
        simulated: value.get("simulation_enabled") != Some(&Value::Bool(false)),
    })
}

/// The path of a folder of a list.
pub fn folder(value: &Value) -> Option<String> {
    text(value, "path")
}

/// The id of an entry of a list.
pub fn id(value: &Value) -> Option<u64> {
    value.get("id").and_then(lenient::whole_of)
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(lenient::text_of).filter(|text| !text.is_empty())
}

/// What a dry run says of a plan. The published contract has it in prose only (test cases, total
/// runs, estimated cost), so that each figure may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DryRun {
    /// How many runs it would be.
    pub runs: Option<u64>,
    /// What they would cost.
    pub cost: Option<f64>,
    /// Whether the platform takes it.
    pub valid: Option<bool>,
}

/// Reads the answer to a dry run.
///
/// # Errors
///
/// When it is no JSON object.
pub fn read_dry_run(body: &[u8]) -> Result<DryRun, WireError> {
    let value: Value = read(body)?;
    let plan = value.get("plan").filter(|plan| plan.is_object()).unwrap_or(&value);
    if !plan.is_object() {
        return Err(WireError {
            path: ".".to_owned(),
            reason: "expected an object".to_owned(),
            start: start_of(body),
        });
    }
    let of = |keys: &[&str]| keys.iter().find_map(|key| number(plan.get(key)?));
    let runs = of(&["total_runs", "total_runs_count", "runs_count"]);
    Ok(DryRun {
        runs: runs.filter(|runs| *runs >= 0.0).map(|runs| runs as u64),
        cost: of(&["estimated_cost", "total_cost", "cost"]).filter(|cost| *cost >= 0.0),
        valid: value.get("valid").and_then(Value::as_bool),
    })
}

/// Reads the credits that are left, where the answer has them.
///
/// # Errors
///
/// When it is no JSON.
pub fn read_balance(body: &[u8]) -> Result<Option<f64>, WireError> {
    let value: Value = read(body)?;
    Ok(value.get("credits_remaining").and_then(number))
}

/// Reads how many runs occupy a telephone number; none where it is free.
///
/// # Errors
///
/// When it is no JSON.
pub fn read_occupancy(body: &[u8]) -> Result<Option<u64>, WireError> {
    let value: Value = read(body)?;
    let occupied = value.get("is_occupied").and_then(Value::as_bool) == Some(true);
    let pending = value.get("pending_runs_count").and_then(lenient::whole_of);
    Ok(occupied.then(|| pending.unwrap_or_default()))
}

/// A number, also as text; a cost may stand in an object with its currency.
fn number(value: &Value) -> Option<f64> {
    let found = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_start_matches('$').parse().ok(),
        Value::Object(fields) => ["amount", "total", "value"]
            .iter()
            .find_map(|key| fields.get(*key).filter(|value| !value.is_object()).and_then(number)),
        _ => None,
    };
    found.filter(|number: &f64| number.is_finite())
}
