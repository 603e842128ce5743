//! What goes around a message: compression and the gRPC prefix.

use std::io::{Read, Write};

use anyhow::{Context, Result, bail, ensure};
use bytes::{BufMut, Bytes, BytesMut};

use crate::args::Compression;

/// Most bytes that a body may inflate to at the sink.
const INFLATED_MAX: u64 = 256 << 20;

#[derive(Clone, Copy)]
pub(crate) struct Encoding {
    pub(crate) grpc: bool,
    pub(crate) compression: Compression,
}

impl Encoding {
    /// The body of a request that carries `message`.
    pub(crate) fn encode(self, message: Bytes) -> Result<Bytes> {
        let message = compress(self.compression, message)?;
        if !self.grpc {
            return Ok(message);
        }
        let mut framed = BytesMut::with_capacity(message.len() + 5);
        framed.put_u8(u8::from(self.compression != Compression::None));
        framed.put_u32(u32::try_from(message.len()).context("a message of more than 4 GiB")?);
        framed.put(message);
        Ok(framed.freeze())
    }
}

pub(crate) fn compress(compression: Compression, message: Bytes) -> Result<Bytes> {
    Ok(match compression {
        Compression::None => message,
        Compression::Gzip(level) => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
            encoder.write_all(&message)?;
            encoder.finish()?.into()
        }
        Compression::Zstd(level) => zstd::bulk::compress(&message, level)?.into(),
    })
}

/// Undoes the compression that a header names; at most 256 MiB come out.
pub(crate) fn decompress(name: &str, body: Bytes) -> Result<Bytes> {
    let mut out = Vec::new();
    match name {
        "" | "identity" => return Ok(body),
        "gzip" => flate2::read::MultiGzDecoder::new(&body[..])
            .take(INFLATED_MAX)
            .read_to_end(&mut out)?,
        "zstd" => zstd::stream::read::Decoder::new(&body[..])?
            .take(INFLATED_MAX)
            .read_to_end(&mut out)?,
        _ => bail!("unknown compression `{name}`"),
    };
    ensure!(
        (out.len() as u64) < INFLATED_MAX,
        "the body inflates to more than 256 MiB"
    );
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_can_be_inflated() {
        let message = Bytes::from(vec![7u8; 100_000]);
        for compression in [
            Compression::None,
            Compression::Gzip(1),
            Compression::Gzip(6),
            Compression::Zstd(1),
        ] {
            let packed = compress(compression, message.clone()).unwrap();
            assert_eq!(
                decompress(compression.name().unwrap_or(""), packed).unwrap(),
                message
            );
        }
        assert!(decompress("br", message).is_err());
    }
}
