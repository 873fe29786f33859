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
use crate::escape::{one_line, short, visible};
use crate::outcome::Outcome;

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
