//! Results that an earlier gate started, found by the names that it gave them.

use tokio::time::Instant;

use super::client::Client;
use super::error::ApiError;
use super::start::begun;
use crate::record::ResultRecord;

impl Client {
    /// The newest results whose names start so, the newest first. What their statuses say is as
    /// old as the list: the result itself is read before it is believed.
    ///
    /// # Errors
    ///
    /// When the platform refuses, can't be reached or answers with something unreadable.
    pub async fn results_starting(
        &self,
        name_start: &str,
        until: Instant,
    ) -> Result<Vec<ResultRecord>, ApiError> {
        let query = [("search", name_start.trim()), ("page_size", "100")];
        let mut found = self.results(&query, until).await.map_err(|lost| lost.error)?;
        found.retain(|result| {
            result.name.as_deref().is_some_and(|name| name.trim().starts_with(name_start))
        });
        found.sort_by_key(|result| std::cmp::Reverse(result.id));
        Ok(found)
    }

    /// The result of exactly this name; the oldest, where a proxy on the way has doubled its start.
    /// As the list has its runs without their scores, it is handed out as one that has just begun:
    /// what it found has yet to be read.
    ///
    /// # Errors
    ///
    /// As for [`Client::results_starting`].
    pub async fn result_named(
        &self,
        name: &str,
        until: Instant,
    ) -> Result<Option<ResultRecord>, ApiError> {
        let found = self.results_named(name, until).await.map_err(|lost| lost.error)?;
        let same = found
            .into_iter()
            .filter(|result| result.name.as_deref().map(str::trim) == Some(name.trim()));
        Ok(same.min_by_key(|result| result.id).map(|result| *begun(result)))
    }
}
