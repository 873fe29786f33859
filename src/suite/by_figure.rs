//! What stands under the keys of built-in figures: checks, or limits of a comparison.
//!
//! Pure. The keys, their order and their descriptions are those of `checks/figures`. The mapping that
//! holds them knows its other keys only: these are beside them, by `flatten`. What people write is
//! read along the schema before serde sees it; a saved report names the key in its error here.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::baseline_limit::BaselineLimit;
use crate::checks::figures::{ALL, BuiltIn};
use crate::checks::spec::Checks;

/// A mapping of a suite that holds something for built-in figures.
pub trait Place {
    /// What it holds for each.
    type Holds;
    /// What stands under the key of a figure; none where it has no key here.
    fn about(figure: &BuiltIn) -> Option<&'static str>;
}

/// `thresholds`, and a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OfRuns;

/// `each_scenario`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OfEachScenario;

/// `baseline`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OfBaseline;

impl Place for OfRuns {
    type Holds = Checks;
    fn about(figure: &BuiltIn) -> Option<&'static str> {
        Some(figure.about)
    }
}

impl Place for OfEachScenario {
    type Holds = Checks;
    fn about(figure: &BuiltIn) -> Option<&'static str> {
        figure.about_each
    }
}

impl Place for OfBaseline {
    type Holds = BaselineLimit;
    fn about(figure: &BuiltIn) -> Option<&'static str> {
        figure.about_baseline
    }
}

/// What a place holds for built-in figures, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct ByFigure<P: Place>(Vec<(&'static BuiltIn, P::Holds)>);

impl<P: Place> Default for ByFigure<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P: Place> ByFigure<P> {
    /// The figures that have a key in this place, in their order.
    fn figures() -> impl Iterator<Item = &'static BuiltIn> {
        ALL.into_iter().filter(|figure| P::about(figure).is_some())
    }

    /// What it holds for a figure.
    pub(crate) fn get(&self, figure: &BuiltIn) -> Option<&P::Holds> {
        self.0.iter().find(|(one, _)| *one == figure).map(|(_, holds)| holds)
    }

    /// Puts something in the place of what it holds for a figure.
    pub(crate) fn put(&mut self, figure: &'static BuiltIn, holds: P::Holds) {
        self.0.retain(|(one, _)| *one != figure);
        self.0.push((figure, holds));
        self.0.sort_by_key(|(figure, _)| ALL.iter().position(|one| one == figure));
    }

    /// What it holds for each figure.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static BuiltIn, &P::Holds)> {
        self.0.iter().map(|(figure, holds)| (*figure, holds))
    }

    /// What it holds, without the figures.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut P::Holds> {
        self.0.iter_mut().map(|(_, holds)| holds)
    }

    /// Whether it holds nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<P: Place<Holds: Serialize>> Serialize for ByFigure<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (figure, holds) in &self.0 {
            map.serialize_entry(figure.key, holds)?;
        }
        map.end()
    }
}

impl<'de, P: Place<Holds: Deserialize<'de>>> Deserialize<'de> for ByFigure<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The keys of all figures: one that has none in a place is refused there.
        static KEYS: LazyLock<Vec<&str>> =
            LazyLock::new(|| ALL.iter().map(|figure| figure.key).collect());
        deserializer.deserialize_struct("ByFigure", &KEYS, ByKey(PhantomData))
    }
}

/// Reads the keys of figures.
struct ByKey<P>(PhantomData<P>);

impl<'de, P: Place<Holds: Deserialize<'de>>> Visitor<'de> for ByKey<P> {
    type Value = ByFigure<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("checks of built-in figures")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = ByFigure::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let figure = ByFigure::<P>::figures().find(|figure| figure.key == key);
            let figure = figure
                .ok_or_else(|| A::Error::custom(format_args!("`{key}` has no place here")))?;
            let holds = map
                .next_value()
                .map_err(|error| A::Error::custom(format_args!("`{key}`: {error}")))?;
            found.put(figure, holds);
        }
        Ok(found)
    }
}

impl<P: Place<Holds: JsonSchema>> JsonSchema for ByFigure<P> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ByFigure".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let holds = generator.subschema_for::<P::Holds>().to_value();
        let mut properties = Map::new();
        for figure in Self::figures() {
            let mut schema = holds.clone();
            if let Some(keywords) = schema.as_object_mut() {
                keywords.shift_insert(0, "description".to_owned(), json!(P::about(figure)));
            }
            properties.insert(figure.key.to_owned(), schema);
        }
        json_schema!({ "type": "object", "properties": Value::Object(properties) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::thresholds::{EachScenario, Thresholds};

    fn keys<T: JsonSchema>() -> Vec<String> {
        let schema = crate::document::schema_of::<T>().to_value();
        assert_eq!(schema["additionalProperties"], json!(false));
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn each_figure_of_the_table_has_the_keys_that_it_describes() {
        let (all, each) = (keys::<Thresholds>(), keys::<EachScenario>());
        for figure in ALL {
            assert!(all.iter().any(|key| key == figure.key), "{figure:?}");
            let is_there = each.iter().any(|key| key == figure.key);
            assert_eq!(is_there, figure.about_each.is_some(), "{figure:?}");
        }
    }

    #[test]
    fn checks_of_figures_are_read_back_as_they_were_saved_and_in_the_order_of_the_table() {
        let written =
            json!({ "duration": "p95 <= 3m", "metrics": { "A": "90%" }, "errors": "10%" });
        let read: Thresholds = serde_json::from_value(written).unwrap();
        let names: Vec<&str> = read.figures.iter().map(|(figure, _)| figure.key).collect();
        assert_eq!(names, ["errors", "duration"]);
        let saved = serde_json::to_string(&read).unwrap();
        assert!(saved.starts_with(r#"{"errors":"#), "{saved}");
        assert_eq!(serde_json::from_str::<Thresholds>(&saved).unwrap(), read);
    }

    #[test]
    fn a_key_that_is_no_figure_or_has_no_place_here_is_refused() {
        let why = |text: &str| serde_json::from_str::<EachScenario>(text).unwrap_err().to_string();
        let unknown = why(r#"{"success": "90%"}"#);
        assert!(unknown.starts_with("unknown field `success`"), "{unknown}");
        let elsewhere = why(r#"{"errors": "<= 10%"}"#);
        assert!(elsewhere.starts_with("`errors` has no place here"), "{elsewhere}");
        let broken = why(r#"{"success_rate": "often"}"#);
        assert!(broken.starts_with("`success_rate`: "), "{broken}");
    }
}
