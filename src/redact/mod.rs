//! What no report may show, found and replaced in the platform's text.
//!
//! Pure. It is applied once, to the evidence, before anything is judged or written: what is saved
//! is what was judged. `numbers` finds telephone and card numbers, `record` says which texts of a
//! record are searched. The suite's own text, ids, addresses and times are not searched.

mod numbers;
mod record;
pub mod rules;
mod secrets;

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{NoExpand, Regex, RegexBuilder};

pub use self::secrets::{SHORTEST, Secrets};
use crate::escape;
use crate::redact::rules::{Known, OwnPattern, Redact};

/// What stands where nothing says what was there.
const MARK: &str = "[redacted";

/// An address as it is written: `jo@example.com`.
static WRITTEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"[\p{L}\p{N}._%+'\-]+[@＠][\p{L}\p{N}\-]+(?:\.[\p{L}\p{N}\-]+)*\.[\p{L}\p{N}\-]{2,}",
    )
    .ok()
});

/// An address as it is said: `jo dot smith at example dot com`.
static SAID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let word = r"[\p{L}\p{N}._+'\-]+";
    let pattern = format!(r"(?i){word}(?:\s+dot\s+{word})*\s+at\s+{word}(?:\s+dot\s+{word})+");
    Regex::new(&pattern).ok()
});

/// Finds and replaces what no report may show.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    own: Vec<(Own, String)>,
    emails: bool,
    cards: bool,
    phones: bool,
    secrets: Secrets,
}

/// A pattern of the user's own. One that can't be read hides everything, not nothing; the suite's
/// validation has refused it long before.
#[derive(Debug, Clone)]
enum Own {
    Pattern(Regex),
    Everything,
}

