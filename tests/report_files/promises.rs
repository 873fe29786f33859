//! What holds for every result, however hostile or large: limits, unique names, nothing active.

use std::path::PathBuf;

use cekura_gate::report::console::Style;
use cekura_gate::report::junit::junit;
use cekura_gate::report::markdown::comment::{Origin, comment, marker};
use cekura_gate::report::markdown::{LIMIT, markdown};
use cekura_gate::report::{github, gitlab};

use super::{HOSTILE, as_written, github_paths, on_console, sample};

#[test]
fn the_summary_stays_below_the_limit_and_says_what_it_left_out() {
    for (runs, turns) in [(1, 0), (100, 3), (300, 400), (5000, 20), (8000, 60)] {
        let text = markdown(&sample::large(runs, turns));
        assert!(text.len() <= LIMIT, "{runs} runs: {} bytes", text.len());
        assert!(text.contains("## ❌ Failed") && text.contains("About this gate"), "{runs} runs");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert_eq!(text.contains("Left out"), runs >= 5000, "{runs} runs");
    }
}

#[test]
fn the_summary_stays_below_the_limit_when_every_text_is_huge() {
    let mut report = sample::hostile(&"@<&|\\`\u{10ffff}".repeat(3000));
    report.notes = vec!["|".repeat(5000); 3000];
    let text = markdown(&report);
    assert!(text.len() <= LIMIT);
    assert!(junit(&report).len() < 20_000_000);
}

#[test]
fn the_comment_stays_below_the_limit_and_holds_no_transcript() {
    let mut huge = sample::hostile(&"@<&|\\`\u{10ffff}".repeat(3000));
    huge.notes = vec!["|".repeat(5000); 3000];
    huge.checks = (0..500).map(|at| huge.checks[at % 4].clone()).collect();
    for report in [sample::report(), sample::large(5000, 20), huge] {
        let text = comment(&report, Origin::default());
        assert!(text.chars().count() <= 65_536, "{}", text.chars().count());
        assert!(text.starts_with(&marker(&report.suite.name)));
        assert!(!text.contains("**Main Agent:**") && !text.contains("<summary>Run "), "{text}");
    }
}

#[test]
fn junit_stays_below_what_gitlab_takes() {
    let xml = junit(&sample::large(6000, 60));
    assert!(xml.len() < 20_000_000, "{} bytes", xml.len());
    assert_eq!(xml.matches("<testcase ").count(), 6000 + 4);
}

/// The name, class and suite of each case with the elements in it.
fn cases(xml: &str) -> Vec<(String, String, String, Vec<String>)> {
    use quick_xml::XmlVersion;
    use quick_xml::events::{BytesStart, Event};
    let attribute = |element: &BytesStart<'_>, name: &str| {
        let value = element.try_get_attribute(name).unwrap().unwrap();
        value.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned()
    };
    let (mut suite, mut cases) = (String::new(), Vec::new());
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => match element.name().as_ref() {
                b"testsuite" => suite = attribute(&element, "name"),
                b"testcase" => cases.push((
                    suite.clone(),
                    attribute(&element, "classname"),
                    attribute(&element, "name"),
                    Vec::new(),
                )),
                b"failure" | b"error" | b"skipped" => {
                    let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                    cases.last_mut().unwrap().3.push(name);
                }
                _ => {}
            },
            Event::Eof => return cases,
            _ => {}
        }
    }
}

#[test]
fn every_case_has_its_own_name_and_at_most_one_end() {
    for text in HOSTILE.iter().chain(&["same"]) {
        let mut report = sample::hostile(text);
        // The repetitions tell nothing apart here.
        report.outcomes.iter_mut().for_each(|outcome| outcome.repetition = 1);
        let cases = cases(&junit(&report));
        assert_eq!(cases.len(), 9 + 4, "{text:?}");
        assert!(cases.iter().all(|case| case.3.len() <= 1), "{text:?}");
        let mut keys: Vec<_> = cases.iter().map(|(a, b, c, _)| (a, b, c)).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 9 + 4, "{text:?}");
    }
}

#[test]
fn no_line_on_the_terminal_is_a_command_or_moves_the_cursor() {
    for text in HOSTILE {
        for width in [0, 41, 47, 80, 1000] {
            let padded = format!("{}{text}", "word ".repeat(width % 7));
            let report = sample::hostile(&padded);
            for color in [false, true] {
                let shown = on_console(&report, Style { color, width });
                for line in shown.lines() {
                    assert!(!line.trim_start().starts_with("::"), "{line:?}");
                    let lower = line.to_lowercase();
                    assert!(!lower.contains("##[") && !lower.contains("##vso["), "{line:?}");
                }
                let styles = ["\u{1b}[1;31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[1m"];
                let plain = styles.iter().fold(shown, |text, code| text.replace(code, ""));
                let plain = plain.replace("\u{1b}[2m", "").replace("\u{1b}[0m", "");
                assert!(!plain.contains(|c: char| c != '\n' && c.is_control()), "{plain:?}");
            }
        }
    }
}

#[test]
fn annotations_are_few_short_and_ours() {
    let many = "100% of\n::error::it, all: ##[x]".repeat(300);
    for report in HOSTILE.map(sample::hostile).into_iter().chain([sample::hostile(&many)]) {
        let mut report = report;
        report.checks = (0..40).map(|at| report.checks[at % 4].clone()).collect();
        let text = github::annotations(&report, &as_written);
        for level in ["::error ", "::warning "] {
            let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(level)).collect();
            assert_eq!(lines.len(), 10);
            assert!(lines.iter().all(|line| line.chars().count() < 4096));
        }
        assert_eq!(text.lines().count(), 20, "{text}");
    }
}

#[test]
fn gitlab_variables_are_few_small_and_have_values() {
    let paths = ["x".repeat(4000), "y\nz=1".into(), "z".into()].map(PathBuf::from);
    for report in HOSTILE.map(sample::hostile) {
        let text = gitlab::dotenv(&github::outputs(&report, github_paths(&paths)));
        assert!(text.len() < 5000 && text.lines().count() <= 20);
        for line in text.lines() {
            let (key, value) = line.split_once('=').unwrap();
            assert!(key.chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{line}");
            assert!(!value.is_empty() && value.trim() == value, "{line}");
        }
    }
}

#[test]
fn a_gate_that_did_not_pass_is_red_in_junit_whatever_the_reason() {
    let timed_out = junit(&sample::empty());
    assert!(timed_out.contains("<error message=\"Inconclusive: the result did not finish"));
    for report in [sample::errored(), sample::unscored(), sample::quarantined()] {
        let cases = cases(&junit(&report));
        assert!(cases.iter().any(|case| ["error", "failure"].iter().any(|end| case.3 == [*end])));
    }
}
