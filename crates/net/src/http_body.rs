//! Reading the body of a plain HTTP request, with `Content-Encoding`.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use http_body::Body;

use crate::admission::{Admission, Charge, Overloaded, charged_bytes};
use crate::compress::{Encoding, InflateError, inflate_beside};
pub use crate::grpc::ReadLimits;
use crate::next_data::{NextDataError, Patience, next_data};
use crate::retry_after;

/// The first buffer of a body that does not give its length.
const FIRST_STEP_BYTES: usize = 16 * 1024;
/// What is read and thrown away of a refused HTTP/1 body: a client that is still sending would otherwise see a reset
/// connection instead of the answer.
const DISCARD_BYTES: usize = 256 << 20;
/// The longest time for that.
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// 413: larger than the limit or than what the budget could ever hold, before or after decompression.
    #[error("body exceeds the limit of {limit} bytes{}", if *.inflated { " after decompression" } else { "" })]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// Whether the decompressed size was too large.
        inflated: bool,
    },
    /// 415: a content coding that is unknown, or more than one.
    #[error("content-encoding {name} is not supported, use one of gzip, zstd, deflate or identity")]
    UnsupportedEncoding {
        /// What the client sent, escaped.
        name: String,
    },
    /// 400: truncated or damaged.
    #[error("{0}")]
    Malformed(String),
    /// 429 with `Retry-After`: no room now.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// 408: no data for too long, or too little.
    #[error("the rest of the request did not come within {} s", .0.as_secs())]
    Idle(Duration),
}

impl HttpError {
    /// The status to answer with.
    pub fn status(&self) -> StatusCode {
        match self {
            HttpError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            HttpError::UnsupportedEncoding { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            HttpError::Malformed(_) => StatusCode::BAD_REQUEST,
            HttpError::Overloaded(_) => StatusCode::TOO_MANY_REQUESTS,
            HttpError::Idle(_) => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// Writes the headers that belong to the status: `Retry-After`, `Accept-Encoding`.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        match self {
            HttpError::Overloaded(overloaded) => {
                headers.insert(header::RETRY_AFTER, retry_after::format(overloaded.retry_after));
            }
            HttpError::UnsupportedEncoding { .. } => {
                headers.insert(
                    header::ACCEPT_ENCODING,
                    HeaderValue::from_static("gzip, zstd, deflate, identity"),
                );
            }
            HttpError::TooLarge { .. } | HttpError::Malformed(_) | HttpError::Idle(_) => {}
        }
    }
}

impl From<InflateError> for HttpError {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::TooLarge { limit } => HttpError::TooLarge {
                limit,
                inflated: true,
            },
            InflateError::Overloaded(overloaded) => HttpError::Overloaded(overloaded),
            InflateError::Corrupt { .. } => HttpError::Malformed(error.to_string()),
        }
    }
}

impl From<NextDataError> for HttpError {
    fn from(error: NextDataError) -> Self {
        match error {
            NextDataError::Idle(limit) => HttpError::Idle(limit),
            NextDataError::Broken(text) => HttpError::Malformed(format!("body ended early: {text}")),
        }
    }
}

/// The one content coding of a message.
///
/// # Errors
/// [`HttpError::UnsupportedEncoding`] for unknown ones and for lists of more than one (a bomb within a bomb).
pub fn content_encoding(headers: &HeaderMap) -> Result<Encoding, HttpError> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(value) = values.next() else {
        return Ok(Encoding::Identity);
    };
    let known = match values.next() {
        None if value.is_empty() => Some(Encoding::Identity),
        None => Encoding::from_name(value.as_bytes()),
        Some(_) => None,
    };
    known.ok_or_else(|| {
        let all: Vec<_> = headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .take(4)
            .map(|value| value.as_bytes())
            .collect();
        let name: String = all
            .join(&b", "[..])
            .escape_ascii()
            .take(64)
            .map(char::from)
            .collect();
        HttpError::UnsupportedEncoding { name }
    })
}

