//! The table has a row for everything that the code can answer.
//!
//! The functions below match without a wildcard on the types of which answers are made: a new variant does not
//! compile until it has a cause, and a cause without its rows fails the test.

use sidelight_component::Outcome;
use sidelight_net::compress::InflateError;
use sidelight_net::grpc::Code;
use sidelight_net::http_body::HttpError;

use super::rows;
use super::table::{Cause, Via};
use crate::otlp::door::Refusal;

async fn hold(via: Via) {
    for row in rows::all().into_iter().filter(|row| row.via == via) {
        row.check().await;
    }
}

#[tokio::test]
async fn every_row_over_grpc_holds() {
    hold(Via::Grpc).await;
}

#[tokio::test]
async fn every_row_over_http_with_protobuf_holds() {
    hold(Via::Protobuf).await;
}

#[tokio::test]
async fn every_row_over_http_with_json_holds() {
    hold(Via::Json).await;
}

#[test]
fn every_cause_has_one_row_for_each_of_its_transports() {
    let rows = rows::all();
    let mut wrong = Vec::new();
    for cause in Cause::ALL {
        for via in Via::ALL {
            let expected = usize::from(cause.vias().contains(&via));
            let found = rows
                .iter()
                .filter(|row| row.cause == *cause && row.via == via)
                .count();
            if found != expected {
                wrong.push(format!(
                    "{cause:?} over {via:?}: {found} rows, expected {expected}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_that_the_receiver_answers_has_a_row_and_no_other_is_answered() {
    let rows = rows::all();
    for code in Code::ALL {
        for via in Via::ALL {
            let found = rows
                .iter()
                .any(|row| row.via == via && row.expect.code == Some(code));
            assert_eq!(found, answers(via, code), "{} over {via:?}", code.name());
        }
    }
    for via in Via::HTTP {
        for status in [200, 400, 404, 405, 408, 413, 415, 429, 500, 503] {
            let found = rows
                .iter()
                .any(|row| row.via == via && row.expect.status == status);
            assert!(found, "{status} over {via:?} has no row");
        }
    }
}

/// The codes that a sender can see.
fn answers(via: Via, code: Code) -> bool {
    match code {
        Code::Ok
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Internal
        | Code::Unavailable => true,
        // Over HTTP these have a status of their own and a text.
        Code::Unimplemented => via == Via::Grpc,
        // For a client that went away: nobody is there to see it.
        Code::Cancelled => false,
        Code::Unknown
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}

fn of_outcome(outcome: &Outcome) -> &'static [Cause] {
    match outcome {
        Outcome::Done => &[Cause::Delivered, Cause::EmptyRequest],
        Outcome::Partial { .. } => &[Cause::PartialSuccess],
        Outcome::Rejected { .. } => &[Cause::Rejected],
        Outcome::Retry { after: Some(_), .. } => &[Cause::RetryWithWait, Cause::NoRoom],
        Outcome::Retry { after: None, .. } => &[Cause::RetryWithoutWait],
    }
}

fn of_refusal(refusal: &Refusal) -> &'static [Cause] {
    match refusal {
        Refusal::Malformed(_) => &[Cause::MalformedProtobuf, Cause::MalformedJson, Cause::TooDeep],
        Refusal::TooLarge(_) => &[Cause::TranscodedBeyondBudget],
        Refusal::Overloaded(_) => &[Cause::BudgetTranscoding],
    }
}

fn of_http_error(error: &HttpError) -> &'static [Cause] {
    match error {
        HttpError::TooLarge { inflated: false, .. } => &[Cause::TooLarge, Cause::BeyondBudget],
        HttpError::TooLarge { inflated: true, .. } => {
            &[Cause::GzipBomb, Cause::ZstdBomb, Cause::InflatedBeyondBudget]
        }
        HttpError::UnsupportedEncoding { .. } => &[Cause::UnknownEncoding, Cause::NestedEncodings],
        HttpError::Malformed(_) => &[Cause::Truncated, Cause::DamagedGzip, Cause::DamagedZstd],
        HttpError::Overloaded(_) => &[Cause::BudgetBeforeReading],
        HttpError::Idle(_) => &[Cause::Idle],
    }
}

fn of_inflate_error(error: &InflateError) -> &'static [Cause] {
    match error {
        InflateError::TooLarge { .. } => &[Cause::GzipBomb, Cause::ZstdBomb, Cause::InflatedBeyondBudget],
        InflateError::Overloaded(_) => &[Cause::BudgetInflating],
        InflateError::Corrupt { .. } => &[Cause::DamagedGzip, Cause::DamagedZstd],
    }
}

#[test]
fn every_error_of_the_code_has_a_cause_with_rows() {
    let wait = std::time::Duration::from_secs(1);
    let engine_full = sidelight_component::Overloaded { retry_after: wait };
    let door_full = sidelight_net::admission::Overloaded { retry_after: wait };
    let retry = |after| Outcome::Retry {
        after,
        reason: "".into(),
    };
    let too_large = |inflated| HttpError::TooLarge { limit: 1, inflated };
    let causes = [
        of_outcome(&Outcome::Done),
        of_outcome(&Outcome::Partial {
            rejected: 1,
            reason: "".into(),
        }),
        of_outcome(&Outcome::rejected("")),
        of_outcome(&retry(Some(wait))),
        of_outcome(&retry(None)),
        of_refusal(&Refusal::Malformed(String::new())),
        of_refusal(&Refusal::TooLarge(1)),
        of_refusal(&Refusal::Overloaded(engine_full)),
        of_http_error(&too_large(false)),
        of_http_error(&too_large(true)),
        of_http_error(&HttpError::UnsupportedEncoding { name: String::new() }),
        of_http_error(&HttpError::Malformed(String::new())),
        of_http_error(&HttpError::Overloaded(door_full)),
        of_http_error(&HttpError::Idle(wait)),
        of_inflate_error(&InflateError::TooLarge { limit: 1 }),
        of_inflate_error(&InflateError::Overloaded(door_full)),
    ];
    let rows = rows::all();
    for cause in causes.concat() {
        assert!(rows.iter().any(|row| row.cause == cause), "{cause:?} has no row");
    }
}
