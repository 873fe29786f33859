//! `judge`: judge and report again from a saved result.json, offline.

use std::path::PathBuf;

use super::comment::Commenter;
use super::console::Console;
use super::failure::Failure;
use super::load;
use super::overrides::Overrides;
use super::publish::{Publisher, Surfaces};
use super::watch::foreign_agent;
use super::{Global, input_file, secrets};
use crate::context::Context;
use crate::exit::Code;
use crate::record::ResultRecord;
use crate::report::assemble::{End, Parts, assemble};
use crate::report::json;
use crate::report::model::SuiteHead;
use crate::suite::model::Transcripts;

/// What `judge` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A result.json that an earlier gate wrote.
    file: PathBuf,
    /// The suite file whose thresholds judge it. Without one it is judged as it was.
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Directory of the new reports.
    #[arg(long, value_name = "DIR", default_value = "cekura-report")]
    report_dir: PathBuf,
    /// Write the verdict as a comment on the pull request, and update it in later runs. GitHub only;
    /// takes GITHUB_TOKEN.
    #[arg(long)]
    comment: bool,
}

pub(super) fn judge(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let text = input_file::read_saved(&args.file)?;
    let saved = json::read(&text)
        .map_err(|source| Failure::SavedResult { path: args.file.clone(), source })?;
    let mut redact = secrets::redactor(None);
    let mut foreign = None;
    let suite = match &args.suite {
        None => saved.suite.clone(),
        Some(path) => {
            let loaded =
                load::rules(path, Some(&saved.suite.name), &Overrides::default(), context)?;
            redact = secrets::redactor(Some(&loaded.suite));
            foreign = foreign_agent(&loaded.suite, &saved.result);
            SuiteHead { mode: saved.suite.mode, ..super::publish::suite_head(&loaded) }
        }
    };
    let mut events = saved.events;
    events.extend(foreign.filter(|note| !events.contains(note)));
    let publisher = Publisher::with(&args.report_dir, Surfaces::of(context))?;
    let report = assemble(Parts {
        suite,
        plan: saved.plan,
        result: saved.result,
        end: End::Finished,
        timing: saved.timing,
        url: saved.url,
        traffic: saved.traffic,
        baseline: saved.baseline.map(|baseline| {
            let runs = baseline.runs;
            (baseline.from, ResultRecord { id: baseline.result, runs, ..ResultRecord::default() })
        }),
        retries: saved.retries,
        results: saved.results,
        stopped_early: saved.stopped_early,
        incomplete: saved.incomplete,
        simulated: saved.simulated,
        // The saved file holds only what it was allowed to hold.
        transcripts: Transcripts::All,
        redact,
        notes: events,
    });
    let ended = publisher.finish(&report, console);
    if ended.is_ok() {
        Commenter::new(args.comment, global, context).tell_now(&report, console)?;
    }
    ended
}
