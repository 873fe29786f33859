//! The checks as a table, each with a small bar: the figure, its interval, the threshold.

use super::Book;
use super::frame::{self, Tone};
use crate::checks::figure::FigureUnit;
use crate::checks::grammar::{Check, Operator};
use crate::escape::short;
use crate::report::markup::Markup;
use crate::report::model::Report;
use crate::report::words::{self, CheckStatus};
use crate::verdict::CheckReport;
use crate::{numbers, text};

/// How many checks the table holds at most, the worst first.
const ROWS: usize = 200;

pub(super) fn section(main: &mut Markup, book: &Book<'_>) {
    let checks = words::checks_worst_first(book.report);
    let common = common_confidence(&checks);
    frame::section(main, "checks", "Checks", |section| {
        let attributes =
            [("class", "stack checks"), ("role", "table"), ("aria-labelledby", "checks-title")];
        section.element("table", &attributes, |table| {
            let columns = [
                ("Verdict", false),
                ("Check", false),
                ("Wanted", false),
                ("Seen", true),
                ("Interval and threshold", false),
                ("Runs", true),
            ];
            frame::head(table, &columns);
            for check in checks.iter().take(ROWS) {
                table.element("tbody", &[("role", "rowgroup")], |body| {
                    rows(body, book.report, check, common);
                });
                table.line_break();
            }
        });
        section.line_break();
        if let Some(confidence) = common {
            let text = format!("The intervals are {} sure.", numbers::percent(confidence));
            frame::paragraph(section, "aside", &text);
        }
        let more = checks.len().saturating_sub(ROWS);
        if more > 0 {
            let text = format!(
                "{} more, no worse than these, in result.json.",
                text::count(more, "check")
            );
            frame::paragraph(section, "aside", &text);
        }
    });
}

/// How sure the intervals are, where all of them are equally sure.
fn common_confidence(checks: &[&CheckReport]) -> Option<f64> {
    let mut all = checks.iter().filter_map(|check| check.interval?.confidence);
    let first = all.next()?;
    all.all(|other| (other - first).abs() < 1e-9).then_some(first)
}

/// The interval in words, without the confidence that is common to all.
fn interval(check: &CheckReport, common: Option<f64>) -> Option<String> {
    let seen = check.interval?;
    if common.is_some() && seen.confidence.is_some() {
        return Some(format!("{} to {}", check.shown(seen.low), check.shown(seen.high)));
    }
    words::interval(check)
}

/// A check: its figures, and below them the reason where it did not pass.
fn rows(body: &mut Markup, report: &Report, check: &CheckReport, common: Option<f64>) {
    let standing = CheckStatus::of(check);
    body.element("tr", &[("role", "row")], |row| {
        row.element("td", &[("role", "cell"), ("class", "verdict")], |cell| {
            let tone = Tone::of_standing(standing.look_in(report));
            frame::badge(cell, tone, standing.word_in(report));
        });
        row.element("th", &[("scope", "row"), ("role", "rowheader")], |cell| {
            cell.element("span", &[("class", "title")], |title| {
                frame::name(title, &check.name, 150);
            });
            if let Some(group) = &check.group {
                cell.element("span", &[("class", "of")], |of| {
                    of.text("of group ");
                    frame::name(of, group, 100);
                });
            }
            if let Some(scenario) = &check.scenario {
                cell.element("span", &[("class", "of")], |of| {
                    of.text("in ");
                    frame::name(of, &scenario.name, 150);
                });
            }
        });
        row.element("td", &[("role", "cell"), ("data-label", "Wanted")], |cell| {
            cell.words("code", &[], &short(&check.condition, 100));
        });
        let cell = |row: &mut Markup, label: &str, class: &str, text: &str| {
            row.words("td", &[("role", "cell"), ("data-label", label), ("class", class)], text);
        };
        cell(row, "Seen", "n seen", &short(&words::seen(check), 16));
        row.element("td", &[("role", "cell"), ("data-label", "Interval")], |cell| {
            bar(cell, check, standing);
            if let Some(interval) = interval(check, common) {
                cell.words("span", &[("class", "interval")], &interval);
            }
        });
        cell(row, "Runs", "n", &words::samples(check));
    });
    let reason = match standing {
        CheckStatus::Passed => words::assumption(check).unwrap_or_default(),
        _ => check.reason.trim(),
    };
    if !reason.is_empty() {
        body.element("tr", &[("role", "row"), ("class", "reasoned")], |row| {
            row.words("td", &[("role", "cell")], "");
            let reason = short(reason, 500);
            let attributes = [("role", "cell"), ("colspan", "5"), ("dir", "auto")];
            row.words("td", &attributes, &reason);
        });
    }
}

