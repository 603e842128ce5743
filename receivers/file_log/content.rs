//! What is in a file, read from any place: plain, or unpacked on the way.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use rustix::fs::OFlags;

use super::config::Compression;
use super::discovery::Stat;

/// Bytes that are unpacked and thrown away in one call at most, on the way to a place.
const SKIP_BYTES: usize = 1 << 20;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// An open file.
#[derive(Debug)]
pub(super) struct Content {
    file: File,
    /// `None` for a plain file.
    packed: Option<Packed>,
}

struct Packed {
    packing: Packing,
    decoder: Box<dyn Read + Send>,
    /// Bytes that came out.
    at: u64,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.packing, self.at)
    }
}

/// A format of compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

/// Why a file is not opened.
#[derive(Debug)]
pub(super) enum Closed {
    /// It is gone, or may not be read now; another look may find it different.
    Io(io::Error),
    /// Another process has locked it.
    Locked,
    /// It will never be read.
    Refused(&'static str),
}

impl From<io::Error> for Closed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a read gave.
#[derive(Debug)]
pub(super) enum Got {
    /// So many bytes; 0 at the end.
    Bytes(usize),
    /// Nothing yet: it is on its way to the place.
    OnTheWay,
    /// The packed data ends in the middle: it is still being written, or it was cut.
    Unfinished,
    /// The packed data is damaged.
    Damaged(io::Error),
}

impl Content {
    /// Opens a regular file, without waiting for anybody.
    pub(super) fn open(
        path: &Path,
        compression: Compression,
        take_lock: bool,
    ) -> Result<(Self, Stat), Closed> {
        // Without NONBLOCK a FIFO would be waited for.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
            .open(path)?;
        let stat = Stat::from(&file.metadata()?);
        if !stat.is_regular {
            return Err(Closed::Refused("it is no regular file"));
        }
        if take_lock && file.try_lock_shared().is_err() {
            return Err(Closed::Locked);
        }
        let mut content = Self { file, packed: None };
        content.recognize(path, compression)?;
        Ok((content, stat))
    }

    fn recognize(&mut self, path: &Path, compression: Compression) -> Result<(), Closed> {
        let mut magic = [0; 4];
        let read = self.file.read_at(&mut magic, 0)?;
        let found = match &magic[..read] {
            begin if begin.starts_with(GZIP_MAGIC) => Some(Packing::Gzip),
            begin if begin.starts_with(ZSTD_MAGIC) => Some(Packing::Zstd),
            _ => None,
        };
        let ends_in = |suffix: &str| path.extension().is_some_and(|extension| extension == suffix);
        let packing = match (compression, found) {
            (Compression::None, Some(_)) => {
                return Err(Closed::Refused("it is compressed; `compression: auto` reads it"));
            }
            (Compression::Gzip, Some(Packing::Gzip)) if ends_in("gz") => found,
            (Compression::Zstd, Some(Packing::Zstd)) if ends_in("zst") => found,
            (Compression::Auto, found) => found,
            _ => None,
        };
        if let Some(packing) = packing {
            self.packed = Some(self.unpack(packing)?);
        }
        Ok(())
    }

    /// Begins to unpack, at the first byte.
    fn unpack(&self, packing: Packing) -> io::Result<Packed> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        let packed = BufReader::with_capacity(64 << 10, file);
        let decoder: Box<dyn Read + Send> = match packing {
            Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
        };
        Ok(Packed {
            packing,
            decoder,
            at: 0,
        })
    }

    /// True where offsets are those of the unpacked content.
    pub(super) fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// What the system says of the file now.
    pub(super) fn stat(&self) -> io::Result<Stat> {
        self.file.metadata().map(|metadata| Stat::from(&metadata))
    }

