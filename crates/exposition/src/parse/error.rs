//! What is wrong with a page, and where.

/// Why a page cannot be read. The page is quoted nowhere: it may be long, or hold what is not to be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A text page breaks the grammar.
    #[error("line {line}, column {column}: {reason}")]
    Text {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
        /// What was expected or is not allowed.
        reason: &'static str,
    },
    /// A protobuf page breaks off or is no protobuf.
    #[error("message {message}: {reason}")]
    Protobuf {
        /// Which `MetricFamily` of the page, from 1.
        message: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl ParseError {
    /// An error at a byte of a text page. Counts lines, so it costs a walk over the page.
    pub(super) fn at(page: &[u8], offset: usize, reason: &'static str) -> Self {
        let before = page.get(..offset).unwrap_or(page);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        Self::Text {
            line,
            column: before.len() - start + 1,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let page = b"ab\ncd\n";
        for (offset, line, column) in [(0, 1, 1), (2, 1, 3), (3, 2, 1), (6, 3, 1), (99, 3, 1)] {
            let expected = ParseError::Text {
                line,
                column,
                reason: "x",
            };
            assert_eq!(ParseError::at(page, offset, "x"), expected);
        }
    }
}
