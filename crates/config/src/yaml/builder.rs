//! Events to a tree: anchors, aliases, merge keys, duplicate keys, limits. No recursion.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, Tag};

use super::{MAX_ALIASES, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES, Usage, position, resolve_plain};
use crate::escape::shortened;
use crate::mistake::{Mistake, Mistakes, code};
use crate::source::{FileId, Span};
use crate::suggest::closest;
use crate::tree::{Key, Node, Value};

/// `Err` ends the reading of the file.
type Step = Result<(), Box<Mistake>>;

/// Builds the tree of one document.
pub(super) struct Builder<'a> {
    file: FileId,
    usage: &'a mut Usage,
    /// At most a few more than are shown; see [`crate::MAX_MISTAKES`].
    mistakes: Vec<Mistake>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, Weight)>,
    anchor_names: Vec<String>,
    documents: usize,
    root: Option<Node>,
}

/// What a subtree costs against the limits.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    nodes: usize,
    height: usize,
    text_bytes: usize,
}

/// A list or map whose end was not seen yet.
struct Frame {
    start: Span,
    anchor: usize,
    weight: Weight,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(MapFrame),
}

#[derive(Default)]
struct MapFrame {
    entries: Vec<(Key, Node)>,
    seen: HashMap<String, Span>,
    /// The key whose value comes next.
    key: Option<PendingKey>,
    /// Values of `<<`.
    merged: Vec<Node>,
}

enum PendingKey {
    Plain(Key),
    /// `<<` as a plain scalar.
    Merge,
    /// A key that was reported; its value is read and forgotten.
    Refused,
}

impl Weight {
    fn add_child(&mut self, child: Weight) {
        self.nodes += child.nodes;
        self.text_bytes += child.text_bytes;
        self.height = self.height.max(child.height + 1);
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: FileId, usage: &'a mut Usage) -> Self {
        Self {
            file,
            usage,
            mistakes: Vec::new(),
            frames: Vec::new(),
            anchors: HashMap::new(),
            anchor_names: Vec::new(),
            documents: 0,
            root: None,
        }
    }

    /// Hands over the mistakes and the root; `None` for a file without content.
    pub(super) fn finish(self, mistakes: &mut Mistakes) -> Option<Node> {
        self.mistakes
            .into_iter()
            .for_each(|mistake| mistakes.push(mistake));
        self.root
    }

