//! What stands in the account: scenarios, folders, metrics, agents, projects.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::dialogue;
use super::super::world::{Agent, Kind, Metric, Named, Project, Scenario, World};
use super::{Call, Reply, listing};

const DAY: &str = "2026-01-05T09:00:00.000000Z";

/// What should come out of a scenario.
pub(super) fn outcome(scenario: &Scenario) -> &str {
    match &scenario.expected_outcome {
        Some(outcome) => outcome,
        None => dialogue::topic(&scenario.name).outcome,
    }
}

/// The scenarios, as far as the query wants them. A folder's subfolders are not part of it.
pub(super) fn scenarios(world: &World, call: &Call) -> Reply {
    let tags = call.list("tags");
    let filter = call.query("tag_filter_type").unwrap_or("or");
    if !["and", "or", "not"].contains(&filter) {
        let message = format!("\"{filter}\" is not a valid choice.");
        return Reply::refused("tag_filter_type", &message);
    }
    let agent = call.number("agent_id");
    let project = call.number("project_id");
    let assistant = call.query("assistant_id");
    let folder = call.raw_query("folder_path");
    let tagged = |scenario: &Scenario| {
        let Some(tags) = &tags else { return true };
        let mut has = tags.iter().map(|tag| scenario.tags.iter().any(|own| own == tag));
        match filter {
            "and" => has.all(|has| has),
            "not" => !has.any(|has| has),
            _ => has.any(|has| has),
        }
    };
    let wanted = |scenario: &&Scenario| {
        let owner = world.agent(world.agent_of(scenario));
        let owned = |test: &dyn Fn(&Agent) -> bool| owner.as_ref().is_some_and(test);
        agent.is_none_or(|id| world.agent_of(scenario) == id)
            && project.is_none_or(|id| owned(&|agent| agent.project == id))
            && assistant.is_none_or(|id| owned(&|agent| agent.assistant.as_deref() == Some(id)))
            && folder.is_none_or(|path| scenario.folder.as_deref().unwrap_or_default() == path)
            && tagged(scenario)
    };
    let found: Vec<&Scenario> = world.scenarios.iter().filter(wanted).collect();
    listing::page(call, &found, |scenario| show_scenario(world, scenario))
}

/// One scenario.
pub(super) fn scenario(world: &World, id: u64) -> Reply {
    match world.scenario(id) {
        Some(scenario) => Reply::ok(&show_scenario(world, scenario)),
        None => Reply::not_found(),
    }
}

fn show_scenario(world: &World, scenario: &Scenario) -> Value {
    let agent = world.agent(world.agent_of(scenario));
    let personality = world.personalities.iter().find(|one| Some(one.id) == scenario.personality);
    let metrics: Vec<u64> = world.metrics.iter().map(|metric| metric.id).collect();
    let names: Vec<&str> = world.metrics.iter().map(|metric| metric.name.as_str()).collect();
    json!({
        "id": scenario.id,
        "name": scenario.name,
        "agent": world.agent_of(scenario),
        "agent_name": agent.as_ref().map(|agent| &agent.name),
        "project": agent.as_ref().map(|agent| agent.project),
        "personality": scenario.personality,
        "personality_name": personality.map(|one| &one.name),
        "test_profile": scenario.test_profile,
        "tags": scenario.tags,
        "folder_path": scenario.folder,
        "instructions": format!("You are a customer. {}", scenario.name),
        "expected_outcome_prompt": outcome(scenario),
        "scenario_language": "en",
        "scenario_type": "instruction",
        "metrics": metrics,
        "metric_names": names,
        "created_at": DAY,
        "updated_at": DAY,
    })
}

