//! What people say of a run's scores: votes, and verdicts that are called wrong.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::after::Vote;
use super::super::runs;
use super::Reply;
use super::form::Form;
use crate::simulate::state::Account;

/// A vote on a metric.
pub(super) fn metric(account: &mut Account, id: u64, mut form: Form<'_>) -> Reply {
    if account.run(id).is_none() {
        return Reply::not_found();
    }
    let metric = form.id("metric_id");
    let vote = Vote {
        thumbs_up: form.truth("thumbs_up"),
        expected: form.required("expected_value").cloned().unwrap_or_default(),
        feedback: form.text("feedback").map(str::to_owned),
    };
    let known = |id: &u64| account.world.metrics.iter().any(|metric| metric.id == *id);
    if metric.is_some_and(|id| !known(&id)) {
        form.fault("metric_id", "Metric not found in this run.");
    }
    if let Some(refusal) = form.refusal() {
        return refusal;
    }
    if let (Some(run), Some(metric)) = (account.run_mut(id), metric) {
        run.reviews.metrics.insert(metric, vote);
        run.document = OnceLock::new();
    }
    Reply::ok(&json!({ "success": true }))
}

/// A vote on the expected outcome.
pub(super) fn outcome(account: &mut Account, id: u64, mut form: Form<'_>, now: Duration) -> Reply {
    if account.run(id).is_none() {
        return Reply::not_found();
    }
    let vote = Vote {
        thumbs_up: form.truth("thumbs_up"),
        expected: Value::Null,
        feedback: form.text("feedback").map(str::to_owned),
    };
    if let Some(refusal) = form.refusal() {
        return refusal;
    }
    if let Some(run) = account.run_mut(id) {
        run.reviews.outcome = Some(vote);
        run.document = OnceLock::new();
    }
    show(account, id, now)
}

/// The verdict on a critical scenario is wrong, or is not wrong after all.
pub(super) fn critical(
    account: &mut Account,
    id: u64,
    wrong: bool,
    mut form: Form<'_>,
    now: Duration,
) -> Reply {
    let Some((_, run)) = account.run(id) else { return Reply::not_found() };
    let own = runs::critical(run);
    let scenario = form.id("scenario_id");
    if scenario.is_some() && scenario != own {
        form.fault("scenario_id", "Critical scenario not found for this run.");
    }
    if let Some(refusal) = form.refusal() {
        return refusal;
    }
    if let (Some(run), Some(scenario)) = (account.run_mut(id), scenario) {
        if wrong {
            run.reviews.wrong.insert(scenario);
        } else {
            run.reviews.wrong.remove(&scenario);
        }
        run.document = OnceLock::new();
    }
    show(account, id, now)
}

fn show(account: &Account, id: u64, now: Duration) -> Reply {
    match account.run(id) {
        Some((held, run)) => Reply { status: 200, body: runs::detail(account, held, run, now) },
        None => Reply::not_found(),
    }
}
