//! The HTTP client: the only place that opens a connection to the platform.
//!
//! It sends one request at a time, reads bodies up to a cap, repeats what [`retry`](super::retry)
//! allows, and keeps count. The key goes into one header, is marked sensitive, and redirects are
//! never followed, so that it reaches no other host.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::{debug, info};

use super::error::ApiError;
use super::retry::{Attempt, Decision, Effect, Failure, decide, retry_after};
use super::wire::{self, AgentSummary, Page, ResultSummary, ScenarioSummary, ShareLink};
use crate::context;
use crate::plan::{Query, StartRequest};
use crate::record::{ResultRecord, Status};
use crate::report::model::Traffic;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence within an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest that one request may take, body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
const LARGEST_BODY_MIB: u64 = 512;
const PAGE_SIZE: u32 = 100;
/// A list that goes on for longer than this is not believed.
const MOST_PAGES: usize = 1000;

/// A connection to the platform.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    requests: AtomicU64,
    retries: AtomicU64,
}

/// How a start ended.
#[derive(Debug)]
pub enum Started {
    /// The platform answered with the result.
    Answered(Box<ResultRecord>),
    /// The answer was lost, and the result was found by its name.
    Found(u64),
}

/// One request, to be built again for each attempt.
struct Request<'a> {
    method: Method,
    url: Url,
    body: Option<&'a Value>,
    effect: Effect,
}

impl Request<'_> {
    /// Method and path, as messages name the request.
    fn describe(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }
}

/// The end of the attempts: the error, and whether the platform may have processed the request.
struct Lost {
    error: ApiError,
    reason: String,
    ambiguous: bool,
}

impl Client {
    /// Sets up a client for the platform at `base`.
    ///
    /// # Errors
    ///
    /// When the key can't stand in a header or TLS can't be set up.
    pub fn new(base: Url, key: &SecretString) -> Result<Self, ApiError> {
        let mut value = HeaderValue::from_str(key.expose_secret()).map_err(|_| {
            ApiError::Setup("the API key holds characters that no header can carry".to_owned())
        })?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("x-cekura-api-key", value);
        headers.insert("accept", HeaderValue::from_static("application/json"));
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("cekura-gate/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .timeout(REQUEST_TIMEOUT);
        if base.scheme() == "http" {
            // Reading the system's certificates costs milliseconds and fails where there are none;
            // a plain connection needs none.
            builder = builder.tls_certs_only([]).no_proxy();
        }
        // Another part of the process may have installed a provider already; either one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = builder.build().map_err(|error| ApiError::Setup(causes(&error)))?;
        Ok(Self { http, base, requests: AtomicU64::new(0), retries: AtomicU64::new(0) })
    }

    /// How many requests were sent so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }

    /// Starts a run. When the answer is lost, the result is looked for by its name; it is never
    /// started a second time on a guess.
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
        let request = Request {
            method: Method::POST,
            url: self.url(start.path),
            body: Some(&start.body),
            effect: Effect::Starts,
        };
        let lost = match self.send(&request, until).await {
            Ok(body) => match wire::read_result(&body) {
                Ok(result) => return Ok(Started::Answered(Box::new(result))),
                Err(source) => Lost {
                    reason: format!("it cannot be read {source}"),
                    error: ApiError::Unreadable { request: request.describe(), source },
                    ambiguous: true,
                },
            },
            Err(lost) => lost,
        };
        if !lost.ambiguous {
            return Err(lost.error);
        }
        if let Some(name) = name
            && let Some(id) = self.find_result(name, until).await?
        {
            return Ok(Started::Found(id));
        }
        Err(ApiError::StartLost {
            request: request.describe(),
            reason: lost.reason,
            name: name.unwrap_or("(this mode's results have no name)").to_owned(),
        })
    }

