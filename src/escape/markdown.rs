//! GitHub-flavoured Markdown: untrusted text stays text, pings nobody and links nowhere.
//!
//! Backslashes and entities stop what the parser reads as syntax. Mentions, references and bare
//! addresses are found in the finished text, after both are resolved: only a character between
//! their parts stops those, here a zero-width space.

const GAP: char = '\u{200b}';

/// Untrusted text inside a paragraph, a list item, a heading or a table cell, on one line.
pub fn inline(text: &str) -> String {
    escape_line(&crate::escape::one_line(text))
}

/// The same with `<br>` for its line breaks.
pub fn lines(text: &str) -> String {
    let clean = crate::escape::visible(text);
    let lines: Vec<String> = clean.lines().map(inline).filter(|line| !line.is_empty()).collect();
    lines.join("<br>")
}

/// Untrusted text inside an HTML element that stands on a line of its own, such as `<summary>`:
/// there Markdown is not read, so that a backslash would show.
pub fn html(text: &str) -> String {
    escape(&crate::escape::one_line(text), Syntax::Html)
}

/// Untrusted text as a block of code in which nothing is read: its fence is longer than any in it.
pub fn code(language: &str, text: &str) -> String {
    let clean = crate::escape::visible(text);
    let mut longest = 0;
    let mut run = 0;
    for c in clean.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", clean.trim_end_matches('\n'))
}

/// What the surroundings read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Markdown,
    Html,
}

fn escape_line(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    // At the start of a block these would open a list, a heading or a rule.
    if let Some(first) = rest.chars().next().filter(|c| "+-=".contains(*c) || c.is_ascii_digit()) {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let after = digits.strip_prefix(['.', ')']);
        if !first.is_ascii_digit()
            || after.is_some_and(|after| after.is_empty() || after.starts_with(' '))
        {
            out.push_str(&format!("&#{};", u32::from(first)));
            rest = rest.split_at(first.len_utf8()).1;
        }
    }
    out.push_str(&escape(rest, Syntax::Markdown));
    out
}

fn escape(rest: &str, syntax: Syntax) -> String {
    let markdown = syntax == Syntax::Markdown;
    let mut out = String::with_capacity(rest.len() + rest.len() / 8);
    let mut previous = ' ';
    let mut characters = rest.chars();
    // How much of a word that could name a commit is still to come.
    let mut of_hash = 0usize;
    let mut at = rest;
    while let Some(c) = characters.next() {
        let next = characters.as_str();
        if !previous.is_alphanumeric() {
            of_hash = hash_length(at);
        }
        at = next;
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '$' => out.push_str("&#36;"),
            '"' if !markdown => out.push_str("&quot;"),
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '|' | '!' if markdown => {
                out.push('\\');
                out.push(c);
            }
            '#' => {
                out.push_str(if markdown { "\\#" } else { "#" });
                if next.starts_with(|c: char| c.is_alphanumeric()) {
                    out.push(GAP);
                }
            }
            '@' => out.extend(['@', GAP]),
            ':' if next.starts_with('/') => out.extend([':', GAP]),
            '.' if previous.eq_ignore_ascii_case(&'w')
                && next.starts_with(|c: char| !c.is_whitespace()) =>
            {
                out.extend([GAP, '.']);
            }
            '-' if previous.eq_ignore_ascii_case(&'h')
                && next.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                out.extend(['-', GAP]);
            }
            other => out.push(other),
        }
        if of_hash > 0 {
            of_hash -= 1;
            if of_hash > 0 && of_hash.is_multiple_of(LONGEST_WORD) {
                out.push(GAP);
            }
        }
        previous = c;
    }
    out
}

/// The longest word of hexadecimal digits that GitHub takes for no commit.
const LONGEST_WORD: usize = 6;

/// The length of the word at the start of a text that could name a commit; 0 where it is something
/// else. A plain number is left whole: ids are copied from reports.
fn hash_length(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
    let (word, behind) = text.split_at(end);
    let is_whole = !behind.starts_with(char::is_alphanumeric);
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && !is_number && word.len() > LONGEST_WORD { word.len() } else { 0 }
}

