//! The calls that come after a result: votes, new scores, reruns, prompts, test sets.

mod form;
mod prompts;
mod scores;
mod test_sets;
mod votes;

use std::time::Duration;

use serde_json::{Map, Value, json};

use self::form::Form;
use super::{Call, Reply};
use crate::simulate::state::Account;

/// What such a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Score a result's runs again.
    EvaluateMetrics(u64),
    /// Run a result's scenarios again.
    Rerun(u64),
    /// Where a call can be listened to.
    ListenUrl(u64),
    /// A vote on a metric of a run.
    MetricVote(u64),
    /// A vote on a run's expected outcome.
    OutcomeVote(u64),
    /// The verdict on a critical scenario is wrong, or is not.
    Critical(u64, bool),
    /// Judge a run's expected outcome again, in the background or at once.
    Outcome(u64, Kind),
    /// How far that is.
    OutcomeProgress,
    /// Improve a prompt, in the background or at once.
    Prompt(Kind),
    /// The failures that a prompt could be improved by.
    PromptIssues,
    /// How far an improvement is.
    PromptProgress,
    /// Make a test set of a run.
    TestSet,
}

/// Whether a job is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Background,
    AtOnce,
}

impl After {
    /// Whether the newest API has dropped the call.
    const fn is_dropped(self) -> bool {
        matches!(
            self,
            After::Outcome(_, Kind::AtOnce)
                | After::Prompt(_)
                | After::PromptIssues
                | After::PromptProgress
        )
    }
}

/// The call that a path below `test_framework` asks for, and its method.
pub(super) fn find(resource: &str, rest: &[&str]) -> Option<(&'static str, After)> {
    let id = |text: &str| text.parse::<u64>().ok();
    Some(match (resource, rest) {
        ("results", [one, "evaluate_metrics"]) => ("POST", After::EvaluateMetrics(id(one)?)),
        ("results", [one, "rerun"]) => ("POST", After::Rerun(id(one)?)),
        ("runs", ["run_expected_outcome_progress"]) => ("GET", After::OutcomeProgress),
        ("runs", ["improve_prompt"]) => ("POST", After::Prompt(Kind::AtOnce)),
        ("runs", ["improve_prompt_bg"]) => ("POST", After::Prompt(Kind::Background)),
        ("runs", ["improve_prompt_issues"]) => ("POST", After::PromptIssues),
        ("runs", ["improve_prompt_progress"]) => ("GET", After::PromptProgress),
        ("runs", [one, "get_listen_url"]) => ("GET", After::ListenUrl(id(one)?)),
        ("runs", [one, "mark_metric_vote"]) => ("POST", After::MetricVote(id(one)?)),
        ("runs", [one, "mark_expected_outcome_vote"]) => ("POST", After::OutcomeVote(id(one)?)),
        ("runs", [one, "mark_critical_scenario_wrong"]) => {
            ("POST", After::Critical(id(one)?, true))
        }
        ("runs", [one, "unmark_critical_scenario_wrong"]) => {
            ("POST", After::Critical(id(one)?, false))
        }
        ("runs", [one, "run_expected_outcome_bg"]) => {
            ("POST", After::Outcome(id(one)?, Kind::Background))
        }
        ("runs", [one, "run_expected_outcome"]) => ("POST", After::Outcome(id(one)?, Kind::AtOnce)),
        ("test-sets", ["create_from_run"]) => ("POST", After::TestSet),
        _ => return None,
    })
}

/// Answers such a call.
pub(super) fn answer(
    account: &mut Account,
    after: After,
    call: &Call,
    body: Option<&Value>,
    now: Duration,
) -> Reply {
    if account.world.quirks.newest_api && after.is_dropped() {
        // What is dropped falls through to the run of that name.
        return match call.method.as_str() {
            "POST" if !matches!(after, After::Outcome(..)) => {
                Reply::detail(405, "Method \"POST\" not allowed.")
            }
            _ => Reply::not_found(),
        };
    }
    let empty = Map::new();
    let fields = match body {
        Some(Value::Object(fields)) => fields,
        None if call.body.is_empty() => &empty,
        None => return Reply::detail(400, "JSON parse error"),
        Some(_) => return Reply::refused("non_field_errors", "Expected a dictionary."),
    };
    let form = Form::new(fields);
    match after {
        After::EvaluateMetrics(id) => scores::evaluate(account, id, form, now),
        After::Rerun(id) => scores::rerun(account, id, now),
        After::Outcome(id, kind) => scores::outcome(account, id, kind, now),
        After::ListenUrl(id) => listen(account, id, now),
        After::MetricVote(id) => votes::metric(account, id, form),
        After::OutcomeVote(id) => votes::outcome(account, id, form, now),
        After::Critical(id, wrong) => votes::critical(account, id, wrong, form, now),
        After::Prompt(kind) => prompts::improve(account, kind, form, now),
        After::PromptIssues => prompts::issues(account, form),
        After::OutcomeProgress | After::PromptProgress => progress(account, call, now),
        After::TestSet => test_sets::create(account, form, now),
    }
}

/// Where a call can be listened to, while it is going.
fn listen(account: &Account, id: u64, now: Duration) -> Reply {
    let Some((held, run)) = account.run(id) else { return Reply::not_found() };
    let status = run.status(held.at(&account.world, now));
    if status != crate::record::Status::InProgress {
        return Reply::refused("non_field_errors", "The call is not in progress.");
    }
    let call = run.fate.script;
    Reply::ok(&json!({ "listen_url": format!("wss://listen.cekura.ai/calls/call_{call:016x}") }))
}

/// How far a job is, and what came of it.
fn progress(account: &Account, call: &Call, now: Duration) -> Reply {
    let Some(id) = call.query("progress_id") else {
        return Reply::refused("progress_id", "This field is required.");
    };
    let Some(job) = account.jobs.get(id) else { return Reply::not_found() };
    let percent = job.percent(now, account.world.time_scale);
    let mut answer = Map::new();
    answer.insert("progress_id".into(), json!(id));
    answer.insert("progress".into(), json!(percent));
    if percent < 100 {
        answer.insert("status".into(), json!("in_progress"));
    } else {
        answer.insert("status".into(), json!("completed"));
        answer.extend(job.done.as_object().cloned().unwrap_or_default());
    }
    Reply::ok(&Value::Object(answer))
}

/// Keeps a job and answers with what it is asked for by.
fn job(account: &mut Account, done: Value, now: Duration) -> Reply {
    let id = format!("job-{:04}", account.jobs.len() + 1);
    account.jobs.insert(id.clone(), super::super::after::Job { began: now, done });
    Reply::ok(&json!({ "progress_id": id }))
}
