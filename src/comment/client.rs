//! GitHub's API, as far as one comment needs it: find by its marker, update, create.
//!
//! The token goes to one host: redirects are not followed, and of a page's links only whether there
//! is a next one is read. Each attempt begins with looking, so that a comment whose creation was
//! not answered is found and not made twice.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Target;
use crate::api::error::ApiError;
use crate::api::options::Options;

/// Comments are looked through in pages of the largest size, and no pull request has more of them.
const PAGE: usize = 100;
const MOST_PAGES: usize = 50;
/// A hundred comments of the greatest length, each character escaped.
const LARGEST_PAGE: usize = 64 << 20;
const MOST_TRIES: u32 = 4;

/// Why the comment could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The client could not be set up.
    #[error(transparent)]
    Setup(#[from] ApiError),
    /// The token is not one.
    #[error("GitHub rejected the token (401)")]
    Unknown,
    /// The token may not write.
    #[error("{}", forbidden(*.status, *.from_fork))]
    Forbidden {
        /// 403 or 404: GitHub hides what a token may not see.
        status: u16,
        /// Whether the pull request comes from a fork.
        from_fork: bool,
    },
    /// Too many requests.
    #[error("GitHub's rate limit is reached")]
    RateLimit,
    /// Another answer than what was asked for.
    #[error("GitHub answered {status}{detail}")]
    Answer {
        /// The status.
        status: u16,
        /// What it said, with a colon before it.
        detail: String,
    },
    /// No answer.
    #[error("GitHub cannot be reached: {0}")]
    Unreachable(String),
    /// The time was over.
    #[error("GitHub did not answer in time")]
    TimedOut,
    /// More comments than are looked through.
    #[error("the pull request has too many comments to look for the gate's own")]
    TooMany,
}

fn forbidden(status: u16, from_fork: bool) -> String {
    let why = if from_fork {
        "the pull request comes from a fork, whose token may only read"
    } else {
        "give the job `permissions: pull-requests: write`"
    };
    format!("the token may not write comments ({status}): {why}")
}

/// A refusal, and whether another attempt could help.
struct Trouble {
    refusal: Refusal,
    again: Option<Duration>,
}

impl Trouble {
    const fn last(refusal: Refusal) -> Self {
        Self { refusal, again: None }
    }
}

/// The comments of one pull request.
pub struct Comments<'a> {
    http: reqwest::Client,
    target: &'a Target,
}

#[derive(Debug, Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<User>,
}

