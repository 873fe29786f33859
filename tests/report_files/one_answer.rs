//! A gate that does not exit with 0 has passed nothing, whoever reads of it.

use std::time::Duration;

use cekura_gate::exit::Code;
use cekura_gate::report::build::{End, ReportInput, build_report};
use cekura_gate::report::console::{Style, console};
use cekura_gate::report::gates::{self, BatchReport, Gate, GateEnd};
use cekura_gate::report::github::{self, Paths};
use cekura_gate::report::model::{PlanHead, Report};
use cekura_gate::report::{azure, gitlab, html, json, junit, markdown};
use cekura_gate::verdict::Verdict;

use super::{as_written, sample};

/// A report of three runs that passed, of which the checks hold, after this end.
fn ended(end: End, incomplete: bool) -> Report {
    let sample = sample::passing();
    let plan = PlanHead { runs: Some(sample.result.runs.len()), ..PlanHead::default() };
    let parts = ReportInput::of(sample.suite, plan, sample.result);
    build_report(ReportInput { end, incomplete, ..parts })
}

/// Every way to end without the code 0 although each check holds.
fn ends() -> Vec<Report> {
    let mut not_written = ended(End::Finished, false);
    assert_eq!((not_written.exit_code, not_written.verdict), (0, Verdict::Pass));
    not_written.not_written("summary.md: no space left on device");
    let not_started = End::NotStarted { reason: "refused".into(), code: Code::Api };
    vec![
        ended(End::TimedOut(Duration::from_secs(60)), false),
        ended(End::HungUp, false),
        ended(End::Interrupted, false),
        ended(End::Quit, false),
        ended(End::Terminated, false),
        ended(End::Lost("no answer".into()), false),
        ended(not_started, false),
        ended(End::Finished, true),
        not_written,
    ]
}

/// What every reader is given of a gate alone.
fn surfaces(report: &Report) -> Vec<(&'static str, String)> {
    let paths = Paths::default();
    let mut pages = String::new();
    html::each(report, |file, text| {
        if file == html::INDEX {
            pages.push_str(text);
        }
        Ok::<(), ()>(())
    })
    .unwrap();
    vec![
        ("terminal", console(report, Style { color: false, width: 100 }, &[])),
        ("summary", markdown::markdown(report)),
        ("page", pages),
        ("junit", junit::junit(report)),
        (
            "github",
            github::output_file(&github::outputs(report, paths), "EOF", 0)
                + &github::annotations(report, &as_written),
        ),
        (
            "gitlab",
            gitlab::dotenv(&github::outputs(report, paths))
                + &gitlab::annotations(report).unwrap_or_default(),
        ),
        (
            "azure",
            azure::results(&github::outputs(report, paths), None) + &azure::annotations(report),
        ),
        ("result", json::write(report).unwrap()),
    ]
}

/// What every reader is given of it as one of several.
fn surfaces_of_several(report: &Report) -> Vec<(&'static str, String)> {
    let gate = Gate {
        name: "Checkout".into(),
        file: None,
        dir: "checkout".into(),
        is_base: false,
        group: None,
        code: Code::of_number(report.exit_code).unwrap(),
        end: GateEnd::Judged(Box::new(report.clone())),
    };
    let whole = BatchReport {
        name: "gates".into(),
        gates: vec![gate],
        timing: report.timing.clone(),
        traffic: report.traffic,
        concurrency: None,
        simulated: false,
        not_written: None,
        is_single: false,
    };
    let mut page = String::new();
    html::each(&whole, |file, text| {
        if file == html::INDEX {
            page.push_str(text);
        }
        Ok::<(), ()>(())
    })
    .unwrap();
    let outputs = gates::outputs(&whole, &[], Paths::default());
    let outputs = outputs.iter().map(|(name, value)| format!("{name}={value}\n"));
    vec![
        ("terminal", gates::console(&whole, Style { color: false, width: 100 }, &[])),
        ("summary", gates::markdown(&whole)),
        ("page", page),
        ("junit", junit::junit(&whole)),
        ("outputs", outputs.collect()),
        ("index", gates::index(&whole)),
    ]
}

#[test]
fn no_reader_is_told_of_a_pass_where_the_code_is_not_0() {
    let passes = [
        "✓ Passed",
        "✅ Passed",
        "## ✅",
        "class=\"verdict\">Passed",
        "verdict=pass",
        "VERDICT=pass",
        "verdict<<EOF\npass\n",
        "PASSED=true",
        "passed=true",
        "passed<<EOF\ntrue\n",
        "isOutput=true]pass\n",
        "isOutput=true]true\n",
        "(passed)",
        "name=\"verdict\" value=\"passed\"",
        "name=\"exit_code\" value=\"0\"",
        "\n  \"verdict\": \"pass\"",
        "1 of 1 suite passed",
    ];
    for report in ends() {
        assert_ne!(report.exit_code, 0);
        for (surface, text) in surfaces(&report).into_iter().chain(surfaces_of_several(&report)) {
            // A gate that is enforced says so in any case.
            let text = text.replace("variable=enforced;isOutput=true]true\n", "");
            for pass in passes {
                assert!(!text.contains(pass), "{}: {surface}: {pass}\n{text}", report.headline);
            }
        }
        let junit = junit::junit(&report);
        assert!(junit.contains("<error") || junit.contains("<failure"), "{junit}");
    }
    // The patterns are what a pass looks like.
    let passed = ended(End::Finished, false);
    let all = surfaces(&passed).into_iter().chain(surfaces_of_several(&passed));
    for (surface, text) in all {
        assert!(passes.iter().any(|pass| text.contains(pass)), "{surface}\n{text}");
    }
}

#[test]
fn a_headline_says_first_why_the_code_is_4_5_or_6() {
    for report in ends() {
        let reason = match report.exit_code {
            4 => "the result did not finish",
            5 => "the ",
            6 => "a report could not be written",
            _ => continue,
        };
        assert!(report.headline.starts_with(reason), "{}", report.headline);
    }
}
