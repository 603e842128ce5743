//! One request as it lies in the file, and the end of a file that a kill left.
//!
//! | layout | a record |
//! |---|---|
//! | lines | OTLP/JSON, a line feed |
//! | frames | length of what follows (32 bits, big endian), then protobuf, or zstd of JSON or protobuf |

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use sidelight_component::{Budget, Payload, Request, Signal};
use sidelight_proto::json;
use sidelight_transport::{CompressionParams, Compressor};

use super::config::Format;

/// How every line of ours begins: requests have one field, `resourceSpans` and its like.
const LINE_START: &[u8] = b"{\"resource";

/// Bytes that are looked at together when the start of the last line is searched.
const BLOCK_BYTES: usize = 64 << 10;

/// How records lie in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Lines,
    ProtoFrames,
    ZstdFrames,
}

/// Makes records of requests.
pub(super) struct Encoder {
    format: Format,
    layout: Layout,
    compressor: Compressor,
    budget: Budget,
}

impl Encoder {
    pub(super) fn new(format: Format, layout: Layout, budget: &Budget) -> Self {
        let compression = sidelight_transport::Compression::Zstd;
        let compressor = Compressor::new(compression, &CompressionParams::default(), budget);
        Self {
            format,
            layout,
            compressor,
            budget: budget.clone(),
        }
    }

    /// True where every byte is worked on.
    pub(super) fn is_costly(&self) -> bool {
        self.layout != Layout::ProtoFrames
    }

    /// The records of all chunks in one buffer, to be written at once.
    ///
    /// # Errors
    /// A text where a record is larger than its length can say, 4 GiB.
    pub(super) fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        let mut records = Vec::new();
        for chunk in payload.chunks().iter().filter(|chunk| !chunk.bytes.is_empty()) {
            self.write_record(signal, &chunk.bytes, &mut records)?;
        }
        // What it holds was let in already, so there must be room for it.
        let records = self.budget.charge_anyway(0).own(records);
        Ok(Request {
            signal,
            items: payload.items(),
            body: std::iter::once(records).collect(),
            note: None,
        })
    }

    fn write_record(&self, signal: Signal, request: &Bytes, out: &mut Vec<u8>) -> Result<(), String> {
        match self.layout {
            Layout::Lines => {
                json::from_protobuf(signal, request, out);
                out.push(b'\n');
                Ok(())
            }
            Layout::ProtoFrames => write_frame(request, out),
            Layout::ZstdFrames => {
                let message = match self.format {
                    Format::Proto => request.clone(),
                    Format::Json => {
                        let mut text = Vec::new();
                        json::from_protobuf(signal, request, &mut text);
                        self.budget.charge_anyway(0).own(text)
                    }
                };
                write_frame(&self.compressor.compress(&[message])?, out)
            }
        }
    }
}

fn write_frame(message: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let length = u32::try_from(message.len()).map_err(|_| "a record is larger than 4 GiB".to_owned())?;
    out.reserve(4 + message.len());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(message);
    Ok(())
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// With a whole record, or it is empty.
    Whole,
    /// With a part of one of our records, which nobody was told is written. It begins here.
    Torn(u64),
    /// With something else: the file is damaged, or somebody else's.
    Strange,
}

impl Layout {
    /// Looks how a file of `len` bytes ends. Lines are read from the end to the last line feed, of frames each length
    /// is read.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn tail(self, file: &File, len: u64) -> io::Result<Tail> {
        match self {
            Self::Lines => tail_of_lines(file, len),
            Self::ProtoFrames => tail_of_frames(file, len, &[0x0a]),
            Self::ZstdFrames => tail_of_frames(file, len, &[0x28, 0xb5, 0x2f, 0xfd]),
        }
    }
}

fn tail_of_lines(file: &File, len: u64) -> io::Result<Tail> {
    let start = start_of_last_line(file, len)?;
    if start == len {
        return Ok(Tail::Whole);
    }
    let mut found = [0; LINE_START.len()];
    let found = read_up_to(file, start, len, &mut found)?;
    let is_ours = LINE_START.starts_with(found);
    // After a power cut a file can be longer than what reached the disk; the rest of it is zero.
    let is_unwritten = found.iter().all(|byte| *byte == 0);
    Ok(if is_ours || is_unwritten {
        Tail::Torn(start)
    } else {
        Tail::Strange
    })
}

/// Where the line begins that the file ends in; `len` where it ends with a line feed.
fn start_of_last_line(file: &File, len: u64) -> io::Result<u64> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut end = len;
    while end > 0 {
        let start = end.saturating_sub(BLOCK_BYTES as u64);
        let read = read_up_to(file, start, end, &mut block)?;
        if let Some(at) = read.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn tail_of_frames(file: &File, len: u64, magic: &[u8]) -> io::Result<Tail> {
    let mut at = 0;
    while at < len {
        let mut head = [0; 8];
        let head = read_up_to(file, at, len, &mut head[..4 + magic.len()])?;
        let Some((length, content)) = head.split_first_chunk::<4>() else {
            return Ok(Tail::Torn(at));
        };
        let length = u32::from_be_bytes(*length);
        let known = content.len().min(length as usize);
        if length == 0 || !magic.starts_with(&content[..known]) {
            return Ok(Tail::Strange);
        }
        let end = at + 4 + u64::from(length);
        if end > len {
            return Ok(Tail::Torn(at));
        }
        at = end;
    }
    Ok(Tail::Whole)
}

/// Reads from `start` to `end` or until the buffer is full.
fn read_up_to<'b>(file: &File, start: u64, end: u64, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
    let wanted = usize::try_from(end - start).map_or(buffer.len(), |wanted| wanted.min(buffer.len()));
    file.read_exact_at(&mut buffer[..wanted], start)?;
    Ok(&buffer[..wanted])
}
