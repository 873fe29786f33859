//! The conversation of a run to its [turns](Turn), from a list of turns or from a text.
//!
//! All of it decorates: what can't be read is left out.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lenient;
use crate::record::Turn;

/// The list of turns. Anything else than a list is none.
#[derive(Default)]
pub(super) struct WireTurns(pub(super) Vec<Turn>);

/// The keys of a turn. The first of the times that is there counts.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Role,
    Content,
    Timestamp,
    StartTime,
    Time,
    #[serde(other)]
    Other,
}

/// One turn, where the entry is one.
struct WireTurn(Option<Turn>);

impl<'de> Deserialize<'de> for WireTurns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Turns)
    }
}

impl<'de> Deserialize<'de> for WireTurn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneTurn)
    }
}

/// Takes every scalar for nothing.
macro_rules! scalars_are {
    ($nothing:expr) => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

struct Turns;

impl<'de> Visitor<'de> for Turns {
    type Value = WireTurns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of turns")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<WireTurns, A::Error> {
        let mut turns = Vec::new();
        while let Some(WireTurn(turn)) = seq.next_element()? {
            turns.extend(turn);
        }
        Ok(WireTurns(turns))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireTurns, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(WireTurns::default())
    }

    scalars_are!(WireTurns::default());
}

struct OneTurn;

impl<'de> Visitor<'de> for OneTurn {
    type Value = WireTurn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a turn")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireTurn, A::Error> {
        let (mut role, mut content) = (None, None);
        let mut times = [None; 3];
        while let Some(key) = map.next_key()? {
            match key {
                Key::Role => role = text(map.next_value()?),
                Key::Content => content = text(map.next_value()?),
                Key::Timestamp => times[0] = lenient::number_of(&map.next_value()?),
                Key::StartTime => times[1] = lenient::number_of(&map.next_value()?),
                Key::Time => times[2] = lenient::number_of(&map.next_value()?),
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let at_seconds = times.into_iter().flatten().next();
        let role = role.unwrap_or_default();
        Ok(WireTurn(content.map(|content| Turn { role, content, at_seconds })))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<WireTurn, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(WireTurn(None))
    }

    scalars_are!(WireTurn(None));
}

/// A text as it is, without another copy of it.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        other => lenient::text_of(&other),
    }
}

/// The conversation from its text, with lines such as `[00:01] Role: words`.
pub(super) fn turns_of_text(text: &str) -> Vec<Turn> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(turn_of_line).collect()
}

fn turn_of_line(line: &str) -> Turn {
    let stamped = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (at_seconds, rest) = match stamped {
        Some((stamp, rest)) => match lenient::clock_seconds(stamp) {
            Some(seconds) => (Some(seconds), rest.trim_start()),
            None => (None, line),
        },
        None => (None, line),
    };
    match rest.split_once(": ") {
        Some((role, content)) if role.len() <= 40 => {
            Turn { role: role.to_owned(), content: content.to_owned(), at_seconds }
        }
        _ => Turn { role: String::new(), content: rest.to_owned(), at_seconds },
    }
}
