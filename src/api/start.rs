//! A start, exactly once: when its answer is lost, the result is looked for and used.
//!
//! | what came in place of the answer | what is known | what follows |
//! |---|---|---|
//! | no connection | it was not taken | it is sent again |
//! | 425, 429, 503 with `Retry-After` | someone says that it was not taken | a look; sent again where it is not found |
//! | another refusal | it was not taken | the end |
//! | an answer with the result's id and no runs | it was taken | the result is read, and taken where it is the start's |
//! | anything else | nothing | it is looked for, and never sent again |
//!
//! The platform's starts have no idempotency key. A result is found by the unique name that its
//! start gave it. The modes websocket, pipecat and email give none: there, the newest result of the agent before the start
//! is remembered, and one that is newer and has the start's scenarios and number of runs is taken
//! for its result, when there is only one.
//!
//! That a result is absent is never proof that it will not appear: a request may wait in a queue or
//! in a proxy. So a start whose fate is unknown is never repeated, and the error says how to go on.
//! Who says "come again" may stand before the platform and have handed the start on: one look costs
//! a request, a second start costs calls. It is taken after the wait that was asked for. Where there
//! is no name to look for, the word of whoever answered must do.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;
use tracing::info;

use super::client::Client;
use super::error::ApiError;
use super::retry::{Delivery, Effect};
use super::transport::{Fresh, Lost, NOT_KNOWN, Request, Tries};
use super::wire;
use super::wire::reading::Whole;
use crate::plan::StartRequest;
use crate::plan::name::{is_named, may_be_spelling_of};
use crate::record::{ResultRecord, Status};
use crate::suite::model::Transcripts;
use crate::text;

/// The most of the remaining time that is kept for looking a result up.
const LONGEST_RESERVE: Duration = Duration::from_secs(30);

/// How a start ended.
#[derive(Debug)]
pub enum Started {
    /// The platform answered with the result.
    Answered(Box<ResultRecord>),
    /// The answer was lost, and the result was found.
    Found(Box<ResultRecord>),
}

/// By what a result is recognised.
pub(super) enum Trace<'a> {
    /// By its unique name.
    Name(&'a str),
    /// By what it is of.
    Kind(Kind),
    /// By nothing: the results before the start are not known.
    None(String),
}

/// What a start without a name makes.
pub(super) struct Kind {
    pub(super) agent: u64,
    pub(super) scenarios: BTreeSet<u64>,
    /// How many runs it may have.
    pub(super) runs: RangeInclusive<u64>,
    /// Id of the newest result before the start.
    pub(super) newest: u64,
    /// Whether the answer may leave its runs for later.
    pub(super) may_be_bare: bool,
}

impl Trace<'_> {
    /// Whether a result that has appeared is the start's.
    fn fits(&self, result: &ResultRecord) -> bool {
        match self {
            Trace::Name(name) => result.name.as_deref().is_some_and(|found| is_named(found, name)),
            Trace::Kind(kind) => kind.fits(result) && result.id > kind.newest,
            Trace::None(_) => false,
        }
    }

    /// Whether an answer can be the start's. A body of someone else may hold an `id` too, but no
    /// runs. The platform may have the name in another spelling: the id counts.
    fn accepts(&self, answer: &ResultRecord) -> bool {
        match self {
            Trace::Name(name) if answer.runs.is_empty() => {
                answer.name.as_deref().is_some_and(|found| may_be_spelling_of(found, name))
            }
            // The answer to a rerun may name its runs later; it is always a new result.
            Trace::Kind(kind) if kind.may_be_bare && answer.runs.is_empty() => {
                answer.id > kind.newest
            }
            Trace::Name(_) | Trace::Kind(_) | Trace::None(_) => !answer.runs.is_empty(),
        }
    }
}

impl Kind {
    fn fits(&self, result: &ResultRecord) -> bool {
        let scenarios: BTreeSet<u64> = result.runs.iter().filter_map(|run| run.scenario).collect();
        let runs = result.claims.total_runs.unwrap_or(result.runs.len() as u64);
        result.agent == Some(self.agent) && scenarios == self.scenarios && self.runs.contains(&runs)
    }
}

/// A result that has just begun: whatever statuses came with it, what it found has yet to be read.
pub(super) fn begun(mut result: ResultRecord) -> Box<ResultRecord> {
    result.status = Status::default();
    for run in &mut result.runs {
        run.status = Status::default();
    }
    Box::new(result)
}

const fn start_lost(request: String, reason: String, sought: String) -> ApiError {
    ApiError::StartLost { request, reason, sought }
}

