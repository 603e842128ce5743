//! References to patterns: `%{NAME}`, `%{NAME:field}`, `%{NAME:field:int}`.

use crate::pattern::Kind;

/// A piece of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'p> {
    /// An expression as it stands.
    Expression(&'p str),
    /// What stands between `%{` and `}`.
    Reference(&'p str),
    /// A reference that is not closed.
    Unclosed(&'p str),
}

impl<'p> Piece<'p> {
    /// As it stands in the pattern, for messages.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Expression(text) | Self::Unclosed(text) => text.to_owned(),
            Self::Reference(text) => format!("%{{{text}}}"),
        }
    }
}

/// The pieces of a pattern with their offsets.
pub(super) fn pieces(pattern: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = pattern.get(at..).filter(|rest| !rest.is_empty())?;
        let begins = at;
        let piece = match rest.strip_prefix("%{") {
            None => {
                let end = rest.find("%{").unwrap_or(rest.len());
                at += end;
                Piece::Expression(rest.get(..end)?)
            }
            Some(reference) => match reference.split_once('}') {
                Some((inside, _)) => {
                    at += inside.len() + 3;
                    Piece::Reference(inside)
                }
                None => {
                    at = pattern.len();
                    Piece::Unclosed(rest)
                }
            },
        };
        Some((begins, piece))
    })
}

/// A reference taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference<'p> {
    /// The pattern's name.
    pub(super) name: &'p str,
    /// Under which field its text is kept: `a.b` for `[a][b]`.
    pub(super) field: Option<String>,
    pub(super) kind: Kind,
}

impl<'p> Reference<'p> {
    /// Takes apart what stands between the braces.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(inside: &'p str) -> Result<Self, String> {
        let mut parts = inside.splitn(3, ':');
        let name = parts.next().unwrap_or_default();
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(format!(
                "`%{{{inside}}}` has no name of a pattern: write `%{{NAME:field}}`"
            ));
        }
        let field = parts.next().map(field_name).filter(|field| !field.is_empty());
        let kind = match parts.next() {
            None | Some("string") => Kind::Text,
            Some("int" | "integer" | "long") => Kind::Int,
            Some("float" | "double") => Kind::Double,
            Some("boolean" | "bool") => Kind::Bool,
            Some(other) => {
                return Err(format!(
                    "has the type `{other}`: use int, float, boolean or string"
                ));
            }
        };
        Ok(Self { name, field, kind })
    }
}

/// `[a][b]` is `a.b`.
pub(super) fn field_name(field: &str) -> String {
    match field.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.replace("][", "."),
        None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_taken_apart() {
        let pieces: Vec<_> = pieces("^%{A:b} - %{C}%{D:[e][f]:int").collect();
        assert_eq!(
            pieces,
            [
                (0, Piece::Expression("^")),
                (1, Piece::Reference("A:b")),
                (7, Piece::Expression(" - ")),
                (10, Piece::Reference("C")),
                (14, Piece::Unclosed("%{D:[e][f]:int")),
            ]
        );
    }

    #[test]
    fn a_reference_is_taken_apart() {
        for (inside, name, field, kind) in [
            ("WORD", "WORD", None, Kind::Text),
            ("WORD:level", "WORD", Some("level"), Kind::Text),
            ("INT:[http][status]:int", "INT", Some("http.status"), Kind::Int),
            ("NUMBER:n:float", "NUMBER", Some("n"), Kind::Double),
            ("WORD:[a]", "WORD", Some("a"), Kind::Text),
        ] {
            let reference = Reference::parse(inside).expect(inside);
            assert_eq!(
                (reference.name, reference.field.as_deref(), reference.kind),
                (name, field, kind)
            );
        }
        for bad in ["", ":x", "A B", "INT:x:date"] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
    }
}
