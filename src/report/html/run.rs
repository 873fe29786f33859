//! The page of a run: how it ended, why, what scored it, what was said.

use super::frame::{self, Tone};
use super::rest::lines;
use super::{Book, INDEX, run_page};
use crate::checks::figure::FigureUnit;
use crate::escape::{one_line, short, truncate, url, visible};
use crate::outcome::{Outcome, RunOutcome};
use crate::record::{ExpectedOutcome, MetricRecord, MetricValue, RunRecord, Turn};
use crate::report::markup::Markup;
use crate::report::words::{self, RunOf};
use crate::text;

/// How many turns of a conversation are shown from its beginning and from its end.
const TURNS: (usize, usize) = (150, 350);
/// How many characters of a turn are shown.
const SPOKEN: usize = 5000;
/// How many metrics are shown.
const METRICS: usize = 200;

/// How many lines the explanations of all metrics of a run may have.
const WHY: usize = 2000;
/// What the foreign text of all pages may take, in bytes before it is escaped, and that of one.
const TEXTS: usize = 50_000_000;
const TEXT: usize = 1_000_000;

/// To how many bytes each of these texts is cut, so that all of them fit the room: usually `most`.
fn cut_to<'a>(texts: impl Iterator<Item = &'a str>, room: usize, most: usize) -> usize {
    const LEAST: usize = 100;
    let (mut count, mut total) = (0_usize, 0_usize);
    for text in texts {
        count += 1;
        total = total.saturating_add(text.len().min(most));
    }
    if total <= room { most } else { (room / count.max(1)).max(LEAST) }
}

/// The page of a run. `at` is its place among the pages.
pub(super) fn page(book: &Book<'_>, at: usize, of: RunOf<'_, '_>) -> String {
    let (scenario, run, outcome) = of;
    let title = format!("Run {} · {} · {}", run.id, outcome.word(), scenario.scenario.name);
    frame::page(&title, "../", |body| {
        let tone = Tone::of_outcome(outcome.outcome);
        body.element("header", &[("class", &format!("top run {}", tone.class()))], |header| {
            header.element("div", &[("class", "inner")], |header| {
                header.element("nav", &[("aria-label", "Report")], |nav| turn_pages(nav, book, at));
                header.line_break();
                header.element("p", &[("class", "suite")], |line| {
                    line.text(&format!("Run {} · ", run.id));
                    frame::name(line, &words::variant(run, outcome), 200);
                });
                header.element("h1", &[], |title| {
                    frame::name(title, &scenario.scenario.name, 200);
                });
                header.element("p", &[("class", "badges")], |line| {
                    frame::badge(line, tone, outcome.word());
                    if book.report.is_flaky(run.id) {
                        line.text(" ");
                        frame::badge(line, Tone::Warn, "flaky: it ended otherwise at first");
                    }
                    if scenario.quarantine.is_some() {
                        line.text(" ");
                        frame::badge(line, Tone::Plain, "quarantined");
                    }
                });
                if !outcome.reason.trim().is_empty() {
                    let reason = short(&outcome.reason, 1000);
                    header.words("p", &[("class", "reason"), ("dir", "auto")], &reason);
                }
            });
        });
        body.line_break();
        body.element(
            "main",
            &[("id", "content"), ("class", "inner"), ("tabindex", "-1")],
            |main| {
                // What was said has most of the room.
                let room = (TEXTS / book.pages.len().max(1)).min(TEXT) / 10;
                facts(main, book, run, outcome);
                expected(main, run, room);
                metrics(main, run, 3 * room);
                transcript(main, book, run, 6 * room);
            },
        );
        body.line_break();
    })
}

fn turn_pages(nav: &mut Markup, book: &Book<'_>, at: usize) {
    let place =
        |at: usize| book.pages.get(at).map(|(_, run, _)| format!("../{}", run_page(run.id)));
    nav.words("a", &[("href", &format!("../{INDEX}"))], "Overview");
    let before = at.checked_sub(1).and_then(place);
    let links = [("Previous run", "prev", before), ("Next run", "next", place(at + 1))];
    for (name, rel, page) in links {
        if let Some(page) = page {
            nav.text(" ");
            nav.words("a", &[("href", &page), ("rel", rel)], name);
        }
    }
    let count = format!("{} of {}", at + 1, book.pages.len());
    nav.text(" ");
    nav.words("span", &[("class", "count")], &count);
}

