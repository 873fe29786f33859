//! `watch`: attach to a result that is already going: wait, judge, report.

use std::path::{Path, PathBuf};

use tokio::time::Instant;

use crate::context::{self, Context};
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::connection;
use crate::input::options::Global;
use crate::input::overrides::{KeyFlags, Overrides};
use crate::input::same_suite::{EvidenceOf, foreign_agent, is_of_another};
use crate::output::console::Console;
use crate::output::pr_comment::Commenter;
use crate::output::publisher::Publisher;
use crate::output::reporters::Reporters;
use crate::plan::Plan;
use crate::report::build::build_report;
use crate::report::gates::BatchReport;
use crate::report::model::PlanHead;
use crate::run_file::{RunDir, RunState};
use crate::runner::active_run::ActiveRun;
use crate::runner::announce::announced;
use crate::runner::call_limit::CallLimiter;
use crate::runner::follow_up::FollowUp;
use crate::runner::gate::Gate;
use crate::runtime::runtime;
use crate::stop::{Stop, with_signals};
use crate::suite::head::SuiteHead;
use crate::suite::model::{CallPolicy, Suite};

/// What `watch` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the result.
    #[arg(value_parser = result_id)]
    result: Option<u64>,
    /// The run.json that a gate left when it started the result: its id, its suite file and its
    /// plan are taken from there.
    #[arg(long, value_name = "FILE", conflicts_with = "result")]
    from: Option<PathBuf>,
    /// The suite file whose thresholds judge it. Without one every run must pass.
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Write the verdict as a comment on the pull request, and update it in later runs. GitHub only;
    /// takes GITHUB_TOKEN.
    #[arg(long)]
    comment: bool,
    #[command(flatten)]
    keys: KeyFlags,
}

/// An id of a result.
fn result_id(text: &str) -> Result<u64, String> {
    super::remote::id(text)
        .map_err(|_| format!("`{text}` is not a result id: a whole number is expected"))
}

impl Args {
    pub(super) fn suite_file(&self) -> Option<&Path> {
        self.suite.as_deref()
    }

    pub(super) const fn keys(&self) -> &KeyFlags {
        &self.keys
    }

    /// For a command that has done something to a result and judges it now.
    pub(super) fn of(result: u64, suite: Option<PathBuf>, keys: KeyFlags) -> Self {
        Self { result: Some(result), from: None, suite, comment: false, keys }
    }
}

