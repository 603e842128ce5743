//! `Export…ServiceResponse` in protobuf: what a destination says about items that it did not take.
//!
//! The message is the same for all signals but for the names: field 1 is `partial_success`, in it field 1 is
//! the number of rejected items and field 2 the reason (opentelemetry-proto, `collector/*/v1/*_service.proto`).

use crate::json::PartialSuccess;
use crate::wire::{Fields, Reader, Value, WireError, Writer};

const PARTIAL_SUCCESS: u32 = 1;
const REJECTED: u32 = 1;
const ERROR_MESSAGE: u32 = 2;

/// The response with a partial success. Full success is the empty message and needs no encoder.
pub fn encode(partial: &PartialSuccess) -> Vec<u8> {
    let mut writer = Writer::with_capacity(partial.error_message.len() + 16);
    let mark = writer.begin(PARTIAL_SUCCESS, 1);
    if partial.rejected != 0 {
        writer.varint_field(REJECTED, partial.rejected.cast_unsigned());
    }
    if !partial.error_message.is_empty() {
        writer.bytes_field(ERROR_MESSAGE, partial.error_message.as_bytes());
    }
    writer.end(mark);
    writer.into_bytes()
}

/// Reads a response. `None` is full success: `partial_success` is absent or empty.
///
/// # Errors
/// [`WireError`] where the bytes are no protobuf.
pub fn decode(bytes: &[u8]) -> Result<Option<PartialSuccess>, WireError> {
    let mut found = PartialSuccess::default();
    let mut reader = Reader::new(bytes);
    while let Some(field) = reader.field()? {
        let (PARTIAL_SUCCESS, Value::Len(partial)) = (field.number, field.value) else {
            continue;
        };
        for field in Fields::new(partial) {
            match (field.number, field.value) {
                (REJECTED, Value::Varint(count)) => found.rejected = count.cast_signed(),
                (ERROR_MESSAGE, Value::Len(text)) => {
                    found.error_message = String::from_utf8_lossy(text).into_owned();
                }
                _ => {}
            }
        }
    }
    Ok((found != PartialSuccess::default()).then_some(found))
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceResponse,
    };
    use prost::Message;

    use super::*;

    #[test]
    fn a_partial_success_is_what_prost_makes_of_it() {
        for (rejected, error_message) in [(3, "no room"), (0, "a warning"), (-1, ""), (i64::MAX, "x")] {
            let ours = PartialSuccess {
                rejected,
                error_message: error_message.to_owned(),
            };
            let bytes = encode(&ours);
            let theirs = ExportTraceServiceResponse {
                partial_success: Some(ExportTracePartialSuccess {
                    rejected_spans: rejected,
                    error_message: error_message.to_owned(),
                }),
            };
            assert_eq!(bytes, theirs.encode_to_vec());
            assert_eq!(decode(&bytes), Ok(Some(ours)));
        }
    }

    #[test]
    fn an_empty_response_is_full_success_and_garbage_is_an_error() {
        assert_eq!(decode(b""), Ok(None));
        assert_eq!(decode(&[0x0a, 0]), Ok(None));
        assert!(decode(&[0x0a, 9, 1]).is_err());
    }
}
