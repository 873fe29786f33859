//! Reads a spec of test cases as the API does, and says what is wrong with one that won't do.
//!
//! A second reading of the published schema: nothing of the gate's own reader is used. What a world
//! says of the scenario of the same name decides how a case turns out.

use serde_json::{Map, Value, json};

use super::world::{Scenario, World};

/// The keys of a case in the published schema.
const KEYS: [&str; 15] = [
    "key",
    "name",
    "type",
    "instructions",
    "conditional_actions",
    "first_message",
    "expected_outcome",
    "language",
    "metrics",
    "personality",
    "test_profile",
    "tools",
    "tags",
    "frequency",
    "max_duration",
];

/// The cases of a spec that the API accepts.
#[derive(Debug, Default)]
pub(super) struct Cases {
    /// Each case as a scenario without an id, and how often it runs.
    pub(super) list: Vec<(Scenario, u64)>,
    /// Parallel calls asked for.
    pub(super) concurrency: Option<u64>,
    /// The suite's name.
    pub(super) name: Option<String>,
}

/// Reads a spec.
///
/// # Errors
///
/// What is wrong, by the place in the spec.
pub(super) fn read(spec: &Value, agent: u64, world: &World) -> Result<Cases, Map<String, Value>> {
    let mut reader = Reader { world, faults: Map::new() };
    let cases = reader.spec(spec, agent);
    if reader.faults.is_empty() { Ok(cases) } else { Err(reader.faults) }
}

/// The tags that a case has, or that all of them have.
fn tags_of(part: &Value) -> Option<Vec<String>> {
    let tags = part.get("tags")?.as_array()?;
    Some(tags.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

struct Reader<'a> {
    world: &'a World,
    faults: Map<String, Value>,
}

impl Reader<'_> {
    fn fault(&mut self, place: impl Into<String>, message: impl Into<String>) {
        let said = self.faults.entry(place).or_insert_with(|| json!([]));
        if let Value::Array(said) = said {
            said.push(Value::String(message.into()));
        }
    }

    fn spec(&mut self, spec: &Value, agent: u64) -> Cases {
        if spec.get("version").and_then(Value::as_str) != Some("1") {
            self.fault("version", "Must be \"1\".");
        }
        let defaults = spec.get("defaults").unwrap_or(&Value::Null);
        self.references(defaults, "defaults");
        let of_all = tags_of(defaults);
        let frequency = self.count(defaults, "frequency", "defaults");
        let concurrency = self.count(defaults, "concurrency_limit", "defaults");
        let entries = spec.get("scenarios").and_then(Value::as_array);
        let entries = entries.map(Vec::as_slice).unwrap_or_default();
        if entries.is_empty() || entries.len() > 200 {
            self.fault("scenarios", "Must hold 1 to 200 entries.");
        }
        let mut list = Vec::new();
        for (index, case) in entries.iter().enumerate() {
            let mut scenario = self.case(case, &format!("scenarios[{index}]"), agent);
            scenario.tags = tags_of(case).or_else(|| of_all.clone()).unwrap_or_default();
            let own = self.count(case, "frequency", &format!("scenarios[{index}]"));
            list.push((scenario, own.or(frequency).unwrap_or(1)));
        }
        let name = spec.pointer("/suite/name").and_then(Value::as_str).map(str::to_owned);
        Cases { list, concurrency, name }
    }

    fn case(&mut self, case: &Value, at: &str, agent: u64) -> Scenario {
        let Some(fields) = case.as_object() else {
            self.fault(at, "Must be an object.");
            return Scenario::default();
        };
        for key in fields.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            self.fault(format!("{at}.{key}"), "Unknown field.");
        }
        let text = |key: &str| case.get(key).and_then(Value::as_str);
        let name = text("name").unwrap_or_default();
        if name.is_empty() || name.chars().count() > 80 {
            self.fault(format!("{at}.name"), "Must be text of 1 to 80 characters.");
        }
        let needed: &[&str] = match text("type") {
            Some("conditional_actions") => &["conditional_actions", "language"],
            _ => &["instructions"],
        };
        for key in needed.iter().filter(|key| !fields.contains_key(**key)) {
            self.fault(format!("{at}.{key}"), "This field is required.");
        }
        self.references(case, at);
        let like = self.world.scenarios.iter().find(|scenario| scenario.name == name);
        let outcome = text("expected_outcome").map(str::to_owned);
        let like = like.cloned().unwrap_or_default();
        Scenario {
            id: 0,
            name: name.to_owned(),
            agent: Some(agent),
            personality: case.get("personality").and_then(Value::as_u64),
            test_profile: case.get("test_profile").and_then(Value::as_u64),
            expected_outcome: outcome.or(like.expected_outcome.clone()),
            folder: None,
            ..like
        }
    }

    /// What must exist in the account.
    fn references(&mut self, part: &Value, at: &str) {
        let world = self.world;
        let metrics = part.get("metrics").and_then(Value::as_array);
        for (index, metric) in metrics.into_iter().flatten().enumerate() {
            let known = world.metrics.iter().any(|one| match metric {
                Value::Number(id) => id.as_u64() == Some(one.id),
                Value::String(slug) => one.slug.as_ref() == Some(slug),
                _ => false,
            });
            if !known {
                let place = format!("{at}.metrics[{index}]");
                self.fault(place, format!("Metric {metric} is not enabled for this agent."));
            }
        }
        for (key, known) in
            [("personality", &world.personalities), ("test_profile", &world.test_profiles)]
        {
            let Some(id) = part.get(key).and_then(Value::as_u64) else { continue };
            if !known.is_empty() && !known.iter().any(|one| one.id == id) {
                self.fault(format!("{at}.{key}"), format!("Invalid pk \"{id}\"."));
            }
        }
    }

    fn count(&mut self, part: &Value, key: &str, at: &str) -> Option<u64> {
        let value = part.get(key)?;
        let count = value.as_u64().filter(|count| *count > 0);
        if count.is_none() {
            self.fault(format!("{at}.{key}"), "Must be a whole number of at least 1.");
        }
        count
    }
}
