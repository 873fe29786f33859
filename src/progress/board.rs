//! Progress of several suites on a terminal: a line for all of them, and a line for each.
//!
//! The lines fit the width they were made for, as those of `live` do.

use std::time::Duration;

use super::live::{Screen, bar};
use super::{Counts, Progress};
use crate::escape::short;
use crate::escape::terminal::log_line;
use crate::report::console::{Ink, Style, cut, pad};
use crate::text;
use crate::verdict::Verdict;

/// How a suite that is going stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Its runs.
    pub counts: Counts,
    /// How many of its checks cannot pass any more.
    pub failing: usize,
    /// How long it has been going.
    pub elapsed: Duration,
    /// When it will probably be over.
    pub outlook: Option<String>,
}

impl Row {
    /// The row of a suite. `limit` is the time that it still has.
    pub fn of(label: &str, progress: &Progress, elapsed: Duration, limit: Duration) -> Self {
        let failing = progress.checks.iter().filter(|check| check.verdict == Verdict::Fail);
        Self {
            label: log_line(&short(label, 60)),
            counts: progress.counts,
            failing: failing.count(),
            elapsed,
            outlook: progress.outlook(elapsed, limit),
        }
    }
}

/// The lines: all suites, then those that are going, in the order they began.
pub fn lines(rows: &[Row], screen: Screen) -> Vec<String> {
    let style = screen.style;
    let width = style.width.saturating_sub(1).max(20);
    let room = screen.rows.saturating_sub(4).max(1);
    let shown = if rows.len() > room { room.saturating_sub(1) } else { rows.len() };
    let names = rows.iter().take(shown).map(|row| row.label.chars().count()).max();
    let names = names.unwrap_or_default().min(width / 3);
    let mut lines = vec![head(rows, style, width)];
    lines.extend(rows.iter().take(shown).map(|row| line(row, names, style, width)));
    let left = rows.len().saturating_sub(shown);
    if left > 0 {
        let more = format!("  and {}", text::count(left, "more suite"));
        lines.push(style.paint(Ink::Faint, &cut(&more, width)));
    }
    lines
}

fn head(rows: &[Row], style: Style, width: usize) -> String {
    let ended: usize = rows.iter().map(|row| row.counts.ended()).sum();
    let total: usize = rows.iter().map(|row| row.counts.total()).sum();
    let suites = text::count_with(rows.len(), "suite", "is running", "are running");
    let all = format!("  {suites}: {ended} of {} ended", text::count(total, "run"));
    style.paint(Ink::Title, &cut(&all, width))
}

/// A suite: its name, a bar, its runs, and where there is room what is known besides. The bar gives
/// way first.
fn line(row: &Row, names: usize, style: Style, width: usize) -> String {
    let name = pad(&cut(&row.label, names), names);
    let counts = row.counts;
    let ended = format!("{} of {}", counts.ended(), counts.total());
    let mut facts = vec![ended];
    if counts.failed > 0 {
        facts.push(format!("{} failed", counts.failed));
    }
    if row.failing > 0 {
        facts.push(text::count_with(row.failing, "check", "cannot pass", "cannot pass"));
    }
    facts.push(text::span(Duration::from_secs(row.elapsed.as_secs())));
    facts.extend(row.outlook.clone());
    let facts = facts.join(" · ");
    let used = names + 6 + facts.chars().count();
    let bar_width = width.saturating_sub(used).min(30);
    if bar_width >= 8 {
        return format!("  {name}  {}  {facts}", bar(counts, style, bar_width));
    }
    cut(&format!("  {name}  {facts}"), width)
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    fn row(label: &str, passed: usize, failed: usize, talking: usize) -> Row {
        Row {
            label: label.to_owned(),
            counts: Counts { passed, failed, talking, ..Counts::default() },
            failing: usize::from(failed > 0),
            elapsed: Duration::from_secs(83),
            outlook: None,
        }
    }

    fn screen(width: usize, rows: usize) -> Screen {
        Screen { style: Style { color: false, width }, rows }
    }

    #[test]
    fn each_suite_has_a_line() {
        let rows = [row("checkout", 6, 2, 4), row("refunds", 1, 0, 3)];
        insta::assert_snapshot!(lines(&rows, screen(80, 24)).join("\n"), @"
        2 suites are running: 9 of 16 runs ended
        checkout  ████████▓▓▓░░░░░░  8 of 12 · 2 failed · 1 check cannot pass · 1m23s
        refunds   ███████░░░░░░░░░░░░░░░░░░░░░░░  1 of 4 · 1m23s
        ");
        insta::assert_snapshot!(lines(&rows, screen(40, 24)).join("\n"), @"
        2 suites are running: 9 of 16 runs e…
        checkout  8 of 12 · 2 failed · 1 che…
        refunds   ██░░░░░░░░░  1 of 4 · 1m23s
        ");
    }

    #[test]
    fn no_line_is_as_wide_as_the_screen_and_the_lines_leave_room_above_them() {
        let rows: Vec<Row> = (1..30).map(|n| row(&"long name ".repeat(n), n, n, n)).collect();
        for width in [20, 40, 80, 120] {
            let lines = lines(&rows, screen(width, 10));
            assert!(lines.len() <= 8, "{lines:?}");
            assert!(lines.iter().all(|line| line.width() < width.max(21)), "{lines:?}");
            assert!(lines.last().unwrap().contains("more suites"), "{lines:?}");
        }
    }
}
