//! Where `${env:…}` and `${file:…}` come from.

use std::collections::BTreeMap;
use std::env::VarError;
use std::io::{self, Read};
use std::path::Path;

/// Largest configuration file, and largest file of `${file:…}`.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The surroundings of a configuration, injected so that tests and checks need no process environment.
pub trait Env {
    /// The value of a variable.
    ///
    /// # Errors
    /// As [`std::env::var`]: not set, or no Unicode.
    fn var(&self, name: &str) -> Result<String, VarError>;

    /// The names of all variables, for suggestions.
    fn names(&self) -> Vec<String>;

    /// The content of a file, at most `limit` bytes.
    ///
    /// # Errors
    /// When it cannot be read, is larger ([`io::ErrorKind::FileTooLarge`]), or is no regular file.
    fn read_file(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
}

/// The environment of the process and the files of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

/// An environment made up for a test or a check.
#[derive(Clone, Default)]
pub struct FixedEnv {
    vars: BTreeMap<String, String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Env for ProcessEnv {
    fn var(&self, name: &str) -> Result<String, VarError> {
        std::env::var(name)
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect()
    }

    fn read_file(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        // Looked at before it is opened: opening a pipe waits for its other end.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?
            .take(limit + 1)
            .read_to_end(&mut bytes)?;
        within_limit(bytes, limit)
    }
}

fn within_limit(bytes: Vec<u8>, limit: u64) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {limit} bytes"),
        ));
    }
    Ok(bytes)
}

// === impl FixedEnv ===

impl FixedEnv {
    /// No variables, no files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a variable.
    #[must_use]
    pub fn with_var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }
}

impl Env for FixedEnv {
    fn var(&self, name: &str) -> Result<String, VarError> {
        self.vars.get(name).cloned().ok_or(VarError::NotPresent)
    }

    fn names(&self) -> Vec<String> {
        self.vars.keys().cloned().collect()
    }

    fn read_file(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let content = path.to_str().and_then(|path| self.files.get(path));
        within_limit(content.cloned().ok_or(io::ErrorKind::NotFound)?, limit)
    }
}

impl std::fmt::Debug for FixedEnv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.vars.keys().chain(self.files.keys()))
            .finish()
    }
}
