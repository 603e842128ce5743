//! Texts of one batch, each kept once.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// A text in [`Symbols`]. [`Symbol::EMPTY`] is the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Symbol(u32);

impl Symbol {
    /// The empty text, which remote write 2.0 wants to be the first.
    pub(super) const EMPTY: Self = Self(0);

    /// Its place among all symbols.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// All texts of a batch. Those that stand in the batch itself are not copied.
#[derive(Debug)]
pub(super) struct Symbols<'a> {
    texts: Vec<Cow<'a, str>>,
    index: HashTable<Symbol>,
    hasher: RandomState,
}

impl<'a> Symbols<'a> {
    pub(super) fn new() -> Self {
        let mut symbols = Self {
            texts: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::new(),
        };
        symbols.intern("");
        symbols
    }

    /// The symbol of a text.
    pub(super) fn intern(&mut self, text: impl Into<Cow<'a, str>>) -> Symbol {
        let text = text.into();
        let hash = self.hasher.hash_one(&*text);
        if let Some(found) = self.index.find(hash, |symbol| self.texts[symbol.index()] == text) {
            return *found;
        }
        // A text takes at least a byte of the batch, which is far shorter than 4 GiB.
        let symbol = Symbol(self.texts.len() as u32);
        self.texts.push(text);
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.index
            .insert_unique(hash, symbol, |symbol| hasher.hash_one(&*texts[symbol.index()]));
        symbol
    }

    /// The text of a symbol.
    pub(super) fn text(&self, symbol: Symbol) -> &str {
        &self.texts[symbol.index()]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// About how much memory it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.texts.capacity() * size_of::<Cow<'_, str>>() + self.index.capacity() * size_of::<Symbol>()
    }
}
