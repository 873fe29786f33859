//! What was probably meant, asked of the account once the suite's names find nothing: the nearest
//! tag, folder, scenario or label, at the suite's line.
//!
//! It is a courtesy: where the account cannot be asked, what is known is said as it is.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::api::wire::ScenarioSummary;
use crate::checks::grammar::Aggregate;
use crate::checks::spec::{CheckSpec, DescribedUnits};
use crate::checks::units;
use crate::document::Problem;
use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::lookup::{Account, Agent, Findings};
use crate::plan::{Plan, Query, Target};
use crate::preflight::lookup;
use crate::suite::model::Suite;

/// How long the questions of one failure may take.
const PATIENCE: Duration = Duration::from_secs(20);

const NOT_STARTED: &str = "; nothing was started";

/// The error of a suite that selects nothing, before a start.
pub(crate) async fn selects_nothing(
    client: &Client,
    loaded: &Loaded,
    plan: &Plan,
    query: &Query,
) -> Failure {
    match unknown(client, loaded, plan).await {
        problems if problems.is_empty() => Failure::Usage(format!(
            "no scenario belongs to {}; nothing was started",
            query.describe()
        )),
        problems => not_started(loaded, problems),
    }
}

/// Tags that add nothing to a selection that finds something, a line each.
pub(crate) async fn idle_tags(
    client: &Client,
    loaded: &Loaded,
    plan: &Plan,
    query: &Query,
    found: &[ScenarioSummary],
) -> Vec<String> {
    let carried = |tag: &String| found.iter().any(|one| one.tags.contains(tag));
    // A list that gives no tags at all says nothing of one.
    let says = found.iter().any(|one| !one.tags.is_empty());
    if !says || query.tags.iter().all(carried) {
        return Vec::new();
    }
    loaded.lines(unknown(client, loaded, plan).await)
}

/// Labels that no metric of the account gives: their share would be 0% whatever the agent does, and
/// so could pass without evidence. Gives what else a person should know of the metrics.
pub(crate) async fn metrics_are_known(
    client: &Client,
    loaded: &Loaded,
    plan: &Plan,
) -> Result<(Vec<String>, DescribedUnits), Failure> {
    let labels = |spec: &CheckSpec| matches!(spec.check.aggregate, Some(Aggregate::Share(_)));
    let asks_for_labels = any_check(&loaded.suite, labels);
    if !asks_for_labels && !asks_for_units(&loaded.suite) {
        return Ok((Vec::new(), DescribedUnits::new()));
    }
    let until = Instant::now() + PATIENCE;
    let metrics = match &plan.target {
        Target::Agent(agent) => client.metrics(*agent, until).await,
        Target::Assistant(assistant) => client.metrics_of_assistant(assistant, until).await,
        Target::OfScenarios => {
            let what = if asks_for_labels { "labels" } else { "units" };
            let warning =
                format!("the {what} of the metrics were not looked up: the suite names no agent");
            return Ok((vec![warning], DescribedUnits::new()));
        }
    };
    let metrics = match metrics {
        Ok(metrics) => metrics,
        Err(error) => {
            let what = if asks_for_labels { "labels" } else { "units" };
            let warning = format!("the {what} of the metrics could not be looked up: {error}");
            return Ok((vec![warning], DescribedUnits::new()));
        }
    };
    let findings = Findings::of_labels(&loaded.suite, metrics);
    match findings.problems {
        problems if problems.is_empty() => Ok((findings.warnings, findings.described_units)),
        problems => Err(not_started(loaded, problems)),
    }
}

/// Whether a check of a suite compares a metric's values with a time, and the suite does not say
/// their unit.
fn asks_for_units(suite: &Suite) -> bool {
    any_check(suite, |spec| spec.unit.is_none() && units::needs_unit(&spec.check))
}

fn any_check(suite: &Suite, is: impl FnMut(&CheckSpec) -> bool) -> bool {
    let Some(thresholds) = &suite.thresholds else { return false };
    let all = thresholds.with_groups();
    all.iter().flat_map(|(_, rules)| rules.own_checks()).flat_map(|checks| &checks.0).any(is)
}

/// The units that the account's descriptions of metrics say, for a result that has started already:
/// where they cannot be looked up, the metrics' names have to do.
pub(crate) async fn described_units(
    client: &Client,
    suite: &Suite,
    agent: Option<u64>,
) -> DescribedUnits {
    let Some(agent) = agent.filter(|_| asks_for_units(suite)) else { return DescribedUnits::new() };
    match client.metrics(agent, Instant::now() + PATIENCE).await {
        Ok(metrics) => Findings::of_labels(suite, metrics).described_units,
        Err(_) => DescribedUnits::new(),
    }
}

/// The agent under test by its id, where the account knows it.
async fn agent_of(client: &Client, plan: &Plan, until: Instant) -> Option<u64> {
    match &plan.target {
        Target::Agent(agent) => Some(*agent),
        Target::Assistant(assistant) => match client.agents(until).await {
            Ok(agents) => {
                let same = |one: &&Agent| one.assistant.as_ref() == Some(assistant);
                agents.items.iter().find(same).map(|one| one.id)
            }
            Err(_) => None,
        },
        Target::OfScenarios => None,
    }
}

/// The scenarios that a plan would run, with their names and tags; none where the account cannot be
/// asked, and why.
pub(crate) async fn chosen(client: &Client, plan: &Plan) -> Result<Option<Account>, ApiError> {
    let until = Instant::now() + PATIENCE;
    let Some(agent) = agent_of(client, plan, until).await else { return Ok(None) };
    lookup::select(client, plan, agent, until).await.map(Some)
}

/// What of the selection the account does not have.
pub(crate) async fn unknown(client: &Client, loaded: &Loaded, plan: &Plan) -> Vec<Problem> {
    let until = Instant::now() + PATIENCE;
    let Some(agent) = agent_of(client, plan, until).await else { return Vec::new() };
    match lookup::select(client, plan, agent, until).await {
        Ok(account) => Findings::of_selection(&loaded.suite, &account).problems,
        Err(_) => Vec::new(),
    }
}

pub(crate) fn not_started(loaded: &Loaded, mut problems: Vec<Problem>) -> Failure {
    for problem in &mut problems {
        problem.message.push_str(NOT_STARTED);
    }
    loaded.explain(problems).into()
}
