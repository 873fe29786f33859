//! The reports as their readers get them: each from the same realistic result, then from hostile,
//! empty and very large ones.

#[path = "report_sample/mod.rs"]
mod sample;

use std::path::{Path, PathBuf};

use cekura_gate::report::console::{Style, console};
use cekura_gate::report::github::{self, Paths};
use cekura_gate::report::junit::junit;
use cekura_gate::report::markdown::{LIMIT, markdown};
use cekura_gate::report::model::Report;
use cekura_gate::report::{gitlab, json};
use insta::assert_snapshot;

const HOSTILE: [&str; 14] = [
    "::error::forged",
    "a\n::set-output name=verdict::pass",
    "##[error]forged ##vso[task.complete result=Succeeded]",
    "</details><script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](http://evil.example) ![x](http://evil.example/x.png) <http://evil.example>",
    "http://evil.example www.evil.example me@evil.example @octocat #1",
    "| a | b |\n|---|---|\n`|` \\| **x** _y_ ~~z~~",
    "```\n# head\n- item\n1. one\n> quote\n---\n~~~",
    "]]></failure></testcase><testcase name='x'/> &amp; &#60; \u{0}\u{b}\u{fffe}",
    "\u{1b}[2J\u{1b}]8;;http://evil.example\u{7}link\u{1b}]8;;\u{7}\u{9b}31m",
    "\u{202e}gnp.exe\u{2066}\u{200f}",
    "EOF\nverdict<<EOF\npass\nEOF",
    "[x]: http://evil.example\n\n[x] &lt;b&gt; <!-- --> <b>bold</b> $\\href{http://evil.example}{x}$",
    "",
];

fn paths() -> [PathBuf; 3] {
    ["junit.xml", "summary.md", "result.json"].map(|name| Path::new("cekura-report").join(name))
}

fn on_console(report: &Report, style: Style) -> String {
    let paths = paths();
    console(report, style, &[&paths[0], &paths[1], &paths[2]])
}

fn github_paths(paths: &[PathBuf; 3]) -> Paths<'_> {
    Paths {
        junit: Some(&paths[0]),
        summary: Some(&paths[1]),
        dir: Some(Path::new("cekura-report")),
    }
}

#[test]
fn the_terminal_says_what_failed_and_why() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::report(), style), @"");
}

#[test]
fn the_terminal_is_brief_when_all_is_well() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::passing(), style), @"");
}

#[test]
fn the_terminal_says_what_to_do_after_a_timeout() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::empty(), style), @"");
}

#[test]
fn the_summary_says_what_failed_and_why() {
    assert_snapshot!(markdown(&sample::report()), @"");
}

#[test]
fn junit_holds_a_case_for_each_run_and_each_check() {
    assert_snapshot!(junit(&sample::report()), @"");
}

#[test]
fn quarantined_runs_are_skipped_with_the_reason() {
    let xml = junit(&sample::quarantined());
    let skipped: Vec<&str> = xml.lines().filter(|line| line.contains("<skipped")).collect();
    assert_snapshot!(skipped.join("\n"), @"");
}

#[test]
fn github_outputs_hold_every_promised_name() {
    let paths = paths();
    assert_snapshot!(github::output_file(&sample::report(), github_paths(&paths), "D"), @"");
}

#[test]
fn github_annotations_are_the_most_useful_first() {
    assert_snapshot!(github::annotations(&sample::report()), @"");
}

#[test]
fn gitlab_variables_stand_a_line_each() {
    let paths = paths();
    assert_snapshot!(gitlab::dotenv(&sample::report(), github_paths(&paths)), @"");
}

#[test]
fn gitlab_links_to_the_result() {
    assert_snapshot!(gitlab::annotations(&sample::report()).unwrap(), @"");
    assert_eq!(gitlab::annotations(&sample::empty()), None);
}

#[test]
fn the_summary_stays_below_the_limit_and_says_what_it_left_out() {
    for (runs, turns) in [(1, 0), (100, 3), (300, 400), (5000, 20), (20_000, 60)] {
        let text = markdown(&sample::large(runs, turns));
        assert!(text.len() <= LIMIT, "{runs} runs: {} bytes", text.len());
        assert!(text.contains("## ❌ Failed") && text.contains("About this gate"), "{runs} runs");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert_eq!(text.contains("Left out"), runs >= 5000, "{runs} runs");
    }
}

