//! HTTP/2 by hand: frames as bytes, for peers that break rules or use them in rare ways (RFC 9113, 4.1 and 6).

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A kind of frame: a piece of a body.
pub const DATA: u8 = 0;
/// A kind of frame: fields, of a head or of trailers.
pub const HEADERS: u8 = 1;
/// A kind of frame: the end of one stream.
pub const RST_STREAM: u8 = 3;
/// A kind of frame: what its sender wants to be kept.
pub const SETTINGS: u8 = 4;
/// A kind of frame: to be sent back.
pub const PING: u8 = 6;
/// A kind of frame: no more streams are taken.
pub const GOAWAY: u8 = 7;
/// A kind of frame: more fields.
pub const CONTINUATION: u8 = 9;

/// A flag of SETTINGS and PING: the other side's was seen.
pub const ACK: u8 = 1;
/// A flag of DATA and HEADERS: its sender says no more on this stream.
pub const END_STREAM: u8 = 1;
/// A flag of HEADERS: no CONTINUATION follows.
pub const END_HEADERS: u8 = 4;

/// A frame as it came.
pub struct Frame {
    /// [`DATA`], [`HEADERS`] and so on.
    pub kind: u8,
    /// [`END_STREAM`] and so on.
    pub flags: u8,
    /// The stream; 0 for the connection.
    pub stream: u32,
    /// What is in it.
    pub payload: Vec<u8>,
}

/// A frame to write.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header field that changes no table (RFC 7541, 6.2.2).
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).ok().filter(|n| *n < 127).expect("short");
    [
        &[0, length(name)],
        name.as_bytes(),
        &[length(value)],
        value.as_bytes(),
    ]
    .concat()
}

/// The next frame; `None` at the end of the connection.
pub async fn read_frame(stream: &mut TcpStream) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
    Some(Frame {
        kind: head[3],
        flags: head[4],
        stream: id,
        payload,
    })
}
