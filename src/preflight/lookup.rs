//! `check --online`: what the suite names is looked up in the account, and the plan is priced.
//!
//! It only reads: nothing is started, and nothing is changed. What is unknown is decided in
//! `account`, which asks nobody.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::api::wire::lookup::DryRun;
use crate::context::Context;
use crate::document::{Path, Problem, shown};
use crate::failure::Failure;
use crate::input::connection;
use crate::input::options::Global;
use crate::input::suite_file::Loaded;
use crate::lookup::{Account, Agent, Findings, Listing, names_people};
use crate::plan::slots::PlanHead;
use crate::plan::{Plan, Query, Selection, Target};
use crate::preflight::baseline::{Chosen, Wanted};
use crate::preflight::budget::check_price;
use crate::preflight::history::History;
use crate::report::expected_runs::expected_runs;
use crate::runtime::runtime;
use crate::spec::cases;
use crate::suite::model::Suite;
use crate::suite::thresholds::Thresholds;
use crate::text;

/// How long all the questions may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the account says of a suite that is sound.
pub(crate) struct Online {
    /// The plan with its scenarios resolved.
    pub(crate) plan: Plan,
    /// The agent in words.
    pub(crate) agent: String,
    /// The scenarios in words; none where the suite brings its own cases.
    pub(crate) scenarios: Option<String>,
    /// What the runs would cost.
    pub(crate) cost: String,
    /// What is left on the account, where the key may read it.
    pub(crate) balance: Option<String>,
    /// The baseline that was found.
    pub(crate) baseline: Option<String>,
    /// How many runs the rounds would take if nothing had changed since the baseline.
    pub(crate) expected_runs: Option<usize>,
    /// What would start first, where the suite wants that.
    pub(crate) order: Option<String>,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
}

/// Looks up what the suite names.
///
/// # Errors
///
/// Every name that is unknown, at its place; a plan over budget; a platform that can't be asked.
pub(crate) fn look_up(
    loaded: &Loaded,
    plan: &Plan,
    global: &Global,
    context: &Context,
) -> Result<Online, Failure> {
    let client = connection::client(global, context)?;
    let asked = SuiteSelection { loaded, client, until: Instant::now() + PATIENCE, context };
    runtime()?.block_on(asked.look_up(plan))
}

struct SuiteSelection<'a> {
    loaded: &'a Loaded,
    client: Client,
    until: Instant,
    context: &'a Context,
}

