//! What a sound suite is read as, and the schema that editors have: the same rules in both.

use cekura_gate::document::{self, Source};
use cekura_gate::suite;
use cekura_gate::suite::model::Frequency;
use serde_json::Value;

use super::{FULL, read};

#[test]
fn the_suite_of_the_design_is_read_in_full() {
    let suite = read(FULL).unwrap_or_else(|faults| panic!("{faults}")).value;
    assert_eq!(suite.agent, Some(123));
    assert_eq!(suite.frequency, Some(Frequency::Fixed(5)));
    let thresholds = suite.thresholds.unwrap();
    assert_eq!(thresholds.metrics.len(), 5);
    assert_eq!(thresholds.metrics["Latency"].0.len(), 2);
    assert_eq!(suite.reports.unwrap().share_link, Some(false));
}

/// To write it again: `cargo run -- schema > schema/suite.schema.json`.
#[test]
fn the_schema_that_is_checked_in_is_the_one_that_is_generated() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/suite.schema.json");
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(
        checked_in == suite::schema::json_schema(),
        "write it again with `cargo run -- schema > schema/suite.schema.json`"
    );
}

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&suite::schema::json_schema()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn as_json(text: &str) -> Value {
    document::read::<Value>(Source { name: "gate.yml", text }, &|name| Some(format!("${{{name}}}")))
        .unwrap()
        .value
}

#[test]
fn an_editor_accepts_the_suite_of_the_design_with_its_variables() {
    let json = as_json(FULL);
    assert_eq!(json["agent"], "${CEKURA_AGENT_ID}");
    let faults: Vec<String> = validator().iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn an_editor_marks_what_the_reader_refuses() {
    let rows = [
        "agent: 1",
        "version: 2",
        "{version: 1, agnt: 1}",
        "{version: 1, agent: abc}",
        "{version: 1, agent: 0}",
        "{version: 1, agent: }",
        "{version: 1, mode: voise}",
        "{version: 1, scenarios: []}",
        "{version: 1, scenarios: 12}",
        "{version: 1, reports: {share_link: yes}}",
        "{version: 1, thresholds: {metrics: {Latency: {level: warn}}}}",
        "{version: 1, quarantine: [{scenario: 1}]}",
    ];
    for text in rows {
        assert!(read(text).is_err(), "{text}");
        assert!(!validator().is_valid(&as_json(text)), "{text}");
    }
}

#[test]
fn every_key_of_the_schema_is_explained() {
    fn unexplained(schema: &Value, at: &str, found: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if property.get("description").is_none() {
                found.push(format!("{at}.{name}"));
            }
        }
    }
    let schema: Value = serde_json::from_str(&suite::schema::json_schema()).unwrap();
    let mut found = Vec::new();
    unexplained(&schema, "suite", &mut found);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        unexplained(definition, name, &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
}
