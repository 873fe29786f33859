//! `run`: start, wait, judge, report.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use reqwest::Url;
use secrecy::SecretString;
use tokio::time::Instant;

use super::afterwards::Afterwards;
use super::attend::Gate;
use super::begin::{Surroundings, unique_key};
use super::comment::Commenter;
use super::console::Console;
use super::failed_from::FailedFrom;
use super::failure::Failure;
use super::job::Job;
use super::left::{self, StartedRun};
use super::load::{self, Loaded};
use super::many::{Entry, Together};
use super::overrides::{KeyFlags, Overrides, scalar};
use super::prepare::{Earlier, Shared, prepare};
use super::publish::{Publisher, Surfaces, inputs_of, report_dir};
use super::publish_whole::WholePublisher;
use super::reuse::Age;
use super::sets;
use super::stop::{Stop, heeding};
use super::suites::{self, Asked, Many, Member};
use super::turn::Turnstile;
use super::waiting::announced;
use super::{Global, connection, runtime};
use crate::api::client::Client;
use crate::context::Context;
use crate::exit::Code;
use crate::plan::Plan;
use crate::report::assemble::assemble;
use crate::report::gates::sticky;
use crate::simulate::{StandIn, World};
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
    /// Run against a stand-in inside this process: no account, no cost. Without a world it makes
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

    /// Whether a stand-in plays the platform.
    pub(super) const fn is_rehearsal(&self) -> bool {
        self.simulate.is_some()
    }
}

/// The platform or its stand-in.
pub(super) struct Platform {
    pub(super) client: Client,
    pub(super) dashboard: Option<String>,
    /// Serves while this lives.
    #[expect(dead_code, reason = "dropping it ends the simulator")]
    stand_in: Option<StandIn>,
}

pub(super) fn run(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let overrides = &args.keys.read()?;
    let asked = suites::asked(&args.suites, overrides, context, console)?;
    if args.dry_run {
        return super::check::dry_run(asked, overrides, global, context, console);
    }
    match asked {
        Asked::One(loaded) => one((args, overrides), *loaded, global, context, console),
        Asked::Many(many) => several((args, overrides), many, global, context, console),
    }
}

