//! The documents of results: the answer to a start, the detail, the list.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::engine;
use super::super::random::Random;
use super::{Call, Reply, insights, listing, runs};
use crate::record::Status;
use crate::simulate::state::{Account, Held, HeldRun};

/// The answer to a start. Nothing has happened yet, however fast the world is.
pub(super) fn started(account: &Account, held: &Held) -> Value {
    if account.world.quirks.bare_starts {
        return json!({ "id": held.id });
    }
    let runs: Vec<Value> = held
        .runs
        .iter()
        .map(|run| {
            let scenario = account.world.scenario(run.scenario);
            json!({
                "id": run.id,
                "status": "pending",
                "scenario": run.scenario,
                "scenario_name": scenario.map(|scenario| &scenario.name),
                "number": null,
                "inbound_number": (held.run_type == "voice").then_some("+14155550123"),
                "test_profile_data": null,
                "outbound_dial_window_opens_at": null,
                "outbound_dial_window_seconds": null,
                "outbound_dial_window_closes_at": null,
            })
        })
        .collect();
    json!({
        "id": held.id,
        "name": held.name,
        "agent": held.agent,
        "status": "running",
        "run_as_text": held.run_type == "text",
        "runs": runs,
        "created_at": held.calendar(account, 0.0),
    })
}

/// A result in full, as a JSON text: the runs that have ended are not written again.
pub(super) fn detail(account: &Account, held: &Held, now: Duration) -> String {
    let at = held.at(&account.world, now);
    let statuses = statuses(held, at);
    let mut head = summary(account, held, &statuses, now);
    let fraction = account.world.quirks.fraction_rate;
    head.insert("success_rate".into(), rate(&statuses, if fraction { 1.0 } else { 100.0 }));
    let connected = |wanted: bool| -> Vec<u64> {
        let ended = statuses.iter().filter(|(_, status)| status.is_terminal());
        let talked = |run: &HeldRun, status: &Status| {
            *status == Status::Completed && run.fate.end.is_conversation()
        };
        ended.filter(|(run, status)| talked(run, status) == wanted).map(|(run, _)| run.id).collect()
    };
    head.insert("connected_runs".into(), json!(connected(true)));
    head.insert("not_connected_runs".into(), json!(connected(false)));
    head.insert("metrics".into(), super::catalog::metric_list(&account.world));
    head.insert("run_settings".into(), Value::Object(held.settings.clone()));
    head.insert("runs_by_tags".into(), runs_by_tags(account, held));
    for key in ["failed_reasons", "ai_summary", "next_steps", "path_coverage", "overall_evaluation"]
    {
        head.insert(key.into(), Value::Null);
    }
    head.insert("ai_summary_status".into(), json!("pending"));
    let ended = statuses.iter().all(|(_, status)| status.is_terminal());
    let settled = held.runs.iter().map(|run| run.line.settled).fold(0.0, f64::max);
    let explained = at >= settled + account.world.insights_after;
    if ended && explained && !account.world.paths.is_empty() {
        head.insert(
            "path_coverage".into(),
            insights::paths(&account.world.paths, &updated(account, held, now)),
        );
    }
    if ended && explained && account.world.insights {
        insights::add(&mut head, &statuses, &updated(account, held, now));
    }
    let mut text = Value::Object(head).to_string();
    text.pop();
    text.push_str(",\"runs\":{");
    for (place, run) in held.runs.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&format!("\"{}\":", run.id));
        text.push_str(&runs::detail(account, held, run, now));
    }
    text.push_str("}}");
    text
}

/// The runs that each tag of their scenarios has.
fn runs_by_tags(account: &Account, held: &Held) -> Value {
    let mut by_tag: std::collections::BTreeMap<&str, Vec<u64>> = std::collections::BTreeMap::new();
    for run in &held.runs {
        let scenario = account.world.scenario(run.scenario);
        for tag in scenario.iter().flat_map(|scenario| &scenario.tags) {
            by_tag.entry(tag).or_default().push(run.id);
        }
    }
    json!(by_tag)
}

/// The results of an account, the newest first.
pub(super) fn list(account: &Account, call: &Call, now: Duration) -> Reply {
    let search = call.query("search").map(str::to_lowercase);
    let agent = call.number("agent_id");
    let project = call.number("project_id");
    let scenarios: Option<Vec<u64>> =
        call.list("scenarios").map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect());
    let wanted = |held: &&Held| {
        let of_project = |id| account.world.agent(held.agent).is_some_and(|one| one.project == id);
        search.as_ref().is_none_or(|text| held.name.to_lowercase().contains(text))
            && agent.is_none_or(|id| id == held.agent)
            && project.is_none_or(of_project)
            && scenarios
                .as_ref()
                .is_none_or(|ids| held.runs.iter().any(|run| ids.contains(&run.scenario)))
    };
    let found: Vec<&Held> = account.results.values().rev().filter(wanted).collect();
    listing::page(call, &found, |held| item(account, held, now))
}

