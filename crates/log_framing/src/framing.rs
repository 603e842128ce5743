//! The settings, compiled.

use std::sync::atomic::{AtomicU64, Ordering};

use regex::bytes::Regex;

use crate::encoding::Encoding;
use crate::settings::{FramingSettings, Oversize, Preset, compile};
use crate::trace::{Before, joins};

/// The settings, compiled: shared by all sources of a receiver.
#[derive(Debug)]
pub struct Framing {
    pub(crate) encoding: Encoding,
    pub(crate) boundary: Boundary,
    pub(crate) omits_pattern: bool,
    pub(crate) max: usize,
    pub(crate) truncates: bool,
    pub(crate) keeps_leading: bool,
    pub(crate) keeps_trailing: bool,
    cut: AtomicU64,
    replaced: AtomicU64,
    nul_bytes: AtomicU64,
}

/// Where records end.
#[derive(Debug)]
pub(crate) enum Boundary {
    /// With each line.
    Line,
    /// Before a line in which this is found.
    Start(Regex),
    /// Behind a line in which this is found.
    End(Regex),
    /// Before a line that is not part of a stack trace.
    Trace(Preset),
}

impl Framing {
    /// Compiles the settings.
    ///
    /// # Errors
    /// A text that names what is wrong with a pattern or an encoding; settings that were read are good.
    pub fn new(settings: &FramingSettings) -> Result<Self, String> {
        let encoding = Encoding::parse(&settings.encoding).map_err(|hint| format!("`encoding`: {hint}"))?;
        let multiline = settings.multiline.as_ref();
        let patterns = multiline.map(|it| (&it.line_start_pattern, &it.line_end_pattern, it.preset));
        let boundary = match patterns {
            Some((Some(start), _, _)) => Boundary::Start(compile(start)?),
            Some((_, Some(end), _)) => Boundary::End(compile(end)?),
            Some((_, _, Some(preset))) => Boundary::Trace(preset),
            _ => Boundary::Line,
        };
        Ok(Self {
            encoding,
            boundary,
            omits_pattern: multiline.is_some_and(|it| it.omit_pattern),
            max: settings.max_log_size.as_usize().max(4),
            truncates: settings.max_log_size_behavior == Oversize::Truncate,
            keeps_leading: settings.preserve_leading_whitespaces,
            keeps_trailing: settings.preserve_trailing_whitespaces,
            cut: AtomicU64::new(0),
            replaced: AtomicU64::new(0),
            nul_bytes: AtomicU64::new(0),
        })
    }

    /// Frames that were cut since the start.
    pub fn cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    /// Frames in which something was malformed and became U+FFFD.
    pub fn replaced(&self) -> u64 {
        self.replaced.load(Ordering::Relaxed)
    }

    /// NUL bytes at the beginning of lines that were left out: what a crash leaves in a file.
    pub fn nul_bytes(&self) -> u64 {
        self.nul_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn note_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_replaced(&self) {
        self.replaced.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_nul_bytes(&self, count: usize) {
        self.nul_bytes.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Whether a record begins with a line.
    pub(crate) fn starts(&self, line: &[u8], before: &mut Before) -> bool {
        match &self.boundary {
            Boundary::Start(pattern) => self.is_in(pattern, line),
            Boundary::Trace(preset) if self.encoding == Encoding::Utf8 => !joins(*preset, before, line),
            Boundary::Trace(preset) => !joins(*preset, before, self.encoding.decode(line).0.as_bytes()),
            Boundary::Line | Boundary::End(_) => false,
        }
    }

    /// Whether a record ends with a line.
    pub(crate) fn ends(&self, line: &[u8]) -> bool {
        match &self.boundary {
            Boundary::Line => true,
            Boundary::End(pattern) => self.is_in(pattern, line),
            Boundary::Start(_) | Boundary::Trace(_) => false,
        }
    }

    fn is_in(&self, pattern: &Regex, line: &[u8]) -> bool {
        if self.encoding == Encoding::Utf8 {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            return pattern.is_match(line);
        }
        pattern.is_match(self.encoding.decode(line).0.trim_end_matches('\r').as_bytes())
    }

    /// The record without what was found at its beginning or end.
    pub(crate) fn without_pattern<'t>(&self, text: &'t str) -> &'t str {
        if !self.omits_pattern {
            return text;
        }
        match &self.boundary {
            Boundary::Start(pattern) => match pattern.find(text.as_bytes()) {
                Some(found) if found.start() == 0 => text.get(found.end()..).unwrap_or(text),
                _ => text,
            },
            Boundary::End(pattern) => match pattern.find_iter(text.as_bytes()).last() {
                Some(found) if found.end() == text.len() => text.get(..found.start()).unwrap_or(text),
                _ => text,
            },
            Boundary::Line | Boundary::Trace(_) => text,
        }
    }
}
