//! The outcome of a call: code, message, and the delay a server asks for.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderValue};
use prost::Message as _;

use crate::retry_after::MAX_RETRY_AFTER;

/// The codes of [gRPC](https://grpc.io/docs/guides/status-codes/), with their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are gRPC's own and documented there")]
pub enum Code {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    /// All codes in the order of their numbers.
    pub const ALL: [Code; 17] = [
        Code::Ok,
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    /// The code with this number; numbers that gRPC does not define are [`Code::Unknown`].
    pub fn from_number(number: u32) -> Self {
        usize::try_from(number)
            .ok()
            .and_then(|n| Self::ALL.get(n).copied())
            .unwrap_or(Code::Unknown)
    }

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name as gRPC writes it, `UNAVAILABLE` for example.
    pub const fn name(self) -> &'static str {
        match self {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The code of an answer that is not gRPC, from its HTTP status
    /// ([mapping](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md)).
    pub fn from_http(status: http::StatusCode) -> Self {
        match status.as_u16() {
            400 => Code::Internal,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::Unimplemented,
            429 | 502 | 503 | 504 => Code::Unavailable,
            _ => Code::Unknown,
        }
    }
}

/// `google.rpc.RetryInfo`: the least time to wait before a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryInfo {
    /// At most [`MAX_RETRY_AFTER`] when it came from a peer.
    pub delay: Duration,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct Status {
    /// The code.
    pub code: Code,
    /// For people; percent-encoded on the wire.
    pub message: Cow<'static, str>,
    /// The delay a server asks for.
    pub retry_info: Option<RetryInfo>,
    /// Encodings we take, sent as `grpc-accept-encoding` with an unknown one (UNIMPLEMENTED).
    pub(super) accept_encoding: bool,
}

/// Peers pad base64 or do not (gRPC says: accept both, write without).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const RETRY_INFO_URL: &str = "type.googleapis.com/google.rpc.RetryInfo";
/// A message that goes into a header is cut to this many bytes: peers limit header lists to 8 or 16 KiB.
const MAX_MESSAGE_LENGTH: usize = 2048;
/// Details beyond this are not looked at.
const MAX_DETAILS_LENGTH: usize = 16 * 1024;

impl Status {
    /// A status without a delay.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_info: None,
            accept_encoding: false,
        }
    }

    /// The same with a delay that the peer is asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_info = Some(RetryInfo { delay });
        self
    }

    /// True for [`Code::Ok`].
    pub fn is_ok(&self) -> bool {
        self.code == Code::Ok
    }

    /// The body for `grpc-status-details-bin` and for errors of OTLP/HTTP: an encoded `google.rpc.Status`.
    pub fn encode_details(&self) -> Vec<u8> {
        let details = self.retry_info.map(|info| AnyMessage {
            type_url: RETRY_INFO_URL.to_owned(),
            value: RetryInfoMessage {
                retry_delay: Some(DurationMessage::from(info.delay)),
            }
            .encode_to_vec(),
        });
        StatusMessage {
            code: i32::from(self.code.number()),
            message: self.message.clone().into_owned(),
            details: details.into_iter().collect(),
        }
        .encode_to_vec()
    }

    /// Reads an encoded `google.rpc.Status`, for example the error body of OTLP/HTTP. `None` when it is none.
    pub fn decode_details(bytes: &[u8]) -> Option<Self> {
        let message = StatusMessage::decode(bytes).ok()?;
        let retry_info = retry_info_of(&message);
        let code = Code::from_number(u32::try_from(message.code).unwrap_or(u32::MAX));
        Some(Self {
            code,
            message: message.message.into(),
            retry_info,
            accept_encoding: false,
        })
    }

    /// Writes `grpc-status`, `grpc-message` and, with a delay, `grpc-status-details-bin`.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        headers.insert("grpc-status", HeaderValue::from(u16::from(self.code.number())));
        if !self.message.is_empty() {
            headers.insert("grpc-message", percent_encode(&self.message));
        }
        if self.retry_info.is_some() {
            let text = BASE64.encode(self.encode_details());
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert("grpc-status-details-bin", value);
            }
        }
        if self.accept_encoding {
            headers.insert(
                "grpc-accept-encoding",
                HeaderValue::from_static("identity,gzip,zstd"),
            );
        }
    }

    /// Reads the status from trailers, or from headers of an answer without a body. `None` without `grpc-status`.
    pub fn read_from(headers: &HeaderMap) -> Option<Self> {
        let code = headers.get("grpc-status")?;
        let number = code
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(u32::MAX);
        let message = headers
            .get("grpc-message")
            .map(|value| percent_decode(value.as_bytes()))
            .unwrap_or_default();
        let retry_info = headers
            .get("grpc-status-details-bin")
            .filter(|value| value.len() <= MAX_DETAILS_LENGTH)
            .and_then(|value| BASE64.decode(value.as_bytes()).ok())
            .and_then(|bytes| StatusMessage::decode(bytes.as_slice()).ok())
            .and_then(|message| retry_info_of(&message));
        Some(Self {
            code: Code::from_number(number),
            message: message.into(),
            retry_info,
            accept_encoding: false,
        })
    }
}

