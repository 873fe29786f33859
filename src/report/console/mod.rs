//! The summary on the terminal and in job logs.

mod paint;

use std::path::Path;

use unicode_width::UnicodeWidthStr;

use self::paint::longest_piece;
pub use self::paint::{Ink, Style, cut, pad};
use super::comparison;
use super::model::{Report, ScenarioRuns};
use super::moment::moment;
use super::words::{self, CheckStatus};
use crate::escape::terminal::neutral;
use crate::escape::{one_line, short};
use crate::exit::Code;
use crate::outcome::{Outcome, RunOutcome};
use crate::record::RunRecord;
use crate::report::commands;
use crate::text;
use crate::verdict::{CheckReport, Interval, Verdict};

/// How many scenarios and notes are shown, and of how many checks the reasons. Each check that did
/// not pass is named.
const MOST: usize = 10;

/// Of so many checks that did not pass the reasons are given.
const REASONS: usize = 20;

/// The fewest columns for the names of checks in a table.
const NARROWEST: usize = 16;

/// The summary. `written` are the reports that were written, as the user knows their paths.
pub fn console(report: &Report, style: Style, written: &[&Path]) -> String {
    let mut out = body(report, style);
    foot(&mut out, report, style, written);
    // Wrapping can bring anything to the start of a line: the whole is made safe, not its parts.
    neutral(&out)
}

/// The summary of one of several suites. The process ends with the code of all of them, so that
/// its own is not named as an exit code.
pub fn console_of_one(report: &Report, style: Style) -> String {
    let mut out = body(report, style);
    out.push('\n');
    foot_rows(&mut out, style, &result_rows(report));
    neutral(&out)
}

fn body(report: &Report, style: Style) -> String {
    let scenarios = report.scenarios();
    let mut out = String::new();
    head(&mut out, report, style);
    checks(&mut out, report, style);
    rounds(&mut out, report, style);
    failing(&mut out, &scenarios, style);
    unknown(&mut out, report, &scenarios, style);
    quarantined(&mut out, report, &scenarios, style);
    baseline(&mut out, report, style);
    notes(&mut out, report, style);
    out
}

const fn verdict_ink(verdict: Verdict) -> (Ink, &'static str) {
    match verdict {
        Verdict::Pass => (Ink::Good, "✓"),
        Verdict::Inconclusive => (Ink::Unsure, "?"),
        Verdict::Fail => (Ink::Bad, "✗"),
    }
}

const fn standing_ink(standing: CheckStatus) -> (Ink, &'static str) {
    match standing {
        CheckStatus::Passed => (Ink::Good, "✓"),
        CheckStatus::Inconclusive => (Ink::Unsure, "?"),
        CheckStatus::Warning => (Ink::Unsure, "!"),
        CheckStatus::Failed => (Ink::Bad, "✗"),
    }
}

fn head(out: &mut String, report: &Report, style: Style) {
    let (ink, mark) = match report.suite.report_only && !report.has_passed() {
        true => (Ink::Unsure, "!"),
        false => verdict_ink(report.verdict),
    };
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
    more_than(out, total, MOST, noun, &format!("{noun}s"));
}

/// How many more than those that are shown there are.
fn more_than(out: &mut String, total: usize, shown: usize, one: &str, many: &str) {
    match total.saturating_sub(shown) {
        0 => {}
        1 => out.push_str(&format!("  and 1 more {one} in summary.md\n")),
        left => out.push_str(&format!("  and {left} more {many} in summary.md\n")),
    }
}

