//! `run --changed-since` and `run --list`: which suites a change touches.

use serde_json::json;

use crate::context::{self, Context};
use crate::escape::terminal::log_line;
use crate::exit::Code;
use crate::failure::Failure;
use crate::output::console::Console;
use crate::output::publisher::{Publisher, inputs_of};
use crate::preflight::changes::{self, Changes};
use crate::preflight::selection::SuiteSet;
use crate::preflight::touched::{Decision, LeftOut, decide, put_back};
use crate::report::gates::BatchReport;
use crate::report::model::Timing;
use crate::traffic::Traffic;

/// A commit, a branch or a tag. An empty one is most often a variable that is not set.
pub(super) fn reference(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty; leave the flag out where there is no value".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// What changed since a commit, where somebody asks.
pub(super) fn since(
    reference: Option<&str>,
    context: &Context,
    console: &Console,
) -> Result<Option<Changes>, Failure> {
    let Some(reference) = reference else { return Ok(None) };
    let changes = changes::since(reference, context)?;
    if let Changes::Unknown(why) = &changes {
        console.warn(&format!("every suite runs: what changed is not known: {why}"));
    }
    Ok(Some(changes))
}

/// Prints which suites would run and why.
pub(super) fn list(
    set: &SuiteSet,
    changes: Option<&Changes>,
    console: &Console,
) -> Result<Code, Failure> {
    let mut text = String::new();
    let mut suites = Vec::new();
    for member in &set.suites {
        let (word, why) = match decide(&member.loaded, changes) {
            Decision::Run(why) => ("runs", why),
            Decision::Skip(why) => ("skipped", why),
        };
        suites.push(json!({
            "name": member.loaded.name(), "file": member.loaded.file, "runs": word == "runs", "why": why,
        }));
        let file = member.loaded.file.as_ref().map(|file| format!(" ({file})"));
        let name = format!("{}{}", member.loaded.name(), file.unwrap_or_default());
        text.push_str(&format!("{word:<8} {}: {}\n", log_line(&name), log_line(&why)));
    }
    text.push_str("\nNothing was started.\n");
    console.answer(&text, &json!({ "suites": suites }))?;
    Ok(Code::Passed)
}

/// The reports of a command of which no suite is touched by the change.
pub(super) fn nothing_touched(
    set: &SuiteSet,
    left_out: Vec<LeftOut>,
    inputs: &[std::path::PathBuf],
    context: &Context,
    console: &Console,
) -> Result<(BatchReport, Code), Failure> {
    let publisher = Publisher::replacing(&set.dir, false, context, inputs)?;
    let mut batch = BatchReport {
        name: set.name.clone(),
        gates: Vec::new(),
        timing: Timing { started_at: context::now().to_string(), elapsed_seconds: 0.0 },
        traffic: Traffic::default(),
        concurrency: set.concurrency,
        simulated: false,
        not_written: None,
        is_single: false,
    };
    put_back(&mut batch.gates, left_out);
    let code = publisher.finish(&mut batch, console)?;
    Ok((batch, code))
}

/// The files that the suites of a set read and that may lie among its reports.
pub(super) fn inputs(set: &SuiteSet) -> Vec<std::path::PathBuf> {
    set.suites.iter().flat_map(|member| inputs_of(&member.loaded.suite)).collect()
}
