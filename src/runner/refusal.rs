//! A start that the platform refused: what of the selection was probably meant.

use crate::api::error::ApiError;
use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::plan::Plan;
use crate::preflight::suggestions::{not_started, unknown};
use crate::runner::gate::Gate;

impl Gate<'_> {
    /// A start that was refused because of what the suite selects says what was probably meant. The
    /// platform's own words come before it.
    pub(crate) async fn explained<T>(
        &self,
        started: Result<T, Failure>,
        loaded: &Loaded,
        plan: &Plan,
    ) -> Result<T, Failure> {
        let refusal = match started.map_err(|failure| loaded.explain_failure(failure)) {
            Err(Failure::Api(error)) if speaks_of_the_selection(&error) => error,
            other => return other,
        };
        let problems = tokio::select! {
            problems = unknown(self.client, loaded, plan) => problems,
            _ = self.stop.first_signal() => Vec::new(),
        };
        if problems.is_empty() {
            return Err(refusal.into());
        }
        self.warn(&refusal.to_string());
        Err(not_started(loaded, problems))
    }
}

/// Whether a refusal may be one of the scenarios that were asked for.
pub(crate) fn speaks_of_the_selection(error: &ApiError) -> bool {
    let ApiError::Refused { status: 400 | 404 | 422, fields, .. } = error else { return false };
    let parts = ["scenarios", "tags", "folder_path", "project_id", "detail", "non_field_errors"];
    fields.is_empty()
        || fields.iter().any(|(field, _)| parts.iter().any(|part| field.starts_with(part)))
}
