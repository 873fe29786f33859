//! YAML text to tree, within bounds.
//!
//! Scalars stay as they were written: what `yes`, `007` or `+1415` is, the wanted type decides
//! later. Aliases are copied out, and what YAML offers beyond plain data (tags, merge keys, keys
//! that are collections, several documents) is refused with the way out.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::node::{Fault, Key, Kind, Node, Origin, Scalar, Span};
use super::syntax;
use crate::document::node::MAX_DEPTH;

/// The longest text that is read, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// How many values a document may have once its aliases are copied out.
const MAX_NODES: usize = 100_000;
/// How much text a document may have once its aliases are copied out, in bytes.
const MAX_EXPANDED_BYTES: usize = 8 << 20;

/// Parses a text. Faults that do not stop the reading are added to `faults` and the rest of the
/// tree is returned; nothing is returned when the text cannot be read any further.
pub(super) fn parse(text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    if let Err(fault) = check_text(text) {
        faults.push(fault);
        return None;
    }
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder::new(text);
    for next in Parser::new_from_str_with_options(text, options) {
        let step = match next {
            Ok((event, span)) => builder.take(event, &span),
            Err(error) => Err(syntax::fault(text, &error, builder.open_bracket())),
        };
        match step {
            Ok(Next::Continue) => {}
            Ok(Next::Stop) => break,
            Err(fault) => {
                faults.append(&mut builder.faults);
                faults.push(fault);
                return None;
            }
        }
    }
    faults.append(&mut builder.faults);
    let root = builder.root.filter(|root| !matches!(&root.kind, Kind::Scalar(s) if s.is_null()));
    if root.is_none() {
        faults.push(
            Fault::new(Span::default(), "the document is empty")
                .help("write at least one `key: value`"),
        );
    }
    root
}

/// Refuses what is too long or not text before the parser sees it.
fn check_text(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_BYTES {
        let message = format!("the text is longer than {} KiB", MAX_BYTES / 1024);
        return Err(Fault::new(Span::default(), message).help("is this the right file?"));
    }
    let control = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    match text.char_indices().find(|(_, c)| control(c)) {
        None => Ok(()),
        Some((at, '\0')) => Err(Fault::new(
            Span { start: at, end: at + 1 },
            "the file is binary: it contains a zero byte",
        )
        .help("is this the right file? it must be YAML text in UTF-8")),
        Some((at, c)) => Err(Fault::new(
            Span { start: at, end: at + c.len_utf8() },
            format!("the control character U+{:04X} is not allowed", u32::from(c)),
        )
        .help("remove it; within double quotes it can be written as an escape such as `\\x1b`")),
    }
}

enum Next {
    Continue,
    Stop,
}

/// A collection whose end has not come yet.
struct Open {
    kind: OpenKind,
    start: Span,
    /// The parser's id of its anchor; 0 for none.
    anchor: usize,
}

enum OpenKind {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<(Key, Node)>, seen: HashMap<String, Span>, pending: Pending },
}

/// What a mapping waits for.
enum Pending {
    Key,
    Value(Key),
    /// The value of a key that was refused.
    Refused,
}

