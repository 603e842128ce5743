//! Typed settings: one declaration makes the struct, its defaults, its table and its reader.

mod block;
mod byte_size;
mod collections;
mod duration;
mod endpoint;
mod enums;
mod macros;
mod reader;
mod scalars;
mod secret;

pub use block::{Block, Check, bounds_text, doc_text, plain_name};
pub use byte_size::ByteSize;
pub use duration::{format_duration, parse_duration};
pub use endpoint::Endpoint;
pub use enums::read_word;
pub use reader::{FieldSpans, Owner, Read, Reader, Spans, read, shown};
pub use secret::Secret;

use crate::table::{Kind, Table};
use crate::tree::Node;

/// A type that can be the value of a setting.
///
/// Ready types: `bool`, integers, `f64`, `String`, `Duration`, [`ByteSize`], [`Endpoint`], [`Secret`],
/// `Vec<T>`, `BTreeMap<String, T>`, `Option<T>`, [`Node`] (any YAML), what [`crate::settings!`] and
/// [`crate::setting_enum!`] declare.
pub trait Setting: Clone + Sized {
    /// True for blocks: the key with nothing after it means a block with its defaults.
    const IS_BLOCK: bool = false;

    /// True when `null` is a value of its own; else a key with nothing after it leaves the default.
    const READS_NULL: bool = false;

    /// True for text: a variable that is set but empty is the empty text, not "nothing".
    const KEEPS_EMPTY_TEXT: bool = false;

    /// What values it takes, for documentation and schema.
    fn kind() -> Kind;

    /// [`Setting::kind`] where the default is `base`; differs for blocks, whose parts have defaults.
    fn kind_over(_base: &Self) -> Kind {
        Self::kind()
    }

    /// Reads a value. On a mistake it reports to `cx` (all mistakes it can see, not just the first) and
    /// returns `None`.
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self>;

    /// [`Setting::read`] where the default is `base`; differs for blocks: what is not given is as in `base`.
    fn read_over(_base: &Self, node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        Self::read(node, cx)
    }

    /// The value as the documentation of a default shows it. Never the content of a secret.
    fn show(&self) -> String;
}

/// A block of settings, made by [`crate::settings!`].
pub trait Settings: Setting + Send + Sync + 'static {
    /// The table, with the defaults of `base` where given.
    fn table_over(base: Option<&Self>) -> Table;

    /// The table with the block's own defaults.
    fn table() -> Table {
        Self::table_over(None)
    }

    /// Reads every setting of an opened block, then checks their relations.
    fn read_fields(block: &Block<'_>, base: Option<&Self>, cx: &mut Reader<'_>) -> Option<Self>;
}
