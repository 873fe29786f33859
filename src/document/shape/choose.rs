//! Which part of a schema a node is checked against.

use serde_json::Value;

use super::super::node::Kind;

/// What a list is called.
pub(super) const LIST: &str = "a list";
/// What a mapping is called.
pub(super) const MAPPING: &str = "a mapping";

/// How many references and alternatives may lie within each other.
const MAX_NESTING: usize = 16;

/// The plain schemas that a schema stands for: references followed, `anyOf` and `oneOf` opened.
pub(super) fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut found = Vec::new();
    collect(root, schema, MAX_NESTING, &mut found);
    found
}

fn collect<'a>(root: &'a Value, schema: &'a Value, depth: usize, found: &mut Vec<&'a Value>) {
    if depth == 0 {
        return;
    }
    let target = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| root.pointer(reference.strip_prefix('#')?));
    if let Some(target) = target {
        return collect(root, target, depth - 1, found);
    }
    let inner = ["anyOf", "oneOf"].iter().find_map(|name| schema.get(name)?.as_array());
    match inner {
        Some(inner) => inner.iter().for_each(|schema| collect(root, schema, depth - 1, found)),
        None => found.push(schema),
    }
}

/// Whether a schema takes anything: `true`, or an object that demands nothing.
pub(super) fn is_free(schema: &Value) -> bool {
    match schema {
        Value::Bool(free) => *free,
        other => types(other).is_empty() && !has_any(other, &["const", "enum", "properties"]),
    }
}

/// Whether a schema can take a scalar.
pub(super) fn takes_scalars(schema: &Value) -> bool {
    let is_scalar = |name: &&str| matches!(*name, "string" | "integer" | "number" | "boolean");
    has_any(schema, &["const", "enum"]) || types(schema).iter().any(is_scalar)
}

/// Whether a schema can take a node of this kind.
pub(super) fn takes(schema: &Value, kind: &Kind) -> bool {
    let types = types(schema);
    match kind {
        Kind::Scalar(_) => takes_scalars(schema),
        Kind::Sequence(_) => types.contains(&"array"),
        Kind::Mapping(_) => types.contains(&"object") || schema.get("properties").is_some(),
    }
}

/// The names in a schema's `type`.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What a schema wants, for a message.
pub(super) fn noun(schema: &Value) -> &'static str {
    if has_any(schema, &["const", "enum"]) {
        return "one of a few words";
    }
    match types(schema).as_slice() {
        ["integer"] => "a whole number",
        ["number"] => "a number",
        ["boolean"] => "`true` or `false`",
        ["array"] => LIST,
        ["string"] => match schema.get("format").and_then(Value::as_str) {
            Some("check") => "a check such as `>= 90%`",
            Some("percent") => "a percentage such as `95%`",
            Some("timespan") => "a span of time such as `45m`",
            Some("date") => "a day such as `2026-12-31`",
            Some("slug") => "a slug such as `greeting_by_name`",
            _ => "text",
        },
        _ if takes(schema, &Kind::Mapping(Vec::new())) => MAPPING,
        _ => "text or a number",
    }
}

fn has_any(schema: &Value, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| schema.get(keyword).is_some())
}
