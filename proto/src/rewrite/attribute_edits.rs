use std::ops::Range;

use super::splice::Splice;
use crate::{
    encode::{write_any_value, write_attribute},
    views::{AttributeView, ValueView},
    wire::{Fields, Value, Writer},
};

/// The attributes of one message and the changes recorded on top of them.
///
/// Reads see what was recorded before, so actions can build on one another. Nothing is parsed until the first call.
/// Where a key stands more than once, reads and writes mean the first, [`AttributeEdits::remove`] all of them. An
/// attribute that gets a new value keeps its place; new ones come last.
#[derive(Debug)]
pub struct AttributeEdits<'a> {
    input: &'a [u8],
    /// The message that holds the attributes.
    message: Range<usize>,
    number: u32,
    indexed: bool,
    entries: Vec<Entry<'a>>,
    /// Keys and values that are not in the input.
    scratch: Writer,
    changed: bool,
}

#[derive(Debug, Clone)]
struct Entry<'a> {
    /// The whole field in the input; empty for an added one.
    at: Range<usize>,
    key: Piece<'a>,
    value: EntryValue<'a>,
    state: State,
}

/// Where a serialized `AnyValue` is.
#[derive(Debug, Clone)]
enum EntryValue<'a> {
    /// In this `KeyValue`; looked for when it is asked for.
    Of(&'a [u8]),
    Scratch(Range<usize>),
}

impl<'a> EntryValue<'a> {
    fn bytes<'s>(&self, scratch: &'s Writer) -> &'s [u8]
    where
        'a: 's,
    {
        match self {
            EntryValue::Of(attribute) => AttributeView::new(attribute).value_bytes(),
            EntryValue::Scratch(range) => scratch.as_slice().get(range.clone()).unwrap_or_default(),
        }
    }
}

#[derive(Debug, Clone)]
enum Piece<'a> {
    Input(&'a [u8]),
    Scratch(Range<usize>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Kept,
    Replaced,
    Added,
    Removed,
}

impl<'a> Piece<'a> {
    #[inline]
    fn bytes<'s>(&self, scratch: &'s Writer) -> &'s [u8]
    where
        'a: 's,
    {
        match self {
            Piece::Input(bytes) => bytes,
            Piece::Scratch(range) => scratch.as_slice().get(range.clone()).unwrap_or_default(),
        }
    }
}

