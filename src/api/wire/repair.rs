//! Values that other languages write into JSON and that JSON cannot hold.
//!
//! JavaScript and Python cut texts in the middle of an emoji and write `"\ud83d"`; a text may hold a
//! byte that is not UTF-8. Each becomes a replacement character. Python writes `NaN` and `Infinity`
//! for numbers, and some number is larger than any that can be counted with: each becomes the text
//! of what stood there, which no reader takes for a number. One of them would else make a whole
//! document unreadable. The structure stays as it is: what is wrong with it stays wrong.

const REPLACEMENT: &[u8] = br"\ufffd";

/// The document with each of these values replaced; none where it holds none.
pub(super) fn repaired(body: &[u8]) -> Option<Vec<u8>> {
    let values = readable_values(body);
    without_lone_surrogates(values.as_deref().unwrap_or(body)).or(values)
}

/// The document with numbers that are none as text, and texts without what is not UTF-8; none where
/// nothing was changed.
fn readable_values(body: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = Vec::with_capacity(body.len());
    let mut changed = false;
    let mut rest = body;
    while let Some(first) = rest.first() {
        let len = match first {
            b'"' => text_len(rest),
            byte if is_of_word(byte) => word_len(rest),
            _ => 1,
        };
        let (token, after) = rest.split_at(len.min(rest.len()));
        let is_key = || after.trim_ascii_start().first() == Some(&b':');
        match (first, std::str::from_utf8(token)) {
            (b'"', Err(_)) => {
                changed = true;
                repaired.extend_from_slice(String::from_utf8_lossy(token).as_bytes());
            }
            (_, Ok(word)) if is_no_number(word) && !is_key() => {
                changed = true;
                repaired.push(b'"');
                repaired.extend_from_slice(token);
                repaired.push(b'"');
            }
            _ => repaired.extend_from_slice(token),
        }
        rest = after;
    }
    changed.then_some(repaired)
}

/// How long the text is that starts here, its quotes included.
fn text_len(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(next) = rest.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += next;
        if rest.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    rest.len()
}

/// How long the number or word is that starts here.
fn word_len(rest: &[u8]) -> usize {
    rest.iter().position(|byte| !is_of_word(byte)).unwrap_or(rest.len())
}

const fn is_of_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// Whether a word stands for a number that JSON or a computer cannot hold.
fn is_no_number(word: &str) -> bool {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    if ["NaN", "Infinity"].contains(&unsigned) {
        return true;
    }
    is_json_number(unsigned) && word.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// Whether a word is a number as JSON writes it, but for its sign.
fn is_json_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

/// The document with each half surrogate pair replaced; none where it holds none.
fn without_lone_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = Vec::with_capacity(body.len());
    let mut found = false;
    let mut rest = body;
    // A backslash stands nowhere in JSON but in a text, before the letter that it belongs to.
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = rest.split_at(at);
        repaired.extend_from_slice(before);
        let len = match unit(escape) {
            Some(0xD800..=0xDBFF) => match escape.get(6..).and_then(unit) {
                Some(0xDC00..=0xDFFF) => 12,
                _ => 0,
            },
            Some(0xDC00..=0xDFFF) => 0,
            Some(_) => 6,
            None => 2,
        };
        if len == 0 {
            found = true;
            repaired.extend_from_slice(REPLACEMENT);
        }
        let taken = if len == 0 { 6 } else { len }.min(escape.len());
        let (escape, after) = escape.split_at(taken);
        if len > 0 {
            repaired.extend_from_slice(escape);
        }
        rest = after;
    }
    repaired.extend_from_slice(rest);
    found.then_some(repaired)
}

/// The UTF-16 unit of an escape such as `\ud83d`.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(br"\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_half_pairs_are_replaced() {
        for (text, expected) in [
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\ude00\ud83d""#, Some(r#""\ufffd\ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\\ud83d""#, None),
            (r#""\\\ud83d\n""#, Some(r#""\\\ufffd\n""#)),
            (r#""\ud83"#, None),
            (r#""\"#, None),
            ("[1]", None),
        ] {
            let repaired = without_lone_surrogates(text.as_bytes());
            let repaired = repaired.map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(repaired.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_values_that_json_cannot_hold_are_replaced() {
        for (text, expected) in [
            ("[NaN, -Infinity,1e400]", Some(r#"["NaN", "-Infinity","1e400"]"#)),
            (r#"{"a": NaN}"#, Some(r#"{"a": "NaN"}"#)),
            (r#"{NaN: 1}"#, None),
            (r#"{"NaN": "1e400 \" NaN", "b": 1e300}"#, None),
            ("[01e400, Nan, NaNs, 1e4e400, .5e999, 5.e999, null, Infinit]", None),
            ("\"", None),
        ] {
            let repaired = repaired(text.as_bytes());
            let repaired = repaired.map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(repaired.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_replaced_within_a_text_only() {
        let replaced = Some("[\"a\u{fffd}b\", 1]".as_bytes().to_vec());
        assert_eq!(repaired(b"[\"a\xffb\", 1]"), replaced);
        assert_eq!(repaired(b"[1, \xff]"), None);
    }

    proptest! {
        #[test]
        fn any_sequence_of_units_becomes_a_text(units in prop::collection::vec(any::<u16>(), 0..20)) {
            let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let text = format!("\"{escapes}\"");
            let body = text.as_bytes();
            let repaired = without_lone_surrogates(body).unwrap_or(body.to_vec());
            let read: String = serde_json::from_slice(&repaired).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }

        #[test]
        fn any_bytes_are_taken(body in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = repaired(&body);
        }
    }
}
