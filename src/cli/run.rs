//! `run`: start, wait, judge, report.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use reqwest::Url;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::overrides::{KeyFlags, Overrides, scalar};
use crate::input::suite_file::Loaded;
use crate::input::{connection, suite_file};
use crate::output::console::Console;
use crate::output::files::report_dir;
use crate::output::multi::BatchPublisher;
use crate::output::pr_comment::Commenter;
use crate::output::publisher::{Publisher, Surfaces, inputs_of};
use crate::output::run_file;
use crate::output::run_file::RunState;
use crate::plan::Plan;
use crate::preflight::selection;
use crate::preflight::selection::{Member, SuiteSelection, SuiteSet};
use crate::report::build::build_report;
use crate::report::gates::sticky;
use crate::runner::announce::announced;
use crate::runner::batch::{Batch, Entry};
use crate::runner::call_groups;
use crate::runner::call_limit::CallLimiter;
use crate::runner::ci_job::Job;
use crate::runner::failed_from::FailedFrom;
use crate::runner::follow_up::FollowUp;
use crate::runner::gate::Gate;
use crate::runner::platform::Platform;
use crate::runner::prepare::{Resume, Shared, prepare};
use crate::runner::reuse::Age;
use crate::runner::start::{StartContext, unique_key};
use crate::runtime::runtime;
use crate::simulate::World;
use crate::stop::{Stop, with_signals};
use crate::suite::model::Suite;

/// What `run` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The suite file [default: ./cekura-gate.yml, then ./.cekura/gate.yml]. Several files, a
    /// directory of them, or a file that lists them (./gates.yml) are gated side by side.
    #[arg(value_name = "SUITE")]
    suites: Vec<PathBuf>,
    /// Resume the result that an earlier run started before its runner was lost: the run.json in the
    /// report directory says which. Starts only the suites and call groups that had not started.
    #[arg(long, conflicts_with_all = ["reuse", "simulate"])]
    resume: bool,
    /// Take up the result that an earlier attempt of this CI job started, of the same commit and
    /// suite and at most so long ago [default age: 24h]. Where there is none, start one.
    #[arg(long, value_name = "AGE", num_args = 0..=1, require_equals = true,
        default_missing_value = "24h", value_parser = scalar::<Age>)]
    reuse: Option<Age>,
    /// Start only the scenarios that did not pass in this result.json, with all of their
    /// repetitions, and judge them together with what passed there: of the same suite, agent and
    /// commit. With --reuse, a file that is not there or does not fit is passed over.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["resume", "simulate"])]
    failed_from: Option<PathBuf>,
    /// Run against a simulator inside this process: no account, no cost. Without a world it makes
    /// one up from the suite.
    #[arg(long, value_name = "WORLD", num_args = 0..=1, require_equals = true)]
    simulate: Option<Option<PathBuf>>,
    /// With --simulate: what goes wrong on the network, to rehearse a bad day.
    #[arg(long, value_name = "FILE", requires = "simulate")]
    faults: Option<PathBuf>,
    /// Check the suite and print the plan and its price; nothing starts. With an API key the
    /// platform is asked as well, otherwise the check is offline.
    #[arg(long, conflicts_with_all = ["resume", "reuse", "simulate", "comment", "listen"])]
    dry_run: bool,
    /// Write the verdict as a comment on the pull request, and update it in later runs. GitHub only;
    /// takes GITHUB_TOKEN.
    #[arg(long)]
    comment: bool,
    /// Print the address at which each call can be listened to, as it starts.
    #[arg(long)]
    listen: bool,
    #[command(flatten)]
    keys: KeyFlags,
}

impl Args {
    pub(super) fn suites(&self) -> &[PathBuf] {
        &self.suites
    }

    pub(super) const fn keys(&self) -> &KeyFlags {
        &self.keys
    }

    pub(super) const fn keys_mut(&mut self) -> &mut KeyFlags {
        &mut self.keys
    }

    /// Whether a simulator plays the platform.
    pub(super) const fn is_rehearsal(&self) -> bool {
        self.simulate.is_some()
    }
}

pub(super) fn run(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let overrides = &args.keys.read()?;
    let asked = selection::asked(&args.suites, overrides, context, console)?;
    if args.dry_run {
        return super::check::dry_run(asked, overrides, global, context, console);
    }
    match asked {
        SuiteSelection::One(loaded) => one((args, overrides), *loaded, global, context, console),
        SuiteSelection::SuiteSet(many) => {
            several((args, overrides), many, global, context, console)
        }
    }
}

/// What can be refused, and what must be read, before any earlier report is replaced.
fn before_outputs(loaded: &mut Loaded, plan: &Plan) -> Result<(), Failure> {
    if !plan.looks.is_empty() {
        return Err(Failure::Usage(
            "`frequency` with `start` and `max` can be checked and cannot be run yet: write one \
             number; nothing was started"
                .to_owned(),
        ));
    }
    crate::preflight::budget::check(&loaded.suite, plan)?;
    crate::preflight::quarantine::quarantine_is_known(loaded, plan)?;
    crate::preflight::grouping::check(loaded, plan)?;
    crate::preflight::agent_dir::check(loaded)?;
    loaded.baseline = crate::preflight::baseline::saved_of(&loaded.suite)?;
    Ok(())
}

