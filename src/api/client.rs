//! What the gate asks of the platform, in its own words.
//!
//! Sending is `transport`'s work, and a start has a file of its own: [`start`](super::start).

use std::collections::BTreeSet;

use reqwest::{Method, Url};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::Instant;

use super::error::ApiError;
use super::options::Options;
use super::retry::Effect;
use super::transport::{Request, Transport};
use super::wire::reading::Whole;
use super::wire::stream::ResultReading;
use super::wire::{self, AgentSummary, Page, RunStatuses, ScenarioSummary, WireError};
use crate::outcome::{Outcome, judge_run};
use crate::plan::Query;
use crate::record::{ResultRecord, RunRecord};
use crate::suite::model::Transcripts;
use crate::traffic::Traffic;

pub use super::transport::{Fresh, Mark};

const PAGE_SIZE: u32 = 100;
/// Every status that is no end.
const UNFINISHED: &str = "running,pending,in_progress,evaluating,in_queue,scaling_up";
/// The most runs that a light list is asked for.
const MOST_GLIMPSED: u32 = 1000;
/// A list that goes on for longer than this is not believed.
const MOST_PAGES: usize = 1000;

/// A connection to the platform.
pub struct Client {
    pub(super) transport: Transport,
    base: Url,
}

impl Client {
    /// Sets up a client for the platform at `base`, directly and with the usual limits.
    ///
    /// # Errors
    ///
    /// When the key can't stand in a header or TLS can't be set up.
    pub fn new(base: Url, key: &SecretString) -> Result<Self, ApiError> {
        Self::with(base, key, &Options::default())
    }

    /// Sets up a client for the platform at `base`.
    ///
    /// # Errors
    ///
    /// When the key can't stand in a header, a proxy's address or a certificate can't be read, or
    /// TLS can't be set up.
    pub fn with(base: Url, key: &SecretString, options: &Options) -> Result<Self, ApiError> {
        Ok(Self { transport: Transport::new(&base, key, options)?, base })
    }

    /// What talking to the platform took so far.
    pub fn traffic(&self) -> Traffic {
        self.transport.traffic()
    }

    /// Whether results and runs are asked for by the v2 paths, because the v1 paths are gone.
    pub fn takes_second_version(&self) -> bool {
        self.transport.takes_second_version()
    }

    /// The time scale of the simulator that answers in the platform's place: simulated seconds per
    /// second. None where the platform answers, or nobody has answered yet.
    pub fn time_scale(&self) -> Option<f64> {
        self.transport.time_scale()
    }

    /// A result with all its runs, and the transcripts of those that `keep` says. It is read while
    /// it arrives: other transcripts are never held.
    ///
    /// # Errors
    ///
    /// When the platform refuses, can't be reached or answers with something unreadable.
    pub async fn result(
        &self,
        id: u64,
        keep: Transcripts,
        until: Instant,
    ) -> Result<ResultRecord, ApiError> {
        self.result_unless(id, keep, None, until).await?.value()
    }

