//! Whatever the platform sends as a result: it is read or refused, the same while it arrives as when
//! it is there, and what is read can be judged
//! and reported, is green only with a passed run, and is saved so that it is read again as itself.

#![no_main]

use cekura_gate::api::wire::read_result;
use cekura_gate::api::wire::reading::Reading;
use cekura_gate::api::wire::stream::ResultReading;
use cekura_gate::record::ResultRecord;
use cekura_gate::report::build::{ReportInput, build_report};
use cekura_gate::report::console::{Style, console};
use cekura_gate::plan::slots::PlanHead;
use cekura_gate::suite::head::SuiteHead;
use cekura_gate::report::{json, junit, markdown};
use cekura_gate::suite::model::{Mode, Transcripts};
use cekura_gate::suite::thresholds::Thresholds;

/// The body as it is read while it arrives, in pieces of this size.
fn in_pieces(body: &[u8], id: u64, size: usize) -> Option<ResultRecord> {
    let mut reading = ResultReading::new(id, |_| true);
    for piece in body.chunks(size) {
        reading.take(piece).ok()?;
    }
    reading.finish().ok()
}

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let whole = read_result(body).ok();
    let id = whole.as_ref().map_or(1, |result| result.id);
    let size = 1 + body.len() % 40;
    assert_eq!(in_pieces(body, id, size), whole, "in pieces of {size} it reads otherwise");
    let Some(result) = whole else { return };
    let suite = SuiteHead {
        report_only: false,
        name: "Suite".to_owned(),
        file: None,
        mode: Mode::default(),
        thresholds: Thresholds::default(),
        quarantine: Vec::new(),
    };
    let transcripts = Transcripts::All;
    let report = build_report(ReportInput { transcripts, ..ReportInput::of(suite, PlanHead::default(), result) });
    assert!(report.exit_code != 0 || report.tally.passed > 0, "green without a passed run");
    let _ = (junit::junit(&report), markdown::markdown(&report));
    let _ = console(&report, Style { color: true, width: 80 }, &[]);
    let saved = json::write(&report).expect("a report is JSON");
    let again = json::read(&saved).expect("a saved report is read again");
    assert_eq!(json::write(&again).ok(), Some(saved));
});
