//! Reading the one message of a unary request.

use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::Body;

use super::framing::{PREFIX_LENGTH, Prefix};
use super::{Code, Status};
use crate::admission::{Admission, Charge, charged_bytes};
use crate::compress::{Encoding, InflateError, inflate_beside};
use crate::next_data::{NextDataError, Patience, next_data};

/// Bounds for reading a body.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// The largest message or body in bytes, before and after decompression.
    pub max_size: usize,
    /// The longest wait for the next piece of a body.
    pub idle_timeout: Duration,
}

impl Default for ReadLimits {
    /// 16 MiB and 30 seconds.
    fn default() -> Self {
        Self {
            max_size: 16 << 20,
            idle_timeout: Duration::from_secs(30),
        }
    }
}

/// What a message pins that is passed on as it lies in the read buffer: a buffer for the largest frame.
const READ_BUFFER_BYTES: usize = 1 << 20;

/// A message this large that arrives in one DATA frame is passed on without copying, charged with the read buffer.
/// Smaller ones are copied, as are those for which the budget has less room: they would pin more than twice their size.
pub(crate) const PASS_THROUGH_BYTES: usize = READ_BUFFER_BYTES / 2;

/// Reads the message of a unary request, inflated where it is compressed.
///
/// The size in the prefix is charged before the message is read; the result carries its charge. Not cancel safe in
/// the sense that a dropped call has consumed a part of the body; it leaks nothing.
///
/// # Errors
/// By gRPC's table of statuses that libraries generate: RESOURCE_EXHAUSTED over `max_size` or over what the budget
/// could ever hold; UNAVAILABLE with RetryInfo when the budget refuses for now; INTERNAL for broken framing, truncation
/// and damaged compression; UNIMPLEMENTED for a number of messages other than one; CANCELLED when the client went away;
/// DEADLINE_EXCEEDED after `idle_timeout`, or when the message comes at less than 256 KiB a second.
pub async fn read_message<B, A>(
    mut body: B,
    encoding: Encoding,
    limits: ReadLimits,
    admission: &A,
) -> Result<Bytes, Status>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
    A: Admission + Clone + 'static,
{
    let mut incoming = Incoming {
        body: &mut body,
        patience: Patience::new(limits.idle_timeout, 0),
        data: Bytes::new(),
    };
    let prefix = incoming.read_prefix().await?;
    let most = limits.max_size.min(admission.largest_beside(0));
    if prefix.length > most {
        return Err(too_large(prefix.length, most));
    }
    let charge = admission.reserve(prefix.length)?;
    incoming.patience = Patience::new(limits.idle_timeout, prefix.length);
    let (message, charge) = incoming.read_exactly(prefix.length, charge).await?;
    incoming.expect_end().await?;
    match (prefix.compressed, encoding) {
        (false, _) => Ok(message.charged(charge)),
        (true, Encoding::Identity) => Err(Status::new(
            Code::Internal,
            "message is marked as compressed, but there is no grpc-encoding",
        )),
        (true, encoding) => {
            let message = message.charged(charge);
            let inflated = inflate_beside(encoding, message, limits.max_size, admission).await;
            inflated.map_err(Status::from)
        }
    }
}

fn too_large(size: usize, limit: usize) -> Status {
    Status::new(
        Code::ResourceExhausted,
        format!("message of {size} bytes exceeds the limit of {limit} bytes"),
    )
}

impl From<InflateError> for Status {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::TooLarge { .. } => Status::new(Code::ResourceExhausted, error.to_string()),
            InflateError::Overloaded(overloaded) => overloaded.into(),
            InflateError::Corrupt { .. } => Status::new(Code::Internal, error.to_string()),
        }
    }
}

/// A message in one piece: in the read buffer or in a buffer of its own.
enum Message {
    Borrowed(Bytes),
    Own(Vec<u8>),
}

impl Message {
    fn charged(self, charge: Charge) -> Bytes {
        match self {
            Message::Borrowed(bytes) => charged_bytes(bytes, charge),
            Message::Own(buffer) => charged_bytes(buffer, charge),
        }
    }
}

struct Incoming<'a, B> {
    body: &'a mut B,
    patience: Patience,
    /// What has arrived and is not yet taken.
    data: Bytes,
}

impl<B> Incoming<'_, B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    /// Waits for data that is not empty. False at the end of the body.
    async fn fill(&mut self) -> Result<bool, Status> {
        match next_data(self.body, &mut self.patience).await {
            Ok(Some(data)) => self.data = data,
            Ok(None) => return Ok(false),
            Err(NextDataError::Idle(limit)) => {
                let text = format!(
                    "the rest of the request did not come within {} s",
                    limit.as_secs()
                );
                return Err(Status::new(Code::DeadlineExceeded, text));
            }
            Err(NextDataError::Broken(text)) => {
                return Err(Status::new(
                    Code::Cancelled,
                    format!("request ended early: {text}"),
                ));
            }
        }
        Ok(true)
    }

    async fn read_prefix(&mut self) -> Result<Prefix, Status> {
        let mut prefix = [0; PREFIX_LENGTH];
        let mut have = 0;
        while have < PREFIX_LENGTH {
            if self.data.is_empty() && !self.fill().await? {
                return Err(match have {
                    0 => Status::new(Code::Unimplemented, "request has no message, expected one"),
                    _ => truncated(),
                });
            }
            let count = self.data.len().min(PREFIX_LENGTH - have);
            prefix[have..have + count].copy_from_slice(&self.data[..count]);
            self.data.advance(count);
            have += count;
        }
        Prefix::parse(prefix)
    }

    async fn read_exactly(&mut self, length: usize, mut charge: Charge) -> Result<(Message, Charge), Status> {
        if self.data.is_empty() && length > 0 && !self.fill().await? {
            return Err(truncated());
        }
        let pinned_besides = READ_BUFFER_BYTES.saturating_sub(length);
        if length >= PASS_THROUGH_BYTES && self.data.len() >= length && charge.grow(pinned_besides).is_ok() {
            return Ok((Message::Borrowed(self.data.split_to(length)), charge));
        }
        let mut buffer = Vec::with_capacity(length);
        loop {
            let count = self.data.len().min(length - buffer.len());
            buffer.extend_from_slice(&self.data[..count]);
            self.data.advance(count);
            if buffer.len() == length {
                return Ok((Message::Own(buffer), charge));
            }
            if !self.fill().await? {
                return Err(truncated());
            }
        }
    }

    async fn expect_end(&mut self) -> Result<(), Status> {
        if !self.data.is_empty() || self.fill().await? {
            return Err(Status::new(
                Code::Unimplemented,
                "request has more than one message, expected one",
            ));
        }
        Ok(())
    }
}

fn truncated() -> Status {
    Status::new(Code::Internal, "request ends before its message does")
}
