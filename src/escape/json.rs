//! JSON that is also safe in a job's log.

use std::fmt::Write as _;

use crate::hidden::hides;

/// A JSON text in which everything that a terminal or a CI system could read as its own is written
/// in JSON's escapes, which say the same to a reader of JSON: characters that control, hide or
/// reorder text, and the `##` that begins a command.
///
/// No line of it begins a command either: outside of its strings JSON has no `:` or sign at the
/// start of a line, and within them no line break.
pub fn safe(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(|c: char| c == '#' || needs_care(c)) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = tail.chars();
        let Some(c) = characters.next() else { break };
        rest = characters.as_str();
        match rest.strip_prefix('#') {
            _ if c != '#' => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string can't fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            Some(more) => {
                out.push_str("#\\u0023");
                rest = more;
            }
            None => out.push('#'),
        }
    }
    out.push_str(rest);
    out
}

fn needs_care(c: char) -> bool {
    match c {
        '\n' | ' '..='~' => false,
        '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control() || hides(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::tests::hostile;

    proptest! {
        #[test]
        fn safe_json_says_the_same_and_shows_no_command(text in hostile()) {
            let value = serde_json::json!({ "a": [text.as_str()], text.as_str(): 1 });
            let safe = safe(&format!("{value:#}"));
            prop_assert!(!safe.chars().any(needs_care), "{:?}", safe);
            prop_assert!(!crate::escape::terminal::tests::holds_a_command(&safe), "{}", safe);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        }
    }
}
