//! Faults as text for a terminal or a log: what, where, the line itself, the way out.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::node::{Fault, Places, Secret, Span};
use super::path::{At, Problem};
use super::{Source, shown};

/// How many faults are shown. Whoever has more begins at the top.
const MOST_SHOWN: usize = 20;

/// All the faults of a document, in the order of the text; or of several documents.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    documents: Vec<Faulty>,
}

/// A document with faults.
#[derive(Debug, Clone)]
struct Faulty {
    name: String,
    text: String,
    items: Vec<Item>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Line, from 1; missing for a fault that stands nowhere in the text.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

#[derive(Debug, Clone)]
struct Item {
    diagnostic: Diagnostic,
    span: Option<Span>,
    context: Option<(Span, &'static str)>,
}

impl Diagnostics {
    pub(super) fn new(source: Source<'_>, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.span);
        // A fault within an anchored value is found again at each of its aliases.
        faults.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        let mut position = Position::new(source.text);
        let items = faults.into_iter().map(|fault| {
            let (line, column) = fault.span.map(|span| position.at(span.start)).unzip();
            Item {
                span: fault.span,
                context: fault.context,
                diagnostic: Diagnostic {
                    line,
                    column,
                    message: printable(&fault.message),
                    help: fault.help.as_deref().map(printable),
                },
            }
        });
        let (name, text) = (printable(source.name), source.text.to_owned());
        Self { documents: vec![Faulty { name, text, items: items.collect() }] }
    }

    /// Those of several documents, in the order of their names; none where there is no document.
    pub fn of_all(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut documents: Vec<Faulty> = Vec::new();
        for faulty in all.into_iter().flat_map(|one| one.documents) {
            match documents.iter_mut().find(|one| one.name == faulty.name) {
                Some(same) if same.text == faulty.text => {
                    same.items.extend(faulty.items);
                    same.items.sort_by_key(|item| item.span);
                }
                _ => documents.push(faulty),
            }
        }
        documents.sort_by(|a, b| a.name.cmp(&b.name));
        (!documents.is_empty()).then_some(Self { documents })
    }

    /// The problems that a later stage found in a document. A problem whose path is not in the
    /// document, because the value came from a flag, is shown without a line. What a variable
    /// holds is replaced by its name.
    pub fn from_problems(source: Source<'_>, places: &Places, problems: Vec<Problem>) -> Self {
        Self::new(source, Self::faults_of(places, problems))
    }

    pub(super) fn faults_of(places: &Places, problems: Vec<Problem>) -> Vec<Fault> {
        let secrets = places.secrets();
        let faults = problems.into_iter().map(|problem| {
            let own = places.secret(&problem.path);
            let hide = |message: String| hide(message, own, &secrets);
            Fault {
                span: places.span(&problem.path, problem.at),
                message: hide(problem.message),
                help: problem.help.map(hide),
                context: problem
                    .beside
                    .and_then(|(path, label)| Some((places.span(&path, At::Value)?, label))),
            }
        });
        faults.collect()
    }

    /// The faults, in the order of the text; those that stand nowhere in it come first.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.all().map(|(_, item)| &item.diagnostic)
    }

    fn all(&self) -> impl Iterator<Item = (&Faulty, &Item)> {
        self.documents.iter().flat_map(|one| one.items.iter().map(move |item| (one, item)))
    }

    /// How many faults there are.
    pub fn len(&self) -> usize {
        self.documents.iter().map(|one| one.items.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The faults as text, each with file, line, column and the text under it. No line end stands
    /// at the end.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let shown = self.all().take(MOST_SHOWN);
        let mut parts: Vec<String> = shown.map(|(one, item)| one.render(&renderer, item)).collect();
        if let Some(more @ 1..) = self.len().checked_sub(MOST_SHOWN) {
            parts.push(format!("and {}", crate::text::count(more, "more error")));
        }
        parts.join("\n\n")
    }

    /// The faults as lines of a log: `suite.yml:4:8: what is wrong; the way out`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.all().map(|(document, item)| {
            let one = &item.diagnostic;
            let place = match (one.line, one.column) {
                (Some(line), Some(column)) => format!("{}:{line}:{column}: ", document.name),
                _ => String::new(),
            };
            let help = one.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
            format!("{place}{}{help}", one.message)
        })
    }

    /// The first fault in a line, and how many more there are.
    pub fn brief(&self) -> String {
        let first = self.lines().next().unwrap_or_default();
        match self.len() {
            0 | 1 => first,
            n => format!("{first} (and {})", crate::text::count(n - 1, "more error")),
        }
    }
}

