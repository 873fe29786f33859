//! Progress on a terminal: a few lines that are drawn again and again.
//!
//! The lines fit the width they were made for, so that the edge that draws them knows how many
//! rows they take.

use std::time::Duration;

use super::{Counts, Progress, word};
use crate::escape::short;
use crate::escape::terminal::log_line;
use crate::report::console::{Ink, Style, cut, pad};
use crate::report::words;
use crate::text;
use crate::verdict::{CheckReport, Verdict};

/// A screen to draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Colour and columns.
    pub style: Style,
    /// Rows.
    pub rows: usize,
}

/// The lines, the bar first. None is as wide as the screen, and they leave room above them.
pub fn lines(
    progress: &Progress,
    screen: Screen,
    elapsed: Duration,
    limit: Duration,
) -> Vec<String> {
    let style = screen.style;
    let width = style.width.saturating_sub(1).max(20);
    let mut lines = vec![head(progress, style, width, elapsed, limit)];
    let counts = progress.counts;
    if counts.total() > 0 {
        lines.push(format!("  {}", states(counts, style, width.saturating_sub(2))));
    }
    let room = screen.rows.saturating_sub(lines.len() + 3).min(8);
    lines.extend(checks(&progress.checks, style, width, room));
    lines
}

/// The line for a run whose outcome is news. It stays above the drawn lines.
pub fn news(line: &str, screen: Screen) -> String {
    let width = screen.style.width.saturating_sub(1).max(20);
    let line = cut(&log_line(line), width.saturating_sub(4));
    let (ink, mark) = ink_of(&line);
    format!("  {} {line}", screen.style.paint(ink, mark))
}

/// The same for a run of one of several suites.
pub fn news_of(label: &str, line: &str, screen: Screen) -> String {
    let width = screen.style.width.saturating_sub(1).max(20);
    let (ink, mark) = ink_of(line);
    let line = format!("{}: {line}", short(label, 40));
    format!(
        "  {} {}",
        screen.style.paint(ink, mark),
        cut(&log_line(&line), width.saturating_sub(4))
    )
}

fn ink_of(line: &str) -> (Ink, &'static str) {
    match line {
        line if line.starts_with("failed") => (Ink::Bad, "✗"),
        line if line.starts_with("passed") => (Ink::Good, "✓"),
        _ => (Ink::Unsure, "?"),
    }
}

fn head(
    progress: &Progress,
    style: Style,
    width: usize,
    elapsed: Duration,
    limit: Duration,
) -> String {
    let clock = text::span(Duration::from_secs(elapsed.as_secs()));
    let mut parts = vec![progress.headline(), clock];
    parts.extend(progress.outlook(elapsed, limit));
    let words = |parts: &[String]| parts.join(" · ");
    // The bar gives way first, then the outlook.
    let used = words(&parts).chars().count() + 4;
    let bar_width = width.saturating_sub(used).min(40);
    if bar_width >= 10 {
        return format!("  {}  {}", bar(progress.counts, style, bar_width), words(&parts));
    }
    format!("  {}", cut(&words(&parts), width.saturating_sub(2)))
}

/// The bar: what passed, what failed, what is no evidence, what is going, what waits. Without
/// colour the shapes tell them apart.
pub(super) fn bar(counts: Counts, style: Style, width: usize) -> String {
    let total = counts.total().max(1);
    let parts = [
        (counts.passed, '█', Ink::Good),
        (counts.failed, '▓', Ink::Bad),
        (counts.unknown + counts.unread, '▒', Ink::Unsure),
        (counts.judging + counts.talking, '░', Ink::Plain),
        (counts.waiting, '·', Ink::Faint),
    ];
    let (mut out, mut seen, mut drawn) = (String::new(), 0, 0);
    for (count, mark, ink) in parts {
        seen += count;
        // Cumulated, so that the parts add up to the whole; nothing that is there vanishes.
        let end = (seen * width / total).max(if count > 0 { drawn + 1 } else { drawn }).min(width);
        let part: String = std::iter::repeat_n(mark, end - drawn).collect();
        if !part.is_empty() {
            out.push_str(&style.paint(ink, &part));
        }
        drawn = end;
    }
    out.push_str(&" ".repeat(width - drawn));
    out
}

fn states(counts: Counts, style: Style, width: usize) -> String {
    let words = counts.words();
    if words.chars().count() > width {
        return cut(&words, width);
    }
    let painted = words.split(", ").map(|part| {
        let ink = match part {
            part if part.ends_with("passed") => Ink::Good,
            part if part.ends_with("failed") => Ink::Bad,
            part if part.ends_with("not judged") => Ink::Unsure,
            _ => Ink::Plain,
        };
        style.paint(ink, part)
    });
    painted.collect::<Vec<_>>().join(", ")
}

/// The checks as they stand, those that are missed first.
fn checks(checks: &[CheckReport], style: Style, width: usize, room: usize) -> Vec<String> {
    let mut sorted: Vec<&CheckReport> = checks.iter().collect();
    sorted.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    let shown = if sorted.len() > room { room.saturating_sub(1) } else { room };
    let name = |check: &CheckReport| {
        format!("{} {}", short(&words::check_name(check), 60), short(&check.condition, 30))
    };
    let seen_of = |check: &CheckReport| match check.samples {
        0 => "–".to_owned(),
        _ => words::seen(check),
    };
    let widest = sorted.iter().take(shown).map(|check| name(check).chars().count()).max();
    let name_width = widest.unwrap_or_default().min(width.saturating_sub(24));
    let mut lines: Vec<String> = sorted
        .iter()
        .take(shown)
        .map(|check| {
            let (ink, mark) = match check.verdict {
                Verdict::Pass => (Ink::Good, "✓"),
                Verdict::Inconclusive => (Ink::Faint, "·"),
                Verdict::Fail => (Ink::Bad, "✗"),
            };
            let standing = style.paint(ink, &pad(&format!("{mark} {}", word(check)), 8));
            let name = pad(&cut(&log_line(&name(check)), name_width), name_width);
            let seen = cut(&seen_of(check), width.saturating_sub(name_width + 14));
            format!("  {standing}  {name}  {seen}")
        })
        .collect();
    let left = sorted.len().saturating_sub(shown);
    if left > 0 && room > 0 {
        let open = sorted.iter().skip(shown).filter(|check| check.verdict != Verdict::Pass).count();
        let more = format!("and {}, {open} of them open", text::count(left, "more check"));
        lines.push(format!("  {}", style.paint(Ink::Faint, &cut(&more, width.saturating_sub(2)))));
    }
    lines
}
