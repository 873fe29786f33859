//! `summary.md`, also GitHub's step summary: verdict first, then what failed and why, the rest
//! folded.
//!
//! What is cut when it grows too large is decided by the ranks here and done by `sheet`.

pub mod comment;
mod failures;
mod rest;
mod sheet;

use std::collections::BTreeMap;
use std::path::Path;

use self::sheet::Sheet;
use super::comparison;
use super::model::Report;
use super::words::{self, CheckStatus};
use crate::checks::figure::FigureUnit;
use crate::escape::markdown::{html, inline};
use crate::escape::short;
use crate::exit::Code;
use crate::text;
use crate::verdict::{CheckReport, Verdict};

/// Over this GitHub shows nothing of a step summary, in bytes.
pub const LIMIT: usize = 1_048_576;

/// What is taken first when not everything fits, from 1 up: a few of each kind, then the tables,
/// then transcripts, then the rest.
mod rank {
    pub(super) const FIRST: u8 = 1;
    pub(super) const RUNS: u8 = 2;
    pub(super) const TABLES: u8 = 3;
    pub(super) const TRANSCRIPTS: u8 = 4;
    pub(super) const MORE_SCENARIOS: u8 = 5;
    pub(super) const MORE_RUNS: u8 = 6;
    pub(super) const MORE_TRANSCRIPTS: u8 = 7;
}

/// How many checks and scenarios come before everything else.
const FIRST: usize = 50;

/// The report as GitHub-flavoured Markdown, at most [`LIMIT`] bytes.
pub fn markdown(report: &Report) -> String {
    markdown_within(report, LIMIT, "This summary is cut to fit 1 MiB")
}

/// The report as part of a longer document, such as the summary of a step in which others have
/// written: at most so many bytes.
pub fn step_summary(report: &Report, room: usize) -> String {
    const NOTICE: &str = "This summary is cut: GitHub shows 1 MiB of a step's summary in all";
    markdown_within(report, room.min(LIMIT), NOTICE)
}

/// What fits where nothing else does: the verdict, and the path of the whole summary.
pub fn brief(code: Code, headline: &str, summary: &Path) -> String {
    let mark = match code {
        Code::Passed => "✅",
        Code::Failed => "❌",
        _ => "❔",
    };
    format!(
        "## {mark} {}\n\nGitHub shows 1 MiB of a step's summary in all, and others have written most of \
         it: the gate's own summary is in {}\n",
        cut(headline, 300),
        cut(&summary.display().to_string(), 300)
    )
}

/// The line at the top of a rehearsal, so that its pass is not taken for one.
pub(super) const REHEARSAL: &str = "> Simulated: no real call was made.\n\n";

/// The summary of a gate that ended without a verdict, and why.
pub fn no_verdict(code: Code, why: &str) -> String {
    let head = match code {
        Code::Usage => "Refused: nothing was started",
        _ => "No verdict",
    };
    format!(
        "## ❔ {head}\n\nexit code {} ({})\n\n{}\n\ncekura-gate {}\n",
        code.number(),
        inline(code.meaning()),
        cut(why, 2000),
        env!("CARGO_PKG_VERSION")
    )
}

/// The report as GitHub-flavoured Markdown, at most so many bytes. `notice` says why it was cut.
pub(super) fn markdown_within(report: &Report, limit: usize, notice: &'static str) -> String {
    let scenarios = report.scenarios();
    let mut sheet = Sheet::default();
    head(&mut sheet, report);
    checks(&mut sheet, report);
    rest::rounds(&mut sheet, report);
    failures::failing(&mut sheet, report, &scenarios);
    failures::unknown_runs(&mut sheet, report, &scenarios);
    baseline(&mut sheet, report);
    rest::paths(&mut sheet, report);
    rest::suggestions(&mut sheet, report);
    rest::proposal(&mut sheet, report);
    rest::notes(&mut sheet, report);
    rest::scenarios(&mut sheet, &scenarios);
    rest::slowest(&mut sheet, &scenarios);
    rest::again(&mut sheet, report);
    rest::about(&mut sheet, report);
    sheet.finish(limit, notice)
}

/// Platform text, cut and escaped for a line of Markdown.
fn cut(text: &str, characters: usize) -> String {
    inline(&short(text, characters))
}

const fn mark(standing: CheckStatus) -> &'static str {
    match standing {
        CheckStatus::Failed => "❌",
        CheckStatus::Inconclusive => "❔",
        CheckStatus::Warning => "⚠️",
        CheckStatus::Passed => "✅",
    }
}

fn head(sheet: &mut Sheet<'_>, report: &Report) {
    let emoji = match report.verdict {
        Verdict::Pass => "✅",
        _ if report.suite.report_only => "⚠️",
        Verdict::Inconclusive => "❔",
        Verdict::Fail => "❌",
    };
    let mut facts = vec![
        format!("**{}**", cut(non_empty(&report.suite.name, "cekura-gate"), 200)),
        report.suite.mode.name().replace('_', "\\_"),
        words::tally(report),
        text::seconds(report.timing.elapsed_seconds),
    ];
    facts.extend(pages(report));
    sheet.fixed(format!(
        "## {emoji} {}\n\n{}\n\n",
        inline(&words::verdict_line(report)),
        facts.join(" · ")
    ));
    if let Some(baseline) = &report.baseline {
        let news = comparison::news(&baseline.comparison);
        let news = news.unwrap_or_else(|| "no scenario newly fails or is fixed".to_owned());
        sheet.fixed(format!("Since result {}: {}\n\n", baseline.result, cut(&news, 1000)));
    }
    if report.simulated {
        sheet.fixed(REHEARSAL);
    }
    sheet.notice();
}

