//! What the schemas and the rules say of each key, as Markdown for the docs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use cekura_gate::document::{Diagnostics, Problem, Source};
use cekura_gate::suite::{self, model::Mode};
use serde_json::Value;

/// The rules that a suite breaks, its text being well-formed.
pub(crate) fn problems(text: &str) -> Result<Vec<Problem>, Diagnostics> {
    let lookup = |_: &str| Some("1".to_owned());
    let today = "2026-01-01".parse().unwrap();
    let document = suite::read(Source { name: "docs", text }, &lookup, today)?;
    Ok(suite::validate(&document.value, today))
}

/// A key that some modes don't take, and a suite that uses it.
struct Probe {
    key: &'static str,
    instead_of: &'static str,
    line: &'static str,
}

const PROBES: [Probe; 27] = [
    probe("spec", "scenarios", "spec: cekura.tests.json"),
    probe("cases", "scenarios", "cases: [{ name: A, instructions: b }]"),
    probe("assistant", "agent", "assistant: asst_1"),
    probe("tags", "", "tags: [smoke]"),
    probe("folder", "scenarios", "folder: Sales"),
    probe("personalities", "", "personalities: [3]"),
    probe("test_profiles", "", "test_profiles: [20]"),
    probe("frequency", "", "frequency: 2"),
    probe("concurrency", "", "concurrency: 2"),
    probe("phone", "", "phone: { agent: \"+14155550101\" }"),
    probe("phone.numbers", "", "phone: { numbers: same }"),
    probe("livekit", "", "livekit: { agent_name: bot }"),
    probe(
        "pipecat",
        "pipecat",
        "pipecat: { publish_data_message: { a: b }, room: { url: \"https://a.example\" } }",
    ),
    probe("pipecat.agent_name", "pipecat", "pipecat: { agent_name: bot }"),
    probe("pipecat.config", "pipecat", "pipecat: { config: { a: b } }"),
    probe("pipecat.room_properties", "pipecat", "pipecat: { room_properties: { a: b } }"),
    probe("pipecat.room", "pipecat", "pipecat: { room: { url: \"https://a.example\" } }"),
    probe(
        "pipecat.rooms",
        "pipecat",
        "pipecat: { rooms: { 101: { url: \"https://a.example\" } } }",
    ),
    probe("sip", "", "sip: { endpoint: \"sip:a@example.com\" }"),
    probe("websocket", "", "websocket: { url: \"wss://example.com\" }"),
    probe("websocket.headers", "", "websocket: { url: \"wss://example.com\", headers: { A: b } }"),
    probe("websocket.urls", "", "websocket: { urls: { 101: \"wss://example.com\" } }"),
    probe("vapi", "vapi", "vapi: { assistant: asst_1 }"),
    probe("retell", "", "retell: { agent: agent_1 }"),
    probe("elevenlabs", "", "elevenlabs: { agent: agent_1 }"),
    probe("email", "", "email: { agent: support@example.com }"),
    probe("mock_tools", "", "mock_tools: [lookup]"),
];

const fn probe(key: &'static str, instead_of: &'static str, line: &'static str) -> Probe {
    Probe { key, instead_of, line }
}

