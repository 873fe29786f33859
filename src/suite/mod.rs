//! The suite file: its model, how it is read, and what makes it valid.
//!
//! Pure: text in, a [`Suite`] or [diagnostics](crate::document::Diagnostics) out.
//! Nothing here reads a file, the environment or the clock.

pub mod agent;
mod baseline_limit;
pub mod budget;
pub mod by_figure;
pub mod carrier;
pub mod frequency;
pub mod groups;
pub mod head;
pub mod matrix;
pub mod model;
pub mod new_failures;
pub mod paths;
pub mod profile;
pub mod profiles;
pub mod retry;
pub mod schema;
pub mod test_sets;
pub mod thresholds;
pub mod together;
pub mod trivial_checks;
mod validate;

use model::Suite;

use crate::document::{Diagnostics, Document, Format, Root, Source, parses};
pub(crate) use validate::only_warns;
pub use validate::validate;

/// The text formats of a suite's schema.
pub fn format(name: &str) -> Option<Format> {
    Some(match name {
        "check" => parses::<crate::checks::grammar::Check>,
        "percent" => parses::<crate::scalars::Percent>,
        "timespan" => parses::<crate::scalars::Timeout>,
        "date" => parses::<crate::scalars::Date>,
        _ => return crate::spec::format(name),
    })
}

impl Root for Suite {
    fn format(name: &str) -> Option<Format> {
        format(name)
    }
}

/// Reads a suite file. The rules that span several keys are in [`mod@validate`], to be asked once the
/// flags are merged in.
///
/// `lookup` gives the value of an environment variable for `${VAR}`; `today` decides which
/// quarantines have expired.
///
/// # Errors
///
/// Every fault of the text, each with its place, and what is wrong with the values of its sound
/// part.
pub fn read(
    source: Source<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
    today: jiff::civil::Date,
) -> Result<Document<Suite>, Diagnostics> {
    crate::document::read_and_check(source, lookup, |suite, sound| {
        validate::validate_part(suite, today, sound)
    })
}
