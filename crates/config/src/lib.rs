#![doc = include_str!("../README.md")]

mod env;
mod escape;
mod expand;
mod load;
mod markdown;
mod merge;
mod mistake;
mod render;
mod schema;
pub mod settings;
mod source;
mod suggest;
mod table;
mod tree;
mod yaml;

pub use env::{Env, FixedEnv, MAX_FILE_BYTES, ProcessEnv};
pub use escape::{escaped, shortened};
pub use load::{NamedText, load, load_str, load_texts};
pub use markdown::markdown_table;
pub use mistake::{MAX_MISTAKES, Mistake, Mistakes, Related, Severity, code};
pub use render::Style;
pub use schema::schema;
pub use settings::{
    Block, ByteSize, Check, Endpoint, FieldSpans, Owner, Read, Reader, Secret, Setting, Settings, Spans,
    format_duration, parse_duration, read, shown,
};
pub use source::{FileId, Position, SharedSources, SourceFile, Sources, Span};
pub use suggest::closest;
pub use table::{Alias, BlockKind, Kind, Row, Table, Unsupported};
pub use tree::{Key, Node, Tree, Value};
