//! Finding the earlier result that a suite wants to be compared with, before anything is paid for.

use std::path::Path;

use tokio::time::Instant;

use super::failure::Failure;
use crate::api::client::Client;
use crate::plan::result_name_start;
use crate::record::ResultRecord;
use crate::report::json;
use crate::report::model::Report;
use crate::suite::matrix::FROM;
use crate::suite::model::{Suite, Transcripts};

/// The baseline of a suite that is a file: read before any output is opened, since it may be one of
/// the reports that are about to be replaced. None where it is something else.
pub(super) fn saved_of(suite: &Suite) -> Result<Option<ResultRecord>, Failure> {
    let limits = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    let from = limits.map(|limits| limits.from.as_str()).filter(|from| *from != FROM);
    let file = from.filter(|from| is_file(from));
    file.map(|from| Ok(saved(Path::new(from))?.result)).transpose()
}

/// The baseline of a suite: where it came from and what it holds; none where the suite has none.
/// `read` is what [`saved_of`] has read of it.
pub(super) async fn of_suite(
    suite: &Suite,
    name: &str,
    read: Option<ResultRecord>,
    client: &Client,
    until: Instant,
) -> Result<Option<(String, ResultRecord)>, Failure> {
    let limits = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    let Some(from) = limits.map(|limits| limits.from.as_str()) else { return Ok(None) };
    if from == FROM {
        return Err(Failure::Usage(
            "a side of a matrix is compared with another one within `run` only: pass --baseline with \
             a result, or --baseline none"
                .to_owned(),
        ));
    }
    if let Some(read) = read {
        return Ok(Some((from.to_owned(), read)));
    }
    if is_file(from) {
        return Ok(Some((from.to_owned(), saved(Path::new(from))?.result)));
    }
    let id = match from.parse::<u64>() {
        Ok(id) => id,
        Err(_) => {
            let start = result_name_start(name, Some(from));
            client.newest_finished(&start, until).await?.ok_or_else(|| {
                Failure::Usage(format!(
                    "no finished result of `{name}` on branch `{from}` is there to compare with: \
                     run the suite there once with --baseline none; nothing was started"
                ))
            })?
        }
    };
    Ok(Some((from.to_owned(), client.result(id, Transcripts::None, until).await?)))
}

/// Whether a baseline is meant as a file: anything that looks like a path to one, or is there.
pub(super) fn is_file(from: &str) -> bool {
    let path = Path::new(from);
    path.extension().is_some_and(|extension| extension == "json") || path.is_file()
}

/// The result that an earlier gate saved.
pub(super) fn saved(path: &Path) -> Result<Report, Failure> {
    let text = super::input_file::read_saved(path)?;
    json::read(&text).map_err(|source| Failure::SavedResult { path: path.to_owned(), source })
}
