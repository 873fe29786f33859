//! What is asked and held against the suite before anything starts: which scenarios there are,
//! budget, quarantine, baseline, and whether an earlier gate has started the same.

use tokio::time::Instant;

use super::baseline::{Chosen, Wanted};
use super::failure::Failure;
use super::hints;
use super::job::Job;
use super::left::StartedRun;
use super::load::Loaded;
use crate::api::client::Client;
use crate::api::wire::ScenarioSummary;
use crate::plan::slots::FoundScenario;
use crate::plan::{Plan, Query, Selection, StartRequest, carries_name};
use crate::record::ResultRecord;

/// A suite that may start.
pub(super) struct Prepared {
    pub(super) loaded: Loaded,
    pub(super) plan: Plan,
    pub(super) request: StartRequest,
    /// What the lookup found of the scenarios, where the suite's groups need it.
    pub(super) found: Vec<FoundScenario>,
    /// The earlier result to compare with, and where it came from.
    pub(super) baseline: Chosen,
    pub(super) earlier: Earlier,
    /// How many calls it has at the same time, at most.
    pub(super) calls: usize,
    /// When the time of all gates together is over, where it is limited.
    pub(super) until: Option<Instant>,
    /// When the gate began.
    pub(super) began: Instant,
    /// The same by the calendar, RFC 3339 in UTC.
    pub(super) started_at: String,
}

impl Prepared {
    /// When its time is over: its own, or that of all gates together.
    pub(super) fn deadline(&self) -> Instant {
        let own = self.began + self.loaded.suite.timeout.unwrap_or_default().duration();
        self.until.map_or(own, |until| own.min(until))
    }
}

/// What an earlier gate may have started.
#[derive(Debug, Clone)]
pub(super) enum Earlier {
    /// Nothing is asked: a new result is started.
    Never,
    /// What a lost gate left on disk.
    Left(Box<StartedRun>),
    /// What an earlier attempt of the CI job has started, where it did.
    Attempt(Job, super::reuse::Age),
    /// What an earlier attempt was found to have started.
    Found(Box<ResultRecord>),
}

/// What several gates share, and a single one does not have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shared {
    /// How many calls all may have at the same time.
    pub(super) concurrency: Option<u32>,
    /// Whether the runs of all are counted before the first call.
    pub(super) counted: bool,
    /// Whether some scenarios of the suite start alone: what holds for the whole was checked before.
    pub(super) partial: bool,
    /// Whether this one is compared with another of them, and so with nothing earlier.
    pub(super) compared_within: bool,
}

/// Prepares a suite. Nothing is started.
pub(super) async fn prepare(
    mut loaded: Loaded,
    mut plan: Plan,
    earlier: Earlier,
    shared: Shared,
    client: &Client,
) -> Result<Prepared, Failure> {
    let began = Instant::now();
    let started_at = crate::context::now().to_string();
    let deadline = began + loaded.suite.timeout.unwrap_or_default().duration();
    can_be_found(&earlier, &plan)?;
    // A budget, a quarantine and a result to take up can be held against the ids only.
    let ids_matter = loaded.suite.budget.is_some()
        || loaded.suite.quarantine.is_some()
        || shared.counted
        || shared.concurrency.is_some()
        || matches!(earlier, Earlier::Attempt(..));
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
            return Err(hints::selects_nothing(client, &loaded, &plan, &query).await);
        }
        let idle = hints::idle_tags(client, &loaded, &plan, &query, &found).await;
        loaded.noticed.extend(idle);
        plan = plan.resolved(found.into_iter().map(|scenario| scenario.id));
    }
    let (noticed, described_units) = hints::metrics_are_known(client, &loaded, &plan).await?;
    loaded.noticed.extend(noticed);
    plan.described_units = described_units;
    loaded.noticed.extend(super::online::occupied(client, &loaded.suite, deadline).await);
    let found = match shared.partial {
        true => Vec::new(),
        false => super::grouping::look_up(&mut loaded, &plan, client).await?,
    };
    price_cases(&mut loaded, &plan, client, deadline).await?;
    super::budget::check(&loaded.suite, &plan)?;
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
        loaded.noticed.extend(super::baseline::without_one(&loaded.suite));
    }
    let mut calls = plan.runs().unwrap_or(usize::MAX);
    calls = calls.min(loaded.suite.concurrency.map_or(usize::MAX, |most| most as usize));
    if let Some(most) = shared.concurrency
        && calls > most as usize
    {
        calls = most as usize;
        plan = plan.limited(most).map_err(|what| {
            Failure::Usage(format!(
                "the suite has more runs than the {most} calls of all suites, and {what} cannot be \
                 told how many may run at the same time: raise the concurrency, or lower the \
                 suite's frequency; nothing was started"
            ))
        })?;
    }
    let Some(request) = plan.request() else {
        return Err(Failure::Internal("the plan has unresolved scenarios".to_owned()));
    };
    may_go_on(&earlier, loaded.file.as_deref(), &request)?;
    let until = None;
    Ok(Prepared {
        loaded,
        plan,
        request,
        found,
        baseline,
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
        "`exclude_tags` cannot be kept: the platform's list of scenarios tells no tags; nothing was \
         started"
            .to_owned(),
    ))
}

/// Refuses to look for what an earlier attempt has started in a mode that gives it no name.
pub(super) fn can_be_found(earlier: &Earlier, plan: &Plan) -> Result<(), Failure> {
    if matches!(earlier, Earlier::Attempt(..)) && !carries_name(plan.mode) {
        return Err(Failure::Usage(format!(
            "--reuse finds a result by its name, and mode {} gives none: keep the directory of the \
             reports between the attempts and use --resume; nothing was started",
            plan.mode.name()
        )));
    }
    Ok(())
}

/// Refuses to go on with what another plan has started.
pub(super) fn may_go_on(
    earlier: &Earlier,
    file: Option<&str>,
    request: &StartRequest,
) -> Result<(), Failure> {
    let Earlier::Left(left) = earlier else { return Ok(()) };
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
    let price = super::online::hold(&loaded.suite, plan.runs().unwrap_or_default(), dry)?;
    if let Some(budget) = &mut loaded.suite.budget {
        budget.price_per_run = price;
    }
    Ok(())
}

/// A quarantine of a scenario that does not run hides nothing and is probably mistyped.
pub(super) fn quarantine_is_known(loaded: &Loaded, plan: &Plan) -> Result<(), Failure> {
    let Selection::Ids(ids) = &plan.selection else { return Ok(()) };
    let entries: Vec<u64> =
        loaded.suite.quarantine.iter().flatten().map(|entry| entry.scenario).collect();
    if ids.iter().all(|id| entries.contains(id)) {
        return Err(Failure::Usage(
            "every scenario that would run is quarantined: no run would count; nothing was \
             started"
                .to_owned(),
        ));
    }
    // Flags that narrow the selection leave some of the suite's quarantine aside.
    match entries.into_iter().find(|scenario| !loaded.narrowed && !ids.contains(scenario)) {
        None => Ok(()),
        Some(unknown) => Err(Failure::Usage(format!(
            "scenario {unknown} is quarantined but not in the suite; remove the entry; \
             nothing was started"
        ))),
    }
}
