//! `run`: start, wait, judge, report.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use reqwest::Url;
use secrecy::SecretString;

use super::attend::Gate;
use super::begin::{Surroundings, unique_key};
use super::comment::Commenter;
use super::console::Console;
use super::failure::Failure;
use super::job::Job;
use super::left::{self, StartedRun};
use super::load::{self, Loaded};
use super::overrides::{Overrides, scalar};
use super::prepare::{Earlier, prepare};
use super::publish::{Publisher, Surfaces, report_dir};
use super::reuse::Age;
use super::stop::{Stop, heeding};
use super::{Global, connection, runtime};
use crate::api::client::Client;
use crate::context::Context;
use crate::exit::Code;
use crate::plan::Plan;
use crate::poll::schedule::Pace;
use crate::report::assemble::assemble;
use crate::simulate::{StandIn, World};

/// What `run` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The suite file [default: ./cekura-gate.yml, then ./.cekura/gate.yml].
    suite: Option<PathBuf>,
    /// Go on with the result that an earlier gate started before its runner was lost: the run.json
    /// in the reports' directory says which. Starts nothing.
    #[arg(long, conflicts_with_all = ["reuse", "simulate"])]
    resume: bool,
    /// Take up the result that an earlier attempt of this CI job started, of the same commit and
    /// suite and at most so long ago [default age: 24h]. Where there is none, start one.
    #[arg(long, value_name = "AGE", num_args = 0..=1, require_equals = true,
        default_missing_value = "24h", value_parser = scalar::<Age>)]
    reuse: Option<Age>,
    /// Run against a stand-in inside this process: no account, no cost. Without a world it makes
    /// one up from the suite.
    #[arg(long, value_name = "WORLD", num_args = 0..=1, require_equals = true)]
    simulate: Option<Option<PathBuf>>,
    /// With --simulate: what goes wrong on the network, to rehearse a bad day.
    #[arg(long, value_name = "FILE", requires = "simulate")]
    faults: Option<PathBuf>,
    /// Write the verdict as a comment on the pull request, and update it in later runs. GitHub only;
    /// takes GITHUB_TOKEN.
    #[arg(long)]
    comment: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// The platform or its stand-in.
struct Platform {
    client: Client,
    pace: Pace,
    dashboard: Option<String>,
    /// Serves while this lives.
    stand_in: Option<StandIn>,
}

pub(super) fn run(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let loaded = load::suite(args.suite.as_deref(), &args.overrides, context)?;
    let plan = Plan::new(&loaded.suite, &loaded.name(), context.branch(), &unique_key())?;
    let earlier = earlier(args, &loaded, context)?;
    let publisher = match &earlier {
        // What was left stays until it is known whether it is gone on with.
        Earlier::Left(_) => {
            let dir = report_dir(loaded.suite.reports.as_ref());
            Publisher::with(dir, Surfaces::of(context))?
        }
        Earlier::Never | Earlier::Attempt(..) => Publisher::open(&loaded.suite, context)?,
    };
    let (name, commenter) = (loaded.name(), &Commenter::new(args.comment, global, context));
    let runtime = runtime()?;
    let ended = runtime.block_on(heeding(|stop: Stop| async move {
        let platform = platform(args, &loaded, global, context).await?;
        let gate = Gate {
            client: &platform.client,
            pace: platform.pace,
            console,
            stop: &stop,
            label: None,
        };
        let prepared = prepare(loaded, plan, earlier, &platform.client);
        let prepared = gate.unless_stopped(prepared).await?;
        for warning in super::check::warnings(&prepared.loaded, &prepared.plan) {
            console.warn(&warning);
        }
        let around = Surroundings {
            context,
            dashboard: platform.dashboard.as_deref(),
            simulated: platform.stand_in.is_some(),
        };
        let attached = gate.begin(prepared, &publisher, &around).await?;
        let report = assemble(gate.attend(attached, &publisher).await?);
        let code = publisher.finish(&report, console)?;
        commenter.tell(&report, console, &stop).await;
        Ok(code)
    }));
    if let Err(failure) = &ended {
        runtime.block_on(commenter.tell_failure(&name, failure, console));
    }
    ended
}

/// What an earlier gate may have started, as the flags want it.
fn earlier(args: &Args, loaded: &Loaded, context: &Context) -> Result<Earlier, Failure> {
    if let Some(age) = args.reuse {
        return match Job::of(context) {
            Ok(job) => Ok(Earlier::Attempt(job, age)),
            Err(why) => Err(Failure::Usage(format!("{why}; nothing was started"))),
        };
    }
    if !args.resume {
        return Ok(Earlier::Never);
    }
    let path = report_dir(loaded.suite.reports.as_ref()).join(left::FILE);
    if !path.exists() {
        return Err(Failure::Usage(format!(
            "nothing to resume: {} is not there; nothing was started. Leave --resume out to start, or \
             name the directory of the earlier reports with --report-dir",
            path.display()
        )));
    }
    Ok(Earlier::Left(Box::new(StartedRun::read(&path)?)))
}

async fn platform(
    args: &Args,
    loaded: &Loaded,
    global: &Global,
    context: &Context,
) -> Result<Platform, Failure> {
    let Some(world) = &args.simulate else {
        let (client, pace) = connection::client(global, context)?;
        return Ok(Platform {
            client,
            pace,
            dashboard: connection::dashboard(global, context),
            stand_in: None,
        });
    };
    let world = match world {
        Some(path) => load::world(path, context)?,
        None => World::for_suite(&loaded.suite),
    };
    let faults = args.faults.as_deref().map(|path| load::faults(path, context)).transpose()?;
    let key = world.api_key.clone().unwrap_or_else(|| "simulated".to_owned());
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let stand_in = super::simulate::serve(world, faults, bind)
        .await
        .map_err(|error| Failure::Internal(format!("the stand-in cannot start: {error}")))?;
    let url = Url::parse(&stand_in.url())
        .map_err(|error| Failure::Internal(format!("the stand-in has no address: {error}")))?;
    let (client, pace) = connection::to_stand_in(url, &SecretString::from(key))?;
    Ok(Platform { client, pace, dashboard: None, stand_in: Some(stand_in) })
}
