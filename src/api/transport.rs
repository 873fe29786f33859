//! Requests and answers: the only place that sends anything to the platform.
//!
//! It sends one request at a time, reads bodies up to a cap, repeats what [`retry`](super::retry)
//! allows, and keeps count. The key goes into one header, is marked sensitive, and redirects are
//! never followed, so that it reaches no other host.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;
use tracing::{debug, info};

use super::brake::Brake;
use super::error::{ApiError, Cause};
use super::options::{Limits, Options};
use super::parcel::{Parcel, Taken};
use super::resolve::Resolver;
use super::retry::{Attempt, Decision, Effect, Failure, asked_wait, decide, may_be_processed};
use super::trouble::{Trouble, detail_of, fields_of};
use super::wire::WireError;
use crate::context;
use crate::report::model::Traffic;

/// The most that is read of a refusal, in bytes.
const LARGEST_REFUSAL: usize = 64 * 1024;

/// One request, to be built again for each attempt.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<&'a Value>,
    pub(super) effect: Effect,
    /// The largest body that is read of its answer, in bytes.
    pub(super) largest: u64,
}

impl Request<'_> {
    /// Method and path, as messages name the request.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }
}

/// The end of the attempts.
pub(super) struct Lost {
    pub(super) error: ApiError,
    pub(super) reason: String,
    /// Whether the platform may have processed the request all the same.
    pub(super) ambiguous: bool,
}

/// A connection to the platform, and what it took so far.
pub(super) struct Transport {
    http: reqwest::Client,
    pub(super) limits: Limits,
    requests: AtomicU64,
    retries: AtomicU64,
    waited_ms: AtomicU64,
    brake: Brake,
}

