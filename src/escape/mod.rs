//! Text that callers and models wrote to text that is safe on one surface.
//!
//! Everything starts with [`visible`], which leaves nothing that hides, reorders or controls. What
//! a surface reads as its own syntax is then escaped by that surface's module; nothing here knows
//! what a report looks like.

pub mod ci;
pub mod json;
pub mod markdown;
pub mod terminal;
pub mod url;
pub mod xml;

use crate::hidden::{belongs, hides};

const ESCAPE: char = '\u{1b}';

/// The text without ANSI sequences, control characters, noncharacters, and what hides or reorders
/// text, but where writing needs it. Of the controls, tab and newline stay; every other line break
/// becomes a newline.
pub fn visible(text: &str) -> String {
    // Most text is plain, and looking at bytes is several times faster than at characters.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(needs_care) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = tail.chars();
        let special = characters.next();
        rest = characters.as_str();
        match special {
            Some(ESCAPE) => rest = after_escape(rest),
            Some('\u{9b}') => rest = after_csi(rest).unwrap_or(rest),
            Some('\r') if rest.starts_with('\n') => {}
            Some('\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}') => out.push('\n'),
            Some(c) if hides(c) && belongs(out.chars().next_back(), c, rest.chars().next()) => {
                out.push(c);
            }
            _ => {}
        }
    }
    out.push_str(rest);
    out
}

/// The visible text on one line: each run of white space becomes one space, none at the ends.
pub fn one_line(text: &str) -> String {
    // Most lines are plain and single already.
    let bytes = text.as_bytes();
    let plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let spaced = || bytes.windows(2).any(|pair| pair == b"  ");
    if plain && !text.starts_with(' ') && !text.ends_with(' ') && !spaced() {
        return text.to_owned();
    }
    let clean = visible(text);
    let mut line = String::with_capacity(clean.len());
    for word in clean.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The visible text on one line, cut to about `characters` characters.
pub fn short(text: &str, characters: usize) -> String {
    truncate(&one_line(text), characters)
}

/// The first `characters` characters, with a word on how many more there were. It does not cut
/// between a character and the marks that belong to it. Cut before escaping, never after.
pub fn truncate(text: &str, characters: usize) -> String {
    let Some((mut end, _)) = text.char_indices().nth(characters) else {
        return text.to_owned();
    };
    while let Some(before) = text.get(..end).and_then(|head| head.chars().next_back()) {
        let joins =
            |c: char| c == '\u{200d}' || unicode_width::UnicodeWidthChar::width(c) == Some(0);
        let next = text.get(end..).and_then(|tail| tail.chars().next());
        if before != '\u{200d}' && !next.is_some_and(joins) {
            break;
        }
        end -= before.len_utf8();
    }
    let (head, tail) = text.split_at(end);
    format!("{}… ({} more)", head.trim_end(), crate::text::count(tail.chars().count(), "character"))
}

fn needs_care(c: char) -> bool {
    match c {
        '\n' | '\t' | ' '..='~' => false,
        '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}' => true,
        other => other.is_control() || hides(other),
    }
}

/// What follows an ANSI sequence whose escape character has been read. A sequence that never ends
/// loses only its escape character, so that it can't swallow the text behind it.
fn after_escape(rest: &str) -> &str {
    let mut characters = rest.chars();
    match characters.next() {
        Some('[') => after_csi(characters.as_str()).unwrap_or(rest),
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let body = characters.as_str();
            let Some(at) = body.find(|c: char| c.is_control()) else { return rest };
            let end = body.split_at(at).1;
            end.strip_prefix(['\u{7}', '\u{9c}'])
                .or_else(|| end.strip_prefix("\u{1b}\\"))
                .unwrap_or(rest)
        }
        _ => {
            let tail = rest.trim_start_matches(|c: char| (' '..='/').contains(&c));
            tail.strip_prefix(|c: char| ('0'..='~').contains(&c)).unwrap_or(rest)
        }
    }
}

