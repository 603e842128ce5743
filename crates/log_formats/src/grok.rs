//! Grok: regular expressions put together from named ones, as Logstash has them.
//!
//! `%{NAME}` is the pattern of that name, `%{NAME:field}` also keeps what it matched, `%{NAME:field:int}` as a number;
//! `[a][b]` as a field is `a.b`. `(?<name>…)` keeps what stands in it.

mod library;
mod recognised;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::pattern::{Kind, Miss, Pattern, compile};
use crate::value::Map;

/// A pattern may use others so deeply.
const MAX_DEPTH: usize = 32;

/// Length of a pattern in which all names are replaced.
const MAX_EXPANDED: usize = 128 << 10;

/// Patterns, tried in their order.
#[derive(Clone, Debug)]
pub struct Grok {
    patterns: Vec<Compiled>,
}

#[derive(Clone, Debug)]
struct Compiled {
    source: String,
    pattern: Pattern,
    /// It is the line of a web server, which is read by hand where it is as usual.
    access_log: Option<recognised::AccessLog>,
    definitions: Arc<BTreeMap<String, String>>,
}

impl Grok {
    /// Compiles patterns; `definitions` add to the standard ones, or replace them.
    ///
    /// # Errors
    /// What is wrong with which pattern.
    pub fn compile(patterns: &[String], definitions: &BTreeMap<String, String>) -> Result<Self, String> {
        let definitions = Arc::new(definitions.clone());
        let compiled = patterns.iter().map(|source| {
            let pattern =
                compiled(source, &definitions).map_err(|problem| format!("`{source}` {problem}"))?;
            Ok(Compiled {
                source: source.clone(),
                pattern,
                access_log: recognised::AccessLog::of(source, &definitions),
                definitions: definitions.clone(),
            })
        });
        let patterns = compiled.collect::<Result<Vec<_>, String>>()?;
        match patterns.is_empty() {
            true => Err("there is no pattern".to_owned()),
            false => Ok(Self { patterns }),
        }
    }

    /// Puts the values of the first pattern that matches into `into`.
    ///
    /// # Errors
    /// [`Miss`]: no pattern matches; nothing was put in.
    pub fn captures<'a>(&mut self, text: Cow<'a, str>, into: &mut Map<'a>) -> Result<(), Miss> {
        let mut miss = Miss::NoMatch;
        for compiled in &mut self.patterns {
            if let (Some(names), Cow::Borrowed(text)) = (&compiled.access_log, &text)
                && names.put(text, into)
            {
                return Ok(());
            }
            match compiled.pattern.captures(text.clone(), into) {
                Ok(()) => return Ok(()),
                Err(why) => miss = why,
            }
        }
        Err(miss)
    }

    /// How far the pattern that came farthest came with a text that none matches.
    pub fn reach(&self, text: &str) -> String {
        let reached = self.patterns.iter().filter_map(|compiled| {
            let elements = elements(&compiled.source);
            (1..=elements.len()).rev().find_map(|count| {
                let prefix: String = elements[..count].concat();
                let (expanded, _) = expand(&prefix, &compiled.definitions).ok()?;
                let found = compile(&expanded).ok()?.find(text)?.end();
                (found > 0).then(|| {
                    (
                        found,
                        elements[..count].last().copied().unwrap_or_default(),
                        elements.get(count).copied(),
                    )
                })
            })
        });
        match reached.max_by_key(|(found, ..)| *found) {
            Some((at, last, next)) => {
                let rest: String = text[at..].chars().take(40).collect();
                let wanted = next.map_or("the end".to_owned(), |next| format!("`{next}`"));
                format!("matched up to `{last}`, then wanted {wanted} at byte {at}: {rest:?}")
            }
            None => "not even the beginning of a pattern matches".to_owned(),
        }
    }
}

