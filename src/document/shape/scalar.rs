//! A scalar against the schemas that could take it.

use serde_json::{Number, Value};

use super::super::node::{Fault, Origin, Scalar, Span};
use super::super::shown;
use super::{Formats, Subject, choose, found, free};
use crate::text;

/// A fault of the scalar, before its place is put in.
pub(super) struct Refusal {
    message: String,
    help: Option<String>,
}

impl Refusal {
    fn new(message: String) -> Self {
        Self { message, help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn at(self, span: Span) -> Fault {
        let fault = Fault::new(span, self.message);
        match self.help {
            Some(help) => fault.help(help),
            None => fault,
        }
    }
}

/// The JSON value of a scalar by the first schema that takes it, or what the last one says.
pub(super) fn value(
    schemas: &[&Value],
    formats: Formats,
    scalar: &Scalar,
    subject: &Subject<'_>,
) -> Result<Value, Refusal> {
    let words: Vec<&str> = schemas.iter().flat_map(|schema| words(schema)).collect();
    if words.contains(&scalar.text.as_str()) && !scalar.is_never_text() {
        return Ok(Value::String(scalar.text.clone()));
    }
    let mut typed: Vec<(&str, &Value)> = schemas
        .iter()
        .filter(|schema| schema.get("const").is_none() && schema.get("enum").is_none())
        .flat_map(|schema| choose::types(schema).into_iter().map(|name| (name, *schema)))
        .collect();
    // Text takes any scalar: it comes last.
    typed.sort_by_key(|(name, _)| *name == "string");
    let mut refusal = None;
    for (name, schema) in typed {
        let tried = match name {
            "boolean" => boolean(scalar, subject),
            "integer" => integer(schema, scalar, subject),
            "number" => number(schema, scalar, subject),
            "string" => string(schema, formats, scalar, subject),
            _ => continue,
        };
        match tried {
            Ok(value) => return Ok(value),
            Err(error) => refusal = Some(error),
        }
    }
    Err(refusal.unwrap_or_else(|| unknown_word(&words, scalar, subject)))
}

fn words(schema: &Value) -> Vec<&str> {
    let one = schema.get("const").and_then(Value::as_str);
    let many = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    one.into_iter().chain(many.filter_map(Value::as_str)).collect()
}

fn unknown_word(words: &[&str], scalar: &Scalar, subject: &Subject<'_>) -> Refusal {
    let quoted: Vec<String> = words.iter().map(|word| shown(word)).collect();
    const MOST: usize = 16;
    let all = match quoted.as_slice() {
        [only] => format!("write {only}"),
        [first, .., last] if quoted.len() > MOST => {
            format!("there are {} values, from {first} to {last}", quoted.len())
        }
        _ => format!("the values are {}", text::list(&quoted)),
    };
    let near = match scalar.origin {
        Origin::Environment { .. } => None,
        _ => text::nearest(&scalar.text, words.iter().copied()),
    };
    Refusal::new(format!("{} cannot be {}", subject.name(), found(scalar))).help(match near {
        Some(near) => format!("did you mean {}? {all}", shown(near)),
        None => all,
    })
}

/// A scalar of the wrong type. What a variable holds is not shown.
fn not(scalar: &Scalar, subject: &Subject<'_>, noun: &str) -> Refusal {
    match scalar.origin {
        Origin::Environment { .. } if scalar.text.contains(['\n', '\r']) => {
            Refusal::new(format!("{} is not {noun}: it contains a line break", found(scalar)))
                .help("remove the line break from the variable's value")
        }
        Origin::Environment { .. } => Refusal::new(format!("{} is not {noun}", found(scalar))),
        _ => Refusal::new(format!("{} must be {noun}, not {}", subject.name(), found(scalar))),
    }
}

fn boolean(scalar: &Scalar, subject: &Subject<'_>) -> Result<Value, Refusal> {
    match scalar.text.as_str() {
        "true" if scalar.is_bare() => return Ok(Value::Bool(true)),
        "false" if scalar.is_bare() => return Ok(Value::Bool(false)),
        _ => {}
    }
    let refusal = not(scalar, subject, "`true` or `false`");
    Err(match scalar.text.to_ascii_lowercase().as_str() {
        _ if !scalar.is_literal() => refusal,
        "true" | "yes" | "on" | "y" => refusal.help("write `true`, without quotes"),
        "false" | "no" | "off" | "n" => refusal.help("write `false`, without quotes"),
        _ => refusal,
    })
}

fn integer(schema: &Value, scalar: &Scalar, subject: &Subject<'_>) -> Result<Value, Refusal> {
    const NOUN: &str = "a whole number";
    let unsigned = scalar.text.strip_prefix(['+', '-']).unwrap_or(&scalar.text);
    let digits = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit());
    // To YAML 1.1 a leading zero means octal, to 1.2 it means nothing: refused, not guessed.
    let padded = digits && unsigned.len() > 1 && unsigned.starts_with('0');
    if !digits || padded || !scalar.is_bare() {
        let refusal = not(scalar, subject, NOUN);
        return Err(if !scalar.is_literal() {
            refusal
        } else if padded && scalar.plain {
            let bare = unsigned.trim_start_matches('0');
            let bare = if bare.is_empty() { "0" } else { bare };
            refusal.help(format!("a number does not begin with 0: write {}", shown(bare)))
        } else if digits && !scalar.plain {
            refusal.help("remove the quotes")
        } else if unsigned.contains('_') || unsigned.contains(',') {
            refusal.help("write the digits alone")
        } else {
            refusal
        });
    }
    let (least, most) = integer_range(schema);
    let value = scalar.text.parse::<i128>().ok().filter(|value| (least..=most).contains(value));
    let number = value.and_then(|value| {
        let number = i64::try_from(value).map(Number::from);
        number.or_else(|_| u64::try_from(value).map(Number::from)).ok()
    });
    number.map(Value::Number).ok_or_else(|| {
        let has = |name| schema.get(name).is_some();
        let is_small = scalar.text.parse::<i128>().is_ok_and(|value| value < least);
        // The limit that only the type's size gives is named where it is the one that is broken.
        let range = match (has("minimum"), has("maximum")) {
            (_, false) if is_small => format!("at least {least}"),
            _ if least == most => least.to_string(),
            (true, _) => format!("from {least} to {most}"),
            (false, _) => format!("at most {most}"),
        };
        let refusal = not(scalar, subject, &range);
        if least == most { refusal.help(format!("write `{least}`")) } else { refusal }
    })
}

/// The range that a schema gives a whole number, and that its type can hold.
fn integer_range(schema: &Value) -> (i128, i128) {
    let (type_least, type_most) = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => (0, i128::from(u8::MAX)),
        Some("uint16") => (0, i128::from(u16::MAX)),
        Some("uint32") => (0, i128::from(u32::MAX)),
        Some("uint64" | "uint") => (0, i128::from(u64::MAX)),
        Some("int8") => (i128::from(i8::MIN), i128::from(i8::MAX)),
        Some("int16") => (i128::from(i16::MIN), i128::from(i16::MAX)),
        Some("int32") => (i128::from(i32::MIN), i128::from(i32::MAX)),
        _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
    };
    let limit = |name| {
        let value = schema.get(name)?;
        value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
    };
    (
        limit("minimum").map_or(type_least, |least| least.max(type_least)),
        limit("maximum").map_or(type_most, |most| most.min(type_most)),
    )
}

