//! The tree that a YAML text becomes: raw scalars, each with its place.

use std::collections::BTreeSet;

use super::path::{At, Path};

/// A stretch of the text, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends, exclusive.
    pub(super) end: usize,
}

impl Span {
    /// Whether another one lies within.
    pub(super) fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The stretch as text; empty where the span does not fit the text.
    pub(super) fn slice(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A fault at its place in the text.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// Where; missing for a fault that stands nowhere in the text.
    pub(super) span: Option<Span>,
    /// What is wrong.
    pub(super) message: String,
    /// The way out.
    pub(super) help: Option<String>,
    /// Another place that explains the fault, and what it is.
    pub(super) context: Option<(Span, &'static str)>,
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), message: message.into(), help: None, context: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn context(mut self, span: Span, label: &'static str) -> Self {
        self.context = Some((span, label));
        self
    }
}

/// A part of the tree.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// What it is.
    pub(super) kind: Kind,
    /// Where it stands. For an alias: where the text of its anchor stands.
    pub(super) span: Span,
}

impl Node {
    /// Leaves out the keys without a value, here, in the entries of a list, and below the keys
    /// `within`.
    pub(super) fn drop_blank(&mut self, within: &[&str]) {
        let is_blank = |node: &Node| match &node.kind {
            Kind::Scalar(scalar) => scalar.is_null() || scalar.text.trim().is_empty(),
            Kind::Sequence(_) | Kind::Mapping(_) => false,
        };
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) => items.iter_mut().for_each(|item| item.drop_blank(within)),
            Kind::Mapping(entries) => {
                entries.retain(|(_, node)| !is_blank(node));
                for (key, node) in entries {
                    if within.contains(&key.text.as_str()) {
                        node.drop_blank(within);
                    }
                }
            }
        }
    }

    /// Takes entries out of every list below it.
    pub(super) fn prune(&mut self, dropped: &BTreeSet<Span>) {
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) => {
                items.retain(|item| !dropped.contains(&item.span));
                items.iter_mut().for_each(|item| item.prune(dropped));
            }
            Kind::Mapping(entries) => {
                entries.iter_mut().for_each(|(_, node)| node.prune(dropped));
            }
        }
    }
}

/// What a part of the tree is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Text, a number, a boolean or nothing: the wanted type decides.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values, in the order of the text. No key stands twice.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The key.
    pub(super) text: String,
    /// Where it stands.
    pub(super) span: Span,
}

/// A scalar as it was written.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    /// The text, without quotes, with variables filled in.
    pub(super) text: String,
    /// Whether it stood without quotes.
    pub(super) plain: bool,
    /// Where the text came from.
    pub(super) origin: Origin,
}

/// Where the text of a scalar came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The file alone.
    File,
    /// The file alone, and it is JSON: text stands in quotes, and only text does.
    Json,
    /// Partly from the environment: the scalar as it stands in the file. The value is not shown.
    Environment {
        /// The scalar with its `${VAR}`.
        template: String,
        /// The variables, in the order of the text.
        variables: Vec<String>,
    },
    /// No file: a flag or an input, in place of a key.
    Given,
    /// A variable was missing or malformed. That is reported; nothing else about it is.
    Broken,
}

impl Scalar {
    /// Whether it is YAML's null: nothing at all, `~` or `null`, without quotes.
    pub(super) fn is_null(&self) -> bool {
        self.plain
            && matches!(self.origin, Origin::File | Origin::Json)
            && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether it is as somebody wrote it, and may be shown.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self.origin, Origin::File | Origin::Json | Origin::Given)
    }

    /// Whether it cannot be text, because JSON wants quotes there.
    pub(super) fn is_never_text(&self) -> bool {
        self.plain && self.origin == Origin::Json
    }

    /// Whether it may stand for a number or a boolean: text in quotes may not, unless a variable
    /// filled it in (where YAML often demands the quotes).
    pub(super) fn is_bare(&self) -> bool {
        self.plain || matches!(self.origin, Origin::Environment { .. })
    }
}

/// A text that the environment filled in, which is not shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Secret<'a> {
    /// The text.
    pub(super) value: &'a str,
    /// The scalar as it stands in the file, which is shown in its place.
    pub(super) template: &'a str,
}

