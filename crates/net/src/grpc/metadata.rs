//! What a request must say about itself before its body is read.

use http::{HeaderMap, Method, StatusCode, header};

use super::Status;
use super::status::Code;
use crate::compress::Encoding;

/// True for `application/grpc` and `application/grpc+proto`, with or without parameters.
pub fn is_grpc_content_type(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let text = value.as_bytes();
    let essence = text
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or(text)
        .trim_ascii();
    essence.eq_ignore_ascii_case(b"application/grpc")
        || essence.eq_ignore_ascii_case(b"application/grpc+proto")
}

/// Checks method, content type and `grpc-encoding` of a request and returns the encoding its message may have.
///
/// # Errors
/// A response to send as it is: HTTP 405 or 415 for what is no gRPC call, UNIMPLEMENTED with
/// `grpc-accept-encoding` for an unknown compression.
pub fn check_request<B>(
    request: &http::Request<B>,
) -> Result<Encoding, Box<http::Response<crate::ReplyBody>>> {
    let refuse = |status: StatusCode, text: &'static str| {
        let mut response = http::Response::new(crate::ReplyBody::full(text));
        *response.status_mut() = status;
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("text/plain"),
        );
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response
                .headers_mut()
                .insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        }
        Box::new(response)
    };
    if request.method() != Method::POST {
        return Err(refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "gRPC calls are POST requests\n",
        ));
    }
    if !is_grpc_content_type(request.headers()) {
        return Err(refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type must be application/grpc\n",
        ));
    }
    let Some(name) = request.headers().get("grpc-encoding") else {
        return Ok(Encoding::Identity);
    };
    match Encoding::from_name(name.as_bytes()) {
        Some(encoding @ (Encoding::Identity | Encoding::Gzip | Encoding::Zstd)) => Ok(encoding),
        _ => {
            let text = format!("grpc-encoding {name:?} is not supported, use identity, gzip or zstd");
            let mut status = Status::new(Code::Unimplemented, text);
            status.accept_encoding = true;
            Err(Box::new(status.into_response()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_told_apart() {
        let table = [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/gRPC; charset=utf-8", true),
            ("application/grpc+json", false),
            ("application/grpc-web", false),
            ("application/x-protobuf", false),
            ("", false),
        ];
        for (text, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(text));
            assert_eq!(is_grpc_content_type(&headers), expected, "{text}");
        }
        assert!(!is_grpc_content_type(&HeaderMap::new()));
    }

    #[test]
    fn an_unknown_encoding_is_told_what_is_known() {
        let request = http::Request::post("/a/B")
            .header("content-type", "application/grpc")
            .header("grpc-encoding", "snappy")
            .body(())
            .expect("a request");
        let response = check_request(&request).expect_err("refused");
        assert_eq!(response.headers()["grpc-status"], "12");
        assert_eq!(response.headers()["grpc-accept-encoding"], "identity,gzip,zstd");
    }
}
