//! What failed and why, scenario by scenario, with the way to each run's page.

use super::frame::{self, Tone};
use super::{Book, MOST_PAGES};
use crate::escape::short;
use crate::outcome::{Outcome, word};
use crate::report::markup::Markup;
use crate::report::model::ScenarioRuns;
use crate::report::words::{self, RunOf};
use crate::text;

/// How many scenarios are told one by one before the rest is folded, and how many of the rest.
const SCENARIOS: (usize, usize) = (12, 100);
/// How many rows come before the rest is folded, and how many there are in all.
const ROWS: (usize, usize) = (15, 500);
/// How many runs of a scenario are linked at once.
const LINKS: usize = 12;

/// The scenarios with failed runs.
pub(super) fn failing(main: &mut Markup, book: &Book<'_>) {
    let failing = words::failing(book.scenarios);
    let title = format!(
        "{} of {} with failed runs",
        failing.len(),
        text::count(book.scenarios.len(), "scenario")
    );
    frame::section(main, "failing", &title, |section| {
        let (first, most) = SCENARIOS;
        let (open, folded) = failing.split_at(first.min(failing.len()));
        for scenario in open {
            scenario_card(section, book, scenario, Outcome::Failed);
        }
        let shown = folded.get(..folded.len().min(most)).unwrap_or_default();
        if !shown.is_empty() {
            let summary = format!("{} more with failed runs", text::count(shown.len(), "scenario"));
            frame::fold(section, &summary, |fold| {
                for scenario in shown {
                    scenario_card(fold, book, scenario, Outcome::Failed);
                }
            });
        }
        let more = folded.len() - shown.len();
        if more > 0 {
            let text = format!(
                "{} more with failed runs: all of their runs are in result.json.",
                text::count(more, "scenario")
            );
            frame::paragraph(section, "aside", &text);
        }
    });
}

fn scenario_card(
    section: &mut Markup,
    book: &Book<'_>,
    scenario: &ScenarioRuns<'_>,
    wanted: Outcome,
) {
    let tally = scenario.tally;
    section.element("article", &[("class", "card")], |card| {
        card.element("h3", &[], |title| {
            frame::name(title, &scenario.scenario.name, 200);
            title.text(" ");
            let count = format!("{} of {} failed", tally.failed, text::count(tally.total, "run"));
            title.words("span", &[("class", "count")], &count);
        });
        if let Some(entry) = scenario.quarantine {
            let until = format!("quarantined until {} by ", entry.until);
            card.element("p", &[("class", "aside")], |line| {
                line.text(&until);
                frame::name(line, &entry.owner, 100);
                line.text(": ");
                frame::name(line, &entry.reason, 300);
            });
        }
        let reasons = words::reasons(scenario, wanted);
        let more = reasons.len().saturating_sub(5);
        card.element("ul", &[("class", "reasons")], |list| {
            for (reason, runs) in reasons.iter().take(5) {
                list.element("li", &[], |item| {
                    frame::name(item, reason, 400);
                    if *runs > 1 {
                        item.text(" ");
                        item.words("span", &[("class", "count")], &text::count(*runs, "run"));
                    }
                });
            }
            if more > 0 {
                list.words("li", &[], &format!("and {}", text::count(more, "other reason")));
            }
        });
        links(card, book, scenario, wanted);
    });
    section.line_break();
}

/// Links to the runs of a scenario with one outcome.
fn links(card: &mut Markup, book: &Book<'_>, scenario: &ScenarioRuns<'_>, wanted: Outcome) {
    let runs: Vec<_> =
        scenario.runs.iter().filter(|(_, outcome)| outcome.outcome == wanted).collect();
    card.element("ul", &[("class", "links")], |list| {
        for (run, outcome) in runs.iter().take(LINKS) {
            list.element("li", &[], |item| {
                run_link(item, book, run.id, "");
                item.words("bdi", &[("class", "of")], &short(&words::variant(run, outcome), 80));
            });
        }
        let more = runs.len().saturating_sub(LINKS);
        if more > 0 {
            list.words("li", &[], &format!("and {more} more"));
        }
    });
}

/// The run's number, as a link where it has a page.
pub(super) fn run_link(markup: &mut Markup, book: &Book<'_>, run: u64, up: &'static str) {
    let text = format!("Run {run}");
    match book.page_of(run) {
        Some(page) => {
            let href = format!("{up}{page}");
            markup.words("a", &[("class", "run"), ("href", &href)], &text);
        }
        None => markup.words("span", &[("class", "run")], &text),
    }
}

