//! What is shown of a result, a call or a prompt on the terminal when someone asks for it.
//!
//! Pure. These are no reports: they judge by the outcome of each run, and know no thresholds.

mod call;
mod diff;
mod result;
mod scores;

pub use self::call::call;
pub use self::diff::{Diff, diff};
pub use self::result::{explanation, result};
pub use self::scores::{Rescored, rescored};

use super::console::{Ink, Style, pad};
use super::escape::{one_line, short, visible};
use crate::outcome::Outcome;

/// A JSON text for scripts that is also safe in a job's log: what a CI system or a terminal could
/// read as its own is written in JSON's escapes, which say the same to a reader of JSON.
pub fn machine(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut last = ' ';
    for c in json.chars() {
        let hidden = c != '\n' && (c.is_control() || super::escape::is_bidi_control(c));
        if hidden || (c == '#' && last == '#') {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
            last = ' ';
        } else {
            out.push(c);
            last = c;
        }
    }
    out
}

const fn ink(outcome: Outcome) -> (Ink, &'static str) {
    match outcome {
        Outcome::Passed => (Ink::Good, "✓"),
        Outcome::Failed => (Ink::Bad, "✗"),
        Outcome::Errored | Outcome::Unscored => (Ink::Unsure, "?"),
    }
}

fn title(out: &mut String, style: Style, title: &str) {
    out.push('\n');
    out.push_str(&style.paint(Ink::Title, title));
    out.push('\n');
}

/// Text of a person or a model, in lines under each other.
fn paragraph(out: &mut String, style: Style, indent: &str, text: &str) {
    for line in visible(text).lines().map(one_line).filter(|line| !line.is_empty()) {
        out.push_str(&style.wrap(indent, indent.len(), &line));
    }
}

/// A fact with its name before it, unwrapped: what is copied stays in one piece.
fn fact(out: &mut String, style: Style, name: &str, value: &str) {
    out.push_str(&format!("  {}  {value}\n", style.paint(Ink::Faint, &pad(name, 9))));
}

/// `Name (id)`, or what there is of it.
fn named(name: Option<&str>, id: Option<u64>) -> Option<String> {
    let name = name.map(|name| short(name, 100)).filter(|name| !name.is_empty());
    match (name, id) {
        (Some(name), Some(id)) => Some(format!("{name} ({id})")),
        (Some(name), None) => Some(name),
        (None, Some(id)) => Some(id.to_string()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::escape::terminal::tests::holds_a_command;
    use super::super::escape::tests::hostile;
    use super::*;

    proptest! {
        #[test]
        fn json_for_scripts_says_the_same_and_holds_no_command(text in hostile()) {
            let value = serde_json::json!({ "a": text, "b": [text] });
            let safe = machine(&serde_json::to_string_pretty(&value).unwrap());
            prop_assert!(!holds_a_command(&safe), "{safe}");
            let escapes = safe.contains('\u{1b}');
            prop_assert!(!escapes);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        }
    }
}
