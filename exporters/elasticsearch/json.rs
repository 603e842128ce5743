//! Values as JSON, as Elasticsearch takes them.

use hashbrown::HashSet;
use sidelight_proto::json::write;
use sidelight_proto::views::{Attributes, ValueView};

/// So many keys are compared one by one to find one that repeats; more are hashed.
const COMPARED_KEYS: usize = 32;

/// Appends a value. Bytes are hexadecimal digits; of keys that repeat within a map the first counts, because Elasticsearch
/// refuses objects in which one repeats. The nesting is bounded at the door.
pub(super) fn value(value: ValueView<'_>, out: &mut Vec<u8>) {
    match value {
        ValueView::Empty => out.extend_from_slice(b"null"),
        ValueView::String(text) => write::string(text, out),
        ValueView::Bool(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
        ValueView::Int(number) => write::signed(number, out),
        ValueView::Double(number) => write::double(number, out),
        ValueView::Bytes(bytes) => write::hex(bytes, out),
        ValueView::Array(array) => {
            out.push(b'[');
            for (nth, element) in array.values().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                self::value(element, out);
            }
            out.push(b']');
        }
        ValueView::KvList(map) => {
            object(map.entries(), |_| true, out);
        }
    }
}

/// Appends attributes as an object, those alone that are wanted. Says how many.
pub(super) fn object(attributes: Attributes<'_>, wanted: impl Fn(&str) -> bool, out: &mut Vec<u8>) -> usize {
    let mut keys = Keys::default();
    out.push(b'{');
    let mut members = 0;
    for attribute in attributes {
        let key = attribute.key();
        if !wanted(key) || !keys.is_new(key) {
            continue;
        }
        if members > 0 {
            out.push(b',');
        }
        members += 1;
        write::string(key, out);
        out.push(b':');
        value(attribute.value(), out);
    }
    out.push(b'}');
    members
}

/// Keys that were seen in one object.
#[derive(Default)]
struct Keys<'a> {
    few: smallvec::SmallVec<[&'a str; COMPARED_KEYS]>,
    many: HashSet<&'a str, std::hash::RandomState>,
}

impl<'a> Keys<'a> {
    fn is_new(&mut self, key: &'a str) -> bool {
        if self.few.len() < COMPARED_KEYS {
            let is_new = !self.few.contains(&key);
            if is_new {
                self.few.push(key);
            }
            return is_new;
        }
        !self.few.contains(&key) && self.many.insert(key)
    }
}

/// Appends `"key":`, after a comma where something stands before it in the object.
pub(super) fn key(name: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    write::string(name, out);
    out.push(b':');
}

/// Appends a member of text, unless it is empty.
pub(super) fn text_member(name: &str, text: &str, out: &mut Vec<u8>) {
    if !text.is_empty() {
        key(name, out);
        write::string(text, out);
    }
}

/// Appends a member of hexadecimal digits, unless there are no bytes.
pub(super) fn id_member(name: &str, id: &[u8], out: &mut Vec<u8>) {
    if !id.is_empty() {
        key(name, out);
        write::hex(id, out);
    }
}

/// Appends a number, unless it is 0.
pub(super) fn count_member(name: &str, count: u64, out: &mut Vec<u8>) {
    if count != 0 {
        key(name, out);
        write::unsigned(count, out);
    }
}