/// Reads a whole body, decompressed, of at most `limits.max_size` bytes before and after, and no more than the budget
/// could ever hold.
///
/// `Content-Length` is charged before anything is read; without it the charge doubles as the body grows. The result
/// carries its charge. When the body is refused over HTTP/1, its rest is read and thrown away for up to two seconds,
/// so that the client gets to see the answer. Dropping the call loses the body and leaks nothing.
pub async fn read_body<B, A>(
    request: &http::request::Parts,
    mut body: B,
    limits: ReadLimits,
    admission: &A,
) -> Result<Bytes, HttpError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
    A: Admission + Clone + 'static,
{
    let result = read_refusable(&request.headers, &mut body, limits, admission).await;
    let http1 = request.version <= Version::HTTP_11;
    let waits_for_permission = request.headers.contains_key(header::EXPECT);
    if result.is_err() && http1 && !waits_for_permission {
        discard(&mut body).await;
    }
    result
}

/// The same for an answer, by its header fields: nothing is read of one that is refused.
pub async fn read_answer<B, A>(
    headers: &HeaderMap,
    mut body: B,
    limits: ReadLimits,
    admission: &A,
) -> Result<Bytes, HttpError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
    A: Admission + Clone + 'static,
{
    read_refusable(headers, &mut body, limits, admission).await
}

async fn read_refusable<B, A>(
    headers: &HeaderMap,
    body: &mut B,
    limits: ReadLimits,
    admission: &A,
) -> Result<Bytes, HttpError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
    A: Admission + Clone + 'static,
{
    let encoding = content_encoding(headers)?;
    let collected = collect(body, limits, admission).await?;
    match encoding {
        Encoding::Identity => Ok(collected.charged()),
        // An empty body is an empty request, whatever its encoding says.
        _ if collected.data.is_empty() => Ok(Bytes::new()),
        encoding => Ok(inflate_beside(encoding, collected.charged(), limits.max_size, admission).await?),
    }
}

struct Collected {
    data: Vec<u8>,
    charge: Charge,
}

impl Collected {
    fn charged(self) -> Bytes {
        charged_bytes(self.data, self.charge)
    }
}

/// Gathers the body in one buffer: exact where the length is known, doubling where it is not.
async fn collect<B>(
    body: &mut B,
    limits: ReadLimits,
    admission: &dyn Admission,
) -> Result<Collected, HttpError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let max_size = limits.max_size.min(admission.largest_beside(0));
    let too_large = HttpError::TooLarge {
        limit: max_size,
        inflated: false,
    };
    // Set from Content-Length for both protocols.
    let known = body
        .size_hint()
        .exact()
        .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if known.is_some_and(|length| length > max_size) {
        return Err(too_large);
    }
    let capacity = known.unwrap_or(FIRST_STEP_BYTES.min(max_size));
    let mut charge = admission.reserve(capacity)?;
    let mut data: Vec<u8> = Vec::with_capacity(capacity);
    let mut patience = Patience::new(limits.idle_timeout, known.unwrap_or(max_size));
    while let Some(piece) = next_data(body, &mut patience).await? {
        let needed = data.len() + piece.len();
        if needed > max_size {
            return Err(too_large);
        }
        if needed > data.capacity() {
            let new = needed.max(data.capacity().saturating_mul(2)).min(max_size);
            charge.grow(new - data.capacity())?;
            data.reserve_exact(new - data.len());
        }
        data.extend_from_slice(&piece);
    }
    if data.capacity() > data.len() * 2 {
        data.shrink_to_fit();
    }
    charge.shrink_to(data.capacity());
    Ok(Collected { data, charge })
}

/// Reads and drops the rest of a body, within bounds of bytes and time.
pub async fn discard<B>(body: &mut B)
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let deadline = tokio::time::Instant::now() + DISCARD_TIME;
    let mut left = DISCARD_BYTES;
    let mut patience = Patience::new(DISCARD_TIME, 0);
    while let Ok(Ok(Some(piece))) = tokio::time::timeout_at(deadline, next_data(body, &mut patience)).await {
        match left.checked_sub(piece.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
