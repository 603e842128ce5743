//! What OTLP's `AnyValue` can be, borrowed from the text where that is possible.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

/// A value found in a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// Nothing: JSON's `null`.
    #[default]
    Empty,
    /// Text.
    Text(Cow<'a, str>),
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// True or false.
    Bool(bool),
    /// Bytes that are no text.
    Bytes(Cow<'a, [u8]>),
    /// A list.
    List(Vec<Value<'a>>),
    /// A map.
    Map(Map<'a>),
}

/// A map in the order of insertion. Looking up walks it: the maps of log records are short.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map<'a>(Vec<(Key<'a>, Value<'a>)>);

/// A key of a [`Map`]: borrowed from the text, of its own, or shared with the pattern that named it.
#[derive(Clone, Debug)]
pub enum Key<'a> {
    /// Borrowed.
    Borrowed(&'a str),
    /// Of its own.
    Owned(Box<str>),
    /// Shared.
    Shared(Arc<str>),
}

impl Deref for Key<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Key<'_> {
    /// A copy that borrows from nothing.
    pub fn into_owned<'b>(self) -> Key<'b> {
        match self {
            Self::Borrowed(text) => Key::Owned(text.into()),
            Self::Owned(text) => Key::Owned(text),
            Self::Shared(text) => Key::Shared(text),
        }
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl From<String> for Key<'_> {
    fn from(text: String) -> Self {
        Self::Owned(text.into())
    }
}

impl From<Arc<str>> for Key<'_> {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl<'a> From<Cow<'a, str>> for Key<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Borrowed(text),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl<'a> Map<'a> {
    /// An empty map.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty map with room for so many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self(Vec::with_capacity(keys))
    }

    /// Puts everything of another map in. Its keys differ from each other, so they are looked for among those only that
    /// were there before.
    pub fn merge(&mut self, other: Self) {
        let before = self.len();
        for (key, value) in other {
            let known = self.0.iter_mut().take(before).find(|(k, _)| **k == *key);
            match known {
                Some((_, place)) => *place = value,
                None => self.0.push((key, value)),
            }
        }
    }

    /// Puts a value under a key; a second value takes the place of the first.
    pub fn insert(&mut self, key: impl Into<Key<'a>>, value: Value<'a>) {
        let key = key.into();
        match self.get_mut(&key) {
            Some(place) => *place = value,
            None => self.0.push((key, value)),
        }
    }

    /// Puts a value under a key that is known not to be there yet.
    pub fn push(&mut self, key: impl Into<Key<'a>>, value: Value<'a>) {
        self.0.push((key.into(), value));
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(k, _)| **k == *key).map(|(_, v)| v)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        self.0.iter_mut().find(|(k, _)| **k == *key).map(|(_, v)| v)
    }

    /// Takes the value of a key out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value<'a>> {
        let place = self.0.iter().position(|(k, _)| **k == *key)?;
        Some(self.0.remove(place).1)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(k, v)| (&**k, v))
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without a key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes everything out and keeps the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<'a> FromIterator<(Key<'a>, Value<'a>)> for Map<'a> {
    fn from_iter<T: IntoIterator<Item = (Key<'a>, Value<'a>)>>(pairs: T) -> Self {
        let mut map = Self::new();
        for (key, value) in pairs {
            map.insert(key, value);
        }
        map
    }
}

impl<'a> IntoIterator for Map<'a> {
    type Item = (Key<'a>, Value<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
