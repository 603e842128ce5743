#![doc = include_str!("../README.md")]

mod encoding;
mod framer;
mod framing;
mod settings;
#[cfg(test)]
mod tests;
mod trace;

pub use framer::{Frame, Framer};
pub use framing::Framing;
pub use settings::{FramingSettings, Multiline, Oversize, Preset};