impl<'a> AttributeEdits<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        AttributeEdits {
            input,
            message: 0..0,
            number: 0,
            indexed: false,
            entries: Vec::new(),
            scratch: Writer::default(),
            changed: false,
        }
    }

    /// Turns to the attributes that are field `number` of the message at `message`.
    #[inline]
    pub(super) fn turn_to(&mut self, message: Range<usize>, number: u32) {
        self.message = message;
        self.number = number;
        self.indexed = false;
        self.changed = false;
        self.entries.clear();
        self.scratch.clear();
    }

    /// Whether anything was recorded.
    #[inline]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// The value of `key`.
    pub fn get(&mut self, key: &str) -> Option<ValueView<'_>> {
        let found = self.find(key)?;
        Some(ValueView::new(
            self.entries.get(found)?.value.bytes(&self.scratch),
        ))
    }

    /// Whether there is an attribute `key`.
    pub fn contains(&mut self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// All attributes.
    pub fn iter(&mut self) -> impl Iterator<Item = (&str, ValueView<'_>)> {
        self.index();
        self.entries
            .iter()
            .filter(|entry| entry.state != State::Removed)
            .map(|entry| {
                let key = std::str::from_utf8(entry.key.bytes(&self.scratch)).unwrap_or_default();
                (key, ValueView::new(entry.value.bytes(&self.scratch)))
            })
    }

    /// Gives `key` a value, whether it is there or not (`upsert`).
    pub fn set<'v>(&mut self, key: &str, value: impl Into<ValueView<'v>>) {
        let found = self.find(key);
        let value = self.keep_value(value.into());
        self.put(found, key, value);
    }

    /// Gives `key` a value if it is not there. Says whether it did.
    pub fn insert<'v>(&mut self, key: &str, value: impl Into<ValueView<'v>>) -> bool {
        let absent = self.find(key).is_none();
        if absent {
            let value = self.keep_value(value.into());
            self.put(None, key, value);
        }
        absent
    }

    /// Gives `key` a value if it is there. Says whether it did.
    pub fn update<'v>(&mut self, key: &str, value: impl Into<ValueView<'v>>) -> bool {
        let found = self.find(key);
        if found.is_some() {
            let value = self.keep_value(value.into());
            self.put(found, key, value);
        }
        found.is_some()
    }

    /// Gives `key` the value of `source`, whatever its type. Says whether `source` is there.
    pub fn set_from(&mut self, key: &str, source: &str) -> bool {
        let Some(value) = self
            .find(source)
            .and_then(|found| self.entries.get(found))
            .map(|entry| entry.value.clone())
        else {
            return false;
        };
        let found = self.find(key);
        self.put(found, key, value);
        true
    }

    /// Removes `key`. Says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        self.index();
        let mut removed = false;
        for entry in &mut self.entries {
            if entry.key.bytes(&self.scratch) == key.as_bytes() && entry.state != State::Removed {
                entry.state = State::Removed;
                removed = true;
            }
        }
        self.changed |= removed;
        removed
    }

    /// Removes all attributes for which `keep` is false. Says whether there were any.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, ValueView<'_>) -> bool) -> bool {
        self.index();
        let mut removed = false;
        for entry in self
            .entries
            .iter_mut()
            .filter(|entry| entry.state != State::Removed)
        {
            let key = std::str::from_utf8(entry.key.bytes(&self.scratch)).unwrap_or_default();
            if !keep(key, ValueView::new(entry.value.bytes(&self.scratch))) {
                entry.state = State::Removed;
                removed = true;
            }
        }
        self.changed |= removed;
        removed
    }

    #[inline]
    fn find(&mut self, key: &str) -> Option<usize> {
        self.index();
        self.entries.iter().position(|entry| {
            entry.key.bytes(&self.scratch) == key.as_bytes() && entry.state != State::Removed
        })
    }

    fn keep_value(&mut self, value: ValueView<'_>) -> EntryValue<'a> {
        let start = self.scratch.len();
        write_any_value(&mut self.scratch, value);
        EntryValue::Scratch(start..self.scratch.len())
    }

    fn put(&mut self, found: Option<usize>, key: &str, value: EntryValue<'a>) {
        self.changed = true;
        if let Some(entry) = found.and_then(|found| self.entries.get_mut(found)) {
            entry.value = value;
            if entry.state == State::Kept {
                entry.state = State::Replaced;
            }
            return;
        }
        let start = self.scratch.len();
        self.scratch.raw(key.as_bytes());
        let key = Piece::Scratch(start..self.scratch.len());
        self.entries.push(Entry {
            at: 0..0,
            key,
            value,
            state: State::Added,
        });
    }

    #[inline]
    fn index(&mut self) {
        if !self.indexed {
            self.read_attributes();
        }
    }

    fn read_attributes(&mut self) {
        self.indexed = true;
        let mut fields = Fields::within(self.input, self.message.clone());
        while let Some(field) = fields.next() {
            if field.number == self.number
                && let Value::Len(content) = field.value
            {
                self.entries.push(Entry {
                    at: field.start..fields.offset(),
                    key: Piece::Input(key_of(content)),
                    value: EntryValue::Of(content),
                    state: State::Kept,
                });
            }
        }
    }

    /// Writes the changes of attributes that stand before `before`, from the `from`th on; returns the next one.
    pub(super) fn apply_until(&self, splice: &mut Splice<'a>, from: usize, before: usize) -> usize {
        let mut next = from;
        while let Some(entry) = self.entries.get(next)
            && entry.state != State::Added
            && !entry.at.is_empty()
            && entry.at.start < before
        {
            match entry.state {
                State::Replaced => {
                    splice.skip(entry.at.clone());
                    let writer = splice.write_at(entry.at.end);
                    self.write(writer, entry);
                }
                State::Removed => splice.skip(entry.at.clone()),
                State::Kept | State::Added => {}
            }
            next += 1;
        }
        next
    }

    /// Writes the attributes that were added, at the end of the message.
    pub(super) fn apply_added(&self, splice: &mut Splice<'a>, end: usize) {
        for entry in self.entries.iter().filter(|entry| entry.state == State::Added) {
            let writer = splice.write_at(end);
            self.write(writer, entry);
        }
    }

    /// Writes the added attributes into a message that the input does not have.
    pub(super) fn write_added(&self, writer: &mut Writer) {
        for entry in self.entries.iter().filter(|entry| entry.state == State::Added) {
            self.write(writer, entry);
        }
    }

    pub(super) fn has_added(&self) -> bool {
        self.entries.iter().any(|entry| entry.state == State::Added)
    }

    fn write(&self, writer: &mut Writer, entry: &Entry<'a>) {
        let value = ValueView::new(entry.value.bytes(&self.scratch));
        write_attribute(writer, self.number, entry.key.bytes(&self.scratch), value);
    }
}

/// The key of an attribute; nearly always what comes first.
#[inline]
fn key_of(attribute: &[u8]) -> &[u8] {
    match attribute {
        [0x0a, len, rest @ ..] if *len < 0x80 => rest.get(..usize::from(*len)).unwrap_or_default(),
        _ => AttributeView::new(attribute).key_bytes(),
    }
}
