//! OTLP over HTTP: protobuf and JSON.

use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use sidelight_component::{Output, Signal};
use sidelight_net::http_body::{ReadLimits, discard, read_body};
use sidelight_net::{Incoming, ReplyBody};
use sidelight_transport::BudgetAdmission;

use super::door::{Body, Door, deadline};
use super::reply::{self, Encoding};

/// What answers HTTP requests.
pub(super) struct Http {
    pub(super) outputs: [Option<Output>; 3],
    /// The path of each signal.
    pub(super) paths: [String; 3],
    pub(super) limits: ReadLimits,
    pub(super) admission: BudgetAdmission,
    pub(super) door: Door,
}

impl Http {
    /// Answers one request.
    pub(super) async fn call(&self, request: Request<Incoming>) -> Response<ReplyBody> {
        let route = self.route(&request);
        let (head, mut body) = request.into_parts();
        let (signal, output, encoding) = match route {
            Ok(route) => route,
            Err(response) => {
                // A client that is still sending over HTTP/1 would see a reset connection instead of the answer.
                if head.version <= Version::HTTP_11 && !head.headers.contains_key(header::EXPECT) {
                    discard(&mut body).await;
                }
                return *response;
            }
        };
        let deadline = deadline(None);
        let bytes = match read_body(&head, body, self.limits, &self.admission).await {
            Ok(bytes) => bytes,
            Err(error) => {
                self.door.unread.count((&error).into());
                return reply::http_unreadable(encoding, &error);
            }
        };
        let body = Body {
            signal,
            encoding,
            bytes,
            max_size: self.limits.max_size,
        };
        match self.door.take(output, body, deadline).await {
            Ok(outcome) => reply::http(signal, encoding, outcome),
            Err(refusal) => reply::http_refusal(encoding, refusal),
        }
    }

    fn route(
        &self,
        request: &Request<Incoming>,
    ) -> Result<(Signal, &Output, Encoding), Box<Response<ReplyBody>>> {
        let refuse = |status, text: String| Box::new(reply::http_plain(status, text));
        let path = request.uri().path();
        let signal = Signal::ALL
            .into_iter()
            .find(|signal| self.paths[*signal as usize] == path);
        let Some(signal) = signal else {
            let text = format!("nothing is here; OTLP is taken at {}\n", self.paths.join(", "));
            return Err(refuse(StatusCode::NOT_FOUND, text));
        };
        let Some(output) = &self.outputs[signal as usize] else {
            let text = format!("no pipeline takes {signal} from this receiver\n");
            return Err(refuse(StatusCode::NOT_FOUND, text));
        };
        if request.method() != Method::POST {
            let mut response = refuse(
                StatusCode::METHOD_NOT_ALLOWED,
                "OTLP/HTTP requests are POST\n".to_owned(),
            );
            response
                .headers_mut()
                .insert(header::ALLOW, header::HeaderValue::from_static("POST"));
            return Err(response);
        }
        let Some(encoding) = encoding_of(request.headers()) else {
            let text = "content-type must be application/x-protobuf or application/json\n".to_owned();
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        };
        Ok((signal, output, encoding))
    }
}

/// The encoding that the content type names; parameters such as `charset` do not matter.
fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    let value = headers.get(header::CONTENT_TYPE)?.as_bytes();
    let essence = value.split(|byte| *byte == b';').next()?.trim_ascii();
    if essence.eq_ignore_ascii_case(b"application/x-protobuf") {
        Some(Encoding::Protobuf)
    } else if essence.eq_ignore_ascii_case(b"application/json") {
        Some(Encoding::Json)
    } else {
        None
    }
}
