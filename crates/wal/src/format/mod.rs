//! How a log lies on the disk: names of files, frames, and what stands in heads and ends. The table is in the RFC.

mod checkpoint;
mod ends;
mod frame;
mod name;

pub(crate) use checkpoint::{Checkpoint, encode as encode_checkpoint};
pub(crate) use ends::{decode_ends, encode_ends};
pub(crate) use frame::{Decoded, HEADER_LEN, Header, Kind, MARKER};
pub(crate) use name::{Name, PROBE, RESERVE};
