//! Reads the body of a start as the API does, and says what is wrong with one that won't do.
//!
//! A field that an endpoint does not know is ignored, as the real API does; the request log names
//! it, so that tests can hold that none is sent.

use serde_json::{Map, Value, json};

use super::endpoints::Endpoint;
use super::world::{Scenario, World};

/// A start that the API accepts: its runs in order.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) agent: u64,
    pub(super) name: Option<String>,
    /// Parallel calls asked for.
    pub(super) concurrency: Option<u64>,
    /// How long a conversation of mode api_chat may take, in seconds.
    pub(super) timeout: Option<u64>,
    pub(super) calls: Vec<Call>,
}

/// One call of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) scenario: u64,
    pub(super) personality: Option<u64>,
    pub(super) test_profile: Option<u64>,
}

/// What a body is refused with: messages by field.
pub(super) type Refusal = Map<String, Value>;

/// Reads a body as the endpoint does.
///
/// # Errors
///
/// The answer's body, status 400.
pub(super) fn read(
    endpoint: &Endpoint,
    body: &Map<String, Value>,
    world: &World,
) -> Result<Order, Refusal> {
    let mut form = Form { endpoint, body, faults: Map::new() };
    for field in endpoint.required {
        if body.get(*field).is_none_or(Value::is_null) {
            form.fault(field, "This field is required.");
        }
    }
    let most = if endpoint.pairs || endpoint.run_type == "email" { 100 } else { u64::MAX };
    let frequency = form.integer("frequency", 1, most).unwrap_or(1);
    let concurrency = form.integer("concurrency_limit", 1, u64::MAX);
    let timeout = form.integer("timeout", 1, 3600);
    let name = form.text("name");
    for field in ["vapi_assistant_id", "outbound_phone_number", "agent_number", "websocket_url"] {
        form.text(field);
    }
    if let Some(mode) = form.text("mode")
        && !["same_number", "different_numbers"].contains(&mode)
    {
        form.fault("mode", format!("\"{mode}\" is not a valid choice."));
    }
    if form.text("agent_email").is_some_and(|address| !address.contains('@')) {
        form.fault("agent_email", "Enter a valid email address.");
    }
    form.list("mock_tool_names", Value::as_str, "Not a valid string.");
    let personalities =
        form.overrides("personality", world.personalities.iter().map(|one| one.id).collect());
    let profiles =
        form.overrides("test_profile", world.test_profiles.iter().map(|one| one.id).collect());
    let named = form.scenarios(world);
    let agent = form.agent(world, &named);
    let scenarios = form.select(world, named, agent);
    let agent = agent.or_else(|| scenarios.first().map(|first| world.agent_of(first)));
    match (agent, form.faults.is_empty()) {
        (Some(agent), true) => {
            let mut calls = Vec::new();
            for scenario in scenarios {
                for personality in either(&personalities, scenario.personality) {
                    for test_profile in either(&profiles, scenario.test_profile) {
                        let call = Call { scenario: scenario.id, personality, test_profile };
                        calls.extend((0..frequency).map(|_| call));
                    }
                }
            }
            Ok(Order { agent, name: name.map(str::to_owned), concurrency, timeout, calls })
        }
        _ => Err(form.faults),
    }
}

/// The overrides, or the scenario's own where there are none.
fn either(overrides: &[u64], own: Option<u64>) -> Vec<Option<u64>> {
    if overrides.is_empty() { vec![own] } else { overrides.iter().copied().map(Some).collect() }
}

struct Form<'a> {
    endpoint: &'a Endpoint,
    body: &'a Map<String, Value>,
    faults: Refusal,
}

impl<'a> Form<'a> {
    fn fault(&mut self, field: &str, message: impl Into<String>) {
        self.faults.entry(field).or_insert_with(|| json!([message.into()]));
    }

