//! What the program shows of what it keeps on disk. The files are made with the crates that the program makes them with.

mod dlq;
mod ledger;
mod queue;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Output;

use sidelight_component::{QueueFolder, Signal};
use sidelight_dead_letters::{DeadLetters, Letter, Why};
use sidelight_testkit::requests::protobuf;
use sidelight_wal::{End, Log, NewRecord, Options, Outcome, RealFs, Sync};

use crate::program::run;

/// When everything here was written: 2025-11-25T04:00:00Z.
const NOW: u64 = 1_764_043_200_000;

/// A storage with nothing in it.
struct Storage(tempfile::TempDir);

/// What the program said, and its exit code.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Storage {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn text(&self) -> &str {
        self.path().to_str().expect("UTF-8")
    }

    fn folder(&self, exporter: &str, signal: Signal) -> QueueFolder {
        QueueFolder::new(self.path(), &exporter.parse().expect("an id"), signal)
    }

    /// A queue with requests of so many items.
    fn queue(&self, exporter: &str, signal: Signal, requests: &[usize]) -> Queue {
        let options = Options {
            directory: self.folder(exporter, signal).log(),
            sync: Sync::Write,
            segment_bytes: 1 << 20,
            target_bytes: u64::MAX,
            reserve_bytes: 0,
        };
        let mut log = Log::open(RealFs, options.clone(), NOW).expect("opened");
        for items in requests {
            let payload = protobuf(signal, *items);
            let record = NewRecord {
                payload: &[&payload],
                items: u32::try_from(*items).expect("few"),
            };
            log.append(&[record], true, NOW).expect("appended");
        }
        Queue {
            log,
            path: options.directory,
        }
    }

    /// A letter with so many items.
    fn letter(
        &self,
        exporter: &str,
        signal: Signal,
        items: usize,
        now_ms: u64,
        change: impl FnOnce(&mut Letter<'_>),
    ) {
        let directory = self.folder(exporter, signal).dead_letters();
        let mut letters = DeadLetters::open(&directory, exporter, 1 << 20, false).expect("opened");
        let payload = protobuf(signal, items);
        let mut letter = Letter {
            signal,
            why: Why::Destination,
            reason: "no such tenant",
            items: items as u64,
            refused: items as u64,
            payload: &[&payload],
            now_ms,
        };
        change(&mut letter);
        assert!(letters.put(letter).expect("put").kept);
    }

    /// A configuration that keeps its queues here.
    fn config(&self, exporter: &str, settings: &str) -> crate::program::Config {
        crate::program::Config::new(&format!(
            "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: 127.0.0.1:0}}}}}}}}
exporters: {{{exporter}: {{{settings}, sending_queue: {{storage: file_storage}}}}}}
extensions: {{file_storage: {{directory: {:?}}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  extensions: [file_storage]
  pipelines:
    traces: {{receivers: [otlp], exporters: [{exporter}]}}
    logs: {{receivers: [otlp], exporters: [{exporter}]}}
",
            self.path()
        ))
    }
}

/// A log that is open.
struct Queue {
    log: Log<RealFs>,
    path: PathBuf,
}

impl Queue {
    fn end(&mut self, items: Range<u64>, outcome: Outcome) {
        let end = End {
            items,
            outcome,
            bytes: 0,
            records: 0,
        };
        self.log.end(&[end], NOW);
    }

    /// The one file of a queue.
    fn file(&self) -> PathBuf {
        let files = std::fs::read_dir(&self.path).expect("a folder");
        let mut files = files.map(|file| file.expect("a file").path());
        files.find(|path| path.extension().is_some()).expect("a segment")
    }
}

/// Changes a byte of a file.
fn damage(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("read");
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).expect("written");
}

async fn say(arguments: &[&str]) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = run(arguments).await;
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let said = Said {
        code: status.code(),
        out: text(stdout),
        err: text(stderr),
    };
    let raw = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    assert!(
        !raw(&said.out) && !raw(&said.err),
        "{arguments:?}: {} {}",
        said.out,
        said.err
    );
    assert!(!said.err.contains("panicked"), "{arguments:?}: {}", said.err);
    said
}
