//! `gates.json`: the whole for programs. The evidence of each gate is in its own `result.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BatchReport, BatchVerdict, Gate};
use crate::report::model::{Tally, Timing};
use crate::report::words;
use crate::traffic::Traffic;

/// Several gates that ran side by side, and what became of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Index {
    /// Version of this format.
    pub format_version: u32,
    /// Version of the program that wrote it.
    pub tool_version: String,
    /// What they are together.
    pub name: String,
    /// The worst of the verdicts of the gates that ran.
    pub verdict: BatchVerdict,
    /// The worst of the exit codes, and what the process exited with.
    pub exit_code: u8,
    /// The whole in one line.
    pub headline: String,
    /// Whether a verdict other than a pass is reported only and decides no exit code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report_only: bool,
    /// When it was.
    pub timing: Timing,
    /// How many calls all could have at the same time; null: as many as the account allows.
    pub concurrency: Option<u32>,
    /// How all runs ended.
    pub tally: Tally,
    /// The gates, in the order of the command line.
    pub gates: Vec<IndexEntry>,
    /// Whether a simulator gave the evidence: a rehearsal.
    pub simulated: bool,
    /// What talking to the platform took.
    pub traffic: Traffic,
}

/// One of the gates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IndexEntry {
    /// Name of its suite.
    pub name: String,
    /// Path of its suite file as the user wrote it.
    pub file: Option<String>,
    /// The directory of its reports, below that of this file.
    pub dir: String,
    /// Whether it is there for others to be compared with: it counts towards nothing itself.
    #[serde(default)]
    pub is_base: bool,
    /// Its verdict.
    pub verdict: BatchVerdict,
    /// The code that it would have exited with alone.
    pub exit_code: u8,
    /// The exit code that its verdict would have had, where it is reported only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_exit_code: Option<u8>,
    /// What became of it in one line.
    pub headline: String,
    /// Id of its result; null where none has started.
    pub result: Option<u64>,
    /// Ids of its results, where each call of a set is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<u64>,
    /// The result's page.
    pub url: Option<String>,
    /// How its runs ended; null where it ended without evidence.
    pub tally: Option<Tally>,
}

/// The whole as indented JSON with a newline at its end.
pub fn index(whole: &BatchReport) -> String {
    let entry = |gate: &Gate| {
        let report = gate.report();
        IndexEntry {
            name: gate.name.clone(),
            file: gate.file.clone(),
            dir: gate.dir.clone(),
            is_base: gate.is_base,
            verdict: gate.verdict(),
            exit_code: gate.code.number(),
            would_exit_code: gate.is_softened().then(|| gate.judged_code().number()),
            headline: gate.headline().to_owned(),
            result: report.map(|report| report.result.id).filter(|id| *id > 0),
            results: report
                .map(|report| report.results.iter().map(|result| result.id).collect())
                .unwrap_or_default(),
            url: report.and_then(words::page),
            tally: report.map(|report| report.tally),
        }
    };
    let index = Index {
        format_version: 1,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        name: whole.name.clone(),
        verdict: whole.verdict(),
        exit_code: whole.code().number(),
        headline: whole.headline(),
        report_only: whole.is_softened(),
        timing: whole.timing.clone(),
        concurrency: whole.concurrency,
        tally: whole.tally(),
        gates: whole.gates.iter().map(entry).collect(),
        simulated: whole.simulated,
        traffic: whole.traffic,
    };
    // Maps of text and numbers: writing them cannot fail.
    serde_json::to_string_pretty(&index).unwrap_or_default() + "\n"
}

/// Reads what an earlier gate wrote; none where it is something else.
pub fn read_index(text: &str) -> Option<Index> {
    serde_json::from_str(text).ok()
}

/// The JSON Schema of `gates.json`.
pub fn index_schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Index);
    schema.insert("title".to_owned(), "cekura-gate gates".into());
    schema
}