impl SuiteSelection<'_> {
    async fn look_up(&self, plan: &Plan) -> Result<Online, Failure> {
        let suite = &self.loaded.suite;
        if plan.target == Target::OfScenarios {
            return self.without_agent(plan).await;
        }
        let agent = self.agent(plan).await?;
        let account = self.account(plan, agent).await?;
        let mut findings = Findings::of(suite, &account);
        let baseline = self.baseline(&mut findings).await?;
        let of_cases = suite.test_cases().map(|spec| {
            let at = Path::of([if self.loaded.spec.is_some() { "scenarios" } else { "cases" }]);
            Findings::of_cases(&spec, &at, &account)
        });
        let of_cases = of_cases.unwrap_or_default();
        if !findings.problems.is_empty() || !of_cases.problems.is_empty() {
            return Err(self.loaded.explain_all(findings.problems, of_cases.problems));
        }
        let (mut warnings, described_units) = (findings.warnings, findings.described_units);
        warnings.extend(of_cases.warnings);
        warnings.extend(baseline.notes);
        warnings.extend(baseline.refused);
        let chosen = account.chosen.as_deref();
        let mut plan = match chosen {
            Some(chosen) => plan.clone().resolved(chosen.iter().map(|one| one.id)),
            None => plan.clone(),
        };
        plan.described_units = described_units;
        crate::preflight::quarantine::quarantine_is_known(self.loaded, &plan)?;
        crate::preflight::budget::check(suite, &plan)?;
        let own_price = || {
            let price = suite.budget.as_ref().and_then(|budget| budget.price_per_run)?;
            Some(price * plan.most_runs()? as f64)
        };
        let (cost, total) = match plan.request().filter(|_| suite.brings_cases()) {
            Some(request) => {
                let dry = self.client.dry_run(&request, self.until).await;
                let dry = dry.map_err(|error| self.loaded.explain_refusal(error))?;
                let total = dry.cost.or_else(own_price);
                (self.cost_of_cases(&plan, dry, &mut warnings)?, total)
            }
            None => (cost(suite, &plan), own_price()),
        };
        let balance = match total {
            Some(total) => self.balance(total, &mut warnings).await,
            None => None,
        };
        warnings.extend(occupied(&self.client, suite, self.until).await);
        if account.chosen.is_some() && suite.scenarios.is_some() && !account.scenarios.whole {
            let many = account.scenarios.items.len();
            warnings.push(format!(
                "the agent has more than {many} scenarios: not every id could be looked up"
            ));
        }
        let base = baseline.base.as_ref().map(|(_, base)| base);
        let history = History::of(self.loaded, &plan, base, &self.client, self.until).await;
        Ok(Online {
            order: history.map(|history| history.message),
            agent: describe_agent(&account.agent),
            scenarios: chosen.map(|chosen| {
                let names = chosen.iter().map(|one| format!("{} {}", one.id, one.name));
                some(&names.collect::<Vec<_>>())
            }),
            cost,
            balance,
            expected_runs: baseline.base.as_ref().and_then(|(_, base)| {
                let mut runs = base.runs.clone();
                if let Some(spec) = suite.test_cases() {
                    cases::mark(&mut runs, &spec);
                }
                expected_runs(&self.loaded.head(), &PlanHead::of(&plan), &runs)
            }),
            baseline: baseline.base.map(|(from, record)| {
                let when = record.created_at.as_deref().and_then(|at| at.get(..10));
                let when = when.map(|day| format!(" of {day}")).unwrap_or_default();
                let runs = text::count(record.runs.len(), "run");
                format!("{from}: result {}{when}, {runs}", record.id)
            }),
            warnings,
            plan,
        })
    }

    /// What can be looked up where the suite names no agent: which scenarios there are.
    async fn without_agent(&self, plan: &Plan) -> Result<Online, Failure> {
        let plan = match &plan.selection {
            Selection::ByPlatform(query) | Selection::Resolve(query) => {
                let found = self.client.scenarios(query, self.until).await?;
                plan.clone().resolved(found.into_iter().map(|scenario| scenario.id))
            }
            Selection::Ids(_) | Selection::Cases(_) => plan.clone(),
        };
        crate::preflight::quarantine::quarantine_is_known(self.loaded, &plan)?;
        crate::preflight::budget::check(&self.loaded.suite, &plan)?;
        let suite = &self.loaded.suite;
        let warning = "the suite names no agent: its metrics, personalities, profiles and baseline were \
                       not looked up";
        let mut warnings = vec![warning.to_owned()];
        let price = suite.budget.as_ref().and_then(|budget| budget.price_per_run);
        let total = price.zip(plan.most_runs()).map(|(price, runs)| price * runs as f64);
        let balance = match total {
            Some(total) => self.balance(total, &mut warnings).await,
            None => None,
        };
        warnings.extend(occupied(&self.client, suite, self.until).await);
        Ok(Online {
            agent: "that of the scenarios".to_owned(),
            scenarios: None,
            cost: cost(suite, &plan),
            balance,
            baseline: None,
            expected_runs: None,
            order: None,
            warnings,
            plan,
        })
    }

    /// The agent under test. Where it is unknown nothing else can be looked up.
    async fn agent(&self, plan: &Plan) -> Result<Agent, Failure> {
        let (key, message) = match &plan.target {
            Target::OfScenarios => {
                return Err(Failure::Internal("the suite names no agent".to_owned()));
            }
            Target::Agent(id) => match self.client.agent(*id, self.until).await {
                Err(ApiError::Refused { status: 404, .. }) => {
                    ("agent", format!("the account has no agent `{id}`"))
                }
                found => return Ok(found?),
            },
            Target::Assistant(assistant) => {
                let agents = self.client.agents(self.until).await?;
                let same = |agent: &Agent| agent.assistant.as_deref() == Some(assistant);
                match agents.items.into_iter().find(same) {
                    Some(agent) => return Ok(agent),
                    None => (
                        "assistant",
                        format!("no agent of the account has the assistant {}", shown(assistant)),
                    ),
                }
            }
        };
        let agents = self.client.agents(self.until).await?;
        let names: Vec<String> = agents.items.iter().map(describe_agent).collect();
        let help = match names.as_slice() {
            [] => "it has no agents: does the key belong to the right project?".to_owned(),
            names => format!("it has {}", some(names)),
        };
        Err(self.loaded.explain(vec![Problem::new(Path::of([key]), message).help(help)]).into())
    }

    /// What the suite needs to know of the account, and no more.
    async fn account(&self, plan: &Plan, agent: Agent) -> Result<Account, Failure> {
        let (suite, until) = (&self.loaded.suite, self.until);
        let mut account = select(&self.client, plan, agent.id, until).await?;
        if suite.thresholds.as_ref().is_some_and(names_metrics) {
            account.metrics = self.client.metrics(agent.id, until).await?;
        }
        let cases = suite.test_cases();
        let (personalities, profiles) = cases.as_ref().map(names_people).unwrap_or_default();
        if personalities {
            account.personalities = unlisted(self.client.personalities(until).await)?;
        }
        if suite.test_profiles.is_some() || profiles {
            account.test_profiles = unlisted(self.client.test_profiles(agent.id, until).await)?;
        }
        account.agent = agent;
        Ok(account)
    }

    /// The baseline, where the suite wants one; a missing one is a problem like any other.
    async fn baseline(&self, findings: &mut Findings) -> Result<Chosen, Failure> {
        let (suite, name) = (&self.loaded.suite, self.loaded.name());
        let wanted = Wanted::new(suite, &name, self.context, None);
        let message = match wanted.choose(None, &self.client, self.until).await {
            Err(Failure::Usage(message)) => message,
            Err(Failure::Api(ApiError::Refused { status: 404, .. })) => {
                "the account has no such result".to_owned()
            }
            Err(failure @ Failure::Input { .. }) => failure.to_string(),
            other => return other,
        };
        let path = Path::of(["thresholds", "baseline", "from"]);
        findings.problems.push(Problem::new(path, message));
        Ok(Chosen::default())
    }

    /// What is left on the account, and whether it is enough for a plan that costs so much.
    async fn balance(&self, total: f64, warnings: &mut Vec<String>) -> Option<String> {
        let left = self.client.balance(self.until).await?;
        if total > left {
            warnings.push(format!(
                "the plan costs {total:.2}, and {left:.2} credits are left: the platform refuses a \
                 start when the balance is too low"
            ));
        }
        Some(format!("{left:.2} credits left"))
    }

    /// What the platform says that the test cases cost, checked against the budget.
    fn cost_of_cases(
        &self,
        plan: &Plan,
        dry: DryRun,
        warnings: &mut Vec<String>,
    ) -> Result<String, Failure> {
        if dry.valid == Some(false) {
            return Err(Failure::Usage(
                "the platform rejected the suite: its dry run says that it is not valid, and \
                 no more; nothing was started"
                    .to_owned(),
            ));
        }
        let runs = plan.runs().unwrap_or_default();
        if let Some(counted) = dry.runs.filter(|counted| *counted != runs as u64) {
            warnings.push(format!(
                "the platform counts {counted} runs, the gate {runs}: a gate with other runs than \
                 planned is inconclusive"
            ));
        }
        let suite = &self.loaded.suite;
        let at_most = plan.most_runs().filter(|most| *most > runs);
        let price = check_price(suite, plan, dry)?;
        Ok(match dry.cost {
            Some(cost) => {
                let first = text::count(runs, "run");
                let first = format!("{cost:.2} for {first}, by the platform's dry run");
                match at_most.zip(price) {
                    Some((most, price)) => {
                        let (cost, most) = (price * most as f64, text::count(most, "run"));
                        format!("at most {cost:.2} for {most}; {first} of the first round")
                    }
                    None => first,
                }
            }
            None if suite.budget.as_ref().is_some_and(|budget| budget.price_per_run.is_some()) => {
                cost(suite, plan)
            }
            None => "the platform's dry run gave no price".to_owned(),
        })
    }
}

