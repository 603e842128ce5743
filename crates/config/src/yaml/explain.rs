//! The parser's errors in a user's words, with what to do.

use granit_parser::{ErrorKind, ScanError};

use super::{MAX_DEPTH, position};
use crate::mistake::{Mistake, code};
use crate::source::{FileId, SourceFile, Sources, Span};

/// Most lines looked at above a badly indented one.
const MAX_LINES_ABOVE: u32 = 10_000;

/// The mistake for a syntax error.
pub(super) fn syntax_error(error: &ScanError, sources: &Sources, file: FileId) -> Mistake {
    let start = position(error.marker());
    let Some(source) = sources.file(file) else {
        return Mistake::error(Span::file_start(file), code::SYNTAX, error.info());
    };
    let line_number = start.line;
    let line = source.line(line_number);
    let at = start.offset as usize;
    let rest = source.text().get(at..).unwrap_or("");
    let width = match error.kind() {
        ErrorKind::SimpleKeyExpected => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        _ => rest.chars().next().map_or(0, char::len_utf8),
    };
    let here = sources.span(file, at, at + width);

    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return Mistake::error(
            here,
            code::LIMIT,
            format!("nested deeper than {MAX_DEPTH} levels"),
        );
    }
    if let Some(tab) = tab_in_indentation(error.kind(), source, line_number) {
        let span = sources.span(file, tab, tab + 1);
        let message = "a tab in the indentation; YAML is indented with spaces";
        return Mistake::error(span, code::TAB, message).hint("replace it by spaces");
    }
    if at_first_word(source, at, line_number)
        && is_about_structure(error.kind())
        && let Some(mistake) = bad_indentation(sources, source, here, line)
    {
        return mistake;
    }
    let (message, hint) = in_words(error.kind(), line);
    let message = message.map_or_else(|| error.info(), str::to_owned);
    Mistake::error(here, code::SYNTAX, message).maybe_hint(hint.map(str::to_owned))
}

/// The offset of a tab that the parser refused: on the line it names, or one of the next two (it stops at the
/// end of the value before).
fn tab_in_indentation(kind: &ErrorKind, source: &SourceFile, line: u32) -> Option<usize> {
    let about_tabs = matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::InvalidBlockEntryWhitespace
            | ErrorKind::InvalidMappingValueWhitespace
    );
    if !about_tabs {
        return None;
    }
    (line..line + 3).find_map(|line| {
        let text = source.line(line);
        let indentation = text.len() - text.trim_start_matches([' ', '\t']).len();
        text[..indentation]
            .find('\t')
            .map(|at| source.line_offset(line) + at)
    })
}

fn at_first_word(source: &SourceFile, at: usize, line: u32) -> bool {
    let start = source.line_offset(line);
    source
        .text()
        .get(start..at)
        .is_some_and(|before| before.chars().all(|c| c == ' '))
        || at_key_end(source, at, line)
}

/// Is this the `:` after the first word of the line? There the parser notices that the line before went on.
fn at_key_end(source: &SourceFile, at: usize, line: u32) -> bool {
    let before = source.text().get(source.line_offset(line)..at).unwrap_or("");
    source.text().get(at..).is_some_and(|rest| rest.starts_with(':'))
        && !before.trim().is_empty()
        && !before.contains([':', '#', '"', '\'', '{', '['])
        && line > 1
}

fn is_about_structure(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::InvalidIndentation
            | ErrorKind::MappingValueNotAllowed
            | ErrorKind::BlockSequenceEntryNotAllowed
            | ErrorKind::InvalidBlockScalarIndent
            | ErrorKind::MappingKeyNotAllowed
    )
}

