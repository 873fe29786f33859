//! `result rerun`: the scenarios of a result once more, in new calls that are billed.

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::super::remote::{Remote, id, no_result};
use super::super::watch;
use crate::api::error::{ApiError, status_of};
use crate::api::start::Started;
use crate::context::{self, Context};
use crate::event::Event;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::overrides::KeyFlags;
use crate::output::console::Console;
use crate::output::pr_comment::Commenter;
use crate::output::publisher::Publisher;
use crate::output::reporter::Reporter as _;
use crate::output::reporters::{Log, Reporters};
use crate::plan::Plan;
use crate::preflight::baseline;
use crate::record::ResultRecord;
use crate::report::build::build_report;
use crate::report::files::report_dir;
use crate::report::gates::BatchReport;
use crate::report::model::PlanHead;
use crate::run_file::{RunDir, RunState};
use crate::runner::active_run::ActiveRun;
use crate::runner::call_limit::CallLimiter;
use crate::runner::follow_up::FollowUp;
use crate::runner::gate::Gate;
use crate::runtime::runtime;
use crate::stop::{Stop, with_signals};
use crate::suite::head::SuiteHead;
use crate::suite::model::{Suite, Transcripts};
use crate::text;

/// How long a start that is under way may take to be answered after a signal.
const ANSWER_GRACE: Duration = Duration::from_secs(2);

/// What `result rerun` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the result whose scenarios run again.
    #[arg(value_parser = id)]
    id: u64,
    /// Wait for the new result, and judge and report it as `watch` does.
    #[arg(long, conflicts_with = "json")]
    wait: bool,
    /// The suite file whose thresholds judge the new result. Implies --wait.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    suite: Option<PathBuf>,
    /// How long to wait for the new result, such as 45m.
    #[arg(long, value_name = "SPAN", allow_negative_numbers = true)]
    timeout: Option<String>,
    /// Directory of the reports.
    #[arg(long, value_name = "DIR")]
    report_dir: Option<String>,
}

pub(super) fn rerun(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let keys = KeyFlags::of_waiting(args.timeout.clone(), args.report_dir.clone());
    let overrides = keys.read()?;
    let waits = args.wait || args.suite.is_some();
    // What could fail for free fails before anything is paid for.
    let (suite, head) = watch::rules(args.id, args.suite.as_deref(), None, &overrides, context)?;
    let saved = baseline::saved_of(&suite)?;
    let outputs = match waits {
        true => {
            let dir = report_dir(suite.reports.as_ref());
            Some((Publisher::open(&suite, context)?, RunDir::open(dir, true)?))
        }
        false => None,
    };
    let remote = Remote::new(global, context, console)?;
    runtime()?.block_on(with_signals(|stop: Stop| async move {
        let limiter = CallLimiter::new(None);
        let commenter = Commenter::new(false, global, context);
        let reporters = outputs
            .as_ref()
            .map(|(publisher, _)| Reporters::new(console, publisher, &commenter, None));
        let events = |event: Event<'_>| match &reporters {
            Some(reporters) => reporters.on(&event),
            None => Log { console }.on(&event),
        };
        let gate = Gate {
            client: &remote.client,
            events: &events,
            stop: &stop,
            place: 0,
            name: None,
            limiter: &limiter,
            permit: limiter.join(0).into(),
            hears_calls: false,
        };
        let began = Instant::now();
        let deadline = began + suite.timeout.unwrap_or_default().duration();
        let prepared = async {
            let old = remote.client.result(args.id, Transcripts::All, remote.soon()).await;
            let old = old.map_err(|error| no_result(args.id, error))?;
            let wanted = baseline::Wanted::new(&suite, &head.name, context, None);
            let baseline = wanted.choose(saved, &remote.client, deadline).await?;
            Ok((old, baseline))
        };
        let (old, baseline) = gate.unless_stopped(prepared).await?;
        let new = start(&remote, &stop, &old, deadline).await?;
        let (Some((_, run_dir)), Some(reporters)) = (&outputs, &reporters) else {
            print_start(&remote, args.id, &new)?;
            // A signal came during the start: nobody waits for what has begun.
            return Ok(stop.heard().map_or(Code::Passed, |(signal, _)| signal.code()));
        };
        let active = active(args, suite, head, &old, new, (began, deadline));
        let mut active =
            ActiveRun { baseline: baseline.base, refused_baseline: baseline.refused, ..active };
        active.notes.extend(baseline.notes);
        let follow_up = FollowUp::of(&active.suite);
        let report = build_report(reporters.during(gate.wait_until_done(active, run_dir)).await?);
        let report = follow_up.after(&gate, report, false).await;
        reporters.finish(&mut BatchReport::of_one(report), &stop).await
    }))
}