impl Transport {
    pub(super) fn new(base: &Url, key: &SecretString, options: &Options) -> Result<Self, ApiError> {
        let mut value = HeaderValue::from_str(key.expose_secret()).map_err(|_| {
            ApiError::Setup("the API key holds characters that no header can carry".to_owned())
        })?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("x-cekura-api-key", value);
        headers.insert("accept", HeaderValue::from_static("application/json"));
        let limits = options.limits;
        let builder = reqwest::Client::builder()
            .user_agent(concat!("cekura-gate/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .dns_resolver(Resolver)
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            .timeout(limits.request);
        // Another part of the process may have installed a provider already; either one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = options.apply(base.scheme() == "http", builder)?.build().map_err(|error| {
            let causes = super::trouble::causes(&error);
            ApiError::Setup(format!(
                "{causes}; where the system has no certificates, pass them with --ca-file"
            ))
        })?;
        let zero = AtomicU64::default;
        Ok(Self {
            http,
            limits,
            requests: zero(),
            retries: zero(),
            waited_ms: zero(),
            brake: Brake::default(),
        })
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            waited_seconds: self.waited_ms.load(Ordering::Relaxed) as f64 / 1000.0,
        }
    }

    /// Waits, and keeps count of it.
    pub(super) async fn pause(&self, wait: Duration) {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(millis, Ordering::Relaxed);
        tokio::time::sleep(wait).await;
    }

    /// Sends a request until its answer can be read, it is refused, or not worth repeating.
    pub(super) async fn send<T>(
        &self,
        request: &Request<'_>,
        until: Instant,
        read: impl Fn(&[u8]) -> Result<T, WireError>,
    ) -> Result<T, Lost> {
        let mut earlier = 0;
        loop {
            // What the platform asks one request for, it asks all: several gates share this. Where
            // there is no time to wait, it is asked all the same.
            let now = Instant::now();
            let left = until.saturating_duration_since(now);
            let wait = self.brake.wait(context::random_fraction(), now);
            if let Some(wait) = wait.filter(|wait| *wait < left) {
                self.pause(wait).await;
            }
            let began = Instant::now();
            self.requests.fetch_add(1, Ordering::Relaxed);
            let name = request.describe();
            let trouble = match self.attempt(request, until).await {
                Ok((status, body)) => match read(&body) {
                    Ok(value) => {
                        let (took, bytes) = (began.elapsed(), body.len());
                        info!("{name} → {status}, {bytes} bytes in {took:.0?}");
                        return Ok(value);
                    }
                    Err(source) => Trouble::unreadable(source),
                },
                Err(trouble) => trouble,
            };
            let took = began.elapsed();
            let attempt = Attempt {
                effect: request.effect,
                failure: trouble.failure,
                earlier,
                retry_after: trouble.retry_after,
                remaining: until.saturating_duration_since(Instant::now()),
                backoff: self.limits.backoff,
            };
            let reason = &trouble.reason;
            match decide(&attempt, context::random_fraction()) {
                Decision::Wait(wait) => {
                    info!("{name} → {reason}, after {took:.0?}; again in {wait:.0?}");
                    if matches!(trouble.failure, Failure::Status(429))
                        || trouble.retry_after.is_some()
                    {
                        self.brake.hold(wait, Instant::now());
                    }
                    self.pause(wait).await;
                    self.retries.fetch_add(1, Ordering::Relaxed);
                    earlier += 1;
                }
                Decision::GiveUp => {
                    info!("{name} → {reason}, after {took:.0?}; given up");
                    return Err(Lost {
                        ambiguous: may_be_processed(trouble.failure, trouble.retry_after.is_some()),
                        reason: trouble.reason.clone(),
                        error: error_of(trouble, request, earlier + 1),
                    });
                }
            }
        }
    }

    async fn attempt(
        &self,
        request: &Request<'_>,
        until: Instant,
    ) -> Result<(u16, Vec<u8>), Trouble> {
        let mut builder = self.http.request(request.method.clone(), request.url.clone());
        let taken = Taken::default();
        if let Some(body) = request.body {
            let body = Parcel::new(serde_json::to_vec(body).unwrap_or_default(), taken.clone());
            builder =
                builder.header("content-type", "application/json").body(reqwest::Body::wrap(body));
        }
        debug!("{} {}", request.method, request.url);
        // The client's own limits are for one request; the deadline goes before them all.
        let answer = tokio::time::timeout_at(until, async {
            let response = builder.send().await.map_err(|error| Trouble::transport(&error))?;
            let status = response.status();
            let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            let wait = header("retry-after")
                .and_then(|value| asked_wait(value, header("date"), context::now()));
            if status.is_success() {
                return Ok((status.as_u16(), read_capped(response, request.largest).await?));
            }
            let said = read_start(response).await;
            let fields = fields_of(&said);
            Err(Trouble { fields, ..Trouble::refused(status, wait, &detail_of(&said)) })
        });
        let over = || Err(Trouble::new(Failure::Broken, "the time for it is over"));
        let answer = answer.await.unwrap_or_else(|_| over());
        answer.map_err(|trouble| match trouble.failure {
            Failure::Broken if request.body.is_some() && !taken.is_set() => {
                Trouble { failure: Failure::NotConnected, ..trouble }
            }
            _ => trouble,
        })
    }
}

/// Reads a body up to the cap. What counts is its size when decompressed, piece by piece, so that
/// a small body that becomes a large one is not read either.
async fn read_capped(mut response: Response, largest: u64) -> Result<Vec<u8>, Trouble> {
    let largest = usize::try_from(largest).unwrap_or(usize::MAX);
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= largest => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => {
                return Err(Trouble::new(Failure::TooLarge, "the answer is too large"));
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(Trouble::transport(&error)),
        }
    }
}

/// Reads the start of a refusal. One that breaks off, or never ends, is a refusal all the same.
async fn read_start(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < LARGEST_REFUSAL {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(LARGEST_REFUSAL);
    body
}

fn error_of(trouble: Trouble, request: &Request<'_>, tries: u32) -> ApiError {
    let largest = request.largest;
    let request = request.describe();
    match (trouble.failure, trouble.unreadable) {
        (_, Some(source)) => ApiError::Unreadable { request, source: *source },
        (Failure::Status(status), None) => {
            ApiError::Refused { request, status, detail: trouble.detail, fields: trouble.fields }
        }
        (Failure::TooLarge, None) => ApiError::TooLarge { request, limit_mib: largest >> 20 },
        (failure, None) => {
            let reason = match tries {
                1 => trouble.reason,
                tries => format!("{} ({tries} tries)", trouble.reason),
            };
            let cause = match failure {
                Failure::UnknownHost => Cause::UnknownHost,
                Failure::Untrusted => Cause::Untrusted,
                _ => Cause::Network,
            };
            ApiError::Unreachable { request, reason, cause }
        }
    }
}
