//! Variables in values: `${env:NAME}`, `${env:NAME:-default}`, `${NAME}`, `${file:path}`, and `$$` for `$`.
//!
//! Expansion works on the tree, never on the text of the file: a value cannot add keys, lines or comments, and
//! is not expanded again. A scalar that consists of one `${…}` is typed as a plain scalar would be, whatever
//! its quotes (as in the Collector); its text is kept for settings that are text.

use std::env::VarError;
use std::path::Path;

use crate::env::{Env, MAX_FILE_BYTES};
use crate::escape::shortened;
use crate::mistake::{Mistake, Mistakes, code};
use crate::source::{Sources, Span};
use crate::suggest::closest;
use crate::tree::{Node, Value};
use crate::yaml::resolve_plain;

/// Most `${…}` in all files together.
const MAX_REFERENCES: usize = 10_000;
/// Most bytes that all expansions make together.
const MAX_EXPANDED_BYTES: usize = 16 * 1024 * 1024;
/// Deepest `${…}` in the default of another.
const MAX_NESTING: usize = 8;

/// Expands the values of a tree.
pub(crate) struct Expander<'e> {
    env: &'e dyn Env,
    sources: &'e Sources,
    references: usize,
    bytes: usize,
}

/// An expanded text.
#[derive(Default)]
struct Expanded {
    text: String,
    /// Did some of it come from a variable or a file?
    foreign: bool,
}

/// A piece of a scalar.
enum Piece<'t> {
    Text(&'t str),
    /// What stands between `${` and `}`.
    Reference(&'t str),
    /// `${` without its `}`.
    Unclosed(&'t str),
}

/// What is wrong with a reference: its text as written (to find its place), and the mistake's parts.
struct Problem {
    reference: String,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl<'e> Expander<'e> {
    pub(crate) fn new(env: &'e dyn Env, sources: &'e Sources) -> Self {
        Self {
            env,
            sources,
            references: 0,
            bytes: 0,
        }
    }

    /// Expands all scalars below a node (keys are left as they are). A scalar that cannot be expanded is
    /// reported and marked, so that it is not reported again for its type.
    pub(crate) fn expand(&mut self, node: &mut Node, mistakes: &mut Mistakes) {
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.expand(item, mistakes)),
            Value::Map(entries) => {
                entries
                    .iter_mut()
                    .for_each(|(_, value)| self.expand(value, mistakes));
            }
            Value::String(text) if text.contains('$') => match self.expand_text(text, 0) {
                Ok(expanded) => {
                    let single = matches!(pieces(text).as_slice(), [Piece::Reference(_)]);
                    let value = match single {
                        true => resolve_plain(&expanded.text),
                        false => Value::String(expanded.text.clone()),
                    };
                    *node = Node {
                        value,
                        text: Some(expanded.text.into()),
                        expanded: expanded.foreign,
                        ..node.clone()
                    };
                }
                Err(problem) => {
                    node.refused = true;
                    if !mistakes.is_full() {
                        let place = self.place(node.span, &problem.reference);
                        let mistake = Mistake::error(place, problem.code, problem.message);
                        mistakes.push(mistake.maybe_hint(problem.hint));
                    }
                }
            },
            _ => {}
        }
    }

    /// The place of a reference inside its scalar; the whole scalar when it is written in another way (escapes).
    fn place(&self, scalar: Span, reference: &str) -> Span {
        let start = scalar.start.offset as usize;
        match self.sources.text(scalar).find(reference) {
            Some(at) => self
                .sources
                .span(scalar.file, start + at, start + at + reference.len()),
            None => scalar,
        }
    }

    fn expand_text(&mut self, text: &str, nesting: usize) -> Result<Expanded, Problem> {
        let mut out = Expanded::default();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.text.push_str(text),
                Piece::Reference(body) => {
                    let value = self.resolve(body, nesting).map_err(|problem| problem.at(body))?;
                    out.foreign |= value.foreign;
                    out.text.push_str(&value.text);
                }
                Piece::Unclosed(rest) => {
                    let problem = Problem::new(code::EXPANSION, "a `${` without its `}`")
                        .hint("write `$${` for the characters themselves");
                    return Err(Problem {
                        reference: rest.to_owned(),
                        ..problem
                    });
                }
            }
            if out.text.len() > MAX_EXPANDED_BYTES {
                return Err(too_large());
            }
        }
        Ok(out)
    }

    fn resolve(&mut self, body: &str, nesting: usize) -> Result<Expanded, Problem> {
        self.references += 1;
        if self.references > MAX_REFERENCES || nesting > MAX_NESTING {
            let message =
                format!("more than {MAX_REFERENCES} `${{…}}`, or more than {MAX_NESTING} in each other");
            return Err(Problem::new(code::LIMIT, message));
        }
        let value = match body.split_once(':') {
            Some(("env", variable)) => self.variable(variable, nesting),
            Some(("file", path)) => self.file(path),
            Some((scheme, rest)) if !rest.starts_with('-') => Err(unknown_source(scheme)),
            _ => self.variable(body, nesting),
        }?;
        self.bytes += value.text.len();
        if self.bytes > MAX_EXPANDED_BYTES {
            Err(too_large())
        } else {
            Ok(value)
        }
    }

    fn variable(&mut self, variable: &str, nesting: usize) -> Result<Expanded, Problem> {
        let (name, default) = match variable.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (variable, None),
        };
        if !is_name(name) {
            let message = format!("`{}` is no name of a variable", shortened(name));
            let hint = format!(
                "for the characters themselves write `$${{{}}}`",
                shortened(variable)
            );
            return Err(Problem::new(code::EXPANSION, message).hint(hint));
        }
        match (self.env.var(name), default) {
            (Ok(text), _) => Ok(Expanded { text, foreign: true }),
            (Err(VarError::NotPresent), Some(default)) => self.expand_text(default, nesting + 1),
            (Err(VarError::NotPresent), None) => Err(self.unset(name)),
            (Err(VarError::NotUnicode(_)), _) => Err(Problem::new(
                code::EXPANSION,
                format!("the variable `{name}` is not UTF-8"),
            )),
        }
    }

    fn unset(&self, name: &str) -> Problem {
        let names = self.env.names();
        let similar = closest(name, names.iter().map(String::as_str));
        let hint = match similar {
            Some(similar) => format!("did you mean `{}`?", shortened(similar)),
            None => format!("set it, or give a default: `${{env:{name}:-value}}`"),
        };
        Problem::new(code::UNSET_VARIABLE, format!("the variable `{name}` is not set")).hint(hint)
    }

    fn file(&self, path: &str) -> Result<Expanded, Problem> {
        let name = shortened(path);
        let bytes = self
            .env
            .read_file(Path::new(path), MAX_FILE_BYTES)
            .map_err(|error| {
                let message = format!("cannot read the file `{name}`: {}", shortened(&error.to_string()));
                Problem::new(code::FILE, message)
            })?;
        let mut text = String::from_utf8(bytes)
            .map_err(|_| Problem::new(code::FILE, format!("the file `{name}` is not UTF-8")))?;
        // One line break at the end belongs to the file, not to the value.
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(Expanded { text, foreign: true })
    }
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            reference: String::new(),
            code,
            message: message.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The innermost reference is the one to show.
    fn at(mut self, body: &str) -> Self {
        if self.reference.is_empty() {
            self.reference = format!("${{{body}}}");
        }
        self
    }
}