    /// A result with all its runs, unless it is still the one with this mark.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn result_unless(
        &self,
        id: u64,
        keep: Transcripts,
        known: Option<&Mark>,
        until: Instant,
    ) -> Result<Fresh<ResultRecord>, ApiError> {
        let url = self.url(&format!("/test_framework/v1/results/{id}/"));
        let request =
            Request { known, ..Request::get(url, self.transport.limits().largest_result) };
        let reading = || {
            ResultReading::new(id, move |run: &RunRecord| {
                keep.hold_those_of(judge_run(run, 1).outcome == Outcome::Passed)
            })
        };
        self.transport.stream(&request, until, reading).await.map_err(|lost| lost.error)
    }

    /// The runs of a result that have not ended, unless they are still as with this mark. It is
    /// asked for once: who gets no answer looks at the result itself.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn unfinished(
        &self,
        id: u64,
        known: Option<&Mark>,
        until: Instant,
    ) -> Result<Fresh<RunStatuses>, ApiError> {
        let mut url = self.url("/test_framework/v1/runs/");
        url.query_pairs_mut()
            .append_pair("result_id", &id.to_string())
            .append_pair("status__in", UNFINISHED)
            .append_pair("page_size", &MOST_GLIMPSED.to_string())
            .append_pair("ql", "{id,status}");
        let largest = self.transport.limits().largest_answer;
        let request = Request { known, repeats: false, ..Request::get(url, largest) };
        let reading = || Whole::new(wire::read_glimpse);
        self.transport.stream(&request, until, reading).await.map_err(|lost| lost.error)
    }

    /// The scenarios that carry the tags or lie in the folder, through all pages.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`]; also when the pages never end or lead to another host.
    pub async fn scenarios(
        &self,
        query: &Query,
        until: Instant,
    ) -> Result<Vec<ScenarioSummary>, ApiError> {
        let mut url = self.url("/test_framework/v1/scenarios/");
        {
            let mut pairs = url.query_pairs_mut();
            if !query.tags.is_empty() {
                pairs.append_pair("tags", &query.tags.join(","));
            }
            for (key, value) in [("agent_id", query.agent), ("project_id", query.project)] {
                if let Some(value) = value {
                    pairs.append_pair(key, &value.to_string());
                }
            }
            if let Some(folder) = &query.folder {
                pairs.append_pair("folder_path", folder);
            }
            pairs.append_pair("page_size", &PAGE_SIZE.to_string());
        }
        let mut found = Vec::new();
        let mut read = Pages::default();
        let mut next = Some(url);
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { return Ok(found) };
            read.take(&url)?;
            let page: Page<ScenarioSummary> = self.get(url.clone(), until).await?;
            found.extend(page.results);
            next = match page.next.filter(|next| !next.is_empty()) {
                Some(next) => Some(self.next_page(&url, &next)?),
                None => None,
            };
        }
        let reason = format!("the list did not end after {MOST_PAGES} pages");
        Err(unreadable_pages(
            "/test_framework/v1/scenarios/",
            reason,
            next.as_ref().and_then(Url::query).unwrap_or_default(),
        ))
    }

    /// The next page's address. Only its query is taken, so that a page can't lead the key away
    /// to another host (a proxy in front of the platform often names the wrong one).
    pub(super) fn next_page(&self, current: &Url, next: &str) -> Result<Url, ApiError> {
        let parsed = current.join(next).map_err(|error| {
            let reason = format!("the address of the next page cannot be read: {error}");
            unreadable_pages(current.path(), reason, next)
        })?;
        let mut url = current.clone();
        url.set_query(parsed.query());
        Ok(url)
    }

    /// The project that an agent belongs to.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn project_of(&self, agent: u64, until: Instant) -> Result<Option<u64>, ApiError> {
        let url = self.url(&format!("/test_framework/v1/aiagents/{agent}/"));
        Ok(self.get::<AgentSummary>(url, until).await?.project)
    }

    /// Ends every call of a result.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn end_calls(&self, id: u64, until: Instant) -> Result<(), ApiError> {
        let request = Request {
            method: Method::POST,
            url: self.url(&format!("/test_framework/v1/results/{id}/end_calls/")),
            body: Some(&json!({})),
            effect: Effect::Idempotent,
            largest: self.transport.limits().largest_answer,
            repeats: true,
            known: None,
        };
        self.transport.send(&request, until, |_| Ok(())).await.map_err(|lost| lost.error)
    }

    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}{path}"));
        url
    }

    async fn get<T: DeserializeOwned>(&self, url: Url, until: Instant) -> Result<T, ApiError> {
        let largest = self.transport.limits().largest_answer;
        let request = Request::get(url, largest);
        self.read(&request, until).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
        until: Instant,
    ) -> Result<T, ApiError> {
        self.transport.send(request, until, wire::read).await.map_err(|lost| lost.error)
    }
}

/// The pages of a list that were read.
#[derive(Default)]
pub(super) struct Pages(BTreeSet<String>);

impl Pages {
    /// Takes the next page.
    ///
    /// # Errors
    ///
    /// When it was read before: the list would go on for ever.
    pub(super) fn take(&mut self, url: &Url) -> Result<(), ApiError> {
        let query = url.query().unwrap_or_default();
        if self.0.insert(query.to_owned()) {
            return Ok(());
        }
        let page = self.0.len();
        let reason = format!("page {page} of the list leads back to a page that was read already");
        Err(unreadable_pages(url.path(), reason, query))
    }
}

/// A list whose pages lead nowhere.
fn unreadable_pages(path: &str, reason: String, next: &str) -> ApiError {
    let start = wire::start_of(next.as_bytes());
    let source = WireError { path: "next".to_owned(), reason, start };
    ApiError::Unreadable { request: format!("GET {path}"), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_leads_back_to_a_page_that_was_read_is_an_error_at_once() {
        let page = |n: u32| Url::parse(&format!("http://a/scenarios/?page={n}")).unwrap();
        let mut read = Pages::default();
        assert!([1, 2, 3].iter().all(|n| read.take(&page(*n)).is_ok()));
        let error = read.take(&page(2)).unwrap_err().to_string();
        assert!(error.contains("page 3 of the list leads back"), "{error}");
        let mut itself = Pages::default();
        assert!(itself.take(&page(1)).is_ok() && itself.take(&page(1)).is_err());
    }
}
