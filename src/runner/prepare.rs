//! What is asked and checked against the suite before anything starts: which scenarios there are,
//! budget, quarantine, baseline, and whether an earlier gate has started the same.

use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::wire::ScenarioSummary;
use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::plan::planned::FoundScenario;
use crate::plan::{Plan, Query, Selection, StartRequest, carries_name};
use crate::preflight::baseline::{Chosen, Wanted};
use crate::preflight::history::History;
use crate::preflight::quarantine::quarantine_is_known;
use crate::preflight::suggestions;
use crate::record::ResultRecord;
use crate::run_file::RunState;
use crate::runner::ci_job::Job;

/// A suite that may start.
pub(crate) struct Prepared {
    pub(crate) loaded: Loaded,
    pub(crate) plan: Plan,
    pub(crate) request: StartRequest,
    /// What the lookup found of the scenarios, where the suite's groups need it.
    pub(crate) found: Vec<FoundScenario>,
    /// The earlier result to compare with, and where it came from.
    pub(crate) baseline: Chosen,
    /// What starts first in the first round, where the suite wants to know.
    pub(crate) history: Option<History>,
    pub(crate) earlier: Resume,
    /// How many calls it has at the same time, at most.
    pub(crate) calls: usize,
    /// When the time of all gates together is over, where it is limited.
    pub(crate) until: Option<Instant>,
    /// When the gate began.
    pub(crate) began: Instant,
    /// The same by the calendar, RFC 3339 in UTC.
    pub(crate) started_at: String,
}

impl Prepared {
    /// When its time is over: its own, or that of all gates together.
    pub(crate) fn deadline(&self) -> Instant {
        let own = self.began + self.loaded.suite.timeout.unwrap_or_default().duration();
        self.until.map_or(own, |until| own.min(until))
    }
}

/// What an earlier gate may have started.
#[derive(Debug, Clone)]
pub(crate) enum Resume {
    /// Nothing is asked: a new result is started.
    None,
    /// What a lost gate left on disk.
    FromDisk(Box<RunState>),
    /// What an earlier attempt of the CI job has started, where it did.
    FromCiJob(Job, crate::runner::reuse::Age),
    /// What an earlier attempt was found to have started.
    Found(Box<ResultRecord>),
}

/// What several gates share, and a single one does not have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shared {
    /// How many calls all may have at the same time.
    pub(crate) concurrency: Option<u32>,
    /// Whether the runs of all are counted before the first call.
    pub(crate) counted: bool,
    /// Whether some scenarios of the suite start alone: what holds for the whole was checked before.
    pub(crate) partial: bool,
    /// Whether this one is compared with another of them, and so with nothing earlier.
    pub(crate) compared_within: bool,
}

/// Prepares a suite. Nothing is started.
pub(crate) async fn prepare(
    mut loaded: Loaded,
    mut plan: Plan,
    earlier: Resume,
    shared: Shared,
    client: &Client,
) -> Result<Prepared, Failure> {
    let began = Instant::now();
    let started_at = crate::context::now().to_string();
    let deadline = began + loaded.suite.timeout.unwrap_or_default().duration();
    ensure_findable(&earlier, &plan)?;
    // A budget, a quarantine and a result to take up can be checked against the ids only.
    let ids_matter = loaded.suite.budget.is_some()
        || loaded.suite.quarantine.is_some()
        || shared.counted
        || loaded.suite.rounds().is_some()
        || shared.concurrency.is_some()
        || matches!(earlier, Resume::FromCiJob(..));
    let must_resolve = match &plan.selection {
        Selection::Resolve(query) => Some(query.clone()),
        Selection::ByPlatform(query) if ids_matter => Some(query.clone()),
        Selection::ByPlatform(_) | Selection::Ids(_) | Selection::Cases(_) => None,
    };
    if let Some(query) = must_resolve {
        let mut found = client.scenarios(&query, deadline).await?;
        can_exclude(&query, &found)?;
        found.retain(|one| query.ids.contains(&one.id) || !query.excludes(&one.tags));
        if found.is_empty() && query.ids.is_empty() {
            return Err(suggestions::selects_nothing(client, &loaded, &plan, &query).await);
        }
        let idle = suggestions::idle_tags(client, &loaded, &plan, &query, &found).await;
        loaded.noticed.extend(idle);
        plan = plan.resolved(found.into_iter().map(|scenario| scenario.id));
    }
    let (noticed, described_units) = suggestions::metrics_are_known(client, &loaded, &plan).await?;
    loaded.noticed.extend(noticed);
    plan.described_units = described_units;
    loaded
        .noticed
        .extend(crate::preflight::lookup::occupied(client, &loaded.suite, deadline).await);
    let found = match shared.partial {
        true => Vec::new(),
        false => crate::preflight::grouping::look_up(&mut loaded, &plan, client).await?,
    };
    price_cases(&mut loaded, &plan, client, deadline).await?;
    crate::preflight::budget::check(&loaded.suite, &plan)?;
    if !shared.partial {
        quarantine_is_known(&loaded, &plan)?;
    }
    let baseline = if shared.compared_within {
        Chosen::default()
    } else {
        let read = loaded.baseline.clone();
        let name = loaded.name();
        let units = plan.described_units.clone();
        let wanted = Wanted::of_start(&loaded.suite, &name, &plan.result_name).with_units(units);
        wanted.choose(read, client, deadline).await?
    };
    loaded.noticed.extend(baseline.refused.clone());
    if !shared.compared_within && baseline.base.is_none() && baseline.refused.is_none() {
        loaded.noticed.extend(crate::preflight::baseline::without_one(&loaded.suite));
    }
    let history = match &earlier {
        // What an earlier gate has started stays in its order.
        Resume::FromDisk(_) | Resume::Found(_) => None,
        Resume::FromCiJob(..) => loaded.suite.starts_failed_first().then(History::unused),
        Resume::None => {
            let base = baseline.base.as_ref().map(|(_, base)| base);
            History::of(&loaded, &plan, base, client, deadline).await
        }
    };
    let mut calls = plan.largest_start().unwrap_or(usize::MAX);
    calls = calls.min(loaded.suite.concurrency.map_or(usize::MAX, |most| most as usize));
    if let Some(most) = shared.concurrency
        && calls > most as usize
    {
        calls = most as usize;
        plan = plan.limited(most).map_err(|what| {
            Failure::Usage(format!(
                "the suite has more runs than the {most} calls of all suites, and {what} has no limit of \
                 calls at the same time: raise the concurrency, or lower the \
                 suite's frequency; nothing was started"
            ))
        })?;
    }
    let Some(request) = plan.request() else {
        return Err(Failure::Internal("the plan has unresolved scenarios".to_owned()));
    };
    ensure_resumable(&earlier, loaded.file.as_deref(), &asked(&plan, &request))?;
    let until = None;
    Ok(Prepared {
        loaded,
        plan,
        request,
        found,
        baseline,
        history,
        earlier,
        calls,
        until,
        began,
        started_at,
    })
}

