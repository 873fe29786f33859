//! Readers for fields that the platform writes in more than one way.
//!
//! Each says what it takes. `null` and a missing field are always "not given". What can't be read
//! loses nothing else: a field that counts as evidence is [`Given`] with what stood there.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::record::Status;

/// The most that is kept of a value that can't be read, in characters.
const SHOWN: usize = 40;

/// A field's value, or what stands there and can't be read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given<T> {
    pub(super) value: Option<T>,
    pub(super) unreadable: Option<String>,
}

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self { value: None, unreadable: None }
    }
}

impl<T> Given<T> {
    /// What `read` makes of a value. Nothing and empty text are "not given".
    fn of(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Self {
        match value {
            Value::Null => Self::default(),
            Value::String(text) if text.trim().is_empty() => Self::default(),
            other => match read(other) {
                Some(value) => Self { value: Some(value), unreadable: None },
                None => Self::unreadable(shown(other)),
            },
        }
    }

    pub(super) fn unreadable(found: String) -> Self {
        Self { value: None, unreadable: Some(found) }
    }

    /// Whether there is anything, readable or not.
    pub(super) const fn is_given(&self) -> bool {
        self.value.is_some() || self.unreadable.is_some()
    }
}

/// The start of a text.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// What stands in a field, cut: an object or a list by its kind.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

/// Takes null for nothing, and every other scalar for what can't be read.
macro_rules! scalars_cannot_be_read {
    () => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Given::default())
        }
        fn visit_bool<E: Error>(self, found: bool) -> Result<Self::Value, E> {
            Ok(Given::unreadable(found.to_string()))
        }
        fn visit_i64<E: Error>(self, found: i64) -> Result<Self::Value, E> {
            Ok(Given::unreadable(found.to_string()))
        }
        fn visit_u64<E: Error>(self, found: u64) -> Result<Self::Value, E> {
            Ok(Given::unreadable(found.to_string()))
        }
        fn visit_f64<E: Error>(self, found: f64) -> Result<Self::Value, E> {
            Ok(Given::unreadable(shown(&Value::from(found))))
        }
        fn visit_str<E: Error>(self, found: &str) -> Result<Self::Value, E> {
            Ok(Given::unreadable(cut(found)))
        }
    };
}

/// An object that is read as a `T`. Anything else that is not null can't be read.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Given<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Given<T>, A::Error> {
        let value = T::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Given { value: Some(value), unreadable: None })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::unreadable("a list".to_owned()))
    }

    scalars_cannot_be_read!();
}

/// A list of `T`s. Anything else that is not null can't be read.
pub(super) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    d: D,
) -> Result<Given<Vec<T>>, D::Error> {
    d.deserialize_any(ListVisitor(PhantomData))
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Given<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            entries.push(entry);
        }
        Ok(Given { value: Some(entries), unreadable: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::unreadable("an object".to_owned()))
    }

    scalars_cannot_be_read!();
}

/// A whole number, written as a number or as text.
pub(super) fn whole<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    let value = Value::deserialize(d)?;
    if value.is_null() {
        return Ok(None);
    }
    whole_of(&value).map(Some).ok_or_else(|| expected("a whole number", &value))
}

/// A whole number that must be there.
pub(super) fn required_whole<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    whole(d)?.ok_or_else(|| D::Error::custom("expected a whole number, found null"))
}

/// The same, where what can't be read loses nothing else.
pub(super) fn given_whole<'de, D: Deserializer<'de>>(d: D) -> Result<Given<u64>, D::Error> {
    Ok(Given::of(&Value::deserialize(d)?, whole_of))
}

/// A number, written as a number, as text or as a boolean.
pub(super) fn number<'de, D: Deserializer<'de>>(d: D) -> Result<Given<f64>, D::Error> {
    Ok(Given::of(&Value::deserialize(d)?, number_of))
}