    /// Looks a result up by its whole name, some times over, because it may appear late.
    async fn find_result(&self, name: &str, until: Instant) -> Result<Option<u64>, ApiError> {
        const LOOKS: u32 = 5;
        for look in 0..LOOKS {
            let mut url = self.url("/test_framework/v1/results/");
            url.query_pairs_mut().append_pair("search", name);
            let page: Page<ResultSummary> = self.get(url, until).await?;
            if let Some(found) = page.results.into_iter().find(|result| result.name == name) {
                return Ok(Some(found.id));
            }
            let wait = Duration::from_millis(500 * u64::from(look + 1));
            if Instant::now() + wait >= until {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        Ok(None)
    }

    /// The newest result that finished and whose name starts so.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn newest_finished(
        &self,
        name_start: &str,
        until: Instant,
    ) -> Result<Option<u64>, ApiError> {
        let mut url = self.url("/test_framework/v1/results/");
        url.query_pairs_mut()
            .append_pair("search", name_start.trim())
            .append_pair("page_size", &PAGE_SIZE.to_string());
        let page: Page<ResultSummary> = self.get(url, until).await?;
        let finished = page
            .results
            .into_iter()
            .filter(|result| result.name.starts_with(name_start))
            .filter(|result| result.status == Status::Completed);
        Ok(finished.map(|result| result.id).max())
    }

    /// A result with all its runs.
    ///
    /// # Errors
    ///
    /// When the platform refuses, can't be reached or answers with something unreadable.
    pub async fn result(&self, id: u64, until: Instant) -> Result<ResultRecord, ApiError> {
        let url = self.url(&format!("/test_framework/v1/results/{id}/"));
        let request = Request { method: Method::GET, url, body: None, effect: Effect::Reads };
        let body = self.send(&request, until).await.map_err(|lost| lost.error)?;
        wire::read_result(&body)
            .map_err(|source| ApiError::Unreadable { request: request.describe(), source })
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
        let mut next = Some(url);
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { return Ok(found) };
            let page: Page<ScenarioSummary> = self.get(url.clone(), until).await?;
            found.extend(page.results);
            next = match page.next.filter(|next| !next.is_empty()) {
                Some(next) => Some(self.next_page(&url, &next)?),
                None => None,
            };
        }
        Err(ApiError::Unreachable {
            request: "GET /test_framework/v1/scenarios/".to_owned(),
            reason: format!("the list did not end after {MOST_PAGES} pages"),
        })
    }

    /// The next page's address. Only its query is taken, so that a page can't lead the key away
    /// to another host (a proxy in front of the platform often names the wrong one).
    fn next_page(&self, current: &Url, next: &str) -> Result<Url, ApiError> {
        let parsed = current.join(next).map_err(|error| ApiError::Unreachable {
            request: format!("GET {}", current.path()),
            reason: format!("the address of the next page cannot be read: {error}"),
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
        };
        self.send(&request, until).await.map(drop).map_err(|lost| lost.error)
    }

    /// Makes a link that shows the result, transcripts included, to anyone who has it.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn share_link(&self, id: u64, until: Instant) -> Result<String, ApiError> {
        let request = Request {
            method: Method::POST,
            url: self.url(&format!("/test_framework/v1/results/{id}/create_shareable_link_token/")),
            body: Some(&json!({})),
            effect: Effect::Idempotent,
        };
        let link: ShareLink = self.read(&request, until).await?;
        Ok(link.shareable_link)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}{path}"));
        url
    }

    async fn get<T: DeserializeOwned>(&self, url: Url, until: Instant) -> Result<T, ApiError> {
        let request = Request { method: Method::GET, url, body: None, effect: Effect::Reads };
        self.read(&request, until).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
        until: Instant,
    ) -> Result<T, ApiError> {
        let body = self.send(request, until).await.map_err(|lost| lost.error)?;
        wire::read(&body)
            .map_err(|source| ApiError::Unreadable { request: request.describe(), source })
    }

    /// Sends a request until it is answered with 2xx, refused, or not worth repeating.
    async fn send(&self, request: &Request<'_>, until: Instant) -> Result<Vec<u8>, Lost> {
        let mut earlier = 0;
        let mut ambiguous = false;
        loop {
            let began = Instant::now();
            self.requests.fetch_add(1, Ordering::Relaxed);
            let trouble = match self.attempt(request, until).await {
                Ok(body) => {
                    let (took, bytes) = (began.elapsed(), body.len());
                    info!("{} → ok, {bytes} bytes in {took:.0?}", request.describe());
                    return Ok(body);
                }
                Err(trouble) => trouble,
            };
            ambiguous |= trouble.is_ambiguous();
            let remaining = until.saturating_duration_since(Instant::now());
            let attempt = Attempt {
                effect: request.effect,
                failure: trouble.failure,
                earlier,
                retry_after: trouble.retry_after,
                remaining,
            };
            match decide(&attempt, context::random_fraction()) {
                Decision::Wait(wait) => {
                    let reason = &trouble.reason;
                    info!("{} → {reason}; again in {wait:.0?}", request.describe());
                    tokio::time::sleep(wait).await;
                    self.retries.fetch_add(1, Ordering::Relaxed);
                    earlier += 1;
                }
                Decision::GiveUp => {
                    let reason = trouble.reason.clone();
                    info!("{} → {reason}; given up", request.describe());
                    return Err(Lost { error: trouble.into_error(request), reason, ambiguous });
                }
            }
        }
    }

    async fn attempt(&self, request: &Request<'_>, until: Instant) -> Result<Vec<u8>, Trouble> {
        let mut builder = self.http.request(request.method.clone(), request.url.clone());
        if let Some(body) = request.body {
            builder = builder
                .header("content-type", "application/json")
                .body(serde_json::to_vec(body).unwrap_or_default());
        }
        debug!("{} {}", request.method, request.url);
        let answer = tokio::time::timeout_at(until, async {
            let response = builder.send().await.map_err(|error| Trouble::transport(&error))?;
            let status = response.status();
            let wait = response
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok())
                .and_then(|value| retry_after(value, context::now()));
            let body = read_capped(response).await?;
            if status.is_success() { Ok(body) } else { Err(Trouble::refused(status, wait, &body)) }
        });
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::new(Failure::Broken, "the time for the result is over")),
        }
    }
}

