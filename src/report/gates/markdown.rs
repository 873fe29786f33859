//! The whole as `summary.md`: verdict first, a row for each suite, then a section for each, the
//! worst first, those that passed folded.

use super::{Gate, GateEnd, Whole};
use crate::exit::Code;
use crate::report::escape::markdown::inline;
use crate::report::escape::short;
use crate::report::markdown::{LIMIT, REHEARSAL, markdown_within};
use crate::report::words;
use crate::text;

/// What folding a section takes at most, in bytes.
const FOLD: usize = 2000;
/// So many suites have a row; more are in `gates.json`.
const MOST: usize = 500;

/// The whole as GitHub-flavoured Markdown, at most [`LIMIT`] bytes.
pub fn markdown(whole: &Whole) -> String {
    let mark = mark(whole.code());
    let mut out = format!("# {mark} {}\n\n", inline(&short(&whole.headline(), 300)));
    let facts = [
        format!("**{}**", inline(&short(&whole.name, 200))),
        words::tally_of(&whole.tally()),
        text::seconds(whole.timing.elapsed_seconds),
    ];
    out.push_str(&format!("{}\n\n", facts.join(" · ")));
    if whole.simulated {
        out.push_str(REHEARSAL);
    }
    out.push_str("| | Suite | Runs | What became of it | Exit |\n|---|---|---|---|---|\n");
    let gates = whole.worst_first();
    for gate in gates.iter().take(MOST) {
        out.push_str(&row(gate));
    }
    let left = gates.len().saturating_sub(MOST);
    if left > 0 {
        out.push_str(&format!("\nand {} in `gates.json`\n", text::count(left, "more suite")));
    }
    out.push('\n');
    for (at, gate) in gates.iter().enumerate() {
        let GateEnd::Judged(report) = &gate.end else { continue };
        // What one section leaves is for those behind it.
        let share = LIMIT.saturating_sub(out.len()) / (gates.len() - at);
        let name = inline(&short(&gate.name, 200));
        let Some(room) = share.checked_sub(FOLD).filter(|room| *room > FOLD) else { break };
        let section =
            markdown_within(report, room, "This section is cut, so that all suites fit 1 MiB");
        if gate.code == Code::Passed || gate.is_base {
            let mark = gate_mark(gate);
            let headline = inline(&short(gate.headline(), 300));
            out.push_str(&format!(
                "<details>\n<summary>{mark} <b>{name}</b>: {headline}</summary>\n\n{section}\n</details>\n\n"
            ));
        } else {
            out.push_str(&format!("---\n\n{section}\n"));
        }
    }
    out
}

const fn mark(code: Code) -> &'static str {
    match code {
        Code::Passed => "✅",
        Code::Failed => "❌",
        _ => "❔",
    }
}

/// What others are compared with is neither good nor bad.
const fn gate_mark(gate: &Gate) -> &'static str {
    if gate.is_base { "➖ base" } else { mark(gate.code) }
}

fn row(gate: &Gate) -> String {
    let runs = gate.report().map_or_else(|| "–".to_owned(), |r| r.tally.total.to_string());
    let page = gate.report().and_then(words::page);
    let name = inline(&short(&gate.name, 200));
    let name = page.map_or(name.clone(), |url| format!("[{name}]({url})"));
    format!(
        "| {} | {name} | {runs} | {} | {}: {} |\n",
        gate_mark(gate),
        inline(&short(gate.headline(), 300)),
        gate.code.number(),
        inline(gate.code.meaning()),
    )
}
