//! Paths with `*`, `?`, `[…]`, `{a,b}` and `**`, as the library of the Collector's receiver (doublestar) reads them.

use std::path::{Component, Path, PathBuf};

use crate::name_pattern;

/// Patterns that one with braces stands for at most.
const MAX_ALTERNATIVES: usize = 1000;

/// A pattern without braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct PathPattern {
    /// The folder that everything which fits is in.
    pub(super) root: PathBuf,
    /// The rest of the path, part by part; not empty.
    pub(super) parts: Vec<Part>,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// This name.
    Name(String),
    /// A name that fits.
    Fits(String),
    /// Any number of folders, also none: `**`.
    AnyDepth,
}

impl PathPattern {
    /// Reads a pattern; with braces it is several.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in super::super) fn parse(text: &str) -> Result<Vec<Self>, String> {
        let mut alternatives = Vec::new();
        expand(text, &mut alternatives)?;
        alternatives.iter().map(|text| Self::parse_one(text)).collect()
    }

    fn parse_one(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.ends_with('/') {
            return Err("names a folder, not files; write what the files are called".to_owned());
        }
        if let Some(open) = text.rfind('[').filter(|open| !text[*open..].contains(']')) {
            return Err(format!("has a `[` at character {} without its `]`", open + 1));
        }
        let mut root = PathBuf::from(if text.starts_with('/') { "/" } else { "" });
        let mut parts: Vec<Part> = Vec::new();
        let mut names = text.split('/').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            let part = match name {
                "**" if parts.last() == Some(&Part::AnyDepth) => continue,
                "**" => Part::AnyDepth,
                fits if fits.contains(['*', '?', '[', '\\']) => Part::Fits(fits.to_owned()),
                name if parts.is_empty() && names.peek().is_some() => {
                    root.push(name);
                    continue;
                }
                name => Part::Name(name.to_owned()),
            };
            parts.push(part);
        }
        if parts.last() == Some(&Part::AnyDepth) {
            parts.push(Part::Fits("*".to_owned()));
        }
        Ok(Self { root, parts })
    }

    /// Whether a whole path fits.
    pub(in super::super) fn matches(&self, path: &Path) -> bool {
        let Ok(rest) = path.strip_prefix(&self.root) else {
            return false;
        };
        let names: Vec<_> = rest
            .components()
            .filter(|component| *component != Component::CurDir)
            .map(|component| component.as_os_str().to_string_lossy())
            .collect();
        fits(&self.parts, &names)
    }
}

impl Part {
    pub(super) fn fits(&self, name: &str) -> bool {
        match self {
            Self::Name(expected) => expected == name,
            Self::Fits(pattern) => name_pattern::matches(pattern, name),
            Self::AnyDepth => true,
        }
    }
}

/// Whether names fit parts one by one. The last `**` seen takes a folder more where the rest does not fit: as with stars
/// in a name, only the last one has to be tried again.
fn fits<S: AsRef<str>>(parts: &[Part], names: &[S]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut depth = None;
    while from < names.len() {
        match parts.get(at) {
            Some(Part::AnyDepth) => {
                at += 1;
                depth = Some((at, from));
                continue;
            }
            Some(part) if part.fits(names[from].as_ref()) => {
                (at, from) = (at + 1, from + 1);
                continue;
            }
            _ => {}
        }
        let Some((behind, taken)) = &mut depth else {
            return false;
        };
        *taken += 1;
        (at, from) = (*behind, *taken);
    }
    at == parts.len()
}

/// Writes out `{a,b}`, from the first to the last; they may nest.
fn expand(text: &str, into: &mut Vec<String>) -> Result<(), String> {
    if into.len() >= MAX_ALTERNATIVES {
        return Err(format!(
            "stands for more than {MAX_ALTERNATIVES} patterns; use `*`"
        ));
    }
    let Some((open, close)) = braces(text)? else {
        into.push(text.to_owned());
        return Ok(());
    };
    let (before, after) = (&text[..open], &text[close + 1..]);
    for alternative in alternatives(&text[open + 1..close]) {
        expand(&format!("{before}{alternative}{after}"), into)?;
    }
    Ok(())
}

/// The first pair of braces that belong together.
fn braces(text: &str) -> Result<Option<(usize, usize)>, String> {
    let mut open = None;
    let mut depth = 0_usize;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'{' => {
                open = open.or(Some(at));
                depth += 1;
            }
            b'}' if depth == 1 => return Ok(open.map(|open| (open, at))),
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    match open {
        Some(open) => Err(format!("has a `{{` at character {} without its `}}`", open + 1)),
        None => Ok(None),
    }
}

/// The parts between commas that stand in no further braces.
fn alternatives(text: &str) -> Vec<&str> {
    let (mut depth, mut begin) = (0_usize, 0);
    let mut found = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[begin..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_as_in_the_collector() {
        for (pattern, path, expected) in [
            ("/var/log/app.log", "/var/log/app.log", true),
            ("/var/log/app.log", "/var/log/app.log.1", false),
            ("/var/log/*.log", "/var/log/a.log", true),
            ("/var/log/*.log", "/var/log/sub/a.log", false),
            ("/var/log/**/*.log", "/var/log/a.log", true),
            ("/var/log/**/*.log", "/var/log/x/y/a.log", true),
            ("/var/log/**/*.log", "/var/lib/a.log", false),
            ("/var/**/pods/**/0.log", "/var/log/pods/a/b/0.log", true),
            ("/var/**/pods/**/0.log", "/var/log/pods/0.log", true),
            ("/var/**/pods/**/0.log", "/var/log/pod/0.log", false),
            ("/var/log/**", "/var/log/x/y", true),
            ("/var/log/**", "/var/log", false),
            ("/a/**/b/**/b/c", "/a/b/b/x/b/c", true),
            ("/a/{x,y{1,2}}/*.log", "/a/y2/q.log", true),
            ("/a/{x,y{1,2}}/*.log", "/a/y/q.log", false),
            ("/a/app.log{,.[0-9]}", "/a/app.log.3", true),
            ("/a/app.log{,.[0-9]}", "/a/app.log", true),
            ("logs/*.log", "logs/a.log", true),
            ("*.log", "a.log", true),
            (r"/a/\*.log", "/a/*.log", true),
            (r"/a/\*.log", "/a/b.log", false),
        ] {
            let patterns = PathPattern::parse(pattern).expect(pattern);
            let fits = patterns.iter().any(|pattern| pattern.matches(Path::new(path)));
            assert_eq!(fits, expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_mistake_is_named() {
        for (pattern, says) in [
            ("", "names a folder"),
            ("/var/log/", "names a folder"),
            ("/a/{b,c", "has a `{` at character 4"),
            ("/a/[b", "has a `[` at character 4"),
            (
                "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
                "more than 1000",
            ),
        ] {
            let error = PathPattern::parse(pattern).expect_err(pattern);
            assert!(error.contains(says), "{pattern}: {error}");
        }
    }

    #[test]
    fn the_folder_in_front_of_the_first_star_is_where_the_walk_begins() {
        let root = |pattern: &str| PathPattern::parse(pattern).expect("a pattern")[0].root.clone();
        assert_eq!(root("/var/log/app/*.log"), Path::new("/var/log/app"));
        assert_eq!(root("/var/log/app.log"), Path::new("/var/log"));
        assert_eq!(root("*.log"), Path::new(""));
    }
}
