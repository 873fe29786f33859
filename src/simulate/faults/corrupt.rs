//! Bodies that no platform should send.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::simulate::faults::{Garble, RetryAfterForm};

/// What is sent instead of a body.
pub(super) fn garbled(garble: Garble, body: &[u8]) -> Vec<u8> {
    match garble {
        Garble::Html => b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
            <body><h1>Welcome to the guest network</h1></body></html>\n"
            .to_vec(),
        Garble::Empty => Vec::new(),
        Garble::Foreign => br#"{"id": 1, "ok": true, "service": "someone else's"}"#.to_vec(),
        Garble::WrongTypes => match serde_json::from_slice::<Value>(body) {
            Ok(value) => mistyped(&value).to_string().into_bytes(),
            Err(_) => b"42".to_vec(),
        },
        Garble::LoneSurrogates => String::from_utf8_lossy(body)
            .replace(r#""scenario_name":""#, r#""scenario_name":"\ud83d "#)
            .replace(r#""content":""#, r#""content":"\udc00"#)
            .into_bytes(),
        Garble::Bytes => (0..=255).cycle().take(1000).collect(),
        Garble::Deep => b"[".repeat(100_000),
    }
}

fn mistyped(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!([false]),
        Value::Number(number) => json!({ "value": number }),
        Value::String(text) => json!([text]),
        Value::Array(items) => json!({ "items": items.iter().map(mistyped).collect::<Vec<_>>() }),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), mistyped(value))).collect()
        }
    }
}

/// A result with another status, and each of its runs; or the entries of a list.
pub(super) fn pretending(status: &str, body: &[u8]) -> Vec<u8> {
    edited(body, |result| {
        for run in runs_of(result) {
            run.insert("status".to_owned(), json!(status));
        }
        result.insert("status".to_owned(), json!(status));
    })
}

/// A result without its last runs, or a list without its last entries.
pub(super) fn vanished(count: u32, body: &[u8]) -> Vec<u8> {
    let kept = |len: usize| len.saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
    edited(body, |result| match result.get_mut(key_of(result)) {
        Some(Value::Array(runs)) => {
            let all = runs.len();
            runs.truncate(kept(all));
            let gone = (all - runs.len()) as u64;
            if let Some(counted) = result.get("count").and_then(Value::as_u64) {
                result.insert("count".to_owned(), json!(counted.saturating_sub(gone)));
            }
        }
        Some(Value::Object(runs)) => {
            let kept = kept(runs.len());
            *runs = std::mem::take(runs).into_iter().take(kept).collect();
        }
        _ => {}
    })
}

/// A result with each run several times.
pub(super) fn multiplied(times: u32, body: &[u8]) -> Vec<u8> {
    const APART: u64 = 1_000_000;
    let again = |run: &Value| {
        let run = run.clone();
        let id = run.get("id").and_then(Value::as_u64).unwrap_or_default();
        (1..u64::from(times)).map(move |time| {
            let mut run = run.clone();
            if let Some(fields) = run.as_object_mut() {
                fields.insert("id".to_owned(), json!(id + time * APART));
            }
            (id + time * APART, run)
        })
    };
    edited(body, |result| match result.get_mut(key_of(result)) {
        Some(Value::Array(runs)) => {
            let more: Vec<Value> = runs.iter().flat_map(again).map(|(_, run)| run).collect();
            runs.extend(more);
        }
        Some(Value::Object(runs)) => {
            let more: Vec<_> = runs.values().flat_map(again).collect();
            runs.extend(more.into_iter().map(|(id, run)| (id.to_string(), run)));
        }
        _ => {}
    })
}

fn edited(body: &[u8], edit: impl FnOnce(&mut Map<String, Value>)) -> Vec<u8> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut result)) => {
            edit(&mut result);
            Value::Object(result).to_string().into_bytes()
        }
        _ => body.to_vec(),
    }
}

/// Where the runs are: in a result, or in a list of them.
fn key_of(body: &Map<String, Value>) -> &'static str {
    if body.contains_key("runs") { "runs" } else { "results" }
}

