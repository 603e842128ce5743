//! What an answer means: the table of the OTLP specification, section "OTLP/gRPC Response".

use sidelight_component::{Sent, Signal};
use sidelight_net::client::Answer;
use sidelight_net::grpc::{Code, Status, read_response};
use sidelight_proto::response;
use sidelight_transport::accepted;

/// An answer that came.
pub(super) fn of_answer(exporter: &str, signal: Signal, answer: &Answer) -> Sent {
    match read_response(answer).map(|message| response::decode(&message)) {
        Ok(Ok(partial)) => accepted(exporter, signal, partial),
        // Success with a message that is no protobuf: it was taken all the same.
        Ok(Err(_)) => Sent::Accepted,
        Err(status) => of_status(&status),
    }
}

/// A status that is not OK.
pub(super) fn of_status(status: &Status) -> Sent {
    let reason = status.to_string().into();
    let after = status.retry_info.map(|info| info.delay);
    match status.code {
        Code::Cancelled | Code::DeadlineExceeded => Sent::Retry {
            after,
            reason,
            maybe_processed: true,
        },
        Code::Aborted | Code::OutOfRange | Code::Unavailable | Code::DataLoss => Sent::Retry {
            after,
            reason,
            maybe_processed: false,
        },
        // With a wait it is a quota, without one the message is larger than the peer takes.
        Code::ResourceExhausted if after.is_some() => Sent::Retry {
            after,
            reason,
            maybe_processed: false,
        },
        Code::ResourceExhausted => Sent::TooLarge { reason },
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented
        | Code::Internal
        | Code::Unauthenticated => Sent::Rejected { reason },
    }
}
