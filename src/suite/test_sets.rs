//! Which runs a suite keeps as test sets: a word, or ids.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// Which runs to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestSetFrom {
    /// Runs of scenarios that failed in the baseline.
    FailingBefore,
    /// All runs that passed.
    All,
    /// These runs, of whichever result.
    Runs(Vec<u64>),
}

impl<'de> Deserialize<'de> for TestSetFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = || de::Error::custom("expected `failing-before`, `all` or ids of runs");
        match Value::deserialize(deserializer)? {
            Value::String(word) if word == "failing-before" => Ok(Self::FailingBefore),
            Value::String(word) if word == "all" => Ok(Self::All),
            Value::Array(items) => {
                let ids: Option<Vec<u64>> = items.iter().map(Value::as_u64).collect();
                ids.filter(|ids| !ids.is_empty()).map(Self::Runs).ok_or_else(expected)
            }
            _ => Err(expected()),
        }
    }
}

impl JsonSchema for TestSetFrom {
    fn schema_name() -> Cow<'static, str> {
        "TestSetFrom".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Which runs to keep.",
            "anyOf": [
                { "type": "string", "enum": ["failing-before", "all"] },
                {
                    "type": "array",
                    "minItems": 1,
                    "items": { "type": "integer", "format": "uint64", "minimum": 1 },
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_runs_are_a_word_or_ids() {
        let read = |value: Value| serde_json::from_value::<TestSetFrom>(value).ok();
        assert_eq!(read(json!("failing-before")), Some(TestSetFrom::FailingBefore));
        assert_eq!(read(json!("all")), Some(TestSetFrom::All));
        assert_eq!(read(json!([7, 8])), Some(TestSetFrom::Runs(vec![7, 8])));
        for wrong in [json!("some"), json!([]), json!(["7"]), json!(7), json!(null)] {
            assert_eq!(read(wrong), None);
        }
    }
}
