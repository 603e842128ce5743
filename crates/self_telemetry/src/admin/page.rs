//! What the server asks for and what it gets.

use bytes::Bytes;
use http::StatusCode;

/// One request, as far as pages need to know it.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'a> {
    /// The path, still percent-encoded, without the query.
    pub path: &'a str,
    /// The `Accept` header.
    pub accept: Option<&'a str>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status.
    pub status: StatusCode,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Page {
    /// A line of text.
    pub fn text(status: StatusCode, line: impl Into<String>) -> Self {
        let mut body = line.into();
        body.push('\n');
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: body.into(),
        }
    }

    /// "There is no such page."
    pub fn not_found() -> Self {
        Self::text(StatusCode::NOT_FOUND, "there is no such page")
    }
}

/// Makes pages. Called on the admin thread, so it must not wait; a panic becomes status 500.
pub trait Pages: Send + Sync + 'static {
    /// The page for a GET request.
    fn page(&self, request: PageRequest<'_>) -> Page;
}