/// The checks as a table, worst first, each that did not pass with its reason below it.
fn checks(out: &mut String, report: &Report, style: Style) {
    if report.checks.is_empty() {
        return;
    }
    title(out, style, "Checks");
    let checks = words::checks_worst_first(report);
    let missed = checks.iter().filter(|check| check.verdict != Verdict::Pass).count();
    let shown = missed.max(MOST);
    let rows: Vec<_> = checks
        .iter()
        .take(shown)
        .map(|check| {
            let cells = [
                CheckStatus::of(check).word_in(report).to_owned(),
                short(&words::check_name(check), 60),
                short(&check.condition, 40),
                seen(check),
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
    let [word_width, name_width, rest @ ..] = widths;
    let others = 4 + word_width + rest.iter().map(|width| width + 2).sum::<usize>() + 2;
    let name_width = name_width.min(style.width.saturating_sub(others));
    let piece = rows.iter().map(|(_, [_, name, ..])| longest_piece(name)).max();
    if name_width < NARROWEST.max(piece.unwrap_or_default()) {
        narrow_checks(out, report, &rows, style);
        more_than(out, checks.len(), shown, "check that passed", "checks that passed");
        return;
    }
    let table = Style { width: name_width, ..style };
    let line = |cells: [&str; 5], name: &str| {
        let [_, _, rest @ ..] = cells;
        let rest: Vec<String> =
            rest.iter().zip(widths.iter().skip(2)).map(|(cell, width)| pad(cell, *width)).collect();
        format!("{}  {}", pad(name, name_width), rest.join("  ")).trim_end().to_owned()
    };
    let titles = format!("    {}  {}", pad("", word_width), line(header, "check"));
    out.push_str(&style.paint(Ink::Faint, &titles));
    out.push('\n');
    for (at, (check, cells)) in rows.into_iter().enumerate() {
        let standing = CheckStatus::of(check);
        let (ink, mark) = standing_ink(standing.look_in(report));
        let [word, name, ..] = &cells;
        let name = table.wrap("", 2, name);
        let mut name = name.lines();
        let word = style.paint(ink, &format!("{mark} {}", pad(word, word_width)));
        let first = line(cells.each_ref().map(String::as_str), name.next().unwrap_or_default());
        out.push_str(&format!("  {word}  {first}\n"));
        for more in name {
            out.push_str(&format!("    {}  {more}\n", pad("", word_width)));
        }
        if standing != CheckStatus::Passed && at < REASONS {
            out.push_str(&style.wrap("      ", 6, &short(&check.reason, 400)));
        } else if let Some(assumed) = words::assumption(check) {
            out.push_str(&style.wrap("      ", 6, &short(assumed, 400)));
        }
    }
    more_than(out, checks.len(), shown, "check that passed", "checks that passed");
}

/// The figure seen, with its interval where the check has a confidence.
fn seen(check: &CheckReport) -> String {
    let seen = words::seen(check);
    match check.interval.filter(|interval| interval.confidence.is_some()) {
        Some(Interval { low, high, .. }) => {
            format!("{seen} ({} to {})", check.shown(low), check.shown(high))
        }
        None => seen,
    }
}

/// The checks where the table is wider than the terminal: one below the other.
fn narrow_checks(
    out: &mut String,
    report: &Report,
    rows: &[(&CheckReport, [String; 5])],
    style: Style,
) {
    for (at, (check, [word, name, condition, seen, _])) in rows.iter().enumerate() {
        let standing = CheckStatus::of(check);
        let (ink, mark) = standing_ink(standing.look_in(report));
        let first = format!("  {}  ", style.paint(ink, &format!("{mark} {word}")));
        // The colours take no room: the text is laid out without them.
        let plain = format!("  {mark} {word}  ");
        let text = style.wrap(&plain, 6, &format!("{name} {condition}"));
        out.push_str(&text.replacen(&plain, &first, 1));
        let why = match standing {
            CheckStatus::Passed => {
                let assumed = words::assumption(check).map(|assumed| short(assumed, 300));
                let assumed = assumed.map(|assumed| format!("; {assumed}")).unwrap_or_default();
                format!("seen {seen} in {}{assumed}", words::samples_in_words(check))
            }
            _ if at >= REASONS => continue,
            _ => short(&check.reason, 400),
        };
        out.push_str(&style.wrap("      ", 6, &why));
    }
}

/// What each round started and decided. What they came to as a whole stands in the notes.
fn rounds(out: &mut String, report: &Report, style: Style) {
    let Some(table) = &report.rounds else { return };
    title(out, style, "Rounds");
    let skipped = table.rounds.len().saturating_sub(MOST);
    if skipped > 0 {
        out.push_str(&format!("  {} before these in summary.md\n", text::count(skipped, "round")));
    }
    for round in table.rounds.iter().skip(skipped) {
        let first = format!("  {}  ", pad(&round.number.to_string(), 2));
        let so_far = format!("{} so far", round.runs_so_far);
        let line = format!("{}, {so_far}; decided: {}", round.started(), round.decided());
        out.push_str(&style.wrap(&first, 6, &line));
    }
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
        let causes = words::causes(scenario, Outcome::Failed);
        for cause in causes.iter().take(3) {
            let runs = cause.runs.len();
            let times = if runs > 1 { format!(" ({runs} runs)") } else { String::new() };
            out.push_str(&style.wrap("    - ", 6, &format!("{}{times}", cause.reason)));
            if let Some(said) = cause.runs.first().and_then(|(run, outcome)| said(run, outcome)) {
                let line = style.wrap("      ", 6, &said);
                out.push_str(&style.paint(Ink::Faint, line.trim_end()));
                out.push('\n');
            }
        }
        let left = causes.len().saturating_sub(3);
        if left > 0 {
            out.push_str(&format!("    - and {}\n", text::count(left, "other reason")));
        }
    }
    more(out, failing.len(), "scenario");
}

/// What was said in a run that shows why it failed.
fn said(run: &RunRecord, outcome: &RunOutcome) -> Option<String> {
    let moment = moment(run, outcome)?;
    let clock = words::clock(moment.turn).map(|clock| format!(" at {clock}")).unwrap_or_default();
    let last = if moment.fits { "" } else { ", its last words" };
    let role = short(&moment.turn.role, 40);
    let set = run.set.as_deref().map(|set| format!(" of {}", short(set, 40))).unwrap_or_default();
    let words = short(&moment.turn.content, 200);
    Some(format!("run {}{set}{clock}, {role}{last}: “{words}”", run.id))
}

/// The runs that are no evidence, by whom they are blamed on and why.
fn unknown(out: &mut String, report: &Report, scenarios: &[ScenarioRuns<'_>], style: Style) {
    let groups = words::no_evidence(report, scenarios);
    if groups.is_empty() {
        return;
    }
    title(out, style, "Runs without a verdict");
    for group in groups.iter().take(MOST) {
        let ids: Vec<u64> = group.runs.iter().map(|(_, run, _)| run.id).collect();
        let line = format!(
            "{} {} · cause: {} · {}",
            text::count(group.runs.len(), "run"),
            group.outcome,
            group.blame,
            words::ids(&ids, 5)
        );
        out.push_str(&style.wrap("  ? ", 4, &line));
        out.push_str(&style.wrap("    - ", 6, &group.reason));
    }
    more(out, groups.len(), "reason");
}

/// The scenarios that count towards nothing, with who takes care of each and until when.
fn quarantined(out: &mut String, report: &Report, scenarios: &[ScenarioRuns<'_>], style: Style) {
    if report.suite.quarantine.is_empty() {
        return;
    }
    title(out, style, "Quarantined");
    for entry in &report.suite.quarantine {
        out.push_str(&style.wrap("  - ", 4, &words::quarantined(entry, scenarios)));
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

/// A row of the foot: its name, its value, and whether that must stand in one piece.
type Row = (&'static str, String, bool);

/// What changed since the baseline, where there is one.
fn baseline(out: &mut String, report: &Report, style: Style) {
    let Some(baseline) = &report.baseline else { return };
    title(out, style, &format!("Since result {}", baseline.result));
    let lines = comparison::lines(&baseline.comparison);
    for line in lines.iter().take(MOST * 2) {
        out.push_str(&style.wrap("  - ", 4, &short(line, 600)));
    }
}

/// Where to look and what to do next.
fn foot(out: &mut String, report: &Report, style: Style, written: &[&Path]) {
    out.push('\n');
    let mut rows = result_rows(report);
    for (at, path) in written.iter().enumerate() {
        let name = if at == 0 { "reports" } else { "" };
        rows.push((name, one_line(&path.display().to_string()), true));
    }
    rows.push(("traffic", words::traffic(report.traffic), false));
    let exit = format!("{}: {}", report.exit_code, words::exit_meaning(report));
    rows.push(("exit", exit, false));
    for (at, (command, what)) in next(report, written).into_iter().enumerate() {
        rows.push((if at == 0 { "next" } else { "" }, command, true));
        rows.push(("", format!("({what})"), false));
    }
    foot_rows(out, style, &rows);
}

/// The result or the results, each with its page.
fn result_rows(report: &Report) -> Vec<Row> {
    if report.results.len() > 1 {
        let ids = words::ids(&words::result_ids(report), 12);
        return vec![(
            "results",
            format!("{ids}, one result for each {}", words::each_result_is(report)),
            false,
        )];
    }
    if report.result.id == 0 {
        return Vec::new();
    }
    let id = report.result.id.to_string();
    let page = words::page(report).map(|url| ("", url, true));
    let version = report.result.version();
    let version =
        version.map(|version| ("agent", format!("version {}", short(&version, 100)), false));
    [("result", id, false)].into_iter().chain(page).chain(version).collect()
}

/// The rows of a foot. A value that is copied, such as a path or a command, is never broken: where
/// the line is too short for it, the terminal breaks it and still copies it in one piece.
fn foot_rows(out: &mut String, style: Style, rows: &[Row]) {
    for (name, value, in_one_piece) in rows {
        let first = format!("  {}  ", pad(name, 7));
        let text = match in_one_piece {
            true => format!("{first}{value}\n"),
            false => style.wrap(&first, 11, value),
        };
        let painted = format!("  {}  ", style.paint(Ink::Faint, &pad(name, 7)));
        out.push_str(&text.replacen(&first, &painted, 1));
    }
}

/// The commands that most people want next, each with what it is for.
fn next(report: &Report, written: &[&Path]) -> Vec<(String, &'static str)> {
    let id = report.result.id;
    let file = report.suite.file.as_deref();
    let early = |code: Code| code.is_signal() || matches!(code, Code::TimedOut | Code::Api);
    let ended_early = early(report.judged_code());
    let going = !report.result.status.is_terminal();
    if words::may_still_come(report) && !ended_early {
        let watch = commands::watch_command(id, file);
        return vec![(watch, "waits for what is still missing")];
    }
    if ended_early {
        // A simulator that the gate started is gone with it.
        let watch = commands::watch_command(id, file);
        let waits = (going && !report.simulated && report.results.is_empty())
            .then_some((watch, "waits for it again"));
        return waits.into_iter().collect();
    }
    let saved = written.iter().find(|path| path.extension().is_some_and(|end| end == "json"));
    let Some(saved) = saved.filter(|_| report.verdict != Verdict::Pass) else { return Vec::new() };
    let saved = words::quoted(&one_line(&saved.display().to_string()));
    let mut commands =
        vec![(format!("cekura-gate judge {saved}"), "other thresholds, no new calls")];
    if let Some(again) = commands::failed_from_command(report, &saved) {
        commands.push((again, "only what did not pass, again"));
    }
    if let (Some(file), true) = (file, report.verdict == Verdict::Fail) {
        let file = words::quoted(&one_line(file));
        let run = format!("cekura-gate run {file} --baseline {saved}");
        commands.push((run, "after a fix: is it better?"));
    }
    commands
}