/// Starts the new result, exactly once. A signal gives it a moment to be answered; then nobody
/// knows.
async fn start(
    remote: &Remote<'_>,
    stop: &Stop,
    old: &ResultRecord,
    deadline: Instant,
) -> Result<ResultRecord, Failure> {
    let id = old.id;
    if !old.status.is_terminal() {
        return Err(Failure::Remote(format!(
            "result {id} is still going ({}): nothing was started; wait for it with \
             `cekura-gate watch {id}`",
            old.status.as_str()
        )));
    }
    let mut work = pin!(remote.client.rerun(old, deadline.min(remote.soon())));
    let first = tokio::select! {
        biased;
        started = &mut work => Ok(started),
        signal = stop.first_signal() => Err(signal),
    };
    let started = match first {
        Ok(started) => started,
        Err(signal) => match tokio::time::timeout(ANSWER_GRACE, work).await {
            Ok(started) => started,
            Err(_) => return Err(Failure::StoppedRerunning { signal, of: id }),
        },
    };
    match started.map_err(|error| refused(id, error))? {
        Started::Answered(new) => Ok(*new),
        Started::Found(new) => {
            remote.console.warn(&format!(
                "the answer to the rerun was lost; found result {} of it and resumed it",
                new.id
            ));
            Ok(*new)
        }
    }
}

fn refused(id: u64, error: ApiError) -> Failure {
    match status_of(&error) {
        Some(404 | 405) => Failure::Remote(format!(
            "result {id} was not run again ({error}); nothing was started; `cekura-gate run` with \
             its suite starts the same scenarios"
        )),
        _ => error.into(),
    }
}

fn print_start(remote: &Remote<'_>, of: u64, new: &ResultRecord) -> Result<(), Failure> {
    let (id, runs) = (new.id, new.runs.len());
    let many = match runs {
        0 => "its calls are billed".to_owned(),
        runs => format!("{} that are billed", text::count(runs, "call")),
    };
    let text = format!(
        "result {id} has started as a rerun of result {of}: {many}\n  wait for it: cekura-gate \
         watch {id}\n  stop it:     cekura-gate result end {id}\n"
    );
    let ids: Vec<u64> = new.runs.iter().map(|run| run.id).collect();
    remote.answer(&text, &json!({ "of": of, "result": id, "runs": ids }))
}

/// The new result, as the gate attends to it. What it owes is what the platform started: a rerun
/// runs each scenario once, however often the suite wants it.
fn active(
    args: &Args,
    suite: Suite,
    head: SuiteHead,
    old: &ResultRecord,
    new: ResultRecord,
    (began, deadline): (Instant, Instant),
) -> ActiveRun {
    let scenarios: std::collections::BTreeSet<u64> =
        old.runs.iter().filter_map(|run| run.scenario).collect();
    let runs = new.runs.len().max(scenarios.len());
    let mut notes = vec![format!("a rerun of result {}", args.id)];
    let planned = args.suite.as_ref().and_then(|_| Plan::new(&suite, &head.name, None, "").ok());
    if let Some(wanted) = planned.and_then(|plan| plan.runs()).filter(|wanted| *wanted > runs) {
        notes.push(format!(
            "the platform runs each scenario once: {}, where the suite starts {wanted}",
            text::count(runs, "run")
        ));
    }
    let planned = PlanHead {
        runs_per_scenario: 1,
        runs: Some(runs),
        scenarios: scenarios.into_iter().collect(),
        ..PlanHead::default()
    };
    ActiveRun {
        chats: None,
        in_round: None,
        started: RunState {
            result: Some(new.id),
            name: new.name.clone(),
            suite: head.file.clone(),
            planned: planned.clone(),
            ..RunState::default()
        },
        calls: usize::MAX,
        resumed: false,
        ended_earlier: false,
        of_set: false,
        head,
        planned,
        // The platform chose what runs: there is no request that a retry could repeat.
        plan: None,
        baseline: None,
        refused_baseline: None,
        suite,
        record: new,
        url: None,
        began,
        deadline,
        started_at: context::now().to_string(),
        notes,
    }
}