/// The pieces of a pattern: references, and what stands between them.
fn elements(pattern: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(start) = rest.find("%{") {
        if start > 0 {
            pieces.push(&rest[..start]);
        }
        let end = rest[start..].find('}').map_or(rest.len(), |end| start + end + 1);
        pieces.push(&rest[start..end]);
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

type Names = Vec<(Arc<str>, Kind)>;

fn compiled(source: &str, definitions: &BTreeMap<String, String>) -> Result<Pattern, String> {
    let (expanded, names) = expand(source, definitions)?;
    let regex = compile(&expanded)?;
    let groups = regex.capture_names().enumerate().filter_map(|(index, group)| {
        let group = group?;
        let known = group
            .strip_prefix("grok__")
            .and_then(|number| number.parse::<usize>().ok());
        Some(match known.and_then(|number| names.get(number)) {
            Some((name, kind)) => (index, name.clone(), *kind),
            None => (index, Arc::from(group), Kind::Text),
        })
    });
    let groups = groups.collect();
    Pattern::with_groups(regex, groups)
}

/// The pattern as a regular expression, and what its groups are called.
fn expand(source: &str, definitions: &BTreeMap<String, String>) -> Result<(String, Names), String> {
    let mut expansion = Expansion {
        definitions,
        names: Names::new(),
        text: String::new(),
    };
    expansion.add(source, 0)?;
    Ok((expansion.text, expansion.names))
}

struct Expansion<'d> {
    definitions: &'d BTreeMap<String, String>,
    names: Names,
    text: String,
}

impl Expansion<'_> {
    fn add(&mut self, source: &str, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("uses patterns that use each other".to_owned());
        }
        for element in elements(source) {
            if self.text.len() > MAX_EXPANDED {
                return Err("is too long with all the patterns that it uses".to_owned());
            }
            match element.strip_prefix("%{") {
                Some(reference) => {
                    let reference = reference.strip_suffix('}').ok_or("has a `%{` without `}`")?;
                    self.add_reference(reference, depth)?;
                }
                // Atomic groups only save time where the engine goes back.
                None => self.text.push_str(&element.replace("(?>", "(?:")),
            }
        }
        Ok(())
    }

    fn add_reference(&mut self, reference: &str, depth: usize) -> Result<(), String> {
        let mut parts = reference.splitn(3, ':');
        let (name, field, kind) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let kind = match kind {
            None | Some("string") => Kind::Text,
            Some("int" | "integer" | "long") => Kind::Int,
            Some("float" | "double") => Kind::Double,
            Some(other) => return Err(format!("has the type `{other}`: use int or float")),
        };
        let definitions = self.definitions;
        let own = definitions.get(name).map(String::as_str);
        let definition = own
            .or_else(|| library::find(name))
            .ok_or_else(|| match library::similar(name) {
                Some(similar) => format!("uses `{name}`, which is not defined; did you mean `{similar}`?"),
                None => format!("uses `{name}`, which is not defined: add it to `pattern_definitions`"),
            })?;
        match field {
            Some(field) => {
                let name = field_name(field);
                self.text.push_str(&format!("(?P<grok__{}>", self.names.len()));
                self.names.push((name.into(), kind));
            }
            None => self.text.push_str("(?:"),
        }
        self.add(definition, depth + 1)?;
        self.text.push(')');
        Ok(())
    }
}

