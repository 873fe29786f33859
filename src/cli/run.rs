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
use crate::output::pr_comment::Commenter;
use crate::output::publisher::{Publisher, inputs_of};
use crate::output::reporter::Reporter as _;
use crate::output::reporters::{Log, Reporters};
use crate::plan::Plan;
use crate::preflight::selection;
use crate::preflight::selection::{Member, SuiteSet};
use crate::preflight::touched::{self, LeftOut, put_back};
use crate::run_file;
use crate::run_file::{RunDir, RunState};
use crate::runner::batch::{Batch, Entry};
use crate::runner::call_groups;
use crate::runner::ci_job::Job;
use crate::runner::failed_from::FailedFrom;
use crate::runner::platform::Platform;
use crate::runner::prepare::Resume;
use crate::runner::reuse::Age;
use crate::runner::start::unique_key;
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
    /// Resume the result that an earlier attempt of this CI job started for the same commit and
    /// suite, if it is not older than this [default age: 24h]. Where there is none, start one.
    #[arg(long, value_name = "AGE", num_args = 0..=1, require_equals = true,
        default_missing_value = "24h", value_parser = scalar::<Age>)]
    reuse: Option<Age>,
    /// Start only the scenarios that did not pass in this result.json, with all of their
    /// repetitions, and judge them together with what passed there: of the same suite, agent and
    /// commit. With --reuse, a file that is missing or does not fit is ignored.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["resume", "simulate"])]
    failed_from: Option<PathBuf>,
    /// Run against a simulator inside this process: no account, no cost. Without a world it makes
    /// one up from the suite.
    #[arg(long, value_name = "WORLD", num_args = 0..=1, require_equals = true)]
    simulate: Option<Option<PathBuf>>,
    /// With --simulate: a fault script, which says what goes wrong on the network.
    #[arg(long, value_name = "FILE", requires = "simulate")]
    faults: Option<PathBuf>,
    /// Check the suite and print the plan and its price; nothing starts. With an API key the
    /// platform is asked as well, otherwise the check is offline.
    #[arg(long, conflicts_with_all = ["resume", "reuse", "simulate", "comment", "listen"])]
    dry_run: bool,
    /// Run only the suites that a change touches: one of the files that their `paths` name, or one of
    /// their own, changed since this commit, branch or tag. `auto` takes what the CI system says
    /// that the pull request is compared with. Where what changed is not known, every suite runs.
    #[arg(long, value_name = "REF", value_parser = super::changed::reference, conflicts_with = "resume")]
    changed_since: Option<String>,
    /// List the suites that would run, and why; nothing starts.
    #[arg(long, conflicts_with_all = ["resume", "dry_run", "comment", "listen"])]
    list: bool,
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

    /// Whether nothing is to start.
    pub(super) const fn is_dry(&self) -> bool {
        self.dry_run
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
    if args.dry_run {
        return super::check::dry_run((&args.suites, &args.keys), global, context, console);
    }
    let overrides = &args.keys.read()?;
    let mut asked =
        selection::asked(&args.suites, overrides, context, &|event| Log { console }.on(&event))?;
    let changes = super::changed::since(args.changed_since.as_deref(), context, console)?;
    if args.list {
        return super::changed::list(&asked, changes.as_ref(), console);
    }
    let inputs = super::changed::inputs(&asked);
    let left_out = changes.map(|changes| touched::leave_out(&mut asked, &changes));
    let left_out = left_out.unwrap_or_default();
    if asked.suites.is_empty() {
        let (batch, code) =
            super::changed::nothing_touched(&asked, left_out, &inputs, context, console)?;
        Commenter::new(args.comment, global, context).put_verdict_now(&batch, console)?;
        return Ok(code);
    }
    gate((args, overrides), (asked, left_out), global, context, console)
}

/// What can be refused, and what must be read, before any earlier report is replaced.
fn before_outputs(loaded: &mut Loaded, plan: &Plan) -> Result<(), Failure> {
    crate::preflight::budget::check(&loaded.suite, plan)?;
    crate::preflight::quarantine::quarantine_is_known(loaded, plan)?;
    crate::preflight::grouping::check(loaded, plan)?;
    crate::preflight::agent_dir::check(loaded)?;
    loaded.baseline = crate::preflight::baseline::saved_of(&loaded.suite)?;
    Ok(())
}

