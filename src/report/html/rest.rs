//! What is below the failures: notes, what the platform suggests, retries, facts about the gate.

use super::Book;
use super::failures::run_link;
use super::frame::{self, Tone};
use crate::escape::{short, truncate, visible};
use crate::report::markup::Markup;
use crate::report::model::Report;
use crate::report::{commands, words};
use crate::retry::RetryRun;
use crate::text;

/// How many entries a list has at most.
const MOST: usize = 100;

/// What a reader should know besides.
pub(super) fn notes(main: &mut Markup, book: &Book<'_>) {
    frame::section(main, "notes", "Notes", |section| {
        section.element("ul", &[("class", "notes")], |list| {
            for note in book.report.notes.iter().take(MOST) {
                list.element("li", &[], |item| frame::name(item, note, 1000));
                list.line_break();
            }
        });
    });
}

/// Whether the platform says anything of paths or rubric.
pub(super) fn has_paths(report: &Report) -> bool {
    report.result.path_coverage.is_some() || !report.result.rubric_rules.is_empty()
}

/// Which of the agent's paths no run took, and what the rules of the rubric come to.
pub(super) fn paths(main: &mut Markup, book: &Book<'_>) {
    let result = &book.report.result;
    frame::section(main, "paths", "Paths and rubric", |section| {
        if let Some(coverage) = &result.path_coverage {
            section.words("p", &[], &words::coverage(coverage));
            section.element("ul", &[("class", "notes")], |list| {
                for path in coverage.uncovered.iter().take(MOST) {
                    list.element("li", &[], |item| frame::name(item, path, 200));
                    list.line_break();
                }
            });
        }
        if result.rubric_rules.is_empty() {
            return;
        }
        let columns = [("Metric", false), ("Value", false), ("Met", false)];
        let caption = "The rubric, by the platform's own judgement";
        frame::table(section, caption, &columns, |body| {
            for rule in result.rubric_rules.iter().take(MOST) {
                body.element("tr", &[], |row| {
                    row.element("td", &[], |cell| frame::name(cell, &rule.metric, 120));
                    let value = rule.value.as_deref().unwrap_or("–");
                    row.words("td", &[], &short(value, 60));
                    row.words("td", &[], words::met(rule.met));
                });
            }
        });
    });
}

/// Whether the platform suggests anything.
pub(super) fn has_suggestions(report: &Report) -> bool {
    let insights = &report.result.insights;
    !insights.failed_reasons.is_empty()
        || !insights.next_steps.is_empty()
        || [&insights.what_happened, &insights.why_it_happened, &insights.how_to_fix]
            .into_iter()
            .flatten()
            .any(|text| !text.trim().is_empty())
}

/// What the platform suggests. Written by a model, and marked as such.
pub(super) fn suggestions(main: &mut Markup, book: &Book<'_>) {
    let insights = &book.report.result.insights;
    frame::section(main, "suggestions", "What the platform suggests", |section| {
        section.element("div", &[("class", "card model")], |card| {
            card.words("p", &[("class", "aside")], "Written by a model, not checked by the gate.");
            let paragraphs = [
                ("What happened", &insights.what_happened),
                ("Why it happened", &insights.why_it_happened),
                ("How to fix it", &insights.how_to_fix),
            ];
            for (title, text) in paragraphs {
                let Some(text) = text.as_deref().filter(|text| !text.trim().is_empty()) else {
                    continue;
                };
                card.words("h3", &[], title);
                lines(card, text, 4000);
            }
            if !insights.failed_reasons.is_empty() {
                card.words("h3", &[], "Failures by cause");
            }
            card.element("ul", &[("class", "reasons")], |list| {
                for group in insights.failed_reasons.iter().take(MOST) {
                    list.element("li", &[], |item| {
                        frame::name(item, &group.description, 500);
                        let runs = group.affected_count.unwrap_or(group.run_ids.len() as u64);
                        let runs = usize::try_from(runs).unwrap_or(usize::MAX);
                        item.text(" ");
                        item.words("span", &[("class", "count")], &text::count(runs, "run"));
                        for run in group.run_ids.iter().take(10) {
                            item.text(" ");
                            run_link(item, book, *run, "");
                        }
                    });
                }
            });
            if !insights.next_steps.is_empty() {
                card.words("h3", &[], "Next steps");
            }
            card.element("ol", &[("class", "reasons")], |list| {
                for step in insights.next_steps.iter().take(MOST) {
                    list.element("li", &[], |item| {
                        frame::name(item, &step.title, 200);
                        if let Some(text) = &step.description {
                            lines(item, text, 1000);
                        }
                    });
                }
            });
        });
    });
}