/// Links to the results, where there are pages.
fn pages(report: &Report) -> Option<String> {
    const MOST: usize = 12;
    let results = words::results(report);
    if let [(id, url)] = results.as_slice() {
        return url.as_ref().map(|url| format!("[result {id}]({url})"));
    }
    let link = |(id, url): &(u64, Option<String>)| match url {
        Some(url) => format!("[{id}]({url})"),
        None => id.to_string(),
    };
    let shown: Vec<String> = results.iter().take(MOST).map(link).collect();
    let more = results.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("results {}{more}", shown.join(", ")))
}

/// What changed since the baseline, where there is one.
fn baseline<'a>(sheet: &mut Sheet<'a>, report: &'a Report) {
    const MOST: usize = 50;
    let Some(baseline) = &report.baseline else { return };
    sheet.add(rank::FIRST, "comparison with the baseline", move || {
        let not_compared: String = comparison::not_compared(&baseline.comparison)
            .iter()
            .map(|line| format!("{}\n\n", cut(line, 2000)))
            .collect();
        format!(
            "<details><summary>Since result {} ({})</summary>\n\n{}\n\n{}\n{not_compared}</details>\n\n",
            baseline.result,
            html(&short(&baseline.from, 200)),
            cut(&comparison::headline(&baseline.comparison), 300),
            comparison::markdown_rows(&baseline.comparison, MOST)
        )
    });
}

fn non_empty<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.trim().is_empty() { otherwise } else { text }
}

fn checks<'a>(sheet: &mut Sheet<'a>, report: &'a Report) {
    if report.checks.is_empty() {
        return;
    }
    rest::fold(sheet, &format!("Checks: {}", standings(report)));
    sheet.fixed("| | Check | Wanted | Seen | Runs | Why |\n|---|---|---|---|---|---|\n");
    for (at, check) in words::checks_worst_first(report).into_iter().enumerate() {
        let rank = if at < FIRST { rank::FIRST } else { rank::TABLES };
        sheet.add(rank, "check", move || check_row(report, check));
    }
    sheet.fixed("\n</details>\n\n");
}

/// How the checks stand, in words: `1 failed, 2 passed`.
fn standings(report: &Report) -> String {
    let mut counts: BTreeMap<CheckStatus, usize> = BTreeMap::new();
    for check in &report.checks {
        *counts.entry(CheckStatus::of(check)).or_default() += 1;
    }
    let words = counts.into_iter().map(|(standing, count)| match standing {
        CheckStatus::Warning => text::count(count, "warning"),
        _ => format!("{count} {}", standing.word_in(report)),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// A small picture of a check: what was seen, how far the truth may lie from it on either side,
/// and a stroke at what was wanted. None where nothing was seen or a figure is negative.
fn bar(check: &CheckReport) -> Option<String> {
    const CELLS: f64 = 12.0;
    let value = check.value?;
    let high = check.interval.map_or(value, |interval| interval.high);
    let low = check.interval.map_or(value, |interval| interval.low);
    let most = match check.unit {
        FigureUnit::Share => 1.0,
        _ => value.max(high).max(check.threshold) * 1.25,
    };
    let sound = [value, low, high, check.threshold].iter().all(|figure| *figure >= 0.0);
    if !sound || !most.is_finite() || most <= 0.0 {
        return None;
    }
    let cell = |figure: f64| (figure / most * CELLS).clamp(0.0, CELLS).round() as usize;
    // The stroke stands before the first cell that satisfies `>=`.
    let (wanted, value) = (cell(check.threshold), cell(value));
    let mut out = String::new();
    for at in 0..=CELLS as usize {
        if at == wanted {
            out.push('│');
        }
        if at < CELLS as usize {
            let uncertain = (cell(low)..cell(high)).contains(&at);
            out.push(match (uncertain, at < value) {
                (true, true) => '▓',
                (true, false) => '▒',
                (false, true) => '█',
                (false, false) => '░',
            });
        }
    }
    Some(out)
}

fn check_row(report: &Report, check: &CheckReport) -> String {
    let standing = CheckStatus::of(check);
    let interval = words::interval(check).map(|text| format!("<br>{text}")).unwrap_or_default();
    let bar = bar(check).map(|bar| format!("<br>`{bar}`")).unwrap_or_default();
    let why = match standing {
        CheckStatus::Passed => cut(words::assumption(check).unwrap_or_default(), 400),
        _ => cut(&check.reason, 400),
    };
    format!(
        "| {} {} | {} | {} | {}{bar}{interval} | {} | {why} |\n",
        mark(standing.look_in(report)),
        standing.word_in(report),
        cut(&words::check_name(check), 200),
        cut(&check.condition, 100),
        words::seen(check),
        words::samples(check),
    )
}