/// The folders of a project, or the direct children of one.
pub(super) fn folders(world: &World, call: &Call) -> Reply {
    let project = call.number("project_id");
    let mut paths: BTreeSet<String> = BTreeSet::new();
    for scenario in &world.scenarios {
        let agent = world.agent(world.agent_of(scenario));
        if project.is_none_or(|id| agent.is_some_and(|agent| agent.project == id)) {
            let folder = scenario.folder.as_deref().unwrap_or_default();
            let ends = folder.match_indices('.').map(|(at, _)| at).chain([folder.len()]);
            paths.extend(ends.filter_map(|end| folder.get(..end)).map(str::to_owned));
        }
    }
    paths.remove("");
    let parent = call.query("parent_path");
    let search = call.query("search").map(str::to_lowercase);
    let split = |path: &str| match path.rsplit_once('.') {
        Some((parent, name)) => (Some(parent.to_owned()), name.to_owned()),
        None => (None, path.to_owned()),
    };
    let found: Vec<&String> = paths
        .iter()
        .filter(|path| {
            let (above, name) = split(path);
            parent.is_none_or(|parent| above.as_deref() == Some(parent))
                && search.as_ref().is_none_or(|text| name.to_lowercase().contains(text))
        })
        .collect();
    listing::page(
        call,
        &found,
        |path| json!({ "name": split(path).1, "path": path, "created_at": DAY, "updated_at": DAY }),
    )
}

/// The metrics, as a bare array.
pub(super) fn metrics(world: &World, call: &Call) -> Reply {
    let slug = call.query("slug");
    let list = metric_list(world);
    let items = list.as_array().into_iter().flatten();
    let wanted = |item: &&Value| {
        slug.is_none_or(|slug| item.get("slug").and_then(Value::as_str) == Some(slug))
    };
    Reply::ok(&items.filter(wanted).cloned().collect())
}

/// The metrics of an account.
pub(super) fn metric_list(world: &World) -> Value {
    let agents: Vec<u64> = world.all_agents().iter().map(|agent| agent.id).collect();
    let project = world.all_agents().first().map(|agent| agent.project);
    let show = |metric: &Metric| {
        let labels = metric.values.labels.as_ref().map(|labels| labels.keys().collect::<Vec<_>>());
        json!({
            "id": metric.id,
            "slug": metric.slug,
            "name": metric.name,
            "project": project,
            "agents": agents,
            "description": metric.description.as_deref().unwrap_or_default(),
            "function_name": null,
            "type": "llm_judge",
            "eval_type": match metric.kind {
                Kind::Binary => "binary",
                Kind::Rating => "continuous_qualitative",
                Kind::Numeric => "numeric",
                Kind::Enum => "enum",
            },
            "enum_values": labels,
            "simulation_enabled": true,
            "vocera_defined_metric_code": metric.code,
        })
    };
    world.metrics.iter().map(show).collect()
}

/// The agents.
pub(super) fn agents(world: &World, call: &Call) -> Reply {
    let project = call.number("project_id");
    let search = call.query("q").map(str::to_lowercase);
    let mut found = world.all_agents();
    found.retain(|agent| {
        let named = |text: &String| {
            agent.name.to_lowercase().contains(text) || agent.id.to_string() == *text
        };
        project.is_none_or(|id| agent.project == id) && search.as_ref().is_none_or(named)
    });
    listing::page(call, &found, |agent| show_agent(world, agent))
}

/// One agent.
pub(super) fn agent(world: &World, id: u64) -> Reply {
    match world.agent(id) {
        Some(agent) => Reply::ok(&show_agent(world, &agent)),
        None => Reply::not_found(),
    }
}

fn show_agent(world: &World, agent: &Agent) -> Value {
    let personalities: Vec<u64> = world.personalities.iter().map(|one| one.id).collect();
    json!({
        "id": agent.id,
        "agent_name": agent.name,
        "project": agent.project,
        "assistant_id": agent.assistant,
        "inbound": true,
        "contact_number": "+14155550101",
        "language": "en",
        // A world that names none lets every caller have any.
        "enabled_personalities": (!personalities.is_empty()).then_some(personalities),
        "created_at": DAY,
        "updated_at": DAY,
    })
}

/// The projects: those that the world names, or those that its agents belong to.
pub(super) fn projects(world: &World, call: &Call) -> Reply {
    let mut projects = world.projects.clone();
    if projects.is_empty() {
        let ids: BTreeSet<u64> = world.all_agents().iter().map(|agent| agent.project).collect();
        projects.extend(ids.into_iter().map(|id| Project { id, name: format!("Project {id}") }));
    }
    listing::page(call, &projects, |project| json!({ "id": project.id, "name": project.name }))
}

/// Personalities or test profiles.
pub(super) fn named(list: &[Named], call: &Call) -> Reply {
    listing::page(call, list, |one| json!({ "id": one.id, "name": one.name }))
}