pub(super) fn watch(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let left = args.from.as_deref().map(RunState::read).transpose()?;
    let Some(id) = args.result.or(left.as_ref().and_then(|left| left.result)) else {
        return Err(Failure::Usage(match left {
            None => "name a result id, or --from a run.json".to_owned(),
            Some(_) => {
                "the runner stopped during the start: `cekura-gate run --resume` looks for its result"
                    .to_owned()
            }
        }));
    };
    let of_left = left.as_ref().and_then(|left| left.suite.as_ref()).map(PathBuf::from);
    let file = args.suite.clone().or(of_left);
    let of = left.as_ref().and_then(|left| left.name.as_deref());
    let (suite, head) = rules(id, file.as_deref(), of, &args.keys.read()?, context)?;
    let baseline = crate::preflight::baseline::saved_of(&suite)?;
    let dir = crate::report::files::report_dir(suite.reports.as_ref());
    let publisher = Publisher::with(dir, context, &crate::output::publisher::inputs_of(&suite))?;
    let run_dir = RunDir::open(dir, true)?;
    runtime()?.block_on(with_signals(|stop: Stop| async move {
        let client = connection::client(global, context)?;
        let began = Instant::now();
        let deadline = began + suite.timeout.unwrap_or_default().duration();
        let record = tokio::select! {
            record = announced(
                "the result",
                |line| console.progress(line),
                client.result(id, suite.transcripts(), deadline),
            ) => record?,
            signal = stop.first_signal() => return Err(Failure::Stopped(signal)),
        };
        let name = head.name.clone();
        let units = match left.as_ref().filter(|left| !left.planned.described_units.is_empty()) {
            Some(left) => left.planned.described_units.clone(),
            None => {
                crate::preflight::suggestions::described_units(&client, &suite, record.agent).await
            }
        };
        let wanted = crate::preflight::baseline::Wanted::new(&suite, &name, context, Some(&record));
        let wanted = wanted.with_units(units.clone());
        let baseline = wanted.choose(baseline, &client, deadline).await?;
        // What started it says how many runs there were to be, or else the suite; without either,
        // what is there is all.
        let plan = Plan::new(&suite, &name, None, "").ok().filter(|_| file.is_some());
        let mut planned = match (&left, plan) {
            (Some(left), _) => left.planned.clone(),
            (None, Some(plan)) => PlanHead::of(&plan),
            (None, None) => PlanHead::default(),
        };
        planned.learn(&record.runs);
        planned.described_units = units;
        let foreign = foreign_agent(&suite, &record);
        let notes = foreign.into_iter().chain(baseline.notes).collect();
        let (own, of_left) = (suite.clone(), left.as_ref().map(|left| left.planned.clone()));
        let ended_earlier = left.as_ref().is_some_and(|left| left.ended);
        let active = ActiveRun {
            chats: None,
            in_round: None,
            started: RunState {
                result: Some(id),
                name: record.name.clone(),
                url: None,
                suite: head.file.clone(),
                planned: planned.clone(),
                ended: ended_earlier,
                request: left.map(|left| left.request).unwrap_or_default(),
            },
            calls: usize::MAX,
            resumed: true,
            ended_earlier,
            of_set: false,
            head,
            planned,
            // A watched result is not this gate's to repeat.
            plan: None,
            baseline: baseline.base,
            refused_baseline: baseline.refused,
            // Who only watches ends nobody's calls, unless told to.
            suite: Suite {
                on_cancel: suite.on_cancel.or(Some(CallPolicy::Leave)),
                on_timeout: suite.on_timeout.or(Some(CallPolicy::Leave)),
                ..suite
            },
            record,
            url: None,
            began,
            deadline,
            started_at: context::now().to_string(),
            notes,
        };
        let limiter = CallLimiter::new(None);
        let commenter = Commenter::new(args.comment, global, context);
        let reporters = Reporters::new(console, &publisher, &commenter, None);
        let gate = Gate {
            client: &client,
            events: &|event| reporters.on(&event),
            stop: &stop,
            place: 0,
            name: None,
            limiter: &limiter,
            permit: limiter.join(0).into(),
            hears_calls: false,
        };
        let follow_up = FollowUp::of(&active.suite);
        let mut report =
            build_report(reporters.during(gate.wait_until_done(active, &run_dir)).await?);
        let evidence = EvidenceOf { result: &report.result, planned: of_left.as_ref(), mode: None };
        if let Some(why) = is_of_another(&own, &name, evidence).filter(|_| file.is_some()) {
            report.of_another_suite(&why);
        }
        let report = follow_up.after(&gate, report, false).await;
        let mut batch = BatchReport::of_one(report);
        reporters.finish(&mut batch, &stop).await
    }))
}

/// The rules that judge a watched result: a suite's, or that every run must pass. What the suite
/// would start does not matter here.
pub(super) fn rules(
    id: u64,
    file: Option<&Path>,
    of: Option<&str>,
    overrides: &Overrides,
    context: &Context,
) -> Result<(Suite, SuiteHead), Failure> {
    if let Some(path) = file {
        let loaded = crate::input::rules::rules(path, of, overrides, context)?;
        let head = loaded.head();
        return Ok((loaded.suite, head));
    }
    let mut suite = Suite::default();
    overrides.apply(&mut suite);
    let head = SuiteHead {
        report_only: false,
        name: suite.name.clone().unwrap_or_else(|| format!("result {id}")),
        file: None,
        mode: suite.mode.unwrap_or_default(),
        thresholds: suite.thresholds.clone().unwrap_or_default(),
        quarantine: Vec::new(),
    };
    Ok((suite, head))
}
