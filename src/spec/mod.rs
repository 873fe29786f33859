//! Tests as Code: test cases that live in the repository, in Cekura's own file format or inline in
//! the suite.
//!
//! Pure: text in, a [`Spec`] or [diagnostics](crate::document::Diagnostics) out.
//! `model` has the types, `words` the values that are one of a few, `rules` what spans several
//! keys, `conditions` and `tags` what a scripted caller does, `cases` tells the runs of a result by
//! their case, `refusals` finds the place that the platform's errors mean.

pub mod cases;
pub mod conditions;
pub mod model;
pub mod refusals;
pub mod rules;
mod tags;
pub mod words;

use model::Spec;

use crate::document::{self, Diagnostics, Document, Format, Path, Root, Sound, Source, parses};

/// The text formats of a spec's schema.
pub fn format(name: &str) -> Option<Format> {
    (name == "slug").then_some(parses::<words::Slug>)
}

impl Root for Spec {
    fn format(name: &str) -> Option<Format> {
        format(name)
    }
}

/// Reads a `cekura.tests.json`. It is JSON and nothing else; `${VAR}` is text like any other,
/// because the platform reads the same file without filling anything in.
///
/// # Errors
///
/// Every fault of the text, each with its place.
pub fn read(source: Source<'_>) -> Result<Document<Spec>, Diagnostics> {
    let check = |spec: &Spec, sound: Sound<'_>| {
        let mut problems = rules::defaults(spec.defaults.as_ref());
        problems.extend(rules::cases(&spec.scenarios, &Path::of(["scenarios"]), sound));
        problems
    };
    let document = document::read_json(source, check)?;
    let problems = check(&document.value, &|_| true);
    if problems.is_empty() {
        return Ok(document);
    }
    Err(Diagnostics::from_problems(source, &document.places, problems))
}

#[cfg(test)]
mod tests;
