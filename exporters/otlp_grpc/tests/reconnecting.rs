//! Connections that go and come back.

use std::net::SocketAddr;
use std::time::Duration;

use sidelight_component::Sent;
use sidelight_testkit::exporter::{PATIENCE, send};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::exporter;

type Service =
    opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer<Taking>;

/// Takes everything.
struct Taking;

#[tonic::async_trait]
impl opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService for Taking {
    async fn export(
        &self,
        _: tonic::Request<opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest>,
    ) -> Result<
        tonic::Response<opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse>,
        tonic::Status,
    > {
        Ok(tonic::Response::new(Default::default()))
    }
}

/// A server that ends with all its connections when the sender of its stop is dropped.
fn serve(listener: TcpListener) -> (tokio::sync::oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        let server = tonic::transport::Server::builder().add_service(Service::new(Taking));
        let stopped = async { drop(stopped.await) };
        server
            .serve_with_incoming_shutdown(incoming, stopped)
            .await
            .expect("served");
    });
    (stop, task)
}

async fn listen(address: SocketAddr) -> TcpListener {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("set");
    socket.bind(address).expect("bound");
    socket.listen(16).expect("listening")
}

/// `localhost` has an IPv6 address nearly everywhere, and nobody listens there.
#[tokio::test]
async fn a_dead_address_among_living_ones_costs_no_request() {
    let listener = listen("127.0.0.1:0".parse().expect("an address")).await;
    let port = listener.local_addr().expect("bound").port();
    let _server = serve(listener);
    let (exporter, _) = exporter(&format!("endpoint: http://localhost:{port}\ncompression: none\n"));
    for _ in 0..20 {
        assert_eq!(send(&exporter, PATIENCE).await, Sent::Accepted);
    }
}

#[tokio::test]
async fn a_server_that_went_away_is_found_again() {
    let listener = listen("127.0.0.1:0".parse().expect("an address")).await;
    let address = listener.local_addr().expect("bound");
    let (stop, task) = serve(listener);
    let (exporter, _) = exporter(&format!("endpoint: http://{address}\ncompression: none\n"));
    assert_eq!(send(&exporter, PATIENCE).await, Sent::Accepted);
    drop(stop);
    task.await.expect("ended");
    let sent = send(&exporter, PATIENCE).await;
    assert!(
        matches!(
            sent,
            Sent::Retry {
                maybe_processed: false,
                ..
            }
        ),
        "{sent:?}"
    );
    let _server = serve(listen(address).await);
    // Every failure says when the next attempt can be of use, at most 5 s later.
    for _ in 0..10 {
        match send(&exporter, PATIENCE).await {
            Sent::Accepted => return,
            Sent::Retry { after, .. } => {
                tokio::time::sleep(after.unwrap_or(Duration::from_millis(100))).await
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("the server was not found again");
}
