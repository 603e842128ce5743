//! The cut into frames.

use std::sync::Arc;

use crate::settings::FramingSettings;

/// The settings, compiled: shared by all sources of a receiver.
#[derive(Debug)]
pub struct Framing {}

impl Framing {
    /// Compiles the settings.
    ///
    /// # Errors
    /// A text that names what is wrong with a pattern or an encoding.
    pub fn new(settings: &FramingSettings) -> Result<Self, String> {
        todo!("{settings:?}")
    }
}

/// One record as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The text, without its line end.
    pub text: &'a str,
    /// Offset of its first byte in the source.
    pub start: u64,
    /// Offset behind its line end: where reading goes on after a restart.
    pub end: u64,
    /// It was longer than the limit and is cut.
    pub cut: bool,
}

/// Cuts the bytes of one source.
#[derive(Debug)]
pub struct Framer {
    framing: Arc<Framing>,
}

impl Framer {
    /// A framer whose first byte has the offset `at` in the source.
    pub fn new(framing: Arc<Framing>, at: u64) -> Self {
        let _ = at;
        Self { framing }
    }

    /// Takes bytes that follow the ones before, and gives out the frames that are complete.
    pub fn feed(&mut self, bytes: &[u8], frames: &mut dyn FnMut(Frame<'_>)) {
        todo!("{:?} {}", self.framing, {
            let _ = frames;
            bytes.len()
        })
    }

    /// Offset of the first byte that is not yet part of a frame given out: reading can begin there again.
    pub fn pending_from(&self) -> u64 {
        todo!()
    }

    /// Bytes that are held.
    pub fn pending_bytes(&self) -> usize {
        todo!()
    }

    /// Gives out what is held although its end has not come: the flush timeout passed, or the source has ended for good.
    pub fn flush(&mut self, frames: &mut dyn FnMut(Frame<'_>)) {
        let _ = frames;
        todo!()
    }
}
