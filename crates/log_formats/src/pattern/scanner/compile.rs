//! The program of a scanner, from the expression as the regular expression's parser understood it.

use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use super::class::{ByteSet, Class};
use super::{Alternation, Alternative, Node, Run};

/// An expression has at most so many parts; a larger one is left to the regular expression.
const MAX_PARTS: usize = 1 << 14;

/// Parts stand in each other at most so deeply.
const MAX_DEPTH: usize = 100;

/// How a part can begin.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// The bytes that its first character can begin with.
    first: ByteSet,
    /// It may match without a character.
    nullable: bool,
}

impl Start {
    const NOTHING: Self = Self {
        first: ByteSet::EMPTY,
        nullable: true,
    };

    /// This part, and what follows where it matches without a character.
    fn then(self, next: Self) -> Self {
        match self.nullable {
            true => Self {
                first: self.first.union(next.first),
                nullable: next.nullable,
            },
            false => self,
        }
    }
}

/// The program for an expression; `None` if it has a part that a scanner cannot do.
pub(super) fn program(hir: &Hir) -> Option<Node> {
    let mut compiler = Compiler { parts: 0 };
    // Behind the whole stands the end of the match, which anything may follow.
    compiler.node(hir, ByteSet::ALL, 0)
}

struct Compiler {
    parts: usize,
}

impl Compiler {
    /// `follow`: the bytes that what follows this part can begin with. Whether a greedy part could have stopped earlier is decided
    /// by it.
    fn node(&mut self, hir: &Hir, follow: ByteSet, depth: usize) -> Option<Node> {
        self.parts += 1;
        if self.parts > MAX_PARTS || depth > MAX_DEPTH {
            return None;
        }
        Some(match hir.kind() {
            HirKind::Empty => Node::Empty,
            HirKind::Literal(literal) => Node::Literal(literal.0.clone()),
            HirKind::Class(class) => Node::One(Class::new(class)?),
            HirKind::Look(look) => Node::Look(supported(*look)?),
            HirKind::Capture(capture) => Node::Group {
                slot: (capture.index as usize).checked_sub(1)?,
                node: Box::new(self.node(&capture.sub, follow, depth + 1)?),
            },
            HirKind::Repetition(repetition) => self.repetition(repetition, follow, depth)?,
            HirKind::Concat(parts) => self.concat(parts, follow, depth)?,
            HirKind::Alternation(parts) => self.alternation(parts, follow, depth)?,
        })
    }

    fn concat(&mut self, parts: &[Hir], follow: ByteSet, depth: usize) -> Option<Node> {
        let mut follow = follow;
        let mut nodes: Vec<Node> = Vec::with_capacity(parts.len());
        for part in parts.iter().rev() {
            let node = self.node(part, follow, depth + 1)?;
            follow = before(part, follow);
            nodes.push(node);
        }
        nodes.reverse();
        let nodes = joined(nodes).into_iter().map(|node| match node {
            Node::Literal(literal) => match *literal {
                [byte] => Node::Byte(byte),
                _ => Node::Literal(literal),
            },
            node => node,
        });
        Some(Node::Concat(nodes.collect()))
    }

    fn alternation(&mut self, parts: &[Hir], follow: ByteSet, depth: usize) -> Option<Node> {
        let alternatives = parts.iter().map(|part| {
            let start = start(part);
            Some(Alternative {
                node: self.node(part, follow, depth + 1)?,
                first: start.first,
                nullable: start.nullable,
                slots: slots(part),
            })
        });
        Alternation::new(alternatives.collect::<Option<_>>()?).map(Node::Alternation)
    }

    fn repetition(&mut self, repetition: &Repetition, follow: ByteSet, depth: usize) -> Option<Node> {
        let (min, max) = (repetition.min, repetition.max.unwrap_or(u32::MAX));
        let body = start(&repetition.sub);
        let decided = body.first.is_disjoint(&follow);
        if let HirKind::Class(class) = repetition.sub.kind() {
            let run = Run {
                class: Class::new(class)?,
                min,
                max,
                decided,
            };
            return match (repetition.greedy, max) {
                (true, _) => Some(Node::Run(run)),
                (false, u32::MAX) => Some(Node::Lazy { run, follow }),
                (false, _) => None,
            };
        }
        let slots = slots(&repetition.sub);
        let is_simple = repetition.greedy && !body.nullable && (max == 1 || slots.is_empty());
        if !is_simple {
            return None;
        }
        let within = if max > 1 { follow.union(body.first) } else { follow };
        Some(Node::Repeat {
            node: Box::new(self.node(&repetition.sub, within, depth + 1)?),
            first: body.first,
            min,
            max,
            decided,
            slots,
        })
    }
}

/// What can follow a part that stands before this one.
fn before(part: &Hir, follow: ByteSet) -> ByteSet {
    match part.kind() {
        HirKind::Look(Look::End) => ByteSet::EMPTY,
        HirKind::Look(Look::EndLF) => ByteSet::of(b'\n'),
        _ => {
            let start = start(part);
            if start.nullable {
                start.first.union(follow)
            } else {
                start.first
            }
        }
    }
}

/// A lazy run before a literal looks for the literal.
fn joined(nodes: Vec<Node>) -> Vec<Node> {
    let mut joined: Vec<Node> = Vec::with_capacity(nodes.len());
    for node in nodes {
        match (joined.pop(), node) {
            (Some(Node::Lazy { run, .. }), Node::Literal(literal)) => joined.push(Node::Until {
                run,
                length: literal.len(),
                literal: Box::new(memchr::memmem::Finder::new(&literal).into_owned()),
            }),
            (before, node) => {
                joined.extend(before);
                joined.push(node);
            }
        }
    }
    joined
}

fn start(hir: &Hir) -> Start {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Start::NOTHING,
        HirKind::Literal(literal) => Start {
            first: literal
                .0
                .first()
                .map_or(ByteSet::EMPTY, |byte| ByteSet::of(*byte)),
            nullable: false,
        },
        HirKind::Class(class) => Start {
            first: Class::new(class).map_or(ByteSet::ALL, |class| class.first()),
            nullable: false,
        },
        HirKind::Capture(capture) => start(&capture.sub),
        HirKind::Repetition(repetition) => {
            let body = start(&repetition.sub);
            Start {
                nullable: body.nullable || repetition.min == 0,
                ..body
            }
        }
        HirKind::Concat(parts) => {
            let starts = parts.iter().map(start);
            let mut whole = Start::NOTHING;
            for next in starts {
                whole = whole.then(next);
                if !whole.nullable {
                    break;
                }
            }
            whole
        }
        HirKind::Alternation(parts) => parts.iter().map(start).fold(
            Start {
                first: ByteSet::EMPTY,
                nullable: false,
            },
            |all, one| Start {
                first: all.first.union(one.first),
                nullable: all.nullable || one.nullable,
            },
        ),
    }
}

/// The numbers of the groups in a part: they follow each other.
fn slots(hir: &Hir) -> std::ops::Range<usize> {
    match hir.kind() {
        HirKind::Capture(capture) => {
            let own = (capture.index as usize).saturating_sub(1);
            own..slots(&capture.sub).end.max(own + 1)
        }
        _ => hir.kind().subs().iter().map(slots).fold(0..0, |all, one| {
            if one.is_empty() {
                all
            } else if all.is_empty() {
                one
            } else {
                all.start.min(one.start)..all.end.max(one.end)
            }
        }),
    }
}

fn supported(look: Look) -> Option<Look> {
    let is_supported = matches!(
        look,
        Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::WordAscii
    );
    is_supported.then_some(look)
}