#[cfg(test)]
mod hash_tests {
    use super::*;

    #[test]
    fn no_word_names_a_commit() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        for text in [hash, "deadbee", "a_deadbeef.", "(DEADBEEF1)", &format!("a{hash}")] {
            for shown in [inline(text), html(text)] {
                let words = shown.split(|c: char| !c.is_ascii_alphanumeric());
                assert!(words.clone().all(|word| word.len() < 7), "{shown}");
                assert_eq!(shown.replace([GAP, '\\'], ""), text);
            }
        }
        for text in ["result 12345678", "feedbacks", "abcdef", "facade"] {
            assert_eq!(inline(text), text);
        }
    }
}

#[cfg(test)]
mod code_tests {
    use super::*;

    #[test]
    fn no_text_gets_out_of_its_block() {
        let block = code("diff", "+ ```\n+ # out\n+ `````\n");
        let lines: Vec<&str> = block.lines().collect();
        assert_eq!(lines.first(), Some(&"``````diff"));
        assert_eq!(lines.iter().filter(|line| line.starts_with("``````")).count(), 2);
        assert_eq!(code("", "a"), "```\na\n```\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::tests::hostile;

    #[test]
    fn syntax_becomes_text() {
        let table = [
            ("plain words, 3.5 of 5", "plain words, 3.5 of 5"),
            ("a | b", "a \\| b"),
            ("`code` **bold** _it_", "\\`code\\` \\*\\*bold\\*\\* \\_it\\_"),
            ("![x](http://evil)", "\\!\\[x\\](http:\u{200b}//evil)"),
            ("<img src=x>&lt;", "&lt;img src=x&gt;&amp;lt;"),
            ("ask @octocat in #12", "ask @\u{200b}octocat in \\#\u{200b}12"),
            ("www.evil.example", "www\u{200b}.evil.example"),
            ("1. one", "&#49;. one"),
            ("11.1% of 9", "11.1% of 9"),
            ("- item", "&#45; item"),
            ("---", "&#45;--"),
            ("# head", "\\# head"),
            ("$x$", "&#36;x&#36;"),
        ];
        for (text, escaped) in table {
            assert_eq!(inline(text), escaped, "{text:?}");
        }
        assert_eq!(html("a_b <i>\"@x\" *"), "a_b &lt;i&gt;&quot;@\u{200b}x&quot; *");
        assert_eq!(lines("one\n\n- two\r\nthree"), "one<br>&#45; two<br>three");
    }

    proptest! {
        #[test]
        fn html_text_opens_no_element_and_names_nobody(text in hostile()) {
            let out = html(&text);
            prop_assert!(!out.contains(['<', '>', '\n', '\r', '"']));
            prop_assert!(out.match_indices('@').all(|(at, _)| out[at + 1..].starts_with(GAP)));
            prop_assert!(!out.contains("://"));
        }

        #[test]
        fn nothing_is_active(text in hostile()) {
            for out in [inline(&text), lines(&text).replace("<br>", " ")] {
                prop_assert!(!out.contains(['<', '>', '\n', '\r']));
                let mut characters = out.chars().peekable();
                while let Some(c) = characters.next() {
                    match c {
                        // An escaped character: skipped with its backslash.
                        '\\' => prop_assert!(characters.next().is_some_and(|c| c.is_ascii_punctuation())),
                        '`' | '*' | '_' | '~' | '[' | ']' | '|' | '$' => prop_assert!(false, "{out}"),
                        '@' => prop_assert_eq!(characters.peek(), Some(&GAP)),
                        _ => {}
                    }
                }
                let lower = out.to_ascii_lowercase();
                prop_assert!(!lower.contains("://"), "{}", out);
                for (at, _) in lower.match_indices("www.") {
                    let next = lower[at + 4..].chars().next();
                    prop_assert!(next.is_none_or(char::is_whitespace), "{}", out);
                }
                prop_assert!(!out.starts_with(['-', '+', '=', '#', ' ']));
            }
        }
    }
}