fn too_large() -> Problem {
    Problem::new(
        code::LIMIT,
        format!("expanded values are larger than {MAX_EXPANDED_BYTES} bytes together"),
    )
}

fn unknown_source(scheme: &str) -> Problem {
    let message = format!("`${{{}:…}}` is not supported", shortened(scheme));
    Problem::new(code::EXPANSION, message).hint(
        "write `${env:NAME}`, `${env:NAME:-default}` or `${file:path}`; `$${` for the characters themselves",
    )
}

/// Names of variables as the Collector allows them.
fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Cuts a text at its references. `$$` becomes `$`; any other `$` is itself, and so is `${1}`: no variable has a number for a
/// name, and regular expressions' replacements have them.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(dollar) = rest[from..].find('$').map(|at| from + at) {
        let after = &rest[dollar + 1..];
        if let Some(after_escape) = after.strip_prefix('$') {
            // The text up to and with the first `$`; the second is left away.
            out.push(Piece::Text(&rest[..=dollar]));
            (rest, from) = (after_escape, 0);
        } else if let Some(digits) = group_number(after) {
            from = dollar + 1 + digits;
        } else if let Some(body) = after.strip_prefix('{') {
            if dollar > 0 {
                out.push(Piece::Text(&rest[..dollar]));
            }
            let Some(end) = reference_end(body) else {
                out.push(Piece::Unclosed(&rest[dollar..]));
                return out;
            };
            out.push(Piece::Reference(&body[..end]));
            (rest, from) = (&body[end + 1..], 0);
        } else {
            from = dollar + 1;
        }
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest));
    }
    out
}

/// The length of `{1}`, where the text begins with a number in braces.
fn group_number(text: &str) -> Option<usize> {
    let (number, _) = text.strip_prefix('{')?.split_once('}')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number.len() + 2)
}

