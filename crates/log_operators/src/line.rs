//! What comes in.

use sidelight_log_formats::Map;

/// Where lines come from: one file, one stream. Receivers keep it as long as the source lives.
#[derive(Debug, Default)]
pub struct Source {
    /// A number of the receiver's own choice, unique among its sources.
    pub id: u64,
    /// Attributes that every record of the source gets, such as `log.file.name`.
    pub attributes: Map<'static>,
    /// Attributes of the resource of the source's records.
    pub resource: Map<'static>,
}

/// One text with what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The text.
    pub text: &'a str,
    /// Offset of its beginning in its source.
    pub start: u64,
    /// When it was seen: Unix nanoseconds.
    pub observed_unix_nano: u64,
    /// It is longer than the limit and was cut.
    pub cut: bool,
}
