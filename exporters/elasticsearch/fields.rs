//! The members of a document whose names may repeat or contradict each other: sorted, each name once.
//!
//! Attributes of a resource, a scope and a record meet in one object. Of a name that repeats the last counts. Elasticsearch
//! takes `a.b` for `b` within `a`, so where both `a` and `a.b` are there, `a` is written as `a.value`.

use std::ops::Range;

use sidelight_proto::json::write;
use sidelight_proto::views::{Attributes, ValueView};

use super::json;

/// Between the parts of a name: sorts before every other character, so that `a.b` stands next to `a` and not behind `a-b`.
const SEPARATOR: u8 = 0;

#[derive(Clone, Debug)]
struct Field {
    /// The name in `names`.
    name: Range<usize>,
    /// `"name":value` in `members`.
    member: Range<usize>,
    /// Where the value begins in `members`.
    value: usize,
}

/// Members that are gathered, then written once.
#[derive(Debug, Default)]
pub(super) struct Fields {
    names: Vec<u8>,
    members: Vec<u8>,
    fields: Vec<Field>,
    /// A name with its points, while it is written.
    dotted: Vec<u8>,
    /// What all documents of a group have: how much of the three above it is.
    common: (usize, usize, usize),
}

/// How a name is put together.
#[derive(Clone, Copy)]
pub(super) struct Name<'a>(pub(super) &'a str, pub(super) &'a str);

