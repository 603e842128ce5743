//! Text that is never shown.

use std::fmt;

use super::{Reader, Setting};
use crate::settings::scalars::read_text;
use crate::table::Kind;
use crate::tree::Node;

/// A password, token or header value. Has no `Display`; `Debug` shows that it is there, not what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself. To be called where it is used, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

impl Setting for Secret {
    const KEEPS_EMPTY_TEXT: bool = true;

    fn kind() -> Kind {
        Kind::Secret
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match read_text(node) {
            Some(text) => Some(Self::new(text)),
            None => cx.wrong_type(node, "text"),
        }
    }

    fn show(&self) -> String {
        "<hidden>".to_owned()
    }
}
