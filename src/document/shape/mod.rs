//! Walks a tree along a JSON Schema: every fault at once, and a JSON value of what is sound.
//!
//! The schema is one that `schema_of` generates: what schemars makes of plain structs, lists,
//! maps, enums and the project's text formats. Whatever passes here, serde accepts; what a
//! keyword beyond these would demand is left to serde.

mod choose;
mod free;
mod mapping;
mod scalar;

use std::collections::BTreeSet;

use serde_json::Value;

use super::format::Format;
use super::node::{Fault, Kind, Node, Origin, Scalar, Span};
use super::shown;

/// The check of a text format by its name.
type Formats = fn(&str) -> Option<Format>;

/// Walks a tree along a schema. The value lacks the keys that have a fault. A list of scalars with a
/// fault is left out whole, because rules about it would be misled; a list of mappings keeps those
/// that are sound, and so does the tree, so that the places of its entries stay true.
pub(super) fn walk(
    schema: &Value,
    formats: Formats,
    node: &mut Node,
    faults: &mut Vec<Fault>,
) -> Option<Value> {
    let mut walker = Walker { root: schema, formats, faults, dropped: BTreeSet::new() };
    let value = walker.value(schema, node, &Subject::Document);
    let dropped = walker.dropped;
    if !dropped.is_empty() {
        node.prune(&dropped);
    }
    value
}

/// What a key can hold whose value comes as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A list, and nothing else.
    List,
    /// A mapping, and nothing else.
    Mapping,
    /// A scalar or a mapping.
    ScalarOrMapping,
    /// A scalar.
    Scalar,
}

/// Walks what stands in place of a key along that key's own schema. `node` makes the tree of it, by
/// what the key can hold; none where it cannot.
pub(super) fn walk_at(
    root: &Value,
    formats: Formats,
    keys: &[&str],
    node: impl FnOnce(Holds, &mut Vec<Fault>) -> Option<Node>,
    faults: &mut Vec<Fault>,
) -> Option<Value> {
    let mut schema = root;
    for key in keys {
        let within = choose::alternatives(root, schema).into_iter();
        schema = within.filter_map(|one| one.get("properties")?.get(key)).next()?;
    }
    let alternatives = choose::alternatives(root, schema);
    let (scalar, list) = (
        |one: &&Value| choose::takes_scalars(one),
        |one: &&Value| choose::takes(one, &Kind::Sequence(Vec::new())),
    );
    let mapping = |one: &&Value| choose::takes(one, &Kind::Mapping(Vec::new()));
    let holds = match alternatives.iter().any(scalar) {
        true if alternatives.iter().any(mapping) => Holds::ScalarOrMapping,
        false if alternatives.iter().any(list) => Holds::List,
        false if alternatives.iter().any(mapping) => Holds::Mapping,
        _ => Holds::Scalar,
    };
    let node = node(holds, faults)?;
    let subject = Subject::Key(keys.last()?, Span::default());
    let mut walker = Walker { root, formats, faults, dropped: BTreeSet::new() };
    walker.value(schema, &node, &subject)
}

struct Walker<'a> {
    /// The schema with its `$defs`.
    root: &'a Value,
    formats: Formats,
    faults: &'a mut Vec<Fault>,
    /// Entries of lists that the value lacks.
    dropped: BTreeSet<Span>,
}

/// What a message is about.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Document,
    Key(&'a str, Span),
    EntryOf(&'a Subject<'a>),
}

impl Subject<'_> {
    fn name(&self) -> String {
        match self {
            Subject::Document => "the document".to_owned(),
            Subject::Key(key, _) => shown(key),
            Subject::EntryOf(list) => format!("an entry of {}", list.name()),
        }
    }
}

impl<'a> Walker<'a> {
    fn value(&mut self, schema: &'a Value, node: &Node, subject: &Subject<'_>) -> Option<Value> {
        let alternatives = choose::alternatives(self.root, schema);
        if let Kind::Scalar(scalar) = &node.kind
            && scalar.origin == Origin::Broken
        {
            return None;
        }
        if alternatives.iter().any(|schema| choose::is_free(schema)) {
            return free::value(node);
        }
        if let Kind::Scalar(scalar) = &node.kind
            && scalar.is_null()
        {
            self.faults.push(no_value(node, subject));
            return None;
        }
        let fitting: Vec<&'a Value> = alternatives
            .iter()
            .copied()
            .filter(|schema| choose::takes(schema, &node.kind))
            .collect();
        match &node.kind {
            Kind::Scalar(scalar) if !fitting.is_empty() => {
                match scalar::value(&fitting, self.formats, scalar, subject) {
                    Ok(value) => Some(value),
                    Err(fault) => {
                        self.faults.push(fault.at(node.span));
                        None
                    }
                }
            }
            Kind::Sequence(items) if !fitting.is_empty() => {
                self.sequence(fitting.first().copied()?, items, node, subject)
            }
            Kind::Mapping(entries) if !fitting.is_empty() => {
                self.mapping(&fitting, entries, node, subject)
            }
            kind => {
                self.faults.push(wrong_kind(&alternatives, kind, node, subject));
                None
            }
        }
    }