/// The runs that are no evidence, by whom they are blamed on.
pub(super) fn unknown(main: &mut Markup, book: &Book<'_>) {
    let groups = words::unknown_by_blame(book.scenarios);
    let total: usize = groups.values().map(Vec::len).sum();
    let title = format!("{} without a verdict", text::count(total, "run"));
    frame::section(main, "unknown", &title, |section| {
        section.element("ul", &[("class", "reasons")], |list| {
            for ((outcome, blame), runs) in &groups {
                let count = text::count(runs.len(), "run");
                let line = format!(
                    "{count} {}, cause: {}",
                    word(*outcome, Some(*blame)),
                    words::blame_name(book.report, *blame)
                );
                list.words("li", &[], &line);
            }
        });
        section.line_break();
        let runs: Vec<RunOf<'_, '_>> = groups.into_values().flatten().collect();
        run_tables(section, book, &runs, "Runs without a verdict");
    });
}

/// The scenarios that count towards nothing.
pub(super) fn quarantined(main: &mut Markup, book: &Book<'_>) {
    let scenarios = book.scenarios.iter().filter(|scenario| scenario.quarantine.is_some());
    frame::section(main, "quarantine", "Quarantined scenarios", |section| {
        for scenario in scenarios.take(SCENARIOS.1) {
            scenario_card(section, book, scenario, Outcome::Failed);
        }
    });
}

/// Every page of a run.
pub(super) fn all_pages(main: &mut Markup, book: &Book<'_>) {
    frame::section(main, "pages", "All run pages", |section| {
        let more = book.worth_a_page.saturating_sub(book.pages.len());
        let intro = if more > 0 {
            format!(
                "{MOST_PAGES} of {} runs have a page: the first of each scenario, then the rest. \
                 The other {more} are in result.json.",
                book.worth_a_page
            )
        } else {
            "Each run that did not pass has a page, and each whose transcript was kept.".to_owned()
        };
        frame::paragraph(section, "aside", &intro);
        let summary = text::count(book.pages.len(), "run page");
        frame::fold(section, &summary, |fold| {
            run_table(fold, book, &book.pages, "Runs with a page");
        });
    });
}

/// Runs in a table; what is beyond the first rows is folded.
fn run_tables(section: &mut Markup, book: &Book<'_>, runs: &[RunOf<'_, '_>], caption: &str) {
    let (first, most) = ROWS;
    let (open, folded) = runs.split_at(first.min(runs.len()));
    run_table(section, book, open, caption);
    if folded.is_empty() {
        return;
    }
    let shown = folded.get(..folded.len().min(most)).unwrap_or_default();
    let summary = match folded.len() - shown.len() {
        0 => format!("{} more", shown.len()),
        left => format!("{} more, and {left} in result.json", shown.len()),
    };
    frame::fold(section, &summary, |fold| {
        run_table(fold, book, shown, &format!("{caption}, continued"));
    });
}

fn run_table(section: &mut Markup, book: &Book<'_>, runs: &[RunOf<'_, '_>], caption: &str) {
    let columns = [
        ("Run", false),
        ("Outcome", false),
        ("Scenario", false),
        ("Variant", false),
        ("Why", false),
    ];
    frame::table(section, caption, &columns, |body| {
        for (scenario, run, outcome) in runs {
            body.element("tr", &[], |row| {
                row.element("th", &[("scope", "row"), ("class", "tight")], |cell| {
                    run_link(cell, book, run.id, "");
                });
                row.element("td", &[], |cell| {
                    frame::badge(cell, Tone::of_outcome(outcome.outcome), outcome.word());
                });
                row.element("td", &[], |cell| frame::name(cell, &scenario.scenario.name, 100));
                row.element("td", &[], |cell| {
                    frame::name(cell, &words::variant(run, outcome), 100);
                });
                row.element("td", &[("class", "why")], |cell| {
                    let blame = outcome
                        .blame
                        .map(|blame| format!("{}: ", words::blame_name(book.report, blame)));
                    let blame = blame.filter(|_| outcome.outcome.is_unknown()).unwrap_or_default();
                    cell.text(&blame);
                    if !outcome.reason.trim().is_empty() {
                        frame::name(cell, &outcome.reason, 200);
                    }
                });
            });
            body.line_break();
        }
    });
}