impl Client {
    /// Starts a run. When the answer is lost, the result is looked for; it is never started a
    /// second time on a guess.
    ///
    /// # Errors
    ///
    /// When the platform refuses, can't be reached, or the answer was lost and no result is found.
    pub async fn start(
        &self,
        start: &StartRequest,
        name: Option<&str>,
        until: Instant,
    ) -> Result<Started, ApiError> {
        let trace = match name {
            Some(name) => Trace::Name(name),
            None => self.trace_of(&start.body, until).await,
        };
        let request = Request {
            method: Method::POST,
            url: self.url(start.path),
            body: Some(&start.body),
            effect: Effect::Starts,
            largest: self.transport.limits().largest_answer,
            repeats: true,
            known: None,
        };
        let started = self.start_once(&request, &trace, until).await;
        match started {
            Err(ApiError::Refused { request, status: 402, detail, fields }) => {
                let left = self.balance(until).await;
                let left = left.map(|left| format!("; {left:.2} credits are left"));
                let detail = format!("{detail}{}", left.unwrap_or_default());
                Err(ApiError::Refused { request, status: 402, detail, fields })
            }
            started => started,
        }
    }

    /// The result of an answer that names it and no runs, once reading it has confirmed that it is
    /// this start's.
    async fn confirmed(
        &self,
        bare: &ResultRecord,
        trace: &Trace<'_>,
        until: Instant,
    ) -> Option<Box<ResultRecord>> {
        if bare.id == 0 || !bare.runs.is_empty() {
            return None;
        }
        info!("the start was answered with result {} and no runs; reading it", bare.id);
        let read = self.result(bare.id, Transcripts::None, until).await.ok()?;
        trace.fits(&read).then(|| begun(read))
    }

    /// Sends a start, and looks for its result when the answer is lost.
    pub(super) async fn start_once(
        &self,
        request: &Request<'_>,
        trace: &Trace<'_>,
        until: Instant,
    ) -> Result<Started, ApiError> {
        // A start that takes all the time there is would leave none to find its result.
        let left = until.saturating_duration_since(Instant::now());
        let answered_by = until.checked_sub((left / 4).min(LONGEST_RESERVE)).unwrap_or(until);
        let mut tries = Tries::none();
        loop {
            let reading = Whole::new(wire::read_result);
            let fresh = self.transport.once(request, &tries, answered_by, reading).await;
            let lost = match fresh {
                Ok(Fresh::New(result, _)) if trace.accepts(&result) => {
                    return Ok(Started::Answered(begun(result)));
                }
                Ok(Fresh::New(result, _)) => {
                    if let Some(result) = self.confirmed(&result, trace, until).await {
                        return Ok(Started::Answered(result));
                    }
                    let id = result.id;
                    Lost::strange(format!("the answer is not about this start: it names {id}"))
                }
                Ok(Fresh::Same) => Lost::strange(NOT_KNOWN.to_owned()),
                Err(lost) => lost,
            };
            if lost.fate == Delivery::Unknown {
                let reason = format!("the answer was lost ({})", lost.reason);
                let found = self.seek(trace, until).await;
                let found = found.map_err(|sought| start_lost(request.describe(), reason, sought));
                return found.map(begun).map(Started::Found);
            }
            if let Some(wait) = lost.again {
                self.transport.pause(wait).await;
            }
            if lost.fate == Delivery::PutOff
                && let Some(found) = self.taken_all_the_same(request, trace, &lost, until).await?
            {
                return Ok(Started::Found(begun(found)));
            }
            if lost.again.is_none() || Instant::now() >= answered_by {
                return Err(lost.error);
            }
            self.transport.count(&mut tries);
        }
    }

    /// The result of a start that was put off, where it was taken all the same.
    async fn taken_all_the_same(
        &self,
        request: &Request<'_>,
        trace: &Trace<'_>,
        lost: &Lost,
        until: Instant,
    ) -> Result<Option<ResultRecord>, ApiError> {
        let Trace::Name(name) = trace else { return Ok(None) };
        info!("the start was postponed; looking for a result named `{name}` anyway");
        let found = self.results_named(name, until).await.map_err(|look| {
            let reason = format!("it was postponed ({})", lost.reason);
            let sought =
                format!("looking for a result named `{name}` failed too ({})", look.reason);
            start_lost(request.describe(), reason, sought)
        })?;
        Ok(found.into_iter().filter(|one| trace.fits(one)).min_by_key(|one| one.id))
    }

    /// Looks for the result of a start that another gate sent before it was lost itself, with the
    /// same patience as for a start of this one.
    ///
    /// # Errors
    ///
    /// When it is not found: whether it ever appears is not known.
    pub async fn seek_started(
        &self,
        path: &str,
        name: &str,
        until: Instant,
    ) -> Result<Box<ResultRecord>, ApiError> {
        let found = self.seek(&Trace::Name(name), until).await;
        found.map(begun).map_err(|sought| {
            let reason = "the gate that sent it stopped".to_owned();
            start_lost(format!("POST {path}"), reason, sought)
        })
    }