/// Runs the suites, one or several, from their plans to their reports.
fn gate(
    (args, overrides): (&Args, &Overrides),
    (mut set, left_out): (SuiteSet, Vec<LeftOut>),
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    if args.failed_from.is_some() && !set.is_single {
        return Err(Failure::Usage(
            "--failed-from works with one suite: name one suite file and the result.json of its \
             own directory; nothing was started"
                .to_owned(),
        ));
    }
    if args.resume && !set.suites.iter().any(|member| is_left(&set, member)) {
        let any = if set.is_single { set.dir.clone() } else { set.dir.join("*") };
        return Err(nothing_left(&any.join(run_file::FILE)));
    }
    let runtime = runtime()?;
    let (name, commenter) = (
        set.comment_name(left_out.len()).to_owned(),
        &Commenter::new(args.comment, global, context),
    );
    let reported = |failure: Failure| {
        runtime.block_on(commenter.put_failure(&name, &failure, console));
        failure
    };
    let plans = plans_of(&mut set, overrides, context).map_err(reported)?;
    let failed_from = match (set.suites.first(), plans.first()) {
        (Some(only), Some(plan)) if set.is_single => {
            failed_from(args, &only.loaded, plan, context, console).map_err(reported)?
        }
        _ => None,
    };
    let (publisher, entries) = opened((args, context), &mut set, plans, failed_from)?;
    let (set, publisher) = (&set, &publisher);
    let ended = runtime.block_on(with_signals(|stop: Stop| async move {
        let loaded: Vec<&Loaded> = entries.iter().map(|entry| &entry.loaded).collect();
        let platform = &platform(args, &loaded, global, context).await?;
        let listen = args.listen.then_some(&platform.client);
        let reporters = Reporters::new(console, publisher, commenter, listen);
        let batch = Batch {
            platform,
            context,
            events: &|event| reporters.on(&event),
            stop: &stop,
            hears_calls: args.listen,
            is_single: set.is_single,
            until: set.timeout.map(|timeout| Instant::now() + timeout.duration()),
            overrides,
        };
        let mut batch = reporters.during(batch.run(set, entries)).await?;
        put_back(&mut batch.gates, left_out);
        reporters.finish(&mut batch, &stop).await
    }));
    ended.map_err(reported)
}

/// Whether an earlier gate has left something of a suite to go on with.
fn is_left(set: &SuiteSet, member: &Member) -> bool {
    let dir = set.dir_of(&member.dir);
    dir.join(run_file::FILE).exists() || member.loaded.is_party() && call_groups::any_left(&dir)
}

/// Opens every output, and what an earlier gate has left of each suite.
fn opened(
    (args, context): (&Args, &Context),
    set: &mut SuiteSet,
    plans: Vec<Plan>,
    mut failed_from: Option<FailedFrom>,
) -> Result<(Publisher, Vec<Entry>), Failure> {
    let inputs = set.suites.iter().flat_map(|member| inputs_of(&member.loaded.suite));
    let inputs = inputs.chain(failed_from.iter().map(|from| from.path().to_owned()));
    let inputs: Vec<PathBuf> = inputs.collect();
    // A suite of which nothing was left has not started yet.
    let earlier = |dir: &Path| earlier(args, dir, context);
    // What was left stays until it is known whether it is gone on with.
    let mut publisher = match set.is_single && matches!(earlier(&set.dir)?, Resume::FromDisk(_)) {
        true => Publisher::with(&set.dir, context, &inputs)?,
        false => Publisher::replacing(&set.dir, set.is_single, context, &inputs)?,
    };
    let mut entries = Vec::with_capacity(set.suites.len());
    for (Member { dir: name, mut loaded, base, is_base }, plan) in
        std::mem::take(&mut set.suites).into_iter().zip(plans)
    {
        let dir = set.dir_of(&name);
        selection::reports_to(&mut loaded, &dir);
        let failed_from = failed_from.take();
        let (plan, earlier_of) = match &failed_from {
            Some(from) => {
                // Some of the runs alone decide nothing.
                loaded.suite.early_stop = None;
                (from.plan(&plan), Resume::None)
            }
            None if loaded.is_party() => (plan, Resume::None),
            None => (plan, earlier(&dir)?),
        };
        if !set.is_single {
            publisher.add_part(&dir, &inputs)?;
        }
        let run_dir = RunDir::open(&dir, matches!(earlier_of, Resume::FromDisk(_)))?;
        let calls = match loaded.is_party() {
            true => call_groups::open(&loaded, &dir, args.resume, context, &earlier)?,
            false => Vec::new(),
        };
        entries.push(Entry {
            dir: name,
            base,
            is_base,
            loaded,
            plan,
            earlier: earlier_of,
            failed_from,
            run_dir,
            calls,
        });
    }
    Ok((publisher, entries))
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
            console.warn(&format!("--failed-from is ignored: {failure}"));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// The plans of the suites, checked against everything that can be known of them by now.
fn plans_of(
    set: &mut SuiteSet,
    overrides: &Overrides,
    context: &Context,
) -> Result<Vec<Plan>, Failure> {
    let mut plans = Vec::with_capacity(set.suites.len());
    let mut suites = std::mem::take(&mut set.suites);
    for Member { loaded, .. } in &mut suites {
        let plan = Plan::new(
            &loaded.suite,
            &loaded.name(),
            context.branch(),
            &unique_key(&loaded.suite, context),
        )?;
        if let Err(source) = before_outputs(loaded, &plan) {
            return Err(set.failure_of(loaded.name(), source));
        }
        plans.push(plan);
    }
    set.suites = suites;
    let suites = set.suites.iter().map(|member| &member.loaded.suite);
    let known: Vec<(&Suite, &Plan)> = suites.zip(&plans).collect();
    if known.iter().all(|(_, plan)| plan.runs().is_some()) {
        set.check_budgets(&known)?;
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