/// `[a][b]` is `a.b`.
fn field_name(field: &str) -> String {
    match field.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.replace("][", "."),
        None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn grok(pattern: &str) -> Result<Grok, String> {
        let own = BTreeMap::from([
            ("CODE".to_owned(), "[A-Z]{2}%{INT}".to_owned()),
            ("LOOP".to_owned(), "%{LOOP}".to_owned()),
        ]);
        Grok::compile(&[pattern.to_owned()], &own)
    }

    fn values(pattern: &str, text: &str) -> Vec<(String, String)> {
        let mut map = Map::new();
        grok(pattern)
            .expect("good")
            .captures(text.into(), &mut map)
            .expect("matches");
        map.iter()
            .map(|(key, value)| match value {
                Value::Text(text) => (key.to_owned(), text.to_string()),
                other => (key.to_owned(), format!("{other:?}")),
            })
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn the_line_of_a_python_application_is_taken_apart() {
        let pattern =
            "%{TIMESTAMP_ISO8601:timestamp} - %{WORD:logger} - %{WORD:level} - %{GREEDYDATA:log_message}";
        let line = "2026-11-20 10:15:01,123 - trading - ERROR - order 7 - failed";
        let expected = [
            ("timestamp", "2026-11-20 10:15:01,123"),
            ("logger", "trading"),
            ("level", "ERROR"),
            ("log_message", "order 7 - failed"),
        ];
        assert_eq!(values(pattern, line), pairs(&expected));
        let reach = grok(pattern)
            .expect("good")
            .reach("2026-11-20 10:15:01,123 - trading.engine - ERROR - x");
        assert!(
            reach.contains("%{WORD:logger}") && reach.contains(".engine"),
            "{reach}"
        );
    }

    #[test]
    fn access_logs_are_taken_apart() {
        let line = r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://x.example/" "Mozilla/5.0 (X11)""#;
        for pattern in ["%{NGINXACCESS}", "%{COMBINEDAPACHELOG}"] {
            let found = values(pattern, line);
            for expected in pairs(&[
                ("clientip", "203.0.113.7"),
                ("auth", "bob"),
                ("verb", "GET"),
                ("request", "/a?b=1"),
                ("response", "200"),
                ("bytes", "512"),
            ]) {
                assert!(
                    found.contains(&expected),
                    "{pattern}: {expected:?} is not in {found:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_read_by_hand_is_what_the_expression_reads() {
        let line = r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://x.example/" "Mozilla/5.0 (X11)""#;
        let lines = [
            line.to_owned(),
            line.replace(" HTTP/1.1", ""),
            line.replace("512", "-"),
            line.replace("1.1", "2"),
            format!("{line} more"),
            line.replace("Mozilla", "a\\\"b"),
            line[..line.find(" \"https").expect("there")].to_owned(),
            line.replace("203.0.113.7", "2001:db8::1"),
            line.replace("GET", "g-t"),
            line.replace('[', ""),
        ];
        for pattern in ["%{NGINXACCESS}", "%{COMBINEDAPACHELOG}", "%{COMMONAPACHELOG}"] {
            for line in &lines {
                let (mut by_hand, mut by_expression) = (Map::new(), Map::new());
                let mut grok = grok(pattern).expect("good");
                let first = grok.captures(line.as_str().into(), &mut by_hand);
                grok.patterns[0].access_log = None;
                let second = grok.captures(line.as_str().into(), &mut by_expression);
                assert_eq!((first, by_hand), (second, by_expression), "{pattern} {line}");
            }
        }
    }

    #[test]
    fn types_fields_and_own_patterns() {
        assert_eq!(
            values(
                "%{INT:[a][b]:int} %{NUMBER:f:float} %{CODE:c} (?<rest>.*)",
                "-7 1.5 AB12 z"
            ),
            pairs(&[
                ("a.b", "Int(-7)"),
                ("f", "Double(1.5)"),
                ("c", "AB12"),
                ("rest", "z")
            ])
        );
        for (bad, expected) in [
            ("%{WROD:x}", "did you mean `WORD`?"),
            ("%{LOOP:x}", "each other"),
            ("%{INT:x:date}", "use int or float"),
            ("%{INT:x", "without `}`"),
            ("%{INT}", "no named group"),
        ] {
            let problem = grok(bad).expect_err(bad);
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn every_pattern_of_the_library_compiles() {
        for name in library::names() {
            let (expanded, _) = expand(&format!("%{{{name}:x}}"), &BTreeMap::new()).expect(name);
            compile(&expanded).expect(name);
        }
    }
}
