//! `index.html`: verdict first, then checks, what failed and why, then everything else.

use super::frame::{self, Tone};
use super::{Book, checks, failures, pictures, power, rest, rounds};
use crate::escape::short;
use crate::report::markup::Markup;
use crate::report::model::{Report, Tally};
use crate::report::words;
use crate::stats::rate::bounds;
use crate::verdict::CheckReport;
use crate::{numbers, text};

/// A part of the overview: its anchor, its name, what writes it, whether there is any of it.
type Part<'a> = (&'static str, &'static str, fn(&mut Markup, &Book<'a>), bool);

pub(super) fn page(book: &Book<'_>) -> String {
    let report = book.report;
    let title = format!("{} · {}", words::verdict_line(report), suite_name(report));
    frame::page(&title, "", |body| {
        let tone = Tone::of_report(report);
        body.element("header", &[("class", &format!("top {}", tone.class()))], |header| {
            header.element("div", &[("class", "inner")], |header| head(header, report));
        });
        body.line_break();
        let parts = parts(book);
        body.element("div", &[("class", "inner columns")], |columns| {
            columns.element("nav", &[("aria-label", "On this page")], |nav| {
                nav.element("ul", &[], |list| {
                    for (id, name, _, _) in parts.iter().filter(|part| part.3) {
                        list.element("li", &[], |item| {
                            item.words("a", &[("href", &format!("#{id}"))], name);
                        });
                    }
                });
            });
            columns.line_break();
            columns.element("main", &[("id", "content"), ("tabindex", "-1")], |main| {
                for (_, _, write, _) in parts.iter().filter(|part| part.3) {
                    write(main, book);
                }
            });
        });
        body.line_break();
        foot(body, report);
    })
}

/// The parts of the overview. Those without anything in them have no place in it.
fn parts<'a>(book: &Book<'a>) -> Vec<Part<'a>> {
    let report = book.report;
    let has = |stem: &str| book.plots.iter().any(|plot| plot.stem.starts_with(stem));
    let failing = !words::failing(book.scenarios).is_empty();
    let unknown = !words::unknown_by_blame(book.scenarios).is_empty();
    let quarantined = book.scenarios.iter().any(|scenario| scenario.quarantine.is_some());
    vec![
        ("checks", "Checks", checks::section, !report.checks.is_empty()),
        ("rounds", "Rounds", rounds::section, report.rounds.is_some()),
        ("notes", "Notes", rest::notes, !report.notes.is_empty()),
        ("failing", "Failing scenarios", failures::failing, failing),
        ("unknown", "Runs without a verdict", failures::unknown, unknown),
        ("quarantine", "Quarantined", failures::quarantined, quarantined),
        ("paths", "Paths", rest::paths, rest::has_paths(report)),
        ("suggestions", "Suggestions", rest::suggestions, rest::has_suggestions(report)),
        ("baseline", "Since the baseline", pictures::baseline, report.baseline.is_some()),
        ("scenarios", "Success by scenario", pictures::scenarios, has("scenarios")),
        ("runs", "Every run", pictures::runs, has("runs")),
        ("figures", "Latency and duration", pictures::figures, has("figure")),
        ("time", "Time line", pictures::time, has("time")),
        ("power", "What the runs can see", power::section, has("power")),
        ("retries", "Retries", rest::retries, !report.retries.is_empty()),
        ("pages", "All run pages", failures::all_pages, !book.pages.is_empty()),
        ("about", "About this report", rest::about, true),
    ]
}

fn suite_name(report: &Report) -> String {
    let name = short(&report.suite.name, 200);
    if name.is_empty() { "cekura-gate".to_owned() } else { name }
}

fn head(header: &mut Markup, report: &Report) {
    header.element("p", &[("class", "suite")], |line| {
        frame::name(line, &suite_name(report), 200);
        if report.simulated {
            line.text(" ");
            frame::badge(line, Tone::Plain, "rehearsal");
        }
        if report.suite.report_only {
            line.text(" ");
            frame::badge(line, Tone::Plain, "report only");
        }
    });
    header.line_break();
    let (word, rest) = verdict_words(report);
    header.element("h1", &[], |title| {
        title.words("span", &[("class", "verdict")], &word);
        if !rest.is_empty() {
            title.text(" ");
            title.words("bdi", &[("class", "headline")], &rest);
        }
    });
    header.line_break();
    header.element("p", &[("class", "facts")], |facts| {
        results(facts, report);
        let agent = report.result.agent_name.as_deref().map(|name| short(name, 100));
        if let Some(agent) = agent.filter(|name| !name.is_empty()) {
            facts.text(" · ");
            frame::name(facts, &agent, 100);
        }
        if let Some(version) = report.result.version() {
            facts.text(" · agent version ");
            frame::name(facts, &version, 60);
        }
        facts.text(&format!(" · {}", report.suite.mode.name()));
        facts.text(&format!(" · {}", frame::minute(&report.timing.started_at)));
        facts.text(&format!(" · took {}", text::seconds(report.timing.elapsed_seconds)));
        facts.text(&format!(" · exit code {}", report.exit_code));
        if let Some(would) = report.would_exit_code {
            facts.text(&format!(", enforced it would be {would}"));
        }
    });
    header.line_break();
    let confidence = report.suite.thresholds.confidence.map_or(0.95, |percent| percent.fraction());
    tiles(header, &report.tally, rate_check(report), confidence, words::still_going(report));
    strip(header, &report.tally, &words::tally(report));
}

