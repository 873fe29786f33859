//! What no report may show is in none of them, wherever the platform wrote it.

use cekura_gate::record::ResultRecord;
use cekura_gate::redact::Redactor;
use cekura_gate::redact::rules::Redact;
use cekura_gate::report::build::{End, ReportInput, build_report};
use cekura_gate::report::console::Style;
use cekura_gate::report::junit::junit;
use cekura_gate::report::markdown::markdown;
use cekura_gate::report::model::Report;
use cekura_gate::report::{github, gitlab, html, json};
use cekura_gate::retry::{RetryRecord, RetryRun};
use cekura_gate::suite::model::Transcripts;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{as_written, github_paths, on_console, paths, sample};

fn redactor() -> Redactor {
    let rules = json!([
        "phone_numbers",
        "emails",
        "card_numbers",
        { "pattern": "CUST-[0-9]{6}", "as": "customer number" },
    ]);
    let rules: Vec<Redact> = serde_json::from_value(rules).unwrap();
    Redactor::new(&rules)
}

/// Puts a text in the place of every text, but for those that say what the others are.
fn replace_texts(value: &mut Value, text: &str, kept: &[&str]) {
    match value {
        Value::String(own) => *own = text.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| replace_texts(item, text, kept)),
        Value::Object(entries) => {
            let free = entries.iter_mut().filter(|(key, _)| !kept.contains(&key.as_str()));
            free.for_each(|(_, value)| replace_texts(value, text, kept));
        }
        _ => {}
    }
}

/// A record of which every text is `text`.
fn record(text: &str, kept: &[&str]) -> ResultRecord {
    let mut record = sample::report().result;
    record.runs[0].recording_url = Some("x".to_owned());
    record.runs[0].test_profile_name = Some("x".to_owned());
    let mut value = serde_json::to_value(&record).unwrap();
    replace_texts(&mut value, text, kept);
    serde_json::from_value(value).unwrap()
}

fn report_of(text: &str, kept: &[&str], redact: Redactor) -> Report {
    let plain = sample::report();
    let retried = |run| RetryRun {
        run,
        outcome: cekura_gate::outcome::Outcome::Failed,
        reason: text.to_owned(),
    };
    let retry = RetryRecord {
        attempt: 1,
        result: 5,
        first: retried(9001),
        again: retried(9901),
        flaky: true,
        counts: 9001,
    };
    build_report(ReportInput {
        end: End::Lost(text.to_owned()),
        baseline: Some(("main".to_owned(), record(text, kept))),
        retries: vec![retry],
        transcripts: Transcripts::All,
        redact,
        ..ReportInput::of(plain.suite, plain.plan, record(text, kept))
    })
}

fn everything(report: &Report) -> String {
    let paths = paths();
    let mut pages = String::new();
    let kept = html::each(report, |_, text| -> Result<(), std::convert::Infallible> {
        pages.push_str(text);
        Ok(())
    });
    kept.unwrap();
    [
        pages,
        json::write(report).unwrap(),
        junit(report),
        markdown(report),
        on_console(report, Style { color: true, width: 10_000 }),
        github::annotations(report, &as_written),
        github::output_file(&github::outputs(report, github_paths(&paths)), "EOF", 0),
        gitlab::dotenv(&github::outputs(report, github_paths(&paths))),
        crate::report_files::pages::files(report).into_values().collect(),
    ]
    .concat()
}

/// The record's keys whose text decides what a run is; the others are only shown.
const DECIDING: [&str; 3] = ["kind", "status", "evaluation_status"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nothing_that_is_to_be_hidden_is_in_any_report(
        phone in "\\+[1-9][0-9]{2} [0-9]{3}[ -][0-9]{4}",
        name in "[a-z]{3,8}",
        customer in "CUST-[0-9]{6}",
        before in "[a-z \n]{0,10}",
        everywhere in any::<bool>(),
    ) {
        let email = format!("{name}@secret.example");
        let card = "4111 1111 1111 1111";
        let text = format!("{before} {phone} {before} {email} {customer} {before} {card}");
        let kept: &[&str] = if everywhere { &["kind"] } else { &DECIDING };
        let shown = everything(&report_of(&text, kept, redactor()));
        for secret in [phone.as_str(), "@secret", card, &customer] {
            prop_assert!(!shown.contains(secret), "{}", secret);
        }
        prop_assert!(shown.contains("[redacted: phone number]"));
    }
}

#[test]
fn without_the_rules_all_of_it_is_there() {
    let text = "+1 415 555 0100";
    assert!(everything(&report_of(text, &DECIDING, Redactor::default())).contains(text));
}

#[test]
fn a_recording_says_what_its_transcript_says_and_goes_with_it() {
    let recordings = |transcripts, redact| {
        let mut plain = sample::report();
        plain.result.runs.iter_mut().for_each(|run| run.recording_url = Some("https://x".into()));
        let report = build_report(ReportInput {
            transcripts,
            redact,
            result: plain.result,
            ..parts_of(sample::report())
        });
        report.result.runs.iter().filter(|run| run.recording_url.is_some()).count()
    };
    assert_eq!(recordings(Transcripts::All, Redactor::default()), 9);
    assert_eq!(recordings(Transcripts::Failed, Redactor::default()), 3);
    assert_eq!(recordings(Transcripts::None, Redactor::default()), 0);
    assert_eq!(recordings(Transcripts::All, redactor()), 0);
}

fn parts_of(report: Report) -> ReportInput {
    ReportInput::of(report.suite, report.plan, report.result)
}

#[test]
fn nobodys_transcript_is_in_no_report() {
    let words = "I have refunded the full amount";
    let shown = |transcripts| {
        everything(&build_report(ReportInput { transcripts, ..parts_of(sample::report()) }))
            .contains(words)
    };
    assert!(!shown(Transcripts::None));
    assert!(shown(Transcripts::Failed));
}
