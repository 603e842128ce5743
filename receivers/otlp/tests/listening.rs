//! Settings of the listeners, as they are read and as they listen.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use sidelight_component::{Budget, Outputs, Receiver as _, ReceiverConfig as _, drain_signal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::rig::{context, read_config};
use crate::otlp::service::OtlpReceiver;

#[tokio::test]
async fn a_unix_socket_is_named_as_the_collector_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, scheme, transport) in [
        ("a", "", ", transport: unix"),
        ("b", "unix://", ", transport: unix"),
        ("c", "", ""),
    ] {
        let path = folder.path().join(name);
        let endpoint = format!("{scheme}{}", path.display());
        let config = read_config(&format!(
            "protocols: {{grpc: {{endpoint: \"{endpoint}\"{transport}}}}}"
        ));
        assert_eq!(config.resources().len(), 1);
        let mut receiver = OtlpReceiver::new(config, &context(Budget::default())).expect("built");
        receiver.open().await.expect("open");
        UnixStream::connect(&path).expect("somebody listens");
    }
}

#[tokio::test]
async fn without_limits_in_time_a_connection_is_kept_for_any_number_of_requests() {
    let config = read_config(
        "protocols: {http: {endpoint: \"127.0.0.1:0\", read_header_timeout: 0, idle_timeout: 0s}}",
    );
    let mut receiver = OtlpReceiver::new(config, &context(Budget::default())).expect("built");
    receiver.open().await.expect("open");
    let [_, http] = receiver.addresses();
    let (_drain, signal) = drain_signal();
    let running = tokio::spawn(Box::new(receiver).run(Outputs::default(), signal));
    let mut client = tokio::net::TcpStream::connect(http.expect("an HTTP listener"))
        .await
        .expect("connected");
    for _ in 0..3 {
        for half in ["GET / HTTP/1.1\r\n", "host: a\r\n\r\n"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
            client.write_all(half.as_bytes()).await.expect("open");
        }
        let mut answer = [0; 1024];
        let length = client.read(&mut answer).await.expect("open");
        assert!(answer[..length].starts_with(b"HTTP/1.1 4"), "{length} bytes");
    }
    running.abort();
}

#[test]
fn a_path_without_its_slash_gets_it() {
    let config = read_config("protocols: {http: {traces_url_path: a/b, logs_url_path: /c}}");
    let http = config.protocols.http.expect("given");
    assert_eq!(http.paths(), ["/a/b", "/v1/metrics", "/c"]);
}
