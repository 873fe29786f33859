//! What `reports.redact` takes: names of what is known, and patterns of the user's own.
//!
//! How text is searched and replaced is in `redact`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// Something that no report may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redact {
    /// Something that is known by name.
    Known(Known),
    /// Whatever a pattern matches.
    Own(OwnPattern),
}

/// What is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Telephone numbers in digits or in English words.
    PhoneNumbers,
    /// E-mail addresses, also as they are said.
    Emails,
    /// Card numbers: 13 to 19 digits with a valid check digit.
    CardNumbers,
}

/// A pattern of the user's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPattern {
    /// A regular expression in the syntax of Rust's `regex`, for example `CUST-\d{6}`.
    #[schemars(length(min = 1))]
    pub pattern: String,
    /// The text in its place, for example
    /// `customer number`. Default: only that it was redacted.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub r#as: Option<String>,
}

impl<'de> Deserialize<'de> for Redact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let read = if value.is_string() {
            serde_json::from_value(value).map(Redact::Known)
        } else {
            serde_json::from_value(value).map(Redact::Own)
        };
        read.map_err(de::Error::custom)
    }
}

impl JsonSchema for Redact {
    fn schema_name() -> Cow<'static, str> {
        "Redact".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let known = generator.subschema_for::<Known>();
        let own = generator.subschema_for::<OwnPattern>();
        json_schema!({
            "description": "Something that no report may show: a name, or a pattern of your own.",
            "anyOf": [known, own],
        })
    }
}
