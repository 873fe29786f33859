//! Half surrogate pairs: text that other languages write into JSON and that no text can hold.
//!
//! JavaScript and Python cut texts in the middle of an emoji and write `"\ud83d"`. One such text in
//! one transcript would make a whole document unreadable; it becomes a replacement character.

const REPLACEMENT: &[u8] = br"\ufffd";

/// The document with each half surrogate pair replaced; none where it holds none.
pub(super) fn without_lone_surrogates(body: &[u8]) -> Option<Vec<u8>> {
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
            let _ = without_lone_surrogates(&body);
        }
    }
}
