//! Terminals and job logs: nothing moves the cursor, nothing is read as a command of the CI system.
//!
//! GitHub reads `::command::` after leading white space and `##[command]` anywhere in a line,
//! Azure `##vso[…]` anywhere, TeamCity `##teamcity[…]`, Buildkite `--- title` and its like at the
//! start of a line. GitLab's sections and Jenkins' notes need an escape character, which `visible`
//! has removed.

use unicode_width::UnicodeWidthChar;

/// Untrusted text as one line of a log.
pub fn log_line(text: &str) -> String {
    neutral(&super::one_line(text))
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
    let hidden = |c: char| c.is_whitespace() || c.width() == Some(0);
    let start = line.trim_start_matches(hidden);
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

/// The first sign of a line that opens a group in Buildkite's log, and what follows it.
fn buildkite_header(line: &str) -> Option<(&str, &str)> {
    let sign = ["---", "+++", "~~~", "^^^"].into_iter().find(|sign| line.starts_with(sign))?;
    let after = line.split_at(sign.len()).1;
    after.starts_with(char::is_whitespace).then(|| line.split_at(1))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::super::tests::hostile;
    use super::*;

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

    proptest! {
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
