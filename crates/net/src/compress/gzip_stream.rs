//! gzip of a body that is made piece by piece, as one member: not every client reads several.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Compresses pieces as they come. Holds about 300 KiB, whatever goes through it.
#[derive(Debug)]
pub struct GzipStream(GzEncoder<Vec<u8>>);

impl GzipStream {
    /// Begins a member. `level` is 1 to 9; what lies outside is brought to the nearest end.
    pub fn new(level: u32) -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::new(level.clamp(1, 9))))
    }

    /// Takes a piece in and gives what is ready of the result, which may be nothing. Blocks the thread for about 3 ms
    /// per MiB at level 1.
    ///
    /// # Errors
    /// None that is known: the result is kept in memory.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(piece)?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// Ends the member and gives the rest of the result.
    ///
    /// # Errors
    /// As [`GzipStream::push`].
    pub fn finish(self) -> io::Result<Vec<u8>> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Unlimited;
    use crate::compress::{Encoding, inflate};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_come_out_joined(pieces in prop::collection::vec("[a-c]{0,3000}", 0..9)) {
            let mut stream = GzipStream::new(1);
            let mut packed = Vec::new();
            for piece in &pieces {
                packed.extend(stream.push(piece.as_bytes()).expect("no error"));
            }
            packed.extend(stream.finish().expect("no error"));
            let whole = inflate(Encoding::Gzip, &packed, 1 << 20, &Unlimited).expect("gzip");
            let pieces = pieces.concat();
            prop_assert_eq!(&whole[..], pieces.as_bytes());
        }
    }
}