fn number(schema: &Value, scalar: &Scalar, subject: &Subject<'_>) -> Result<Value, Refusal> {
    let parsed = free::decimal(&scalar.text);
    let Some(value) = parsed.filter(|_| scalar.is_bare()) else {
        let refusal = not(scalar, subject, "a number");
        let quoted = parsed.is_some() && scalar.is_literal();
        return Err(if quoted { refusal.help("remove the quotes") } else { refusal });
    };
    let limit = |name| schema.get(name).and_then(Value::as_f64);
    let (least, most) = (limit("minimum"), limit("maximum"));
    let above = limit("exclusiveMinimum");
    if least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most) {
        return Err(not(scalar, subject, &in_words(least, most)));
    }
    if let Some(above) = above.filter(|above| value <= *above) {
        return Err(not(scalar, subject, &format!("more than {above}")));
    }
    Number::from_f64(value).map(Value::Number).ok_or_else(|| not(scalar, subject, "a number"))
}

/// A range as a message has it.
fn in_words(least: Option<f64>, most: Option<f64>) -> String {
    let shown = |value: f64| text::trim_number(value, 6);
    match (least, most) {
        (Some(least), Some(most)) if least == most => shown(least),
        (Some(least), Some(most)) => format!("from {} to {}", shown(least), shown(most)),
        (Some(least), None) => format!("at least {}", shown(least)),
        (None, Some(most)) => format!("at most {}", shown(most)),
        (None, None) => "a number".to_owned(),
    }
}

fn string(
    schema: &Value,
    formats: Formats,
    scalar: &Scalar,
    subject: &Subject<'_>,
) -> Result<Value, Refusal> {
    if scalar.is_never_text() {
        return Err(not(scalar, subject, "text").help("put it in double quotes"));
    }
    let limit = |name| schema.get(name).and_then(Value::as_u64);
    // Blanks alone say as little as nothing.
    let is_blank = limit("minLength").is_some() && scalar.text.trim().is_empty();
    let length = if is_blank { 0 } else { scalar.text.chars().count() as u64 };
    if let Some(least) = limit("minLength").filter(|least| length < *least) {
        let from_environment = matches!(scalar.origin, Origin::Environment { .. });
        return Err(match (length, from_environment) {
            (0, true) => Refusal::new(format!("{} is empty", found(scalar))),
            (0, false) => Refusal::new(format!("{} is empty", subject.name()))
                .help("give it a value or leave it out"),
            _ => Refusal::new(format!("{} needs at least {least} characters", subject.name())),
        });
    }
    if let Some(most) = limit("maxLength").filter(|most| length > *most) {
        return Err(Refusal::new(format!(
            "{} is {length} characters long: {most} are allowed",
            subject.name()
        )));
    }
    let format = schema.get("format").and_then(Value::as_str);
    if let Some(parser) = format.and_then(formats)
        && let Err(error) = parser(&scalar.text)
    {
        return Err(match scalar.origin {
            // The parser's words repeat the value.
            Origin::Environment { .. } => not(scalar, subject, choose::noun(schema)),
            _ => Refusal { message: error.message, help: error.help },
        });
    }
    Ok(Value::String(scalar.text.clone()))
}
