//! The HTML report: what its pages hold, that nothing in them is forged or active, that every link
//! leads somewhere, and that it stays small.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use cekura_gate::exit::Code;
use cekura_gate::report::comparison::Compared;
use cekura_gate::report::gates::{BatchReport, Gate, GateEnd};
use cekura_gate::report::html::{self, GENERATOR, INDEX, MOST_PAGES, each};
use cekura_gate::report::model::{BaselineHead, PlanHead, Report, Timing};
use cekura_gate::retry::{RetryRecord, RetryRun};
use cekura_gate::traffic::Traffic;
use proptest::prelude::*;
use quick_xml::events::Event;

use super::{HOSTILE, sample};

pub(crate) type Files = BTreeMap<String, String>;

pub(crate) fn files(report: &Report) -> Files {
    let mut files = Files::new();
    let written: Result<(), Infallible> = each(report, |path, text| {
        let twice = files.insert(path.to_owned(), text.to_owned());
        assert!(twice.is_none() || path.starts_with("runs/"), "{path} is written twice");
        Ok(())
    });
    let Ok(()) = written;
    files
}

/// 40 scenarios, times of the calls, retries, and a baseline that was better in some and worse in
/// others.
fn rich() -> Report {
    let mut report = sample::large(400, 12);
    for (at, run) in report.result.runs.iter_mut().enumerate() {
        run.executed_at = Some(format!("2026-11-20T14:{:02}:{:02}Z", at / 60, at % 60));
        run.recording_url = Some(format!("https://recordings.example/{}.mp3?a=1&b=2", run.id));
        if run.scenario.is_some_and(|id| id % 3 == 0) {
            run.success = run.success.map(|_| true);
        }
    }
    sample::recount(&mut report);
    let mut base = report.result.clone();
    for run in &mut base.runs {
        run.success = run.success.map(|passed| match run.scenario.unwrap_or_default() % 5 {
            0 => true,
            1 => run.id % 2 == 0,
            _ => passed,
        });
    }
    let comparison =
        Compared::of(&base, &report.result, &PlanHead::default(), 0.05, 0.05).comparison;
    let retried = RetryRecord {
        attempt: 1,
        result: 4712,
        first: RetryRun::of(&report.outcomes[0]),
        again: RetryRun::of(&report.outcomes[4]),
        flaky: false,
        counts: report.outcomes[4].run,
    };
    report.baseline = Some(BaselineHead {
        agent_version: None,
        from: "main".into(),
        result: 4600,
        comparison,
        runs: base.runs,
        missing: 0,
    });
    report.retries = vec![retried];
    report
}

fn one_run() -> Report {
    let mut report = sample::report();
    report.result.runs.truncate(1);
    report.checks.truncate(1);
    sample::recount(&mut report);
    report
}

/// Every kind of result that the pages are looked at with.
fn all() -> Vec<(String, Report)> {
    let named = [
        ("failing", sample::report()),
        ("passing", sample::passing()),
        ("inconclusive", sample::errored()),
        ("unscored", sample::unscored()),
        ("quarantined", sample::quarantined()),
        ("empty", sample::empty()),
        ("one-run", one_run()),
        ("rich", rich()),
        ("hostile", sample::hostile(&HOSTILE.join(" "))),
        ("large", sample::large(5000, 8)),
    ];
    named.into_iter().map(|(name, report)| (name.to_owned(), report)).collect()
}

/// An element of a page: its name and its attributes.
type Element = (String, Vec<(String, String)>);

/// The elements of a page, and its text. A page is XML below its doctype, so that a reader that
/// forgives nothing can read it: what is not closed, or closed twice, is refused.
fn parse(page: &str) -> (Vec<Element>, String) {
    let page = page.strip_prefix("<!doctype html>\n").unwrap_or(page);
    let mut reader = quick_xml::Reader::from_str(page);
    let (mut elements, mut text) = (Vec::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let name = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    let value = String::from_utf8(attribute.value.to_vec()).unwrap();
                    (name, value)
                });
                let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                elements.push((name, attributes.collect()));
            }
            Event::Text(part) => text.push_str(&part.decode().unwrap()),
            Event::Eof => return (elements, text),
            Event::End(_) | Event::GeneralRef(_) => {}
            // A comment, say: no element of ours.
            other => elements.push((format!("{other:?}"), Vec::new())),
        }
    }
}

