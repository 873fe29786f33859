//! Escape codes, and text laid out to a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How to write for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour. Every mark stands with its word, so that colour adds nothing but speed.
    pub color: bool,
    /// Columns; lines are wrapped to it, but for what must stand in one piece.
    pub width: usize,
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Failed.
    Bad,
    /// Passed.
    Good,
    /// Not known.
    Unsure,
    /// Stands out.
    Title,
    /// Stands back.
    Faint,
    /// As it comes.
    Plain,
}

impl Style {
    /// The text in a colour.
    pub fn paint(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bad => "1;31",
            Ink::Good => "32",
            Ink::Unsure => "33",
            Ink::Title => "1",
            Ink::Faint => "2",
            Ink::Plain => return text.to_owned(),
        };
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// The text in lines of at most the width, each begun with `first` or then `indent` spaces.
    ///
    /// A line ends between two words, or within one behind a mark (`/`, `_`, `-`, `.`, `,`, `:` and
    /// such) or beside a wide sign, as they have no spaces between words. What is still longer than a
    /// line is cut, with an ellipsis.
    pub fn wrap(self, first: &str, indent: usize, text: &str) -> String {
        let width = self.width.max(indent + 14);
        let mut out = first.to_owned();
        let mut column = first.width();
        let mut fresh = true;
        for word in text.split(' ') {
            let mut space = !fresh;
            let whole = word.width() + indent <= width;
            let parts = if whole { vec![word] } else { parts(word) };
            for part in parts {
                let part = cut(part, width - indent);
                if column > indent && column + usize::from(space) + part.width() > width {
                    out.push('\n');
                    out.extend(std::iter::repeat_n(' ', indent));
                    (column, space) = (indent, false);
                }
                if std::mem::take(&mut space) {
                    out.push(' ');
                    column += 1;
                }
                column += part.width();
                out.push_str(&part);
                fresh = false;
            }
        }
        out.push('\n');
        out
    }
}

/// The pieces of a long word, each of which stays in one line.
fn parts(word: &str) -> Vec<&str> {
    let ends_piece = |c: char| "/_-.,:;=&?#@+|\\)]}>·".contains(c) || c.width() == Some(2);
    word.split_inclusive(ends_piece).collect()
}

/// The columns of the longest piece of a text that stays in one line.
pub(super) fn longest_piece(text: &str) -> usize {
    text.split(' ').flat_map(parts).map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// The text with spaces up to a width.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// The text cut to a width, with an ellipsis where something is missing.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut out, mut column) = (String::new(), 0);
    for c in text.chars() {
        column += c.width().unwrap_or(0);
        if column + 1 > width {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}
