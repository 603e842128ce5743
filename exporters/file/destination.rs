//! Where records are written: a file that can be put aside, replaced and full, or a stream.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use tracing::{info, warn};

use super::open_file::{AppendError, OpenFile, identity};
use super::record::{Layout, Tail};
use super::rotation::{Keep, folder_of, put_aside, remove_old};

/// A place as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, or a device.
    File(PathBuf),
}

/// What a destination needs to know.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) place: Place,
    /// A file that is there at start is emptied.
    pub(super) empties: bool,
    pub(super) layout: Layout,
    pub(super) keep: Keep,
    /// Missing folders are made with these permissions.
    pub(super) directory_mode: Option<u32>,
}

/// Where the records of one exporter go. Not shared: whoever writes has it alone.
#[derive(Debug)]
pub(super) enum Destination {
    Stream(Stream),
    File(LogFile),
}

impl Destination {
    pub(super) fn new(settings: Settings) -> Self {
        match settings.place.clone() {
            Place::Stdout | Place::Stderr => Self::Stream(Stream {
                settings,
                is_torn: false,
            }),
            Place::File(path) => Self::File(LogFile {
                path,
                settings,
                open: None,
            }),
        }
    }

    /// Opens the file before there is anything to write. Blocks.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(&mut self, unix_nanos: u64) -> io::Result<()> {
        let Self::File(file) = self else { return Ok(()) };
        file.open(unix_nanos)?;
        remove_old(&file.path, &file.settings.keep, unix_nanos);
        Ok(())
    }

    /// Writes records, whole or not at all. When it returns they are the system's: a kill of the program does not
    /// touch them. Blocks.
    ///
    /// # Errors
    /// What the system says. Nothing of the records is left in a file then, unless cutting it off failed as well; in a
    /// stream the part that was written cannot be taken back.
    pub(super) fn append(&mut self, records: &[u8], unix_nanos: u64) -> Result<(), AppendError> {
        match self {
            Self::Stream(stream) => stream.append(records),
            Self::File(file) => file.append(records, unix_nanos),
        }
    }

    /// The file as it is open now, for [`OpenFile::sync`].
    pub(super) fn opened(&self) -> Option<OpenFile> {
        match self {
            Self::Stream(_) => None,
            Self::File(file) => file.open.clone(),
        }
    }
}

/// Standard output or error.
#[derive(Debug)]
pub(super) struct Stream {
    settings: Settings,
    /// The last write ended within a record.
    is_torn: bool,
}

impl Stream {
    fn append(&mut self, records: &[u8]) -> Result<(), AppendError> {
        // The lock keeps other lines of the program from standing between; the standard library's buffer below it
        // is passed by, because it would keep records whose write has failed.
        if self.settings.place == Place::Stdout {
            let mut lock = io::stdout().lock();
            lock.flush()?;
            let stream = File::from(lock.as_fd().try_clone_to_owned()?);
            self.write(&stream, records)
        } else {
            let lock = io::stderr().lock();
            let stream = File::from(lock.as_fd().try_clone_to_owned()?);
            self.write(&stream, records)
        }
    }

    fn write(&mut self, mut stream: &File, records: &[u8]) -> Result<(), AppendError> {
        if self.is_torn && self.settings.layout == Layout::Lines {
            stream.write_all(b"\n")?;
            self.is_torn = false;
        }
        let (written, result) = write_counted(stream, records);
        let is_left = result.is_err() && written > 0;
        self.is_torn |= is_left;
        result.map_err(|error| AppendError { error, is_left })
    }
}

/// A file with a path. It is this exporter's alone.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    settings: Settings,
    open: Option<OpenFile>,
}

impl LogFile {
    fn append(&mut self, records: &[u8], unix_nanos: u64) -> Result<(), AppendError> {
        let mut open = self.current(unix_nanos)?;
        if self.is_full(&open, records)? {
            open = self.rotate(open, unix_nanos)?;
        }
        let result = open.append(records);
        // What could not be cut off is found when the file is opened again.
        self.open = Some(open).filter(|_| !result.as_ref().is_err_and(|e| e.is_left));
        result
    }

    /// The open file, if the path still leads to it; else whatever the path leads to now. So a file that was removed
    /// or renamed from outside is left, and the path is written to again.
    fn current(&mut self, unix_nanos: u64) -> io::Result<OpenFile> {
        let open = self
            .open
            .take()
            .filter(|open| identity(&self.path).is_ok_and(|found| found == open.identity()));
        match open {
            Some(open) => Ok(open),
            None => self.open(unix_nanos),
        }
    }

    /// Opens the path, with a whole record at its end.
    fn open(&mut self, unix_nanos: u64) -> io::Result<OpenFile> {
        if let Some(mode) = self.settings.directory_mode {
            DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(folder_of(&self.path))?;
        }
        let mut open = OpenFile::open(&self.path)?;
        if std::mem::take(&mut self.settings.empties) {
            open.empty()?;
        }
        match open.tail(self.settings.layout)? {
            Tail::Whole => {}
            Tail::Torn(at) => {
                warn!(path = %self.path.display(), at, "the file ends within a record that was never acknowledged; the part is cut off");
                open.cut(at)?;
            }
            Tail::Strange => {
                let aside = put_aside(&self.path, &self.settings.keep, unix_nanos)?;
                warn!(path = %self.path.display(), aside = %aside.display(), "the file does not end as one of ours in this format; it is put aside");
                open = OpenFile::open(&self.path)?;
            }
        }
        self.open = Some(open.clone());
        Ok(open)
    }

    /// True where the records would make the file larger than it may be. A file gets one write whatever its size.
    fn is_full(&self, open: &OpenFile, records: &[u8]) -> io::Result<bool> {
        let Some(max) = self.settings.keep.max_bytes else {
            return Ok(false);
        };
        let len = open.len()?;
        Ok(len > 0 && len.saturating_add(records.len() as u64) > max)
    }

    fn rotate(&mut self, full: OpenFile, unix_nanos: u64) -> io::Result<OpenFile> {
        let aside = put_aside(&self.path, &self.settings.keep, unix_nanos)?;
        info!(path = %self.path.display(), aside = %aside.display(), "the file is full and was put aside");
        // What was written since the last flush; later nobody has the file open.
        if let Err(error) = full.sync() {
            warn!(path = %aside.display(), %error, "cannot bring the file to the disk");
        }
        let open = self.open(unix_nanos)?;
        remove_old(&self.path, &self.settings.keep, unix_nanos);
        Ok(open)
    }
}

/// Writes everything, or says how much was written until an error.
pub(super) fn write_counted(mut file: &File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return (written, Err(e)),
        }
    }
    (written, Ok(()))
}
