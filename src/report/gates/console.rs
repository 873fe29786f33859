//! The account of the whole on the terminal: a row for each suite, and the full account of each
//! that did not pass.

use std::path::Path;

use super::{BatchReport, Gate, GateEnd, Whole};
use crate::escape::terminal::neutral;
use crate::escape::{one_line, short};
use crate::exit::Code;
use crate::report::build::REHEARSAL;
use crate::report::console::{self, Ink, Style, console_of_one, pad};
use crate::report::words;
use crate::text;

/// Of so many suites that did not pass the full account is shown.
const MOST: usize = 5;

/// The account. `written` are the reports of the whole, as the user knows their paths.
pub fn console<'a>(whole: impl Into<Whole<'a>>, style: Style, written: &[&Path]) -> String {
    let whole = match whole.into() {
        Whole::One(report) => return console::console(report, style, written),
        Whole::Several(batch) => batch,
    };
    let mut out = String::new();
    let gates = whole.worst_first();
    let bad: Vec<&&Gate> =
        gates.iter().filter(|gate| gate.judged_code() != Code::Passed && !gate.is_base).collect();
    for gate in bad.iter().take(MOST) {
        if let GateEnd::Judged(report) = &gate.end {
            let title = format!("── {} ", one_line(&short(&gate.name, 100)));
            out.push_str(&style.paint(Ink::Title, &title));
            out.push('\n');
            out.push_str(&console_of_one(report, style));
            out.push('\n');
        }
    }
    head(&mut out, whole, style);
    suites(&mut out, &gates, style);
    out.push('\n');
    let mut row = |name: &str, value: &str| {
        out.push_str(&format!("  {}  {value}\n", style.paint(Ink::Faint, &pad(name, 7))));
    };
    for (at, path) in written.iter().enumerate() {
        row(if at == 0 { "reports" } else { "" }, &one_line(&path.display().to_string()));
    }
    row("traffic", &words::traffic(whole.traffic));
    row("exit", &format!("{}: {}", whole.code().number(), whole.exit_meaning()));
    neutral(&out)
}

/// What others are compared with is neither good nor bad.
fn ink_of(gate: &Gate) -> (Ink, &'static str, &'static str) {
    if gate.is_base {
        (Ink::Faint, "-", "base")
    } else if gate.is_skipped() {
        (Ink::Faint, "-", "skipped")
    } else if gate.is_softened() {
        (Ink::Unsure, "!", gate.word())
    } else {
        ink(gate.code)
    }
}

const fn ink(code: Code) -> (Ink, &'static str, &'static str) {
    match code {
        Code::Passed => (Ink::Good, "✓", "passed"),
        Code::Failed => (Ink::Bad, "✗", "failed"),
        Code::Inconclusive => (Ink::Unsure, "?", "inconclusive"),
        _ => (Ink::Unsure, "?", "not finished"),
    }
}

fn head(out: &mut String, whole: &BatchReport, style: Style) {
    let (colour, mark, _) = match whole.is_softened() && whole.code() == Code::Passed {
        true => (Ink::Unsure, "!", ""),
        false if whole.is_skipped() => (Ink::Faint, "-", ""),
        false => ink(whole.code()),
    };
    let line = style.wrap(&format!("{mark} "), 2, &whole.headline());
    out.push_str(&style.paint(colour, line.trim_end()));
    out.push('\n');
    let mut facts = vec![
        short(&whole.name, 200),
        words::tally_of(&whole.tally()),
        text::seconds(whole.timing.elapsed_seconds),
    ];
    if let Some(calls) = whole.concurrency {
        facts.push(format!("at most {} at a time", text::count(calls as usize, "call")));
    }
    if whole.simulated {
        facts.push(REHEARSAL.to_owned());
    }
    out.push_str(&style.wrap("  ", 2, &facts.join(" · ")));
}

fn suites(out: &mut String, gates: &[&Gate], style: Style) {
    out.push('\n');
    out.push_str(&style.paint(Ink::Title, "Suites"));
    out.push('\n');
    let widest = gates.iter().map(|gate| ink_of(gate).2.len()).max().unwrap_or_default();
    for gate in gates {
        let (colour, mark, word) = ink_of(gate);
        let start = format!("  {} ", style.paint(colour, &format!("{mark} {}", pad(word, widest))));
        let name = one_line(&short(&gate.name, 100));
        let why = one_line(&short(gate.headline(), 500));
        // The paint takes no columns.
        let indent = widest + 5;
        let line = style.wrap(&" ".repeat(indent), indent, &format!("{name}: {why}"));
        out.push_str(&start);
        out.push_str(line.get(indent..).unwrap_or_default());
    }
}