/// The results, each with a link to its page where it has one.
fn results(facts: &mut Markup, report: &Report) {
    const MOST: usize = 24;
    let results = words::results(report);
    let several = results.len() > 1;
    facts.text(if several { "Results " } else { "" });
    for (at, (id, page)) in results.iter().take(MOST).enumerate() {
        let result = if several { id.to_string() } else { format!("Result {id}") };
        facts.text(if at > 0 { ", " } else { "" });
        match page {
            Some(url) => facts.words("a", &[("href", url), ("rel", "noreferrer")], &result),
            None => facts.text(&result),
        }
    }
    let more = results.len().saturating_sub(MOST);
    if more > 0 {
        facts.text(&format!(" and {more} more"));
    }
}

/// The verdict's word, and the rest of its line.
fn verdict_words(report: &Report) -> (String, String) {
    let line = words::verdict_line(report);
    let word = &words::verdict_word(report);
    match line.split_once(": ") {
        Some((head, rest)) if head.eq_ignore_ascii_case(word) => (head.to_owned(), rest.to_owned()),
        _ => (line, String::new()),
    }
}

/// The check on the success rate of all runs.
fn rate_check(report: &Report) -> Option<&CheckReport> {
    report.checks.iter().find(|check| check.scenario.is_none() && check.name == "success_rate")
}

/// The figures of a tally. The interval is that of the check on the success rate, where there is one
/// with a confidence. So many of its errored runs are still going.
pub(super) fn tiles(
    header: &mut Markup,
    tally: &Tally,
    check: Option<&CheckReport>,
    confidence: f64,
    still_going: usize,
) {
    let judged = tally.passed + tally.failed;
    let thresholds: Vec<f64> = check.iter().map(|check| check.threshold).collect();
    let show = |share: f64| numbers::beside(share, &thresholds, numbers::SHARE);
    let rate = tally.success_rate().map_or_else(|| "–".to_owned(), show);
    let sure = if judged == 0 {
        "no run was judged".to_owned()
    } else {
        let of_check = check.and_then(|check| check.interval);
        let of_check = of_check.and_then(|seen| Some(((seen.low, seen.high), seen.confidence?)));
        let open = tally.errored + tally.unscored + tally.missing;
        let of_tally = || (bounds(tally.passed, tally.failed, open, confidence), confidence);
        let ((low, high), confidence) = of_check.unwrap_or_else(of_tally);
        format!("{} to {}, {} sure", show(low), show(high), numbers::percent(confidence))
    };
    let errored = match still_going {
        0 => "never a fair conversation".to_owned(),
        going => format!("{going} of them still going"),
    };
    let mut tiles = vec![
        ("Success rate", rate, sure),
        ("Passed", tally.passed.to_string(), format!("of {judged} judged")),
        ("Failed", tally.failed.to_string(), "the agent failed".to_owned()),
        ("Errored", tally.errored.to_string(), errored),
    ];
    let others = [
        ("Unscored", tally.unscored, "nothing judged them"),
        ("Missing", tally.missing, "planned, never arrived"),
        ("Quarantined", tally.quarantined, "count towards nothing"),
    ];
    for (name, number, why) in others.into_iter().filter(|(_, number, _)| *number > 0) {
        tiles.push((name, number.to_string(), why.to_owned()));
    }
    header.element("dl", &[("class", "tiles")], |list| {
        for (name, figure, more) in &tiles {
            list.element("div", &[], |tile| {
                tile.words("dt", &[], name);
                tile.element("dd", &[], |dd| {
                    dd.words("span", &[("class", "figure")], figure);
                    dd.words("span", &[("class", "more")], more);
                });
            });
        }
    });
    header.line_break();
}

/// The outcomes as one bar.
pub(super) fn strip(header: &mut Markup, tally: &Tally, label: &str) {
    let parts = [
        (tally.passed, Tone::Pass),
        (tally.failed, Tone::Fail),
        (tally.unscored, Tone::Open),
        (tally.errored, Tone::Error),
        (tally.missing, Tone::Plain),
    ];
    let whole: usize = parts.iter().map(|(number, _)| number).sum();
    if whole == 0 {
        return;
    }
    let attributes = [
        ("class", "strip"),
        ("viewBox", "0 0 1000 10"),
        ("preserveAspectRatio", "none"),
        ("role", "img"),
        ("aria-label", label),
    ];
    header.element("svg", &attributes, |svg| {
        let mut x = 0.0;
        for (number, tone) in parts {
            let width = number as f64 / whole as f64 * 1000.0;
            if number > 0 {
                let (at, wide) = (format!("{x:.1}"), format!("{:.1}", (width - 2.0).max(1.0)));
                let class = format!("fill-{}", tone.class());
                let attributes =
                    [("class", class.as_str()), ("x", &at), ("width", &wide), ("height", "10")];
                svg.empty("rect", &attributes);
            }
            x += width;
        }
    });
    header.line_break();
}

fn foot(body: &mut Markup, report: &Report) {
    body.element("footer", &[("class", "inner")], |footer| {
        footer.element("p", &[], |line| {
            line.text(&format!("Written by cekura-gate {}. ", short(&report.tool_version, 40)));
            line.text("Everything here is also in result.json, beside this directory.");
        });
    });
    body.line_break();
}
