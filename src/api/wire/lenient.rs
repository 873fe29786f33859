//! Readers for fields that the platform writes in more than one way.
//!
//! Each says what it takes. `null` and a missing field are always "not given".

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::record::Status;

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

/// A number, written as a number, as text or as a boolean.
pub(super) fn number<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    let value = Value::deserialize(d)?;
    match &value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        other => number_of(other).map(Some).ok_or_else(|| expected("a number", other)),
    }
}

/// A truth value, written as such, as text or as 0 and 1.
pub(super) fn truth<'de, D: Deserializer<'de>>(d: D) -> Result<Option<bool>, D::Error> {
    let value = Value::deserialize(d)?;
    match &value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(*truth)),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Value::Number(n) if n.as_u64() == Some(1) => Ok(Some(true)),
        Value::Number(n) if n.as_u64() == Some(0) => Ok(Some(false)),
        other => Err(expected("true or false", other)),
    }
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

/// A length of time in seconds, written as `MM:SS`, `H:MM:SS` or a number.
pub(super) fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    let value = Value::deserialize(d)?;
    match &value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => clock_seconds(text)
            .map(Some)
            .ok_or_else(|| expected("a duration such as 02:31", &value)),
        other => number_of(other)
            .filter(|seconds| *seconds >= 0.0)
            .map(Some)
            .ok_or_else(|| expected("a duration such as 02:31", other)),
    }
}

pub(super) fn clock_seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    for part in text.trim().split(':') {
        let part: f64 = part.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?;
        total = total * 60.0 + part;
    }
    Some(total)
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
    let found = match found {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        other => {
            let text = other.to_string();
            text.chars().take(40).collect()
        }
    };
    E::custom(format!("expected {what}, found {found}"))
}