impl Fields {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.common = (0, 0, 0);
        self.forget_own();
    }

    /// What is there now is common to all documents that follow.
    pub(super) fn end_common(&mut self) {
        self.sort_from(0);
        self.common = (self.names.len(), self.members.len(), self.fields.len());
    }

    /// Forgets what is not common.
    pub(super) fn forget_own(&mut self) {
        self.names.truncate(self.common.0);
        self.members.truncate(self.common.1);
        self.fields.truncate(self.common.2);
    }

    /// Adds a value under a name; the entries of a map under their own names. An empty value is left out.
    pub(super) fn add(&mut self, name: Name<'_>, value: ValueView<'_>) {
        match value {
            ValueView::Empty => {}
            ValueView::KvList(map) => {
                let mark = self.names.len();
                self.append_name(name);
                self.add_map(mark, map.entries());
            }
            value => self.add_with(name, |out| json::value(value, out)),
        }
    }

    /// Adds attributes, each under its key with `prefix` before it.
    pub(super) fn add_all(&mut self, prefix: &str, attributes: Attributes<'_>) {
        for attribute in attributes {
            self.add(Name(prefix, attribute.key()), attribute.value());
        }
    }

    /// Adds a text, unless it is empty.
    pub(super) fn add_text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.add_with(Name("", name), |out| write::string(text, out));
        }
    }

    /// Adds an id as hexadecimal digits, unless it is empty.
    pub(super) fn add_id(&mut self, name: &str, id: &[u8]) {
        if !id.is_empty() {
            self.add_with(Name("", name), |out| write::hex(id, out));
        }
    }

    /// Adds what a function writes.
    pub(super) fn add_with(&mut self, name: Name<'_>, write_value: impl FnOnce(&mut Vec<u8>)) {
        let start = self.names.len();
        self.append_name(name);
        self.finish(start, write_value);
    }

    /// The entries of a map whose own name stands at the end of `names`, from `mark`; takes the name away again.
    fn add_map(&mut self, mark: usize, entries: Attributes<'_>) {
        let prefix: Vec<u8> = self.names.split_off(mark);
        for entry in entries {
            let start = self.names.len();
            self.names.extend_from_slice(&prefix);
            self.names.push(SEPARATOR);
            append(&mut self.names, entry.key());
            match entry.value() {
                ValueView::Empty => self.names.truncate(start),
                ValueView::KvList(map) => self.add_map(start, map.entries()),
                value => self.finish(start, |out| json::value(value, out)),
            }
        }
    }

    fn append_name(&mut self, Name(prefix, key): Name<'_>) {
        append(&mut self.names, prefix);
        append(&mut self.names, key);
    }

    /// A field whose name stands at the end of `names`, from `start`.
    fn finish(&mut self, start: usize, write_value: impl FnOnce(&mut Vec<u8>)) {
        let field = self.field(start, write_value);
        self.fields.push(field);
    }

    fn field(&mut self, start: usize, write_value: impl FnOnce(&mut Vec<u8>)) -> Field {
        let member = self.members.len();
        let letters = self.names[start..].iter();
        self.dotted.clear();
        self.dotted
            .extend(letters.map(|b| if *b == SEPARATOR { b'.' } else { *b }));
        write::string(&String::from_utf8_lossy(&self.dotted), &mut self.members);
        self.members.push(b':');
        let value = self.members.len();
        write_value(&mut self.members);
        Field {
            name: start..self.names.len(),
            member: member..self.members.len(),
            value,
        }
    }

    /// Sorts the fields from `start` on; of one name the last stays.
    fn sort_from(&mut self, start: usize) {
        let unsorted = self.fields.split_off(start);
        self.fields.extend(sorted(&self.names, unsorted));
    }

    /// The common fields and the document's own, in order.
    fn merged(&mut self) -> Vec<Field> {
        self.sort_from(self.common.2);
        let (common, own) = self.fields.split_at(self.common.2);
        let mut merged: Vec<Field> = Vec::with_capacity(self.fields.len());
        let (mut common, mut own) = (common.iter().peekable(), own.iter().peekable());
        let name = |field: &Field| &self.names[field.name.clone()];
        loop {
            let next = match (common.peek(), own.peek()) {
                (Some(left), Some(right)) => match name(left).cmp(name(right)) {
                    std::cmp::Ordering::Less => common.next(),
                    std::cmp::Ordering::Greater => own.next(),
                    std::cmp::Ordering::Equal => {
                        common.next();
                        own.next()
                    }
                },
                (Some(_), None) => common.next(),
                (None, _) => own.next(),
            };
            match next {
                Some(field) => merged.push(field.clone()),
                None => return merged,
            }
        }
    }

    /// The fields of a document in order; what stands in the way of another has a name of its own.
    fn ordered(&mut self) -> Vec<Field> {
        let mut fields = self.merged();
        while self.give_way(&mut fields) {
            fields = sorted(&self.names, fields);
        }
        fields
    }

    fn name(&self, field: &Field) -> &[u8] {
        &self.names[field.name.clone()]
    }

    /// Every `a` that stands before an `a.b` becomes `a.value`; of a sorted list. An `a.value` that is there already stands
    /// behind it, and stays. False where there was none.
    fn give_way(&mut self, fields: &mut [Field]) -> bool {
        let mut any = false;
        for at in 1..fields.len() {
            let (field, next) = (&fields[at - 1], &fields[at]);
            let within = self.name(next).strip_prefix(self.name(field));
            if within.is_none_or(|rest| rest.first() != Some(&SEPARATOR)) {
                continue;
            }
            any = true;
            let start = self.names.len();
            self.names.extend_from_within(field.name.clone());
            self.names.push(SEPARATOR);
            self.names.extend_from_slice(b"value");
            let value = self.members[field.value..field.member.end].to_vec();
            fields[at - 1] = self.field(start, |out| out.extend_from_slice(&value));
        }
        any
    }

    /// Appends the members, names with their points.
    pub(super) fn write_flat(&mut self, out: &mut Vec<u8>) {
        for field in self.ordered() {
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            out.extend_from_slice(&self.members[field.member]);
        }
    }

    /// Appends the members, `a.b` as `b` within `a`.
    pub(super) fn write_nested(&mut self, out: &mut Vec<u8>) {
        let mut open: Vec<&[u8]> = Vec::new();
        let fields = self.ordered();
        for field in &fields {
            let mut parts: Vec<&[u8]> = self.name(field).split(|b| *b == SEPARATOR).collect();
            let last = parts.pop().unwrap_or_default();
            let shared = open.iter().zip(&parts).take_while(|(a, b)| a == b).count();
            out.extend(open.drain(shared..).map(|_| b'}'));
            for part in &parts[shared..] {
                json::key(&String::from_utf8_lossy(part), out);
                out.push(b'{');
                open.push(part);
            }
            json::key(&String::from_utf8_lossy(last), out);
            out.extend_from_slice(&self.members[field.value..field.member.end]);
        }
        out.extend(open.iter().map(|_| b'}'));
    }
}

