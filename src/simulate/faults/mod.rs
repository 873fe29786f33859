//! A fault script: which answers of the simulator go wrong, and how.
//!
//! The types are the YAML file's shape; their docstrings become the schema. `choose` picks the
//! rule for a request, `read` checks a file, `http` takes messages apart, `proxy` does the harm.

mod choose;
pub(crate) mod corrupt;
mod http;
mod proxy;
mod read;

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use self::choose::Script;
pub(super) use self::proxy::serve;

/// A fault script: which answers of the simulator go wrong, and how.
///
/// The first rule that a request matches acts on it; each rule does one thing, and can delay.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "cekura-gate faults")]
pub struct Faults {
    /// Another seed gives other random choices for `probability`. Default: 1.
    pub seed: u64,
    /// The rules, the first to match first.
    pub rules: Vec<Rule>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { seed: 1, rules: Vec::new() }
    }
}

/// A rule: which requests it matches, and what happens to them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Which: the method, such as POST. Default: any.
    #[schemars(length(min = 1))]
    pub method: Option<String>,
    /// Which: the path without its query; `*` stands for any text. Default: any.
    #[schemars(length(min = 1))]
    pub path: Option<String>,
    /// Which: the first, third, … request of that method and path, counted from 1. Default: each.
    pub nth: Option<Vec<u64>>,
    /// Which: only the first so many requests of that method and path.
    #[schemars(range(min = 1))]
    pub first: Option<u64>,
    /// Which: only requests after so many of that method and path.
    #[schemars(range(min = 1))]
    pub after: Option<u64>,
    /// Which: each with this probability. Default: 1.
    #[schemars(range(min = 0, max = 1))]
    pub probability: Option<f64>,

    /// Waits so many seconds before anything else. Goes with each of the others.
    #[schemars(range(min = 0, max = 86400))]
    pub delay: f64,
    /// Drops the connection.
    pub drop: Option<DropWhen>,
    /// Takes only so many bytes of the request, then drops the connection. Nothing is processed.
    pub cut_request: Option<u64>,
    /// Sends only so many bytes of the answer, its head included, then drops the connection.
    pub cut_answer: Option<u64>,
    /// Sends the answer's head and so many bytes of its body, then drops the connection.
    pub cut_body: Option<u64>,
    /// Sends only so many bytes of the body, as if that were all of it.
    pub truncate: Option<u64>,
    /// Sends the body a byte at a time, with so many seconds before each.
    #[schemars(range(min = 0, max = 3600))]
    pub drip: Option<f64>,
    /// Sends something else than the answer's body.
    pub garble: Option<Garble>,
    /// Answers with this status, without processing the request unless `processed` is set.
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// With `status`: asks to wait so many seconds (`Retry-After`).
    pub retry_after: Option<u32>,
    /// With `retry_after`: how that is written. Default: seconds.
    pub retry_after_as: Option<RetryAfterForm>,
    /// With `status` or `redirect`: the request is processed all the same. Default: false.
    pub processed: bool,
    /// Sends the client to this address, with status 307.
    #[schemars(length(min = 1))]
    pub redirect: Option<String>,
    /// Sends a body that never ends.
    pub endless: bool,
    /// Sends so many MiB of blanks, compressed to less than a hundredth.
    #[schemars(range(min = 1, max = 65536))]
    pub gzip_bomb: Option<u32>,
    /// Gives a result and its runs this status, known or not, whatever it is.
    pub pretend_status: Option<String>,
    /// Leaves out so many of a result's runs, the last ones.
    #[schemars(range(min = 1))]
    pub vanish: Option<u32>,
    /// Gives each of a result's runs so many times, under further ids.
    #[schemars(range(min = 2, max = 100))]
    pub multiply: Option<u32>,
}

/// When the connection is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DropWhen {
    /// Before the request is processed.
    Before,
    /// After it was processed: the answer is lost.
    After,
}

/// What is sent instead of the answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Garble {
    /// A web page, as a proxy's login writes it.
    Html,
    /// Nothing.
    Empty,
    /// JSON of someone else.
    Foreign,
    /// The answer with each value of another type.
    WrongTypes,
    /// The answer with half a surrogate pair in its texts.
    LoneSurrogates,
    /// Bytes that are no text.
    Bytes,
    /// Lists within lists, a hundred thousand deep.
    Deep,
}

/// How `Retry-After` is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfterForm {
    /// `120`
    #[default]
    Seconds,
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    Date,
    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    Rfc850,
    /// `Sun Nov  6 08:49:37 1994`
    Asctime,
}