/// A line at a column where no block stands, or below a key that has a value already.
fn bad_indentation(sources: &Sources, source: &SourceFile, here: Span, line: &str) -> Option<Mistake> {
    let indent = indentation(line);
    let number = here.start.line;
    let columns = columns_above(source, number);
    let offset = source.line_offset(number);
    let word = line.trim_start().split([':', ' ']).next().map_or(0, str::len);
    let span = sources.span(here.file, offset + indent, offset + indent + word.max(1));
    let spaces = |count: usize| {
        if count == 1 {
            "1 space".to_owned()
        } else {
            format!("{count} spaces")
        }
    };

    let above = nearest_line_above(source, number)?;
    let above_text = source.line(above);
    if indent > indentation(above_text) && has_value(above_text) {
        let message = "this line is further to the right than the one above, which has a value already";
        let hint = format!("begin it after {}", spaces(indentation(above_text)));
        let above_offset = source.line_offset(above);
        let key_start = above_offset + indentation(above_text);
        let related = sources.span(here.file, key_start, above_offset + above_text.trim_end().len());
        let mistake = Mistake::error(span, code::INDENTATION, message).hint(hint);
        return Some(mistake.related(related, "has a value"));
    }
    if columns.contains(&indent) {
        let message = match line.trim_start().starts_with('-') {
            true => "a list item among the keys of a block",
            false => "a key among the items of a list, or a list item without its `- `",
        };
        return Some(
            Mistake::error(span, code::INDENTATION, message).hint("indent it like what it belongs to"),
        );
    }
    let message = format!(
        "this line begins after {}, where no block above begins",
        spaces(indent)
    );
    let open: Vec<String> = columns.iter().map(usize::to_string).collect();
    let hint = format!("blocks above begin after {} spaces", open.join(", "));
    Some(Mistake::error(span, code::INDENTATION, message).hint(hint))
}

/// The columns of the blocks a line could belong to, outermost first.
fn columns_above(source: &SourceFile, line: u32) -> Vec<usize> {
    let mut columns: Vec<usize> = Vec::new();
    let first = line.saturating_sub(MAX_LINES_ABOVE).max(1);
    for above in (first..line)
        .rev()
        .filter(|above| has_content(source.line(*above)))
    {
        let column = indentation(source.line(above));
        if columns.last().is_none_or(|last| column < *last) {
            columns.push(column);
        }
        if column == 0 {
            break;
        }
    }
    columns.reverse();
    columns
}

fn nearest_line_above(source: &SourceFile, line: u32) -> Option<u32> {
    let first = line.saturating_sub(MAX_LINES_ABOVE).max(1);
    (first..line).rev().find(|above| has_content(source.line(*above)))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn has_content(line: &str) -> bool {
    let text = line.trim_start();
    !text.is_empty() && !text.starts_with('#')
}

/// `key: value` on one line, where the value is neither a block scalar's header nor a comment.
fn has_value(line: &str) -> bool {
    let value = line.split_once(": ").map_or("", |(_, value)| value.trim());
    !value.is_empty() && !value.starts_with(['#', '|', '>', '&', '!'])
}

/// Message (`None`: the parser's own) and hint.
fn in_words(kind: &ErrorKind, line: &str) -> (Option<&'static str>, Option<&'static str>) {
    let variable_in_brackets = line.contains("${");
    match kind {
        ErrorKind::UnexpectedCharacter { .. } => (
            Some("a value cannot begin with this character"),
            Some("put the value in quotes"),
        ),
        ErrorKind::MappingValueNotAllowed => (
            Some("a second `: ` on one line"),
            Some("put a value that contains `: ` in quotes, or begin a new line after the first"),
        ),
        ErrorKind::SimpleKeyExpected => (
            Some("a key without a `:`"),
            Some("write `key: value`, with a space after the `:`"),
        ),
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::MisplacedFlowCollectionEnd
            if variable_in_brackets =>
        {
            (
                Some("`{` inside of `{…}` or `[…]`"),
                Some("put the `${…}` in quotes"),
            )
        }
        ErrorKind::ExpectedFlowMappingSeparator => (Some("a `,` or `}` is missing before this"), None),
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::InvalidColonPlacement => {
            (Some("a `,` or `]` is missing before this"), None)
        }
        ErrorKind::UnclosedFlowCollection { .. } => (Some("this bracket is never closed"), None),
        ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            (Some("this bracket closes one of the other kind"), None)
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => (
            Some("a quote is never closed"),
            Some("a text that began above has no closing quote"),
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            Some("text after a closing quote"),
            Some("put the whole text in quotes; a `'` inside of '…' is written `''`"),
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            Some("an unknown `\\` escape in \"…\""),
            Some("use '…', where `\\` is itself, or write `\\\\`"),
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => (
            Some("this line fits nothing above it"),
            Some("compare its indentation with the lines above"),
        ),
        _ => (None, None),
    }
}
