//! What went wrong with one attempt: which kind it is of, and the words for it.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use tracing::debug;

use crate::api::resolve::UnknownHost;
use crate::api::retry::Failure;
use crate::api::wire;
use crate::api::wire::WireError;

/// Why one attempt gave nothing usable.
pub(super) struct AttemptError {
    pub(super) failure: Failure,
    /// In words.
    pub(super) reason: String,
    /// What the platform said, where it refused.
    pub(super) detail: String,
    /// What it said field by field, where it did.
    pub(super) fields: Vec<(String, String)>,
    /// What the platform asked to wait.
    pub(super) retry_after: Option<Duration>,
    /// Why the body can't be read, where it can't.
    pub(super) unreadable: Option<Box<WireError>>,
    /// The most that would have been taken, in bytes, where it was too large.
    pub(super) largest: u64,
    /// Whether it was refused because the path is no longer there, whatever it names.
    pub(super) path_is_gone: bool,
}

impl AttemptError {
    pub(super) fn new(failure: Failure, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            failure,
            reason,
            detail: String::new(),
            fields: Vec::new(),
            retry_after: None,
            unreadable: None,
            largest: 0,
            path_is_gone: false,
        }
    }

    pub(super) fn too_large(largest: u64) -> Self {
        Self { largest, ..Self::new(Failure::TooLarge, "the answer is too large") }
    }

    pub(super) fn unreadable(source: WireError) -> Self {
        let reason = format!("the answer cannot be read {source}");
        Self { unreadable: Some(Box::new(source)), ..Self::new(Failure::BadBody, reason) }
    }

    pub(super) fn transport(error: &reqwest::Error) -> Self {
        let failure = if !error.is_connect() {
            Failure::Broken
        } else if chain(error).any(|cause| cause.is::<UnknownHost>()) {
            Failure::UnknownHost
        } else if chain(error).any(is_distrust) {
            Failure::Untrusted
        } else {
            Failure::NotConnected
        };
        debug!("{}", causes(error));
        Self::new(failure, root_cause(error))
    }

    pub(super) fn refused(status: StatusCode, retry_after: Option<Duration>, detail: &str) -> Self {
        let code = status.as_u16();
        let detail = match status.is_redirection() {
            true => "it redirects, and redirects are not followed".to_owned(),
            false => detail.to_owned(),
        };
        let reason = format!("status {code}: {detail}");
        Self { retry_after, detail, ..Self::new(Failure::Status(code), reason) }
    }
}

type Cause<'a> = &'a (dyn Error + 'static);

/// An error and its causes.
fn chain<'a>(error: Cause<'a>) -> impl Iterator<Item = Cause<'a>> {
    std::iter::successors(Some(error), cause_of)
}

/// An I/O error hides the one that it was made from.
fn cause_of<'a>(error: &Cause<'a>) -> Option<Cause<'a>> {
    let error: Cause<'a> = *error;
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(made_from) => Some(made_from),
        None => error.source(),
    }
}

/// Whether the host's certificate was not accepted.
fn is_distrust(error: Cause<'_>) -> bool {
    matches!(
        error.downcast_ref::<rustls::Error>(),
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
    )
}

/// What an error comes down to: the innermost of its causes, without the address.
fn root_cause(error: Cause<'_>) -> String {
    let root = chain(error).last().unwrap_or(error).to_string();
    root.split(" for url (").next().unwrap_or_default().to_owned()
}

/// An error with its causes, innermost last, without the address (which may hold secrets).
pub(crate) fn causes(error: Cause<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    for error in chain(error) {
        let text = error.to_string();
        let text = text.split(" for url (").next().unwrap_or_default().to_owned();
        if !words.iter().any(|said| said.contains(&text)) {
            words.push(text);
        }
    }
    words.join(": ")
}

/// The platform's words for a refusal: `{"detail": "…"}`, `{"field": ["…"]}`, or what came.
pub(super) fn detail_of(body: &[u8]) -> String {
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

/// What a refusal says field by field: `{"field": ["…"]}`, also within `errors`, in its order.
pub(super) fn fields_of(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let errors = body.get("errors").and_then(Value::as_object);
    let fields = errors.unwrap_or(&body).iter().filter(|(field, _)| *field != "detail");
    let messages = fields.flat_map(|(field, said)| {
        let all = said.as_array().map_or(std::slice::from_ref(said), Vec::as_slice);
        all.iter().map(|message| (field.clone(), messages_of(message)))
    });
    messages.collect()
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