    /// Takes the next event. `Err` ends the reading of this file.
    pub(super) fn event(&mut self, event: Event<'_>, span: granit_parser::Span) -> Step {
        let span = Span {
            file: self.file,
            start: position(&span.start),
            end: position(&span.end),
        };
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Anchor(_, name) => {
                self.anchor_names.push(name.into_owned());
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Content::List(Vec::new()), anchor, tag.as_deref(), "seq", span)
            }
            Event::MappingStart(_, anchor, tag) => self.open(
                Content::Map(MapFrame::default()),
                anchor,
                tag.as_deref(),
                "map",
                span,
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                self.unknown_anchor(&name, span);
                let node = Node {
                    refused: true,
                    ..Node::scalar(span, Value::Null, "")
                };
                let weight = Weight {
                    nodes: 1,
                    ..Weight::default()
                };
                self.charge(weight, span)?;
                self.complete(node, weight)
            }
            // Starts and ends without meaning here; nodes are all above.
            _ => Ok(()),
        }
    }

    fn document(&mut self, span: Span) -> Step {
        self.documents += 1;
        if self.documents > 1 {
            let message = "a second YAML document begins here; a file holds one";
            let hint = "put it into a file of its own: files given together are merged";
            return stop(Mistake::error(span, code::SYNTAX, message).hint(hint));
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Step {
        // The parser writes an absent value as `~` without extent.
        let absent = span.start == span.end && style == ScalarStyle::Plain;
        let text = if absent { "" } else { text };
        let value = self.typed(text, style, tag, span);
        let span = if absent {
            self.pending_key_span().unwrap_or(span)
        } else {
            span
        };
        // The text is kept twice when the value is text, until the tree drops the second copy.
        let weight = Weight {
            nodes: 1,
            height: 0,
            text_bytes: text.len(),
        };
        self.charge(weight, span)?;
        self.keep_anchored(Node::scalar(span, value, text), weight, anchor)
    }

    fn typed(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Value {
        let string = || Value::String(text.to_owned());
        let Some(tag) = tag else {
            return if style == ScalarStyle::Plain {
                resolve_plain(text)
            } else {
                string()
            };
        };
        let resolved = resolve_plain(text);
        let fits = match (tag.core_suffix(), &resolved) {
            (Some("str"), _) => return string(),
            (Some("null"), Value::Null)
            | (Some("bool"), Value::Bool(_))
            | (Some("int"), Value::Int(_))
            | (Some("float"), Value::Float(_)) => true,
            (Some("float"), Value::Int(value)) => return Value::Float(*value as f64),
            // `!` alone: not plain.
            (None, _) if tag.handle().is_empty() || (tag.handle() == "!" && tag.suffix().is_empty()) => {
                return string();
            }
            _ => false,
        };
        if !fits {
            self.bad_tag(tag, span);
        }
        resolved
    }

    fn bad_tag(&mut self, tag: &Tag, span: Span) {
        let name = shortened(&format!("{}{}", tag.original_handle(), tag.suffix()));
        let message = format!("the tag `{name}` does not fit this value");
        let hint = "remove it; tags of YAML are `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`";
        self.mistakes
            .push(Mistake::error(span, code::SYNTAX, message).hint(hint));
    }

    fn pending_key_span(&self) -> Option<Span> {
        match self.frames.last().map(|frame| &frame.content) {
            Some(Content::Map(MapFrame {
                key: Some(PendingKey::Plain(key)),
                ..
            })) => Some(key.span),
            _ => None,
        }
    }

    fn open(
        &mut self,
        content: Content,
        anchor: usize,
        tag: Option<&Tag>,
        core_tag: &str,
        span: Span,
    ) -> Step {
        if let Some(tag) = tag.filter(|tag| tag.core_suffix() != Some(core_tag)) {
            self.bad_tag(tag, span);
        }
        if self.frames.len() >= MAX_DEPTH {
            return stop(too_deep(span));
        }
        let weight = Weight {
            nodes: 1,
            height: 1,
            text_bytes: 0,
        };
        self.charge(weight, span)?;
        self.frames.push(Frame {
            start: span,
            anchor,
            weight,
            content,
        });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Step {
        let Some(Frame {
            start,
            anchor,
            weight,
            content,
        }) = self.frames.pop()
        else {
            return Ok(());
        };
        let node = match content {
            Content::List(items) => {
                let end = items.last().map(|item| item.span);
                Node::new(extent(start, end, span), Value::List(items))
            }
            Content::Map(map) => {
                let end = map.entries.last().map(|(key, value)| key.span.max(value.span));
                let entries = self.with_merged(map);
                Node::new(extent(start, end, span), Value::Map(entries))
            }
        };
        self.keep_anchored(node, weight, anchor)
    }

    /// Adds what `<<` brings: explicit keys win, earlier maps win over later ones (YAML merge key draft).
    fn with_merged(&mut self, map: MapFrame) -> Vec<(Key, Node)> {
        let MapFrame {
            mut entries,
            mut seen,
            merged,
            ..
        } = map;
        let mut sources = Vec::new();
        for node in merged {
            match node.value {
                Value::List(items) => sources.extend(items),
                _ => sources.push(node),
            }
        }
        for source in sources.into_iter().filter(|source| !source.is_refused()) {
            let Value::Map(added) = source.value else {
                let message = format!("`<<` takes a map or a list of maps, not {}", source.kind_name());
                let hint = "write `<<: *name` with the name of an anchor before a block";
                self.mistakes
                    .push(Mistake::error(source.span, code::WRONG_TYPE, message).hint(hint));
                continue;
            };
            for (key, value) in added {
                if !seen.contains_key(&key.name) {
                    seen.insert(key.name.clone(), key.span);
                    entries.push((key, value));
                }
            }
        }
        entries
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        self.usage.aliases += 1;
        if self.usage.aliases > MAX_ALIASES {
            let message = format!("more than {MAX_ALIASES} aliases");
            return stop(Mistake::error(span, code::LIMIT, message));
        }
        let Some((_, weight)) = self.anchors.get(&anchor) else {
            let message = "this alias is inside of what it refers to";
            return stop(Mistake::error(span, code::SYNTAX, message));
        };
        let weight = *weight;
        // Charged before it is copied: this is what stops an alias bomb.
        self.charge(weight, span)?;
        if self.frames.len() + weight.height > MAX_DEPTH {
            return stop(too_deep(span));
        }
        match self.anchors.get(&anchor) {
            Some((node, _)) => {
                let copy = node.clone();
                self.complete(copy, weight)
            }
            None => Ok(()),
        }
    }

    fn unknown_anchor(&mut self, name: &str, span: Span) {
        let message = format!("no anchor `&{}` stands above this alias", shortened(name));
        let similar = closest(name, self.anchor_names.iter().map(String::as_str));
        let hint = match similar {
            Some(similar) => format!("did you mean `*{}`?", shortened(similar)),
            None => "put text that begins with `*` in quotes".to_owned(),
        };
        self.mistakes
            .push(Mistake::error(span, code::SYNTAX, message).hint(hint));
    }

    fn charge(&mut self, weight: Weight, span: Span) -> Step {
        self.usage.nodes += weight.nodes;
        self.usage.text_bytes += weight.text_bytes;
        let message = if self.usage.nodes > MAX_NODES {
            format!("more than {MAX_NODES} values, counting what aliases repeat")
        } else if self.usage.text_bytes > MAX_TEXT_BYTES {
            format!("more than {MAX_TEXT_BYTES} bytes of text, counting what aliases repeat")
        } else {
            return Ok(());
        };
        stop(Mistake::error(span, code::LIMIT, message))
    }

    fn keep_anchored(&mut self, node: Node, weight: Weight, anchor: usize) -> Step {
        if anchor != 0 {
            self.charge(weight, node.span)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        self.complete(node, weight)
    }

    /// Hands a finished value to the list or map it stands in.
    fn complete(&mut self, node: Node, weight: Weight) -> Step {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.weight.add_child(weight);
        let map = match &mut frame.content {
            Content::List(items) => {
                items.push(node);
                return Ok(());
            }
            Content::Map(map) => map,
        };
        match map.key.take() {
            None => map.key = Some(pending_key(node, map, &mut self.mistakes)),
            Some(PendingKey::Plain(key)) => map.entries.push((key, node)),
            Some(PendingKey::Merge) => map.merged.push(node),
            Some(PendingKey::Refused) => {}
        }
        Ok(())
    }
}

fn pending_key(node: Node, map: &mut MapFrame, mistakes: &mut Vec<Mistake>) -> PendingKey {
    let span = node.span;
    let Some(name) = node.text().filter(|name| !name.is_empty()) else {
        let message = match node.text() {
            Some(_) => "a key is missing before the `:`".to_owned(),
            None => format!("a key is one word, not {}", node.kind_name()),
        };
        let hint = "put text that begins with `{`, `[` or `:` in quotes";
        mistakes.push(Mistake::error(span, code::SYNTAX, message).hint(hint));
        return PendingKey::Refused;
    };
    if name == "<<" {
        return PendingKey::Merge;
    }
    if let Some(first) = map.seen.get(name) {
        let message = format!("`{}` stands twice in this block", shortened(name));
        mistakes.push(
            Mistake::error(span, code::DUPLICATE_KEY, message)
                .hint("second time")
                .related(*first, "first time"),
        );
        return PendingKey::Refused;
    }
    map.seen.insert(name.to_owned(), span);
    PendingKey::Plain(Key {
        name: name.to_owned(),
        span,
    })
}

/// From the first character to the end of the last child (the parser ends a block at the next token), or to
/// the closing bracket.
fn extent(start: Span, last_child: Option<Span>, end: Span) -> Span {
    let in_brackets = start.start != start.end;
    let block_end = last_child.map_or(start.end, |child| child.end);
    // A child reached through an alias lies elsewhere.
    let block_end = block_end.clamp(start.end, end.end.max(start.end));
    Span {
        end: if in_brackets { end.end } else { block_end },
        ..start
    }
}

fn stop(mistake: Mistake) -> Step {
    Err(Box::new(mistake))
}

fn too_deep(span: Span) -> Mistake {
    Mistake::error(
        span,
        code::LIMIT,
        format!("nested deeper than {MAX_DEPTH} levels"),
    )
}
