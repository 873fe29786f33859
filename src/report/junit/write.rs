//! Text to what `quick-junit` takes, and its document to the file.
//!
//! Foreign text becomes visible text here and nowhere else. What `quick-junit` writes and Jenkins'
//! xUnit plugin or the Windy Road schema refuses is taken out of its output.

use std::time::Duration;

use quick_junit::{Report, XmlString};

use crate::escape::{one_line, visible};
use crate::text;

/// Foreign text as the value of an attribute: one line.
pub(super) fn value(text: &str) -> XmlString {
    one_line(text).into()
}

/// Foreign text as the content of an element, of at most about `bytes` bytes when it is escaped, with
/// a word on how much is missing. Line breaks stay.
pub(super) fn content(text: &str, bytes: usize) -> XmlString {
    // `quick-junit` takes tabs away, and glues the words.
    let clean = visible(text).replace('\t', " ");
    let mut room = bytes;
    let cut = clean.char_indices().find(|(_, c)| match room.checked_sub(size(*c)) {
        Some(rest) => {
            room = rest;
            false
        }
        None => true,
    });
    let Some((end, _)) = cut else { return clean.into() };
    let (kept, left) = clean.split_at(end);
    format!("{kept}… ({} more)", text::count(left.chars().count(), "character")).into()
}

/// How many bytes a text takes when it is escaped.
pub(super) fn escaped(text: &str) -> usize {
    text.chars().map(size).sum()
}

/// How many bytes a character takes when it is escaped.
const fn size(c: char) -> usize {
    match c {
        '<' | '>' => 4,
        '&' => 5,
        '"' | '\'' => 6,
        '\u{fffd}' => REPLACEMENT.len(),
        other => other.len_utf8(),
    }
}

/// A span of time; what makes no sense is none.
pub(super) fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.clamp(0.0, 1e9)).unwrap_or_default()
}

/// The replacement character as a reference: there are readers that take a file which holds it for
/// one of another encoding.
const REPLACEMENT: &str = "&#xFFFD;";

/// The document as text. Its root is bare: its counts are the sums of the suites' own, Jenkins' xUnit
/// plugin refuses some of them and the Windy Road schema all.
pub(super) fn file(report: &Report) -> String {
    const ROOT: &str = "<testsuites";
    // Writing to a string cannot fail.
    let mut text = report.to_string().unwrap_or_default();
    // The values are escaped: the first `>` ends the element.
    if let Some(start) = text.find(ROOT).map(|at| at + ROOT.len())
        && let Some(length) = text.get(start..).and_then(|rest| rest.find('>'))
    {
        text.replace_range(start..start + length, "");
    }
    if text.contains('\u{fffd}') { text.replace('\u{fffd}', REPLACEMENT) } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

    use super::*;
    use crate::escape::tests::hostile;

    /// A file with this text at every place that foreign text has.
    fn file_of(text: &str) -> String {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(value(text)).set_description(content(text, usize::MAX));
        let mut suite = TestSuite::new(value(text));
        suite.add_test_case(TestCase::new(value(text), status));
        suite.set_system_out(content(text, usize::MAX));
        let mut report = Report::new(value(text));
        report.add_test_suite(suite);
        file(&report)
    }

    #[test]
    fn the_root_is_bare_and_the_replacement_character_a_reference() {
        let file = file_of("a \u{fffd} > b");
        let lines: Vec<&str> = file.lines().take(2).collect();
        assert_eq!(lines, ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites>"]);
        assert!(file.contains("name=\"a &#xFFFD; &gt; b\""), "{file}");
        assert!(!file.contains('\u{fffd}'));
    }

    #[test]
    fn a_cut_text_says_what_is_missing() {
        assert_eq!(content("&&&&", 10).as_str(), "&&… (2 characters more)");
        assert_eq!(content("a\u{1b}[31mb\u{200b}\n\tc", 99).as_str(), "ab\n c");
        assert_eq!(value(" two\nlines\u{b}\t'x'").as_str(), "two lines 'x'");
    }

    #[test]
    fn a_span_that_makes_no_sense_is_none() {
        for seconds in [f64::NAN, f64::NEG_INFINITY, -1.0] {
            assert_eq!(span(seconds), Duration::ZERO, "{seconds}");
        }
        assert_eq!(span(f64::INFINITY), Duration::from_secs(1_000_000_000));
    }

    proptest! {
        #[test]
        fn no_text_is_markup_or_illegal(untrusted in hostile()) {
            let file = file_of(&untrusted);
            let legal = |c: char| !matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffd}'..='\u{ffff}');
            prop_assert!(file.chars().all(legal));
            let plain = file_of("x");
            prop_assert_eq!(file.matches('<').count(), plain.matches('<').count());
            prop_assert_eq!(file.matches('>').count(), plain.matches('>').count());
            prop_assert_eq!(file.matches('"').count(), plain.matches('"').count());
        }

        #[test]
        fn a_cut_text_is_short(untrusted in hostile(), bytes in 1_usize..80) {
            prop_assert!(escaped(&content(&untrusted, bytes)) <= bytes + 40);
        }
    }
}