/// The modes that take a key, in words.
fn modes(key: &str) -> String {
    let covers = |probe: &&Probe| {
        key.strip_prefix(probe.key)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let Some(probe) = PROBES.iter().filter(covers).max_by_key(|probe| probe.key.len()) else {
        return "all".to_owned();
    };
    // Many keys share a probe, and each asks all modes.
    static ANSWERS: Mutex<BTreeMap<&str, String>> = Mutex::new(BTreeMap::new());
    let mut answers = ANSWERS.lock().unwrap();
    answers.entry(probe.key).or_insert_with(|| modes_that_take(probe)).clone()
}

fn modes_that_take(probe: &Probe) -> String {
    let takes = |mode: &Mode| {
        // What the mode cannot do without.
        let own = match mode {
            Mode::VapiWebrtc => ("vapi", "vapi: { assistant: a }"),
            Mode::Pipecat => ("pipecat", "pipecat: { room: { url: \"https://a.example\" } }"),
            Mode::ApiChat => ("agent_command", "agent_command: [a]"),
            _ => ("", ""),
        };
        let base = [("agent", "agent: 1"), ("scenarios", "scenarios: [101]"), own];
        let instead_of = |key: &str| !key.is_empty() && key == probe.instead_of;
        let base = base.into_iter().filter(|(key, _)| !instead_of(key));
        let lines: Vec<&str> = base.map(|(_, line)| line).collect();
        let (base, mode) = (lines.join("\n"), mode.name());
        let text = format!("version: 1\nproject: 1\nmode: {mode}\n{base}\n{}\n", probe.line);
        problems(&text).unwrap().is_empty()
    };
    let (with, without): (Vec<Mode>, Vec<Mode>) = Mode::ALL.into_iter().partition(takes);
    let names = |modes: &[Mode]| modes.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
    match without.len() {
        0 => "all".to_owned(),
        1..=4 => format!("all but {}", names(&without)),
        _ => names(&with),
    }
}

/// A key of a schema.
struct Row {
    key: String,
    kind: String,
    default: String,
    about: String,
}

/// The table of a suite's keys.
pub(crate) fn suite_table() -> String {
    let schema: Value = serde_json::from_str(&suite::schema::json_schema()).unwrap();
    let mut table =
        String::from("| Key | Type | Default | Modes | What it is |\n|---|---|---|---|---|\n");
    for Row { key, kind, default, about } in rows(&schema) {
        // A side has keys of a suite: what is below them is the same there.
        let of_side = key.strip_prefix("together[].");
        if of_side.is_some_and(|key| key.contains(['.', '['])) {
            continue;
        }
        // A profile has keys of a suite as well.
        let of_profile = key.strip_prefix("profiles.<name>.");
        if of_profile.is_some_and(|key| key.contains(['.', '['])) {
            continue;
        }
        let modes = modes(of_side.or(of_profile).unwrap_or(&key));
        table.push_str(&format!("| `{key}` | {kind} | {default} | {modes} | {about} |\n"));
    }
    table
}

/// The table of a check's keys in its long form.
pub(crate) fn check_table() -> String {
    let schema: Value = serde_json::from_str(&suite::schema::json_schema()).unwrap();
    let mut rows = Vec::new();
    properties(&schema["$defs"]["CheckSpec"], "", &schema, &mut rows);
    plain_table(rows)
}

/// The table of a schema's keys, without modes.
pub(crate) fn world_table(schema: &Value) -> String {
    plain_table(rows(schema))
}

/// The table of the keys of a file that lists suites. Legs have the keys of a group, and thresholds
/// those of a suite: neither is said again.
pub(crate) fn gates_table(schema: &Value) -> String {
    let mut rows = rows(schema);
    rows.retain(|row| !row.key.starts_with("thresholds.") && !row.key.contains("legs[]."));
    plain_table(rows)
}

fn plain_table(rows: Vec<Row>) -> String {
    let mut table = String::from("| Key | Type | Default | What it is |\n|---|---|---|---|\n");
    for Row { key, kind, default, about } in rows {
        table.push_str(&format!("| `{key}` | {kind} | {default} | {about} |\n"));
    }
    table
}

fn rows(schema: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    properties(schema, "", schema, &mut rows);
    rows
}

/// The rows of an object's keys, those of the objects within it below each.
fn properties(object: &Value, prefix: &str, root: &Value, rows: &mut Vec<Row>) {
    let required = object["required"].as_array().cloned().unwrap_or_default();
    for (name, property) in object["properties"].as_object().into_iter().flatten() {
        let key = format!("{prefix}{name}");
        let shape = resolved(property, root);
        let about = property["description"].as_str().or(shape["description"].as_str());
        let (about, default) = split_default(about.unwrap_or_default());
        let is_required = required.iter().any(|required| required == name);
        let default = if is_required { "**required**".to_owned() } else { default };
        rows.push(Row { key: key.clone(), kind: kind(&shape, root), default, about });
        nested(&shape, &key, root, rows);
    }
}

fn nested(shape: &Value, key: &str, root: &Value, rows: &mut Vec<Row>) {
    let entry = |value: &Value| {
        let value = resolved(value, root);
        // Of several ways to write an entry, the one with keys has the rows.
        let options = value["anyOf"].as_array().cloned().unwrap_or_else(|| vec![value]);
        let mut options = options.iter().map(|option| resolved(option, root));
        options.find(|option| option["properties"].is_object())
    };
    if shape["properties"].is_object() {
        properties(shape, &format!("{key}."), root, rows);
    } else if let Some(item) = entry(&shape["items"]) {
        properties(&item, &format!("{key}[]."), root, rows);
    } else if let Some(options) = shape["anyOf"].as_array() {
        for option in options.iter().filter_map(entry) {
            properties(&option, &format!("{key}."), root, rows);
        }
    } else if let Some(value) = entry(&shape["additionalProperties"]) {
        properties(&value, &format!("{key}.<name>."), root, rows);
    }
}

/// The schema itself, behind references and the leave to write a variable or nothing.
fn resolved(schema: &Value, root: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        return match name {
            "Checks" => serde_json::json!({ "checks": true }),
            _ => resolved(&root["$defs"][name], root),
        };
    }
    let is_alternative = |option: &&Value| {
        option["$ref"].as_str().is_some_and(|name| name.ends_with("/Variable"))
            || option["type"] == "null"
    };
    match schema["anyOf"].as_array() {
        Some(options) if options.iter().any(|option| is_alternative(&option)) => {
            let option = options.iter().find(|option| !is_alternative(option)).unwrap();
            resolved(option, root)
        }
        _ => schema.clone(),
    }
}

