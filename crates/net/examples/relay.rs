//! The least that can stand between two OTLP peers: gRPC in, the same bytes out, answered when the next hop has answered.
//!
//! `cargo run --release -p sidelight-net --example relay -- 127.0.0.1:4317 127.0.0.1:14317`

#![allow(clippy::expect_used, reason = "an example stops where it cannot go on")]

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use sidelight_net::admission::FixedBudget;
use sidelight_net::client::{Client, ClientSettings, Protocol};
use sidelight_net::compress::Encoding;
use sidelight_net::grpc::{self, Code, ReadLimits, Status};
use sidelight_net::listener::{Endpoint, bind};
use sidelight_net::server::{ConnInfo, Server, ServerSettings};
use sidelight_net::{Incoming, ReplyBody};

async fn relay(request: Request<Incoming>, client: Client, budget: FixedBudget) -> Response<ReplyBody> {
    let encoding = match grpc::check_request(&request) {
        Ok(encoding) => encoding,
        Err(response) => return *response,
    };
    let method = request.uri().path().parse().unwrap_or_default();
    let timeout = grpc::parse_timeout(request.headers()).unwrap_or(Duration::from_secs(8));
    let forward = async {
        let message =
            grpc::read_message(request.into_body(), encoding, ReadLimits::default(), &budget).await?;
        let request =
            grpc::unary_request(method, &HeaderMap::new(), timeout, Encoding::Identity, &[message])?;
        let answer = client.send(request, timeout).await;
        grpc::read_response(&answer.map_err(|error| Status::new(Code::Unavailable, error.to_string()))?)
    };
    forward
        .await
        .map_or_else(Status::into_response, |message| grpc::reply(&message))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let listen: Endpoint = arguments
        .next()
        .expect("where to listen")
        .parse()
        .expect("host:port");
    let target = arguments
        .next()
        .expect("where to send")
        .parse()
        .expect("host:port");
    let client = Client::new(&target, ClientSettings::new(Protocol::Http2), None).expect("a client");
    let budget = FixedBudget::new(64 << 20);
    let listener = bind(&listen).await.expect("a free port");
    let service = move |request, _: Arc<ConnInfo>| relay(request, client.clone(), budget.clone());
    Server::new(listener, ServerSettings::default(), service)
        .serve()
        .await
        .expect("a runtime");
}
