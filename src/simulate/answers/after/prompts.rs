//! Better prompts, made from what went wrong in runs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::dialogue::Mishap;
use super::form::Form;
use super::{Kind, Reply};
use crate::simulate::state::Account;

/// The most runs that a request may name.
const MOST_RUNS: usize = 3;

/// Improves a prompt by what went wrong in the runs.
pub(super) fn improve(
    account: &mut Account,
    kind: Kind,
    mut form: Form<'_>,
    now: Duration,
) -> Reply {
    let causes = causes(account, &mut form);
    let prompt = form.required("prompt").and_then(Value::as_str).unwrap_or_default();
    if prompt.trim().is_empty() {
        form.fault("prompt", "This field may not be blank.");
    }
    if let Some(refusal) = form.refusal() {
        return refusal;
    }
    let done = improved(prompt, &causes);
    match kind {
        Kind::AtOnce => Reply::ok(&done),
        Kind::Background => super::job(account, done, now),
    }
}

/// The groups of failures among the runs.
pub(super) fn issues(account: &Account, mut form: Form<'_>) -> Reply {
    let causes = causes(account, &mut form);
    if let Some(refusal) = form.refusal() {
        return refusal;
    }
    let total: usize = causes.values().map(Vec::len).sum();
    let issues: Vec<Value> = causes
        .iter()
        .zip(1..)
        .map(|((mishap, runs), rank)| {
            json!({
                "rank": rank,
                "run_ids": runs,
                "description": mishap.description(),
                "affected_count": runs.len(),
            })
        })
        .collect();
    Reply::ok(&json!({ "issues": issues, "total_failed_runs": total }))
}

/// What went wrong in the runs that a body names.
fn causes(account: &Account, form: &mut Form<'_>) -> BTreeMap<Mishap, Vec<u64>> {
    let ids = form.ids("run_ids", false);
    if ids.len() > MOST_RUNS {
        let message = format!("Ensure this field has no more than {MOST_RUNS} elements.");
        form.fault("run_ids", message);
    }
    if let Some(agent) = form.optional_id("agent")
        && account.world.agent(agent).is_none()
    {
        form.fault("agent", format!("Invalid pk \"{agent}\" - object does not exist."));
    }
    let mut causes: BTreeMap<Mishap, Vec<u64>> = BTreeMap::new();
    for id in ids {
        match account.run(id) {
            None => form.fault("run_ids", format!("Run {id} not found.")),
            Some((_, run)) => {
                if let Some(mishap) = run.fate.end.mishap() {
                    causes.entry(mishap).or_default().push(id);
                }
            }
        }
    }
    causes
}

/// The prompt with a rule against each cause that it does not hold yet.
fn improved(prompt: &str, causes: &BTreeMap<Mishap, Vec<u64>>) -> Value {
    const HEADING: &str = "## Learned from test calls";
    let mut text = prompt.trim_end().to_owned();
    let mut titles = Vec::new();
    for mishap in causes.keys() {
        let (title, rule) = mishap.remedy();
        if text.contains(rule) {
            continue;
        }
        if !text.contains(HEADING) {
            text.push_str(&format!("\n\n{HEADING}\n"));
        }
        text.push_str(&format!("\n- {rule}"));
        titles.push(title);
    }
    if titles.is_empty() {
        return json!({
            "improved_prompt": prompt,
            "summary_of_changes": "Nothing to change: no failure points at the prompt.",
        });
    }
    text.push('\n');
    json!({
        "improved_prompt": text,
        "summary_of_changes": format!("Added a rule for each cause: {}.", titles.join("; ")),
    })
}
