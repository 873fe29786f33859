//! Figures, counts and lines as every report shows them.

use std::fs;

use cekura_gate::checks::figure::FigureUnit;
use cekura_gate::report::console::{Style, console};
use cekura_gate::report::html;
use cekura_gate::report::junit;
use cekura_gate::report::markdown::comment::{Origin, comment};
use cekura_gate::report::markdown::markdown;
use cekura_gate::report::model::Report;
use cekura_gate::verdict::Verdict;
use unicode_width::UnicodeWidthStr as _;

use crate::report_files::sample;

/// A report of which the first check saw this beside that.
fn beside(value: f64, threshold: f64, unit: FigureUnit) -> Report {
    let mut report = sample::report();
    report.checks.truncate(1);
    for check in &mut report.checks {
        (check.value, check.threshold, check.unit) = (Some(value), threshold, unit);
        (check.interval, check.verdict) = (None, Verdict::Fail);
        check.reason = format!("saw {}", check.shown(value));
        check.condition = format!(">= {}", check.shown_threshold());
    }
    report
}

/// Every text that people read.
fn texts(report: &Report) -> Vec<(&'static str, String)> {
    let style = Style { color: false, width: 100 };
    vec![
        ("terminal", console(report, style, &[])),
        ("summary", markdown(report)),
        ("comment", comment(report, Origin::default())),
        ("junit", junit::junit(report)),
        ("page", page(report)),
    ]
}

/// The first page of the HTML report.
fn page(report: &Report) -> String {
    let mut page = String::new();
    html::each(report, |file, text| {
        if file == html::INDEX {
            page = text.to_owned();
        }
        Ok::<(), ()>(())
    })
    .unwrap();
    page
}

#[test]
fn a_share_below_its_threshold_is_nowhere_shown_as_the_threshold() {
    for (value, threshold, unit, shown) in [
        (0.9495, 0.95, FigureUnit::Share, "94.95%"),
        (0.949_999_99, 0.95, FigureUnit::Share, "94.999999%"),
        (1.9996, 2.0, FigureUnit::Seconds, "1.9996s"),
        (f64::INFINITY, 2.0, FigureUnit::Milliseconds, "not a finite number"),
    ] {
        for (surface, text) in texts(&beside(value, threshold, unit)) {
            assert!(text.contains(shown), "{surface} lacks {shown}:\n{text}");
            assert!(!text.contains("infms") && !text.contains("NaN"), "{surface}");
        }
    }
}

#[test]
fn each_check_that_was_missed_is_named_on_the_terminal() {
    let mut report = sample::report();
    let missed = report.checks.first().cloned().unwrap();
    report.checks = (0..57)
        .map(|n| {
            let mut check = missed.clone();
            check.name = format!("metric {n}");
            check
        })
        .collect();
    for width in [40, 80, 120] {
        let text = console(&report, Style { color: false, width }, &[]);
        for n in 0..57 {
            assert!(text.contains(&format!("metric {n}")), "{n} at {width}:\n{text}");
        }
    }
}

#[test]
fn a_line_never_ends_within_a_word() {
    let mut report = sample::report();
    for check in &mut report.checks {
        check.name = "workflow_adherence_of_returning_customers".to_owned();
    }
    let words = "incomprehensibilities antidisestablishmentarianism floccinaucinihilipilification";
    report.notes.push(words.to_owned());
    for width in [40, 80, 120] {
        let text = console(&report, Style { color: false, width }, &[]);
        for word in words.split(' ') {
            assert!(text.contains(word), "{word} is broken at {width}:\n{text}");
        }
        for line in
            text.lines().filter(|line| !line.contains("http") && !line.contains("cekura-gate "))
        {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
    // What is longer than a line ends it behind a mark, or is cut where it has none.
    report.notes = vec!["a".repeat(200), "part/".repeat(40)];
    let text = console(&report, Style { color: false, width: 40 }, &[]);
    assert!(text.contains(&format!("{}…", "a".repeat(35))), "{text}");
    assert!(text.lines().filter(|line| line.ends_with("part/")).count() > 5, "{text}");
}

#[test]
fn the_terminal_lists_what_is_quarantined_with_its_owner_and_date() {
    let mut report = sample::report();
    let scenario = report.result.runs.first().and_then(|run| run.scenario).unwrap();
    report.suite.quarantine = vec![
        serde_json::from_value(serde_json::json!({
            "scenario": scenario, "until": "2026-12-31", "owner": "payments", "reason": "ticket 42",
        }))
        .unwrap(),
    ];
    let text = console(&report, Style { color: false, width: 100 }, &[]);
    assert!(text.contains("Quarantined\n"), "{text}");
    assert!(text.contains("until 2026-12-31, payments: ticket 42"), "{text}");
}

#[test]
fn no_text_that_is_held_anywhere_counts_one_of_many() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut dirs: Vec<_> =
        ["tests", "src", "docs"].map(|dir| format!("{root}/{dir}").into()).into();
    dirs.push(std::path::PathBuf::from(format!("{root}/README.md")));
    let nouns = "runs checks scenarios calls suites requests results samples values notes seconds \
                 minutes conversations metrics gates reasons retries sets files bytes turns";
    let mut wrong = Vec::new();
    while let Some(path) = dirs.pop() {
        if path.is_dir() {
            dirs.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let known =
            path.extension().is_some_and(|end| ["rs", "snap", "md"].iter().any(|e| end == *e));
        if !known || path.ends_with("report_files/numbers.rs") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '.').collect();
            let plural = |pair: &&[&str]| matches!(pair, ["1", noun] if nouns.split_whitespace().any(|n| n == *noun));
            if words.windows(2).any(|pair| plural(&pair)) {
                wrong.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
