//! `run`: start, wait, judge, report.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;
use tokio::time::Instant;

use super::attend::{Attached, Gate};
use super::comment::Commenter;
use super::console::Console;
use super::failure::Failure;
use super::load::{self, Loaded};
use super::overrides::Overrides;
use super::publish::Publisher;
use super::stop::Signals;
use super::{Global, connection, runtime};
use crate::api::client::{Client, Started};
use crate::api::error::ApiError;
use crate::context::{self, Context};
use crate::exit::Code;
use crate::plan::{Plan, Selection, carries_name};
use crate::poll::schedule::Pace;
use crate::record::ResultRecord;
use crate::simulate::{StandIn, World};

/// How long a start that is under way may take to be answered after a signal. GitHub sends SIGTERM
/// 7.5 seconds after SIGINT, and the calls have to be ended within them.
const ANSWER_GRACE: Duration = Duration::from_secs(2);

/// What `run` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The suite file [default: ./cekura-gate.yml, then ./.cekura/gate.yml].
    suite: Option<PathBuf>,
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
    let publisher = Publisher::open(&loaded.suite, context)?;
    let commenter = Commenter::new(args.comment, global, context);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let starting = Cell::new(false);
        let name = plan.result_name.clone();
        let mut work = pin!(async {
            let platform = platform(args, &loaded, global, context).await?;
            start(platform, plan, &loaded, console, context, &starting).await
        });
        // Before the start a signal ends the gate at once; after it, there are calls to end.
        let first = tokio::select! {
            started = &mut work => Ok(started?),
            signal = signals.next() => Err(signal),
        };
        let (platform, attached) = match first {
            Ok(started) => started,
            Err(signal) if !starting.get() => return Err(Failure::Stopped(signal)),
            Err(signal) => {
                console.progress("the start is under way: waiting a moment for its answer");
                let lost = |signal| Failure::StoppedStarting { signal, name };
                let answered = tokio::select! {
                    answered = tokio::time::timeout(ANSWER_GRACE, work) => answered,
                    second = signals.next() => return Err(lost(second)),
                };
                match answered {
                    Ok(Ok(started)) => {
                        signals.put_back(signal);
                        started
                    }
                    Err(_) | Ok(Err(Failure::Api(ApiError::StartLost { .. }))) => {
                        return Err(lost(signal));
                    }
                    Ok(Err(_)) => return Err(Failure::Stopped(signal)),
                }
            }
        };
        let gate =
            Gate { client: &platform.client, pace: platform.pace, console, commenter: &commenter };
        gate.attend(attached, &mut signals, publisher).await
    });
    if let Err(failure) = &ended {
        runtime.block_on(commenter.tell_failure(&loaded.name(), failure, console));
    }
    ended
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

