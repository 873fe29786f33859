//! Free JSON: what a value is where no schema says it.

use serde_json::{Map, Number, Value};

use super::super::node::{Kind, Node, Origin, Scalar};

/// A node as JSON, by YAML's core rules: text in quotes is text, a plain `null`, `true`, `12` or
/// `1.5` is what it looks like. Missing where a variable is.
pub(super) fn value(node: &Node) -> Option<Value> {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.origin == Origin::Broken => None,
        Kind::Scalar(scalar) => Some(scalar_value(scalar)),
        Kind::Sequence(items) => items.iter().map(value).collect::<Option<_>>().map(Value::Array),
        Kind::Mapping(entries) => entries
            .iter()
            .map(|(key, node)| Some((key.text.clone(), value(node)?)))
            .collect::<Option<Map<_, _>>>()
            .map(Value::Object),
    }
}

fn scalar_value(scalar: &Scalar) -> Value {
    let text = || Value::String(scalar.text.clone());
    if !scalar.plain {
        return text();
    }
    match scalar.text.as_str() {
        _ if scalar.is_null() => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        other => number(other).map_or_else(text, Value::Number),
    }
}

/// A number by YAML's core rules. What JSON cannot hold exactly stays text.
fn number(text: &str) -> Option<Number> {
    let radix = |prefix, radix| {
        let digits: &str = text.strip_prefix(prefix)?;
        let plain = digits.chars().all(|c| c.is_digit(radix));
        plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten().map(Number::from)
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number);
    }
    let (unsigned, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return if negative {
            text.parse::<i64>().ok().map(Number::from)
        } else {
            unsigned.parse::<u64>().ok().map(Number::from)
        };
    }
    decimal(text).and_then(Number::from_f64)
}

/// A finite decimal number: digits, at most one point, an exponent. No `inf`, no `nan`.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let decimal = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
        && text.bytes().any(|b| b.is_ascii_digit());
    decimal.then(|| text.parse().ok()).flatten().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_are_what_they_look_like_and_quoted_ones_are_text() {
        let rows = [
            ("null", json!(null)),
            ("~", json!(null)),
            ("true", json!(true)),
            ("yes", json!("yes")),
            ("12", json!(12)),
            ("+12", json!(12)),
            ("-3", json!(-3)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("0x1F", json!(31)),
            ("0x", json!("0x")),
            ("0o17", json!(15)),
            (".inf", json!(".inf")),
            ("e", json!("e")),
            ("99999999999999999999", json!("99999999999999999999")),
            ("1.2.3", json!("1.2.3")),
        ];
        for (text, expected) in rows {
            let scalar = |plain| Scalar { text: text.to_owned(), plain, origin: Origin::File };
            assert_eq!(scalar_value(&scalar(true)), expected, "{text}");
            assert_eq!(scalar_value(&scalar(false)), json!(text));
        }
    }
}
