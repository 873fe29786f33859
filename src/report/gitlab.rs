//! What GitLab CI reads: the dotenv report and the annotations report.

use serde_json::json;

use super::model::Report;
use super::words;
use crate::escape::ci;

/// The dotenv report of outputs such as GitHub's, as far as GitLab takes them.
pub fn dotenv(outputs: &[(&'static str, String)]) -> String {
    ci::dotenv(outputs.iter().map(|(key, value)| (*key, value.as_str())))
}

/// The annotations report with a link to the result; none where the result has no page.
pub fn annotations(report: &Report) -> Option<String> {
    let url = words::page(report)?;
    let label = format!("Cekura result {} ({})", report.result.id, words::verdict_word(report));
    let document = json!({ "Cekura": [{ "external_link": { "label": label, "url": url } }] });
    Some(format!("{document:#}\n"))
}