/// What follows the parameters and the final character of a control sequence; none if it is not one.
fn after_csi(rest: &str) -> Option<&str> {
    rest.trim_start_matches(|c: char| (' '..='?').contains(&c))
        .strip_prefix(|c: char| ('@'..='~').contains(&c))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces that hostile text is made of, and anything else between them.
    pub(crate) fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "::",
            "::error::",
            "##[",
            "##",
            "[",
            "##vso[",
            "##VSO[",
            "##teamcity[",
            "\n",
            "\r",
            "\r\n",
            " ",
            "\t",
            "%0A",
            "%",
            "@org/team",
            "@",
            "#12",
            "#",
            "|",
            "\\",
            "`",
            "```",
            "~~~",
            "*",
            "_",
            "<",
            ">",
            "<script>",
            "</details>",
            "&lt;",
            "&#60;",
            "&",
            "]",
            "(",
            ")",
            "![",
            "](http://evil)",
            "http://evil.example",
            "https://",
            "www.evil.example",
            "a@evil.example",
            "mailto:",
            "ftp://",
            "xmpp:",
            "\u{1b}",
            "\u{1b}[31m",
            "\u{1b}]8;;x\u{7}",
            "\u{9b}",
            "\0",
            "\u{202e}",
            "\u{2066}",
            "\u{200f}",
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{2028}",
            "\u{fffe}",
            "\u{ffff}",
            "]]>",
            "\"",
            "'",
            "- ",
            "1. ",
            "# ",
            "> ",
            "---",
            "===",
            "    ",
            "$",
            "$$",
            "EOF",
            "EOF\n",
            "=",
            "🏴",
            "\u{200d}",
            "e\u{301}",
            "GH-1",
            "[x]: http://evil",
            "[^1]",
            ":",
            "w",
            "ww.",
            "h",
            "ttp://evil",
            "v",
            "so[",
        ])
        .prop_map(str::to_owned);
        prop::collection::vec(prop_oneof![8 => pieces, 2 => any::<String>()], 0..12)
            .prop_map(|parts| parts.concat())
    }

    #[test]
    fn ansi_sequences_vanish_and_unfinished_ones_swallow_nothing() {
        let table = [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{7}", "link"),
            ("\u{1b}]0;title never ends", "]0;title never ends"),
            ("\u{1b}[12", "[12"),
            ("\u{9b}2Jgone", "gone"),
            ("\u{1b}(Bx", "x"),
            ("a\u{1b}", "a"),
            ("a\r\nb\rc\u{2028}d\u{85}e", "a\nb\nc\nd\ne"),
            ("nul\0 bell\u{7} del\u{7f}", "nul bell del"),
            ("evil\u{202e}txt.exe\u{2066}", "eviltxt.exe"),
        ];
        for (text, clean) in table {
            assert_eq!(visible(text), clean, "{text:?}");
        }
    }

    #[test]
    fn a_cut_says_how_much_is_missing_and_keeps_marks_with_their_letter() {
        assert_eq!(truncate("hello", 5), "hello");
        assert_eq!(truncate("hello world", 5), "hello… (6 characters more)");
        assert_eq!(truncate("ae\u{301}b", 2), "a… (3 characters more)");
        assert_eq!(truncate("a👩\u{200d}👩b", 2), "a… (4 characters more)");
        assert_eq!(truncate("\u{301}\u{301}\u{301}", 1), "… (3 characters more)");
    }

    proptest! {
        #[test]
        fn visible_text_hides_and_controls_nothing(text in hostile()) {
            let clean = visible(&text);
            prop_assert!(!clean.contains(|c: char| c != '\n' && c != '\t' && c.is_control()));
            let characters: Vec<char> = clean.chars().collect();
            for (at, c) in characters.iter().enumerate().filter(|(_, c)| hides(**c)) {
                let before = at.checked_sub(1).map(|at| characters[at]);
                prop_assert!(belongs(before, *c, characters.get(at + 1).copied()), "{:?}", c);
            }
            let breaks = ['\u{fffe}', '\u{ffff}', '\u{2028}', '\u{2029}'];
            prop_assert!(!clean.contains(breaks));
            prop_assert_eq!(visible(&clean), clean);
        }

        #[test]
        fn one_line_is_one_line(text in hostile()) {
            let line = one_line(&text);
            prop_assert!(!line.contains(['\n', '\r', '\t']));
            prop_assert_eq!(line.trim(), line.as_str());
        }

        #[test]
        fn a_cut_text_is_short(text in hostile(), most in 0usize..20) {
            prop_assert!(truncate(&text, most).chars().count() <= most + 40);
        }
    }
}