struct Builder<'a> {
    text: &'a str,
    faults: Vec<Fault>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    bytes: usize,
    documents: usize,
    root: Option<Node>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            faults: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            bytes: 0,
            documents: 0,
            root: None,
        }
    }

    fn take(&mut self, event: Event<'_>, at: &granit_parser::Span) -> Result<Next, Fault> {
        let span = place(at);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.faults.push(
                        Fault::new(span, "a second document begins here").help(
                            "keep one document in a file: remove the `---` or split the file",
                        ),
                    );
                    return Ok(Next::Stop);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), at);
                self.spend(1, text.len(), span)?;
                let scalar = Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                    origin: Origin::File,
                };
                self.complete(Node { kind: Kind::Scalar(scalar), span }, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), at);
                self.begin(OpenKind::Sequence(Vec::new()), span, anchor)?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), at);
                let kind = OpenKind::Mapping {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    pending: Pending::Key,
                };
                self.begin(kind, span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
            Event::Alias(id) => self.alias(id, span)?,
            _ => {}
        }
        Ok(Next::Continue)
    }

    /// Where the innermost collection stands, if it is one in brackets.
    fn open_bracket(&self) -> Option<Span> {
        let start = self.open.last()?.start;
        start.slice(self.text).starts_with(['[', '{']).then_some(start)
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, at: &granit_parser::Span) {
        if tag.is_none() {
            return;
        }
        let span = at.tag_span().map_or_else(|| place(at), |tag| place(&tag));
        let written = span.slice(self.text);
        let help = if written.starts_with("!=") {
            "a check that begins with `!` needs quotes, for example `\"!= 3\"`"
        } else {
            "remove it; text that begins with `!` needs quotes"
        };
        self.faults.push(
            Fault::new(span, format!("the tag {} is not supported", super::shown(written)))
                .help(help),
        );
    }

    /// Counts what the tree holds, so that a few lines of aliases cannot fill the memory.
    fn spend(&mut self, nodes: usize, bytes: usize, span: Span) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.nodes > MAX_NODES || self.bytes > MAX_EXPANDED_BYTES {
            return Err(Fault::new(
                span,
                format!("the document has more than {MAX_NODES} values, or too much text"),
            )
            .help("aliases count as often as they are used"));
        }
        Ok(())
    }

    fn begin(&mut self, kind: OpenKind, start: Span, anchor: usize) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(start));
        }
        self.spend(1, 0, start)?;
        self.open.push(Open { kind, start, anchor });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), Fault> {
        let Some(Open { kind, start, anchor }) = self.open.pop() else {
            return Ok(());
        };
        let (kind, last) = match kind {
            OpenKind::Sequence(items) => {
                let last = items.last().map(|node| node.span.end);
                (Kind::Sequence(items), last)
            }
            OpenKind::Mapping { entries, .. } => {
                let last = entries.last().map(|(key, node)| node.span.end.max(key.span.end));
                (Kind::Mapping(entries), last)
            }
        };
        // A block has no closing sign: its end event stands where the next thing begins.
        let closed = end.slice(self.text).ends_with([']', '}']);
        let end = if closed { end.end } else { last.unwrap_or(start.end) };
        let span = Span { start: start.start, end: end.max(start.start) };
        self.complete(Node { kind, span }, anchor)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Fault> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Fault::new(span, "the alias is inside the value that it refers to")
                .help("write the value out"));
        };
        let weight = weigh(node);
        if self.open.len() + weight.height > MAX_DEPTH {
            return Err(too_deep(span));
        }
        // Counted before it is copied: the copy is what would fill the memory.
        self.spend(weight.nodes, weight.bytes, span)?;
        match self.anchors.get(&id).cloned() {
            Some(node) => self.complete(node, 0),
            None => Ok(()),
        }
    }

    /// Hands a finished node to the collection that waits for it.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            let weight = weigh(&node);
            self.spend(weight.nodes, weight.bytes, node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::Sequence(items)) => items.push(node),
            Some(OpenKind::Mapping { entries, seen, pending }) => {
                *pending = match std::mem::replace(pending, Pending::Key) {
                    Pending::Key => match key_of(node, seen, self.text) {
                        Ok(key) => Pending::Value(key),
                        Err(fault) => {
                            self.faults.push(fault);
                            Pending::Refused
                        }
                    },
                    Pending::Value(key) => {
                        entries.push((key, node));
                        Pending::Key
                    }
                    Pending::Refused => Pending::Key,
                };
            }
        }
        Ok(())
    }
}

pub(super) fn key_of(
    node: Node,
    seen: &mut HashMap<String, Span>,
    text: &str,
) -> Result<Key, Fault> {
    let Kind::Scalar(scalar) = node.kind else {
        return Err(Fault::new(node.span, "a key must be text, not a list or a mapping").help(
            "`{` and `[` open a mapping and a list: text that begins with one needs quotes",
        ));
    };
    if scalar.plain && scalar.text == "<<" {
        return Err(Fault::new(node.span, "merge keys (`<<`) are not supported")
            .help("write the keys out; an alias can replace a whole value"));
    }
    if let Some(first) = seen.get(&scalar.text) {
        let line = text.get(..first.start).unwrap_or_default().matches('\n').count() + 1;
        return Err(Fault::new(
            node.span,
            format!("the key {} is already on line {line}", super::shown(&scalar.text)),
        )
        .help("keep one of the two")
        .context(*first, "first given here"));
    }
    seen.insert(scalar.text.clone(), node.span);
    Ok(Key { text: scalar.text, span: node.span })
}

