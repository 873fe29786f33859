//! New scores for runs that have ended, and new runs of the same scenarios.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Map, json};

use super::super::super::after::JOB_SECONDS;
use super::super::super::endpoints::ENDPOINTS;
use super::super::super::fate;
use super::super::super::start::{Call, Order};
use super::super::{results, runs};
use super::form::Form;
use super::{Kind, Reply};
use crate::record::Status;
use crate::simulate::state::Account;

/// Scores metrics of a result's runs again.
pub(super) fn evaluate(account: &mut Account, id: u64, mut form: Form<'_>, now: Duration) -> Reply {
    let Some(held) = account.results.get(&id) else { return Reply::not_found() };
    let run_ids = form.ids("run_ids", true);
    let metric_ids = form.ids("metric_ids", true);
    for run in &run_ids {
        if !held.runs.iter().any(|held| held.id == *run) {
            form.fault("run_ids", format!("Run {run} does not belong to this result."));
        }
    }
    for metric in &metric_ids {
        if !account.world.metrics.iter().any(|known| known.id == *metric) {
            let message = format!("Invalid pk \"{metric}\" - object does not exist.");
            form.fault("metric_ids", message);
        }
    }
    if let Some(refusal) = form.refusal() {
        return refusal;
    }
    let Account { world, results, .. } = account;
    let Some(held) = results.get_mut(&id) else { return Reply::not_found() };
    let at = held.at(world, now);
    for run in held.runs.iter_mut().filter(|run| run_ids.contains(&run.id)) {
        // What was never a conversation stays without scores.
        if run.status(at) != Status::Completed || !run.fate.end.is_conversation() {
            continue;
        }
        let Some(scenario) = world.scenario(run.scenario) else { continue };
        run.reviews.generation += 1;
        run.reviews.scored_again.extend(metric_ids.iter().copied());
        run.reviews.evaluating_until = at + world.evaluate.max(0.0);
        fate::score_again(world, scenario, &mut run.fate, run.reviews.generation, &metric_ids);
        run.reviews.success = Some(fate::passes(world, &run.fate));
        run.document = OnceLock::new();
    }
    match account.results.get(&id) {
        Some(held) => Reply::ok(&results::item(account, held, now)),
        None => Reply::not_found(),
    }
}

/// Judges a run's expected outcome again. Someone who voted against it is heard.
pub(super) fn outcome(account: &mut Account, id: u64, kind: Kind, now: Duration) -> Reply {
    let Some((held, run)) = account.run(id) else { return Reply::not_found() };
    let at = held.at(&account.world, now);
    if run.status(at) != Status::Completed || run.fate.outcome.is_none() {
        let message = "The expected outcome can only be judged for a completed run.";
        return Reply::refused("non_field_errors", message);
    }
    if let Some(run) = account.run_mut(id) {
        let against =
            run.reviews.outcome.as_ref().is_some_and(|vote| vote.thumbs_up == Some(false));
        if against && !run.reviews.outcome_again {
            let met = run.fate.outcome == Some(100);
            run.fate.outcome = Some(if met { 0 } else { 100 });
        }
        run.reviews.outcome_again = true;
        if kind == Kind::Background {
            run.reviews.evaluating_until = at + JOB_SECONDS;
        }
        run.document = OnceLock::new();
    }
    let passes = account.run(id).map(|(_, run)| fate::passes(&account.world, &run.fate));
    if let Some(run) = account.run_mut(id) {
        run.reviews.success = passes;
    }
    let Some((held, run)) = account.run(id) else { return Reply::not_found() };
    match kind {
        Kind::AtOnce => Reply { status: 200, body: runs::detail(account, held, run, now) },
        Kind::Background => {
            let done =
                json!({ "expected_outcome": runs::expected_outcome(run, &Status::Completed) });
            super::job(account, done, now)
        }
    }
}

/// Runs each scenario of a result once more.
pub(super) fn rerun(account: &mut Account, id: u64, now: Duration) -> Reply {
    let Some(held) = account.results.get(&id) else { return Reply::not_found() };
    let at = held.at(&account.world, now);
    if !held.runs.iter().all(|run| run.status(at).is_terminal()) {
        let message = "Only a result that has ended can be run again.";
        return Reply::refused("non_field_errors", message);
    }
    let mut seen = BTreeSet::new();
    let calls: Vec<Call> = held
        .runs
        .iter()
        .filter(|run| seen.insert(run.scenario))
        .map(|run| Call {
            scenario: run.scenario,
            personality: run.personality,
            test_profile: run.test_profile,
        })
        .collect();
    let order = Order {
        agent: held.agent,
        name: Some(format!("{} (rerun)", held.name)),
        concurrency: None,
        timeout: None,
        calls,
    };
    let run_type = held.run_type;
    let [first, ..] = &ENDPOINTS;
    let endpoint = ENDPOINTS.iter().find(|one| one.run_type == run_type).unwrap_or(first);
    let new = account.start(endpoint, order, Map::new(), now);
    match account.results.get(&new) {
        Some(held) => Reply::ok(&results::item(account, held, now)),
        None => Reply::not_found(),
    }
}
