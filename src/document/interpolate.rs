//! `${VAR}` and `${VAR:-default}` in the scalars of a tree.
//!
//! What a variable holds is text: it is never read as YAML, never filled in again, and never
//! shown. `$${` stands for a literal `${`. Keys are left as they are.

use super::node::{Fault, Kind, Node, Origin, Scalar, Span};

/// How much text variables may add to a document, in bytes.
const MAX_ADDED_BYTES: usize = 8 << 20;

/// Fills in the variables of every scalar value. A scalar whose variable is missing or malformed
/// is marked and reported once.
pub(super) fn fill_in(
    root: &mut Node,
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    faults: &mut Vec<Fault>,
) {
    let mut added = 0;
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        match &mut node.kind {
            Kind::Scalar(scalar) => {
                if let Err(mut found) = fill_scalar(scalar, node.span, text, lookup, &mut added) {
                    scalar.origin = Origin::Broken;
                    faults.append(&mut found);
                }
            }
            Kind::Sequence(items) => pending.extend(items),
            Kind::Mapping(entries) => pending.extend(entries.iter_mut().map(|(_, node)| node)),
        }
    }
}

fn fill_scalar(
    scalar: &mut Scalar,
    span: Span,
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    added: &mut usize,
) -> Result<(), Vec<Fault>> {
    if !scalar.text.contains("${") {
        return Ok(());
    }
    let template = scalar.text.clone();
    let mut filled = String::new();
    let mut variables = Vec::new();
    let mut faults = Vec::new();
    let mut rest = template.as_str();
    while let Some(at) = rest.find('$') {
        filled.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix("$${") {
            filled.push_str("${");
            rest = after;
        } else if rest.starts_with("${") {
            match reference(rest) {
                Ok(reference) => {
                    match resolve(&reference, lookup) {
                        Some(value) if value.contains(char::REPLACEMENT_CHARACTER) => {
                            faults.push(not_utf8(&reference, span, text));
                        }
                        Some(value) => {
                            *added += value.len();
                            filled.push_str(&value);
                        }
                        None => faults.push(unset(&reference, span, text)),
                    }
                    variables.push(reference.name.to_owned());
                    rest = rest.get(reference.source.len()..).unwrap_or_default();
                }
                Err(message) => {
                    faults.push(malformed(message, rest, span, text));
                    break;
                }
            }
        } else {
            filled.push('$');
            rest = rest.get(1..).unwrap_or_default();
        }
        if *added > MAX_ADDED_BYTES {
            faults.push(Fault::new(span, "the variables add too much text"));
            break;
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    filled.push_str(rest);
    scalar.text = filled;
    if !variables.is_empty() {
        scalar.origin = Origin::Environment { template, variables };
    }
    Ok(())
}

/// A `${…}` in a text.
struct Reference<'a> {
    name: &'a str,
    default: Option<&'a str>,
    /// The whole of it.
    source: &'a str,
}

/// Reads the reference that a text begins with.
fn reference(text: &str) -> Result<Reference<'_>, &'static str> {
    let inner = text.strip_prefix("${").unwrap_or(text);
    let Some(end) = inner.find('}') else {
        return Err("the `${` is never closed");
    };
    let inner = inner.get(..end).unwrap_or_default();
    let source = text.get(..end + "${}".len()).unwrap_or(text);
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Err("not the name of a variable");
    }
    if default.is_some_and(|default| default.contains("${")) {
        return Err("a default cannot hold another `${…}`");
    }
    Ok(Reference { name, default, source })
}

/// A variable that is set but empty is a value, unless there is a default, as in a shell.
fn resolve(reference: &Reference<'_>, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match (lookup(reference.name), reference.default) {
        (Some(value), Some(default)) if value.is_empty() => Some(default.to_owned()),
        (Some(value), _) => Some(value),
        (None, default) => default.map(str::to_owned),
    }
}

fn unset(reference: &Reference<'_>, span: Span, text: &str) -> Fault {
    let name = reference.name;
    Fault::new(
        narrow(span, text, reference.source),
        format!("the environment variable {} is not set", super::shown(name)),
    )
    .help(format!("set it, or give a default: `${{{name}:-…}}`"))
}

/// A value with U+FFFD in it: whoever read the environment put that where bytes were not UTF-8.
fn not_utf8(reference: &Reference<'_>, span: Span, text: &str) -> Fault {
    Fault::new(
        narrow(span, text, reference.source),
        format!("the environment variable {} is not UTF-8 text", super::shown(reference.name)),
    )
    .help("set it to text in UTF-8")
}

fn malformed(message: &str, rest: &str, span: Span, text: &str) -> Fault {
    let until = rest.find('}').map_or(rest.len(), |end| end + 1);
    let help = if rest.starts_with("${{") {
        "`${{ … }}` is filled in by a workflow, not here: pass it as an environment variable"
    } else {
        "write `${VAR}` or `${VAR:-default}`; `$${` stands for a literal `${`"
    };
    Fault::new(narrow(span, text, rest.get(..until).unwrap_or_default()), message).help(help)
}

/// The place of a reference within its scalar: the whole scalar where escapes hide it.
fn narrow(span: Span, text: &str, source: &str) -> Span {
    match span.slice(text).find(source) {
        Some(at) if !source.is_empty() => {
            Span { start: span.start + at, end: span.start + at + source.len() }
        }
        _ => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, Vec<String>> {
        let mut scalar = Scalar { text: text.to_owned(), plain: true, origin: Origin::File };
        let span = Span { start: 0, end: text.len() };
        let lookup = |name: &str| match name {
            "A" => Some("alpha".to_owned()),
            "BYTES" => Some("caf\u{fffd}".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${A}: [x]".to_owned()),
            _ => None,
        };
        fill_scalar(&mut scalar, span, text, &lookup, &mut 0)
            .map(|()| scalar.text)
            .map_err(|faults| faults.into_iter().map(|fault| fault.message).collect())
    }

    #[test]
    fn a_variable_is_filled_in_once() {
        let rows = [
            ("${A}", "alpha"),
            ("x-${A}-${A}", "x-alpha-alpha"),
            ("${NONE:-b}", "b"),
            ("${A:-b}", "alpha"),
            ("${EMPTY:-b}", "b"),
            ("${EMPTY}", ""),
            ("${NONE:-}", ""),
            ("${NONE:-a:-b}", "a:-b"),
            ("${NESTED}", "${A}: [x]"),
            ("$${A}", "${A}"),
            ("$${A} ${A}", "${A} alpha"),
            ("$A costs $5", "$A costs $5"),
            ("100$", "100$"),
        ];
        for (text, expected) in rows {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_missing_or_malformed_variable_is_refused() {
        let rows = [
            ("${NONE}", "the environment variable `NONE` is not set"),
            ("${BYTES}", "the environment variable `BYTES` is not UTF-8 text"),
            ("${A", "the `${` is never closed"),
            ("${}", "not the name of a variable"),
            ("${1A}", "not the name of a variable"),
            ("${A-b}", "not the name of a variable"),
            ("${{ matrix.x }}", "not the name of a variable"),
            ("${A:-${B}}", "a default cannot hold another `${…}`"),
        ];
        for (text, message) in rows {
            assert_eq!(filled(text), Err(vec![message.to_owned()]), "{text}");
        }
    }
}