    /// The first bytes, as many as there are and at most so many. Of packed data that is unfinished or damaged: those
    /// before.
    pub(super) fn beginning(&mut self, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while filled < len {
            match self.read_at(filled as u64, &mut bytes[filled..])? {
                Got::Bytes(0) | Got::Unfinished | Got::Damaged(_) => break,
                Got::Bytes(read) => filled += read,
                Got::OnTheWay => {}
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Bytes before a place of a plain file, for its mark; fewer where there are fewer.
    pub(super) fn before(&self, place: u64, len: usize) -> io::Result<Vec<u8>> {
        let from = place.saturating_sub(len as u64);
        let mut bytes = vec![0; usize::try_from(place - from).unwrap_or(len)];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read_at(&mut bytes[filled..], from + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Reads from a place. In packed data a place before the last one begins anew, and one behind it is on its way for
    /// as many calls as it takes.
    pub(super) fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<Got> {
        let Some(packing) = self.packed.as_ref().map(|packed| packed.packing) else {
            return loop {
                match self.file.read_at(into, at) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read.map(Got::Bytes),
                }
            };
        };
        if self.packed.as_ref().is_some_and(|packed| packed.at > at) {
            self.packed = Some(self.unpack(packing)?);
        }
        match &mut self.packed {
            Some(packed) => Ok(packed.read_at(at, into)),
            None => Ok(Got::Bytes(0)),
        }
    }
}

impl Packed {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Got {
        let missing = at.saturating_sub(self.at).min(SKIP_BYTES as u64);
        let read = match missing {
            0 => self.decoder.read(into),
            missing => io::copy(&mut self.decoder.by_ref().take(missing), &mut io::sink())
                .map(|skipped| usize::try_from(skipped).unwrap_or(SKIP_BYTES)),
        };
        match read {
            Ok(read) => {
                self.at += read as u64;
                if missing > 0 && read > 0 {
                    Got::OnTheWay
                } else {
                    Got::Bytes(read)
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Got::OnTheWay,
            Err(error) => {
                // Behind everything: the next read begins anew.
                self.at = u64::MAX;
                match error.kind() {
                    io::ErrorKind::UnexpectedEof => Got::Unfinished,
                    _ => Got::Damaged(error),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("written")
    }

    fn rest(content: &mut Content, mut at: u64) -> (Vec<u8>, &'static str) {
        let (mut all, mut buffer) = (Vec::new(), [0; 7]);
        loop {
            match content.read_at(at, &mut buffer).expect("read") {
                Got::Bytes(0) => return (all, "end"),
                Got::Bytes(read) => {
                    all.extend_from_slice(&buffer[..read]);
                    at += read as u64;
                }
                Got::OnTheWay => {}
                Got::Unfinished => return (all, "unfinished"),
                Got::Damaged(_) => return (all, "damaged"),
            }
        }
    }

    #[test]
    fn content_is_read_from_any_place_whatever_the_packing() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = b"0123456789abcdefghij";
        let packed = gzip(text);
        let cut = &packed[..packed.len() - 9];
        let mut broken = packed.clone();
        let middle = broken.len() - 6;
        broken[middle] ^= 0xff;
        let twice = [gzip(&text[..8]), gzip(&text[8..])].concat();
        let zstd = zstd::encode_all(&text[..], 1).expect("packed");
        for (name, bytes, ends) in [
            ("plain.log", &text[..], "end"),
            ("a.gz", &packed, "end"),
            ("appended.gz", &twice, "end"),
            ("cut.gz", cut, "unfinished"),
            ("broken.gz", &broken, "damaged"),
            ("a.zst", &zstd, "end"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            let (mut content, _) = Content::open(&path, Compression::Auto, false).expect("opened");
            assert_eq!(content.beginning(4).expect("read"), text[..4], "{name}");
            for at in [0, 5, 3, 20] {
                let (read, end) = rest(&mut content, at);
                if ends == "end" {
                    assert_eq!(read, text[at as usize..], "{name} at {at}");
                } else {
                    assert!(text[at as usize..].starts_with(&read), "{name} at {at}");
                }
                assert_eq!(end, ends, "{name} at {at}");
            }
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_nobody_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("made");
        for path in [&fifo, Path::new("/dev/zero"), folder.path()] {
            let refused = Content::open(path, Compression::None, false);
            assert!(matches!(refused, Err(Closed::Refused(_))), "{}", path.display());
        }
        let packed = folder.path().join("a.log.gz");
        std::fs::write(&packed, gzip(b"text")).expect("written");
        let refused = Content::open(&packed, Compression::None, false);
        assert!(matches!(refused, Err(Closed::Refused(_))));
        let holder = File::open(&packed).expect("opened");
        holder.lock().expect("locked");
        let locked = Content::open(&packed, Compression::Gzip, true);
        assert!(matches!(locked, Err(Closed::Locked)));
    }
}
