//! XML 1.0 text and attributes.
//!
//! Characters that XML forbids even as references make readers refuse the whole file: `visible`
//! has already removed them. The replacement character is written as a reference: there are readers
//! that take a file which holds it for one of another encoding.

use std::fmt::Write as _;

const SPECIAL: [char; 4] = ['&', '<', '>', '\u{fffd}'];

/// Untrusted text as the content of an element, of at most about `bytes` bytes when escaped, with a
/// word on how much is missing. Line breaks stay.
pub fn text_within(text: &str, bytes: usize) -> String {
    let clean = super::visible(text);
    let mut out = String::with_capacity(clean.len().min(bytes));
    let mut rest = clean.as_str();
    while !rest.is_empty() && out.len() < bytes {
        let plain = rest.find(SPECIAL).unwrap_or(rest.len());
        let (plain, tail) = rest.split_at(plain.min(rest.floor_char_boundary(bytes - out.len())));
        out.push_str(plain);
        let mut characters = tail.chars();
        match characters.next() {
            // The next character is cut off, or the room ends within it.
            Some(c) if !SPECIAL.contains(&c) => {
                rest = tail;
                break;
            }
            Some(c) => push_text(&mut out, c),
            None => {}
        }
        rest = characters.as_str();
    }
    let left = rest.chars().count();
    if left > 0 {
        // Writing to a string can't fail.
        let _ = write!(out, "… ({} more)", crate::text::count(left, "character"));
    }
    out
}

/// Untrusted text as the value of an attribute, on one line.
pub fn attribute(text: &str) -> String {
    let clean = super::one_line(text);
    if !clean.contains(['"', '\'', '&', '<', '>', '\u{fffd}']) {
        return clean;
    }
    let mut out = String::with_capacity(clean.len());
    for c in clean.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => push_text(&mut out, other),
        }
    }
    out
}

fn push_text(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\u{fffd}' => out.push_str("&#xFFFD;"),
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::hostile;
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(text_within("a < b && \"c\" ]]>\0", 999), "a &lt; b &amp;&amp; \"c\" ]]&gt;");
        assert_eq!(attribute("half\u{fffd}"), "half&#xFFFD;");
        assert_eq!(text_within("half\u{fffd}", 99), "half&#xFFFD;");
        assert_eq!(attribute("two\nlines\u{b}\t'x'"), "two lines &apos;x&apos;");
        assert_eq!(text_within("&&&&", 10), "&amp;&amp;… (2 characters more)");
    }

    proptest! {
        #[test]
        fn nothing_is_markup_or_illegal(untrusted in hostile()) {
            for out in [text_within(&untrusted, usize::MAX), attribute(&untrusted)] {
                prop_assert!(!out.contains(['<', '>']));
                let legal = |c: char| !matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
                prop_assert!(out.chars().all(legal));
                for (at, _) in out.match_indices('&') {
                    let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#xFFFD;"];
                    prop_assert!(entities.iter().any(|entity| out[at..].starts_with(entity)));
                }
            }
        }

        #[test]
        fn an_attribute_ends_nowhere(untrusted in hostile()) {
            prop_assert!(!attribute(&untrusted).contains(['"', '\'', '\n', '\t']));
        }

        #[test]
        fn cut_text_is_short(untrusted in hostile(), bytes in 1usize..80) {
            prop_assert!(text_within(&untrusted, bytes).len() <= bytes + 50);
        }
    }
}
