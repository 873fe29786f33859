//! XML 1.0 text and attributes.
//!
//! Characters that XML forbids even as references make readers refuse the whole file: `visible`
//! has already removed them. The replacement character is written as a reference: there are readers
//! that take a file which holds it for one of another encoding.

/// Untrusted text as the content of an element. Line breaks stay.
pub fn text(text: &str) -> String {
    let clean = crate::escape::visible(text);
    if !clean.contains(['&', '<', '>', '\u{fffd}']) {
        return clean;
    }
    let mut out = String::with_capacity(clean.len() + clean.len() / 8);
    clean.chars().for_each(|c| push_text(&mut out, c));
    out
}

/// Untrusted text as the value of an attribute, on one line.
pub fn attribute(text: &str) -> String {
    let clean = crate::escape::one_line(text);
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

    use super::*;
    use crate::escape::tests::hostile;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(text("a < b && \"c\" ]]>\0"), "a &lt; b &amp;&amp; \"c\" ]]&gt;");
        assert_eq!(attribute("half\u{fffd}"), "half&#xFFFD;");
        assert_eq!(text("half\u{fffd}"), "half&#xFFFD;");
        assert_eq!(attribute("two\nlines\u{b}\t'x'"), "two lines &apos;x&apos;");
    }

    proptest! {
        #[test]
        fn nothing_is_markup_or_illegal(untrusted in hostile()) {
            for out in [text(&untrusted), attribute(&untrusted)] {
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
    }
}
