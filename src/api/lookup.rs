//! What the account has: agents, scenarios, folders, metrics, personalities, test profiles. Everything here only
//! reads, the dry run included.

use reqwest::{Method, Url};
use serde_json::Value;
use tokio::time::Instant;

use crate::api::client::{Client, Pages};
use crate::api::error::ApiError;
use crate::api::retry::Effect;
use crate::api::transport::Request;
use crate::api::wire::lookup as wire;
use crate::api::wire::lookup::DryRun;
use crate::lookup::{Agent, ListedResult, Listing, Metric, Scenario};
use crate::plan::{Query, StartRequest};

/// Checks and prices a start of test cases, and starts nothing.
const VALIDATE_PATH: &str = "/test_framework/v1/scenarios/validate_scenarios_json/";
const PAGE_SIZE: u32 = 100;
/// A list is read so far and no further: what lies beyond is not known.
const MOST_PAGES: usize = 20;

impl Client {
    /// An agent.
    ///
    /// # Errors
    ///
    /// When the platform refuses, can't be reached or answers with something unreadable.
    pub async fn agent(&self, id: u64, until: Instant) -> Result<Agent, ApiError> {
        let url = self.url(&format!("/test_framework/v1/aiagents/{id}/"));
        self.send(Method::GET, url, None, until, wire::read_agent).await
    }