/// A result as the list has it.
pub(super) fn item(account: &Account, held: &Held, now: Duration) -> Value {
    let statuses = statuses(held, held.at(&account.world, now));
    let mut item = summary(account, held, &statuses, now);
    item.insert("success_rate".into(), rate(&statuses, 1.0));
    let runs: Vec<Value> = statuses
        .iter()
        .map(|(run, status)| {
            let name = account.world.scenario(run.scenario).map(|one| &one.name);
            json!({
                "id": run.id,
                "scenario": { "id": run.scenario, "name": name },
                "status": status.as_str(),
                "success": runs::succeeded(run, status),
            })
        })
        .collect();
    item.insert("runs".into(), json!(runs));
    Value::Object(item)
}

/// A link that shows the result to anyone.
pub(super) fn share(id: u64, body: Option<&Value>) -> Reply {
    match body.and_then(|body| body.get("expire_at")) {
        None | Some(Value::Null | Value::String(_)) => {
            let mut random = Random::new(&[id]);
            let token = format!("{:016x}{:016x}", random.next(), random.next());
            let link = format!("https://dashboard.cekura.ai/share/results/{id}?token={token}");
            Reply::ok(&json!({ "token": token, "shareable_link": link }))
        }
        Some(_) => Reply::refused("expire_at", "Datetime has wrong format."),
    }
}

/// When something last changed about a result.
fn updated(account: &Account, held: &Held, now: Duration) -> String {
    let changed = |run: &HeldRun| run.line.settled.max(run.reviews.evaluating_until);
    let last = held.runs.iter().map(changed).fold(0.0, f64::max);
    held.calendar(account, last.min(held.at(&account.world, now)))
}

fn statuses(held: &Held, at: f64) -> Vec<(&HeldRun, Status)> {
    held.runs.iter().map(|run| (run, run.status(at))).collect()
}

/// What the detail and the list have in common.
fn summary(
    account: &Account,
    held: &Held,
    statuses: &[(&HeldRun, Status)],
    now: Duration,
) -> Map<String, Value> {
    let world = &account.world;
    let count = |wanted: &dyn Fn(&HeldRun, &Status) -> bool| {
        let n = statuses.iter().filter(|(run, status)| wanted(run, status)).count();
        if world.quirks.text_counts { json!(n.to_string()) } else { json!(n) }
    };
    let judged =
        |run: &HeldRun, status: &Status| *status == Status::Completed && run.fate.outcome.is_some();
    let talked: f64 = statuses
        .iter()
        .filter(|(_, status)| *status == Status::Completed)
        .map(|(run, _)| run.fate.talking)
        .sum();
    let mut scenarios: Vec<Value> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for run in &held.runs {
        if seen.insert(run.scenario) {
            let name = world.scenario(run.scenario).map(|scenario| &scenario.name);
            scenarios.push(json!({ "id": run.scenario, "name": name }));
        }
    }
    let inflated = world.quirks.inflated_success;
    let succeeded = |run: &HeldRun, status: &Status| {
        runs::succeeded(run, status) || (inflated && status.is_terminal())
    };
    let failed =
        |run: &HeldRun, status: &Status| status.is_terminal() && !runs::succeeded(run, status);
    let list: Vec<Status> = statuses.iter().map(|(_, status)| status.clone()).collect();
    let fields = json!({
        "id": held.id,
        "name": held.name,
        "agent": held.agent,
        "agent_name": world.agent(held.agent).map(|agent| agent.name),
        "agent_inbound": true,
        "agent_version": world.agent(held.agent).and_then(|agent| agent.version),
        "status": engine::result_status(&list).as_str(),
        "run_as_text": held.run_type == "text",
        "run_type": held.run_type,
        "is_cronjob": false,
        "met_expected_outcome_count":
            count(&|run, status| judged(run, status) && run.fate.outcome == Some(100)),
        "total_expected_outcome_count": count(&judged),
        "total_runs_count": count(&|_, _| true),
        "completed_runs_count": count(&|_, status| *status == Status::Completed),
        "success_runs_count": count(&succeeded),
        "failed_runs_count": count(&failed),
        "total_duration": runs::clock(talked),
        "scenarios": scenarios,
        "created_at": held.calendar(account, 0.0),
        "updated_at": updated(account, held, now),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The share of the ended runs that succeeded, in parts of `whole`.
fn rate(statuses: &[(&HeldRun, Status)], whole: f64) -> Value {
    let ended = statuses.iter().filter(|(_, status)| status.is_terminal()).count();
    let succeeded = statuses.iter().filter(|(run, status)| runs::succeeded(run, status)).count();
    let share = if ended == 0 { 0.0 } else { succeeded as f64 / ended as f64 };
    json!((share * whole * 1e4).round() / 1e4)
}
