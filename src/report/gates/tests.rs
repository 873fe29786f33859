//! Several gates as one: what the whole is worth, and that every surface says so.

use super::*;
use crate::record::{MetricRecord, MetricValue, ResultRecord, RunRecord, Status};
use crate::report::build::{ReportInput, build_report};
use crate::report::console::Style;
use crate::report::github::Paths;
use crate::report::junit::junit;
use crate::report::markdown::LIMIT;
use crate::report::markdown::comment::Origin;
use crate::report::model::PlanHead;
use crate::suite::head::SuiteHead;
use crate::suite::model::{Junit, Mode, Tolerated};
use crate::suite::thresholds::Thresholds;

fn as_written(file: &str) -> Option<String> {
    Some(file.to_owned())
}

fn report(name: &str, passes: &[bool]) -> Report {
    let run = |(id, passes): (u64, &bool)| RunRecord {
        id,
        scenario: Some(1),
        scenario_name: Some("Where is my order".to_owned()),
        status: Status::Completed,
        success: Some(*passes),
        has_transcript: true,
        metrics: vec![MetricRecord {
            id: Some(5),
            name: "m".to_owned(),
            aliases: vec![],
            value: MetricValue::Binary(Some(*passes)),
            explanation: vec![],
            unreadable: false,
        }],
        ..RunRecord::default()
    };
    let suite = SuiteHead {
        report_only: false,
        name: name.to_owned(),
        file: Some(format!("{name}.yml")),
        mode: Mode::Voice,
        thresholds: Thresholds::default(),
        quarantine: vec![],
    };
    let count = passes.len();
    let plan = PlanHead {
        runs_per_scenario: count,
        runs: Some(count),
        scenarios: vec![1],
        ..PlanHead::default()
    };
    let result = ResultRecord {
        id: 9,
        status: Status::Completed,
        runs: (1..).zip(passes).map(run).collect(),
        ..ResultRecord::default()
    };
    let url = Some("https://dashboard.example/1".to_owned());
    build_report(ReportInput { url, ..ReportInput::of(suite, plan, result) })
}

fn judged(name: &str, passes: &[bool]) -> Gate {
    let report = report(name, passes);
    Gate {
        name: name.to_owned(),
        file: report.suite.file.clone(),
        dir: name.to_owned(),
        is_base: false,
        group: None,
        code: Code::of_number(report.exit_code).unwrap(),
        end: GateEnd::Judged(Box::new(report)),
    }
}

fn ended(name: &str, code: Code) -> Gate {
    let why = "POST /start/ was refused <b>\n::error::x".to_owned();
    Gate {
        name: name.to_owned(),
        file: None,
        dir: name.to_owned(),
        is_base: false,
        group: None,
        code,
        end: GateEnd::Ended(why),
    }
}

fn whole(gates: Vec<Gate>) -> BatchReport {
    BatchReport {
        name: "Release".to_owned(),
        gates,
        timing: Timing::default(),
        traffic: Traffic::default(),
        concurrency: Some(10),
        simulated: false,
        not_written: None,
        is_single: false,
    }
}

#[test]
fn the_whole_passes_only_where_each_gate_does() {
    let of = |gates| {
        let whole = whole(gates);
        (whole.verdict(), whole.code())
    };
    let good = || judged("a", &[true, true]);
    assert_eq!(of(vec![good(), judged("b", &[true])]), (BatchVerdict::Pass, Code::Passed));
    assert_eq!(of(vec![good(), judged("b", &[false])]), (BatchVerdict::Fail, Code::Failed));
    assert_eq!(of(vec![good(), ended("b", Code::Api)]), (BatchVerdict::Inconclusive, Code::Api));
    let mixed = vec![ended("b", Code::Api), judged("c", &[false]), good()];
    assert_eq!(of(mixed), (BatchVerdict::Fail, Code::Failed));
    assert_eq!(of(vec![]), (BatchVerdict::Inconclusive, Code::Inconclusive));
}