    /// The agents.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn agents(&self, until: Instant) -> Result<Listing<Agent>, ApiError> {
        self.list("/test_framework/v1/aiagents/", &[], until, wire::agent).await
    }

    /// The newest results, of one agent or of all, the newest first.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn newest_results(
        &self,
        agent: Option<u64>,
        until: Instant,
    ) -> Result<Vec<ListedResult>, ApiError> {
        let mut url = self.url("/test_framework/v1/results/");
        if let Some(agent) = agent {
            url.query_pairs_mut().append_pair("agent_id", &agent.to_string());
        }
        url.query_pairs_mut().append_pair("page_size", "25");
        let (entries, _) = self.send(Method::GET, url, None, until, wire::read_page).await?;
        let mut found: Vec<ListedResult> = entries.iter().filter_map(wire::listed_result).collect();
        found.sort_by_key(|result| std::cmp::Reverse(result.id));
        Ok(found)
    }

    /// The scenarios that a query finds, with their tags and folders.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn scenarios_of(
        &self,
        query: &Query,
        until: Instant,
    ) -> Result<Listing<Scenario>, ApiError> {
        let tags = (!query.tags.is_empty()).then(|| query.tags.join(","));
        let filters = [
            ("tags", tags),
            ("agent_id", query.agent.map(|id| id.to_string())),
            ("project_id", query.project.map(|id| id.to_string())),
            ("folder_path", query.folder.clone()),
        ];
        self.list("/test_framework/v1/scenarios/", &filters, until, wire::scenario).await
    }

    /// The paths of a project's folders.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn folders(
        &self,
        project: Option<u64>,
        until: Instant,
    ) -> Result<Listing<String>, ApiError> {
        let filters = [("project_id", project.map(|id| id.to_string()))];
        self.list("/test_framework/v1/scenarios/folders/", &filters, until, wire::folder).await
    }

    /// The metrics of an agent.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn metrics(&self, agent: u64, until: Instant) -> Result<Listing<Metric>, ApiError> {
        let filters = [("agent_id", Some(agent.to_string()))];
        self.list("/test_framework/v1/metrics/", &filters, until, wire::metric).await
    }

    /// The metrics of the agent that has an assistant.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn metrics_of_assistant(
        &self,
        assistant: &str,
        until: Instant,
    ) -> Result<Listing<Metric>, ApiError> {
        let filters = [("assistant_id", Some(assistant.to_owned()))];
        self.list("/test_framework/v1/metrics/", &filters, until, wire::metric).await
    }

    /// The ids of the test profiles.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn test_profiles(
        &self,
        agent: u64,
        until: Instant,
    ) -> Result<Listing<u64>, ApiError> {
        let filters = [("agent_id", Some(agent.to_string()))];
        self.list("/test_framework/v1/test-profiles/", &filters, until, wire::id).await
    }

    /// The ids of the personalities that the account may use, those of others included.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`].
    pub async fn personalities(&self, until: Instant) -> Result<Listing<u64>, ApiError> {
        self.list("/test_framework/v1/personalities/", &[], until, wire::id).await
    }

    /// What a start of test cases would be: validated and priced, and nothing is started.
    ///
    /// # Errors
    ///
    /// As for [`Client::agent`]; a spec that won't do is refused as a start would be.
    pub async fn dry_run(
        &self,
        request: &StartRequest,
        until: Instant,
    ) -> Result<DryRun, ApiError> {
        let ask =
            |url| self.send(Method::POST, url, Some(&request.body), until, wire::read_dry_run);
        // It checks all that a start checks but the balance. It is not published: where it is
        // missing, the start's own dry run answers.
        match ask(self.url(VALIDATE_PATH)).await {
            Err(ApiError::Refused { status: 404 | 405 | 410, .. }) => {
                let mut url = self.url(request.path);
                url.query_pairs_mut().append_pair("dry_run", "true");
                ask(url).await
            }
            answered => answered,
        }
    }

    /// The credits that are left; none where the key may not read them. It is asked for once.
    pub async fn balance(&self, until: Instant) -> Option<f64> {
        let url = self.url("/test_framework/billing/info/");
        self.ask_once(url, until, wire::read_balance).await?
    }

    /// How many runs that have yet to begin occupy a telephone number; none where it is free or
    /// nobody knows. It is asked for once.
    pub async fn pending_on(&self, number: &str, until: Instant) -> Option<u64> {
        let mut url = self.url("/test_framework/v1/phone-numbers/check_occupancy/");
        url.query_pairs_mut().append_pair("phone_number", number);
        self.ask_once(url, until, wire::read_occupancy).await?
    }

    /// Asks for something that is good to know and no more.
    async fn ask_once<T>(
        &self,
        url: Url,
        until: Instant,
        read: fn(&[u8]) -> Result<T, crate::api::wire::WireError>,
    ) -> Option<T> {
        let largest = self.transport.limits().largest_answer;
        let request = Request { repeats: false, ..Request::get(url, largest) };
        self.transport.send(&request, until, read).await.ok()
    }

    /// A list, through its pages.
    async fn list<T>(
        &self,
        path: &str,
        filters: &[(&str, Option<String>)],
        until: Instant,
        entry: fn(&Value) -> Option<T>,
    ) -> Result<Listing<T>, ApiError> {
        let mut url = self.url(path);
        for (key, value) in filters {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(key, value);
            }
        }
        url.query_pairs_mut().append_pair("page_size", &PAGE_SIZE.to_string());
        let mut items = Vec::new();
        let mut read = Pages::default();
        for _ in 0..MOST_PAGES {
            read.take(&url)?;
            let (entries, next) =
                self.send(Method::GET, url.clone(), None, until, wire::read_page).await?;
            items.extend(entries.iter().filter_map(entry));
            match next {
                Some(next) => url = self.next_page(&url, &next)?,
                None => return Ok(Listing { items, whole: true }),
            }
        }
        Ok(Listing { items, whole: false })
    }

    async fn send<T>(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        until: Instant,
        read: fn(&[u8]) -> Result<T, crate::api::wire::WireError>,
    ) -> Result<T, ApiError> {
        let largest = self.transport.limits().largest_answer;
        let request = Request {
            method,
            url,
            body,
            effect: Effect::Reads,
            largest,
            repeats: true,
            known: None,
        };
        self.transport.send(&request, until, read).await.map_err(|lost| lost.error)
    }
}