impl Redactor {
    /// The rules of a suite.
    pub fn new(rules: &[Redact]) -> Self {
        let mut redactor = Self::default();
        for rule in rules {
            match rule {
                Redact::Known(Known::Emails) => redactor.emails = true,
                Redact::Known(Known::CardNumbers) => redactor.cards = true,
                Redact::Known(Known::PhoneNumbers) => redactor.phones = true,
                Redact::Own(own) => {
                    let compiled = compile(&own.pattern, MOST_BYTES);
                    let pattern = compiled.map_or(Own::Everything, Own::Pattern);
                    redactor.own.push((pattern, mark(own.r#as.as_deref())));
                }
            }
        }
        redactor
    }

    /// The same, and secrets beside it.
    #[must_use]
    pub fn with(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// Whether there is nothing to look for.
    pub const fn is_idle(&self) -> bool {
        self.has_no_rules() && self.secrets.is_empty()
    }

    /// The text without known secrets, for what is not searched for anything else.
    pub fn without_secrets(&self, text: &mut String) {
        if let Cow::Owned(changed) = self.secrets.text(text) {
            *text = changed;
        }
    }

    /// Takes known secrets out of every text of a document, keys included.
    fn value(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => self.without_secrets(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                let all = std::mem::take(fields).into_iter();
                fields.extend(all.map(|(mut key, mut value)| {
                    self.without_secrets(&mut key);
                    self.value(&mut value);
                    (key, value)
                }));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Takes known secrets out of a whole document, wherever they stand in it.
    pub fn document<T: serde::Serialize + serde::de::DeserializeOwned>(&self, document: &mut T) {
        if self.secrets.is_empty() {
            return;
        }
        let Ok(mut value) = serde_json::to_value(&*document) else { return };
        let before = value.clone();
        self.value(&mut value);
        if value != before
            && let Ok(changed) = serde_json::from_value(value)
        {
            *document = changed;
        }
    }

    const fn has_no_rules(&self) -> bool {
        self.own.is_empty() && !self.emails && !self.cards && !self.phones
    }

    /// The text without what no report may show. What only hidden characters keep apart is found,
    /// too: the reports leave those out, and it would be whole again there.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_idle() {
            return Cow::Borrowed(text);
        }
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
            return self.once(text);
        }
        match self.once(&escape::visible(text)) {
            Cow::Owned(changed) => Cow::Owned(changed),
            Cow::Borrowed(_) => self.once(text),
        }
    }

    fn once<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = self.secrets.text(text);
        for (own, mark) in &self.own {
            match own {
                Own::Everything => text = Cow::Owned(mark.clone()),
                Own::Pattern(pattern) => replace(&mut text, pattern, mark),
            }
        }
        if self.cards {
            numbers::replace(&mut text, numbers::Kind::Card, &mark(Some("card number")));
        }
        if self.emails {
            let mark = mark(Some("e-mail address"));
            let written = WRITTEN.as_ref().filter(|_| text.contains(['@', '＠']));
            if let Some(pattern) = written {
                replace(&mut text, pattern, &mark);
            }
            let said = [" dot ", " Dot ", " DOT "].iter().any(|word| text.contains(word));
            if let Some(pattern) = SAID.as_ref().filter(|_| said) {
                replace(&mut text, pattern, &mark);
            }
        }
        if self.phones {
            numbers::replace(&mut text, numbers::Kind::Phone, &mark(Some("phone number")));
        }
        text
    }
}

fn replace(text: &mut Cow<'_, str>, pattern: &Regex, mark: &str) {
    if let Cow::Owned(changed) = pattern.replace_all(text, NoExpand(mark)) {
        *text = Cow::Owned(changed);
    }
}

fn mark(what: Option<&str>) -> String {
    what.map_or_else(|| format!("{MARK}]"), |what| format!("{MARK}: {what}]"))
}

/// Whether something was taken out of a text.
pub fn is_redacted(text: &str) -> bool {
    text.contains(MARK)
}

/// The most patterns of a suite's own.
pub const MOST_PATTERNS: usize = 64;
/// The longest pattern, in characters.
pub const LONGEST_PATTERN: usize = 1000;
/// The most that one pattern may take in memory, in bytes, once it is compiled. A class of letters
/// that is repeated forty times takes it.
const MOST_BYTES: usize = 2 << 20;
/// The most that all patterns may take together.
const MOST_BYTES_OF_ALL: usize = 8 << 20;
/// What a search may take beside the pattern.
const SEARCH_BYTES: usize = 512 << 10;

fn compile(pattern: &str, most: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(most).dfa_size_limit(SEARCH_BYTES).build()
}

/// What a pattern takes in memory, to the next power of two; more than it may where it is too large.
fn bytes_of(pattern: &str) -> usize {
    let mut most = 1 << 16;
    while most <= MOST_BYTES && compile(pattern, most).is_err() {
        most *= 2;
    }
    most
}

/// What is wrong with the patterns of a suite: each with its place among the rules.
pub fn faults(rules: &[Redact]) -> Vec<(usize, String)> {
    let own = rules.iter().enumerate().filter_map(|(at, rule)| match rule {
        Redact::Own(own) => Some((at, own)),
        Redact::Known(_) => None,
    });
    let (mut faults, mut bytes) = (Vec::new(), 0);
    for (count, (at, own)) in own.enumerate() {
        // The rest is not looked at: that would take what the limits are there to spare.
        if count == MOST_PATTERNS {
            faults.push((at, format!("there are more than {MOST_PATTERNS} patterns")));
            break;
        }
        if let Some(fault) = fault(own) {
            faults.push((at, fault));
        }
        bytes += bytes_of(&own.pattern);
        if bytes > MOST_BYTES_OF_ALL {
            let what = "the patterns up to here are too large together: write shorter repetitions \
                        (`{2,40}` of `\\w`), or `[a-z0-9]` in place of `\\w`";
            faults.push((at, what.to_owned()));
            break;
        }
    }
    faults
}

/// What is wrong with a pattern, and at which character, from 1; none where it can be used.
fn fault(own: &OwnPattern) -> Option<String> {
    if own.pattern.chars().count() > LONGEST_PATTERN {
        return Some(format!("it is longer than {LONGEST_PATTERN} characters"));
    }
    if let Err(error) = regex_syntax::Parser::new().parse(&own.pattern) {
        let (what, at) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start),
            other => return Some(other.to_string()),
        };
        let character = own.pattern.get(..at.offset).map_or(0, |head| head.chars().count()) + 1;
        return Some(format!("{what}, at character {character}"));
    }
    match compile(&own.pattern, MOST_BYTES) {
        Err(_) => Some("it is too large".to_owned()),
        Ok(pattern) if pattern.is_match("") => Some("it matches the empty text".to_owned()),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests;
