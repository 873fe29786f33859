//! How many scenarios may newly fail since the baseline: a number of them, or a share.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::scalars::Percent;

/// How many scenarios may newly fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NewFailures {
    /// So many.
    Count(u32),
    /// This share of those that ran on both sides.
    Share(Percent),
}

impl fmt::Display for NewFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NewFailures::Count(most) => most.fmt(f),
            NewFailures::Share(most) => most.fmt(f),
        }
    }
}

impl Serialize for NewFailures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            NewFailures::Count(most) => most.serialize(serializer),
            NewFailures::Share(most) => most.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NewFailures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(share) => {
                share.parse().map(NewFailures::Share).map_err(de::Error::custom)
            }
            count => {
                serde_json::from_value(count).map(NewFailures::Count).map_err(de::Error::custom)
            }
        }
    }
}

impl JsonSchema for NewFailures {
    fn schema_name() -> Cow<'static, str> {
        "NewFailures".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let share = generator.subschema_for::<Percent>();
        json_schema!({
            "description": "A number of scenarios, or a share of them.",
            "anyOf": [
                { "type": "integer", "format": "uint32", "minimum": 0 },
                share,
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn new_failures_are_a_number_or_a_share_and_read_back_as_they_are_saved() {
        let read = |value: Value| serde_json::from_value::<NewFailures>(value).ok();
        assert_eq!(read(json!(0)), Some(NewFailures::Count(0)));
        for value in [json!(3), json!("10%")] {
            let found = read(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(found).unwrap(), value);
        }
        for wrong in [json!(-1), json!("10"), json!(0.5), json!(null), json!([])] {
            assert_eq!(read(wrong), None);
        }
    }
}
