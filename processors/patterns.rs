//! Regular expressions in settings: bounded, and with mistakes that say what is wrong in one line.

use regex::{Regex, RegexBuilder};

/// Most bytes of one compiled expression. A sidecar's expressions take a few kilobytes.
const COMPILED_LIMIT_BYTES: usize = 1 << 20;

/// Most bytes that matching one expression keeps for its next matches.
const CACHE_LIMIT_BYTES: usize = 256 << 10;

/// Compiles an expression. Every instance of a processor compiles its own, so that threads share none.
///
/// # Errors
/// What is wrong, as the end of a sentence about the setting. The expression itself is not in it: it may have
/// come from the environment.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(COMPILED_LIMIT_BYTES)
        .dfa_size_limit(CACHE_LIMIT_BYTES)
        .build()
        .map_err(|error| explained(&error))
}

fn explained(error: &regex::Error) -> String {
    match error {
        // The last line is the reason; those before it repeat the expression.
        regex::Error::Syntax(text) => {
            let last = text.lines().last().unwrap_or_default();
            format!(
                "is no regular expression: {}",
                last.strip_prefix("error: ").unwrap_or(last)
            )
        }
        _ => "is a regular expression that needs more than 1 MiB".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_one_line_without_the_expression() {
        let table = [
            ("(secret", "is no regular expression: unclosed group"),
            (
                "secret{1000}{1000}{1000}",
                "is a regular expression that needs more than 1 MiB",
            ),
        ];
        for (pattern, expected) in table {
            assert_eq!(compile(pattern).expect_err(pattern), expected);
        }
        let look_ahead = compile("(?=secret)").expect_err("look-ahead");
        assert!(
            !look_ahead.contains("secret") && look_ahead.contains("look-ahead"),
            "{look_ahead}"
        );
    }

    #[test]
    fn expressions_written_for_go_compile() {
        for pattern in [
            r"^(?P<a>.*):\/\/(?P<b>.*)(\?|\&)(?P<c>.*)",
            r"SELECT \* FROM USERS.*",
            r"\pL+\z",
        ] {
            assert!(compile(pattern).is_ok(), "{pattern}");
        }
    }
}
