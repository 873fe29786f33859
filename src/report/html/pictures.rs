//! The sections with plots, each with a table of the same figures.

use super::Book;
use super::figures::{self, ROWS, SPREADS};
use super::frame::{self, figure_cell};
use crate::escape::short;
use crate::report::comparison;
use crate::report::markup::Markup;
use crate::report::plot::{Data, clock};
use crate::{numbers, text};

/// How many rows a table has at most.
const TABLE: usize = 500;

fn plots(section: &mut Markup, book: &Book<'_>, stem: &str, class: &'static str) {
    for plot in book.plots.iter().filter(|plot| plot.stem.starts_with(stem)) {
        frame::plot(section, plot, class);
    }
}

/// What changed since the baseline.
pub(super) fn baseline(main: &mut Markup, book: &Book<'_>) {
    let Some(baseline) = &book.report.baseline else { return };
    frame::section(main, "baseline", "Since the baseline", |section| {
        section.element("p", &[], |line| {
            line.text(&format!("Compared with result {} (", baseline.result));
            frame::name(line, &baseline.from, 200);
            line.text(&format!("): {}.", comparison::headline(&baseline.comparison)));
        });
        section.line_break();
        let changed = figures::changed(book.report);
        plots(section, book, "change", "plot");
        if changed.is_empty() {
            frame::paragraph(section, "aside", "No scenario changed.");
        } else {
            let summary =
                format!("The {} as a table", text::count(changed.len(), "changed scenario"));
            frame::fold(section, &summary, |fold| {
                let columns =
                    [("Scenario", false), ("Baseline", true), ("Now", true), ("Trend", false)];
                frame::table(fold, "Scenarios that changed", &columns, |body| {
                    for change in changed.iter().take(TABLE) {
                        body.element("tr", &[], |row| {
                            row.element("th", &[("scope", "row")], |cell| {
                                frame::name(cell, &change.scenario.name, 150);
                            });
                            for (passed, judged) in [change.base, change.head] {
                                figure_cell(row, &format!("{passed} of {judged}"));
                            }
                            row.words("td", &[], change.trend.name());
                        });
                        body.line_break();
                    }
                });
            });
        }
        let same = baseline.comparison.scenarios.len().saturating_sub(changed.len());
        if same > 0 {
            let fare = if same == 1 { "fares" } else { "fare" };
            let text = format!("{} {fare} as before.", text::count(same, "scenario"));
            frame::paragraph(section, "aside", &text);
        }
        for line in comparison::not_compared(&baseline.comparison) {
            frame::paragraph(section, "aside", &short(&line, 2000));
        }
    });
}

/// The success rate of each scenario.
pub(super) fn scenarios(main: &mut Markup, book: &Book<'_>) {
    frame::section(main, "scenarios", "Success by scenario", |section| {
        plots(section, book, "scenarios", "plot");
        let order = figures::worst_first(book.scenarios);
        let more = order.len().saturating_sub(ROWS);
        if more > 0 {
            let text = format!(
                "The {ROWS} with the lowest rate are drawn; the other {more} are in the table."
            );
            frame::paragraph(section, "aside", &text);
        }
        let summary = format!("All {} as a table", text::count(order.len(), "scenario"));
        frame::fold(section, &summary, |fold| {
            let columns = [
                ("Scenario", false),
                ("Rate", true),
                ("Interval", true),
                ("Passed", true),
                ("Failed", true),
                ("Errored", true),
                ("Unscored", true),
            ];
            frame::table(fold, "Success by scenario", &columns, |body| {
                for scenario in order.iter().take(TABLE) {
                    let tally = scenario.tally;
                    let rate =
                        tally.success_rate().map_or_else(|| "–".to_owned(), numbers::percent);
                    let interval = figures::interval(book.report, scenario).map_or_else(
                        || "–".to_owned(),
                        |(low, high)| format!("{:.0}% to {:.0}%", low * 100.0, high * 100.0),
                    );
                    body.element("tr", &[], |row| {
                        row.element("th", &[("scope", "row")], |cell| {
                            frame::name(cell, &scenario.scenario.name, 150);
                            if scenario.quarantine.is_some() {
                                cell.text(" (quarantined)");
                            }
                        });
                        figure_cell(row, &rate);
                        figure_cell(row, &interval);
                        for number in [tally.passed, tally.failed, tally.errored, tally.unscored] {
                            figure_cell(row, &number.to_string());
                        }
                    });
                    body.line_break();
                }
            });
            left_out(fold, order.len(), "scenario");
        });
    });
}