#[test]
fn the_account_has_a_row_for_each_suite_and_the_worst_first() {
    let whole =
        whole(vec![judged("good", &[true]), ended("lost", Code::Api), judged("bad", &[false])]);
    let text = console(&whole, Style { color: false, width: 100 }, &[]);
    let account = &text[text.find("✗ 1 of 3").unwrap()..];
    insta::assert_snapshot!(account, @"
    ✗ 1 of 3 suites passed, 1 failed, 1 not finished
      Release · 2 runs: 1 passed, 1 failed · 0ms · at most 10 calls at a time

    Suites
      ✗ failed       bad: 0 of 1 judged run passed (0%), success_rate not met: 0%, wanted >= 100%
      ? not finished lost: POST /start/ was refused <b> ::error::x
      ✓ passed       good: 1 of 1 judged run passed (100%), success_rate met: 100%, wanted >= 100%

      traffic  0 requests
      exit     1: a gating check failed
    ");
    assert!(text.starts_with("── bad"), "{text}");
}

#[test]
fn what_ended_without_evidence_is_red_everywhere_and_forges_nothing() {
    let whole = whole(vec![judged("good", &[true]), ended("lost", Code::Api)]);
    let summary = markdown(&whole);
    assert!(summary.starts_with("# ❔ 1 of 2 suites passed, 1 not finished"), "{summary}");
    assert!(!summary.contains("<b> "), "{summary}");
    let junit = junit(&whole);
    assert!(junit.contains(r#"errors="1""#) && junit.contains("gate.NoEvidence"), "{junit}");
    let annotations = annotations(&whole, &as_written);
    assert_eq!(annotations.lines().count(), 1, "{annotations}");
    let outputs = outputs(&whole, &[9, 11], Paths::default());
    let value = |key| &outputs.iter().find(|(name, _)| *name == key).unwrap().1;
    assert_eq!((value("passed").as_str(), value("exit_code").as_str()), ("false", "5"));
    assert_eq!((value("result_ids").as_str(), value("simulated").as_str()), ("[9,11]", "false"));
}

#[test]
fn each_suite_of_a_merged_junit_file_is_written_as_it_asks_for() {
    let passed = |name: &str, junit: Junit| {
        let mut report = report(name, &[true, false]);
        (report.verdict, report.exit_code, report.junit) = (Verdict::Pass, 0, junit);
        report.checks.clear();
        Gate { code: Code::Passed, end: GateEnd::Judged(Box::new(report)), ..judged(name, &[true]) }
    };
    let skipped = Junit { tolerated: Some(Tolerated::Skipped), retries: None };
    let junit = junit(&whole(vec![passed("a", Junit::default()), passed("b", skipped)]));
    let (first, second) = junit.split_at(junit.find("<testsuite name=\"b\"").unwrap());
    assert!(first.contains("<failure ") && !first.contains("<skipped "), "{first}");
    assert!(second.contains("<skipped message=\"tolerated: ") && !second.contains("<failure "));
}

#[test]
fn no_number_of_suites_makes_one_without_evidence_green() {
    let many = (0..20_000).map(|n| ended(&format!("suite-{n}"), Code::Api)).collect();
    assert_eq!(junit(&whole(many)).matches("gate.NoEvidence").count(), 20_000);
}

#[test]
fn the_index_is_read_back_as_it_was_written() {
    let whole = whole(vec![judged("good", &[true]), ended("lost", Code::Api)]);
    let index = read_index(&index(&whole)).unwrap();
    assert_eq!((index.verdict, index.exit_code), (BatchVerdict::Inconclusive, 5));
    assert_eq!(index.gates[0].result, Some(9));
    assert_eq!(index.gates[1].tally, None);
}

#[test]
fn the_summary_of_many_long_suites_stays_within_the_limit_and_names_each() {
    let many = (0..60).map(|n| judged(&format!("suite-{n}"), &[false; 200])).collect();
    let summary = markdown(&whole(many));
    assert!(summary.len() <= LIMIT, "{}", summary.len());
    for n in 0..60 {
        assert!(summary.contains(&format!("suite-{n}]")), "suite-{n}");
    }
}

#[test]
fn more_than_ten_bad_suites_make_ten_annotations() {
    let many = (0..40).map(|n| judged(&format!("suite-{n}"), &[false])).collect();
    assert_eq!(annotations(&whole(many), &as_written).lines().count(), MOST_ANNOTATIONS);
}

const MOST_ANNOTATIONS: usize = 10;

#[test]
fn the_comment_and_the_summary_of_many_suites_keep_their_limits() {
    let long = "<x> & \u{1f980} | ".repeat(60);
    let many = |n: usize| (0..n).map(|at| judged(&format!("{long}{at}"), &[at % 3 == 0]));
    for (n, sections) in [(3, 3), (9, 9), (40, 10), (600, 10)] {
        let whole = whole(many(n).collect());
        let comment = comment(&whole, Origin::default());
        assert!(comment.len() <= 65_536, "{n}: {}", comment.len());
        let shown = comment.matches("## ✅").count() + comment.matches("## ❌").count();
        assert_eq!(shown, sections, "{n}");
        let left = format!("{}: each has a `summary.md`", text::count(n - sections, "more suite"));
        assert_eq!(comment.contains(&left), n > sections, "{n}");
        assert!(comment.ends_with(&format!("cekura-gate {}\n", env!("CARGO_PKG_VERSION"))));
        assert!(markdown(&whole).len() <= LIMIT);
    }
}

#[test]
fn the_links_for_gitlab_stay_within_what_it_reads() {
    let long = "<x> & \u{1f980} \"\\ ".repeat(60);
    for (n, name, all) in [(30, "a", true), (2000, "a", false), (2000, long.as_str(), false)] {
        let gates = (0..n).map(|at| judged(&format!("{name}{at}"), &[true])).collect();
        let text = gitlab_annotations(&whole(gates)).unwrap();
        let links = serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let links = links["Cekura"].as_array().unwrap().len();
        assert!(text.len() <= super::ci::ANNOTATIONS, "{n}: {}", text.len());
        assert!(links <= 1000 && (links == n) == all, "{n}: {links}");
        assert!(all || text.len() > 80_000, "{n}: {} bytes leave room", text.len());
    }
}

#[test]
fn a_name_that_only_counts_leads_to_one_comment() {
    assert_eq!(sticky("3 suites", 3), "suites");
    assert_eq!(sticky("3 suites", 4), "3 suites");
    assert_eq!(sticky("Release", 3), "Release");
}

#[test]
fn failures_are_counted_in_groups_as_well_as_in_sides() {
    let side = |name: &str, passes: bool| Gate {
        group: Some("transfer".to_owned()),
        ..judged(name, &[passes])
    };
    let gates = vec![side("caller", true), side("desk", false), judged("Orders", &[true])];
    assert_eq!(whole(gates).headline(), "2 of 3 suites passed, 1 failed; 1 of 2 groups passed");
    assert_eq!(whole(vec![judged("Orders", &[true])]).headline(), "1 of 1 suite passed");
}

fn skipped(name: &str) -> Gate {
    let why = "none of its `paths` since `main` <b>\n::error::x".to_owned();
    Gate { code: Code::Passed, end: GateEnd::Skipped(why), ..ended(name, Code::Passed) }
}

#[test]
fn a_gate_that_no_change_touches_counts_neither_as_passed_nor_as_failed() {
    let good = || judged("a", &[true]);
    let both = whole(vec![good(), skipped("b")]);
    assert_eq!((both.verdict(), both.code()), (BatchVerdict::Pass, Code::Passed));
    assert_eq!(both.headline(), "1 of 1 suite passed, 1 skipped");
    assert!(both.has_passed());
    let failed = whole(vec![skipped("a"), judged("b", &[false])]);
    assert_eq!((failed.verdict(), failed.code()), (BatchVerdict::Fail, Code::Failed));
    let none = whole(vec![skipped("a"), skipped("b")]);
    assert_eq!((none.verdict(), none.code()), (BatchVerdict::Skipped, Code::Passed));
    assert!(!none.has_passed(), "nothing has shown anything");
    assert_eq!(none.headline(), "2 suites skipped");
}

#[test]
fn every_surface_says_that_a_gate_is_skipped() {
    let whole = whole(vec![skipped("a")]);
    let outputs = outputs(&whole, &[], Paths::default());
    let value = |name: &str| outputs.iter().find(|(one, _)| *one == name).unwrap().1.clone();
    let outputs = ["verdict", "passed", "exit_code"].map(value);
    assert_eq!(outputs, ["skipped", "false", "0"]);
    let mut html = String::new();
    let write = |name: &str, text: &str| {
        if name == "index.html" {
            html.push_str(text);
        }
        Ok::<(), ()>(())
    };
    crate::report::html::each(&whole, write).unwrap();
    let console = console(&whole, Style { color: false, width: 100 }, &[]);
    let markup = [markdown(&whole), comment(&whole, Origin::default()), junit(&whole), html];
    assert!(markup.iter().all(|surface| !surface.contains("<b>")), "{markup:#?}");
    let plain = [annotations(&whole, &as_written), console];
    for surface in markup.iter().chain(&plain) {
        assert!(surface.contains("skipped"), "{surface}");
        assert!(!surface.to_lowercase().contains("passed:"), "{surface}");
    }
    // Only these two stand in a log, where a line can be a command.
    assert!(plain.iter().all(|surface| !surface.contains("\n::error::x")), "{plain:#?}");
    assert!(index(&whole).contains("\"verdict\": \"skipped\""));
    assert!(junit(&whole).contains("<skipped message=\"skipped: none of its"), "{}", junit(&whole));
}