/// Resolves what must be resolved, checks the budget, starts. `starting` is set once a start may be
/// on its way.
async fn start(
    platform: Platform,
    mut plan: Plan,
    loaded: &Loaded,
    console: &Console,
    context: &Context,
    starting: &Cell<bool>,
) -> Result<(Platform, Attached), Failure> {
    let began = Instant::now();
    let timeout = loaded.suite.timeout.unwrap_or_default().duration();
    let deadline = began + timeout;
    let started_at = context::now().to_string();
    let client = &platform.client;
    // A budget and a quarantine can be held against the ids only, before anything starts.
    let ids_matter = loaded.suite.budget.is_some() || loaded.suite.quarantine.is_some();
    let must_resolve = match &plan.selection {
        Selection::Resolve(query) => Some(query.clone()),
        Selection::ByPlatform(query) if ids_matter => Some(query.clone()),
        Selection::ByPlatform(_) | Selection::Ids(_) => None,
    };
    if let Some(query) = must_resolve {
        let found = client.scenarios(&query, deadline).await?;
        if found.is_empty() && query.ids.is_empty() {
            return Err(Failure::Usage(format!(
                "no scenario belongs to {}; nothing was started",
                query.describe()
            )));
        }
        plan = plan.resolved(found.into_iter().map(|scenario| scenario.id));
    }
    super::budget::check(&loaded.suite, &plan)?;
    quarantine_is_known(loaded, &plan)?;
    let baseline =
        super::baseline::of_suite(&loaded.suite, &loaded.name(), client, deadline).await?;
    for warning in super::check::warnings(loaded, &plan) {
        console.warn(&warning);
    }
    let Some(request) = plan.request() else {
        return Err(Failure::Internal("the plan has unresolved scenarios".to_owned()));
    };
    let name = carries_name(plan.mode).then_some(plan.result_name.as_str());
    starting.set(true);
    let record = match client.start(&request, name, deadline).await? {
        Started::Answered(record) => *record,
        Started::Found(record) => {
            console.warn(&format!(
                "the answer to the start was lost; result {} is of this start and is taken up",
                record.id
            ));
            *record
        }
    };
    let url = page(&platform, loaded, context, &record, deadline).await;
    let planned = planned_runs(&plan, &record);
    let attached = Attached {
        head: super::publish::suite_head(loaded),
        planned: crate::report::model::PlanHead {
            runs_per_scenario: plan.runs_per_scenario,
            runs: planned,
            scenarios: plan.scenarios(),
        },
        plan: Some(plan),
        baseline,
        suite: loaded.suite.clone(),
        simulated: platform.stand_in.is_some(),
        record,
        url,
        began,
        deadline,
        started_at,
        notes: Vec::new(),
    };
    Ok((platform, attached))
}

/// A quarantine of a scenario that does not run hides nothing and is probably mistyped.
fn quarantine_is_known(loaded: &Loaded, plan: &Plan) -> Result<(), Failure> {
    let Selection::Ids(ids) = &plan.selection else { return Ok(()) };
    let entries: Vec<u64> =
        loaded.suite.quarantine.iter().flatten().map(|entry| entry.scenario).collect();
    if ids.iter().all(|id| entries.contains(id)) {
        return Err(Failure::Usage(
            "every scenario that would run is quarantined: nothing is left to judge; nothing was \
             started"
                .to_owned(),
        ));
    }
    // Flags that narrow the selection leave some of the suite's quarantine aside.
    match entries.into_iter().find(|scenario| !loaded.narrowed && !ids.contains(scenario)) {
        None => Ok(()),
        Some(unknown) => Err(Failure::Usage(format!(
            "scenario {unknown} is quarantined but is none of the suite's; remove the entry; \
             nothing was started"
        ))),
    }
}

/// How many runs were planned: by the plan where it knows, and never fewer than the platform said
/// that it started.
fn planned_runs(plan: &Plan, started: &ResultRecord) -> Option<usize> {
    let answered = Some(started.runs.len()).filter(|runs| *runs > 0);
    plan.runs().max(answered)
}

/// The result's page on the dashboard. Finding the project is a courtesy that may fail.
async fn page(
    platform: &Platform,
    loaded: &Loaded,
    context: &Context,
    record: &ResultRecord,
    deadline: Instant,
) -> Option<String> {
    let dashboard = platform.dashboard.as_ref()?;
    let configured = || context.var("CEKURA_PROJECT_ID").and_then(|id| id.parse().ok());
    let project = match loaded.suite.project.or_else(configured) {
        Some(project) => Some(project),
        None => {
            let agent = loaded.suite.agent.or(record.agent)?;
            let soon = deadline.min(Instant::now() + Duration::from_secs(5));
            platform.client.project_of(agent, soon).await.ok().flatten()
        }
    };
    Some(format!("{dashboard}/{}/results/{}", project?, record.id))
}

/// Ten characters that make the result's name unique and easy to read aloud.
fn unique_key() -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut left = context::random();
    let letter = |_| {
        let at = usize::try_from(left % 32).unwrap_or_default();
        left /= 32;
        LETTERS.get(at).copied().map_or('0', char::from)
    };
    (0..10).map(letter).collect()
}

/// The directory of the reports.
pub(super) fn report_dir(reports: Option<&crate::suite::model::Reports>) -> &Path {
    Path::new(reports.and_then(|r| r.dir.as_deref()).unwrap_or("cekura-report"))
}