#[test]
fn the_summary_stays_below_the_limit_when_every_text_is_huge() {
    let mut report = sample::hostile(&"@<&|\\`\u{10ffff}".repeat(20_000));
    report.notes = vec!["|".repeat(5000); 3000];
    let text = markdown(&report);
    assert!(text.len() <= LIMIT);
    assert!(junit(&report).len() < 20_000_000);
}

#[test]
fn junit_stays_below_what_gitlab_takes() {
    let xml = junit(&sample::large(20_000, 60));
    assert!(xml.len() < 20_000_000, "{} bytes", xml.len());
    assert_eq!(xml.matches("<testcase ").count(), 20_000 + 4);
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
        let text = github::annotations(&report);
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
        let text = gitlab::dotenv(&report, github_paths(&paths));
        assert!(text.len() < 5000 && text.lines().count() <= 20);
        for line in text.lines() {
            let (key, value) = line.split_once('=').unwrap();
            assert!(key.chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{line}");
            assert!(!value.is_empty() && value.trim() == value, "{line}");
        }
    }
}

#[test]
fn a_saved_result_reads_back_to_the_same_bytes() {
    let plain = [sample::report(), sample::passing(), sample::quarantined(), sample::empty()];
    for report in plain.into_iter().chain(HOSTILE.map(sample::hostile)) {
        let saved = json::write(&report).unwrap();
        assert!(saved.ends_with("}\n"));
        let read = json::read(&saved).unwrap();
        assert_eq!(read, report);
        assert_eq!(json::write(&read).unwrap(), saved);
    }
}

#[test]
fn a_saved_result_that_cannot_be_read_says_where() {
    let saved = json::write(&sample::report()).unwrap();
    let broken = [
        saved.replace("\"unit\": \"milliseconds\"", "\"unit\": \"fortnights\""),
        saved.replace("\"run\": 9006", "\"run\": null"),
        saved.replace("\"format_version\": 1", "\"format_version\": 2, \"verdict\": 7"),
        format!("{saved} and more"),
        "<html>".to_owned(),
        "{}".to_owned(),
    ];
    let errors = broken.map(|text| json::read(&text).unwrap_err().to_string());
    assert_snapshot!(errors.join("\n"), @"");
}

#[test]
fn the_schema_of_results_is_the_one_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/result.schema.json");
    let generated = format!("{:#}\n", json::result_schema().as_value());
    if std::env::var_os("CEKURA_GATE_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(checked_in, generated, "run this test again with CEKURA_GATE_BLESS=1 set");
}

#[test]
fn saved_results_are_valid_by_their_schema() {
    let schema = jsonschema::validator_for(json::result_schema().as_value()).unwrap();
    for report in [sample::report(), sample::quarantined(), sample::empty(), sample::unscored()] {
        let saved = serde_json::to_value(&report).unwrap();
        let errors: Vec<String> = schema.iter_errors(&saved).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

/// Writes samples for `ci/check-junit.sh` into the directory that `CEKURA_GATE_SAMPLES` names.
#[test]
fn writes_samples() {
    let Some(dir) = std::env::var_os("CEKURA_GATE_SAMPLES").map(PathBuf::from) else {
        return;
    };
    let named = [
        ("failing", sample::report()),
        ("passing", sample::passing()),
        ("errored", sample::errored()),
        ("unscored", sample::unscored()),
        ("quarantined", sample::quarantined()),
        ("empty", sample::empty()),
        ("large", sample::large(3000, 20)),
        ("hostile", sample::hostile(&HOSTILE.join("\n\n"))),
    ];
    let named = named.into_iter().map(|(name, report)| (name.to_owned(), report));
    let each = HOSTILE.iter().enumerate();
    let hostile = each.map(|(at, text)| (format!("hostile-{at}"), sample::hostile(text)));
    for (name, report) in named.chain(hostile) {
        std::fs::write(dir.join(format!("{name}.xml")), junit(&report)).unwrap();
        std::fs::write(dir.join(format!("{name}.md")), markdown(&report)).unwrap();
    }
}
