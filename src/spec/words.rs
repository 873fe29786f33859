//! The values of a spec that are one of a few words, and slugs.
//!
//! The lists are the platform's; a test holds them against its published schema.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::document::ScalarError;

/// A type for text that is one of a few words. The schema has them; the reader walks it.
macro_rules! words {
    ($(#[$about:meta])* $name:ident: $description:literal, [$($word:literal),+ $(,)?]) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": $description,
                    "oneOf": [{ "type": "string", "enum": [$($word),+] }],
                })
            }
        }
    };
}

words! {
    /// A language's code.
    Language: "Code of a language.", [
        "af", "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "gu", "he",
        "hi", "hu", "id", "it", "ja", "kn", "ko", "ml", "mr", "ms", "multi", "nl", "no", "pa",
        "pl", "pt", "ro", "ru", "sk", "sv", "ta", "te", "th", "tl", "tr", "uk", "vi", "zh",
    ]
}

words! {
    /// How a case says what the caller does.
    CaseType: "How a case says what the caller does.", [
        "instruction", "conditional_actions", "real_world_fixed", "real_world_smart",
    ]
}

words! {
    /// Something that the caller can do besides talking.
    Tool: "Something that the caller can do besides talking.", [
        "call_hold", "dtmf", "end_call", "end_call_only_on_transfer", "receive_dtmf", "send_sms",
    ]
}

words! {
    /// Whose voices.
    Provider: "Whose voices.", ["11labs", "cartesia"]
}

words! {
    /// A model that makes voices.
    VoiceModel: "A model that makes voices.", [
        "eleven_flash_v2_5", "eleven_multilingual_v2", "eleven_turbo_v2_5", "sonic-3.5",
    ]
}

words! {
    /// The version of the format.
    Version: "Version of the spec format. Always \"1\".", ["1"]
}

/// A metric's short name, such as `greeting_by_name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(pub String);

impl Slug {
    /// The schema of a slug.
    pub(super) fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "format": "slug",
            "minLength": 1,
            "pattern": "^[a-z0-9_]+$",
        })
    }
}

impl FromStr for Slug {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !text.is_empty() && text.bytes().all(fits) {
            return Ok(Slug(text.to_owned()));
        }
        let message = format!("{} is not the slug of a metric", crate::document::shown(text));
        let help = "write its id, or its slug: small letters, digits and `_`";
        Err(ScalarError::new(message, help))
    }
}
