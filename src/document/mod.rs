//! YAML text to a typed value, with every fault located.
//!
//! One reader for every YAML file of the project (suites, worlds), and for the JSON of test cases.
//! It parses the text into a tree of raw scalars with their places, puts in `${VAR}` (in YAML),
//! walks the tree along the JSON Schema of the wanted type to collect every fault at once, and only
//! then hands the value to serde. So the schema that editors use and the rules that the program
//! enforces cannot differ.
//!
//! Pure: no file is read and no environment is asked; both come in as arguments.

mod diagnostic;
mod format;
mod given;
mod interpolate;
mod json;
mod node;
mod path;
mod schema;
mod shape;
mod syntax;
mod yaml;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use format::{Format, Root, ScalarError, parses};
pub use given::{Given, read_given};
pub use node::Places;
use node::{Fault, Kind, Node, Span};
pub use path::{At, Path, Problem};
pub use schema::schema_of;

/// A YAML text and what to call it in messages.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's path as the user wrote it, or a name such as `--world`.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// A value that was read from YAML, and where each of its parts stands.
#[derive(Debug)]
pub struct Document<T> {
    /// The value.
    pub value: T,
    /// Where each part stands in the text.
    pub places: Places,
}

/// The longest file that is worth reading, in bytes: a longer text is refused.
pub const MAX_BYTES: usize = yaml::MAX_BYTES;

/// The bytes of a file as text, without a byte-order mark.
///
/// # Errors
///
/// Bytes that are not UTF-8, with their place.
pub fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostics> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let fault = Fault {
                span: None,
                message: format!(
                    "{name} is not UTF-8 text: byte {} breaks it",
                    error.valid_up_to()
                ),
                help: Some("save it as UTF-8".to_owned()),
                context: None,
            };
            Err(Diagnostics::new(Source { name, text: "" }, vec![fault]))
        }
    }
}