const ELEMENTS: &str = "html head meta title link body a header footer nav main section article div p \
    h1 h2 h3 span bdi ul ol li dl dt dd table caption thead tbody tr th td code details summary \
    figure figcaption picture source img svg desc rect circle line path text";
const ATTRIBUTES: &str = "lang charset name http-equiv content rel type href class id role tabindex scope colspan dir \
    aria-label aria-labelledby aria-hidden data-label src srcset media width height alt xmlns viewBox \
    preserveAspectRatio x y x1 y1 x2 y2 cx cy r rx d fill fill-opacity stroke stroke-width \
    stroke-dasharray stroke-linecap font-family font-size text-anchor";

/// Nothing in it but what the program writes: no script, no style, no handler, no strange link.
fn hold_harmless(path: &str, page: &str) {
    for (name, attributes) in parse(page).0 {
        assert!(ELEMENTS.split_whitespace().any(|known| known == name), "{path}: <{name}>");
        for (attribute, value) in attributes {
            assert!(
                ATTRIBUTES.split_whitespace().any(|known| known == attribute),
                "{path}: {attribute} of <{name}>"
            );
            if ["href", "src", "srcset"].contains(&attribute.as_str()) {
                let outside = value.starts_with("https://") || value.starts_with("http://");
                let inside = !value.contains(':') && !value.starts_with('/');
                assert!((outside && name == "a") || inside, "{path}: {name} leads to {value}");
            }
        }
    }
}

/// Each page forbids scripts, frames and requests, also where a server sends no policy of its own.
fn hold_policy(path: &str, page: &str) {
    let (elements, _) = parse(page);
    let policies = elements.iter().filter(|(_, attributes)| {
        attributes.iter().any(|(_, value)| value == "Content-Security-Policy")
    });
    let policies: Vec<String> = policies.map(|(_, attributes)| format!("{attributes:?}")).collect();
    assert_eq!(policies.len(), 1, "{path}");
    assert!(policies[0].contains("default-src &apos;none&apos;"), "{path}: {}", policies[0]);
    assert!(!policies[0].contains("script") && !policies[0].contains("unsafe"), "{path}");
}