/// Fields in the order of their names; of one name the last stays.
fn sorted(names: &[u8], mut fields: Vec<Field>) -> Vec<Field> {
    let name = |field: &Field| &names[field.name.clone()];
    // Stable: of one name the last comes last.
    fields.sort_by(|a, b| name(a).cmp(name(b)));
    let mut kept: Vec<Field> = Vec::with_capacity(fields.len());
    for field in fields {
        match kept.last_mut() {
            Some(last) if name(last) == name(&field) => *last = field,
            _ => kept.push(field),
        }
    }
    kept
}

/// A name with its points as separators.
fn append(names: &mut Vec<u8>, part: &str) {
    names.extend(part.bytes().map(|b| if b == b'.' { SEPARATOR } else { b }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(common: &[(&str, i64)], own: &[(&str, i64)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in common {
            fields.add(Name("", name), ValueView::Int(*value));
        }
        fields.end_common();
        for (name, value) in own {
            fields.add(Name("", name), ValueView::Int(*value));
        }
        fields
    }

    #[test]
    fn of_a_name_that_repeats_the_last_counts_and_contradictions_get_a_name() {
        for (common, own, flat, nested) in [
            (
                &[][..],
                &[("b", 1), ("a", 2)][..],
                r#""a":2,"b":1"#,
                r#""a":2,"b":1"#,
            ),
            (&[("a", 1)], &[("a", 2)], r#""a":2"#, r#""a":2"#),
            (
                &[("a.c", 1)],
                &[("a-b", 2), ("a", 3)],
                r#""a.c":1,"a.value":3,"a-b":2"#,
                r#""a":{"c":1,"value":3},"a-b":2"#,
            ),
            (
                &[("a", 1)],
                &[("a.b.c", 2), ("a.b", 3), ("a.d", 4)],
                r#""a.b.c":2,"a.b.value":3,"a.d":4,"a.value":1"#,
                r#""a":{"b":{"c":2,"value":3},"d":4,"value":1}"#,
            ),
            (
                &[],
                &[("a", 1), ("a.b", 2), ("a.value", 3)],
                r#""a.b":2,"a.value":3"#,
                r#""a":{"b":2,"value":3}"#,
            ),
        ] {
            let write = |nested: bool| {
                let mut fields = fields(common, own);
                let mut out = b"{".to_vec();
                if nested {
                    fields.write_nested(&mut out);
                } else {
                    fields.write_flat(&mut out);
                }
                String::from_utf8_lossy(&out[1..]).into_owned()
            };
            assert_eq!((write(false), write(true)), (flat.to_owned(), nested.to_owned()));
        }
    }

    #[test]
    fn what_is_common_stays_for_the_next_document() {
        let mut fields = fields(&[("r", 1)], &[("a", 2)]);
        fields.forget_own();
        fields.add(Name("", "b"), ValueView::Int(3));
        let mut out = b"{".to_vec();
        fields.write_flat(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), r#"{"b":3,"r":1"#);
    }

    #[test]
    fn what_one_document_has_to_rename_is_not_renamed_in_the_next() {
        let mut fields = fields(&[("a", 1), ("r", 2)], &[("a.b", 3)]);
        let mut written = || {
            let mut out = b"{".to_vec();
            fields.write_flat(&mut out);
            fields.forget_own();
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(
            [written(), written()],
            [r#"{"a.b":3,"a.value":1,"r":2"#, r#"{"a":1,"r":2"#]
        );
    }

    #[test]
    fn contradictions_within_contradictions_are_all_named() {
        let mut fields = fields(
            &[],
            &[("a", 1), ("a.value", 2), ("a.value.x", 3), ("b", 4), ("b.c", 5)],
        );
        let mut out = b"{".to_vec();
        fields.write_flat(&mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            r#"{"a.value.value":2,"a.value.x":3,"b.c":5,"b.value":4"#
        );
    }
}
