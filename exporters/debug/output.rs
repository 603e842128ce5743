//! Where the text goes.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::text::Sink;

/// Bytes of a line of the program's log; the rest of a longer line is the next event.
const LOGGED_BYTES: usize = 8 << 10;

/// A place as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The program's own log.
    Log,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, appended to.
    File(PathBuf),
}

impl Target {
    pub(super) fn of(path: &str) -> Self {
        match path {
            "stdout" | "/dev/stdout" => Self::Stdout,
            "stderr" | "/dev/stderr" => Self::Stderr,
            path => Self::File(PathBuf::from(path)),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// What the system says of a file.
    pub(super) fn open(&self, id: &str) -> io::Result<Output> {
        Ok(match self {
            Self::Log => Output::Log { id: id.to_owned() },
            Self::Stdout => Output::Stdout,
            Self::Stderr => Output::Stderr,
            Self::File(path) => Output::File(
                OpenOptions::new()
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(path)?,
            ),
        })
    }
}

/// An open place.
#[derive(Debug)]
pub(super) enum Output {
    Log {
        id: String,
    },
    Stdout,
    Stderr,
    File(File),
    /// Whatever a test listens with.
    #[cfg(test)]
    Test(super::tests::Listener),
}

impl Output {
    /// Begins a batch. Standard output and error are locked until it ends, so that the program's own lines and those
    /// of other exporters do not stand between.
    pub(super) fn begin(&mut self) -> Page<'_> {
        let writer: Box<dyn Write + '_> = match self {
            Self::Log { id } => Box::new(LogLines {
                id,
                line: String::new(),
            }),
            Self::Stdout => Box::new(io::stdout().lock()),
            Self::Stderr => Box::new(io::stderr().lock()),
            Self::File(file) => Box::new(file),
            #[cfg(test)]
            Self::Test(listener) => Box::new(listener.clone()),
        };
        Page {
            writer,
            failure: None,
        }
    }

    pub(super) fn is_log(&self) -> bool {
        matches!(self, Self::Log { .. })
    }
}

/// One batch on its way to one place. After a failure the rest of the batch is left out there.
pub(super) struct Page<'o> {
    writer: Box<dyn Write + 'o>,
    failure: Option<io::Error>,
}

impl Page<'_> {
    /// Ends the batch; the first failure, if there was one.
    pub(super) fn end(mut self) -> Option<io::Error> {
        self.failure.take().or_else(|| self.writer.flush().err())
    }
}

/// All places of an exporter get the same text.
impl Sink for Vec<Page<'_>> {
    fn take(&mut self, piece: &str) {
        for page in self.iter_mut().filter(|page| page.failure.is_none()) {
            page.failure = page.writer.write_all(piece.as_bytes()).err();
        }
    }
}

/// Makes one event of each line.
struct LogLines<'o> {
    id: &'o str,
    line: String,
}

impl LogLines<'_> {
    fn log(&mut self) {
        tracing::info!(component = self.id, "{}", self.line);
        self.line.clear();
    }

    fn add(&mut self, mut text: &str) {
        loop {
            let room = LOGGED_BYTES.saturating_sub(self.line.len());
            if text.len() <= room {
                return self.line.push_str(text);
            }
            let (fits, rest) = text.split_at(text.floor_char_boundary(room));
            self.line.push_str(fits);
            self.log();
            text = rest;
        }
    }
}

impl Write for LogLines<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        // Pieces are text as they come from a sink.
        let text = str::from_utf8(piece).map_err(io::Error::other)?;
        for part in text.split_inclusive('\n') {
            match part.strip_suffix('\n') {
                Some(end) => {
                    self.add(end);
                    self.log();
                }
                None => self.add(part),
            }
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.log();
        }
        Ok(())
    }
}
