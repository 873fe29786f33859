//! Requests and answers: the only place that sends anything to the platform.
//!
//! It sends one request at a time, reads bodies as they arrive and up to a cap, repeats what [`retry`](super::retry)
//! allows, and keeps count. The key goes into one header, is marked sensitive, and redirects are
//! never followed, so that it reaches no other host.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use reqwest::{Method, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;
use tracing::{debug, info};

use super::error::{ApiError, Cause};
use super::options::{Limits, Options};
use super::resolve::Resolver;
use super::retry::{Attempt, Decision, Delivery, Effect, Failure, asked_wait, decide, fate};
use super::wire::WireError;
use super::wire::reading::{Reading, Unread, Whole};
use crate::api::attempt_error::{AttemptError, detail_of, fields_of};
use crate::api::rate_limit::RateLimitPause;
use crate::api::tracked_body::{Taken, TrackedBody};
use crate::traffic::Traffic;
use crate::{context, text};

/// What is said of an answer that refers to an earlier one although none was named.
pub(super) const NOT_KNOWN: &str = "the server answered 304 to a request without a condition";
/// The header by which a simulator says what it is, and how fast its time goes.
const SIMULATOR_HEADER: &str = "x-cekura-simulator";
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
    /// Whether it may be repeated where the table allows it.
    pub(super) repeats: bool,
    /// What the answer that is known already was marked with.
    pub(super) known: Option<&'a Mark>,
}

/// What the platform marks an answer with, to ask later whether it is still the same (`ETag`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(HeaderValue);

/// An answer, as far as it is new.
#[derive(Debug)]
pub enum Fresh<T> {
    /// The one that is known.
    Same,
    /// Another one, and its mark.
    New(T, Option<Mark>),
}

impl<T> Fresh<T> {
    /// The value of an answer that was asked for without a mark.
    pub(super) fn value(self) -> Result<T, ApiError> {
        match self {
            Fresh::Same => Err(ApiError::Setup(NOT_KNOWN.to_owned())),
            Fresh::New(value, _) => Ok(value),
        }
    }
}

/// What one attempt gave: the status, the answer, and its size in bytes.
type Answered<T> = (u16, Fresh<T>, u64);

impl Request<'_> {
    /// One that only reads.
    pub(super) const fn get(url: Url, largest: u64) -> Self {
        let (method, body, effect) = (Method::GET, None, Effect::Reads);
        Self { method, url, body, effect, largest, repeats: true, known: None }
    }

    /// Method and path, as messages name the request.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }
}

/// A request that gave no usable answer.
pub(super) struct Lost {
    pub(super) error: ApiError,
    pub(super) reason: String,
    /// Whether the platform may have processed the request all the same.
    pub(super) fate: Delivery,
    /// How long to wait before it is sent again, where the table allows that.
    pub(super) again: Option<Duration>,
    /// Whether it was refused because the path is no longer there, whatever it names.
    pub(super) path_is_gone: bool,
}

const FIRST: &str = "/test_framework/v1/";
const SECOND: &str = "/test_framework/v2/";

/// Whether the platform's second version has this path as well: results and runs, but for the calls
/// on a single run.
fn has_second(url: &Url) -> bool {
    let Some((_, rest)) = url.path().split_once(FIRST) else { return false };
    let segments: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
    matches!(segments.as_slice(), ["results", ..] | ["runs"] | ["runs", _])
}

/// Whether a refusal means the path and not the id in it. The platform says in JSON that it does
/// not have what an id names; a path that it does not have is answered by what stands before it.
fn path_is_gone(status: u16, url: &Url, body: &[u8]) -> bool {
    let names_an_id =
        url.path_segments().is_some_and(|mut all| all.any(|part| part.parse::<u64>().is_ok()));
    let is_told = || {
        let said: Option<Value> = serde_json::from_slice(body).ok();
        said.is_some_and(|said| said.get("detail").is_some())
    };
    status == 410 || status == 404 && !(names_an_id && is_told())
}

impl Lost {
    /// An answer came, and it is not one to this request.
    pub(super) fn strange(reason: String) -> Self {
        let error = ApiError::Setup(reason.clone());
        Self { error, reason, fate: Delivery::Unknown, again: None, path_is_gone: false }
    }
}

/// How often a request was sent, and since when.
pub(super) struct Tries {
    earlier: u32,
    since: Instant,
}

impl Tries {
    pub(super) fn none() -> Self {
        Self { earlier: 0, since: Instant::now() }
    }

    /// In words: `tried 21 times in 2m31s`.
    fn words(&self) -> String {
        let span = text::seconds(self.since.elapsed().as_secs_f64());
        match self.earlier {
            0 => format!("tried once, for {span}"),
            earlier => format!("tried {} times in {span}", earlier + 1),
        }
    }
}

/// A connection to the platform, and what it took so far.
pub(super) struct Transport {
    http: reqwest::Client,
    limits: Limits,
    /// The simulator's time scale, once one has said that it is one.
    time_scale: OnceLock<f64>,
    requests: AtomicU64,
    retries: AtomicU64,
    waited_ms: AtomicU64,
    rate_limit: RateLimitPause,
    /// Whether results and runs are asked for by their v2 paths, because the v1 paths are gone.
    second_version: AtomicBool,
}

