//! JSON text to the same tree that YAML becomes.
//!
//! Every JSON text is nearly YAML, but not quite: tabs, surrogate pairs and long keys differ, and
//! YAML takes much that no JSON reader takes. So `serde_json` says whether the text is JSON, and
//! what is here only finds the places of its parts.

use std::collections::HashMap;

use serde_json::Value;

use super::node::{Fault, Kind, Node, Origin, Scalar, Span};
use super::{MAX_BYTES, shown, yaml};

/// Parses a text. Faults that do not stop the reading are added to `faults`; nothing is returned
/// when the text is no JSON.
pub(super) fn parse(text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let message = format!("the text is longer than {} KiB", MAX_BYTES / 1024);
        faults.push(Fault::new(Span::default(), message).help("is this the right file?"));
        return None;
    }
    if let Err(error) = serde_json::from_str::<Value>(text) {
        faults.push(syntax(text, &error));
        return None;
    }
    Some(Reader { text, at: 0, faults }.value())
}

/// The parser's error as a fault at its place.
fn syntax(text: &str, error: &serde_json::Error) -> Fault {
    let line_start = match error.line().saturating_sub(1) {
        0 => 0,
        before => text.match_indices('\n').nth(before - 1).map_or(text.len(), |(at, _)| at + 1),
    };
    let start = (line_start + error.column()).saturating_sub(1).min(text.len());
    let start = text.floor_char_boundary(start);
    let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    let (message, help) = match words {
        _ if text.trim().is_empty() => {
            ("the document is empty", "write at least `{\"version\": \"1\", \"scenarios\": [ … ]}`")
        }
        "key must be a string" => ("a key needs double quotes", "write `\"name\": …`"),
        "trailing comma" => ("nothing follows this comma", "remove the comma before it"),
        "trailing characters" => {
            ("the document has ended before this", "is a bracket closed too early?")
        }
        "expected value" | "expected ident" => (
            "a value cannot begin like this",
            "text needs double quotes; JSON has no comments, no single quotes and no `+`",
        ),
        "invalid number" => ("not a valid JSON number", "write for example `12` or `0.5`"),
        "number out of range" => ("the number is too large", "write it as text, in quotes"),
        "invalid escape" => {
            ("not a valid JSON escape", "write `\\\\` for a backslash, `\\n` for a line break")
        }
        words if words.starts_with("control character") => (
            "a control character is not allowed in text",
            "write a line break as `\\n` and a tab as `\\t`",
        ),
        words if words.contains("surrogate") || words.contains("hex escape") => (
            "half a character: `\\u` escapes beyond U+FFFF come in pairs",
            "write the character itself, or both halves",
        ),
        words if words.starts_with("EOF") => {
            ("the text ends too early", "is a quote or a bracket never closed?")
        }
        words if words.starts_with("recursion") => {
            ("nested too deep", "is a bracket or a quote missing before this?")
        }
        words => (words, "the file must be JSON"),
    };
    Fault::new(Span { start, end: start + width }, message).help(help)
}

/// Walks through a text that is known to be JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    /// The value that comes next. It nests no deeper than `serde_json` allows.
    fn value(&mut self) -> Node {
        let start = self.next_sign();
        let kind = match self.peek() {
            Some(b'{') => self.mapping(),
            Some(b'[') => self.sequence(),
            Some(b'"') => self.string(),
            _ => self.word(),
        };
        Node { kind, span: Span { start, end: self.at } }
    }

    fn mapping(&mut self) -> Kind {
        self.at += 1;
        let (mut entries, mut seen) = (Vec::new(), HashMap::new());
        while self.goes_on(b'}') {
            let start = self.next_sign();
            let kind = self.string();
            let key = Node { kind, span: Span { start, end: self.at } };
            self.next_sign();
            self.at += 1; // the colon
            let value = self.value();
            match yaml::key_of(key, &mut seen, self.text) {
                Ok(key) => entries.push((key, value)),
                Err(fault) => self.faults.push(fault),
            }
        }
        Kind::Mapping(entries)
    }

    fn sequence(&mut self) -> Kind {
        self.at += 1;
        let mut items = Vec::new();
        while self.goes_on(b']') {
            items.push(self.value());
        }
        Kind::Sequence(items)
    }

    /// Whether another entry comes before the closing sign, which is taken.
    fn goes_on(&mut self, closing: u8) -> bool {
        self.next_sign();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.next_sign();
        }
        match self.peek() {
            None => false,
            Some(sign) if sign == closing => {
                self.at += 1;
                false
            }
            Some(_) => true,
        }
    }

    fn string(&mut self) -> Kind {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut escaped = false;
        let closing = rest.bytes().skip(1).position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let length = closing.map_or(rest.len(), |at| at + 2);
        let literal = rest.get(..length).unwrap_or_default();
        self.at += length;
        let text = serde_json::from_str(literal).unwrap_or_default();
        Kind::Scalar(Scalar { text, plain: false, origin: Origin::Json })
    }

    fn word(&mut self) -> Kind {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ']' | '}');
        let word = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        let span = Span { start: self.at, end: self.at + word.len() };
        self.at = span.end;
        let digits = word.strip_prefix('-').unwrap_or(word);
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let fits = word.parse::<i64>().is_ok() || word.parse::<u64>().is_ok();
        if whole && !fits {
            // It would arrive as another number.
            let fault = Fault::new(span, format!("the number {} is too large", shown(word)));
            self.faults.push(fault.help("write it as text, in quotes"));
        }
        Kind::Scalar(Scalar { text: word.to_owned(), plain: true, origin: Origin::Json })
    }

    /// Passes over blanks and gives the place behind them.
    fn next_sign(&mut self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_ascii_start().len();
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