/// A truth value, written as such, as text or as 0 and 1.
pub(super) fn truth<'de, D: Deserializer<'de>>(d: D) -> Result<Given<bool>, D::Error> {
    Ok(Given::of(&Value::deserialize(d)?, |value| match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        Value::Number(n) if n.as_f64() == Some(1.0) => Some(true),
        Value::Number(n) if n.as_f64() == Some(0.0) => Some(false),
        _ => None,
    }))
}

/// A label, which is a scalar, or a list of such. A list of several is kept as its JSON; an empty
/// one says nothing that can be read.
pub(super) fn label<'de, D: Deserializer<'de>>(d: D) -> Result<Given<String>, D::Error> {
    Ok(Given::of(&Value::deserialize(d)?, |value| match value {
        Value::Object(_) => None,
        Value::Array(labels) => match labels.as_slice() {
            [Value::String(_) | Value::Number(_) | Value::Bool(_)] => {
                labels.first().and_then(text_of)
            }
            [_, _, ..] if !labels.iter().any(|label| label.is_array() || label.is_object()) => {
                text_of(value)
            }
            _ => None,
        },
        scalar => text_of(scalar),
    }))
}

/// A run's status. One that is no text is none that is known, and so in progress.
pub(super) fn run_status<'de, D: Deserializer<'de>>(d: D) -> Result<Given<Status>, D::Error> {
    Ok(Given::of(&Value::deserialize(d)?, |value| value.as_str().map(Status::from)))
}

/// A status. A status that is not known is kept as it came; one that is no text is an error.
pub(super) fn status<'de, D: Deserializer<'de>>(d: D) -> Result<Status, D::Error> {
    let value = Value::deserialize(d)?;
    match &value {
        Value::Null => Ok(Status::default()),
        Value::String(text) => Ok(Status::from(text.as_str())),
        other => Err(expected("a status as text", other)),
    }
}

/// Text; a number or truth value is taken as it is written, anything nested as its JSON.
pub(super) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        other => text_of(&other),
    })
}

/// Text, or an empty one.
pub(super) fn text_or_empty<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(text(d)?.unwrap_or_default())
}

/// Lines of text, written as a list or as one text.
pub(super) fn lines<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    Ok(lines_of(&Value::deserialize(d)?))
}

/// A count that only decorates: what is not a number is dropped.
pub(super) fn decoration_count<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    Ok(whole_of(&Value::deserialize(d)?))
}

/// A number that only decorates: what is not a number is dropped.
pub(super) fn decoration_number<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    Ok(number_of(&Value::deserialize(d)?))
}

/// A length of time in seconds, written as `MM:SS`, `H:MM:SS` or a number that is not negative.
pub(super) fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Given<f64>, D::Error> {
    Ok(Given::of(&Value::deserialize(d)?, |value| match value {
        Value::String(text) => clock_seconds(text),
        Value::Number(_) => number_of(value).filter(|seconds| *seconds >= 0.0),
        _ => None,
    }))
}

pub(super) fn clock_seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    for part in text.trim().split(':') {
        let part: f64 = part.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?;
        total = total * 60.0 + part;
    }
    Some(total).filter(|total| total.is_finite())
}

pub(super) fn whole_of(value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) => n.as_u64().or_else(|| {
            n.as_f64().filter(|f| f.fract() == 0.0 && (0.0..9e15).contains(f)).map(|f| f as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn number_of(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(n) => n.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|n| n.is_finite())
}

pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

pub(super) fn lines_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(text_of).collect(),
        other => text_of(other).into_iter().collect(),
    }
}

/// An id, written bare or as the `id` of an object.
pub(super) fn id_of(value: &Value) -> Option<u64> {
    whole_of(value.get("id").unwrap_or(value))
}

/// The name in an object of the shape `{id, name}`.
pub(super) fn name_of(value: &Value) -> Option<String> {
    value.get("name").and_then(text_of)
}

pub(super) fn expected<E: Error>(what: &str, found: &Value) -> E {
    E::custom(format!("expected {what}, found {}", shown_as_json(found)))
}

fn shown_as_json(value: &Value) -> String {
    match value {
        Value::Object(_) | Value::Array(_) => shown(value),
        other => cut(&other.to_string()),
    }
}
