//! Requests that were refused before anybody knew how many items they have: they are counted as requests, by reason.

use sidelight_component::metrics::{Counter, Registry};
use sidelight_net::grpc::{Code, Status};
use sidelight_net::http_body::HttpError;

/// Why a request was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// The memory budget is used up; the sender is told to come back.
    NoMemory,
    /// It is larger than it may be, before or after decompression.
    TooLarge,
    /// It did not come in time.
    Slow,
    /// It is cut off, its compression is damaged or unknown, or its framing is wrong.
    Damaged,
}

impl Unread {
    const ALL: [Self; 4] = [Self::NoMemory, Self::TooLarge, Self::Slow, Self::Damaged];

    const fn word(self) -> &'static str {
        match self {
            Self::NoMemory => "no_memory",
            Self::TooLarge => "too_large",
            Self::Slow => "slow",
            Self::Damaged => "damaged",
        }
    }
}

impl From<&HttpError> for Unread {
    fn from(error: &HttpError) -> Self {
        match error {
            HttpError::Overloaded(_) => Self::NoMemory,
            HttpError::TooLarge { .. } => Self::TooLarge,
            HttpError::Idle(_) => Self::Slow,
            HttpError::UnsupportedEncoding { .. } | HttpError::Malformed(_) => Self::Damaged,
        }
    }
}

impl From<&Status> for Unread {
    /// By the statuses of [`sidelight_net::grpc::read_message`].
    fn from(status: &Status) -> Self {
        match status.code {
            Code::Unavailable => Self::NoMemory,
            Code::ResourceExhausted => Self::TooLarge,
            Code::DeadlineExceeded => Self::Slow,
            _ => Self::Damaged,
        }
    }
}

/// Counts them.
#[derive(Clone, Debug)]
pub(super) struct UnreadRequests([Counter; Unread::ALL.len()]);

impl UnreadRequests {
    pub(super) fn new(receiver: &str, metrics: &Registry) -> Self {
        Self(Unread::ALL.map(|reason| {
            metrics.counter(
                "sidelight_receiver_unread_requests",
                "Requests that were refused before their items were counted, by reason",
                &[("receiver", receiver), ("reason", reason.word())],
            )
        }))
    }

    pub(super) fn count(&self, reason: Unread) {
        self.0[reason as usize].add(1);
    }
}