/// The type in words, with its limits.
fn kind(shape: &Value, root: &Value) -> String {
    if shape["checks"] == true {
        return "[checks](checks.md)".to_owned();
    }
    if let Some(options) = shape["oneOf"].as_array() {
        let fixed = options.iter().filter_map(|option| option["const"].as_str());
        let lists = options.iter().filter_map(|option| option["enum"].as_array()).flatten();
        let words: Vec<String> =
            fixed.chain(lists.filter_map(Value::as_str)).map(|word| format!("`{word}`")).collect();
        return match words.as_slice() {
            [first, .., last] if words.len() > 16 => format!("{first} … {last}"),
            words => words.join(" "),
        };
    }
    if let Some(options) = shape["anyOf"].as_array() {
        let is_variable = |option: &&Value| option["$ref"] == "#/$defs/Variable";
        let options = options.iter().filter(|option| !is_variable(option));
        let kinds: Vec<String> =
            options.map(|option| kind(&resolved(option, root), root)).collect();
        return kinds.join(" or ");
    }
    if let Some(options) = shape["anyOf"].as_array() {
        let ways: Vec<String> =
            options.iter().map(|option| kind(&resolved(option, root), root)).collect();
        return ways.join(" or ");
    }
    let base = match &shape["type"] {
        Value::Array(types) => types.iter().find_map(|t| t.as_str().filter(|t| *t != "null")),
        other => other.as_str(),
    };
    let limits = match (shape["minimum"].as_f64(), shape["maximum"].as_f64()) {
        (Some(low), Some(high)) if low == high => return format!("`{low}`"),
        (Some(low), Some(high)) => format!(", {low} to {high}"),
        (Some(low), None) => format!(", at least {low}"),
        _ => String::new(),
    };
    match (base.unwrap_or_default(), shape["format"].as_str()) {
        ("string", Some("check")) => "check".to_owned(),
        ("string", Some("percent")) => "percentage".to_owned(),
        ("string", Some("timespan")) => "span of time".to_owned(),
        ("string", Some("date")) => "day".to_owned(),
        ("string", Some("slug")) => "slug".to_owned(),
        ("string", _) => "text".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("integer", _) => format!("whole number{limits}"),
        ("number", _) => format!("number{limits}"),
        ("array", _) => format!("list of: {}", kind(&resolved(&shape["items"], root), root)),
        ("object", _) if shape["properties"].is_object() => "mapping".to_owned(),
        ("object", _) => match &shape["additionalProperties"] {
            Value::Bool(_) | Value::Null => "free mapping".to_owned(),
            value => format!("mapping of name to: {}", kind(&resolved(value, root), root)),
        },
        (other, format) => panic!("the docs have no words for {other} {format:?}"),
    }
}

/// A description as one line of a table, and the default that it speaks of.
fn split_default(description: &str) -> (String, String) {
    let line = description.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let Some((before, after)) = line.split_once("Default: ") else {
        return (line, String::new());
    };
    let (default, rest) = after.split_once(". ").unwrap_or((after.trim_end_matches('.'), ""));
    let about = format!("{} {rest}", before.trim_end());
    (about.trim().to_owned(), default.to_owned())
}

/// The names of all keys, however deep.
pub(crate) fn names_in(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            let properties = map.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(|keys| keys.keys().cloned()));
            map.values().for_each(|value| names_in(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        _ => {}
    }
}

/// Whether a text is a suite that this version takes, else what is wrong.
pub(crate) fn judge_suite(text: &str) -> Result<(), String> {
    match problems(text) {
        Err(diagnostics) => Err(diagnostics.render(false)),
        Ok(problems) if problems.is_empty() => Ok(()),
        Ok(problems) => {
            let lines = problems.iter().map(|p| format!("{}: {}", p.path, p.message));
            Err(lines.collect::<Vec<_>>().join("\n"))
        }
    }
}