    fn sequence(
        &mut self,
        schema: &'a Value,
        items: &[Node],
        node: &Node,
        subject: &Subject<'_>,
    ) -> Option<Value> {
        let limit = |name| schema.get(name).and_then(Value::as_u64);
        let length = items.len() as u64;
        let name = subject.name();
        if let Some(least) = limit("minItems").filter(|least| length < *least) {
            self.faults.push(if length == 0 {
                Fault::new(node.span, format!("{name} is empty"))
                    .help("add an entry, or leave it out")
            } else {
                Fault::new(node.span, format!("{name} needs at least {least} entries"))
            });
            return None;
        }
        if let Some(most) = limit("maxItems").filter(|most| length > *most) {
            self.faults.push(Fault::new(node.span, format!("{name} has more than {most} entries")));
            return None;
        }
        let entry = Subject::EntryOf(subject);
        let values: Vec<Option<Value>> = match schema.get("items") {
            Some(schema) => items.iter().map(|item| self.value(schema, item, &entry)).collect(),
            None => items.iter().map(free::value).collect(),
        };
        let is_mapping = |node: &Node| matches!(node.kind, Kind::Mapping(_));
        if values.iter().any(Option::is_none) {
            if !items.iter().all(is_mapping) {
                return None;
            }
            let unsound = items.iter().zip(&values).filter(|(_, value)| value.is_none());
            self.dropped.extend(unsound.map(|(item, _)| item.span));
        }
        Some(Value::Array(values.into_iter().flatten().collect()))
    }
}

fn no_value(node: &Node, subject: &Subject<'_>) -> Fault {
    let name = subject.name();
    match subject {
        // An empty value has no place of its own that could be pointed at.
        Subject::Key(_, key) => {
            Fault::new(*key, format!("{name} has no value")).help("give it one or remove the key")
        }
        _ => Fault::new(node.span, format!("{name} has no value"))
            .help("give it one or remove the entry"),
    }
}

fn wrong_kind(alternatives: &[&Value], kind: &Kind, node: &Node, subject: &Subject<'_>) -> Fault {
    let mut expected: Vec<&str> = alternatives.iter().map(|schema| choose::noun(schema)).collect();
    expected.dedup();
    let found = match kind {
        Kind::Scalar(scalar) => found(scalar),
        Kind::Sequence(_) => "a list".to_owned(),
        Kind::Mapping(_) => "a mapping".to_owned(),
    };
    let fault = Fault::new(
        node.span,
        format!("{} must be {}, not {found}", subject.name(), expected.join(" or ")),
    );
    let takes = |noun| expected.contains(&noun);
    match kind {
        Kind::Scalar(scalar @ Scalar { text, .. })
            if scalar.is_literal() && takes(choose::LIST) =>
        {
            fault.help(format!("write {}", shown(&format!("[{text}]"))))
        }
        _ if takes(choose::MAPPING) => fault.help(keys_of(alternatives, subject)),
        Kind::Sequence(items) if items.len() == 1 => fault.help("write the entry without the list"),
        _ => fault,
    }
}

/// Which keys stand in a mapping, as help for one who wrote something else.
fn keys_of(alternatives: &[&Value], subject: &Subject<'_>) -> String {
    let keys: Vec<String> =
        alternatives.iter().flat_map(|schema| mapping::property_names(schema)).map(shown).collect();
    match (subject, keys.as_slice()) {
        (Subject::Document, _) => "write `key: value` lines".to_owned(),
        (_, []) => "write `name: value` lines below it, indented".to_owned(),
        (_, [only]) => format!("its key is {only}, on a line below it, indented"),
        _ => format!("its keys are {}, on lines below it, indented", crate::text::list(&keys)),
    }
}

/// A scalar as messages name it: what a variable holds is not shown.
fn found(scalar: &Scalar) -> String {
    match &scalar.origin {
        Origin::Environment { template, variables } => match variables.as_slice() {
            [only] => format!("the value of {}", shown(only)),
            _ => format!("the value of {}", shown(template)),
        },
        _ if scalar.plain => shown(&scalar.text),
        _ => format!("the text {}", shown(&scalar.text)),
    }
}
