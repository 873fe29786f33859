//! `index.html` of several gates: the verdict of the whole, and a row for each gate that leads to
//! its own report.

use super::frame::{self, Tone};
use super::overview::{strip, tiles};
use crate::escape::short;
use crate::exit::Code;
use crate::report::gates::{BatchReport, BatchVerdict, Gate};
use crate::report::markup::Markup;
use crate::report::words;
use crate::text;

pub(super) fn page(whole: &BatchReport) -> String {
    let title = format!("{} · {}", whole.headline(), short(&whole.name, 120));
    frame::page(&title, "", |body| {
        let softened = whole.is_softened() && whole.code() == Code::Passed;
        let tone = if softened { Tone::Warn } else { Tone::of_batch(whole.verdict()) };
        body.element("header", &[("class", &format!("top {}", tone.class()))], |header| {
            header.element("div", &[("class", "inner")], |header| head(header, whole));
        });
        body.line_break();
        body.element("div", &[("class", "inner")], |inner| {
            inner.element("main", &[("id", "content"), ("tabindex", "-1")], |main| {
                frame::section(main, "suites", "Suites", |section| suites(section, whole));
            });
        });
        body.line_break();
        body.element("footer", &[("class", "inner")], |footer| {
            footer.element("p", &[], |line| {
                line.text(concat!("Written by cekura-gate ", env!("CARGO_PKG_VERSION"), ". "));
                line.text("The figures are also in gates.json, beside this directory.");
            });
        });
        body.line_break();
    })
}

fn head(header: &mut Markup, whole: &BatchReport) {
    header.element("p", &[("class", "suite")], |line| {
        frame::name(line, &whole.name, 200);
        if whole.simulated {
            line.text(" ");
            frame::badge(line, Tone::Plain, "rehearsal");
        }
    });
    header.line_break();
    let word = match whole.verdict() {
        verdict if whole.is_softened() && whole.code() == Code::Passed => match verdict {
            BatchVerdict::Fail => "Would fail (report only):",
            _ => "Would be inconclusive (report only):",
        },
        BatchVerdict::Pass => "Passed",
        BatchVerdict::Fail => "Failed",
        BatchVerdict::Inconclusive => "Inconclusive",
        // Its headline begins with the word.
        BatchVerdict::Skipped => "",
    };
    header.element("h1", &[], |title| {
        title.words("span", &[("class", "verdict")], word);
        title.text(" ");
        title.words("bdi", &[("class", "headline")], &whole.headline());
    });
    header.line_break();
    header.element("p", &[("class", "facts")], |facts| {
        facts.text(&frame::minute(&whole.timing.started_at));
        facts.text(&format!(" · took {}", text::seconds(whole.timing.elapsed_seconds)));
        if let Some(calls) = whole.concurrency {
            let calls = text::count(calls as usize, "call");
            facts.text(&format!(" · at most {calls} at a time"));
        }
        facts.text(&format!(" · exit code {}", whole.code().number()));
    });
    header.line_break();
    if whole.is_skipped() {
        return;
    }
    let (tally, going) = (whole.tally(), whole.still_going());
    tiles(header, &tally, None, 0.95, going);
    strip(header, &tally, &words::tally_of(&tally));
}

fn suites(section: &mut Markup, whole: &BatchReport) {
    let columns = [
        ("Verdict", false),
        ("Suite", false),
        ("What became of it", false),
        ("Runs", true),
        ("Exit", true),
    ];
    frame::table(section, "The suites, the worst first", &columns, |rows| {
        for gate in whole.worst_first() {
            rows.element("tr", &[("role", "row")], |row| self::row(row, gate));
            rows.line_break();
        }
    });
}

fn row(row: &mut Markup, gate: &Gate) {
    let (tone, word) = match gate.code {
        _ if gate.is_base => (Tone::Plain, "base"),
        _ if gate.is_skipped() => (Tone::Plain, "skipped"),
        _ if gate.is_softened() => (Tone::Warn, gate.word()),
        Code::Passed => (Tone::Pass, "passed"),
        Code::Failed => (Tone::Fail, "failed"),
        Code::Inconclusive => (Tone::Open, "inconclusive"),
        _ => (Tone::Error, "not finished"),
    };
    row.element("td", &[], |cell| frame::badge(cell, tone, word));
    row.element("th", &[("scope", "row"), ("role", "rowheader")], |cell| match gate.report() {
        // Its directory is made of letters, digits and hyphens.
        Some(_) => {
            let page = format!("../{}/html/index.html", gate.dir);
            cell.element("a", &[("href", &page)], |link| frame::name(link, &gate.name, 200));
        }
        None => frame::name(cell, &gate.name, 200),
    });
    row.words("td", &[], &short(gate.headline(), 500));
    let tally = gate.report().map(|report| report.tally);
    frame::figure_cell(row, &tally.map_or_else(|| "–".to_owned(), |tally| tally.total.to_string()));
    frame::figure_cell(row, &gate.code.number().to_string());
}