    /// A field that is there, is not null, and that the endpoint knows.
    fn value(&self, field: &str) -> Option<&'a Value> {
        let known = self.endpoint.takes(field);
        self.body.get(field).filter(|value| known && !value.is_null())
    }

    fn integer(&mut self, field: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.value(field)?;
        let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        match number.map(u64::try_from) {
            None => self.fault(field, "A valid integer is required."),
            Some(Ok(number)) if number > most => {
                self.fault(field, format!("Ensure this value is less than or equal to {most}."));
            }
            Some(Ok(number)) if number >= least => return Some(number),
            Some(_) => {
                self.fault(
                    field,
                    format!("Ensure this value is greater than or equal to {least}."),
                );
            }
        }
        None
    }

    fn text(&mut self, field: &str) -> Option<&'a str> {
        let value = self.value(field)?;
        if value.as_str().is_none() {
            self.fault(field, "Not a valid string.");
        }
        value.as_str()
    }

    fn list<T>(
        &mut self,
        field: &str,
        item: impl Fn(&'a Value) -> Option<T>,
        wrong: &str,
    ) -> Option<Vec<T>> {
        let value = self.value(field)?;
        let Some(items) = value.as_array() else {
            self.fault(field, "Expected a list of items.");
            return None;
        };
        let read: Option<Vec<T>> = items.iter().map(item).collect();
        if read.is_none() {
            self.fault(field, wrong);
        }
        read
    }

    /// `personality_ids` and `personality_id`, or the same of test profiles.
    fn overrides(&mut self, kind: &str, known: Vec<u64>) -> Vec<u64> {
        let (many, one) = (format!("{kind}_ids"), format!("{kind}_id"));
        let mut ids =
            self.list(&many, Value::as_u64, "A valid integer is required.").unwrap_or_default();
        ids.extend(self.integer(&one, 1, u64::MAX));
        if !known.is_empty() && ids.iter().any(|id| !known.contains(id)) {
            let noun = if kind == "personality" { "personalities" } else { "test profiles" };
            self.fault(&many, format!("Invalid {noun} provided."));
        }
        ids
    }

    /// The scenarios that are named by their ids.
    fn scenarios<'w>(&mut self, world: &'w World) -> Option<Vec<&'w Scenario>> {
        let ids = if self.endpoint.pairs {
            let shape = "Expected objects with a `scenario`.";
            let pairs = self.list("scenarios", Value::as_object, shape)?;
            if self.endpoint.run_type == "websocket" && !pairs.iter().all(|pair| has_socket(pair)) {
                self.fault("scenarios", "websocket_url must be a ws:// or wss:// URL.");
            }
            let has_room = |pair: &&Map<String, Value>| {
                pair.get("pipecat_room_url").is_some_and(Value::is_string)
            };
            if self.endpoint.run_type == "pipecat" && !pairs.iter().all(has_room) {
                self.fault("scenarios", "pipecat_room_url: This field is required.");
            }
            let ids = pairs.iter().map(|pair| pair.get("scenario").and_then(Value::as_u64));
            let ids: Option<Vec<u64>> = ids.collect();
            if ids.is_none() {
                self.fault("scenarios", shape);
            }
            ids?
        } else {
            self.list("scenarios", Value::as_u64, "A valid integer is required.")?
        };
        if ids.is_empty() {
            self.fault("scenarios", "This list may not be empty.");
        }
        let mut found: Vec<&Scenario> = Vec::with_capacity(ids.len());
        for id in ids {
            match world.scenario(id) {
                Some(_) if found.iter().any(|seen| seen.id == id) => {}
                Some(scenario) => found.push(scenario),
                None => {
                    self.fault(
                        "scenarios",
                        format!("Invalid pk \"{id}\" - object does not exist."),
                    );
                }
            }
        }
        Some(found)
    }

    /// The agent that is named, or that the scenarios belong to where the endpoint allows it.
    fn agent(&mut self, world: &World, named: &Option<Vec<&Scenario>>) -> Option<u64> {
        let field = if self.endpoint.takes("agent_id") { "agent_id" } else { "agent" };
        if let Some(id) = self.integer(field, 1, u64::MAX) {
            if world.agent(id).is_none() {
                self.fault(field, format!("Invalid pk \"{id}\" - object does not exist."));
            }
            return Some(id);
        }
        if let Some(assistant) = self.text("assistant_id") {
            let agents = world.all_agents();
            let agent = agents.iter().find(|one| one.assistant.as_deref() == Some(assistant));
            if agent.is_none() {
                self.fault("assistant_id", "No agent has this assistant_id.");
            }
            return agent.map(|agent| agent.id);
        }
        let mut agents = named.iter().flatten().map(|scenario| world.agent_of(scenario));
        let first = agents.next();
        if first.is_some() && agents.any(|agent| Some(agent) != first) {
            self.fault(field, "The scenarios belong to several agents.");
        }
        first
    }

    /// The scenarios that are named, and those that the tags or the folder select.
    fn select<'w>(
        &mut self,
        world: &'w World,
        named: Option<Vec<&'w Scenario>>,
        agent: Option<u64>,
    ) -> Vec<&'w Scenario> {
        let tags = self.list("tags", Value::as_str, "Not a valid string.");
        let folder = self.text("folder_path");
        let project = self.integer("project_id", 1, u64::MAX);
        let own = |scenario: &&Scenario| agent.is_none_or(|id| world.agent_of(scenario) == id);
        if let Some(folder) = folder {
            if named.is_some() || tags.is_some() {
                self.fault("folder_path", "folder_path excludes scenarios and tags.");
            }
            let Some(project) = project else {
                self.fault("project_id", "project_id is required when using folder_path.");
                return Vec::new();
            };
            let here = |scenario: &&Scenario| {
                let agent = world.agent(world.agent_of(scenario));
                scenario.folder.as_deref() == Some(folder)
                    && agent.is_some_and(|agent| agent.project == project)
            };
            let found: Vec<_> = world.scenarios.iter().filter(own).filter(here).collect();
            if found.is_empty() {
                self.fault("folder_path", "No evaluators found in this folder.");
            }
            return found;
        }
        if named.is_none() && tags.is_none() && self.endpoint.takes("tags") {
            self.fault("scenarios", "Either scenarios, tags, or folder_path must be provided.");
        }
        let mut found = named.unwrap_or_default();
        if let Some(tags) = tags {
            let tagged =
                |scenario: &&Scenario| scenario.tags.iter().any(|tag| tags.contains(&tag.as_str()));
            let more: Vec<_> = world.scenarios.iter().filter(own).filter(tagged).collect();
            if more.is_empty() {
                self.fault("tags", "No evaluators found with these tags.");
            }
            for scenario in more {
                if !found.iter().any(|seen| seen.id == scenario.id) {
                    found.push(scenario);
                }
            }
        }
        found
    }
}

fn has_socket(pair: &Map<String, Value>) -> bool {
    let url = pair.get("websocket_url").and_then(Value::as_str).unwrap_or_default();
    url.starts_with("ws://") || url.starts_with("wss://")
}
