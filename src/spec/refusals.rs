//! The platform's words about a spec to the place in the file that they mean.
//!
//! It names places as `scenarios[1].metrics[0]`.

use crate::document::{Path, Places, Problem};

/// Where a spec stands: in a file of its own, or in the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// In a file of its own.
    Alone,
    /// In the suite, as `cases`.
    Inline,
}

/// The problems that a refusal tells, at their places in the document that holds the spec. What it
/// says of something that is not in the document stands at the nearest part that is.
pub fn problems(fields: &[(String, String)], stands: Stands, places: &Places) -> Vec<Problem> {
    fields
        .iter()
        .map(|(field, message)| {
            let wanted = path_of(field, stands);
            let mut path = wanted.clone();
            while !path.0.is_empty() && !places.contains(&path) {
                path.0.pop();
            }
            if path.0.is_empty() {
                // Nothing of it is in the document: it is shown without a place.
                path = Path::of(["", field]);
            }
            let words = message.trim().trim_end_matches('.');
            let message = match path == wanted {
                true => format!("the platform says: {words}"),
                false => format!("the platform says of `{field}`: {words}"),
            };
            Problem::new(path, message)
        })
        .collect()
}

/// Whether a refusal speaks of the spec at all, and not of the rest of the request.
pub fn is_about_the_spec(fields: &[(String, String)]) -> bool {
    let parts = ["scenarios", "defaults", "suite", "version", "spec"];
    fields.iter().any(|(field, _)| {
        let end = field.find(['.', '[']).unwrap_or(field.len());
        field.get(..end).is_some_and(|first| parts.contains(&first))
    })
}

/// `scenarios[1].metrics[0]` as a path. Inline, the cases and their defaults have other names.
fn path_of(field: &str, stands: Stands) -> Path {
    let plain = field.replace('[', ".").replace(']', "");
    let segments: Vec<&str> = plain.split('.').filter(|segment| !segment.is_empty()).collect();
    let segments = match segments.as_slice() {
        ["spec", rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    if stands == Stands::Alone {
        return Path::of(segments.iter().copied());
    }
    match segments {
        ["scenarios", rest @ ..] => Path::of(["cases"].iter().chain(rest).copied()),
        ["defaults", "frequency"] => Path::of(["frequency"]),
        ["defaults", "concurrency_limit"] => Path::of(["concurrency"]),
        _ => Path::of(segments.iter().copied()),
    }
}
