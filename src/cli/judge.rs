//! `judge`: judge and report again from a saved result.json, offline.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::baseline::saved_or_input;
use super::comment::Commenter;
use super::console::Console;
use super::failure::Failure;
use super::load;
use super::overrides::Overrides;
use super::publish::{Publisher, Surfaces};
use super::watch::foreign_agent;
use super::{Global, secrets};
use crate::context::Context;
use crate::exit::Code;
use crate::plan::Plan;
use crate::plan::mark::{Event, Mark, Origin};
use crate::record::{Claims, ResultRecord};
use crate::report::assemble::{End, Parts, assemble};
use crate::report::model::{Report, SuiteHead};
use crate::suite::model::{Suite, Transcripts};
use crate::text::count;

/// What `judge` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A result.json that an earlier gate wrote; `-` reads it from standard input.
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

impl Args {
    pub(super) fn report_dir(&self) -> &Path {
        &self.report_dir
    }
}

pub(super) fn judge(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let saved = saved_or_input(&args.file)?;
    let mut redact = secrets::redactor(None);
    let mut foreign = None;
    // Without a suite it is judged as it was: by rules that are not those of its evidence, too.
    let mut other = saved.other_suite.clone().filter(|_| args.suite.is_none());
    let suite = match &args.suite {
        None => saved.suite.clone(),
        Some(path) => {
            let loaded =
                load::rules(path, Some(&saved.suite.name), &Overrides::default(), context)?;
            redact = secrets::redactor(Some(&loaded.suite));
            foreign = foreign_agent(&loaded.suite, &saved.result);
            other = foreign.clone().or_else(|| is_of_another(&loaded.suite, &saved));
            SuiteHead { mode: saved.suite.mode, ..super::publish::suite_head(&loaded) }
        }
    };
    let mut events = saved.events;
    events.extend(foreign.filter(|note| !events.contains(note)));
    let publisher =
        Publisher::with(&args.report_dir, Surfaces::of(context), std::slice::from_ref(&args.file))?;
    let mut report = assemble(Parts {
        suite,
        plan: saved.plan,
        result: saved.result,
        end: End::Finished,
        timing: saved.timing,
        url: saved.url,
        traffic: saved.traffic,
        baseline: saved.baseline.map(|baseline| {
            let runs = baseline.runs;
            let total_runs = u64::try_from(runs.len() + baseline.missing).ok();
            let claims = Claims { total_runs, ..Claims::default() };
            let id = baseline.result;
            (baseline.from, ResultRecord { id, runs, claims, ..ResultRecord::default() })
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
    if let Some(why) = other {
        report.of_another_suite(&why);
    }
    let ended = publisher.finish(&mut report, console);
    if ended.is_ok() {
        Commenter::new(args.comment, global, context).tell_now(&report, console)?;
    }
    ended
}

/// What a suite would run that the evidence is not of, in words. A suite of thresholds alone would
/// run nothing.
pub(super) fn is_of_another(suite: &Suite, saved: &Report) -> Option<String> {
    let plan = Plan::new(suite, &saved.suite.name, None, "").ok()?;
    let (wanted, seen) = (plan.runs_per_scenario, saved.plan.runs_per_scenario);
    if plan.spec().is_none() && seen > 0 && wanted != seen {
        let wanted = count(wanted, "run");
        return Some(format!("it has {wanted} of each scenario, the evidence was to have {seen}"));
    }
    let ids: BTreeSet<u64> = plan.scenarios().into_iter().collect();
    let seen: BTreeSet<u64> = match saved.plan.scenarios.is_empty() {
        true => saved.result.runs.iter().filter_map(|run| run.scenario).collect(),
        false => saved.plan.scenarios.iter().copied().collect(),
    };
    if !ids.is_empty() && !seen.is_empty() && ids != seen {
        return Some("it selects other scenarios".to_owned());
    }
    let mode = suite.mode.unwrap_or_default();
    if mode != saved.suite.mode {
        let (wanted, seen) = (mode.name(), saved.suite.mode.name());
        return Some(format!("it is of mode {wanted}, the evidence of mode {seen}"));
    }
    let ours = Mark::new(Origin { event: Event::Unknown, commit: None }, suite).selection;
    let theirs = saved.result.name.as_deref().and_then(Mark::of_name)?.selection;
    // The files of test cases are not read again to judge.
    (!suite.brings_cases() && ours != theirs).then(|| "it selects other scenarios".to_owned())
}