/// The telephone number that calls come from, where other runs hold it at the moment.
pub(crate) async fn occupied(client: &Client, suite: &Suite, until: Instant) -> Option<String> {
    let number = suite.phone.as_ref()?.outbound.as_deref()?;
    let pending = client.pending_on(number, until).await?;
    let by = match pending {
        0 => "other runs".to_owned(),
        pending => text::count(usize::try_from(pending).unwrap_or(usize::MAX), "pending run"),
    };
    Some(format!(
        "the number {number} (`phone.outbound`) is occupied by {by}: calls from it wait, or fail, \
         until those are done"
    ))
}

/// A list that the published contract does not have: where the platform has none either, nothing is
/// known.
fn unlisted(listed: Result<Listing<u64>, ApiError>) -> Result<Listing<u64>, ApiError> {
    match listed {
        Err(ApiError::Refused { status: 404 | 405, .. }) => Ok(Listing::default()),
        found => found,
    }
}

/// What the account has of what a plan selects.
pub(crate) async fn select(
    client: &Client,
    plan: &Plan,
    agent: u64,
    until: Instant,
) -> Result<Account, ApiError> {
    let mut account = Account::default();
    let query = match &plan.selection {
        Selection::Cases(_) => return Ok(account),
        Selection::Ids(ids) => Query { ids: ids.clone(), ..Query::default() },
        Selection::ByPlatform(query) | Selection::Resolve(query) => query.clone(),
    };
    let query = Query { agent: Some(agent), ..query };
    let mut chosen = Vec::new();
    if query.folder.is_some() || !query.tags.is_empty() {
        chosen = client.scenarios_of(&query, until).await?.items;
    }
    let carried = |tag: &String| chosen.iter().any(|one| one.tags.contains(tag));
    if !query.ids.is_empty() || !query.tags.iter().all(carried) {
        let of_agent = Query { agent: Some(agent), ..Query::default() };
        account.scenarios = client.scenarios_of(&of_agent, until).await?;
    }
    if query.folder.is_some() && chosen.is_empty() {
        account.folders = client.folders(query.project, until).await?;
    }
    let by_id = account.scenarios.items.iter().filter(|one| query.ids.contains(&one.id));
    let more: Vec<_> =
        by_id.filter(|one| chosen.iter().all(|other| other.id != one.id)).cloned().collect();
    chosen.extend(more);
    chosen.retain(|one| query.ids.contains(&one.id) || !query.excludes(&one.tags));
    account.chosen = Some(chosen);
    Ok(account)
}

