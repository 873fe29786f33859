//! The final account on the terminal and in job logs.

mod paint;

use std::path::Path;

use unicode_width::UnicodeWidthStr;

pub use self::paint::{Ink, Style, cut, pad};
use super::escape::terminal::neutral;
use super::escape::{one_line, short};
use super::model::{Report, ScenarioRuns};
use super::words::{self, Standing};
use crate::exit::Code;
use crate::outcome::Outcome;
use crate::text;
use crate::verdict::Verdict;

/// How many checks, scenarios and notes are shown.
const MOST: usize = 10;

/// The account. `written` are the reports that were written, as the user knows their paths.
pub fn console(report: &Report, style: Style, written: &[&Path]) -> String {
    let scenarios = report.scenarios();
    let mut out = String::new();
    head(&mut out, report, style);
    checks(&mut out, report, style);
    failing(&mut out, &scenarios, style);
    unknown(&mut out, &scenarios, style);
    notes(&mut out, report, style);
    foot(&mut out, report, style, written);
    // Wrapping can bring anything to the start of a line: the whole is made safe, not its parts.
    neutral(&out)
}

const fn verdict_ink(verdict: Verdict) -> (Ink, &'static str) {
    match verdict {
        Verdict::Pass => (Ink::Good, "✓"),
        Verdict::Inconclusive => (Ink::Unsure, "?"),
        Verdict::Fail => (Ink::Bad, "✗"),
    }
}

const fn standing_ink(standing: Standing) -> (Ink, &'static str) {
    match standing {
        Standing::Passed => (Ink::Good, "✓"),
        Standing::Inconclusive => (Ink::Unsure, "?"),
        Standing::Warning => (Ink::Unsure, "!"),
        Standing::Failed => (Ink::Bad, "✗"),
    }
}

fn head(out: &mut String, report: &Report, style: Style) {
    let (ink, mark) = verdict_ink(report.verdict);
    let verdict = style.wrap(&format!("{mark} "), 2, &words::verdict_line(report));
    out.push_str(&style.paint(ink, verdict.trim_end()));
    out.push('\n');
    let facts = [
        short(&report.suite.name, 200),
        report.suite.mode.name().to_owned(),
        words::tally(report),
        text::seconds(report.timing.elapsed_seconds),
    ];
    out.push_str(&style.wrap("  ", 2, &facts.join(" · ")));
}

fn title(out: &mut String, style: Style, title: &str) {
    out.push('\n');
    out.push_str(&style.paint(Ink::Title, title));
    out.push('\n');
}

fn more(out: &mut String, total: usize, noun: &str) {
    let left = total.saturating_sub(MOST);
    if left > 0 {
        out.push_str(&format!(
            "  and {} in summary.md\n",
            text::count(left, &format!("more {noun}"))
        ));
    }
}

/// The checks as a table, worst first, each that did not pass with its reason below it.
fn checks(out: &mut String, report: &Report, style: Style) {
    if report.checks.is_empty() {
        return;
    }
    title(out, style, "Checks");
    let checks = words::checks_worst_first(report);
    let rows: Vec<_> = checks
        .iter()
        .take(MOST)
        .map(|check| {
            let cells = [
                Standing::of(check).word().to_owned(),
                short(&words::check_name(check), 60),
                short(&check.condition, 40),
                words::seen(check),
                words::samples(check),
            ];
            (*check, cells)
        })
        .collect();
    let header = ["", "check", "wanted", "seen", "runs"];
    let mut widths = header.map(UnicodeWidthStr::width);
    for (_, cells) in &rows {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.width().max(*width);
        }
    }
    let line: Vec<String> =
        header.iter().zip(widths).map(|(name, width)| pad(name, width)).collect();
    out.push_str(&style.paint(Ink::Faint, format!("    {}", line.join("  ")).trim_end()));
    out.push('\n');
    for (check, cells) in rows {
        let standing = Standing::of(check);
        let (ink, mark) = standing_ink(standing);
        let mut cells = cells.iter().zip(widths).map(|(cell, width)| pad(cell, width));
        let word = cells.next().unwrap_or_default();
        let rest: Vec<String> = cells.collect();
        let row = format!("  {}  {}", style.paint(ink, &format!("{mark} {word}")), rest.join("  "));
        out.push_str(row.trim_end());
        out.push('\n');
        if standing != Standing::Passed {
            out.push_str(&style.wrap("      ", 6, &short(&check.reason, 400)));
        }
    }
    more(out, checks.len(), "check");
}

