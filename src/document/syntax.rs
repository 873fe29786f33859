//! What is wrong with text that is not YAML, in words for its writer.

use granit_parser::{ErrorKind, ScanError};

use super::node::{Fault, MAX_DEPTH, Span};

/// The parser's error as a fault at its place.
///
/// `bracket` is where the innermost `[` or `{` that is still open stands.
pub(super) fn fault(text: &str, error: &ScanError, bracket: Option<Span>) -> Fault {
    let kind = error.kind();
    let span = place(text, kind, error.marker().byte_offset().unwrap_or_default());
    let before = line_before(text, span);
    let behind = text.get(span.start..).unwrap_or_default();
    let (message, mut help) = explain(kind);
    let is_no_key =
        matches!(kind, ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed);
    let is_variable = bracket.is_some() && before.contains("${");
    if is_variable {
        // The one trap that YAML lays for variables.
        help = "within `{ }` and `[ ]` a `${VAR}` needs quotes: `\"${VAR}\"`".to_owned();
    } else if matches!(kind, ErrorKind::InvalidBlockScalarHeader) && behind.starts_with(">=") {
        help = "a check that begins with `>` needs quotes, for example `\">= 90%\"`".to_owned();
    } else if is_no_key && before.contains(": ") {
        help = "text that contains `: ` needs quotes".to_owned();
    }
    let fault = if help.is_empty() {
        Fault::new(span, message)
    } else {
        Fault::new(span, message).help(help)
    };
    match bracket.filter(|_| !is_variable) {
        Some(bracket) => fault.context(bracket, "this is not closed"),
        None => fault,
    }
}

/// Where an error is shown: at the sign itself, where the parser stopped before or behind it.
fn place(text: &str, kind: &ErrorKind, at: usize) -> Span {
    let mut start = at.min(text.len());
    let rest = text.get(start..).unwrap_or_default();
    if is_tab(kind)
        && let Some(tab) = rest.find('\t')
    {
        start += tab;
    }
    let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span { start, end: start + width }
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    )
}

/// The message and the help for a kind of error.
fn explain(kind: &ErrorKind) -> (String, String) {
    let (message, help) = match kind {
        kind if is_tab(kind) => {
            ("a tab is not allowed here", "indent with spaces: YAML allows no tabs")
        }
        ErrorKind::UnclosedQuotedScalar => {
            ("the quote that opens here is never closed", "add the closing quote")
        }
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => (
            "not a valid escape in double quotes",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "there is text after the closing quote",
            "put the whole value in quotes; a quote within single quotes is written twice: `''`",
        ),
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::InvalidColonPlacement => (
            "no key is allowed here",
            "does the line above lack its `:` or a closing sign, or is this line indented too far?",
        ),
        ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::ExpectedBlockMappingKey => (
            "expected `key: value`",
            "is the `:` or the space behind it missing, or does this line begin in another column?",
        ),
        ErrorKind::InvalidQuotedScalarIndent => (
            "the quoted text that began above is still open here",
            "is the closing quote missing above?",
        ),
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => (
            "the indentation fits none of the lines above",
            "keys of one mapping begin in the same column",
        ),
        ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::InvalidBlockEntryWhitespace => (
            "no list entry is allowed here",
            "the `-` of each entry begins in the same column, below its key",
        ),
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::UnexpectedEofFlowMapping => {
            ("expected `,` or `}`", "is a comma, a quote or the closing `}` missing?")
        }
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::UnexpectedEofFlowSequence => {
            ("expected `,` or `]`", "is a comma, a quote or the closing `]` missing?")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return (format!("the `{open}` is never closed"), "add the closing bracket".to_owned());
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("`{close}` closes a `{open}`"),
                "brackets close in the order in which they open".to_owned(),
            );
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            ("there is no open bracket to close here", "text with brackets needs quotes")
        }
        ErrorKind::RecursionLimitExceeded => {
            return (
                format!("nested more than {MAX_DEPTH} levels deep"),
                "is a bracket or a quote missing before this?".to_owned(),
            );
        }
        ErrorKind::UnknownAnchor => (
            "the alias names nothing above it",
            "define it with `&name` before `*name`; text that begins with `*` needs quotes",
        ),
        ErrorKind::MissingAnchorOrAliasName => {
            ("`&` and `*` need a name", "text that begins with `&` or `*` needs quotes")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return (
                format!("a value cannot begin with {}", super::shown(&character.to_string())),
                "put the text in quotes".to_owned(),
            );
        }
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => (
            "`>` and `|` begin a block of text on the next line",
            "put text that begins with `>` or `|` in quotes",
        ),
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            ("a value cannot begin like this", "put the text in quotes")
        }
        ErrorKind::CommentNotSeparated | ErrorKind::CommentInterceptedScalar => (
            "a comment is not allowed here",
            "put a space before the `#`; text that contains `#` needs quotes",
        ),
        ErrorKind::MissingTagUri
        | ErrorKind::ExpectedTagBang
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::UndeclaredTagHandle
        | ErrorKind::InvalidTagEscape => {
            ("not a tag, and tags are not supported", "text that begins with `!` needs quotes")
        }
        ErrorKind::BomInsideDocument => ("there is a byte-order mark inside the text", "remove it"),
        ErrorKind::UnexpectedEof | ErrorKind::UnexpectedEofBlockMapping => {
            ("the text ends too early", "is a quote or a bracket never closed?")
        }
        ErrorKind::InvalidDocumentEnd
        | ErrorKind::ExpectedDocumentStart
        | ErrorKind::MissingDocumentEndBeforeDirective
        | ErrorKind::DocumentIndicatorInQuotedScalar => (
            "the document has ended before this",
            "does the indentation differ from the lines above, or is a bracket closed too early?",
        ),
        _ => (
            "this is not YAML",
            "text with signs such as `: { } [ ] , & * # ! | > % @` needs quotes",
        ),
    };
    (message.to_owned(), help.to_owned())
}

/// The line of a span, up to the span.
fn line_before(text: &str, span: Span) -> &str {
    let before = text.get(..span.end).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    before.get(start..).unwrap_or_default()
}
