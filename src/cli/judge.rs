//! `judge`: judge and report again from a saved result.json, offline.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::overrides::Overrides;
use crate::input::same_suite::{EvidenceOf, foreign_agent, is_of_another};
use crate::input::secrets;
use crate::output::console::Console;
use crate::output::pr_comment::Commenter;
use crate::output::publisher::Publisher;
use crate::preflight::baseline::saved_or_input;
use crate::record::{Claims, ResultRecord};
use crate::report::build::{End, ReportInput, build_report};
use crate::report::gates::BatchReport;
use crate::suite::head::SuiteHead;
use crate::suite::model::Transcripts;

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
    let (mut foreign, mut junit) = (None, saved.junit);
    // Without a suite it is judged as it was: by rules that are not those of its evidence, too.
    let mut other = saved.other_suite.clone().filter(|_| args.suite.is_none());
    let suite = match &args.suite {
        None => saved.suite.clone(),
        Some(path) => {
            let loaded = crate::input::rules::rules(
                path,
                Some(&saved.suite.name),
                &Overrides::default(),
                context,
            )?;
            redact = secrets::redactor(Some(&loaded.suite));
            junit = loaded.suite.reports.as_ref().and_then(|r| r.junit).unwrap_or_default();
            foreign = foreign_agent(&loaded.suite, &saved.result);
            let evidence = EvidenceOf {
                result: &saved.result,
                planned: Some(&saved.plan),
                mode: Some(saved.suite.mode),
            };
            other = is_of_another(&loaded.suite, &saved.suite.name, evidence);
            SuiteHead { mode: saved.suite.mode, ..loaded.head() }
        }
    };
    let mut events = saved.events;
    events.extend(foreign.filter(|note| !events.contains(note)));
    let publisher = Publisher::with(&args.report_dir, context, std::slice::from_ref(&args.file))?;
    let mut report = build_report(ReportInput {
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
            let (id, agent_version) = (baseline.result, baseline.agent_version);
            let base = ResultRecord { id, runs, claims, agent_version, ..ResultRecord::default() };
            (baseline.from, base)
        }),
        refused_baseline: saved.refused_baseline,
        retries: saved.retries,
        results: saved.results,
        stopped_early: saved.stopped_early,
        incomplete: saved.incomplete,
        simulated: saved.simulated,
        price_per_run: saved.price_per_run,
        // The saved file holds only what it was allowed to hold.
        transcripts: Transcripts::All,
        redact,
        junit,
        notes: events,
    });
    if let Some(why) = other {
        report.of_another_suite(&why);
    }
    let mut batch = BatchReport::of_one(report);
    let code = publisher.finish(&mut batch, console)?;
    Commenter::new(args.comment, global, context).put_verdict_now(&batch, console)?;
    Ok(code)
}
