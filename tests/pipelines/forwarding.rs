//! What goes in comes out.

use std::net::SocketAddr;

use sidelight_component::Signal;
use sidelight_testkit::requests::{gzip, json, protobuf};

use crate::clients::{export, http};
use crate::sink::Sink;

type Headers<'h> = &'h [(&'h str, &'h str)];

/// Sends every signal over every transport; each must reach the sink byte for byte (JSON: as its protobuf).
pub(crate) async fn everything_arrives(grpc: SocketAddr, otlp_http: SocketAddr, sink: &Sink) {
    sink.take();
    for signal in Signal::ALL {
        export(grpc, signal, 700).await.expect("accepted over gRPC");
        assert!(
            sink.take() == [(signal, protobuf(signal, 700))],
            "{signal:?} over gRPC"
        );
        let one = protobuf(signal, 1);
        let zstd = zstd::encode_all(&one[..], 1).expect("memory");
        let bodies: [(Headers<'_>, Vec<u8>); 4] = [
            (&[("Content-Type", "application/x-protobuf")], one.clone()),
            (
                &[
                    ("Content-Type", "application/x-protobuf"),
                    ("Content-Encoding", "gzip"),
                ],
                gzip(&one),
            ),
            (
                &[
                    ("Content-Type", "application/x-protobuf"),
                    ("Content-Encoding", "zstd"),
                ],
                zstd,
            ),
            (&[("Content-Type", "application/json")], json(signal, 1)),
        ];
        for (headers, body) in bodies {
            let answer = http(otlp_http, "POST", &format!("/v1/{signal}"), headers, &body).await;
            assert!(
                answer.starts_with("HTTP/1.1 200 "),
                "{signal:?} {headers:?}: {answer}"
            );
            assert_eq!(sink.take(), [(signal, one.clone())], "{headers:?}");
        }
    }
}