fn facts(main: &mut Markup, book: &Book<'_>, run: &RunRecord, outcome: &RunOutcome) {
    let mut facts: Vec<(&str, String)> = Vec::new();
    if let Some(blame) = outcome.blame.filter(|_| outcome.outcome != Outcome::Passed) {
        facts.push(("Blame", words::blame_name(book.report, blame).to_owned()));
    }
    let said = [("Ended with", &run.ended_reason), ("Error", &run.error_message)];
    facts.extend(
        said.into_iter().filter_map(|(name, text)| Some((name, short(text.as_ref()?, 500)))),
    );
    facts.extend(run.duration_seconds.map(|duration| ("Duration", text::seconds(duration))));
    facts.extend(answers(&run.agent_latencies_ms).map(|answers| ("Agent's answers", answers)));
    facts.extend(run.executed_at.as_ref().map(|time| ("Began", frame::minute(time))));
    facts.push(("Status", short(run.status.as_str(), 60)));
    let retry = book.report.retries.iter().find(|retry| retry.counts == run.id);
    facts.extend(retry.map(|retry| {
        let runs = format!("run {} {}", retry.first.run, retry.first.outcome.name());
        let again = format!("run {} {}", retry.again.run, retry.again.outcome.name());
        ("Retried", format!("{runs}, then {again}"))
    }));
    main.element("dl", &[("class", "about")], |list| {
        for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            list.element("div", &[], |fact| {
                fact.words("dt", &[], name);
                fact.words("dd", &[("dir", "auto")], value);
            });
        }
        let recording = run.recording_url.as_deref().and_then(url::web);
        if let Some(address) = &recording {
            list.element("div", &[], |fact| {
                fact.words("dt", &[], "Recording");
                fact.element("dd", &[], |dd| {
                    let attributes = [("href", address.as_str()), ("rel", "noreferrer")];
                    dd.words("a", &attributes, "Listen to the recording");
                });
            });
        }
    });
    main.line_break();
}

/// How long the agent took for its answers, in words.
fn answers(latencies_ms: &[f64]) -> Option<String> {
    let slowest = latencies_ms.iter().copied().reduce(f64::max)?;
    let mean = latencies_ms.iter().sum::<f64>() / latencies_ms.len() as f64;
    let shown = |ms: f64| FigureUnit::Milliseconds.show(ms);
    let count = text::count(latencies_ms.len(), "answer");
    Some(format!("{count}, {} on average, the slowest {}", shown(mean), shown(slowest)))
}

fn expected(main: &mut Markup, run: &RunRecord, room: usize) {
    let Some(ExpectedOutcome { score, explanation, unreadable }) = &run.expected_outcome else {
        return;
    };
    let title = match score {
        Some(score) => format!("Expected outcome: {} of 100", text::trim_number(*score, 1)),
        None if *unreadable => "Expected outcome: its score cannot be read".to_owned(),
        None => "Expected outcome: not scored".to_owned(),
    };
    let shown = || explanation.iter().take(METRICS);
    let most = cut_to(shown().map(String::as_str), room, 2000);
    frame::section(main, "outcome", &title, |section| {
        section.element("ul", &[("class", "aligned")], |list| {
            for line in shown() {
                aligned(list, line, most);
            }
        });
        let more = explanation.len().saturating_sub(METRICS);
        if more > 0 {
            frame::paragraph(section, "aside", &format!("{more} more in result.json."));
        }
    });
}

/// A line of the explanation. The platform marks what was met and what was not.
fn aligned(list: &mut Markup, line: &str, most: usize) {
    let text = one_line(line);
    let (tone, word, rest) = match text.chars().next() {
        Some('✅' | '✓' | '✔') => (Tone::Pass, "met", true),
        Some('❌' | '✗' | '✘') => (Tone::Fail, "missed", true),
        _ => (Tone::Plain, "", false),
    };
    let skip = |c: char| "✅✓✔❌✗✘\u{fe0f} ".contains(c);
    let text = if rest { text.trim_start_matches(skip) } else { &text };
    list.element("li", &[], |item| {
        if rest {
            frame::badge(item, tone, word);
            item.text(" ");
        }
        item.words("span", &[("dir", "auto")], &truncate(text, most));
    });
    list.line_break();
}

