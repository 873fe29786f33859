//! Suite files from their text to what a person reads about them.

mod faults;
mod schema;
mod texts;

use cekura_gate::document::{self, Diagnostics, Problem, Source};
use cekura_gate::suite::{self, model::Suite};

pub(crate) const FULL: &str = include_str!("../fixtures/suites/full.yml");

fn environment(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("s3cr3t-value".to_owned()),
        "PHONE" => Some("s3cr3t-phone".to_owned()),
        "RUNS" => Some("12".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

pub(crate) fn read(text: &str) -> Result<document::Document<Suite>, Diagnostics> {
    suite::read(Source { name: "gate.yml", text }, &environment, jiff::civil::date(2026, 11, 21))
}

/// What a person reads about a suite: the faults of its text, else those of its rules.
pub(crate) fn report(text: &str) -> String {
    let source = Source { name: "gate.yml", text };
    let document = match read(text) {
        Ok(document) => document,
        Err(diagnostics) => return diagnostics.render(false),
    };
    let problems: Vec<Problem> = suite::validate(&document.value, jiff::civil::date(2026, 8, 1));
    Diagnostics::from_problems(source, &document.places, problems).render(false)
}
