//! Terminals and job logs: nothing moves the cursor, nothing is read as a command of the CI system.
//!
//! GitHub reads `::command::` after leading white space and `##[command]` anywhere in a line,
//! Azure `##vso[…]` anywhere, TeamCity `##teamcity[…]`, Buildkite `--- title` and its like at the
//! start of a line. GitLab's sections and Jenkins' notes need an escape character, which `visible`
//! has removed.

use unicode_width::UnicodeWidthChar;

use crate::hidden::{belongs, hides};

/// Untrusted text as one line of a log.
pub fn log_line(text: &str) -> String {
    neutral(&crate::escape::one_line(text))
}

/// The last thing that happens to a text before it is printed, whatever it is made of: what controls
/// the terminal, hides or reorders text is shown as an escape, and nothing is read as a command.
/// `styled`: colours of our own are let through.
pub fn printed(text: &str, styled: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(needs_care) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = tail.chars();
        let Some(c) = characters.next() else { break };
        rest = characters.as_str();
        let style = (styled && c == '\u{1b}').then(|| style_of(rest)).flatten();
        if let Some(length) = style {
            out.push(c);
            out.push_str(rest.get(..length).unwrap_or_default());
            rest = rest.get(length..).unwrap_or_default();
        } else if hides(c) && belongs(out.chars().next_back(), c, rest.chars().next()) {
            out.push(c);
        } else if !(c == '\r' && rest.starts_with('\n')) {
            out.extend(c.escape_default());
        }
    }
    out.push_str(rest);
    neutral(&out)
}

fn needs_care(c: char) -> bool {
    match c {
        '\n' | '\t' | ' '..='~' => false,
        '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control() || hides(other),
    }
}

/// The length of the colour that a text begins with, behind its escape character; none where it is
/// something else, or would hide the text behind it.
fn style_of(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    let (codes, rest) = inner.split_at(end);
    let harmless = |code: &str| {
        matches!(code.parse::<u8>(), Ok(0..=4 | 22..=24 | 30..=37 | 39 | 90..=97))
            || code.is_empty()
    };
    (rest.starts_with('m') && codes.split(';').all(harmless)).then_some(end + 2)
}

/// The text with every workflow command in it broken by a space. It may hold several lines and
/// styling of our own; call it on what is written in the end, since joining and wrapping can bring
/// a command to the start of a line.
pub fn neutral(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        neutral_line(line, &mut out);
    }
    out
}

fn neutral_line(line: &str, out: &mut String) {
    let start = without_lead(line);
    let mut rest = line;
    if let Some(command) = start.strip_prefix("::") {
        let indent = line.len() - start.len();
        out.push_str(line.split_at(indent).0);
        out.push_str(": :");
        rest = command;
    } else if let Some(header) = buildkite_header(start) {
        let indent = line.len() - start.len();
        out.push_str(line.split_at(indent).0);
        let (sign, command) = header;
        out.push_str(sign);
        out.push(' ');
        rest = command;
    }
    while let Some(at) = rest.find("##") {
        let (head, tail) = rest.split_at(at + 1);
        out.push_str(head);
        rest = tail;
        let word = tail.strip_prefix('#').unwrap_or_default();
        if word.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with('[') {
            out.push_str("# ");
            rest = word;
        }
    }
    out.push_str(rest);
}

/// The line without what shows nothing at its start: white space, colours.
fn without_lead(line: &str) -> &str {
    let hidden = |c: char| c != '\u{1b}' && (c.is_whitespace() || c.width() == Some(0));
    let mut start = line.trim_start_matches(hidden);
    while let Some(behind) = start.strip_prefix('\u{1b}') {
        let behind = style_of(behind).and_then(|length| behind.get(length..)).unwrap_or(behind);
        start = behind.trim_start_matches(hidden);
    }
    start
}

/// The first sign of a line that opens a group in Buildkite's log, and what follows it.
fn buildkite_header(line: &str) -> Option<(&str, &str)> {
    let sign = ["---", "+++", "~~~", "^^^"].into_iter().find(|sign| line.starts_with(sign))?;
    let after = line.split_at(sign.len()).1;
    after.starts_with(char::is_whitespace).then(|| line.split_at(1))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::tests::hostile;

    /// What a CI system would take for a command, told independently of the code above.
    pub(crate) fn holds_a_command(text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        let headers = ["--- ", "+++ ", "~~~ ", "^^^ "];
        lower.lines().map(str::trim_start).any(|line| {
            line.starts_with("::") || headers.iter().any(|header| line.starts_with(header))
        }) || ["##[", "##vso[", "##teamcity["].iter().any(|mark| lower.contains(mark))
    }

    #[test]
    fn commands_are_broken_by_a_space() {
        let table = [
            ("::error::gone", ": :error::gone"),
            ("  \u{200b}::set-output name=a::b", ": :set-output name=a::b"),
            ("see a::b", "see a::b"),
            ("###[error]x ##vso[task.complete]", "### [error]x ## vso[task.complete]"),
            ("## heading", "## heading"),
            ("--- forged group", "- -- forged group"),
            ("  +++ forged", "+ ++ forged"),
            ("^^^ +++", "^ ^^ +++"),
            ("----- rule", "----- rule"),
        ];
        for (text, safe) in table {
            assert_eq!(log_line(text).trim_start_matches('\u{200b}'), safe, "{text:?}");
        }
    }

    #[test]
    fn only_our_own_colours_are_printed() {
        let table = [
            ("\u{1b}[1;31merror\u{1b}[0m: x", true, "\u{1b}[1;31merror\u{1b}[0m: x"),
            ("\u{1b}[1;31merror", false, "\\u{1b}[1;31merror"),
            ("\u{1b}[8mhidden", true, "\\u{1b}[8mhidden"),
            ("\u{1b}[2Jgone", true, "\\u{1b}[2Jgone"),
            ("\u{1b}[31m::error::x", true, "\u{1b}[31m: :error::x"),
            ("a\u{202e}b\r\nc\rd", true, "a\\u{202e}b\nc\\rd"),
            ("✔\u{fe0f} 4\u{fe0f}2", true, "✔\u{fe0f} 4\\u{fe0f}2"),
        ];
        for (text, styled, shown) in table {
            assert_eq!(printed(text, styled), shown, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_controls_nothing(text in hostile()) {
            for styled in [false, true] {
                let shown = printed(&text, styled);
                prop_assert!(!holds_a_command(&shown), "{:?}", shown);
                prop_assert!(styled || !shown.contains(|c: char| c.is_control() && !"\n\t".contains(c)));
                prop_assert_eq!(printed(&shown, styled), shown);
            }
        }

        #[test]
        fn no_line_is_read_as_a_command(text in hostile()) {
            prop_assert!(!holds_a_command(&log_line(&text)));
            prop_assert!(!holds_a_command(&neutral(&text.replace('\r', "\n"))));
        }

        #[test]
        fn a_safe_line_stays_as_it_is(text in hostile()) {
            let safe = log_line(&text);
            prop_assert_eq!(neutral(&safe), safe);
        }
    }
}
