//! The values of a batch, with the leniences of the action that it was written for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::suite::model::{Livekit, MOST_REPETITIONS, Pipecat};

/// A whole number above 0, or its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub u64);

impl Id {
    fn of(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number
            .filter(|number| *number > 0)
            .map(Id)
            .ok_or_else(|| format!("{} is not a whole number above 0", shown(value)))
    }

    /// The number, where it is no larger than a number of repetitions can be.
    pub(super) fn small(self) -> Option<u32> {
        u32::try_from(self.0).ok().filter(|number| *number <= MOST_REPETITIONS)
    }
}

fn shown(value: &Value) -> String {
    crate::document::shown(value.as_str().unwrap_or(&value.to_string()))
}

/// Ids: one, a list of them, or text with commas between them. They may stand there repeatedly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids(pub Vec<u64>);

/// What a provider is told: an object, or its JSON as text.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderData(pub Map<String, Value>);

impl ProviderData {
    /// As LiveKit overrides.
    pub(crate) fn livekit(&self) -> Result<Livekit, String> {
        serde_json::from_value(Value::Object(self.0.clone())).map_err(|error| error.to_string())
    }

    /// As Pipecat Cloud overrides.
    pub(crate) fn pipecat(&self) -> Result<Pipecat, String> {
        let renamed = self.0.iter().map(|(key, value)| match key.as_str() {
            "pipecat_agent_name" => ("agent_name".to_owned(), value.clone()),
            // The suite's own name of it is none of the batch's.
            "agent_name" => ("agent_name (write pipecat_agent_name)".to_owned(), value.clone()),
            _ => (key.clone(), value.clone()),
        });
        serde_json::from_value(Value::Object(renamed.collect())).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Id::of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values,
            Value::String(text) => text.split(',').map(|id| Value::String(id.to_owned())).collect(),
            other => vec![other],
        };
        let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
        let ids = values.iter().filter(|value| !blank(value)).map(Id::of);
        let ids: Vec<u64> =
            ids.map(|id| id.map(|id| id.0)).collect::<Result<_, _>>().map_err(D::Error::custom)?;
        if ids.is_empty() {
            return Err(D::Error::custom("it names no scenario"));
        }
        Ok(Ids(ids))
    }
}

impl<'de> Deserialize<'de> for ProviderData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = match Value::deserialize(deserializer)? {
            Value::String(text) => serde_json::from_str(&text)
                .map_err(|error| D::Error::custom(format!("it is not JSON: {error}")))?,
            other => other,
        };
        match value {
            Value::Object(object) => Ok(ProviderData(object)),
            _ => Err(D::Error::custom("it is not an object")),
        }
    }
}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A whole number above 0, or its text.",
            "anyOf": [
                { "type": "integer", "format": "uint64", "minimum": 1 },
                { "type": "string" },
            ],
        })
    }
}

impl JsonSchema for Ids {
    fn schema_name() -> Cow<'static, str> {
        "Ids".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let id = generator.subschema_for::<Id>();
        json_schema!({
            "description": "Ids: one, a list of them, or text with commas between them.",
            "anyOf": [
                { "type": "integer", "format": "uint64", "minimum": 1 },
                { "type": "string" },
                { "type": "array", "minItems": 1, "items": id },
            ],
        })
    }
}

impl JsonSchema for ProviderData {
    fn schema_name() -> Cow<'static, str> {
        "ProviderData".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An object, or its JSON as text.",
            "anyOf": [
                { "type": "object", "additionalProperties": true },
                { "type": "string" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_that_are_none_are_refused() {
        for value in
            [json!("x"), json!(0), json!(-1), json!(true), json!(""), json!([]), json!(1.5)]
        {
            assert!(serde_json::from_value::<Ids>(value.clone()).is_err(), "{value}");
            assert!(serde_json::from_value::<Id>(value.clone()).is_err(), "{value}");
        }
    }
}
