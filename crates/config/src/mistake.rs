//! What is wrong with a configuration.

use crate::source::{SharedSources, Span};

/// Most mistakes that are kept; further ones are counted. Nobody reads more, and hostile input could
/// otherwise make millions.
pub const MAX_MISTAKES: usize = 200;

/// Does a mistake forbid the start?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It works, but probably not as meant.
    Warning,
}

/// Stable names of kinds of mistakes, for machines (`validate --format json`) and for tests. Other crates
/// add their own in the same form: lower case, words joined by `_`.
pub mod code {
    /// The text is not YAML.
    pub const SYNTAX: &str = "syntax";
    /// A line starts at a column where nothing can start.
    pub const INDENTATION: &str = "indentation";
    /// A tab where only spaces are allowed.
    pub const TAB: &str = "tab";
    /// A key stands twice in one block.
    pub const DUPLICATE_KEY: &str = "duplicate_key";
    /// A limit on size, depth, nodes or aliases.
    pub const LIMIT: &str = "limit";
    /// A file that cannot be read.
    pub const FILE: &str = "file";
    /// `${…}` that is not understood.
    pub const EXPANSION: &str = "expansion";
    /// `${env:NAME}` without default for a variable that is not set.
    pub const UNSET_VARIABLE: &str = "unset_variable";
    /// A key that no setting has.
    pub const UNKNOWN_SETTING: &str = "unknown_setting";
    /// A setting the Collector has and this program has not.
    pub const UNSUPPORTED_SETTING: &str = "unsupported_setting";
    /// A setting under its former name.
    pub const RENAMED_SETTING: &str = "renamed_setting";
    /// A setting that must be given and is not.
    pub const MISSING_SETTING: &str = "missing_setting";
    /// A key with nothing after it.
    pub const NO_VALUE: &str = "no_value";
    /// A value of the wrong kind.
    pub const WRONG_TYPE: &str = "wrong_type";
    /// A value of the right kind that does not make sense.
    pub const INVALID_VALUE: &str = "invalid_value";
    /// A number, duration or size out of its bounds.
    pub const OUT_OF_RANGE: &str = "out_of_range";
    /// Settings that contradict each other.
    pub const CONFLICT: &str = "conflict";
}

/// Another place that belongs to a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub span: Span,
    /// What is there: `first given here`.
    pub label: String,
}

/// One mistake: what is wrong, where, and what was probably meant.
///
/// Messages are lower case without a full stop, name settings in backticks, and never contain a value that
/// came from the environment or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Error or warning.
    pub severity: Severity,
    /// Where it is.
    pub span: Span,
    /// Stable name; see [`code`].
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or what to do.
    pub hint: Option<String>,
    /// More to know, one line each.
    pub notes: Vec<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

/// All mistakes of a configuration, with the files they point into.
///
/// Holds at most [`MAX_MISTAKES`]; [`Mistakes::omitted`] counts the rest.
#[derive(Clone, Debug, Default)]
pub struct Mistakes {
    pub(crate) sources: SharedSources,
    list: Vec<Mistake>,
    omitted: usize,
    omitted_errors: usize,
}

// === impl Mistake ===

impl Mistake {
    /// An error at a place.
    pub fn error(span: Span, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span,
            code,
            message: message.into(),
            hint: None,
            notes: Vec::new(),
            related: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(span: Span, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(span, code, message)
        }
    }

    /// Adds what was probably meant; shown beside the underlined place.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// [`Mistake::hint`] when there is one.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Adds a line below.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push(Related {
            span,
            label: label.into(),
        });
        self
    }
}

// === impl Mistakes ===

impl Mistakes {
    /// None yet, for these files.
    pub fn new(sources: SharedSources) -> Self {
        Self {
            sources,
            ..Self::default()
        }
    }

    /// The files the mistakes point into.
    pub fn sources(&self) -> &SharedSources {
        &self.sources
    }

    /// Adds one; past [`MAX_MISTAKES`] it is only counted.
    pub fn push(&mut self, mistake: Mistake) {
        if self.is_full() {
            self.omitted += 1;
            self.omitted_errors += usize::from(mistake.severity == Severity::Error);
        } else {
            self.list.push(mistake);
        }
    }

    /// Adds those of another collection over the same files.
    pub fn append(&mut self, other: Mistakes) {
        self.omitted += other.omitted;
        self.omitted_errors += other.omitted_errors;
        other.list.into_iter().for_each(|mistake| self.push(mistake));
    }

    /// Is [`MAX_MISTAKES`] reached?
    pub fn is_full(&self) -> bool {
        self.list.len() >= MAX_MISTAKES
    }

    /// Is there nothing to say?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Must the configuration not be used?
    pub fn has_errors(&self) -> bool {
        self.error_count() > 0
    }

    /// Errors, with the omitted ones.
    pub fn error_count(&self) -> usize {
        self.omitted_errors + self.list.iter().filter(|m| m.severity == Severity::Error).count()
    }

    /// Warnings, with the omitted ones.
    pub fn warning_count(&self) -> usize {
        self.list.len() + self.omitted - self.error_count()
    }

    /// Mistakes beyond [`MAX_MISTAKES`].
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// The mistakes in the order of files and lines.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        let mut sorted: Vec<&Mistake> = self.list.iter().collect();
        sorted.sort_by_key(|mistake| (mistake.span.file, mistake.span.start.offset));
        sorted.into_iter()
    }
}
