//! `result.json`: the report itself, for `judge`, `compare` and programs.

use serde::Deserialize;

use super::model::{FORMAT_VERSION, Report};
use crate::escape::json::safe;

/// Why a saved result can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is not JSON, or not of a saved result.
    #[error("not a saved result: {message}, at `{path}`")]
    Malformed {
        /// Where in the document, such as `result.runs[3].status`.
        path: String,
        /// What is wrong there, with line and column.
        message: String,
    },
    /// The file ends within the document.
    #[error("it is cut off at byte {bytes}: the file is not complete")]
    CutOff {
        /// Its length.
        bytes: usize,
    },
    /// It is what a start leaves for `watch`.
    #[error("it is a run.json: use `cekura-gate watch --from FILE`")]
    RunFile,
    /// It is what the API answers.
    #[error("it is the platform's answer, not a result.json of cekura-gate")]
    Answer,
    /// It is the `gates.json` of several gates.
    #[error("it is of several suites: name the result of one of them, beside it: {results}")]
    Several {
        /// Where their results are.
        results: String,
    },
    /// A newer program wrote it.
    #[error(
        "saved in format {found} by a newer cekura-gate: this one reads up to format {FORMAT_VERSION}, \
         so update it"
    )]
    Newer {
        /// The version it was saved in.
        found: u64,
    },
}

/// The report as indented JSON with a newline at its end, safe to be shown in a log.
///
/// # Errors
/// None of a report's own types fails; the error is serde_json's for what it can't hold.
pub fn write(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = safe(&serde_json::to_string_pretty(report)?);
    text.push('\n');
    Ok(text)
}

/// Reads a saved result.
///
/// # Errors
/// When the text is not a saved result, or was saved by a newer program.
pub fn read(text: &str) -> Result<Report, ReadError> {
    let text = crate::text::without_bom(text);
    // A newer format may differ anywhere: its version is looked at before anything else.
    #[derive(Deserialize)]
    struct Version {
        format_version: u64,
    }
    if let Ok(Version { format_version: found }) = serde_json::from_str(text)
        && found > u64::from(FORMAT_VERSION)
    {
        return Err(ReadError::Newer { found });
    }
    let malformed = |path: String, error: &serde_json::Error| ReadError::Malformed {
        path: crate::escape::short(&path, 200),
        message: crate::escape::short(&error.to_string(), 300),
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let report = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        match super::gates::read_index(text) {
            Some(index) => several(&index),
            None if error.inner().is_eof() => ReadError::CutOff { bytes: text.len() },
            None => other_document(text)
                .unwrap_or_else(|| malformed(error.path().to_string(), error.inner())),
        }
    })?;
    reader.end().map_err(|error| malformed(".".to_owned(), &error))?;
    Ok(report)
}

/// What a JSON document is that people take for a saved result; none where it is no such document.
fn other_document(text: &str) -> Option<ReadError> {
    let document = serde_json::from_str::<serde_json::Value>(text).ok()?;
    let has = |key: &str| document.get(key).is_some();
    if has("planned") && has("request") {
        return Some(ReadError::RunFile);
    }
    (!has("format_version") && has("id") && (has("runs") || has("status")))
        .then_some(ReadError::Answer)
}

/// What to say of the file that names several results.
fn several(index: &super::gates::Index) -> ReadError {
    const MOST: usize = 5;
    let files = index.gates.iter().take(MOST).map(|gate| format!("{}/result.json", gate.dir));
    let results = crate::escape::short(&files.collect::<Vec<_>>().join(", "), 500);
    ReadError::Several { results }
}

/// The JSON Schema of `result.json`.
pub fn result_schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Report);
    schema.insert("title".to_owned(), "cekura-gate result".into());
    schema
}
