//! What the platform is asked once a result is there: to show it, to end it, to score it again, to
//! learn from it.
//!
//! What is paid for or made again is sent once ([`Effect::Starts`]); what can be said twice without
//! harm is repeated as a reader's question is.

use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::Client;
use super::error::ApiError;
use super::retry::{Delivery, Effect};
use super::start::{Kind, Started, Trace};
use super::transport::{Lost, Request};
use super::wire::{self, WireError, after as wire_after, call as wire_call};
use crate::record::ResultRecord;
use crate::review::{CallView, Improvement, Issues, Progress, ResultView, TestSetView, Vote};

/// How a request for new scores ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The platform took it.
    Answered,
    /// The answer was lost, for this reason: it may have taken it.
    Unknown(String),
}

/// A link that shows a result to anyone who has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Share {
    /// The link.
    #[serde(rename = "shareable_link")]
    pub link: String,
    /// The token in it.
    #[serde(default)]
    pub token: String,
}

impl Client {
    /// A result with all that the platform says of it.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn result_view(&self, id: u64, until: Instant) -> Result<ResultView, ApiError> {
        let path = format!("/test_framework/v1/results/{id}/");
        let read = |body: &[u8]| {
            let view = wire_call::read_result_view(body)?;
            expect_id(id, view.record.id, body)?;
            Ok(view)
        };
        self.look(&path, until, read).await
    }

    /// A call with all that the platform says of it.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn call_view(&self, id: u64, until: Instant) -> Result<CallView, ApiError> {
        let path = format!("/test_framework/v1/runs/{id}/");
        let read = |body: &[u8]| {
            let view = wire_call::read_call(body)?;
            expect_id(id, view.run.id, body)?;
            Ok(view)
        };
        self.look(&path, until, read).await
    }

    /// Where a call can be listened to while it is going; none when the platform names no place.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn listen_url(&self, run: u64, until: Instant) -> Result<Option<String>, ApiError> {
        let path = format!("/test_framework/v1/runs/{run}/get_listen_url/");
        self.look(&path, until, wire_after::read_listen_url).await
    }

    /// Ends one call.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn end_call(&self, run: u64, until: Instant) -> Result<(), ApiError> {
        let path = format!("/test_framework/v1/runs/{run}/end_call/");
        self.say(&path, &json!({}), until).await
    }

    /// Makes a link that shows the result, transcripts included, to anyone who has it, until
    /// `expires` (RFC 3339) where that is given.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn share(
        &self,
        result: u64,
        expires: Option<&str>,
        until: Instant,
    ) -> Result<Share, ApiError> {
        let path = format!("/test_framework/v1/results/{result}/create_shareable_link_token/");
        let body = match expires {
            Some(expires) => json!({ "expire_at": expires }),
            None => json!({}),
        };
        self.post(&path, &body, Effect::Idempotent, until, wire::read).await.map_err(|l| l.error)
    }

    /// Votes on a metric of a run. A second vote takes the place of the first.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn vote_metric(
        &self,
        run: u64,
        metric: u64,
        vote: &Vote,
        until: Instant,
    ) -> Result<(), ApiError> {
        let path = format!("/test_framework/v1/runs/{run}/mark_metric_vote/");
        self.say(&path, &wire_after::metric_vote_body(metric, vote), until).await
    }

    /// Votes on a run's expected outcome.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn vote_outcome(
        &self,
        run: u64,
        up: bool,
        feedback: Option<&str>,
        until: Instant,
    ) -> Result<(), ApiError> {
        let path = format!("/test_framework/v1/runs/{run}/mark_expected_outcome_vote/");
        self.say(&path, &wire_after::outcome_vote_body(up, feedback), until).await
    }

    /// Calls the verdict on a critical scenario wrong, or takes that back.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn mark_critical(
        &self,
        run: u64,
        scenario: u64,
        wrong: bool,
        until: Instant,
    ) -> Result<(), ApiError> {
        let what = if wrong { "mark" } else { "unmark" };
        let path = format!("/test_framework/v1/runs/{run}/{what}_critical_scenario_wrong/");
        self.say(&path, &json!({ "scenario_id": scenario }), until).await
    }

    /// Has a run's expected outcome judged again, in the background. Gives what the job is asked
    /// for by.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn judge_outcome(&self, run: u64, until: Instant) -> Result<String, ApiError> {
        let path = format!("/test_framework/v1/runs/{run}/run_expected_outcome_bg/");
        self.job(&path, &json!({}), until).await
    }

    /// Has a run's expected outcome judged again at once. The newest API has dropped the call.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn judge_outcome_now(&self, run: u64, until: Instant) -> Result<(), ApiError> {
        let path = format!("/test_framework/v1/runs/{run}/run_expected_outcome/");
        let sent = self.post(&path, &json!({}), Effect::Starts, until, |_| Ok(())).await;
        sent.map_err(|lost| lost.error)
    }

    /// How far the judging of an expected outcome is.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn outcome_progress(&self, job: &str, until: Instant) -> Result<Progress, ApiError> {
        let path = "/test_framework/v1/runs/run_expected_outcome_progress/";
        self.progress(path, job, &["expected_outcome", "score"], until).await
    }

    /// Has a prompt improved by what went wrong in at most three runs, in the background.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn improve_prompt(
        &self,
        runs: &[u64],
        agent: Option<u64>,
        prompt: &str,
        until: Instant,
    ) -> Result<String, ApiError> {
        let body = wire_after::improve_body(runs, agent, prompt);
        self.job("/test_framework/v1/runs/improve_prompt_bg/", &body, until).await
    }

    /// How far the improvement of a prompt is.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn improve_progress(&self, job: &str, until: Instant) -> Result<Progress, ApiError> {
        let path = "/test_framework/v1/runs/improve_prompt_progress/";
        self.progress(path, job, &["improved_prompt"], until).await
    }

    /// Has a prompt improved at once.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn improve_prompt_now(
        &self,
        runs: &[u64],
        prompt: &str,
        until: Instant,
    ) -> Result<Improvement, ApiError> {
        let path = "/test_framework/v1/runs/improve_prompt/";
        let body = wire_after::improve_now_body(runs, prompt);
        let read = wire_after::read_improvement;
        self.post(path, &body, Effect::Starts, until, read).await.map_err(|lost| lost.error)
    }

    /// The groups of failures that a prompt could be improved by.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn prompt_issues(
        &self,
        runs: &[u64],
        agent: Option<u64>,
        prompt: &str,
        until: Instant,
    ) -> Result<Issues, ApiError> {
        let path = "/test_framework/v1/runs/improve_prompt_issues/";
        let body = wire_after::improve_body(runs, agent, prompt);
        let read = wire_after::read_issues;
        self.post(path, &body, Effect::Starts, until, read).await.map_err(|lost| lost.error)
    }

    /// Makes a test set of a run. Asked twice, the platform gives the one that there is.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn create_test_set(
        &self,
        body: &Value,
        until: Instant,
    ) -> Result<TestSetView, ApiError> {
        let path = "/test_framework/test-sets/create_from_run/";
        let read = wire_after::read_test_set;
        self.post(path, body, Effect::Idempotent, until, read).await.map_err(|lost| lost.error)
    }

    /// Has metrics of a result's runs scored again. Asked for once: a lost answer is told.
    ///
    /// # Errors
    ///
    /// When the platform refuses, or was never reached.
    pub async fn rescore(
        &self,
        result: u64,
        runs: &[u64],
        metrics: &[u64],
        until: Instant,
    ) -> Result<Asked, ApiError> {
        let path = format!("/test_framework/v1/results/{result}/evaluate_metrics/");
        let body = wire_after::rescore_body(runs, metrics);
        match self.post(&path, &body, Effect::Starts, until, |_| Ok(())).await {
            Ok(()) => Ok(Asked::Answered),
            Err(lost) if lost.fate == Delivery::Unknown => Ok(Asked::Unknown(lost.reason)),
            Err(lost) => Err(lost.error),
        }
    }

    /// Runs a result's scenarios again, exactly once: when the answer is lost, the new result is
    /// looked for by what it is of.
    ///
    /// # Errors
    ///
    /// As for [`Client::start`].
    pub async fn rerun(&self, of: &ResultRecord, until: Instant) -> Result<Started, ApiError> {
        let trace = self.trace_of_rerun(of, until).await;
        let body = json!({});
        let request = Request {
            method: Method::POST,
            url: self.url(&format!("/test_framework/v1/results/{}/rerun/", of.id)),
            body: Some(&body),
            effect: Effect::Starts,
            largest: self.transport.limits().largest_answer,
            repeats: true,
            known: None,
        };
        self.start_once(&request, &trace, until).await
    }

    /// What will be recognised of a rerun: it is of the same agent and scenarios, and newer.
    async fn trace_of_rerun(&self, of: &ResultRecord, until: Instant) -> Trace<'static> {
        let Some(agent) = of.agent else {
            return Trace::None("the result that is run again names no agent".to_owned());
        };
        let scenarios: std::collections::BTreeSet<u64> =
            of.runs.iter().filter_map(|run| run.scenario).collect();
        let newest = match self.results_of(agent, until).await {
            Ok(before) => before.iter().map(|result| result.id).max().unwrap_or_default(),
            Err(lost) => {
                let reason = lost.reason;
                return Trace::None(format!("earlier results could not be listed ({reason})"));
            }
        };
        let most = of.runs.len().max(scenarios.len()) as u64;
        let runs = scenarios.len() as u64..=most;
        Trace::Kind(Kind { agent, scenarios, runs, newest: newest.max(of.id), may_be_bare: true })
    }

    async fn look<T>(
        &self,
        path: &str,
        until: Instant,
        read: impl Fn(&[u8]) -> Result<T, WireError>,
    ) -> Result<T, ApiError> {
        self.read_with(self.url(path), until, read).await
    }

    async fn read_with<T>(
        &self,
        url: Url,
        until: Instant,
        read: impl Fn(&[u8]) -> Result<T, WireError>,
    ) -> Result<T, ApiError> {
        let largest = self.transport.limits().largest_result;
        let request = Request::get(url, largest);
        self.transport.send(&request, until, read).await.map_err(|lost| lost.error)
    }

    async fn progress(
        &self,
        path: &str,
        job: &str,
        results: &[&str],
        until: Instant,
    ) -> Result<Progress, ApiError> {
        let mut url = self.url(path);
        url.query_pairs_mut().append_pair("progress_id", job);
        self.read_with(url, until, |body| wire_after::read_progress(body, results)).await
    }

    /// Says something that may be said twice.
    async fn say(&self, path: &str, body: &Value, until: Instant) -> Result<(), ApiError> {
        let sent = self.post(path, body, Effect::Idempotent, until, |_| Ok(())).await;
        sent.map_err(|lost| lost.error)
    }

    /// Starts a job in the background.
    async fn job(&self, path: &str, body: &Value, until: Instant) -> Result<String, ApiError> {
        let read = wire_after::read_progress_id;
        let sent = self.post(path, body, Effect::Starts, until, read).await;
        sent.map_err(|lost| lost.error)
    }

    async fn post<T>(
        &self,
        path: &str,
        body: &Value,
        effect: Effect,
        until: Instant,
        read: impl Fn(&[u8]) -> Result<T, WireError>,
    ) -> Result<T, Lost> {
        let request = Request {
            method: Method::POST,
            url: self.url(path),
            body: Some(body),
            effect,
            largest: self.transport.limits().largest_answer,
            repeats: true,
            known: None,
        };
        self.transport.send(&request, until, read).await
    }
}

/// An answer must be of what was asked for.
fn expect_id(wanted: u64, found: u64, body: &[u8]) -> Result<(), WireError> {
    if wanted == found {
        return Ok(());
    }
    Err(WireError {
        path: "id".to_owned(),
        reason: format!("expected {wanted}, found {found}"),
        start: wire::start_of(body),
    })
}
