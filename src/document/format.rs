//! Text formats: what a schema's `format` means is known by the type that a document is read as.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// A type that a whole document is read as.
pub trait Root: DeserializeOwned + JsonSchema {
    /// The check of a text format of its schema, by the name in `format`. Without one any text is
    /// right.
    fn format(_name: &str) -> Option<Format> {
        None
    }
}

/// Any document.
impl Root for serde_json::Value {}

/// Checks a text against a format.
pub type Format = fn(&str) -> Result<(), ScalarError>;

/// The check of a format that is what a type parses.
///
/// # Errors
///
/// What the type's parser says.
pub fn parses<T: FromStr<Err = ScalarError>>(text: &str) -> Result<(), ScalarError> {
    text.parse::<T>().map(|_| ())
}

/// What is wrong with a value that is written as text, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScalarError {
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl ScalarError {
    /// An error with a fix.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}
