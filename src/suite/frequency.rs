//! How often each scenario runs: a number, or a first number and a largest one.
//!
//! With two numbers the runs come in rounds. After each round the checks are looked at, and another
//! round starts only where a check is not decided. When the looks are is known before the first
//! call: the error bounds of the checks rest on it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// The most that a scenario can be repeated, wherever that is said.
pub const MOST_REPETITIONS: u32 = 1000;

/// How often each scenario runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// So often, in one start.
    Fixed(u32),
    /// In rounds, until each check is decided.
    Rounds(Rounds),
}

/// How often each scenario runs where the runs come in rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rounds {
    /// How often each scenario runs in the first round, from 1.
    pub start: u32,
    /// How often each scenario runs at most, all rounds together. More than `start`.
    pub max: u32,
    /// How often a scenario runs in each later round, from 1. Default: half as often as in the
    /// first, rounded up.
    #[serde(default)]
    pub step: Option<u32>,
}

/// Which scenarios of the first round start first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// All of them in one start.
    #[default]
    Suite,
    /// Those that failed lately, in a start of their own: once they show that the suite fails for
    /// good, the others are not started.
    RecentFailures,
}

impl Frequency {
    /// How often each scenario runs in the first start.
    pub const fn first(self) -> u32 {
        match self {
            Self::Fixed(times) => times,
            Self::Rounds(rounds) => rounds.start,
        }
    }

    /// How often each scenario runs at most.
    pub const fn most(self) -> u32 {
        match self {
            Self::Fixed(times) => times,
            Self::Rounds(rounds) => rounds.max,
        }
    }

    /// The rounds, where there may be more than one.
    pub const fn rounds(self) -> Option<Rounds> {
        match self {
            Self::Fixed(_) => None,
            Self::Rounds(rounds) => Some(rounds),
        }
    }
}

impl Rounds {
    /// How often a scenario has run after each round, rising up to `max`: 3, 5, 7, 9, 11, 12.
    pub fn looks(self) -> Vec<u32> {
        let step = self.step.unwrap_or_else(|| self.start.div_ceil(2)).max(1);
        let mut looks = Vec::new();
        let mut next = self.start.max(1);
        while next < self.max {
            looks.push(next);
            next = next.saturating_add(step);
        }
        looks.push(self.max);
        looks
    }
}

impl<'de> Deserialize<'de> for Frequency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match &value {
            Value::Number(times) => times
                .as_u64()
                .and_then(|times| u32::try_from(times).ok())
                .map(Self::Fixed)
                .ok_or_else(|| de::Error::custom("expected a whole number")),
            Value::Object(_) => {
                serde_json::from_value(value).map(Self::Rounds).map_err(de::Error::custom)
            }
            _ => Err(de::Error::custom("expected a whole number, or `start` and `max`")),
        }
    }
}

impl JsonSchema for Frequency {
    fn schema_name() -> Cow<'static, str> {
        "Frequency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let times = |description: &str| {
            json_schema!({
                "description": description,
                "type": "integer",
                "format": "uint32",
                "minimum": 1,
                "maximum": MOST_REPETITIONS,
            })
        };
        let number = json_schema!({
            "type": "integer",
            "format": "uint32",
            "minimum": 1,
            "maximum": MOST_REPETITIONS,
        });
        json_schema!({
            "description": "How often each scenario runs.",
            "anyOf": [
                number,
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["start", "max"],
                    "properties": {
                        "start": times("How often each scenario runs in the first round."),
                        "max": times(
                            "How often each scenario runs at most, all rounds together. More than `start`."
                        ),
                        "step": times(
                            "How often a scenario runs in each later round. Default: half as often as in the first, rounded up."
                        ),
                    },
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Option<Frequency> {
        serde_json::from_value(value).ok()
    }

    fn looks(start: u32, max: u32, step: Option<u32>) -> Vec<u32> {
        Rounds { start, max, step }.looks()
    }

    #[test]
    fn the_frequency_is_a_number_or_a_first_and_a_largest_one() {
        assert_eq!(read(json!(3)), Some(Frequency::Fixed(3)));
        let rounds = Rounds { start: 3, max: 12, step: None };
        assert_eq!(read(json!({"start": 3, "max": 12})), Some(Frequency::Rounds(rounds)));
        for wrong in [json!("3"), json!({"start": 3}), json!({"start": 3, "max": 12, "by": 1})] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn the_looks_rise_by_the_step_and_end_at_the_largest_number() {
        assert_eq!(looks(3, 12, None), [3, 5, 7, 9, 11, 12]);
        assert_eq!(looks(4, 10, None), [4, 6, 8, 10]);
        assert_eq!(looks(3, 10, Some(3)), [3, 6, 9, 10]);
        assert_eq!(looks(4, 12, Some(2)), [4, 6, 8, 10, 12]);
        assert_eq!(looks(1, 2, None), [1, 2]);
    }
}
