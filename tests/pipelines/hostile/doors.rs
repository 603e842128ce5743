//! The program with every listener that it has, and the good clients of each.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sidelight_component::Signal;
use sidelight_testkit::requests::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::Command;

use crate::clients::{export, head};
use crate::program::{PATIENCE, Program, free_port};
use crate::sink::Sink;

/// A connection of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
pub(super) type Connection = Box<dyn Stream>;

/// Where a door is.
#[derive(Clone, Debug)]
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// One listener.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) name: &'static str,
    address: Address,
    /// A page that is there, or none where OTLP is taken.
    pub(super) page: Option<&'static str>,
    pub(super) speaks_http2: bool,
    /// Nobody gets to HTTP without TLS.
    pub(super) encrypted: bool,
}

impl Door {
    pub(super) async fn connect(&self) -> Connection {
        match &self.address {
            Address::Tcp(address) => Box::new(TcpStream::connect(address).await.expect("connected")),
            Address::Unix(path) => Box::new(connect_unix(path).await),
        }
    }

    pub(super) fn takes_otlp_over_http(&self) -> bool {
        self.page.is_none() && !self.encrypted && self.name != "OTLP gRPC"
    }

    pub(super) fn takes_otlp_over_grpc(&self) -> bool {
        self.page.is_none() && !self.encrypted && self.name != "OTLP HTTP"
    }

    /// Writes these bytes as far as they are taken and reads to the end of the connection, which the program has to
    /// bring about.
    pub(super) async fn talk(&self, bytes: Vec<u8>) -> Vec<u8> {
        let (mut reading, mut writing) = tokio::io::split(self.connect().await);
        let writer = tokio::spawn(async move {
            let _ = writing.write_all(&bytes).await;
            writing
        });
        let mut answer = Vec::new();
        // A reset after the answer is an end, too.
        let read = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut answer)).await;
        writer.abort();
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(1000)]).into_owned();
        assert!(read.is_ok(), "the connection at {} goes on: {shown}", self.name);
        answer
    }

    /// One HTTP/1 request; the answer as text.
    pub(super) async fn http(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> String {
        let request = [&head(method, path, headers, body.len()), body].concat();
        String::from_utf8_lossy(&self.talk(request).await).into_owned()
    }
}

/// A unix socket has no room for a moment when many come at once (EAGAIN, unix(7)).
async fn connect_unix(path: &Path) -> UnixStream {
    loop {
        match UnixStream::connect(path).await {
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => tokio::task::yield_now().await,
            connected => return connected.expect("connected"),
        }
    }
}

/// The program at work.
pub(super) struct Doors {
    pub(super) program: Program,
    _sink: Sink,
    grpc: SocketAddr,
    pub(super) all: Vec<Door>,
    _folder: tempfile::TempDir,
}

fn write_certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("written");
}

impl Doors {
    pub(super) async fn open() -> Self {
        let (sink, folder) = (Sink::start().await, tempfile::tempdir().expect("a folder"));
        write_certificate(folder.path());
        let ports = [(); 5].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
        let [grpc, http, health, scraped, tls] = ports;
        let mut program = Program::start(&configuration(folder.path(), sink.address, ports)).await;
        let metrics = program.metrics().await;
        let tcp = |name, address, page, speaks_http2| Door {
            name,
            address: Address::Tcp(address),
            page,
            speaks_http2,
            encrypted: false,
        };
        let all = vec![
            tcp("OTLP gRPC", grpc, None, true),
            tcp("OTLP HTTP", http, None, true),
            tcp("the prometheus exporter", scraped, Some("/metrics"), true),
            tcp("own metrics", metrics, Some("/metrics"), false),
            tcp("health_check", health, Some("/"), false),
            Door {
                name: "OTLP at a unix socket",
                address: Address::Unix(folder.path().join("otlp.sock")),
                page: None,
                speaks_http2: true,
                encrypted: false,
            },
            Door {
                encrypted: true,
                ..tcp("OTLP over TLS", tls, None, false)
            },
        ];
        Self {
            program,
            _sink: sink,
            grpc,
            all,
            _folder: folder,
        }
    }

    /// Doors that talk without TLS.
    pub(super) fn clear(&self) -> impl Iterator<Item = &Door> {
        self.all.iter().filter(|door| !door.encrypted)
    }

    /// A good request passes at every door.
    pub(super) async fn serve_the_good(&self) {
        if let Err(trouble) = self.try_the_good().await {
            panic!("{trouble}");
        }
    }

