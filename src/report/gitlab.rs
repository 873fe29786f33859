//! What GitLab CI reads: the dotenv report and the annotations report.

use serde_json::json;

use super::github::{self, Paths};
use super::model::Report;
use super::words;
use crate::escape::ci;

/// The dotenv report: GitHub's outputs, as far as GitLab takes them.
pub fn dotenv(report: &Report, paths: Paths<'_>) -> String {
    dotenv_of(&github::outputs(report, paths))
}

/// The dotenv report of outputs that are made already.
pub fn dotenv_of(outputs: &[(&'static str, String)]) -> String {
    ci::dotenv(outputs.iter().map(|(key, value)| (*key, value.as_str())))
}

/// The dotenv report of a result that has only started.
pub fn dotenv_of_start(id: u64, url: Option<&str>) -> String {
    let ids = github::result_ids(&[id]);
    let url = url.unwrap_or_default().to_owned();
    dotenv_of(&[("result_id", id.to_string()), ("result_ids", ids), ("result_url", url)])
}

/// The annotations report with a link to the result; none where the result has no page.
pub fn annotations(report: &Report) -> Option<String> {
    let url = words::page(report)?;
    let label = format!("Cekura result {} ({})", report.result.id, words::verdict_word(report));
    let document = json!({ "Cekura": [{ "external_link": { "label": label, "url": url } }] });
    Some(format!("{document:#}\n"))
}
