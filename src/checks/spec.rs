//! The three ways to write checks in a suite: a text, a list of texts or objects, an object.
//!
//! The grammar of the text itself is in `verdict/check`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::checks::grammar::Check;
use crate::document::Path;
use crate::scalars::Percent;

/// One or more checks on one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Checks(pub Vec<CheckSpec>);

impl Checks {
    /// Each check with its place below that of them all: those of a list have indices.
    pub fn at<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (Path, &'a CheckSpec)> {
        let is_list = self.0.len() > 1;
        let place = move |index| if is_list { path.child(index) } else { path.clone() };
        self.0.iter().enumerate().map(move |(index, spec)| (place(index), spec))
    }
}

/// A check and how it counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSpec {
    /// The check, for example `"p90 <= 20s"`.
    #[serde(with = "as_text")]
    #[schemars(schema_with = "check_schema")]
    pub check: Check,
    /// Whether a miss breaks the gate. Default: error.
    #[serde(default, skip_serializing_if = "is_error")]
    pub level: Level,
    /// With fewer samples than this the check is inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_samples: Option<u32>,
    /// Confidence for this check, in place of `thresholds.confidence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Percent>,
    /// The unit of the metric's own numbers, where the check's unit is another. Default: what the
    /// metric's name says; else ms for a latency, s for anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<MetricUnit>,
}

impl CheckSpec {
    /// A gating check with nothing else said.
    pub fn plain(check: Check) -> Self {
        Self { check, level: Level::Error, min_samples: None, confidence: None, unit: None }
    }
}

/// Whether a miss breaks the gate.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A miss breaks the gate.
    #[default]
    Error,
    /// A miss is reported and changes nothing.
    Warn,
}

fn is_error(level: &Level) -> bool {
    *level == Level::Error
}

/// The unit of a metric's own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MetricUnit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Minutes.
    #[serde(rename = "m")]
    Minutes,
}

/// The unit that the account's description of a metric says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DescribedUnit {
    /// The unit.
    pub unit: MetricUnit,
    /// The word of the description that says so.
    pub word: String,
}

/// The units that the account's descriptions of metrics say, by the metrics' names in the suite.
pub type DescribedUnits = BTreeMap<String, DescribedUnit>;

mod as_text {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        check: &Check,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(check)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Check, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn check_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "format": "check",
        "description": "`[aggregate] operator value`: aggregates rate mean median min max sum count p<0-100> share(\"label\"), operators >= > <= < == !=, units % ms s m. In short `90%`.",
        "examples": [">= 90%", "p95 <= 2500ms", "mean >= 4.2", "share(\"angry\") <= 5%"],
    })
}

impl Serialize for Checks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Checks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let specs = match Value::deserialize(deserializer)? {
            Value::Array(items) => items.into_iter().map(spec).collect::<Result<_, _>>(),
            other => spec(other).map(|spec| vec![spec]),
        };
        specs.map(Checks).map_err(de::Error::custom)
    }
}

fn spec(value: Value) -> Result<CheckSpec, serde_json::Error> {
    match value {
        Value::String(text) => text.parse().map(CheckSpec::plain).map_err(de::Error::custom),
        other => serde_json::from_value(other),
    }
}

/// Checks that only warn unless their level is said. Saved, each has its level.
pub(crate) mod warnings {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        checks: &Option<Checks>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let with_level = |spec: &CheckSpec| {
            let mut value = serde_json::to_value(spec)?;
            if let Some(fields) = value.as_object_mut() {
                fields.insert("level".to_owned(), serde_json::to_value(spec.level)?);
            }
            Ok(value)
        };
        let specs = checks.iter().flat_map(|checks| &checks.0).map(with_level);
        let specs: Result<Vec<Value>, serde_json::Error> = specs.collect();
        specs.map_err(serde::ser::Error::custom)?.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Checks>, D::Error> {
        let entries = match Value::deserialize(deserializer)? {
            Value::Null => return Ok(None),
            Value::Array(items) => items,
            other => vec![other],
        };
        let read = |entry: Value| {
            let says = entry.get("level").is_some();
            let spec = spec(entry)?;
            Ok(if says { spec } else { CheckSpec { level: Level::Warn, ..spec } })
        };
        let specs: Result<Vec<CheckSpec>, serde_json::Error> =
            entries.into_iter().map(read).collect();
        specs.map(|specs| Some(Checks(specs))).map_err(de::Error::custom)
    }
}

impl JsonSchema for Checks {
    fn schema_name() -> Cow<'static, str> {
        "Checks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = check_schema(generator);
        let object = generator.subschema_for::<CheckSpec>();
        json_schema!({
            "description": "A check, a list of checks, or a check with its level and limits.",
            "anyOf": [
                text,
                object,
                { "type": "array", "minItems": 1, "items": { "anyOf": [text, object] } },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn checks_are_a_text_a_list_or_an_object() {
        let read = |value: Value| serde_json::from_value::<Checks>(value).unwrap().0;
        assert_eq!(read(json!(">= 90%")).len(), 1);
        assert_eq!(read(json!(["p95 <= 2500ms", "mean <= 1200ms"])).len(), 2);
        let specs = read(json!({"check": "p90 <= 20s", "level": "warn", "min_samples": 10}));
        assert_eq!(specs[0].level, Level::Warn);
        assert_eq!(specs[0].min_samples, Some(10));
    }

    #[test]
    fn a_level_is_saved_only_where_it_is_not_the_usual_one() {
        let saved = |value: Value| {
            serde_json::to_value(serde_json::from_value::<Checks>(value).unwrap()).unwrap()
        };
        assert!(!saved(json!({"check": "90%", "min_samples": 3})).to_string().contains("level"));
        assert!(saved(json!({"check": "90%", "level": "warn"})).to_string().contains("warn"));
    }

    #[test]
    fn coverage_only_warns_unless_its_level_is_said() {
        let level = |coverage: Value| {
            let thresholds = json!({ "coverage": coverage });
            let read: crate::suite::thresholds::Thresholds =
                serde_json::from_value(thresholds).unwrap();
            read.coverage.unwrap().0[0].level
        };
        assert_eq!(level(json!(">= 80%")), Level::Warn);
        assert_eq!(level(json!([{"check": ">= 80%"}])), Level::Warn);
        assert_eq!(level(json!({"check": ">= 80%", "level": "error"})), Level::Error);
    }

    #[test]
    fn checks_read_back_as_they_are_saved() {
        let checks: Checks = serde_json::from_value(
            json!(["90%", {"check": "p90 <= 20s", "level": "warn", "unit": "s"}]),
        )
        .unwrap();
        let saved = serde_json::to_value(&checks).unwrap();
        assert_eq!(serde_json::from_value::<Checks>(saved).unwrap(), checks);
    }
}