/// The offset of the `}` that closes a reference; those of references inside of it are passed over.
fn reference_end(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut open = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FixedEnv, load_str};
    use proptest::prelude::*;

    fn env() -> FixedEnv {
        FixedEnv::new()
            .with_var("PORT", "4317")
            .with_var("ZIP", "0123")
            .with_var("EMPTY", "")
            .with_var("DOLLAR", "${env:PORT}$$x")
            .with_var("YAML", "a: 1\nb: [2]")
            .with_file("/run/token", "s3cret\n")
    }

    fn value_of(text: &str) -> Node {
        let (tree, mistakes) = load_str("t.yaml", &format!("v: {text}\n"), &env());
        assert!(!mistakes.has_errors(), "{text}: {}", mistakes.render_plain());
        tree.and_then(|tree| tree.at("v").cloned()).expect("a value")
    }

    #[test]
    fn references_become_their_values() {
        let text = |text: &str| Value::String(text.to_owned());
        for (written, value) in [
            ("${env:PORT}", Value::Int(4317)),
            ("\"${env:PORT}\"", Value::Int(4317)),
            ("${PORT}", Value::Int(4317)),
            ("${env:NONE:-true}", Value::Bool(true)),
            ("${NONE_SUCH:-true}", Value::Bool(true)),
            ("${env:NONE:-}", Value::Null),
            ("${env:EMPTY:-x}", Value::Null),
            ("${env:NONE:-${env:PORT}}", Value::Int(4317)),
            ("${env:NONE:-a:-b}", text("a:-b")),
            ("localhost:${env:PORT}", text("localhost:4317")),
            ("${env:PORT}${env:PORT}", text("43174317")),
            ("1${env:EMPTY}", text("1")),
            ("${file:/run/token}", text("s3cret")),
            ("$${env:PORT}", text("${env:PORT}")),
            ("$$$${PORT}", text("$${PORT}")),
            ("$$${PORT}", text("$4317")),
            ("$PORT $1 a$", text("$PORT $1 a$")),
            ("a$$b", text("a$b")),
            ("${1}-${12}$${env:PORT}", text("${1}-${12}${env:PORT}")),
            ("${1}${env:PORT}", text("${1}4317")),
        ] {
            assert_eq!(value_of(written).value, value, "{written}");
        }
    }

    #[test]
    fn a_value_is_not_expanded_again_nor_read_as_yaml() {
        assert_eq!(value_of("${env:DOLLAR}").as_str(), Some("${env:PORT}$$x"));
        assert_eq!(value_of("${env:YAML}").as_str(), Some("a: 1\nb: [2]"));
    }

    #[test]
    fn text_settings_get_the_text_as_it_was() {
        let node = value_of("${env:ZIP}");
        assert_eq!((&node.value, node.text()), (&Value::Int(123), Some("0123")));
        assert!(node.is_expanded());
    }

    #[test]
    fn only_foreign_text_is_hidden() {
        assert!(!value_of("${env:NONE:-x}").is_expanded());
        assert!(value_of("x${env:PORT}").is_expanded());
        assert_eq!(format!("{:?}", value_of("${env:PORT}")), "<hidden> @1:4");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for written in [
            "${env:}",
            "${}",
            "${1a}",
            "${env:a b}",
            "${http:x}",
            "${env:PORT",
            "${env:GONE}",
            "${file:/no}",
        ] {
            let (_, mistakes) = load_str("t.yaml", &format!("v: '{written}'\n"), &env());
            assert_eq!(mistakes.error_count(), 1, "{written}");
        }
    }

    #[test]
    fn many_references_are_bounded() {
        let text = format!("v: '{}'\n", "${file:/run/token}".repeat(20_000));
        let (_, mistakes) = load_str("t.yaml", &text, &env());
        assert_eq!(
            mistakes.iter().next().map(|mistake| mistake.code),
            Some(code::LIMIT)
        );
        let text = format!("v: '{}x{}'\n", "${env:N:-".repeat(40), "}".repeat(40));
        let (_, mistakes) = load_str("t.yaml", &text, &env());
        assert_eq!(
            mistakes.iter().next().map(|mistake| mistake.code),
            Some(code::LIMIT)
        );
    }

    proptest! {
        #[test]
        fn any_value_of_a_variable_stays_one_scalar(value in "\\PC*|[\\n:#\\[{}$ '\"&*!|>-]{0,20}") {
            let env = FixedEnv::new().with_var("V", value.as_str());
            let (tree, mistakes) = load_str("t.yaml", "a: x${env:V}\nb: 1\nc: ${env:V}\n", &env);
            prop_assert!(!mistakes.has_errors());
            let tree = tree.expect("a tree");
            prop_assert_eq!(tree.root.as_map().map(<[_]>::len), Some(3));
            let expected = format!("x{value}");
            prop_assert_eq!(tree.at("a").and_then(Node::as_str), Some(expected.as_str()));
            prop_assert_eq!(tree.at("c").and_then(Node::text), Some(value.as_str()));
        }

        #[test]
        fn text_without_dollars_is_itself(text in "[^$]{0,40}") {
            let kept: String = pieces(&text).iter().map(|piece| match piece {
                Piece::Text(text) => *text,
                _ => "reference",
            }).collect();
            prop_assert_eq!(kept, text);
        }
    }
}
