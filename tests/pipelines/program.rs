//! The program as a child process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_sidelight");

/// The longest wait for anything that is bound to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command of the program to its end.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command
        .args(arguments)
        .env_remove("SIDELIGHT_LOG")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.output())
        .await
        .expect("it ends")
        .expect("it starts")
}

/// A configuration in a folder of its own.
pub(crate) struct Config {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Config {
    pub(crate) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipeline.yaml");
        std::fs::write(&path, text).expect("written");
        Self {
            _folder: folder,
            path,
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

/// The program at work; killed on drop.
pub(crate) struct Program {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    written: watch::Receiver<usize>,
    _config: Config,
}

impl Program {
    /// Starts the program and waits until everything is ready. The log must be JSON.
    pub(crate) async fn start(config: &str) -> Self {
        Self::launch(Command::new(BINARY), config).await
    }

    /// The same by way of another program with its arguments (`nohup`).
    pub(crate) async fn start_by(launcher: &[&str], config: &str) -> Self {
        let mut command = Command::new(launcher[0]);
        command.args(&launcher[1..]).arg(BINARY).stdout(Stdio::null());
        Self::launch(command, config).await
    }

    async fn launch(mut command: Command, config: &str) -> Self {
        let config = Config::new(config);
        let mut child = command
            .args(["--config", config.path()])
            .env_remove("SIDELIGHT_LOG")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut log = BufReader::new(child.stderr.take().expect("piped"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (count, written) = watch::channel(0);
        let kept = lines.clone();
        tokio::spawn(async move {
            let mut line = Vec::new();
            while log
                .read_until(b'\n', &mut line)
                .await
                .is_ok_and(|length| length > 0)
            {
                kept.lock()
                    .expect("no panic")
                    .push(String::from_utf8_lossy(&line).into_owned());
                line.clear();
                count.send_modify(|count| *count += 1);
            }
        });
        let mut program = Self {
            child,
            lines,
            written,
            _config: config,
        };
        program.logged("everything is ready").await;
        program
    }

    /// Every line of the log so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.lines.lock().expect("no panic").clone()
    }

    /// The first line with this text, as soon as it is there.
    pub(crate) async fn logged(&mut self, text: &str) -> String {
        let wait = async {
            loop {
                if let Some(line) = self.log().into_iter().find(|line| line.contains(text)) {
                    return line;
                }
                self.written.changed().await.expect("the program ended");
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await;
        found.unwrap_or_else(|_| panic!("no {text:?} in the log:\n{}", self.log().concat()))
    }

    /// The address in the first line with this text.
    pub(crate) async fn address(&mut self, text: &str) -> SocketAddr {
        let line = self.logged(text).await;
        let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
        let endpoint = line["endpoint"].as_str().expect("an endpoint");
        endpoint.parse().unwrap_or_else(|e| panic!("{endpoint}: {e}"))
    }

    pub(crate) async fn grpc(&mut self) -> SocketAddr {
        self.address("listening for OTLP over gRPC").await
    }

    pub(crate) async fn http(&mut self) -> SocketAddr {
        self.address("listening for OTLP over HTTP").await
    }

    pub(crate) async fn metrics(&mut self) -> SocketAddr {
        self.address("own metrics at").await
    }

    fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends a signal, `TERM` for example.
    pub(crate) async fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().to_string()])
            .status()
            .await;
        assert!(status.expect("kill").success());
    }

    /// The exit code, when it has ended.
    pub(crate) async fn exit_code(&mut self) -> i32 {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status: ExitStatus = ended
            .unwrap_or_else(|_| panic!("it does not end:\n{}", self.log().concat()))
            .expect("its status");
        status.code().unwrap_or_else(|| panic!("{status}"))
    }

    /// The most memory that it has had, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// A line of `/proc/<pid>/status`.
    fn status(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .expect("a line of status");
        line.split_whitespace()
            .next()
            .expect("a number")
            .parse()
            .expect("a number")
    }

    /// Processor time used so far, by user and system, in ticks (hundredths of a second).
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it runs");
        // The name of the program may have blanks; behind it come the state and the fields from the fourth on.
        let (_, fields) = text.rsplit_once(')').expect("a name");
        let ticks = |nth: usize| {
            fields
                .split_whitespace()
                .nth(nth)
                .and_then(|field| field.parse::<u64>().ok())
        };
        ticks(11).expect("utime") + ticks(12).expect("stime")
    }

    /// Open file descriptors that it may have: the soft limit and the hard one.
    pub(crate) fn open_files_limits(&self) -> Vec<String> {
        let text = std::fs::read_to_string(format!("/proc/{}/limits", self.pid())).expect("it runs");
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix("Max open files"));
        let fields = line.expect("a limit").split_whitespace();
        fields.take(2).map(str::to_owned).collect()
    }

    /// Open file descriptors.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid()))
            .expect("it runs")
            .count()
    }
}