/// What can be refused, and what must be read, before any earlier report is replaced.
fn before_outputs(loaded: &mut Loaded, plan: &Plan) -> Result<(), Failure> {
    super::budget::check(&loaded.suite, plan)?;
    super::prepare::quarantine_is_known(loaded, plan)?;
    super::grouping::check(loaded, plan)?;
    loaded.baseline = super::baseline::saved_of(&loaded.suite)?;
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
    let (shared, plan) = match &failed_from {
        Some(from) => {
            // Some of the runs alone decide nothing.
            loaded.suite.early_stop = None;
            (Shared { partial: true, ..Shared::default() }, from.plan(&plan))
        }
        None => (Shared::default(), plan),
    };
    let dir = report_dir(loaded.suite.reports.as_ref());
    if args.resume && !dir.join(left::FILE).exists() {
        return Err(nothing_left(&dir.join(left::FILE)));
    }
    let earlier = match &failed_from {
        Some(_) => Earlier::Never,
        None => earlier(args, dir, context)?,
    };
    let publisher = match &earlier {
        // What was left stays until it is known whether it is gone on with.
        Earlier::Left(_) => Publisher::with(dir, Surfaces::of(context), &inputs_of(&loaded.suite))?,
        Earlier::Never | Earlier::Attempt(..) | Earlier::Found(_) => {
            let also: Vec<PathBuf> =
                failed_from.iter().map(|from| from.path().to_owned()).collect();
            Publisher::open(&loaded.suite, context, &also)?
        }
    };
    let ended = runtime.block_on(heeding(|stop: Stop| async move {
        let platform = platform(args, &[&loaded], global, context).await?;
        let turn = Turnstile::new(None);
        let gate = Gate {
            client: &platform.client,
            console,
            stop: &stop,
            label: None,
            turn: &turn,
            ticket: turn.join(0).into(),
            listen: args.listen,
        };
        let prepared = prepare(loaded, plan, earlier, shared, &platform.client);
        let prepared = announced("the account's answers", |line| console.progress(line), prepared);
        let prepared = gate.unless_stopped(prepared).await?;
        overrides.check_caps(&[(&prepared.loaded.suite, &prepared.plan)])?;
        for warning in super::check::warnings(&prepared.loaded, &prepared.plan) {
            console.warn(&warning);
        }
        let around = Surroundings { context, dashboard: platform.dashboard.as_deref() };
        let attached = gate.begin(prepared, &publisher, &around).await?;
        let afterwards = Afterwards::of(&attached);
        let mut parts = gate.attend(attached, &publisher).await?;
        let other_agent = failed_from.and_then(|from| from.join(&mut parts));
        let mut report = assemble(parts);
        if let Some(why) = other_agent {
            report.of_another_suite(&why);
        }
        afterwards.take(&gate, &mut report).await;
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
    mut many: Many,
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
        dir.join(left::FILE).exists() || member.loaded.is_leg() && sets::any_left(&dir)
    };
    if args.resume && !many.suites.iter().any(left) {
        return Err(nothing_left(&many.dir.join("*").join(left::FILE)));
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
    let publisher = WholePublisher::open(&many.dir, Surfaces::of(context), &inputs)?;
    let mut entries = Vec::with_capacity(many.suites.len());
    let members = std::mem::take(&mut many.suites).into_iter().zip(plans);
    for (Member { dir: name, mut loaded, base, is_base }, plan) in members {
        let dir = many.dir_of(&name);
        suites::reports_to(&mut loaded, &dir);
        // A suite of which nothing was left has not started yet.
        let of_dir = |dir: &Path| earlier(args, dir, context);
        let earlier = if loaded.is_leg() { Earlier::Never } else { of_dir(&dir)? };
        let publisher = Publisher::part(&dir, matches!(earlier, Earlier::Left(_)), &inputs)?;
        let calls = match loaded.is_leg() {
            true => sets::open(&loaded, &dir, args.resume, context, &of_dir)?,
            false => Vec::new(),
        };
        entries.push(Entry { dir: name, base, is_base, loaded, plan, earlier, publisher, calls });
    }
    let many = &many;
    let ended = runtime.block_on(heeding(|stop: Stop| async move {
        let loaded: Vec<&Loaded> = entries.iter().map(|entry| &entry.loaded).collect();
        let platform = platform(args, &loaded, global, context).await?;
        let (stop, listen) = (&stop, args.listen);
        let until = many.timeout.map(|timeout| Instant::now() + timeout.duration());
        let platform = &platform;
        let together =
            Together { platform, context, console, stop, listen, commenter, until, overrides };
        together.run(many, entries, publisher).await
    }));
    ended.map_err(told)
}

/// The plans of several suites, held against everything that can be known of them by now.
fn plans_of(
    many: &mut Many,
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
        many.hold_budgets(&known)?;
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
fn earlier(args: &Args, dir: &Path, context: &Context) -> Result<Earlier, Failure> {
    if let Some(age) = args.reuse {
        return match Job::of(context) {
            Ok(job) => Ok(Earlier::Attempt(job, age)),
            Err(why) => Err(Failure::Usage(format!("{why}; nothing was started"))),
        };
    }
    let path = dir.join(left::FILE);
    if !args.resume || !path.exists() {
        return Ok(Earlier::Never);
    }
    Ok(Earlier::Left(Box::new(StartedRun::read(&path)?)))
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
            stand_in: None,
        });
    };
    let world = match world {
        Some(path) => load::world(path, context)?,
        None => World::for_suites(loaded.iter().map(|one| &one.suite)),
    };
    let faults = args.faults.as_deref().map(|path| load::faults(path, context)).transpose()?;
    let scale = world.time_scale;
    let key = world.api_key.clone().unwrap_or_else(|| "simulated".to_owned());
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let stand_in = super::simulate::serve(world, faults, bind)
        .await
        .map_err(|error| Failure::Internal(format!("the simulator cannot start: {error}")))?;
    let url = Url::parse(&stand_in.url())
        .map_err(|error| Failure::Internal(format!("the simulator has no address: {error}")))?;
    let client = connection::to_simulator(url, &SecretString::from(key), scale)?;
    Ok(Platform { client, dashboard: None, stand_in: Some(stand_in) })
}
