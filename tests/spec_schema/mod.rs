//! The rules of a spec are those that Cekura publishes: its JSON Schema, the one that is generated
//! here, and the gate's reader agree on a corpus of sound and broken specs.
//!
//! The published schema stands in `../shared`; where it is missing, what is here is checked against
//! itself only.

use std::path::Path;

use cekura_gate::document::{Source, schema_of};
use cekura_gate::spec;
use cekura_gate::spec::model::Spec;
use jsonschema::Validator;
use serde_json::{Value, json};

/// Sound specs that hold every key between them.
fn sound() -> Vec<Value> {
    vec![
        json!({
            "version": "1",
            "scenarios": [{ "name": "Refund", "instructions": "Ask for a refund." }],
        }),
        json!({
            "$schema": "https://docs.cekura.ai/schemas/test-suite/v1.json",
            "version": "1",
            "suite": { "name": "Shop", "description": "What a shop is asked." },
            "defaults": {
                "frequency": 2,
                "concurrency_limit": 5,
                "language": "en",
                "max_duration": 120,
                "metrics": [12, "greeting_by_name"],
                "personality": 3,
                "tags": ["smoke"],
                "test_profile": 20,
            },
            "scenarios": [
                {
                    "key": "refund",
                    "name": "Refund",
                    "type": "instruction",
                    "instructions": "Ask for a refund.",
                    "first_message": "Hello",
                    "expected_outcome": "It is granted.",
                    "language": "multi",
                    "metrics": ["a_1", 7],
                    "personality": {
                        "name": "Hasty", "prompt": "You are in a hurry.", "language": "de",
                        "accent": "Bavarian", "provider": "11labs",
                        "voice_model": "eleven_turbo_v2_5", "voice_id": "v1", "speed": 1.2,
                        "background_noise": "office", "end_call_enabled": false,
                    },
                    "test_profile": {
                        "name": "Gold",
                        "agent_variables": { "order": "A1", "deep": { "list": [1, null] } },
                        "caller_variables": {},
                    },
                    "tools": ["dtmf", "end_call"],
                    "tags": ["a", "b"],
                    "frequency": 3,
                    "max_duration": 60,
                },
                {
                    "name": "Scripted",
                    "type": "conditional_actions",
                    "conditional_actions": { "role": "You are a customer", "conditions": [
                        { "id": 0, "condition": "FIRST_MESSAGE", "action": "hi",
                          "type": "standard", "fixed_message": true },
                    ] },
                    "language": "en",
                    "personality": { "base": 3, "speed": 0.8 },
                    "test_profile": 4,
                },
            ],
        }),
    ]
}

/// What a value is replaced with.
fn replacements() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(0.5),
        json!(1.1),
        json!(""),
        json!("1"),
        json!("en"),
        json!("EN"),
        json!("Not a slug"),
        json!("ü"),
        json!("instruction"),
        json!("conditional_actions"),
        json!("real_world_smart"),
        json!([]),
        json!({}),
        json!([1]),
        json!([0]),
        json!(["end_call"]),
        json!(["x y"]),
        json!({ "base": 1 }),
        json!({ "name": "x" }),
        json!({ "prompt": "x" }),
        json!({ "x": 1 }),
    ];
    for length in [64, 65, 80, 81, 128, 129, 255, 256] {
        values.push(json!("x".repeat(length)));
    }
    values.extend([32, 33, 64, 65].map(|length| json!(vec!["x"; length])));
    values.extend([16, 17].map(|length| json!(vec!["dtmf"; length])));
    values
}

/// The ways to every part of a document.
fn parts(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                parts(field, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                parts(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Every sound spec with one part replaced, removed, or given a key too many.
fn corpus() -> Vec<Value> {
    let mut corpus = sound();
    for seed in sound() {
        let mut places = Vec::new();
        parts(&seed, "", &mut places);
        for place in places {
            for value in replacements() {
                let mut spec = seed.clone();
                *spec.pointer_mut(&place).unwrap() = value;
                corpus.push(spec);
            }
            if let Some((above, key)) = place.rsplit_once('/') {
                let mut spec = seed.clone();
                match spec.pointer_mut(above).unwrap() {
                    Value::Object(fields) => drop(fields.remove(key)),
                    Value::Array(items) => drop(items.remove(key.parse().unwrap())),
                    _ => {}
                }
                corpus.push(spec);
            }
            let mut spec = seed.clone();
            if let Some(Value::Object(fields)) = spec.pointer_mut(&place) {
                fields.insert("surplus".to_owned(), json!(1));
                corpus.push(spec);
            }
        }
    }
    let many = |n| {
        let case = |n| json!({ "name": format!("case {n}"), "instructions": "x" });
        json!({ "version": "1", "scenarios": (0..n).map(case).collect::<Vec<_>>() })
    };
    corpus.extend([many(200), many(201)]);
    corpus
}

fn published() -> Option<Validator> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = place.join("../shared/contract/test-suite.v1.schema.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("passed over: {} is missing", path.display());
        return None;
    };
    let schema: Value = serde_json::from_str(&text).unwrap();
    Some(jsonschema::validator_for(&schema).unwrap())
}

/// Whether no script of a case was changed within.
fn has_sound_scripts(spec: &Value) -> bool {
    let sound = sound();
    let scripts = |spec: &Value| -> Vec<Value> {
        let cases = spec["scenarios"].as_array().into_iter().flatten();
        cases.filter_map(|case| case.get("conditional_actions").cloned()).collect()
    };
    let known: Vec<Value> = sound.iter().flat_map(&scripts).collect();
    scripts(spec).iter().all(|script| !script.is_object() || known.contains(script))
}

#[test]
fn the_published_schema_the_generated_one_and_the_reader_agree() {
    let generated = jsonschema::validator_for(schema_of::<Spec>().as_value()).unwrap();
    let published = published();
    let (mut good, mut bad) = (0, 0);
    for (index, spec) in corpus().into_iter().enumerate() {
        let ours = generated.is_valid(&spec);
        if let Some(published) = &published {
            assert_eq!(published.is_valid(&spec), ours, "the schemas disagree on {spec}");
        }
        if ours {
            good += 1
        } else {
            bad += 1
        }
        // Reading takes longer than all the rest: a part of the corpus will do. The schemas say
        // nothing of what is within a script, and the reader does.
        if index % 5 < 2 && has_sound_scripts(&spec) {
            let text = spec.to_string();
            let read = spec::read(Source { name: "cekura.tests.json", text: &text });
            assert_eq!(read.is_ok(), ours, "{:?} is said of {text}", read.err());
        }
    }
    assert!(good > 100 && bad > 1000, "{good} sound and {bad} broken specs");
}

#[test]
fn what_is_sent_is_what_the_file_says() {
    for spec in sound() {
        let text = serde_json::to_string(&spec).unwrap();
        let read = spec::read(Source { name: "x", text: &text }).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(serde_json::to_value(&read.value).unwrap(), spec);
    }
}