fn runs_of(result: &mut Map<String, Value>) -> Vec<&mut Map<String, Value>> {
    let runs: Vec<&mut Value> = match result.get_mut(key_of(result)) {
        Some(Value::Array(runs)) => runs.iter_mut().collect(),
        Some(Value::Object(runs)) => runs.values_mut().collect(),
        _ => Vec::new(),
    };
    runs.into_iter().filter_map(Value::as_object_mut).collect()
}

/// A `Retry-After` of so many seconds.
pub(super) fn retry_after(seconds: u32, form: RetryAfterForm, now: Timestamp) -> String {
    let format = match form {
        RetryAfterForm::Seconds => return seconds.to_string(),
        RetryAfterForm::Date => "%a, %d %b %Y %H:%M:%S GMT",
        RetryAfterForm::Rfc850 => "%A, %d-%b-%y %H:%M:%S GMT",
        RetryAfterForm::Asctime => "%a %b %e %H:%M:%S %Y",
    };
    let then = now.checked_add(jiff::SignedDuration::from_secs(i64::from(seconds)));
    then.unwrap_or(now).strftime(format).to_string()
}

/// The gzip of so many MiB of blanks, made without a compressor: a blank, and then the order to
/// repeat it 258 times, over and over (RFC 1951, block type 01).
pub(super) fn gzip_bomb(mebibytes: u32) -> Vec<u8> {
    const LONGEST_MATCH: u64 = 258;
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], used: 0 };
    bits.push(0b011, 3); // the last block; fixed codes, read from the lowest bit
    bits.push(reversed(0x30 + u32::from(b' '), 8), 8);
    for _ in 0..(u64::from(mebibytes) << 20) / LONGEST_MATCH {
        bits.push(reversed(0b1100_0101, 8), 8); // length 258
        bits.push(0, 5); // at distance 1
    }
    bits.push(0, 7); // the end
    bits.bytes.extend_from_slice(&[0; 8]);
    bits.bytes
}

struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte that are taken; 0 when a new one is needed.
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(value >> at & 1 == 1) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }
}

fn reversed(value: u32, count: u32) -> u32 {
    value.reverse_bits() >> (32 - count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_less_than_a_hundredth_of_what_it_becomes() {
        let len = gzip_bomb(10).len() * 100;
        assert!((4 << 20..10 << 20).contains(&len), "{len}");
    }

    #[test]
    fn each_form_of_retry_after_is_as_the_standard_writes_it() {
        let now: Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
        let written: Vec<String> = [
            RetryAfterForm::Seconds,
            RetryAfterForm::Date,
            RetryAfterForm::Rfc850,
            RetryAfterForm::Asctime,
        ]
        .map(|form| retry_after(30, form, now))
        .into();
        assert_eq!(
            written,
            [
                "30",
                "Sun, 06 Nov 1994 08:49:37 GMT",
                "Sunday, 06-Nov-94 08:49:37 GMT",
                "Sun Nov  6 08:49:37 1994"
            ]
        );
    }

    #[test]
    fn runs_vanish_and_multiply_in_both_shapes() {
        let list = br#"{"runs": [{"id": 1}, {"id": 2}]}"#;
        let object = br#"{"runs": {"1": {"id": 1}, "2": {"id": 2}}}"#;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(text(vanished(1, list)), r#"{"runs":[{"id":1}]}"#);
        assert_eq!(text(vanished(5, object)), r#"{"runs":{}}"#);
        assert_eq!(
            text(multiplied(2, list)),
            r#"{"runs":[{"id":1},{"id":2},{"id":1000001},{"id":1000002}]}"#
        );
        let page = br#"{"count": 2, "results": [{"id": 1}, {"id": 2}]}"#;
        assert_eq!(text(vanished(5, page)), r#"{"count":0,"results":[]}"#);
        assert_eq!(text(multiplied(2, object)).matches("\"id\"").count(), 4);
    }
}