impl Transport {
    pub(super) fn new(base: &Url, key: &SecretString, options: &Options) -> Result<Self, ApiError> {
        let mut value = HeaderValue::from_str(key.expose_secret()).map_err(|_| {
            ApiError::Setup(
                "the API key contains characters that are not allowed in a header".to_owned(),
            )
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
        let http = options.apply(base, builder)?.build().map_err(|error| {
            let causes = crate::api::attempt_error::causes(&error);
            ApiError::Setup(format!(
                "{causes}; where the system has no certificates, pass them with --ca-file"
            ))
        })?;
        let zero = AtomicU64::default;
        Ok(Self {
            http,
            limits,
            time_scale: options.time_scale.map(OnceLock::from).unwrap_or_default(),
            requests: zero(),
            retries: zero(),
            waited_ms: zero(),
            rate_limit: RateLimitPause::default(),
            second_version: AtomicBool::new(false),
        })
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            waited_seconds: self.waited_ms.load(Ordering::Relaxed) as f64 / 1000.0,
        }
    }

    /// The time scale of the simulator that answers in the platform's place; none for the platform.
    pub(super) fn time_scale(&self) -> Option<f64> {
        self.time_scale.get().copied()
    }

    /// Time and size limits: a simulator's waits are as much shorter as its time is faster.
    pub(super) fn limits(&self) -> Limits {
        match self.time_scale() {
            Some(scale) => self.limits.sped_up(scale),
            None => self.limits,
        }
    }

    /// Whether results and runs are asked for by the second version of their paths.
    pub(super) fn takes_second_version(&self) -> bool {
        self.second_version.load(Ordering::Relaxed)
    }

    /// Where a request goes.
    fn address_of(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if self.takes_second_version() && has_second(&url) {
            let path = url.path().replacen(FIRST, SECOND, 1);
            url.set_path(&path);
        }
        url
    }

    /// Takes in whether a simulator answered.
    fn recognise(&self, headers: &HeaderMap) {
        let said = headers.get(SIMULATOR_HEADER).and_then(|value| value.to_str().ok());
        let scale = said.and_then(|said| said.trim().parse::<f64>().ok());
        if let Some(scale) = scale.filter(|scale| scale.is_finite() && *scale >= 0.0)
            && self.time_scale.set(scale).is_ok()
        {
            info!("a simulator answers, at {scale} times real time");
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
        let fresh = self.stream(request, until, || Whole::new(&read)).await?;
        fresh.value().map_err(|_| Lost::strange(NOT_KNOWN.to_owned()))
    }

    /// The same, for an answer that is read while it arrives.
    pub(super) async fn stream<R: Reading>(
        &self,
        request: &Request<'_>,
        until: Instant,
        reading: impl Fn() -> R,
    ) -> Result<Fresh<R::Value>, Lost> {
        let mut tries = Tries::none();
        let mut gone = None;
        loop {
            let second = self.takes_second_version();
            match self.once(request, &tries, until, reading()).await {
                // The path is gone, not what it names: the platform's second version is tried, and
                // asked from now on where it answers.
                Err(lost) if lost.path_is_gone && !second && has_second(&request.url) => {
                    info!("{} is gone; trying the v2 path", request.describe());
                    self.second_version.store(true, Ordering::Relaxed);
                    gone = Some(lost);
                }
                Err(lost) if lost.path_is_gone => {
                    let Some(first) = gone else { return Err(lost) };
                    self.second_version.store(false, Ordering::Relaxed);
                    return Err(first);
                }
                Err(Lost { again: Some(wait), .. }) => {
                    self.pause(wait).await;
                    self.count(&mut tries);
                }
                end => return end,
            }
        }
    }

    /// Keeps count of a request that is sent again.
    pub(super) fn count(&self, tries: &mut Tries) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        tries.earlier += 1;
    }

    /// Sends a request once, and says whether it may be sent again.
    pub(super) async fn once<R: Reading>(
        &self,
        request: &Request<'_>,
        tries: &Tries,
        until: Instant,
        reading: R,
    ) -> Result<Fresh<R::Value>, Lost> {
        // What the platform asks one request for, it asks all: several gates share this. Where
        // there is no time to wait, it is asked all the same.
        let now = Instant::now();
        let left = until.saturating_duration_since(now);
        let wait = self.rate_limit.wait(context::random_fraction(), now);
        if let Some(wait) = wait.filter(|wait| *wait < left) {
            self.pause(wait).await;
        }
        let began = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let name = request.describe();
        let attempt_error = match self.attempt(request, until, reading).await {
            Ok((status, fresh, bytes)) => {
                let took = began.elapsed();
                info!("{name} → {status}, {bytes} bytes in {took:.0?}");
                return Ok(fresh);
            }
            Err(attempt_error) => attempt_error,
        };
        let took = began.elapsed();
        let attempt = Attempt {
            effect: request.effect,
            failure: attempt_error.failure,
            earlier: tries.earlier,
            retry_after: attempt_error.retry_after,
            remaining: until.saturating_duration_since(Instant::now()),
            backoff: self.limits().backoff,
        };
        let reason = &attempt_error.reason;
        let again = match decide(&attempt, context::random_fraction()) {
            Decision::Wait(wait) if request.repeats => {
                info!("{name} → {reason}, after {took:.0?}; again in {wait:.0?}");
                if matches!(attempt_error.failure, Failure::Status(429))
                    || attempt_error.retry_after.is_some()
                {
                    self.rate_limit.hold(wait, Instant::now());
                }
                Some(wait)
            }
            Decision::Wait(_) | Decision::GiveUp => {
                info!("{name} → {reason}, after {took:.0?}; given up");
                None
            }
        };
        Err(Lost {
            fate: fate(attempt_error.failure, attempt_error.retry_after.is_some()),
            reason: attempt_error.reason.clone(),
            path_is_gone: attempt_error.path_is_gone,
            error: error_of(attempt_error, request, tries),
            again,
        })
    }

    async fn attempt<R: Reading>(
        &self,
        request: &Request<'_>,
        until: Instant,
        reading: R,
    ) -> Result<Answered<R::Value>, AttemptError> {
        let mut builder = self.http.request(request.method.clone(), self.address_of(&request.url));
        let taken = Taken::default();
        if let Some(body) = request.body {
            let body =
                TrackedBody::new(serde_json::to_vec(body).unwrap_or_default(), taken.clone());
            builder =
                builder.header("content-type", "application/json").body(reqwest::Body::wrap(body));
        }
        if let Some(Mark(mark)) = request.known {
            builder = builder.header(IF_NONE_MATCH, mark.clone());
        }
        debug!("{} {}", request.method, request.url);
        // The client's own limits are for one request; the deadline goes before them all.
        let answer = tokio::time::timeout_at(until, async {
            let response = builder.send().await.map_err(|error| AttemptError::transport(&error))?;
            self.recognise(response.headers());
            let status = response.status();
            let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            let wait = header("retry-after")
                .and_then(|value| asked_wait(value, header("date"), context::now()));
            if status == StatusCode::NOT_MODIFIED && request.known.is_some() {
                return Ok((status.as_u16(), Fresh::Same, 0));
            }
            if status.is_success() {
                let mark = response.headers().get(ETAG).cloned().map(Mark);
                let (value, bytes) = read_capped(response, request.largest, reading).await?;
                return Ok((status.as_u16(), Fresh::New(value, mark), bytes));
            }
            let said = read_start(response).await;
            let fields = fields_of(&said);
            let path_is_gone = path_is_gone(status.as_u16(), &request.url, &said);
            let refused = AttemptError::refused(status, wait, &detail_of(&said));
            Err(AttemptError { fields, path_is_gone, ..refused })
        });
        let over = || Err(AttemptError::new(Failure::Broken, "the time for it is over"));
        let answer = answer.await.unwrap_or_else(|_| over());
        answer.map_err(|attempt_error| match attempt_error.failure {
            Failure::Broken if request.body.is_some() && !taken.is_set() => {
                AttemptError { failure: Failure::NotConnected, ..attempt_error }
            }
            _ => attempt_error,
        })
    }
}

/// Reads a body up to the cap. What counts is its size when decompressed, piece by piece, so that
/// a small body that becomes a large one is not read either.
async fn read_capped<R: Reading>(
    mut response: Response,
    largest: u64,
    mut reading: R,
) -> Result<(R::Value, u64), AttemptError> {
    let mut bytes: u64 = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                bytes = bytes.saturating_add(chunk.len() as u64);
                if bytes > largest {
                    return Err(AttemptError::too_large(largest));
                }
                reading.take(&chunk).map_err(|unread| match unread {
                    Unread::Unreadable(source) => AttemptError::unreadable(source),
                    Unread::TooLarge(most) => AttemptError::too_large(most),
                })?;
            }
            Ok(None) => {
                let value = reading.finish().map_err(AttemptError::unreadable)?;
                return Ok((value, bytes));
            }
            Err(error) => return Err(AttemptError::transport(&error)),
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

fn error_of(attempt_error: AttemptError, request: &Request<'_>, tries: &Tries) -> ApiError {
    // Without the name and password that an address may hold.
    let address = request.url.origin().ascii_serialization();
    let request = request.describe();
    match (attempt_error.failure, attempt_error.unreadable) {
        (_, Some(source)) => ApiError::Unreadable { request, source: *source },
        (Failure::Status(status), None) => ApiError::Refused {
            request,
            status,
            detail: attempt_error.detail,
            fields: attempt_error.fields,
        },
        (Failure::TooLarge, None) => {
            ApiError::TooLarge { request, limit_mib: attempt_error.largest >> 20 }
        }
        (failure, None) => {
            let cause = match failure {
                Failure::UnknownHost => Cause::UnknownHost,
                Failure::Untrusted => Cause::Untrusted,
                _ => Cause::Network,
            };
            let (reason, tried) = (attempt_error.reason, tries.words());
            ApiError::Unreachable { request, address, tried, reason, cause }
        }
    }
}