fn one(
    (args, overrides): (&Args, &Overrides),
    mut loaded: Loaded,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let plan = Plan::new(
        &loaded.suite,
        &loaded.name(),
        context.branch(),
        &unique_key(&loaded.suite, context),
    )?;
    let (name, commenter) = (loaded.name(), &Commenter::new(args.comment, global, context));
    let runtime = runtime()?;
    let told = |failure: Failure| {
        runtime.block_on(commenter.tell_failure(&name, &failure, console));
        failure
    };
    before_outputs(&mut loaded, &plan).map_err(told)?;
    overrides.check_caps(&[(&loaded.suite, &plan)]).map_err(told)?;
    let failed_from = failed_from(args, &loaded, &plan, context, console).map_err(told)?;
    let counted = overrides.caps().are_set();
    let (shared, plan) = match &failed_from {
        Some(from) => {
            // Some of the runs alone decide nothing.
            loaded.suite.early_stop = None;
            (Shared { partial: true, counted, ..Shared::default() }, from.plan(&plan))
        }
        None => (Shared { counted, ..Shared::default() }, plan),
    };
    let dir = report_dir(loaded.suite.reports.as_ref());
    if args.resume && !dir.join(run_file::FILE).exists() {
        return Err(nothing_left(&dir.join(run_file::FILE)));
    }
    let earlier = match &failed_from {
        Some(_) => Resume::None,
        None => earlier(args, dir, context)?,
    };
    let publisher = match &earlier {
        // What was left stays until it is known whether it is gone on with.
        Resume::FromDisk(_) => {
            Publisher::with(dir, Surfaces::of(context), &inputs_of(&loaded.suite))?
        }
        Resume::None | Resume::FromCiJob(..) | Resume::Found(_) => {
            let also: Vec<PathBuf> =
                failed_from.iter().map(|from| from.path().to_owned()).collect();
            Publisher::open(&loaded.suite, context, &also)?
        }
    };
    let ended = runtime.block_on(with_signals(|stop: Stop| async move {
        let platform = platform(args, &[&loaded], global, context).await?;
        let limiter = CallLimiter::new(None);
        let gate = Gate {
            client: &platform.client,
            console,
            stop: &stop,
            label: None,
            limiter: &limiter,
            permit: limiter.join(0).into(),
            listen: args.listen,
        };
        let prepared = prepare(loaded, plan, earlier, shared, &platform.client);
        let prepared = announced("the account's answers", |line| console.progress(line), prepared);
        let prepared = gate.unless_stopped(prepared).await?;
        overrides.check_caps(&[(&prepared.loaded.suite, &prepared.plan)])?;
        for warning in crate::preflight::warnings::warnings(&prepared.loaded, &prepared.plan) {
            console.warn(&warning);
        }
        let around = StartContext { context, dashboard: platform.dashboard.as_deref() };
        let active = gate.start_or_resume(prepared, &publisher, &around).await?;
        let follow_up = FollowUp::of(&active);
        let mut parts = gate.wait_until_done(active, &publisher).await?;
        let other_agent = failed_from.and_then(|from| from.join(&mut parts));
        let mut report = build_report(parts);
        if let Some(why) = other_agent {
            report.of_another_suite(&why);
        }
        follow_up.take(&gate, &mut report).await;
        let code = publisher.finish(&mut report, console)?;
        commenter.tell(&report, console, &stop).await;
        Ok(code)
    }));
    ended.map_err(told)
}