fn left_out(section: &mut Markup, all: usize, noun: &str) {
    let more = all.saturating_sub(TABLE);
    if more > 0 {
        let text = format!("{} more in result.json.", text::count(more, noun));
        frame::paragraph(section, "aside", &text);
    }
}

/// How each run ended.
pub(super) fn runs(main: &mut Markup, book: &Book<'_>) {
    frame::section(main, "runs", "Every run", |section| {
        plots(section, book, "runs", "plot");
        let more = book.scenarios.len().saturating_sub(ROWS);
        if more > 0 {
            let text = format!("The {ROWS} with the lowest rate are drawn, {more} are left out.");
            frame::paragraph(section, "aside", &text);
        }
        frame::fold(section, "The same in words", |fold| {
            let columns = [("Scenario", false), ("Runs, the first one first", false)];
            frame::table(fold, "How each run ended", &columns, |body| {
                for plot in book.plots.iter().filter(|plot| plot.stem == "runs") {
                    let Data::Heat(heat) = &plot.data else { continue };
                    for row in &heat.rows {
                        body.element("tr", &[], |cells| {
                            cells.element("th", &[("scope", "row")], |cell| {
                                frame::name(cell, &row.label, 150);
                            });
                            cells.words("td", &[], &row.in_words());
                        });
                        body.line_break();
                    }
                }
            });
        });
    });
}

/// How latency, duration and other numbers are distributed.
pub(super) fn figures(main: &mut Markup, book: &Book<'_>) {
    frame::section(main, "figures", "Latency, duration and other figures", |section| {
        section.element("div", &[("class", "pair")], |pair| {
            plots(pair, book, "figure", "plot small");
        });
        let samples = figures::samples(book.report);
        let more = samples.len().saturating_sub(SPREADS);
        if more > 0 {
            let text = format!("{} more in the table only.", text::count(more, "figure"));
            frame::paragraph(section, "aside", &text);
        }
        frame::fold(section, "The same figures as a table", |fold| {
            let columns = [
                ("Figure", false),
                ("Calls", true),
                ("Smallest", true),
                ("Median", true),
                ("Mean", true),
                ("p90", true),
                ("p95", true),
                ("p99", true),
                ("Largest", true),
            ];
            frame::table(fold, "Quantiles", &columns, |body| {
                for sample in samples.iter().take(TABLE) {
                    let show = |value: Option<f64>| {
                        value.map_or_else(|| "–".to_owned(), |value| sample.unit.show(value))
                    };
                    body.element("tr", &[], |row| {
                        row.element("th", &[("scope", "row")], |cell| {
                            frame::name(cell, &sample.name, 100);
                        });
                        figure_cell(row, &sample.values.len().to_string());
                        figure_cell(row, &show(sample.values.first().copied()));
                        figure_cell(row, &show(sample.quantile(0.5)));
                        figure_cell(row, &show(Some(sample.mean())));
                        for q in [0.9, 0.95, 0.99] {
                            figure_cell(row, &show(sample.quantile(q)));
                        }
                        figure_cell(row, &show(sample.values.last().copied()));
                    });
                    body.line_break();
                }
            });
        });
    });
}

/// When the calls were.
pub(super) fn time(main: &mut Markup, book: &Book<'_>) {
    frame::section(main, "time", "Time line", |section| {
        plots(section, book, "time", "plot");
        let calls = book.plots.iter().find_map(|plot| match &plot.data {
            Data::Lanes(lanes) => Some(&lanes.calls),
            _ => None,
        });
        let Some(calls) = calls else { return };
        let end = calls.iter().map(|call| call.to).fold(0.0, f64::max);
        let talking: f64 = calls.iter().map(|call| call.to - call.from).sum();
        let text = format!(
            "{} in {}, {} of talk in all; the last one began {} after the first.",
            text::count(calls.len(), "call"),
            text::seconds(end),
            text::seconds(talking),
            clock(calls.last().map_or(0.0, |call| call.from)),
        );
        frame::paragraph(section, "aside", &text);
    });
}
