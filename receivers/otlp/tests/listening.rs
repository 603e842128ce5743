//! Settings of the listeners, as they are read and as they listen.

use std::os::unix::net::UnixStream;

use sidelight_component::{Budget, Receiver as _, ReceiverConfig as _};

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
