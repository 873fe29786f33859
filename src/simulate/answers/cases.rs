//! The start that brings its test cases along, and its dry run.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::cases;
use super::super::endpoints::{ENDPOINTS, VALIDATE};
use super::super::start::{Call as Run, Order};
use super::{Call, Reply, billing, results};
use crate::simulate::state::Account;

/// The ids of test cases begin here; each start makes new ones.
const FIRST_ID: u64 = 900_001;

/// Answers `run_scenarios_json`.
pub(super) fn start(
    account: &mut Account,
    call: &Call,
    form: &Map<String, Value>,
    now: Duration,
) -> Reply {
    let Some(spec) = form.get("spec").filter(|spec| spec.is_object()) else {
        return Reply::refused("spec", "This field is required.");
    };
    let agent = form.get("agent_id").and_then(Value::as_u64);
    let Some(agent) = agent.filter(|id| account.world.agent(*id).is_some()) else {
        return Reply::refused("agent_id", "Invalid pk - object does not exist.");
    };
    let channel = form.get("channel").and_then(Value::as_str).unwrap_or("voice");
    let channels = ["voice", "text", "elevenlabs", "livekit_v2", "pipecat_v2"];
    let endpoint = ENDPOINTS
        .iter()
        .find(|endpoint| endpoint.run_type == channel && channels.contains(&channel));
    let Some(endpoint) = endpoint else {
        return Reply::refused("channel", &format!("\"{channel}\" is not a valid choice."));
    };
    let count = |field: &str| form.get(field).and_then(Value::as_u64).filter(|count| *count > 0);
    let mut cases = match cases::read(spec, agent, &account.world) {
        Ok(cases) => cases,
        Err(faults) => return Reply::json(400, &json!({ "errors": faults })),
    };
    for (_, frequency) in &mut cases.list {
        *frequency = frequency.saturating_mul(count("frequency").unwrap_or(1));
    }
    let concurrency = count("concurrency_limit").or(cases.concurrency);
    let runs: u64 = cases.list.iter().map(|(_, frequency)| frequency).sum();
    let asked = call.query("dry_run").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if asked || call.path.trim_end_matches('/').ends_with(VALIDATE) {
        let cost = runs as f64 * account.world.price_per_run;
        if !asked {
            return Reply::ok(&json!({
                "valid": true,
                "plan": {
                    "channel": channel,
                    "scenario_count": cases.list.len(),
                    "total_runs": runs,
                    "estimated_cost": cost,
                },
            }));
        }
        // The published contract names these in prose only.
        return Reply::ok(&json!({
            "dry_run": true,
            "agent": agent,
            "channel": channel,
            "test_cases": cases.list.len(),
            "total_runs": runs,
            "estimated_cost": cost,
        }));
    }
    if !account.affords(usize::try_from(runs).unwrap_or(usize::MAX)) {
        return billing::too_low();
    }
    let name = form.get("name").and_then(Value::as_str).map(str::to_owned).or(cases.name);
    let mut calls = Vec::new();
    for (mut scenario, frequency) in cases.list {
        scenario.id = FIRST_ID + account.world.cases.len() as u64;
        let run = Run {
            scenario: scenario.id,
            personality: scenario.personality,
            test_profile: scenario.test_profile,
        };
        calls.extend((0..frequency).map(|_| run));
        account.world.cases.push(scenario);
    }
    let order = Order { agent, name, concurrency, timeout: None, calls };
    let id = account.start(endpoint, order, form.clone(), now);
    let answer = account.results.get(&id).map(|held| results::started(account, held));
    Reply::ok(&answer.unwrap_or_default())
}