impl<'a> Secret<'a> {
    fn of(node: &'a Node) -> Option<Self> {
        match &node.kind {
            Kind::Scalar(Scalar { text, origin: Origin::Environment { template, .. }, .. }) => {
                Some(Self { value: text, template })
            }
            _ => None,
        }
    }
}

/// Where each key and value of a document stands.
#[derive(Debug, Clone, Default)]
pub struct Places {
    root: Option<Node>,
}

impl Places {
    pub(super) fn new(root: Node) -> Self {
        Self { root: Some(root) }
    }

    /// Whether the document has this part.
    pub fn contains(&self, path: &Path) -> bool {
        self.find(path).is_some()
    }

    /// Whether the document has a scalar or a list at this path.
    pub(super) fn is_leaf_or_list(&self, path: &Path) -> bool {
        self.find(path).is_some_and(|(_, node)| !matches!(node.kind, Kind::Mapping(_)))
    }

    /// Where the key or the value at a path stands. The root and the entries of a list have no
    /// key: their value is taken.
    pub(super) fn span(&self, path: &Path, at: At) -> Option<Span> {
        let (key, node) = self.find(path)?;
        Some(match (at, key) {
            (At::Key, Some(key)) => key.span,
            _ => node.span,
        })
    }

    /// What the environment filled into the scalar at a path.
    pub(super) fn secret(&self, path: &Path) -> Option<Secret<'_>> {
        self.find(path).and_then(|(_, node)| Secret::of(node))
    }

    /// What the environment filled in, anywhere in the document.
    pub(super) fn secrets(&self) -> Vec<Secret<'_>> {
        let mut found = Vec::new();
        let mut pending: Vec<&Node> = self.root.iter().collect();
        while let Some(node) = pending.pop() {
            match &node.kind {
                Kind::Scalar(_) => found.extend(Secret::of(node)),
                Kind::Sequence(items) => pending.extend(items),
                Kind::Mapping(entries) => pending.extend(entries.iter().map(|(_, node)| node)),
            }
        }
        found
    }

    /// Where variables were filled in, and which, in the order of the text.
    pub fn variables(&self) -> Vec<(Path, &[String])> {
        let mut found = Vec::new();
        let mut pending: Vec<(Path, &Node)> =
            self.root.iter().map(|node| (Path::root(), node)).collect();
        while let Some((path, node)) = pending.pop() {
            match &node.kind {
                Kind::Scalar(Scalar { origin: Origin::Environment { variables, .. }, .. }) => {
                    found.push((path, variables.as_slice()));
                }
                Kind::Scalar(_) => {}
                Kind::Sequence(items) => {
                    let items = items.iter().enumerate();
                    pending.extend(items.map(|(at, item)| (path.clone().child(at), item)));
                }
                Kind::Mapping(entries) => {
                    let entries = entries.iter();
                    pending
                        .extend(entries.map(|(key, item)| (path.clone().child(&key.text), item)));
                }
            }
        }
        found
    }

    fn find(&self, path: &Path) -> Option<(Option<&Key>, &Node)> {
        let mut found = (None, self.root.as_ref()?);
        for segment in &path.0 {
            found = match &found.1.kind {
                Kind::Scalar(_) => return None,
                Kind::Sequence(items) => match (segment.parse::<usize>(), items.as_slice()) {
                    (Ok(index), items) => (None, items.get(index)?),
                    // A list of one may stand for its entry; the model does not know which it was.
                    (Err(_), [Node { kind: Kind::Mapping(entries), .. }]) => {
                        entry(entries, segment)?
                    }
                    _ => return None,
                },
                Kind::Mapping(entries) => entry(entries, segment)?,
            };
        }
        Some(found)
    }
}

fn entry<'a>(entries: &'a [(Key, Node)], name: &str) -> Option<(Option<&'a Key>, &'a Node)> {
    entries.iter().find(|(key, _)| key.text == name).map(|(key, node)| (Some(key), node))
}

/// How deep lists and mappings may be nested.
pub(super) const MAX_DEPTH: usize = 64;