    /// What will be recognised of a start that carries no name.
    async fn trace_of(&self, body: &Value, until: Instant) -> Trace<'static> {
        let agent = body.get("agent").or_else(|| body.get("agent_id")).and_then(Value::as_u64);
        let scenarios = body.get("scenarios").and_then(Value::as_array);
        let (Some(agent), Some(scenarios)) = (agent, scenarios) else {
            return Trace::None("its result has no name".to_owned());
        };
        let frequency = body.get("frequency").and_then(Value::as_u64).unwrap_or(1);
        let runs = frequency.saturating_mul(scenarios.len() as u64);
        let ids = scenarios.iter().filter_map(|entry| match entry.get("scenario") {
            Some(id) => id.as_u64(),
            None => entry.as_u64(),
        });
        let ids = ids.collect();
        match self.results_of(agent, until).await {
            Ok(before) => {
                let newest = before.iter().map(|result| result.id).max().unwrap_or_default();
                Trace::Kind(Kind {
                    agent,
                    scenarios: ids,
                    runs: runs..=runs,
                    newest,
                    may_be_bare: false,
                })
            }
            Err(lost) => Trace::None(format!(
                "its result has no name, and the agent's earlier results could not be listed ({})",
                lost.reason
            )),
        }
    }

    /// Looks for a start's result, until there is no time left, or it stayed away for so long that
    /// waiting for it makes no sense. An error says in words what came of it.
    async fn seek(&self, trace: &Trace<'_>, until: Instant) -> Result<ResultRecord, String> {
        let what = match trace {
            Trace::Name(name) => format!("a result named `{name}`"),
            Trace::Kind(kind) => format!("a new result of agent {}", kind.agent),
            Trace::None(reason) => return Err(format!("it was not looked for, because {reason}")),
        };
        let mut wait = self.transport.limits().backoff.base;
        let mut absent_since = None;
        let mut only = None;
        loop {
            let looked = match trace {
                Trace::Name(name) => self.results_named(name, until).await,
                Trace::Kind(kind) => self.results_of(kind.agent, until).await,
                Trace::None(_) => Ok(Vec::new()),
            };
            let answered = looked.is_ok();
            // The first answer may come from a simulator, and say so.
            let limits = self.transport.limits();
            wait = wait.min(limits.backoff.cap);
            let found = match looked {
                Ok(found) => found,
                // The calls may be going: an outage is waited out for as long as there is time.
                Err(lost) if lost.error.may_pass() && Instant::now() < until => Vec::new(),
                Err(lost) => {
                    return Err(format!("looking for {what} failed too ({})", lost.reason));
                }
            };
            let mut fitting: Vec<ResultRecord> =
                found.into_iter().filter(|result| trace.fits(result)).collect();
            fitting.sort_by_key(|result| result.id);
            if matches!(trace, Trace::Kind(_)) && fitting.len() > 1 {
                let ids: Vec<String> = fitting.iter().map(|one| one.id.to_string()).collect();
                return Err(format!(
                    "more than one new result fits it: {}, and they cannot be distinguished",
                    ids.join(", ")
                ));
            }
            match fitting.into_iter().next() {
                // What is known by its name alone is it. What is known by its looks is looked at
                // twice: another start of the same kind may show up beside it.
                Some(found) if matches!(trace, Trace::Name(_)) || only == Some(found.id) => {
                    return Ok(found);
                }
                Some(found) => only = Some(found.id),
                None if !answered => {}
                None => {
                    let since = *absent_since.get_or_insert_with(Instant::now);
                    let elapsed = since.elapsed();
                    let left = until.saturating_duration_since(Instant::now());
                    if elapsed >= limits.absence || wait >= left {
                        let span = text::seconds(elapsed.as_secs_f64());
                        return Err(format!("{what} was looked for and did not appear in {span}"));
                    }
                }
            }
            info!("the start's answer was lost; looking for {what} again in {wait:.0?}");
            let left = until.saturating_duration_since(Instant::now());
            self.transport.pause(wait.min(left)).await;
            wait = wait.mul_f64(1.5).min(limits.backoff.cap);
        }
    }

    pub(super) async fn results_named(
        &self,
        name: &str,
        until: Instant,
    ) -> Result<Vec<ResultRecord>, Lost> {
        self.results(&[("search", name)], until).await
    }

    pub(super) async fn results_of(
        &self,
        agent: u64,
        until: Instant,
    ) -> Result<Vec<ResultRecord>, Lost> {
        self.results(&[("agent_id", &agent.to_string()), ("page_size", "25")], until).await
    }

    /// A page of the list of results, the newest first.
    pub(super) async fn results(
        &self,
        query: &[(&str, &str)],
        until: Instant,
    ) -> Result<Vec<ResultRecord>, Lost> {
        let mut url = self.url("/test_framework/v1/results/");
        url.query_pairs_mut().extend_pairs(query);
        let request = Request {
            method: Method::GET,
            url,
            body: None,
            effect: Effect::Reads,
            largest: self.transport.limits().largest_answer,
            repeats: true,
            known: None,
        };
        self.transport.send(&request, until, wire::read_results).await
    }
}
