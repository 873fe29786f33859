//! The suite file: its model, how it is read, and what makes it valid.
//!
//! Pure: text in, a [`Suite`](model::Suite) or [diagnostics](crate::document::Diagnostics) out.
//! Nothing here reads a file, the environment or the clock.

pub mod checks;
pub mod model;
pub mod scalars;

use crate::document::{Diagnostics, Document, Source};
use model::Suite;

/// Reads a suite file. The rules that span several keys are in `validate`, to be asked once the
/// flags are merged in.
///
/// `lookup` gives the value of an environment variable for `${VAR}`.
///
/// # Errors
///
/// Every fault of the text, each with its place.
pub fn read(
    source: Source<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Document<Suite>, Diagnostics> {
    crate::document::read(source, lookup)
}
