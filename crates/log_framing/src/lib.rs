//! Bytes of one source to frames of text: encoding, lines or multiline records, cuts.
//!
//! A [`Framer`] belongs to one source. It has no clock and reads nothing: bytes are fed to it, frames come out.

mod framer;
mod settings;

pub use framer::{Frame, Framer, Framing};
pub use settings::FramingSettings;
