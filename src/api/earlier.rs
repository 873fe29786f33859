//! Results that an earlier gate started, found by the names that it gave them.

use tokio::time::Instant;

use super::client::Client;
use super::error::ApiError;
use crate::plan::name::is_named_from;
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
            result.name.as_deref().is_some_and(|name| is_named_from(name, name_start))
        });
        found.sort_by_key(|result| std::cmp::Reverse(result.id));
        Ok(found)
    }
}