/// What the runs cost by the suite's own price.
fn cost(suite: &Suite, plan: &Plan) -> String {
    let price = suite.budget.as_ref().and_then(|budget| budget.price_per_run);
    let at_most = if plan.looks.is_empty() { "" } else { "at most " };
    match (price, plan.most_runs()) {
        (Some(price), Some(runs)) => {
            let total = price * runs as f64;
            format!("{at_most}{total:.2} for {} at {price} each", text::count(runs, "run"))
        }
        _ => "not known: set the price of a run with `budget.price_per_run`".to_owned(),
    }
}

fn names_metrics(thresholds: &Thresholds) -> bool {
    let baseline = thresholds.baseline.as_ref().is_some_and(|base| !base.metrics.is_empty());
    let in_rules = |rules: &Thresholds| {
        let each = rules.each_scenario.as_ref().is_some_and(|each| !each.metrics.is_empty());
        !rules.metrics.is_empty() || each
    };
    baseline || thresholds.with_groups().iter().any(|(_, rules)| in_rules(rules))
}

fn describe_agent(agent: &Agent) -> String {
    let name = if agent.name.is_empty() { String::new() } else { format!(" ({})", agent.name) };
    let project = agent.project.map(|id| format!(", project {id}")).unwrap_or_default();
    format!("{}{name}{project}", agent.id)
}

/// The first few of many.
fn some(all: &[String]) -> String {
    const MOST: usize = 8;
    let mut shown: Vec<String> = all.iter().take(MOST).cloned().collect();
    if let Some(more @ 1..) = all.len().checked_sub(MOST) {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}
