//! OTLP over gRPC.

use http::{Request, Response, StatusCode, Version};
use sidelight_component::{Output, Signal};
use sidelight_net::grpc::{Code, ReadLimits, Status, check_request, parse_timeout, read_message};
use sidelight_net::http_body::discard;
use sidelight_net::{Incoming, ReplyBody};
use sidelight_transport::BudgetAdmission;

use super::door::{Body, Door, deadline};
use super::reply::{self, Encoding};

/// What answers gRPC calls.
pub(super) struct Grpc {
    pub(super) outputs: [Option<Output>; 3],
    pub(super) limits: ReadLimits,
    pub(super) admission: BudgetAdmission,
    pub(super) door: Door,
}

/// The three methods (opentelemetry-proto, `collector/*/v1/*_service.proto`).
fn signal_of(path: &str) -> Option<Signal> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(Signal::Traces),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Signal::Logs),
        _ => None,
    }
}

impl Grpc {
    /// Answers one call.
    pub(super) async fn call(&self, request: Request<Incoming>) -> Response<ReplyBody> {
        if request.version() < Version::HTTP_2 {
            return wrong_port(request).await;
        }
        let encoding = match check_request(&request) {
            Ok(encoding) => encoding,
            Err(response) => return *response,
        };
        let Some(signal) = signal_of(request.uri().path()) else {
            return unimplemented(format!("unknown method {}", shortened(request.uri().path())));
        };
        let Some(output) = &self.outputs[signal as usize] else {
            return unimplemented(format!("no pipeline takes {signal} from this receiver"));
        };
        let timeout = parse_timeout(request.headers());
        let deadline = deadline(timeout);
        let bytes = match read_message(request.into_body(), encoding, self.limits, &self.admission).await {
            Ok(bytes) => bytes,
            Err(status) => {
                self.door.unread.count((&status).into());
                return status.into_response();
            }
        };
        let body = Body {
            signal,
            encoding: Encoding::Protobuf,
            bytes,
            max_size: self.limits.max_size,
        };
        match self.door.take(output, body, deadline).await {
            Ok(outcome) => reply::grpc(outcome),
            Err(refusal) => reply::grpc_refusal(refusal),
        }
    }
}

/// An OTLP/HTTP exporter that was pointed at the gRPC port; the usual mix-up of 4317 and 4318.
async fn wrong_port(request: Request<Incoming>) -> Response<ReplyBody> {
    let (_, mut body) = request.into_parts();
    discard(&mut body).await;
    let text =
        "this port takes OTLP over gRPC (HTTP/2); OTLP over HTTP has a port of its own, 4318 by default\n";
    reply::http_plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, text.to_owned())
}

fn unimplemented(text: String) -> Response<ReplyBody> {
    Status::new(Code::Unimplemented, text).into_response()
}

/// A path as an answer may repeat it.
fn shortened(path: &str) -> String {
    path.chars().take(80).collect()
}
