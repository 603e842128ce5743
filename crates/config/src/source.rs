//! Configuration text and places in it.

use std::fmt;
use std::sync::Arc;

/// Index of a configuration file among those loaded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Offset in bytes from the start of the file.
    pub offset: u32,
    /// Line, the first is 1.
    pub line: u32,
    /// Column in characters, the first is 1.
    pub column: u32,
}

/// The piece of a file that a key or a value was read from; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first character.
    pub start: Position,
    /// The place after the last character.
    pub end: Position,
}

/// One configuration file: its name as the user gave it, and its text. `Debug` shows the name alone.
pub struct SourceFile {
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

/// All files that were loaded together. Kept by [`crate::Mistakes`], so that a mistake found later can
/// still show its line.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Span {
    /// The empty span at the start of a file: for what is wrong with the file as a whole.
    pub fn file_start(file: FileId) -> Self {
        let start = Position {
            offset: 0,
            line: 1,
            column: 1,
        };
        Self {
            file,
            start,
            end: start,
        }
    }
}

impl SourceFile {
    fn new(name: String, text: String) -> Self {
        // Lines end as in YAML 1.2.2, section 5.4: LF, CR LF, or CR alone.
        let bytes = text.as_bytes();
        let is_break =
            |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        let mut line_starts = vec![0];
        line_starts.extend((0..bytes.len()).filter(is_break).map(|at| to_u32(at + 1)));
        Self {
            name,
            text,
            line_starts,
        }
    }

    /// The name as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a line (the first is 1) without its line break; empty when there is no such line.
    pub fn line(&self, line: u32) -> &str {
        let index = line.saturating_sub(1) as usize;
        let Some(&start) = self.line_starts.get(index) else {
            return "";
        };
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |next| *next as usize);
        self.text
            .get(start as usize..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    /// The byte offset at which a line (the first is 1) begins.
    pub(crate) fn line_offset(&self, line: u32) -> usize {
        let start = self.line_starts.get(line.saturating_sub(1) as usize);
        start.map_or(self.text.len(), |start| *start as usize)
    }

    /// The place of a byte offset; offsets inside a character or past the end are moved back to the
    /// nearest place before.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self
            .line_starts
            .partition_point(|start| *start as usize <= offset);
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .map_or(0, |start| *start as usize);
        let column = self.text[start..offset].chars().count() + 1;
        Position {
            offset: to_u32(offset),
            line: to_u32(line),
            column: to_u32(column),
        }
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceFile").field(&self.name).finish()
    }
}

impl Sources {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push(SourceFile::new(name.into(), text.into()));
        FileId(to_u32(self.files.len() - 1))
    }

    /// A file by its id.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The files in the order they were loaded (and merged).
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (FileId(to_u32(index)), file))
    }

    /// The text a span covers, as it stands in the file (never an expanded value).
    pub fn text(&self, span: Span) -> &str {
        let range = span.start.offset as usize..span.end.offset as usize;
        self.file(span.file)
            .and_then(|file| file.text.get(range))
            .unwrap_or("")
    }

    /// A span of byte offsets in a file.
    pub(crate) fn span(&self, file: FileId, start: usize, end: usize) -> Span {
        match self.file(file) {
            Some(source) => Span {
                file,
                start: source.position(start),
                end: source.position(end.max(start)),
            },
            None => Span::file_start(file),
        }
    }

    /// `pipeline.yaml:14:7`, the form editors and terminals turn into a link.
    pub fn place(&self, span: Span) -> impl fmt::Display + '_ {
        let name = self.file(span.file).map_or("?", SourceFile::name);
        let name = crate::escape::escaped(name);
        format!("{name}:{}:{}", span.start.line, span.start.column)
    }
}

/// Files are at most 1 MiB, so offsets fit; a saturated value only makes a message imprecise.
pub(crate) fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Shared handle; see [`Sources`].
pub type SharedSources = Arc<Sources>;