impl From<crate::admission::Overloaded> for Status {
    fn from(overloaded: crate::admission::Overloaded) -> Self {
        Status::new(Code::Unavailable, overloaded.to_string()).with_retry_after(overloaded.retry_after)
    }
}

fn retry_info_of(message: &StatusMessage) -> Option<RetryInfo> {
    let detail = message
        .details
        .iter()
        .find(|any| any.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfoMessage::decode(detail.value.as_slice())
        .ok()?
        .retry_delay?;
    let seconds = u64::try_from(delay.seconds).unwrap_or(0);
    let nanos = u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999);
    Some(RetryInfo {
        delay: Duration::new(seconds, nanos).min(MAX_RETRY_AFTER),
    })
}

/// Percent-encoding as gRPC wants it: printable ASCII but `%` stays.
fn percent_encode(text: &str) -> HeaderValue {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let cut = text.floor_char_boundary(MAX_MESSAGE_LENGTH);
    let mut encoded = Vec::with_capacity(cut);
    for byte in text[..cut].bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            encoded.push(byte);
        } else {
            encoded.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    // Only printable ASCII is left, which is always a header value.
    HeaderValue::from_bytes(&encoded)
        .unwrap_or_else(|_| HeaderValue::from_static("(message cannot be shown)"))
}

/// Decodes what can be decoded; a stray `%` stays as it is, as gRPC demands.
fn percent_decode(encoded: &[u8]) -> String {
    let encoded = &encoded[..encoded.len().min(3 * MAX_MESSAGE_LENGTH)];
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        let hex = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        match (*first, tail) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                decoded.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = after;
            }
            _ => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

// google/rpc/status.proto, google/rpc/error_details.proto, google/protobuf/{any,duration}.proto

#[derive(Clone, PartialEq, prost::Message)]
struct StatusMessage {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<AnyMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyMessage {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfoMessage {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<DurationMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DurationMessage {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl From<Duration> for DurationMessage {
    fn from(duration: Duration) -> Self {
        Self {
            seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_the_wire() {
        for (number, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(code.number()), number);
            let mut headers = HeaderMap::new();
            let sent = Status::new(code, "100 % of «ä»\nnext").with_retry_after(Duration::from_millis(1500));
            sent.write_to(&mut headers);
            assert_eq!(Status::read_from(&headers), Some(sent));
        }
    }

    #[test]
    fn foreign_statuses_are_read_leniently() {
        let table = [
            (("99", "a%20b"), (Code::Unknown, "a b")),
            (("x", "100%"), (Code::Unknown, "100%")),
            (("14", "%zz%E2%82%AC"), (Code::Unavailable, "%zz€")),
            (("14", "%ff"), (Code::Unavailable, "\u{fffd}")),
        ];
        for ((number, text), (code, message)) in table {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", HeaderValue::from_static(number));
            headers.insert("grpc-message", HeaderValue::from_static(text));
            headers.insert("grpc-status-details-bin", HeaderValue::from_static("!!"));
            assert_eq!(
                Status::read_from(&headers),
                Some(Status::new(code, message)),
                "{number} {text}"
            );
        }
        assert_eq!(Status::read_from(&HeaderMap::new()), None);
    }

    #[test]
    fn negative_and_endless_delays_are_bounded() {
        for (seconds, expected) in [
            (-5, Duration::ZERO),
            (i64::MAX, MAX_RETRY_AFTER),
            (2, Duration::from_secs(2)),
        ] {
            let value = RetryInfoMessage {
                retry_delay: Some(DurationMessage { seconds, nanos: -1 }),
            }
            .encode_to_vec();
            let detail = AnyMessage {
                type_url: RETRY_INFO_URL.to_owned(),
                value,
            };
            let message = StatusMessage {
                code: 14,
                message: String::new(),
                details: vec![detail],
            };
            let status = Status::decode_details(&message.encode_to_vec()).expect("a status");
            assert_eq!(status.retry_info, Some(RetryInfo { delay: expected }));
        }
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let mut headers = HeaderMap::new();
        Status::new(Code::Internal, "ä".repeat(5000)).write_to(&mut headers);
        let read = Status::read_from(&headers).expect("a status");
        assert_eq!(read.message.len(), MAX_MESSAGE_LENGTH);
        assert!(read.message.chars().all(|c| c == 'ä'));
    }
}