/// Reads a YAML text as a `T`.
///
/// `lookup` gives the value of an environment variable for `${VAR}`.
///
/// # Errors
///
/// Every fault of the text: YAML syntax, unknown or duplicate keys, wrong types, values out of
/// range, unset variables.
pub fn read<T: Root>(
    source: Source<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Document<T>, Diagnostics> {
    read_and_check(source, lookup, |_, _| Vec::new())
}

/// Whether a part of a document has no fault within.
pub type Sound<'a> = &'a dyn Fn(&Path) -> bool;

/// Reads a YAML text as a `T`; where it has faults, `check` is asked about the sound rest, so that
/// what it finds there is shown together with them. Where there are none, `check` is left to the
/// caller.
///
/// `check` sees a value that lacks what is faulty: it may only judge what is there, and is told
/// which parts of it are whole. Its problems with a mapping that is not are dropped, because they
/// may come from what was left out.
///
/// # Errors
///
/// As for [`read`].
pub fn read_and_check<T: Root>(
    source: Source<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
    check: impl Fn(&T, Sound<'_>) -> Vec<Problem>,
) -> Result<Document<T>, Diagnostics> {
    let mut faults = Vec::new();
    let Some(mut root) = yaml::parse(source.text, &mut faults) else {
        return Err(Diagnostics::new(source, faults));
    };
    interpolate::fill_in(&mut root, source.text, lookup, &mut faults);
    typed(source, root, faults, check)
}

/// Reads a YAML or JSON text of another tool as a `T`: `${VAR}` is text like any other, and a key
/// without a value counts as left out, in the mappings of the root and of the lists below the keys
/// `lists`.
///
/// # Errors
///
/// As for [`read`].
pub fn read_foreign<T: Root>(
    source: Source<'_>,
    lists: &[&str],
) -> Result<Document<T>, Diagnostics> {
    let mut faults = Vec::new();
    let Some(mut root) = yaml::parse(source.text, &mut faults) else {
        return Err(Diagnostics::new(source, faults));
    };
    root.drop_blank(lists);
    typed(source, root, faults, |_, _| Vec::new())
}

/// Reads a JSON text as a `T`: as [`read_and_check`], but strictly JSON, and `${VAR}` is text like
/// any other.
///
/// # Errors
///
/// Every fault of the text: JSON syntax, unknown or duplicate keys, wrong types, values out of
/// range.
pub fn read_json<T: Root>(
    source: Source<'_>,
    check: impl Fn(&T, Sound<'_>) -> Vec<Problem>,
) -> Result<Document<T>, Diagnostics> {
    let mut faults = Vec::new();
    let Some(root) = json::parse(source.text, &mut faults) else {
        return Err(Diagnostics::new(source, faults));
    };
    typed(source, root, faults, check)
}

/// Walks a tree along the schema of the wanted type and makes the value.
fn typed<T: Root>(
    source: Source<'_>,
    mut root: Node,
    mut faults: Vec<Fault>,
    check: impl Fn(&T, Sound<'_>) -> Vec<Problem>,
) -> Result<Document<T>, Diagnostics> {
    let schema = schema_of::<T>();
    let value = shape::walk(schema.as_value(), T::format, &mut root, &mut faults);
    let places = Places::new(root);
    let Some(value) = value else {
        return Err(Diagnostics::new(source, faults));
    };
    let value: Result<T, _> = serde_path_to_error::deserialize(value);
    match value {
        Ok(value) if faults.is_empty() => Ok(Document { value, places }),
        Ok(value) => {
            let sound = |path: &Path| {
                let within =
                    |span: Span| move |fault: &Fault| fault.span.is_some_and(|at| span.holds(at));
                places.span(path, At::Value).is_some_and(|span| !faults.iter().any(within(span)))
            };
            let mut problems = check(&value, &sound);
            problems.retain(|one| places.is_leaf_or_list(&one.path) || sound(&one.path));
            faults.extend(Diagnostics::faults_of(&places, problems));
            Err(Diagnostics::new(source, faults))
        }
        Err(error) if faults.is_empty() => {
            let problem = Problem::new(path_of(error.path()), error.inner().to_string());
            Err(Diagnostics::from_problems(source, &places, vec![problem]))
        }
        Err(_) => Err(Diagnostics::new(source, faults)),
    }
}

fn path_of(path: &serde_path_to_error::Path) -> Path {
    use serde_path_to_error::Segment;
    Path::of(path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }))
}

/// What a text is at its top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Top {
    /// A mapping with these keys.
    Keys(Vec<String>),
    /// A list.
    List,
    /// Something else, or no text that can be read.
    Other,
}

impl Top {
    /// Whether it is a mapping with this key.
    pub fn has(&self, key: &str) -> bool {
        matches!(self, Top::Keys(keys) if keys.iter().any(|found| found == key))
    }
}

/// What a text is at its top: enough to tell what it is meant to be.
pub fn top(text: &str) -> Top {
    match yaml::parse(text, &mut Vec::new()).map(|root| root.kind) {
        Some(node::Kind::Mapping(entries)) => {
            Top::Keys(entries.into_iter().map(|(key, _)| key.text).collect())
        }
        Some(node::Kind::Sequence(_)) => Top::List,
        Some(node::Kind::Scalar(_)) | None => Top::Other,
    }
}

/// The text, or the list of texts, at a key at the top of a faulty document: what can be said of it
/// without reading the rest. Variables are not filled in.
pub fn texts_at(text: &str, key: &str) -> Vec<String> {
    let scalar = |node: Node| match node.kind {
        Kind::Scalar(scalar) => Some(scalar.text),
        Kind::Sequence(_) | Kind::Mapping(_) => None,
    };
    match node_at(text, key) {
        Some(Node { kind: Kind::Sequence(items), .. }) => {
            items.into_iter().filter_map(scalar).collect()
        }
        other => other.and_then(scalar).into_iter().collect(),
    }
}

/// The text of a key within the mapping at another key, whatever else is wrong with the document.
pub fn text_below(text: &str, outer: &str, key: &str) -> Option<String> {
    let Kind::Mapping(entries) = node_at(text, outer)?.kind else { return None };
    let node = entries.into_iter().find(|(found, _)| found.text == key).map(|(_, node)| node)?;
    match node.kind {
        Kind::Scalar(scalar) => Some(scalar.text),
        Kind::Sequence(_) | Kind::Mapping(_) => None,
    }
}

fn node_at(text: &str, key: &str) -> Option<Node> {
    let Kind::Mapping(entries) = yaml::parse(text, &mut Vec::new())?.kind else { return None };
    entries.into_iter().find(|(found, _)| found.text == key).map(|(_, node)| node)
}

/// Text from a file as messages show it: in backticks, on one line, without control characters,
/// not too long.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        match c {
            '`' => out.push('\''),
            c if diagnostic::is_unprintable(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests;