/// Refuses to leave out tags where the platform's list tells none.
fn can_exclude(query: &Query, found: &[ScenarioSummary]) -> Result<(), Failure> {
    let silent = !query.tags.is_empty() && found.iter().all(|one| one.tags.is_empty());
    if query.exclude_tags.is_empty() || found.is_empty() || !silent {
        return Ok(());
    }
    Err(Failure::Usage(
        "`exclude_tags` cannot be applied: the platform's list of scenarios has no tags; nothing was \
         started"
            .to_owned(),
    ))
}

/// Refuses to look for what an earlier attempt has started in a mode that gives it no name.
pub(crate) fn ensure_findable(earlier: &Resume, plan: &Plan) -> Result<(), Failure> {
    if matches!(earlier, Resume::FromCiJob(..)) && !carries_name(plan.mode) {
        return Err(Failure::Usage(format!(
            "--reuse finds a result by its name, and mode {} gives none: keep the directory of the \
             reports between the attempts and use --resume; nothing was started",
            plan.mode.name()
        )));
    }
    Ok(())
}

/// What a start asks for, with the looks of its rounds: they are fixed before the first call, so that
/// a plan with others is another.
pub(crate) fn asked(plan: &Plan, request: &StartRequest) -> StartRequest {
    let mut asked = request.clone();
    if !plan.looks.is_empty()
        && let Some(body) = asked.body.as_object_mut()
    {
        body.insert("frequency".to_owned(), plan.looks.clone().into());
    }
    asked
}

/// Refuses to go on with what another plan has started.
pub(crate) fn ensure_resumable(
    earlier: &Resume,
    file: Option<&str>,
    request: &StartRequest,
) -> Result<(), Failure> {
    let Resume::FromDisk(left) = earlier else { return Ok(()) };
    match left.differs(file, request) {
        None => Ok(()),
        Some(why) => Err(Failure::Usage(format!(
            "cannot resume: {why}; nothing was started. Leave --resume out to start again, or \
             judge what was started with `cekura-gate watch`"
        ))),
    }
}

/// Puts the platform's price into a budget that limits the cost and names no price, where the
/// platform has one: it prices test cases only.
async fn price_cases(
    loaded: &mut Loaded,
    plan: &Plan,
    client: &Client,
    deadline: Instant,
) -> Result<(), Failure> {
    let Some(budget) = loaded.suite.budget.as_ref() else { return Ok(()) };
    let unpriced = budget.max_cost.is_some() && budget.price_per_run.is_none();
    let Some(request) = plan.request().filter(|_| unpriced && plan.spec().is_some()) else {
        return Ok(());
    };
    let dry = client.dry_run(&request, deadline).await;
    let dry = dry.map_err(|error| loaded.explain_refusal(error))?;
    let price = crate::preflight::budget::check_price(&loaded.suite, plan, dry)?;
    if let Some(budget) = &mut loaded.suite.budget {
        budget.price_per_run = price;
    }
    Ok(())
}
