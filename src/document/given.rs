//! Values that stand in place of a document's keys: those of flags, or of an action's inputs.
//!
//! Each is checked against the schema of its key as the same value in the document would be, so that
//! both accept and refuse the same, in the same words.

use serde_json::{Map, Value};

use super::node::{Fault, Kind, Node, Origin, Scalar, Span};
use super::shape::Holds;
use super::{Diagnostics, Root, Source, json, schema_of, shape, shown, yaml};

/// A text that stands in place of a key of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The key, with those above it: `thresholds.success_rate`.
    pub key: String,
    /// The text. Where the key has a list, its entries stand between commas, or it is a JSON list.
    /// Where it has keys of its own, it is a JSON object; where those are a choice beside a scalar,
    /// they stand within braces, as in YAML. Blanks around the text and around each entry mean
    /// nothing.
    pub text: String,
    /// Other names that keys of such an object may have here, each with the document's own.
    pub also: &'static [(&'static str, &'static str)],
    /// What it is called in messages: `--success-rate`.
    pub origin: String,
}

/// Reads what stands in place of keys as a `T` that has these keys and no others.
///
/// # Errors
///
/// Every fault of the texts, each with what it is called.
pub fn read_given<T: Root + Default>(given: &[Given]) -> Result<T, Diagnostics> {
    if given.is_empty() {
        return Ok(T::default());
    }
    let schema = schema_of::<T>();
    let mut document = Map::new();
    let mut faults = Vec::new();
    for one in given {
        let keys: Vec<&str> = one.key.split('.').collect();
        let mut own = Vec::new();
        let value = shape::walk_at(
            schema.as_value(),
            T::format,
            &keys,
            |holds, faults| one.node(holds, faults),
            &mut own,
        );
        faults.extend(own.into_iter().map(|fault| one.named(fault)));
        if let Some(value) = value {
            put(&mut document, &keys, value);
        }
    }
    let read = serde_json::from_value(Value::Object(document));
    match read {
        Ok(value) if faults.is_empty() => Ok(value),
        Err(error) if faults.is_empty() => {
            let fault = Fault { span: None, ..Fault::new(Span::default(), error.to_string()) };
            Err(Diagnostics::new(NOWHERE, vec![fault]))
        }
        Ok(_) | Err(_) => Err(Diagnostics::new(NOWHERE, faults)),
    }
}

/// They stand in no text that could be shown.
const NOWHERE: Source<'_> = Source { name: "the command line", text: "" };

impl Given {
    /// The text as the part of a tree that it stands for; nothing where it cannot be.
    fn node(&self, holds: Holds, faults: &mut Vec<Fault>) -> Option<Node> {
        let scalar = |text: &str| {
            let text = text.trim().to_owned();
            let kind = Kind::Scalar(Scalar { text, plain: true, origin: Origin::Given });
            Node { kind, span: Span::default() }
        };
        let text = self.text.trim();
        match holds {
            Holds::ScalarOrMapping if text.starts_with('{') => yaml::parse(text, faults),
            Holds::List | Holds::Mapping if text.starts_with(['{', '[']) => {
                let mut found = Vec::new();
                let node = json::parse(text, &mut found);
                faults.extend(found.into_iter().map(not_json));
                node.map(|node| self.with_own_names(node))
            }
            Holds::List if text.is_empty() => {
                // It is no list of nothing: that is written as `[]`.
                let key = self.key.rsplit('.').next().unwrap_or_default();
                faults.push(Fault::new(Span::default(), format!("{} is empty", shown(key))));
                None
            }
            Holds::List => {
                let entries = text.split(',').map(scalar).collect();
                Some(Node { kind: Kind::Sequence(entries), span: Span::default() })
            }
            Holds::Scalar | Holds::ScalarOrMapping | Holds::Mapping => Some(scalar(text)),
        }
    }

    /// An object with the document's names in place of the others. Where both stand, the other one
    /// stays, and is refused.
    fn with_own_names(&self, mut node: Node) -> Node {
        let Kind::Mapping(entries) = &mut node.kind else { return node };
        for (other, own) in self.also {
            if entries.iter().all(|(key, _)| key.text != *own)
                && let Some((key, _)) = entries.iter_mut().find(|(key, _)| key.text == *other)
            {
                (*own).clone_into(&mut key.text);
            }
        }
        node
    }

    /// A fault with what the text is called, in place of where it stands.
    fn named(&self, fault: Fault) -> Fault {
        let message = format!("{}: {}", self.origin, fault.message);
        Fault { span: None, message, context: None, ..fault }
    }
}

/// A fault of JSON that stands in no file.
fn not_json(fault: Fault) -> Fault {
    let message = format!("it is not JSON: {}", fault.message);
    Fault { message, ..fault }
}

/// Puts a value at a key, and makes the mappings above it.
fn put(document: &mut Map<String, Value>, keys: &[&str], value: Value) {
    match keys {
        [] => {}
        [last] => drop(document.insert((*last).to_owned(), value)),
        [first, rest @ ..] => {
            let below = document.entry((*first).to_owned());
            let below = below.or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                put(below, rest, value);
            }
        }
    }
}
