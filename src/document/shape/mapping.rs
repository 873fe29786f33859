//! A mapping against the schemas that could take it: which variant, which keys, what is missing.

use serde_json::{Map, Value};

use super::super::node::{Fault, Key, Kind, Node, Span};
use super::super::shown;
use super::{Subject, Walker, choose, free};
use crate::text;

/// With more faults than this nobody reads the suggestions, and each costs time.
const MOST_SUGGESTIONS: usize = 100;

impl<'a> Walker<'a> {
    pub(super) fn mapping(
        &mut self,
        schemas: &[&'a Value],
        entries: &[(Key, Node)],
        node: &Node,
        subject: &Subject<'_>,
    ) -> Option<Value> {
        let schema = match choose_variant(schemas, entries, subject, node) {
            Ok(schema) => schema,
            Err(fault) => {
                self.faults.push(fault);
                return None;
            }
        };
        let mut object = Map::new();
        for (key, node) in entries {
            let value = match self.property(schema, key) {
                Property::Schema(schema) => {
                    self.value(schema, node, &Subject::Key(&key.text, key.span))
                }
                Property::Free => free::value(node),
                Property::Unknown => {
                    self.faults.push(self.unknown_key(schema, key, subject));
                    None
                }
            };
            if let Some(value) = value {
                object.insert(key.text.clone(), value);
            }
        }
        let missing = self.missing_keys(schema, entries, node, subject);
        self.faults.extend(missing);
        // A document that lacks a key has other values to be judged, where its type has a default.
        let complete = required(schema).all(|name| object.contains_key(name));
        (complete || matches!(subject, Subject::Document)).then_some(Value::Object(object))
    }

    fn property(&self, schema: &'a Value, key: &Key) -> Property<'a> {
        if let Some(property) = schema.get("properties").and_then(|all| all.get(&key.text)) {
            return Property::Schema(property);
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        for (pattern, property) in patterns.into_iter().flatten() {
            if is_number_pattern(pattern, &key.text) {
                return Property::Schema(property);
            }
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => Property::Unknown,
            Some(Value::Bool(true)) | None => Property::Free,
            Some(schema) => Property::Schema(schema),
        }
    }

    fn unknown_key(&self, schema: &Value, key: &Key, subject: &Subject<'_>) -> Fault {
        let fault = |message| Fault::new(key.span, message);
        if schema.get("patternProperties").is_some() {
            return fault(format!("the key {} must be an id: a whole number", shown(&key.text)));
        }
        let unknown = fault(format!("unknown key {}", shown(&key.text)));
        if self.faults.len() >= MOST_SUGGESTIONS {
            return unknown;
        }
        let known = property_names(schema);
        if let Some(home) = self.home_of(&key.text) {
            return unknown.help(format!("it belongs under {}", shown(home)));
        }
        if let Some(near) = text::nearest(&key.text, known.iter().copied()) {
            return unknown.help(format!("did you mean {}?", shown(near)));
        }
        // The names of metrics are free; the key that they go under is not.
        if known.contains(&"metrics") {
            return unknown.help(format!("put metrics under {}", beneath(subject, "metrics")));
        }
        let known: Vec<String> = known.iter().map(|name| shown(name)).collect();
        unknown.help(match known.as_slice() {
            [] => "no key is allowed here".to_owned(),
            [only] => format!("the key here is {only}"),
            _ => format!("the keys here are {}", text::list(&known)),
        })
    }

    /// The only key of the document below which a mistaken key would be known.
    fn home_of(&self, key: &str) -> Option<&'a str> {
        let properties = self.root.get("properties")?.as_object()?;
        let mut homes = properties.iter().filter(|(_, schema)| {
            choose::alternatives(self.root, schema)
                .iter()
                .any(|schema| property_names(schema).contains(&key))
        });
        match (homes.next(), homes.next()) {
            (Some((home, _)), None) => Some(home),
            _ => None,
        }
    }

    fn missing_keys(
        &self,
        schema: &Value,
        entries: &[(Key, Node)],
        node: &Node,
        subject: &Subject<'_>,
    ) -> Vec<Fault> {
        let place = place_of(entries, node, subject);
        required(schema)
            .filter(|name| entries.iter().all(|(key, _)| key.text != *name))
            .map(|name| {
                let property = schema.get("properties").and_then(|all| all.get(name));
                let about = property.and_then(|property| self.description(property));
                let message = match subject {
                    Subject::Document => format!("the key {} is missing", shown(name)),
                    _ => format!("{} needs the key {}", subject.name(), shown(name)),
                };
                let fault = Fault::new(place, message);
                match about {
                    Some(about) => fault.help(format!("add `{name}: …`: {about}")),
                    None => fault.help(format!("add `{name}: …`")),
                }
            })
            .collect()
    }

    /// What a schema says about itself, on one line.
    fn description(&self, schema: &'a Value) -> Option<String> {
        let own = schema.get("description").and_then(Value::as_str);
        let description = own.or_else(|| {
            choose::alternatives(self.root, schema).first()?.get("description")?.as_str()
        })?;
        let mut letters = description.trim_end_matches('.').chars();
        let first = letters.next()?.to_lowercase();
        Some(first.chain(letters).map(|c| if c == '\n' { ' ' } else { c }).collect())
    }
}

enum Property<'a> {
    Schema(&'a Value),
    Free,
    Unknown,
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    let required = schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().filter_map(Value::as_str)
}

pub(super) fn property_names(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// The patterns that schemars writes for keys that are numbers. Any other is left to serde.
fn is_number_pattern(pattern: &str, key: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match pattern {
        r"^\d+$" => digits(key),
        r"^-?\d+$" => digits(key.strip_prefix('-').unwrap_or(key)),
        _ => true,
    }
}

/// Where a missing key is reported: at the key that the mapping belongs to, else at its first.
fn place_of(entries: &[(Key, Node)], node: &Node, subject: &Subject<'_>) -> Span {
    match (subject, entries.first()) {
        (Subject::Key(_, key), _) => *key,
        (_, Some((first, _))) => first.span,
        _ => node.span,
    }
}

/// The variant of an enum that a mapping is. Serde writes them in two ways: the variant is the
/// only key, or one key holds its name.
fn choose_variant<'a>(
    schemas: &[&'a Value],
    entries: &[(Key, Node)],
    subject: &Subject<'_>,
    node: &Node,
) -> Result<&'a Value, Fault> {
    if let [only] = schemas {
        return Ok(only);
    }
    let mut tags = Vec::new();
    for schema in schemas {
        match tag_of(schema) {
            Some((key, Some(word))) => {
                let holds =
                    |node: &Node| matches!(&node.kind, Kind::Scalar(scalar) if scalar.text == word);
                if entries.iter().any(|(name, node)| name.text == key && holds(node)) {
                    return Ok(schema);
                }
                tags.push(format!("`{key}: {word}`"));
            }
            Some((key, None)) => {
                if entries.iter().any(|(name, _)| name.text == key) {
                    return Ok(schema);
                }
                tags.push(format!("`{key}: …`"));
            }
            None => {}
        }
    }
    Err(Fault::new(
        place_of(entries, node, subject),
        format!("{} does not say which kind it is", subject.name()),
    )
    .help(format!("write one of {}", text::list(&tags))))
}

/// What tells a variant apart: a key with a fixed word, or its only key.
fn tag_of(schema: &Value) -> Option<(&str, Option<&str>)> {
    let properties = schema.get("properties")?.as_object()?;
    let fixed = properties.iter().find_map(|(name, schema)| {
        schema.get("const").and_then(Value::as_str).map(|word| (name.as_str(), Some(word)))
    });
    let only = || match schema.get("required")?.as_array()?.as_slice() {
        [Value::String(name)] => Some((name.as_str(), None)),
        _ => None,
    };
    fixed.or_else(only)
}

/// The name of a key beneath another.
fn beneath(subject: &Subject<'_>, key: &str) -> String {
    match subject {
        Subject::Key(name, _) => format!("`{name}.{key}`"),
        Subject::Document | Subject::EntryOf(_) => format!("`{key}`"),
    }
}