fn metrics(main: &mut Markup, run: &RunRecord, room: usize) {
    let metrics = words::metrics_worst_first(run);
    if metrics.is_empty() {
        return;
    }
    let each = (WHY / metrics.len().min(METRICS)).min(50);
    let shown =
        metrics.iter().take(METRICS).flat_map(|metric| metric.explanation.iter().take(each));
    let most = cut_to(shown.map(String::as_str), room, 3000);
    frame::section(main, "metrics", "Metrics", |section| {
        let attributes =
            [("class", "stack metrics"), ("role", "table"), ("aria-labelledby", "metrics-title")];
        section.element("table", &attributes, |table| {
            frame::head(table, &[("Metric", false), ("Score", true), ("Why", false)]);
            table.element("tbody", &[("role", "rowgroup")], |body| {
                for metric in metrics.iter().take(METRICS) {
                    metric_row(body, metric, (each, most));
                }
            });
        });
        let more = metrics.len().saturating_sub(METRICS);
        if more > 0 {
            frame::paragraph(section, "aside", &format!("{more} more in result.json."));
        }
    });
}

fn metric_row(body: &mut Markup, metric: &MetricRecord, (each, most): (usize, usize)) {
    body.element("tr", &[("role", "row")], |row| {
        row.element("th", &[("scope", "row"), ("role", "rowheader")], |cell| {
            frame::name(cell, &metric.name, 150);
        });
        row.element("td", &[("role", "cell"), ("data-label", "Score"), ("class", "n")], |cell| {
            match metric.value {
                MetricValue::Binary(Some(true)) => frame::badge(cell, Tone::Pass, "passed"),
                MetricValue::Binary(Some(false)) => frame::badge(cell, Tone::Fail, "not passed"),
                _ => frame::name(cell, &words::score(metric), 100),
            }
        });
        row.element("td", &[("role", "cell"), ("data-label", "Why"), ("class", "why")], |cell| {
            for line in metric.explanation.iter().take(each) {
                // The signs that models write are pictures, which not every machine has.
                lines(cell, &line.replace('✅', "✓").replace('❌', "✕"), most);
            }
            let more = metric.explanation.len().saturating_sub(each);
            if more > 0 {
                let more = format!("{} more in result.json.", text::count(more, "line"));
                frame::paragraph(cell, "aside", &more);
            }
        });
    });
    body.line_break();
}

fn transcript(main: &mut Markup, book: &Book<'_>, run: &RunRecord, room: usize) {
    frame::section(main, "transcript", "Transcript", |section| {
        if run.transcript.is_empty() {
            return no_transcript(section, book, run);
        }
        let (first, last) = TURNS;
        let turns = run.transcript.len();
        let between = turns.saturating_sub(first + last);
        let is_shown = |at: usize| between == 0 || at < first || at >= first + between;
        let shown = run.transcript.iter().enumerate().filter(|(at, _)| is_shown(*at));
        let most = cut_to(shown.map(|(_, turn)| turn.content.as_str()), room, SPOKEN);
        section.element("ol", &[("class", "turns")], |list| {
            for (at, turn) in run.transcript.iter().enumerate() {
                if between > 0 && at == first {
                    let between = text::count(between, "turn");
                    let text = format!("{between} left out: all are in result.json");
                    list.words("li", &[("class", "gap")], &text);
                }
                if is_shown(at) {
                    spoken(list, at, turn, most);
                }
            }
        });
    });
}

fn no_transcript(section: &mut Markup, book: &Book<'_>, run: &RunRecord) {
    if !run.has_transcript {
        return frame::paragraph(section, "aside", "There is none: no conversation was recorded.");
    }
    let page = words::page(book.report);
    section.element("p", &[("class", "aside")], |line| {
        line.text("It is not kept in this report: ");
        line.words("code", &[], "reports.transcripts");
        line.text(" of the suite says whose are.");
        if let Some(page) = page {
            line.text(" The ");
            line.words("a", &[("href", &page), ("rel", "noreferrer")], "result's page");
            line.text(" has it.");
        }
    });
    section.line_break();
}

fn spoken(list: &mut Markup, at: usize, turn: &Turn, most: usize) {
    let role = one_line(&turn.role).to_lowercase();
    let class = if role.contains("testing") || role.contains("user") || role.contains("caller") {
        "turn caller"
    } else if role.contains("agent") || role.contains("assistant") || role.contains("bot") {
        "turn agent"
    } else {
        "turn other"
    };
    let id = format!("turn-{}", at + 1);
    list.element("li", &[("class", class), ("id", &id)], |item| {
        item.element("p", &[("class", "who")], |who| {
            let name = short(&turn.role, 60);
            who.words("bdi", &[], if name.is_empty() { "unknown" } else { &name });
            if let Some(clock) = words::clock(turn) {
                who.text(" ");
                who.words("span", &[("class", "clock")], &clock);
            }
        });
        let text = truncate(visible(&turn.content).trim(), most);
        item.words("p", &[("class", "said"), ("dir", "auto")], &text);
    });
    list.line_break();
}