impl Faulty {
    fn render(&self, renderer: &Renderer, item: &Item) -> String {
        let title = Level::ERROR.primary_title(item.diagnostic.message.as_str());
        let mut group = Group::with_title(title);
        let excerpt = item.span.and_then(|span| Excerpt::new(&self.text, span, item.context));
        if let Some(excerpt) = &excerpt {
            let mut snippet = Snippet::source(excerpt.text.as_str())
                .line_start(excerpt.first_line)
                .path(self.name.as_str())
                .annotation(AnnotationKind::Primary.span(excerpt.span.start..excerpt.span.end));
            if let Some((context, label)) = excerpt.context {
                snippet = snippet.annotation(
                    AnnotationKind::Context.span(context.start..context.end).label(label),
                );
            }
            group = group.element(snippet);
        } else if let Some((line, column)) = item.diagnostic.line.zip(item.diagnostic.column) {
            let origin = Origin::path(self.name.as_str()).line(line).char_column(column);
            group = group.element(origin);
        }
        if let Some(help) = &item.diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Puts the template back where a message repeats what a variable holds. A message repeats values
/// whole and in backticks; the value that it is about, and long ones, are also looked for within
/// other text.
fn hide(message: String, own: Option<Secret<'_>>, secrets: &[Secret<'_>]) -> String {
    const LONG: usize = 8;
    let quoted = secrets.iter().filter(|secret| !secret.value.is_empty());
    let message = quoted.fold(message, |message, secret| {
        message.replace(&shown(secret.value), &shown(secret.template))
    });
    let long = secrets.iter().filter(|secret| secret.value.len() >= LONG);
    long.chain(own.iter().filter(|own| own.value.len() > 1))
        .fold(message, |message, secret| message.replace(secret.value, secret.template))
}

/// The lines of the text that a fault needs, made safe to print.
struct Excerpt {
    text: String,
    first_line: usize,
    span: Span,
    context: Option<(Span, &'static str)>,
}

impl Excerpt {
    /// Nothing where a line is so long, or the two places are so far apart, that the excerpt
    /// would take longer to lay out than to find.
    fn new(text: &str, span: Span, context: Option<(Span, &'static str)>) -> Option<Self> {
        const LONGEST: usize = 4000;
        let whole = Self::of(text, span, context);
        if whole.text.len() > LONGEST { Some(Self::of(text, span, None)) } else { Some(whole) }
            .filter(|excerpt| excerpt.text.len() <= LONGEST)
    }

    fn of(text: &str, span: Span, context: Option<(Span, &'static str)>) -> Self {
        let span = shorten(text, span);
        let context = context.map(|(span, label)| (shorten(text, span), label));
        let from = context.map_or(span.start, |(context, _)| context.start.min(span.start));
        let to = context.map_or(span.end, |(context, _)| context.end.max(span.end));
        let start = text.get(..from).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
        let tail = text.get(to..).unwrap_or_default();
        let line_end = tail.find('\n').unwrap_or(tail.len());
        let end = to + tail.floor_char_boundary(line_end.min(MOST_SHOWN_OF_A_LINE));
        let shift = |span: Span| Span { start: span.start - start, end: span.end - start };
        Self {
            text: same_length(text.get(start..end).unwrap_or_default()),
            first_line: Position::new(text).at(start).0,
            span: shift(span),
            context: context.map(|(span, label)| (shift(span), label)),
        }
    }
}

/// How much of a value, and how much behind it, is shown, in bytes.
const MOST_SHOWN_OF_A_LINE: usize = 100;

/// A span cut to its first line, so that a long mapping is pointed at and not framed.
fn shorten(text: &str, span: Span) -> Span {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let slice = text.get(start..end).unwrap_or_default();
    let line = slice.split('\n').next().unwrap_or_default().trim_end();
    Span { start, end: start + line.floor_char_boundary(MOST_SHOWN_OF_A_LINE) }
}

/// Line and column, both from 1, of places that are asked for in the order of the text. It only
/// moves forward, so that thousands of faults do not mean as many walks through the text.
struct Position<'a> {
    rest: &'a str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'a> Position<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, offset: 0, line: 1, column: 1 }
    }

    fn at(&mut self, offset: usize) -> (usize, usize) {
        let (passed, rest) = self
            .rest
            .split_at_checked(offset.saturating_sub(self.offset))
            .unwrap_or((self.rest, ""));
        match passed.rfind('\n') {
            Some(end) => {
                self.line += passed.matches('\n').count();
                self.column = 1 + passed.get(end + 1..).unwrap_or_default().chars().count();
            }
            None => self.column += passed.chars().count(),
        }
        self.offset += passed.len();
        self.rest = rest;
        (self.line, self.column)
    }
}

/// Whether a character could move the cursor, hide text or turn its direction.
pub(super) fn is_unprintable(c: char) -> bool {
    // What picks the look of an emoji is left to whoever prints: it does no harm there.
    let is_look = matches!(c, '\u{fe0e}' | '\u{fe0f}');
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || (crate::hidden::hides(c) && !is_look)
}

/// A message with what cannot be printed written as an escape.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_unprintable(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

/// Source text with what cannot be printed replaced by signs of the same length in bytes, so that
/// spans stay right. ASCII control characters are left: the renderer has pictures for them.
fn same_length(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match (is_unprintable(c) && !c.is_ascii(), c.len_utf8()) {
            (true, 2) => out.push('·'),
            (true, 3) => out.push('\u{fffd}'),
            (true, _) => out.push_str("\u{fffd} "),
            (false, _) => out.push(c),
        }
        out
    })
}