/// Why one attempt gave nothing usable.
struct Trouble {
    failure: Failure,
    reason: String,
    retry_after: Option<Duration>,
    too_large: bool,
}

impl Trouble {
    fn new(failure: Failure, reason: impl Into<String>) -> Self {
        Self { failure, reason: reason.into(), retry_after: None, too_large: false }
    }

    fn transport(error: &reqwest::Error) -> Self {
        let failure = if error.is_connect() { Failure::NotConnected } else { Failure::Broken };
        Self::new(failure, causes(error))
    }

    fn refused(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let detail = detail_of(body);
        let code = status.as_u16();
        let reason = if status.is_redirection() {
            format!("status {code}: it redirects, and redirects are not followed; check --api-url")
        } else {
            format!("status {code}: {detail}")
        };
        Self { retry_after, ..Self::new(Failure::Status(code), reason) }
    }

    /// Whether the platform may have processed the request all the same.
    fn is_ambiguous(&self) -> bool {
        match self.failure {
            Failure::Broken | Failure::BadBody => true,
            Failure::Status(503) => self.retry_after.is_none(),
            Failure::Status(status) => status == 408 || status >= 500,
            Failure::NotConnected => false,
        }
    }

    fn into_error(self, request: &Request<'_>) -> ApiError {
        let request = request.describe();
        match self.failure {
            _ if self.too_large => ApiError::TooLarge { request, limit_mib: LARGEST_BODY_MIB },
            Failure::Status(status) => {
                let detail = self.reason.split_once(": ").map_or("", |(_, detail)| detail);
                ApiError::Refused { request, status, detail: detail.to_owned() }
            }
            _ => ApiError::Unreachable { request, reason: self.reason },
        }
    }
}

/// Reads a body up to the cap.
async fn read_capped(mut response: Response) -> Result<Vec<u8>, Trouble> {
    let limit = usize::try_from(LARGEST_BODY_MIB << 20).unwrap_or(usize::MAX);
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                let mut trouble = Trouble::new(Failure::Status(413), "the answer is too large");
                trouble.too_large = true;
                return Err(trouble);
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(Trouble::new(Failure::Broken, causes(&error))),
        }
    }
}

/// The platform's words for a refusal: `{"detail": "…"}`, `{"field": ["…"]}`, or what came.
fn detail_of(body: &[u8]) -> String {
    const SHOWN: usize = 1000;
    let words = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => match fields.get("detail") {
            Some(Value::String(detail)) if fields.len() == 1 => detail.clone(),
            _ => fields
                .iter()
                .map(|(field, value)| format!("{field}: {}", messages_of(value)))
                .collect::<Vec<_>>()
                .join("; "),
        },
        Ok(other) => messages_of(&other),
        Err(_) => wire::start_of(body),
    };
    let visible: String = words.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if visible.trim().is_empty() { "(no reason given)".to_owned() } else { visible }
}

fn messages_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(messages_of).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields
            .iter()
            .map(|(field, value)| format!("{field}: {}", messages_of(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

/// An error with its causes, innermost last, without the address (which may hold secrets).
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let text = text.split(" for url (").next().unwrap_or_default().to_owned();
        if !words.contains(&text) {
            words.push(text);
        }
        next = error.source();
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_platforms_words() {
        let rows = [
            (r#"{"detail": "Not found."}"#, "Not found."),
            (r#"{"scenarios": ["unknown id 7", "empty"]}"#, "scenarios: unknown id 7, empty"),
            (
                r#"{"errors": {"scenarios[0].name": ["required"]}}"#,
                "errors: scenarios[0].name: required",
            ),
            ("<html>\n502</html>", "<html> 502</html>"),
            ("", "(nothing)"),
            (r#"{"detail": "\u001b[31mred"}"#, "[31mred"),
        ];
        for (body, expected) in rows {
            assert_eq!(detail_of(body.as_bytes()), expected);
        }
    }
}
