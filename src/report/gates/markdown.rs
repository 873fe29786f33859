//! The whole as `summary.md` and as the comment on a pull request: verdict first, a row for each
//! suite, then a section for each, the worst first, those that passed folded.

use std::path::Path;

use super::{BatchReport, Gate, Whole};
use crate::escape::markdown::inline;
use crate::escape::short;
use crate::exit::Code;
use crate::report::markdown::comment::{self, Origin};
use crate::report::markdown::{self, LIMIT, REHEARSAL, markdown_within};
use crate::report::model::Report;
use crate::report::words;
use crate::text;

/// What folding a section takes at most, in bytes.
const FOLD: usize = 2000;
/// The whole as GitHub-flavoured Markdown, at most [`LIMIT`] bytes.
pub fn markdown<'a>(whole: impl Into<Whole<'a>>) -> String {
    match whole.into() {
        Whole::One(report) => markdown::markdown(report),
        Whole::Several(batch) => of_several(batch, LIMIT),
    }
}

/// The same for the summary of a CI system's step, in at most so many bytes, but a few thousand.
pub fn step_summary<'a>(whole: impl Into<Whole<'a>>, limit: usize) -> String {
    match whole.into() {
        Whole::One(report) => markdown::step_summary(report, limit),
        Whole::Several(batch) => of_several(batch, limit),
    }
}

/// The same for a summary that has room for a few lines only; the rest is in the file `summary`.
pub fn brief<'a>(whole: impl Into<Whole<'a>>, summary: &Path) -> String {
    let (code, line) = match whole.into() {
        Whole::One(report) => (
            Code::of_number(report.exit_code).unwrap_or(Code::Internal),
            words::verdict_line(report),
        ),
        Whole::Several(batch) => (batch.code(), batch.headline()),
    };
    markdown::brief(code, &line, summary)
}

fn of_several(whole: &BatchReport, limit: usize) -> String {
    let notice = "This section is cut, so that all suites fit 1 MiB";
    document(whole, limit, usize::MAX, &|report, room| markdown_within(report, room, notice))
}

/// In a comment so many suites have a section of their own, the worst first.
const COMMENTED: usize = 10;

/// The whole as the comment on a pull request, of at most 65,536 characters.
pub fn comment<'a>(whole: impl Into<Whole<'a>>, origin: Origin<'_>) -> String {
    let whole = match whole.into() {
        Whole::One(report) => return comment::comment(report, origin),
        Whole::Several(batch) => batch,
    };
    let marker = comment::marker(sticky(&whole.name, whole.gates.len()));
    let foot = comment::foot(origin);
    let room = comment::LIMIT.saturating_sub(marker.len() + foot.len() + 1);
    let notice = "This section is cut to fit GitHub's limit";
    let section = |report: &Report, room| comment::section(report, room, notice);
    format!("{marker}\n{}{foot}", document(whole, room, COMMENTED, &section))
}

/// The same for whoever posts it as a comment of their own.
pub fn comment_without_marker<'a>(whole: impl Into<Whole<'a>>) -> String {
    comment::unmarked(&comment(whole, Origin::default()))
}

/// The name that the comment on so many suites is found by. One that only counts them would lead
/// to another comment as soon as there is one more.
pub fn sticky(name: &str, count: usize) -> &str {
    if name == format!("{count} suites") { "suites" } else { name }
}

/// The whole in at most so many bytes, with at most so many sections.
fn document(
    whole: &BatchReport,
    limit: usize,
    sections: usize,
    section: &dyn Fn(&Report, usize) -> String,
) -> String {
    let softened = whole.is_softened() && whole.code() == Code::Passed;
    let mark = match softened {
        true => "⚠️",
        false if whole.is_skipped() => SKIPPED,
        false => mark(whole.code()),
    };
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
    out.push_str("| | Suite | Runs | Outcome | Exit |\n|---|---|---|---|---|\n");
    let gates = whole.worst_first();
    // The rows leave room for the reasons.
    let rows = gates.iter().map(|gate| row(gate)).take_while(|row| {
        let fits = out.len() + row.len() <= limit / 3;
        if fits {
            out.push_str(row);
        }
        fits
    });
    let left = gates.len() - rows.count();
    if left > 0 {
        out.push_str(&format!("\nand {} in `gates.json`\n", text::count(left, "more suite")));
    }
    out.push('\n');
    let judged: Vec<(&Gate, &Report)> =
        gates.iter().filter_map(|gate| Some((*gate, gate.report()?))).collect();
    let most = judged.len().min(sections);
    let mut shown = 0;
    for (gate, report) in judged.iter().take(most) {
        // What one section leaves is for those behind it.
        let share = limit.saturating_sub(out.len()) / (most - shown);
        let Some(room) = share.checked_sub(FOLD).filter(|room| *room > FOLD) else { break };
        let section = section(report, room);
        if gate.judged_code() == Code::Passed || gate.is_base {
            let (mark, name) = (gate_mark(gate), inline(&short(&gate.name, 200)));
            let headline = inline(&short(gate.headline(), 300));
            out.push_str(&format!(
                "<details>\n<summary>{mark} <b>{name}</b>: {headline}</summary>\n\n{section}\n</details>\n\n"
            ));
        } else {
            out.push_str(&format!("---\n\n{section}\n"));
        }
        shown += 1;
    }
    if let Some(left @ 1..) = judged.len().checked_sub(shown) {
        let suites = text::count(left, "more suite");
        out.push_str(&format!("{suites}: each has a `summary.md` of its own\n\n"));
    }
    out
}

/// The mark of a suite that no change touches.
const SKIPPED: &str = "⏭️";

const fn mark(code: Code) -> &'static str {
    match code {
        Code::Passed => "✅",
        Code::Failed => "❌",
        _ => "❔",
    }
}

/// What others are compared with is neither good nor bad.
fn gate_mark(gate: &Gate) -> &'static str {
    if gate.is_base {
        "➖ base"
    } else if gate.is_softened() {
        "⚠️"
    } else if gate.is_skipped() {
        SKIPPED
    } else {
        mark(gate.code)
    }
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
        inline(&meaning(gate)),
    )
}

/// What a gate's code means.
fn meaning(gate: &Gate) -> String {
    let judged = gate.judged_code();
    match gate.is_softened() {
        false if gate.is_skipped() => "skipped".to_owned(),
        true => words::meaning_of_a_report(judged, judged.number()),
        false => gate.code.meaning().to_owned(),
    }
}