/// Text from the platform with its own line breaks.
pub(super) fn lines(markup: &mut Markup, text: &str, characters: usize) {
    let text = truncate(visible(text).trim(), characters);
    markup.words("p", &[("class", "said"), ("dir", "auto")], &text);
}

/// The runs that were started again.
pub(super) fn retries(main: &mut Markup, book: &Book<'_>) {
    frame::section(main, "retries", "Retries", |section| {
        let columns =
            [("Attempt", true), ("First", false), ("Again", false), ("What counts", false)];
        frame::table(section, "Runs that were started again", &columns, |body| {
            for retry in book.report.retries.iter().take(MOST) {
                body.element("tr", &[], |row| {
                    frame::figure_cell(row, &retry.attempt.to_string());
                    for run in [&retry.first, &retry.again] {
                        row.element("td", &[], |cell| retried(cell, book, run));
                    }
                    row.element("td", &[], |cell| {
                        cell.text(&format!("run {}", retry.counts));
                        if retry.flaky {
                            cell.text(" ");
                            frame::badge(cell, Tone::Warn, "flaky");
                        }
                    });
                });
                body.line_break();
            }
        });
        let more = book.report.retries.len().saturating_sub(MOST);
        if more > 0 {
            frame::paragraph(section, "aside", &format!("{more} more in result.json."));
        }
    });
}

fn retried(cell: &mut Markup, book: &Book<'_>, run: &RetryRun) {
    run_link(cell, book, run.run, "");
    cell.text(" ");
    frame::badge(cell, Tone::of_outcome(run.outcome), run.outcome.name());
    let says_more = run.reason.trim() != run.outcome.name();
    if says_more && !run.reason.trim().is_empty() {
        cell.text(" ");
        frame::name(cell, &run.reason, 200);
    }
}

/// Facts about the gate.
pub(super) fn about(main: &mut Markup, book: &Book<'_>) {
    let report = book.report;
    let mut facts = vec![
        ("Exit code", format!("{}: {}", report.exit_code, words::exit_meaning(report))),
        ("Runs", words::tally(report)),
        ("Began", frame::minute(&report.timing.started_at)),
        ("Took", text::seconds(report.timing.elapsed_seconds)),
        ("Requests", words::traffic(report.traffic)),
    ];
    if let Some(planned) = report.plan.runs {
        facts.insert(1, ("Planned", text::count(planned, "run")));
    }
    if let Some(file) = &report.suite.file {
        facts.insert(0, ("Suite file", short(file, 300)));
    }
    frame::section(main, "about", "About this report", |section| {
        section.element("dl", &[("class", "about")], |list| {
            for (name, value) in &facts {
                list.element("div", &[], |fact| {
                    fact.words("dt", &[], name);
                    fact.words("dd", &[], value);
                });
            }
        });
        section.line_break();
        if let Some(command) = commands::failed_from_command(report, "cekura-report/result.json") {
            section.element("p", &[("class", "aside")], |line| {
                line.text("To run only what did not pass again: ");
                line.words("code", &[], &command);
            });
        }
        section.element("p", &[("class", "aside")], |line| {
            if words::may_still_come(report) {
                line.text("To wait for what is still to come: ");
                let file = report.suite.file.as_deref();
                line.words("code", &[], &commands::watch_command(report.result.id, file));
            } else {
                line.text("To judge the same evidence by other thresholds: ");
                line.words("code", &[], "cekura-gate judge cekura-report/result.json --suite FILE");
            }
        });
    });
}
