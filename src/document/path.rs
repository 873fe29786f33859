//! The way to a part of a document, and a fault that a later stage found there.

use std::fmt;

/// The way to a part of a document: keys and indices from the root.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<String>);

impl Path {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of these keys and indices.
    pub fn of<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(segments.into_iter().map(Into::into).collect())
    }

    /// The part of this part at a key or an index.
    #[must_use]
    pub fn child(&self, segment: impl ToString) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment.to_string());
        Self(segments)
    }

    /// Whether it is a part of a part that these keys lead to, wherever they begin.
    pub fn is_within(&self, keys: &[&str]) -> bool {
        let above = self.0.split_last().map_or(&[][..], |(_, above)| above);
        above.windows(keys.len()).any(|window| window.iter().eq(keys))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Which side of `key: value` a problem is shown at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// The value.
    #[default]
    Value,
    /// The key: the value is fine, or does not matter.
    Key,
}

/// A fault that a later stage found: where, what, and the way out.
///
/// A value that the message or the help repeats stands whole and in backticks: so it can be
/// replaced by its `${VAR}` where it came from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key or value at fault.
    pub path: Path,
    /// Which of the two is pointed at.
    pub at: At,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// What was expected, the nearest name, or what to write.
    pub help: Option<String>,
    /// Another part of the document that explains it, and what that is.
    pub beside: Option<(Path, &'static str)>,
}

impl Problem {
    /// A fault of the value at `path`.
    pub fn new(path: Path, message: impl Into<String>) -> Self {
        Self { path, at: At::Value, message: message.into(), help: None, beside: None }
    }

    /// A fault of the key at `path`.
    pub fn of_key(path: Path, message: impl Into<String>) -> Self {
        Self { at: At::Key, ..Self::new(path, message) }
    }

    /// The same with another part that explains it.
    #[must_use]
    pub fn beside(mut self, path: Path, label: &'static str) -> Self {
        self.beside = Some((path, label));
        self
    }

    /// The same with a fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
