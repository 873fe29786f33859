//! When a share link ends.

use crate::context;

/// When a link ends that holds for this long from now, as the platform takes it.
pub(crate) fn end_of_link(span: std::time::Duration) -> String {
    let span = jiff::SignedDuration::try_from(span).unwrap_or_default();
    let end = context::now().saturating_add(span).unwrap_or(jiff::Timestamp::MAX);
    end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