struct Weight {
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// How much a node holds. Nodes are at most [`MAX_DEPTH`] deep, so the recursion is too.
fn weigh(node: &Node) -> Weight {
    let mut weight = Weight { nodes: 1, bytes: 0, height: 0 };
    let mut add = |child: &Node| {
        let child = weigh(child);
        weight.nodes += child.nodes;
        weight.bytes += child.bytes;
        weight.height = weight.height.max(child.height + 1);
    };
    match &node.kind {
        Kind::Scalar(scalar) => weight.bytes = scalar.text.len(),
        Kind::Sequence(items) => items.iter().for_each(&mut add),
        Kind::Mapping(entries) => {
            entries.iter().for_each(|(_, node)| add(node));
            weight.bytes += entries.iter().map(|(key, _)| key.text.len()).sum::<usize>();
        }
    }
    if !matches!(node.kind, Kind::Scalar(_)) {
        weight.height = weight.height.max(1);
    }
    weight
}

fn too_deep(span: Span) -> Fault {
    Fault::new(span, format!("nested more than {MAX_DEPTH} levels deep"))
        .help("is a bracket or a quote missing before this?")
}

fn place(span: &granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or_default();
    Span { start, end: span.end.byte_offset().unwrap_or(start).max(start) }
}

#[cfg(test)]
mod tests {
    use super::super::node::Places;
    use super::super::path::{At, Path};
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        parse(text, &mut faults);
        faults.into_iter().map(|fault| fault.message).collect()
    }

    fn scalar(text: &str) -> Scalar {
        let mut faults = Vec::new();
        let node = parse(&format!("a: {text}\n"), &mut faults).unwrap();
        let Kind::Mapping(entries) = node.kind else { panic!("{text}") };
        let Kind::Scalar(scalar) = entries[0].1.kind.clone() else { panic!("{text}") };
        scalar
    }

    #[test]
    fn a_scalar_stays_as_it_was_written() {
        for text in
            ["+14155550100", "007", "yes", "on", "1_000", "0x1F", "90%", "1e3", "2026-12-31"]
        {
            assert_eq!(scalar(text).text, text);
            assert!(scalar(text).plain);
        }
        assert!(!scalar("\"7\"").plain);
    }

    #[test]
    fn spans_cover_keys_and_values() {
        let text = "a: {b: 1}\nä:\n  - x\n  - \"y z\"\n\n# end\n";
        let places = Places::new(parse(text, &mut Vec::new()).unwrap());
        let at = |path: &[&str], at| places.span(&Path::of(path.iter().copied()), at).unwrap();
        assert_eq!(at(&["a"], At::Value).slice(text), "{b: 1}");
        assert_eq!(at(&["a", "b"], At::Key).slice(text), "b");
        assert_eq!(at(&["ä"], At::Key).slice(text), "ä");
        assert_eq!(at(&["ä"], At::Value).slice(text), "- x\n  - \"y z\"");
        assert_eq!(at(&["ä", "1"], At::Value).slice(text), "\"y z\"");
        assert!(!places.contains(&Path::of(["ä", "2"])));
    }

    #[test]
    fn an_alias_is_copied_with_the_place_of_its_anchor() {
        let text = "a: &x [1, 2]\nb: *x\n";
        let places = Places::new(parse(text, &mut Vec::new()).unwrap());
        let span = places.span(&Path::of(["b", "1"]), At::Value).unwrap();
        assert_eq!((span.slice(text), span.start), ("2", 10));
    }

    #[test]
    fn what_is_beyond_plain_data_is_refused() {
        let rows = [
            ("", "the document is empty"),
            ("# nothing\n", "the document is empty"),
            ("---\n", "the document is empty"),
            ("a: 1\n---\nb: 2\n", "a second document begins here"),
            ("a: !foo 1\n", "the tag `!foo` is not supported"),
            ("a: &x {b: 1}\nc: {<<: *x}\n", "merge keys (`<<`) are not supported"),
            ("[a]: 1\n", "a key must be text, not a list or a mapping"),
            ("a: 1\na: 2\n", "the key `a` is already on line 1"),
            ("a: &x [*x]\n", "the alias is inside the value that it refers to"),
            ("a: \0\n", "the file is binary: it contains a zero byte"),
            ("a: \u{1b}[31m\n", "the control character U+001B is not allowed"),
        ];
        for (text, message) in rows {
            assert_eq!(faults(text), [message], "{text:?}");
        }
    }

    #[test]
    fn a_bomb_of_aliases_is_stopped_before_it_is_copied() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let below = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        let wide = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a,".repeat(100_000));
        for text in [text, wide] {
            let started = std::time::Instant::now();
            assert!(faults(&text)[0].starts_with("the document has more than"), "{text:.80}");
            assert!(started.elapsed().as_millis() < 1000);
        }
    }

    #[test]
    fn depth_is_bounded_in_blocks_in_brackets_and_through_aliases() {
        let block: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        let mut aliases = "a0: &a0 [x]\n".to_owned();
        for level in 1..100 {
            aliases.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        for text in ["[".repeat(100_000), "{a: ".repeat(10_000), block, aliases] {
            assert_eq!(faults(&text), ["nested more than 64 levels deep"], "{text:.40}");
        }
    }
}