/// The result that `--failed-from` names. In a CI job that is run again (`--reuse`) a file that was
/// not kept, or that does not fit, is passed over.
fn failed_from(
    args: &Args,
    loaded: &Loaded,
    plan: &Plan,
    context: &Context,
    console: &Console,
) -> Result<Option<FailedFrom>, Failure> {
    let Some(path) = &args.failed_from else { return Ok(None) };
    if args.reuse.is_some() && !path.exists() {
        return Ok(None);
    }
    match FailedFrom::read(path, loaded, plan, context) {
        Ok(from) => Ok(Some(from)),
        Err(failure) if args.reuse.is_some() => {
            console.warn(&format!("--failed-from is passed over: {failure}"));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn several(
    (args, overrides): (&Args, &Overrides),
    mut many: SuiteSet,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    if args.failed_from.is_some() {
        return Err(Failure::Usage(
            "--failed-from goes on with one suite: name one suite file and the result.json of its \
             own directory; nothing was started"
                .to_owned(),
        ));
    }
    let left = |member: &Member| {
        let dir = many.dir_of(&member.dir);
        dir.join(run_file::FILE).exists() || member.loaded.is_party() && call_groups::any_left(&dir)
    };
    if args.resume && !many.suites.iter().any(left) {
        return Err(nothing_left(&many.dir.join("*").join(run_file::FILE)));
    }
    let (runtime, count) = (runtime()?, many.suites.len());
    let (whole, commenter) = (many.name.clone(), &Commenter::new(args.comment, global, context));
    let told = |failure: Failure| {
        runtime.block_on(commenter.tell_failure(sticky(&whole, count), &failure, console));
        failure
    };
    let plans = plans_of(&mut many, overrides, context).map_err(told)?;
    let inputs: Vec<PathBuf> =
        many.suites.iter().flat_map(|member| inputs_of(&member.loaded.suite)).collect();
    let publisher = BatchPublisher::open(&many.dir, Surfaces::of(context), &inputs)?;
    let mut entries = Vec::with_capacity(many.suites.len());
    let members = std::mem::take(&mut many.suites).into_iter().zip(plans);
    for (Member { dir: name, mut loaded, base, is_base }, plan) in members {
        let dir = many.dir_of(&name);
        selection::reports_to(&mut loaded, &dir);
        // A suite of which nothing was left has not started yet.
        let of_dir = |dir: &Path| earlier(args, dir, context);
        let earlier = if loaded.is_party() { Resume::None } else { of_dir(&dir)? };
        let publisher = Publisher::part(&dir, matches!(earlier, Resume::FromDisk(_)), &inputs)?;
        let calls = match loaded.is_party() {
            true => call_groups::open(&loaded, &dir, args.resume, context, &of_dir)?,
            false => Vec::new(),
        };
        entries.push(Entry { dir: name, base, is_base, loaded, plan, earlier, publisher, calls });
    }
    let many = &many;
    let ended = runtime.block_on(with_signals(|stop: Stop| async move {
        let loaded: Vec<&Loaded> = entries.iter().map(|entry| &entry.loaded).collect();
        let platform = platform(args, &loaded, global, context).await?;
        let (stop, listen) = (&stop, args.listen);
        let until = many.timeout.map(|timeout| Instant::now() + timeout.duration());
        let platform = &platform;
        let together =
            Batch { platform, context, console, stop, listen, commenter, until, overrides };
        together.run(many, entries, publisher).await
    }));
    ended.map_err(told)
}

/// The plans of several suites, checked against everything that can be known of them by now.
fn plans_of(
    many: &mut SuiteSet,
    overrides: &Overrides,
    context: &Context,
) -> Result<Vec<Plan>, Failure> {
    let mut plans = Vec::with_capacity(many.suites.len());
    for Member { loaded, .. } in &mut many.suites {
        let plan = Plan::new(
            &loaded.suite,
            &loaded.name(),
            context.branch(),
            &unique_key(&loaded.suite, context),
        )?;
        if let Err(source) = before_outputs(loaded, &plan) {
            return Err(Failure::Suite { name: loaded.name(), source: Box::new(source) });
        }
        plans.push(plan);
    }
    let suites = many.suites.iter().map(|member| &member.loaded.suite);
    let known: Vec<(&Suite, &Plan)> = suites.zip(&plans).collect();
    if known.iter().all(|(_, plan)| plan.runs().is_some()) {
        many.check_budgets(&known)?;
    }
    overrides.check_caps(&known)?;
    Ok(plans)
}

fn nothing_left(path: &Path) -> Failure {
    Failure::Usage(format!(
        "nothing to resume: {} is not there; nothing was started. Leave --resume out to start, or \
         name the directory of the earlier reports with --report-dir",
        path.display()
    ))
}

/// What an earlier gate may have started, as the flags want it.
fn earlier(args: &Args, dir: &Path, context: &Context) -> Result<Resume, Failure> {
    if let Some(age) = args.reuse {
        return match Job::of(context) {
            Ok(job) => Ok(Resume::FromCiJob(job, age)),
            Err(why) => Err(Failure::Usage(format!("{why}; nothing was started"))),
        };
    }
    let path = dir.join(run_file::FILE);
    if !args.resume || !path.exists() {
        return Ok(Resume::None);
    }
    Ok(Resume::FromDisk(Box::new(RunState::read(&path)?)))
}

async fn platform(
    args: &Args,
    loaded: &[&Loaded],
    global: &Global,
    context: &Context,
) -> Result<Platform, Failure> {
    let Some(world) = &args.simulate else {
        return Ok(Platform {
            client: connection::client(global, context)?,
            dashboard: connection::dashboard(global, context),
            simulator: None,
        });
    };
    let world = match world {
        Some(path) => suite_file::world(path, context)?,
        None => World::for_suites(loaded.iter().map(|one| &one.suite)),
    };
    let faults =
        args.faults.as_deref().map(|path| suite_file::faults(path, context)).transpose()?;
    let scale = world.time_scale;
    let key = world.api_key.clone().unwrap_or_else(|| "simulated".to_owned());
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let simulator = super::simulate::serve(world, faults, bind)
        .await
        .map_err(|error| Failure::Internal(format!("the simulator cannot start: {error}")))?;
    let url = Url::parse(&simulator.url())
        .map_err(|error| Failure::Internal(format!("the simulator has no address: {error}")))?;
    let client = connection::to_simulator(url, &SecretString::from(key), scale)?;
    Ok(Platform { client, dashboard: None, simulator: Some(simulator) })
}
