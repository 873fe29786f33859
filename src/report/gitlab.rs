//! What GitLab CI reads: the dotenv report and the annotations report.

use serde_json::json;

use super::escape::ci::dotenv_line;
use super::github::{self, Paths};
use super::model::Report;
use super::words;

/// The dotenv report: a line for each of GitHub's outputs that has a value, with its name in upper
/// case. At most 20 variables and 5,000 bytes: a line that would exceed them is left out.
pub fn dotenv(report: &Report, paths: Paths<'_>) -> String {
    const MOST_BYTES: usize = 5000;
    let mut file = String::new();
    for (key, value) in github::outputs(report, paths) {
        if let Some(line) = dotenv_line(&key.to_uppercase(), &value)
            && file.len() + line.len() <= MOST_BYTES
        {
            file.push_str(&line);
        }
    }
    file
}

/// The dotenv report of a result that has only started.
pub fn dotenv_of_start(id: u64, url: Option<&str>) -> String {
    let mut file = format!("RESULT_ID={id}\nRESULT_IDS={}\n", github::result_ids(&[id]));
    file.extend(url.and_then(|url| dotenv_line("RESULT_URL", url)));
    file
}

/// The annotations report with a link to the result; none where the result has no page.
pub fn annotations(report: &Report) -> Option<String> {
    let url = words::page(report)?;
    let label = format!("Cekura result {} ({})", report.result.id, words::verdict_word(report));
    let document = json!({ "Cekura": [{ "external_link": { "label": label, "url": url } }] });
    Some(format!("{document:#}\n"))
}