/// Every link of a page leads to a file, and to an element where it names one.
fn hold_links(files: &Files, path: &str, page: &str) {
    let (elements, _) = parse(page);
    let attributes = || elements.iter().flat_map(|(_, attributes)| attributes);
    let values = |wanted: &str| -> Vec<&str> {
        let named = attributes().filter(|(name, _)| name == wanted);
        named.map(|(_, value)| value.as_str()).collect()
    };
    let ids = values("id");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{path}: an id stands twice");
    for target in ["href", "src", "srcset"].iter().flat_map(|name| values(name)) {
        if target.contains("://") {
            continue;
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        if !anchor.is_empty() {
            assert!(ids.contains(&anchor), "{path}: nothing is called {anchor}");
        }
        if !file.is_empty() {
            let below = Path::new(path).parent().unwrap().join(file);
            let place = match below.to_string_lossy().split_once("../") {
                Some((_, rest)) => rest.to_owned(),
                None => below.to_string_lossy().into_owned(),
            };
            assert!(files.contains_key(&place), "{path}: {target} is not there");
        }
    }
}

/// The headings of a page with the columns of its tables.
fn outline(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some((_, tail)) = rest.split_once('<') {
        let (tag, after) = tail.split_once('>').unwrap_or((tail, ""));
        let name = tag.split_whitespace().next().unwrap_or_default();
        let end = format!("</{name}>");
        let inner = after.split_once(&end).map_or("", |(inner, _)| inner);
        let plain: String =
            inner.split('<').map(|part| part.rsplit('>').next().unwrap_or_default()).collect();
        match name {
            "h1" => out.push_str(&format!("# {plain}\n")),
            "h2" => out.push_str(&format!("## {plain}\n")),
            "h3" => out.push_str(&format!("### {plain}\n")),
            "th" if tag.contains("\"col\"") => out.push_str(&format!("| {plain} ")),
            "tbody" if out.ends_with(' ') => out.push_str("|\n"),
            _ => {}
        }
        rest = after;
    }
    out
}

#[test]
fn the_overview_says_the_verdict_first_and_everything_once() {
    let files = files(&sample::report());
    insta::assert_snapshot!(outline(&files[INDEX]), @r"
    # Failed success_rate is 75%, wanted &gt;= 90%; errors is inconclusive
    ## Checks
    | Verdict | Check | Wanted | Seen | Interval and threshold | Runs |
    ## Notes
    ## 1 of 3 scenarios with failed runs
    ### Refund for a late order 2 of 3 runs failed
    ## 1 run without a verdict
    | Run | Outcome | Scenario | Variant | Why |
    ## What the platform suggests
    ### What happened
    ### Why it happened
    ### How to fix it
    ### Failures by cause
    ### Next steps
    ## Success by scenario
    | Scenario | Rate | Interval | Passed | Failed | Errored | Unscored |
    ## Every run
    | Scenario | Runs, the first one first |
    ## Latency, duration and other figures
    | Figure | Calls | Smallest | Median | Mean | p90 | p95 | p99 | Largest |
    ## All run pages
    | Run | Outcome | Scenario | Variant | Why |
    ## About this report
    ");
}

#[test]
fn the_page_of_a_run_holds_outcome_metrics_and_transcript() {
    let files = files(&rich());
    let page = &files["runs/1.html"];
    insta::assert_snapshot!(outline(page), @r"
    # Scenario number 0
    ## Expected outcome: 50 of 100
    ## Metrics
    | Metric | Score | Why |
    ## Transcript
    ");
    for text in [
        "https://recordings.example/1.mp3?a=1&amp;b=2",
        "The agent said something that it should not",
        "Step 3 (look the order up) was skipped",
        "Let me look that up for you, one moment please.",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn every_page_is_whole_harmless_and_linked() {
    for (name, report) in all() {
        let files = files(&report);
        for (path, text) in files.iter().filter(|(path, _)| !path.ends_with(".css")) {
            let path_of = format!("{name}/{path}");
            hold_harmless(&path_of, text);
            hold_links(&files, path, text);
            if path.ends_with(".html") {
                hold_policy(&path_of, text);
            }
            assert_eq!(path.ends_with(".html"), text.contains(GENERATOR), "{path_of}");
        }
    }
}

#[test]
fn every_run_that_did_not_pass_has_a_page_and_every_one_whose_transcript_is_kept() {
    let mut report = sample::report();
    let pages = |report: &Report| -> Vec<String> {
        files(report).into_keys().filter(|path| path.starts_with("runs/")).collect()
    };
    assert_eq!(pages(&report), ["runs/9001.html", "runs/9002.html", "runs/9006.html"]);
    report.result.runs[2].transcript = vec![sample::turn("Main Agent", 1.0, "Hello")];
    assert!(pages(&report).contains(&"runs/9003.html".to_owned()));
}

#[test]
fn a_run_without_a_kept_transcript_says_so() {
    let mut report = sample::report();
    report.result.runs[0].transcript.clear();
    let files = files(&report);
    assert!(files["runs/9001.html"].contains("not kept in this report"));
    assert!(files["runs/9006.html"].contains("no conversation was recorded"));
}

#[test]
fn a_huge_result_has_some_pages_of_each_scenario_and_says_what_it_left_out() {
    let mut report = sample::large(10_000, 4);
    for outcome in &mut report.outcomes {
        outcome.reason = "Why ".repeat(100);
    }
    let files = files(&report);
    let pages = files.keys().filter(|path| path.starts_with("runs/")).count();
    assert_eq!(pages, MOST_PAGES);
    let worth = report.outcomes.iter().filter(|o| o.outcome.name() != "passed").count();
    let note = format!("{MOST_PAGES} of {worth} runs have a page");
    assert!(files[INDEX].contains(&note), "{note}");
    let bytes: usize = files.values().map(String::len).sum();
    assert!(bytes < 16_000_000, "{bytes} bytes");
    assert!(files[INDEX].len() < 1_000_000, "the index has {} bytes", files[INDEX].len());
}

#[test]
fn a_long_conversation_is_shown_by_its_beginning_and_its_end() {
    let mut report = sample::report();
    let said = |at| sample::turn("Main Agent", f64::from(at), &format!("turn number {at}."));
    report.result.runs[0].transcript = (0..3000).map(said).collect();
    report.result.runs[0].transcript[1].content = "x".repeat(1_000_000);
    let files = files(&report);
    let page = &files["runs/9001.html"];
    assert!(page.contains("turn number 0.") && page.contains("turn number 2999."));
    assert!(page.contains("2500 turns left out") && !page.contains("turn number 1000."));
    assert!(page.len() < 200_000, "{}", page.len());
}

#[test]
fn pages_stay_small_when_every_text_is_huge() {
    let text = "@<&|\\`\u{10ffff}".repeat(200);
    let mut report = sample::hostile(&text);
    report.notes = vec![text.clone(); 500];
    let why = vec![text.clone(); 300];
    for run in &mut report.result.runs {
        run.transcript =
            (0..700).map(|at| sample::turn("Main Agent", f64::from(at), &text)).collect();
        let metric = run.metrics.pop();
        let many = metric.into_iter().cycle().take(100).map(|mut metric| {
            metric.explanation.clone_from(&why);
            metric
        });
        run.metrics = many.collect();
        if let Some(expected) = &mut run.expected_outcome {
            expected.explanation.clone_from(&why);
        }
    }
    for (path, page) in files(&report) {
        // Escaping makes a character several, and a turn has markup around it.
        assert!(page.len() < 4_000_000, "{path}: {} bytes", page.len());
    }
    let page = &files(&report)["runs/9001.html"];
    for said in ["200 turns left out: all are in result.json", "more in result.json", " more)"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn a_result_without_runs_has_an_overview_without_plots() {
    let files = files(&sample::empty());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["icon.svg", "index.html", "style.css"]);
}

#[test]
fn a_threshold_is_drawn_where_the_figure_is() {
    let files = files(&sample::report());
    let plot = &files["plots/figure-1.svg"];
    assert!(plot.contains("<title>Latency</title>"), "{plot}");
    assert!(plot.contains("wanted p95 ≤ 2500 ms"), "{plot}");
}

#[test]
fn bidirectional_controls_do_not_reach_a_page() {
    let files = files(&sample::hostile("evil\u{202e}txt.exe\u{2066}\u{200f}"));
    for (path, text) in files {
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_forges_an_element_or_an_attribute(
        pieces in prop::collection::vec(
            prop_oneof![prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned), any::<String>()],
            0..4,
        )
    ) {
        let files = files(&sample::hostile(&pieces.concat()));
        for (path, text) in files.iter().filter(|(path, _)| !path.ends_with(".css")) {
            hold_harmless(path, text);
        }
    }
}

/// Writes the pages for `ci/browser.sh` into the directory that `CEKURA_GATE_PAGES` names.
#[test]
fn writes_pages() {
    let Some(dir) = std::env::var_os("CEKURA_GATE_PAGES").map(PathBuf::from) else {
        return;
    };
    for (name, report) in all() {
        for (path, text) in files(&report) {
            let file = dir.join(&name).join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
    }
    let dir = dir.join("whole");
    let write = |path: &str, text: &str| {
        let file = dir.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text)
    };
    html::each(&whole(), write).unwrap();
    each(&sample::report(), |path, text| write(&format!("html/{path}"), text)).unwrap();
}

/// Every report as one of several gates, in one directory, and one without evidence.
fn whole() -> BatchReport {
    let gate = |(name, report): (String, Report)| Gate {
        name,
        file: None,
        dir: "whole".to_owned(),
        is_base: false,
        group: None,
        code: Code::of_number(report.exit_code).unwrap(),
        end: GateEnd::Judged(Box::new(report)),
    };
    let mut gates: Vec<Gate> = all().into_iter().map(gate).collect();
    gates.push(Gate {
        name: HOSTILE.join(" "),
        file: None,
        dir: "none".to_owned(),
        is_base: false,
        group: None,
        code: Code::Api,
        end: GateEnd::Ended(HOSTILE.join(" ")),
    });
    BatchReport {
        name: "All of them".to_owned(),
        gates,
        timing: Timing::default(),
        traffic: Traffic::default(),
        concurrency: Some(10),
        simulated: true,
        not_written: None,
        is_single: false,
    }
}

#[test]
fn the_page_of_several_gates_leads_to_each_that_was_judged() {
    let mut page = String::new();
    let whole = whole();
    let keep = |path: &str, text: &str| {
        if path == INDEX {
            page = text.to_owned();
        }
        Ok::<(), std::convert::Infallible>(())
    };
    html::each(&whole, keep).unwrap();
    let judged = whole.gates.iter().filter(|gate| gate.report().is_some()).count();
    assert_eq!(page.matches("href=\"../whole/html/index.html\"").count(), judged);
    assert!(!page.contains("../none/"), "there is no report of what was not judged");
    assert!(page.contains("not finished") && page.contains("rehearsal"), "{page}");
    assert!(page.contains(GENERATOR));
}
