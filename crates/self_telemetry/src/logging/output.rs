//! Where lines go.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use parking_lot::Mutex;

/// A file of the log that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot write the log to `{path}`: {source}; give a file in a folder that exists, `stderr` or `stdout`"
)]
pub struct OutputError {
    path: String,
    source: io::Error,
}

/// One or more places that get every line.
pub struct Output {
    targets: Vec<Target>,
}

enum Target {
    Stderr,
    Stdout,
    Writer(Mutex<Box<dyn Write + Send>>),
}

impl Output {
    /// Opens `stderr`, `stdout` and files, which are appended to and made 0600.
    ///
    /// # Errors
    /// [`OutputError`] where a file cannot be opened.
    pub fn open(paths: &[String]) -> Result<Self, OutputError> {
        let target = |path: &String| match path.as_str() {
            "stderr" => Ok(Target::Stderr),
            "stdout" => Ok(Target::Stdout),
            path => {
                let path = path.strip_prefix("file://").unwrap_or(path);
                let file = append(path).map_err(|source| OutputError {
                    path: path.to_owned(),
                    source,
                })?;
                Ok(Target::Writer(Mutex::new(Box::new(file))))
            }
        };
        Ok(Self {
            targets: paths.iter().map(target).collect::<Result<_, _>>()?,
        })
    }

    #[cfg(test)]
    pub(super) fn from_writer(writer: impl Write + Send + 'static) -> Self {
        Self {
            targets: vec![Target::Writer(Mutex::new(Box::new(writer)))],
        }
    }

    /// Writes a line to every place, in one call each, so that lines of two threads do not mix. A place that
    /// refuses is left out: there is nowhere to say so.
    pub(super) fn write(&self, line: &str) {
        for target in &self.targets {
            let _ = match target {
                Target::Stderr => io::stderr().lock().write_all(line.as_bytes()),
                Target::Stdout => io::stdout().lock().write_all(line.as_bytes()),
                Target::Writer(writer) => writer.lock().write_all(line.as_bytes()),
            };
        }
    }
}

fn append(path: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