#[derive(Debug, Deserialize)]
struct User {
    login: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl<'a> Comments<'a> {
    /// A client for the comments of a pull request.
    ///
    /// # Errors
    ///
    /// When the token cannot be sent, or a proxy or a certificate cannot be read.
    pub fn new(
        target: &'a Target,
        token: &SecretString,
        options: &Options,
    ) -> Result<Self, Refusal> {
        let setup = |why: String| Refusal::Setup(ApiError::Setup(why));
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| {
                setup("the token contains characters that are not allowed in a header".to_owned())
            })?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value);
        headers.insert("accept", HeaderValue::from_static("application/vnd.github+json"));
        headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        let builder = reqwest::Client::builder()
            .user_agent(concat!("cekura-gate/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .dns_resolver(crate::api::resolve::Resolver)
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let api = reqwest::Url::parse(&target.api)
            .map_err(|_| setup(format!("`{}` is not an address", target.api)))?;
        let builder = options.apply(&api, builder)?;
        let http = builder.build().map_err(|error| setup(error.without_url().to_string()))?;
        Ok(Self { http, target })
    }

    /// Puts this text into the comment that begins with the marker, or makes one. Gives its page.
    ///
    /// # Errors
    ///
    /// When it could not be written until then.
    pub async fn put(&self, marker: &str, body: &str, until: Instant) -> Result<String, Refusal> {
        let mut tries = 0;
        loop {
            tries += 1;
            let attempt = tokio::time::timeout_at(until, self.attempt(marker, body)).await;
            let trouble = match attempt {
                Err(_) => return Err(Refusal::TimedOut),
                Ok(Ok(page)) => return Ok(page),
                Ok(Err(trouble)) => trouble,
            };
            match trouble.again {
                Some(wait) if tries < MOST_TRIES && Instant::now() + wait < until => {
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(trouble.refusal),
            }
        }
    }

    async fn attempt(&self, marker: &str, body: &str) -> Result<String, Trouble> {
        let repository = &self.target.repository;
        let (method, path) = match self.find(marker).await? {
            Some(id) => (Method::PATCH, format!("/repos/{repository}/issues/comments/{id}")),
            None => {
                let number = self.target.number;
                (Method::POST, format!("/repos/{repository}/issues/{number}/comments"))
            }
        };
        let answer = self.ask(method, &path, Some(&json!({ "body": body }))).await?;
        let page = answer.value.get("html_url").and_then(Value::as_str);
        Ok(page.unwrap_or_default().to_owned())
    }

    /// The oldest comment with the marker that is the token's own. Anyone can write the marker: a
    /// comment of somebody else stays theirs, and could be changed by them.
    async fn find(&self, marker: &str) -> Result<Option<u64>, Trouble> {
        let Target { repository, number, .. } = self.target;
        let mut me: Option<Option<String>> = None;
        for page in 1..=MOST_PAGES {
            let path =
                format!("/repos/{repository}/issues/{number}/comments?per_page={PAGE}&page={page}");
            let answer = self.ask(Method::GET, &path, None).await?;
            let comments: Vec<Comment> = serde_json::from_value(answer.value).map_err(|_| {
                let detail = ", which is not a list of comments".to_owned();
                Trouble::last(Refusal::Answer { status: 200, detail })
            })?;
            for comment in comments {
                let Some(user) = comment.user else { continue };
                if !comment.body.is_some_and(|body| body.trim_start().starts_with(marker)) {
                    continue;
                }
                // A job's own token writes as a bot, and only a person's token can ask who it is.
                let own = match user.kind.as_deref() {
                    Some("Bot") => true,
                    _ => {
                        if me.is_none() {
                            me = Some(self.login().await);
                        }
                        me.as_ref().is_some_and(|me| me.as_deref() == Some(user.login.as_str()))
                    }
                };
                if own {
                    return Ok(Some(comment.id));
                }
            }
            if !answer.more {
                return Ok(None);
            }
        }
        Err(Trouble::last(Refusal::TooMany))
    }

    /// Whose token it is, where it is a person's.
    async fn login(&self) -> Option<String> {
        let answer = self.ask(Method::GET, "/user", None).await.ok()?;
        Some(answer.value.get("login")?.as_str()?.to_owned())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Trouble> {
        let changes = method == Method::PATCH;
        let mut request = self.http.request(method, format!("{}{path}", self.target.api));
        if let Some(body) = body {
            let text = serde_json::to_vec(body).unwrap_or_default();
            request = request.header("content-type", "application/json").body(text);
        }
        let soon = Some(Duration::from_millis(500));
        let network = |error: reqwest::Error| Trouble {
            refusal: Refusal::Unreachable(crate::api::attempt_error::causes(&error.without_url())),
            again: soon,
        };
        let response = request.send().await.map_err(network)?;
        let status = response.status();
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let more = header("link").is_some_and(|link| link.contains("rel=\"next\""));
        let wait = header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
        let exhausted = header("x-ratelimit-remaining") == Some("0");
        let text = read(response).await.map_err(network)?;
        let value: Value = serde_json::from_slice(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(Answer { value, more });
        }
        let said = value.get("message").and_then(Value::as_str).unwrap_or_default();
        let limited = exhausted || wait.is_some() || said.to_lowercase().contains("rate limit");
        let refusal = match status {
            StatusCode::UNAUTHORIZED => Refusal::Unknown,
            StatusCode::TOO_MANY_REQUESTS => Refusal::RateLimit,
            StatusCode::FORBIDDEN if limited => Refusal::RateLimit,
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Refusal::Forbidden { status: status.as_u16(), from_fork: self.target.from_fork }
            }
            other => {
                let said = crate::escape::short(said, 200);
                let detail = if said.is_empty() { said } else { format!(": {said}") };
                Refusal::Answer { status: other.as_u16(), detail }
            }
        };
        let again = match &refusal {
            // Without a word on how long, the limit lasts longer than the gate waits.
            Refusal::RateLimit => wait.map(Duration::from_secs),
            Refusal::Answer { status: 500.., .. } => wait.map(Duration::from_secs).or(soon),
            // It was removed since it was found.
            Refusal::Forbidden { status: 404, .. } if changes => soon,
            _ => None,
        };
        Err(Trouble { refusal, again })
    }
}

struct Answer {
    value: Value,
    /// Whether there is a next page.
    more: bool,
}

/// Reads a body up to the cap; what is longer is no answer that the gate knows.
async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_PAGE {
            body.clear();
            break;
        }
    }
    Ok(body)
}
