//! `init`: what the account has for a suite to begin with. It only reads.
//!
//! Which agent, and whose last results, is chosen here; what a suite makes of it is in
//! `init/account`. Without agents and scenarios there is nothing to write; anything else that cannot
//! be read is a note, and the suite gets the usual values in its place.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::error::{ApiError, status_of};
use crate::failure::Failure;
use crate::init::account::{Account, describe};
use crate::lookup::{Agent, ListedResult, Listing};
use crate::plan::Query;
use crate::record::instant;
use crate::suite::model::Transcripts;
use crate::text::{count, list};

/// How long all the questions may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Thresholds are made from so many results at most.
const MOST_RESULTS: usize = 3;
/// So many agents are named in a message.
const MOST_AGENTS: usize = 8;

/// The agent that the flags name.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Named<'a> {
    /// Its id.
    pub(crate) agent: Option<u64>,
    /// Or its assistant id.
    pub(crate) assistant: Option<&'a str>,
    /// Or the project that it belongs to.
    pub(crate) project: Option<u64>,
}

/// What came of the questions.
#[derive(Debug, Default)]
pub(crate) struct LookedUp {
    /// The agent with what it has; none where the account has no agents.
    pub(crate) account: Option<Account>,
    /// What a person should know, in lines.
    pub(crate) notes: Vec<String>,
}

/// Asks the account.
///
/// # Errors
///
/// When the platform refuses, cannot be reached, or its agents or scenarios cannot be read; when the
/// account does not have what the flags name.
pub(crate) async fn look_up(client: &Client, named: Named<'_>) -> Result<LookedUp, Failure> {
    let until = Instant::now() + PATIENCE;
    let agents = client.agents(until).await.map_err(not_written)?;
    let mut asked = Asked { client, until, notes: Vec::new() };
    let Some(agent) = asked.agent(named, &agents).await? else {
        return Ok(LookedUp { account: None, notes: asked.notes });
    };
    let query = Query { agent: Some(agent.id), ..Query::default() };
    let scenarios = client.scenarios_of(&query, until).await.map_err(not_written)?;
    if scenarios.items.is_empty() {
        asked.notes.push(format!(
            "agent {} has no scenarios yet: `scenarios` is a placeholder",
            describe(&agent)
        ));
    }
    let metrics = client.metrics(agent.id, until).await;
    let metrics = asked.or_note("the metrics", metrics).unwrap_or_default().items;
    let listed = client.newest_results(Some(agent.id), until).await;
    let mut listed = asked.or_note("the last results", listed).unwrap_or_default();
    listed.retain(|result| result.completed && result.agent.is_none_or(|id| id == agent.id));
    let mut results = Vec::new();
    for ListedResult { id, .. } in listed.iter().take(MOST_RESULTS) {
        let result = client.result(*id, Transcripts::None, until).await;
        results.extend(asked.or_note(&format!("result {id}"), result));
    }
    let is_text = listed.first().is_some_and(|newest| newest.is_text);
    let account = Account { agent, scenarios, metrics, results, is_text };
    Ok(LookedUp { account: Some(account), notes: asked.notes })
}

struct Asked<'c> {
    client: &'c Client,
    until: Instant,
    notes: Vec<String>,
}

impl Asked<'_> {
    /// The answer, or a note that there is none.
    fn or_note<T>(&mut self, what: &str, answer: Result<T, ApiError>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.notes.push(format!("{what} could not be read and are passed over: {error}"));
                None
            }
        }
    }

    /// The agent that is named, the only one, or the one that was used last.
    async fn agent(
        &mut self,
        named: Named<'_>,
        agents: &Listing<Agent>,
    ) -> Result<Option<Agent>, Failure> {
        if let Some(id) = named.agent {
            return match self.client.agent(id, self.until).await {
                Ok(agent) => Ok(Some(agent)),
                Err(error) if status_of(&error) == Some(404) => {
                    Err(unknown(&format!("no agent {id}"), agents))
                }
                Err(error) => Err(not_written(error)),
            };
        }
        if let Some(assistant) = named.assistant {
            let is = |agent: &&Agent| agent.assistant.as_deref() == Some(assistant);
            let found = agents.items.iter().find(is).cloned();
            let what = format!("no agent with the assistant `{assistant}`");
            return found.map(Some).ok_or_else(|| unknown(&what, agents));
        }
        let of_project = |agent: &&Agent| named.project.is_none_or(|id| agent.project == Some(id));
        let known: Vec<&Agent> = agents.items.iter().filter(of_project).collect();
        match (known.as_slice(), named.project) {
            ([], Some(project)) => {
                Err(unknown(&format!("no agent in the project {project}"), agents))
            }
            ([], None) => {
                self.notes.push(
                    "the account has no agents yet: `agent` and `scenarios` are placeholders"
                        .to_owned(),
                );
                Ok(None)
            }
            ([only], _) => Ok(Some((*only).clone())),
            (several, _) => Ok(Some(self.last_used(several).await)),
        }
    }

    /// Of several agents the one whose result is the newest; without results, the one that was
    /// changed last.
    async fn last_used(&mut self, agents: &[&Agent]) -> Agent {
        let listed = self.client.newest_results(None, self.until).await;
        let listed = self.or_note("the last results", listed).unwrap_or_default();
        let of = |result: &ListedResult| {
            agents
                .iter()
                .find(|agent| Some(agent.id) == result.agent)
                .map(|agent| (*agent, result.id))
        };
        let changed = |agent: &&&Agent| {
            let at = agent.updated_at.as_deref().and_then(instant);
            (at, std::cmp::Reverse(agent.id))
        };
        let (agent, because) = match listed.iter().find_map(of) {
            Some((agent, result)) => (agent.clone(), format!("result {result} is the newest")),
            None => {
                let last = agents.iter().max_by_key(changed);
                let last = last.map(|agent| (*agent).clone()).unwrap_or_default();
                (last, "it was changed last".to_owned())
            }
        };
        let others = agents.iter().filter(|other| other.id != agent.id).copied();
        self.notes.push(format!(
            "the account has {}; this is for {}, because {because}. For another one, --agent: {}",
            count(agents.len(), "agent"),
            describe(&agent),
            some(others)
        ));
        agent
    }
}

/// Some agents in words.
fn some<'a>(agents: impl Iterator<Item = &'a Agent>) -> String {
    let mut names: Vec<String> = agents.map(describe).collect();
    let more = names.len().saturating_sub(MOST_AGENTS);
    names.truncate(MOST_AGENTS);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    list(&names)
}

fn unknown(what: &str, agents: &Listing<Agent>) -> Failure {
    let known = match agents.items.as_slice() {
        [] => "it has none: does the key belong to the right project?".to_owned(),
        agents => format!("it has {}", some(agents.iter())),
    };
    Failure::Usage(format!("the account has {what}; {known}; nothing was written"))
}

/// A key that is there and does not work is no reason to write what does not fit.
fn not_written(error: ApiError) -> Failure {
    Failure::Remote(format!(
        "{error}; nothing was written. `cekura-gate init --offline` writes a suite without the account"
    ))
}
