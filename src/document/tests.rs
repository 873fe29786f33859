//! What the walker lets pass, serde accepts.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::suite::model::Suite;

/// Values that are near to what some key wants.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            json!(0),
            json!(1),
            json!(101),
            json!(-1),
            json!(5_000_000_000_u64),
            json!(u64::MAX),
            json!(1.5),
            json!(true),
            json!(null),
            json!(""),
            json!("x"),
            json!("90%"),
            json!("101%"),
            json!("p95 <= 3s"),
            json!("voice"),
            json!("same"),
            json!("error"),
            json!("warn"),
            json!("never"),
            json!("45m"),
            json!("2026-12-31"),
            json!("failed"),
            json!("end_calls"),
            json!("failing-before"),
            json!("ms"),
            json!("12"),
        ]),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ]
}

/// Keys of the suite, each with anything below it.
fn tree() -> impl Strategy<Value = Value> {
    let schema = SCHEMA.as_value();
    let mut keys: Vec<String> = Vec::new();
    let definitions = schema["$defs"].as_object().unwrap().values();
    for part in definitions.chain([schema]) {
        let properties = part.get("properties").and_then(Value::as_object);
        keys.extend(properties.into_iter().flatten().map(|(name, _)| name.clone()));
    }
    leaf().prop_recursive(4, 24, 4, move |inner| {
        let key = prop::sample::select(keys.clone());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// A value that the schema describes, so that most trees pass.
fn conforming(root: &Value, schema: &Value, seed: &mut u64) -> Value {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let pick = |n: usize| (*seed >> 33) as usize % n;
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return conforming(root, root.pointer(&reference[1..]).unwrap(), seed);
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(inner) = schema.get(keyword).and_then(Value::as_array) {
            return conforming(root, &inner[pick(inner.len())], seed);
        }
    }
    if let Some(word) = schema.get("const") {
        return word.clone();
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words[pick(words.len())].clone();
    }
    match (schema["type"].as_str(), schema.get("format").and_then(Value::as_str)) {
        (Some("integer"), _) => {
            let least = schema.get("minimum").and_then(Value::as_u64).unwrap_or(0);
            let most = schema.get("maximum").and_then(Value::as_u64).unwrap_or(u64::from(u32::MAX));
            json!([least, most, (least + 1).min(most)][pick(3)])
        }
        (Some("number"), _) => match schema.get("maximum") {
            Some(most) => most.clone(),
            None => json!([0.0, 2.5, 1e300][pick(3)]),
        },
        (Some("boolean"), _) => json!(pick(2) == 0),
        (Some("string"), Some("check")) => json!([">= 90%", "p95 <= 3s", "90%"][pick(3)]),
        (Some("string"), Some("percent")) => json!("95%"),
        (Some("string"), Some("timespan")) => json!("45m"),
        (Some("string"), Some("date")) => json!("2026-12-31"),
        (Some("string"), Some("slug")) => json!(["greeting_by_name", "7", "null"][pick(3)]),
        (Some("string"), _) => json!(["x", "12", "true", "null", "a: b"][pick(5)]),
        (Some("array"), _) => {
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0) as usize;
            let items = least + pick(2);
            (0..items).map(|_| conforming(root, &schema["items"], seed)).collect()
        }
        _ => {
            let mut object = serde_json::Map::new();
            let required = schema.get("required").and_then(Value::as_array);
            for (name, property) in
                schema.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                *seed = seed.wrapping_add(7);
                let wanted = required.is_some_and(|names| names.iter().any(|n| n == name));
                let value = conforming(root, property, seed);
                if wanted || (*seed >> 40).is_multiple_of(2) {
                    object.insert(name.clone(), value);
                }
            }
            if let Some(extra @ Value::Object(_)) = schema.get("additionalProperties") {
                object.insert("Some metric".to_owned(), conforming(root, extra, seed));
            }
            Value::Object(object)
        }
    }
}

static SCHEMA: LazyLock<schemars::Schema> = LazyLock::new(schema_of::<Suite>);

fn walked(text: &str) -> (Option<Value>, Vec<Fault>) {
    let mut faults = Vec::new();
    let Some(mut root) = yaml::parse(text, &mut faults) else { return (None, faults) };
    (shape::walk(SCHEMA.as_value(), Suite::format, &mut root, &mut faults), faults)
}

fn holds(json: &Value) -> Result<(), TestCaseError> {
    // JSON is YAML.
    let (value, faults) = walked(&json.to_string());
    match value {
        Some(value) if faults.is_empty() => {
            let read = serde_json::from_value::<Suite>(value);
            prop_assert!(read.is_ok(), "{json}: {:?}", read.err());
        }
        _ => prop_assert!(!faults.is_empty(), "{json} is refused without a word"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_the_walker_lets_pass_serde_accepts(tree in tree()) {
        let mut suite = json!({"version": 1});
        if let Value::Object(entries) = &tree {
            suite.as_object_mut().unwrap().extend(entries.clone());
        }
        holds(&suite)?;
        holds(&tree)?;
    }

    #[test]
    fn what_the_schema_describes_is_read(mut seed: u64) {
        let json = conforming(SCHEMA.as_value(), SCHEMA.as_value(), &mut seed);
        let (value, faults) = walked(&json.to_string());
        prop_assert!(faults.is_empty(), "{json}: {faults:?}");
        prop_assert!(serde_json::from_value::<Suite>(value.unwrap()).is_ok());
    }
}

/// The enums of serde that hold data, and maps by number: worlds are written with them.
#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct World {
    runs: std::collections::BTreeMap<u64, Outcome>,
    #[serde(default)]
    fault: Option<Trouble>,
}

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// Passes.
    Pass,
    /// Fails.
    Fail {
        /// Why.
        reason: String,
    },
    /// Waits.
    Wait(u32),
}

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Trouble {
    /// Answers slowly.
    Slow {
        /// How long.
        seconds: u32,
    },
    /// Hangs up.
    Drop,
}

impl Root for World {}

fn world(text: &str) -> Result<World, Vec<String>> {
    let source = Source { name: "world.yml", text };
    read::<World>(source, &|_| None)
        .map(|document| document.value)
        .map_err(|faults| faults.iter().map(|fault| fault.message.clone()).collect())
}

#[test]
fn enums_with_data_and_maps_by_number_are_read() {
    let read = world(
        "runs: {1: pass, 2: {fail: {reason: no}}, 3: {wait: 5}}\nfault: {kind: slow, seconds: 3}\n",
    );
    let read = read.unwrap();
    assert_eq!(read.runs[&2], Outcome::Fail { reason: "no".to_owned() });
    assert_eq!(read.fault, Some(Trouble::Slow { seconds: 3 }));
}

#[test]
fn the_wrong_variant_or_key_is_told() {
    let rows = [
        ("runs: {1: pas}", "`1` cannot be `pas`"),
        ("runs: {a: pass}", "the key `a` must be an id: a whole number"),
        ("runs: {1: {fial: 3}}", "`1` does not say which kind it is"),
        ("runs: {1: {wait: x}}", "`wait` must be a whole number, not `x`"),
        ("runs: {}\nfault: {kind: fast}", "`fault` does not say which kind it is"),
        ("runs: {}\nfault: {kind: slow}", "`fault` needs the key `seconds`"),
    ];
    for (text, message) in rows {
        assert_eq!(world(text), Err(vec![message.to_owned()]), "{text}");
    }
}