    /// The same, or which one did not pass.
    pub(super) async fn try_the_good(&self) -> Result<(), String> {
        export(self.grpc, Signal::Traces, 1)
            .await
            .map_err(|e| format!("OTLP gRPC: {e}"))?;
        for door in &self.all {
            let answer = match (door.page, door.encrypted) {
                (Some(page), _) => door.http("GET", page, &[], b"").await,
                (None, true) => over_tls(door).await,
                (None, false) if door.takes_otlp_over_http() => {
                    let kind = [("Content-Type", "application/json")];
                    door.http("POST", "/v1/traces", &kind, &json(Signal::Traces, 1))
                        .await
                }
                (None, false) => continue,
            };
            if !answer.starts_with("HTTP/1.1 200 ") {
                return Err(format!("{}: {answer:?}", door.name));
            }
        }
        Ok(())
    }

    /// Good requests pass all the while, and at least once.
    pub(super) async fn meanwhile<T>(&self, attack: impl Future<Output = T>) -> T {
        let good = async {
            loop {
                self.serve_the_good().await;
                tokio::task::yield_now().await;
            }
        };
        let result = tokio::select! {
            result = attack => result,
            () = good => unreachable!("it goes on"),
        };
        self.serve_the_good().await;
        result
    }

    /// Descriptors are given back, and the processor is left alone.
    pub(super) async fn is_at_rest(&self, files_before: usize) {
        let rest = async {
            loop {
                let begun = self.program.cpu_ticks();
                tokio::time::sleep(Duration::from_millis(500)).await;
                // Of fifty ticks of one processor.
                let is_idle = self.program.cpu_ticks() - begun < 10;
                if is_idle && self.program.open_files() < files_before + 50 {
                    return;
                }
            }
        };
        let rested = tokio::time::timeout(PATIENCE, rest).await;
        assert!(
            rested.is_ok(),
            "no rest: {} files, {files_before} before",
            self.program.open_files()
        );
    }

    /// A flood of clients is no flood of lines, and every line is JSON without control characters.
    pub(super) fn log_is_readable(&self) {
        let log = self.program.log();
        assert!(log.len() < 300, "{} lines", log.len());
        for line in log {
            let text = line.strip_suffix('\n').expect("a whole line");
            assert!(!text.chars().any(char::is_control), "{line:?}");
            let told: serde_json::Value =
                serde_json::from_str(text).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert!(!text.contains("panic"), "{told}");
        }
    }
}

/// What curl makes of the door with TLS.
async fn over_tls(door: &Door) -> String {
    let Address::Tcp(address) = door.address else {
        return String::new();
    };
    let url = format!("https://{address}/v1/traces");
    let body = String::from_utf8(json(Signal::Traces, 1)).expect("JSON is text");
    let mut curl = Command::new("curl");
    curl.args(["-sik", "--http1.1", "--max-time", "60", &url, "-d", &body])
        .args(["-H", "Content-Type: application/json"])
        .kill_on_drop(true);
    let output = curl.output().await.expect("curl is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn configuration(
    folder: &Path,
    backend: SocketAddr,
    [grpc, http, health, scraped, tls]: [SocketAddr; 5],
) -> String {
    let folder = folder.display();
    format!(
        "
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: {grpc}}}
      http: {{endpoint: {http}}}
  otlp/unix:
    protocols:
      grpc: {{endpoint: {folder}/otlp.sock}}
      http: {{endpoint: {folder}/otlp.sock}}
  otlp/tls:
    protocols:
      http: {{endpoint: {tls}, tls: {{cert_file: {folder}/cert.pem, key_file: {folder}/key.pem}}}}
exporters:
  otlp_grpc:
    endpoint: http://{backend}
  prometheus:
    endpoint: {scraped}
extensions:
  health_check:
    endpoint: {health}
service:
  extensions: [health_check]
  telemetry:
    logs: {{encoding: json}}
    metrics:
      readers:
        - pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: 0}}}}}}
  pipelines:
    traces: {{receivers: [otlp, otlp/unix, otlp/tls], exporters: [otlp_grpc]}}
    metrics: {{receivers: [otlp, otlp/unix, otlp/tls], exporters: [otlp_grpc, prometheus]}}
    logs: {{receivers: [otlp, otlp/unix, otlp/tls], exporters: [otlp_grpc]}}
"
    )
}
