//! Text from elsewhere as YAML that holds it, whatever it is: a value, a key, a comment.

use crate::escape::short;

/// The longest text in a comment, in characters.
const LONGEST_COMMENT: usize = 60;

/// A value that holds this text and no variable.
pub(super) fn quoted(text: &str) -> String {
    key(&text.replace("${", "$${"))
}

/// A key that holds this text: variables do not stand in keys.
pub(super) fn key(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// The text in quotes on one line, cut, for a comment.
pub(super) fn comment(text: &str) -> String {
    key(&short(text, LONGEST_COMMENT))
}