/// The scenarios with failed runs and why they failed.
fn failing(out: &mut String, scenarios: &[ScenarioRuns<'_>], style: Style) {
    let failing = words::failing(scenarios);
    if failing.is_empty() {
        return;
    }
    title(out, style, "Failed runs");
    for scenario in failing.iter().take(MOST) {
        let tally = scenario.tally;
        let name = short(&scenario.scenario.name, 100);
        let line =
            format!("{name}: {} of {} failed", tally.failed, text::count(tally.total, "run"));
        out.push_str(&style.wrap("  ✗ ", 4, &line));
        let reasons = words::reasons(scenario, Outcome::Failed);
        for (reason, runs) in reasons.iter().take(3) {
            let times = if *runs > 1 { format!(" ({runs} runs)") } else { String::new() };
            out.push_str(&style.wrap("    - ", 6, &format!("{reason}{times}")));
        }
        let left = reasons.len().saturating_sub(3);
        if left > 0 {
            out.push_str(&format!("    - and {}\n", text::count(left, "other reason")));
        }
    }
    more(out, failing.len(), "scenario");
}

/// The runs that are no evidence, by whom they are blamed on.
fn unknown(out: &mut String, scenarios: &[ScenarioRuns<'_>], style: Style) {
    let groups = words::unknown_by_blame(scenarios);
    if groups.is_empty() {
        return;
    }
    title(out, style, "Runs without a judgement");
    for ((outcome, blame), runs) in &groups {
        let ids: Vec<u64> = runs.iter().map(|(_, run, _)| run.id).collect();
        let line = format!(
            "{} {} · blame: {} · {}",
            text::count(runs.len(), "run"),
            outcome.name(),
            blame.name(),
            words::ids(&ids, 5)
        );
        out.push_str(&style.wrap("  ? ", 4, &line));
        if let Some((_, _, first)) = runs.first() {
            out.push_str(&style.wrap("    - ", 6, &short(&first.reason, 300)));
        }
    }
}

fn notes(out: &mut String, report: &Report, style: Style) {
    if report.notes.is_empty() {
        return;
    }
    title(out, style, "Notes");
    for note in report.notes.iter().take(MOST) {
        out.push_str(&style.wrap("  - ", 4, &short(note, 500)));
    }
    more(out, report.notes.len(), "note");
}

/// Where to look and what to do next.
fn foot(out: &mut String, report: &Report, style: Style, written: &[&Path]) {
    out.push('\n');
    let mut row = |name: &str, value: &str| {
        // Not wrapped: an address or a path is copied in one piece.
        out.push_str(&format!("  {}  {value}\n", style.paint(Ink::Faint, &pad(name, 7))));
    };
    if report.result.id > 0 {
        let page = words::page(report).map(|url| format!("  {url}")).unwrap_or_default();
        row("result", &format!("{}{page}", report.result.id));
    }
    for (at, path) in written.iter().enumerate() {
        row(if at == 0 { "reports" } else { "" }, &one_line(&path.display().to_string()));
    }
    row("traffic", &words::traffic(report.traffic));
    row("exit", &format!("{}: {}", report.exit_code, words::exit_meaning(report)));
    if let Some(command) = next(report, written) {
        row("next", &command);
    }
}

/// The command that most people want next.
fn next(report: &Report, written: &[&Path]) -> Option<String> {
    let id = report.result.id;
    let early = [Code::TimedOut, Code::Interrupted, Code::Terminated, Code::Api];
    let ended_early = early.iter().any(|code| code.number() == report.exit_code);
    let going = !report.result.status.is_terminal();
    if ended_early {
        // The stand-in of a rehearsal is gone with the gate.
        let watch = words::watch_command(id, report.suite.file.as_deref());
        return (going && !report.simulated).then(|| format!("{watch}    (waits for it again)"));
    }
    let saved = written.iter().find(|path| path.extension().is_some_and(|end| end == "json"))?;
    let path = words::quoted(&one_line(&saved.display().to_string()));
    (report.verdict == Verdict::Fail)
        .then(|| format!("cekura-gate judge {path}    (other thresholds, no new calls)"))
}
