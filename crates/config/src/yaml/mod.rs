//! YAML text to a tree with places. The only module that knows the YAML parser: exchanging it means
//! rewriting this folder.
//!
//! The parser is `granit-parser`, the event parser beneath `serde-saphyr`. Its events carry exact places, also
//! for what is reached through anchors and `<<`, and need no intermediate type between text and tree.

mod builder;
mod explain;
mod plain;

pub(crate) use plain::resolve_plain;

use granit_parser::{Event, Marker, Parser, options};

use crate::mistake::{Mistake, Mistakes, code};
use crate::source::{FileId, Position, Sources, Span, to_u32};
use crate::tree::{Node, Value};
use builder::Builder;

/// Deepest nesting of lists and maps; also what aliases may build.
pub(crate) const MAX_DEPTH: usize = 64;
/// Most values in all files together, counting what aliases repeat and what anchors keep.
pub(crate) const MAX_NODES: usize = 50_000;
/// Most aliases in all files together.
pub(crate) const MAX_ALIASES: usize = 1_000;
/// Most bytes of text in all values together, counting what aliases repeat: against an alias bomb made of a
/// few long texts.
pub(crate) const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// What the files loaded together have used of the limits.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    nodes: usize,
    aliases: usize,
    text_bytes: usize,
}

/// Reads one file. `None` when it is no YAML or beyond a limit; mistakes that leave a tree (a duplicate key)
/// are reported all at once.
pub(crate) fn parse(
    sources: &Sources,
    file: FileId,
    usage: &mut Usage,
    mistakes: &mut Mistakes,
) -> Option<Node> {
    let text = sources.file(file)?.text();
    // One more level than allowed reaches the builder, which says so with our own words.
    let mut options = options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    };
    options.set_emit_comments(false);
    let mut builder = Builder::new(file, usage);
    for next in Parser::new_from_str_with_options(text, options) {
        let step = match next {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(Box::new(explain::syntax_error(&error, sources, file))),
        };
        if let Err(mistake) = step {
            builder.finish(mistakes);
            mistakes.push(*mistake);
            return None;
        }
    }
    let root = builder
        .finish(mistakes)
        .unwrap_or_else(|| Node::empty_map(Span::file_start(file)));
    match root.value {
        Value::Map(_) => Some(root),
        Value::Null => Some(Node::empty_map(root.span)),
        _ => {
            let message = format!("a configuration is a block of settings, not {}", root.kind_name());
            let hint = "it begins with `receivers:`, `exporters:` or `service:`";
            mistakes.push(Mistake::error(root.span, code::WRONG_TYPE, message).hint(hint));
            None
        }
    }
}

fn position(marker: &Marker) -> Position {
    Position {
        offset: to_u32(marker.byte_offset().unwrap_or(marker.index())),
        line: to_u32(marker.line()),
        column: to_u32(marker.col() + 1),
    }
}