const WIDTH: f64 = 150.0;

/// The figure on a line: the accepted side shaded, the interval, the threshold, the figure.
fn bar(cell: &mut Markup, check: &CheckReport, standing: CheckStatus) {
    let (low, high) = ends(check);
    let at = |value: f64| 4.0 + ((value - low) / (high - low)).clamp(0.0, 1.0) * (WIDTH - 8.0);
    let Some(value) = check.value.filter(|value| value.is_finite()) else { return };
    let wanted = at(check.threshold);
    let operator = check.condition.parse::<Check>().ok().map(|check| check.operator);
    let attributes = [
        ("class", "bar"),
        ("viewBox", "0 0 150 22"),
        ("width", "150"),
        ("height", "22"),
        ("role", "img"),
        ("aria-label", &said(check)),
    ];
    cell.element("svg", &attributes, |svg| {
        let mut rect = |class: &str, x: f64, y: &str, width: f64, height: &str, round: &str| {
            let (x, width) = (format!("{x:.1}"), format!("{:.1}", width.max(0.0)));
            let attributes = [
                ("class", class),
                ("x", x.as_str()),
                ("y", y),
                ("width", &width),
                ("height", height),
                ("rx", round),
            ];
            svg.empty("rect", &attributes);
        };
        rect("track", 4.0, "10", WIDTH - 8.0, "2", "1");
        match operator {
            Some(Operator::AtLeast | Operator::Above) => {
                rect("accepted", wanted, "3", WIDTH - 4.0 - wanted, "16", "2");
            }
            Some(Operator::AtMost | Operator::Below) => {
                rect("accepted", 4.0, "3", wanted - 4.0, "16", "2");
            }
            _ => {}
        }
        if let Some(interval) = check.interval {
            let (from, to) = (at(interval.low), at(interval.high));
            rect(
                &format!("range fill-{}", Tone::of_standing(standing).class()),
                from,
                "7",
                to - from,
                "8",
                "4",
            );
        }
        rect("threshold", wanted - 0.75, "1", 1.5, "20", "0");
        let (x, class) = (
            format!("{:.1}", at(value)),
            format!("point fill-{}", Tone::of_standing(standing).class()),
        );
        svg.empty("circle", &[("class", &class), ("cx", &x), ("cy", "11"), ("r", "5")]);
    });
}

/// The ends of the line: the whole of a share, or what holds figure, threshold and interval.
fn ends(check: &CheckReport) -> (f64, f64) {
    let interval = check.interval.map(|interval| [interval.low, interval.high]);
    let numbers = [check.value.unwrap_or(check.threshold), check.threshold];
    let numbers = numbers.into_iter().chain(interval.into_iter().flatten());
    let finite = || numbers.clone().filter(|number| number.is_finite());
    let low = finite().fold(0.0, f64::min);
    let high = finite().fold(low, f64::max);
    match check.unit {
        FigureUnit::Share if low >= 0.0 && high <= 1.0 => (0.0, 1.0),
        _ if high > low => (low, high + (high - low) * 0.15),
        _ => (low, low + 1.0),
    }
}

/// The bar for those who can't see it.
fn said(check: &CheckReport) -> String {
    let interval = words::interval(check).map(|text| format!(", {text}")).unwrap_or_default();
    format!("seen {}{interval}; threshold {}", words::seen(check), check.shown_threshold())
}
