//! A tailer over a folder of its own.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sidelight_component::metrics::Registry;
use sidelight_component::{Budget, BuildContext, Clock, Role, StatusBoard};
use sidelight_proto::views::{LogsView, ValueView};

use super::super::config::{Config, StartAt};
use super::super::tailer::{Progress, Tailer, Turn};
use crate::log_lines::LineSettings;

pub(super) struct Rig {
    pub(super) folder: tempfile::TempDir,
    pub(super) config: Config,
    pub(super) clock: Clock,
    pub(super) metrics: Registry,
    pub(super) budget: Budget,
    pub(super) tailer: Option<Tailer>,
    /// Whether requests are answered.
    pub(super) answers: bool,
    unanswered: Vec<Progress>,
    read: Vec<String>,
}

impl Rig {
    /// Follows `*` in a new folder, from the beginning.
    pub(super) fn new() -> Self {
        let mut rig = Self::stopped();
        rig.start();
        rig
    }

    pub(super) fn stopped() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("logs")).expect("made");
        Self {
            config: Config {
                start_at: StartAt::Beginning,
                ..config(&[&format!("{}/logs/*", folder.path().display())])
            },
            folder,
            clock: Clock::virtual_at(1_800_000_000_000_000_000),
            metrics: Registry::default(),
            budget: Budget::default(),
            tailer: None,
            answers: true,
            unanswered: Vec::new(),
            read: Vec::new(),
        }
    }

    pub(super) fn start(&mut self) {
        // The places are let go of before they are taken.
        self.tailer = None;
        let id: sidelight_component::ComponentId = "file_log".parse().expect("an id");
        let cx = BuildContext {
            id: id.clone(),
            pipeline: None,
            budget: self.budget.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            status: StatusBoard::default().reporter(Role::Receiver, id),
            state_dir: self.folder.path().join("state"),
            workers: 1,
        };
        let lines = self.config.lines.build(&cx).expect("good settings");
        self.tailer = Some(Tailer::open(&self.config, lines, &cx).expect("a state directory"));
        self.turn();
    }

    /// The end by a kill: nothing is kept that was not kept before.
    pub(super) fn kill(&mut self) {
        self.tailer = None;
        self.unanswered.clear();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("logs").join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    pub(super) fn append(&self, name: &str, text: &str) {
        append(&self.path(name), text);
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.folder.path().join("logs").join(to)).expect("renamed");
    }

    /// What `logrotate` does with `copytruncate`.
    pub(super) fn copy_and_cut(&self, from: &str, to: &str) {
        std::fs::copy(self.path(from), self.path(to)).expect("copied");
        OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(self.path(from))
            .expect("cut");
    }

    pub(super) fn gzip(&self, from: &str, to: &str) {
        let text = std::fs::read(self.path(from)).expect("read");
        let file = std::fs::File::create(self.path(to)).expect("made");
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(&text).expect("written");
        encoder.finish().expect("written");
    }

    /// One turn. What is answered goes back with the next.
    pub(super) fn turn(&mut self) {
        let turn = Turn {
            now: self.clock.now(),
            room: 4,
            settled: if self.answers {
                std::mem::take(&mut self.unanswered)
            } else {
                Vec::new()
            },
        };
        let turned = self.tailer.as_mut().expect("it runs").turn(turn);
        for (payload, progress) in turned.requests {
            let request = payload.unwrap_or_default().to_contiguous();
            self.read.extend(lines(&request));
            self.unanswered.extend(progress);
        }
    }

    /// Everything that was read was answered, and the answers are kept.
    pub(super) fn is_settled(&mut self) -> bool {
        self.turn();
        self.unanswered.is_empty()
    }

    /// Turns for so long, one each `poll_interval`.
    pub(super) fn turns_for(&mut self, time: Duration) {
        let step = self.config.poll_interval;
        for _ in 0..time.as_millis().div_ceil(step.as_millis()) {
            self.turn();
            self.clock.advance(step);
        }
        self.turn();
    }

    /// What was read since the last call, as `file: line`.
    pub(super) fn lines(&mut self) -> Vec<String> {
        self.turns_for(Duration::from_millis(800));
        std::mem::take(&mut self.read)
    }

    pub(super) fn counted(&self, name: &str) -> u64 {
        let families = self.metrics.snapshot();
        let family = families
            .iter()
            .find(|family| family.name == name)
            .expect("counted");
        family.series.iter().map(|(_, value)| *value as u64).sum()
    }
}

pub(super) fn config(include: &[&str]) -> Config {
    Config {
        include: include.iter().map(|pattern| (*pattern).to_owned()).collect(),
        exclude: Vec::new(),
        exclude_older_than: Duration::ZERO,
        ordering_criteria: None,
        start_at: StartAt::End,
        lines: LineSettings::default(),
        include_file_name: true,
        include_file_path: false,
        include_file_name_resolved: false,
        include_file_path_resolved: false,
        include_file_owner_name: false,
        include_file_owner_group_name: false,
        include_file_record_number: false,
        include_file_record_offset: false,
        poll_interval: Duration::from_millis(200),
        fingerprint_size: sidelight_config::ByteSize(1000),
        max_concurrent_files: 1024,
        delete_after_read: false,
        acquire_fs_lock: false,
        compression: super::super::config::Compression::Auto,
    }
}

pub(super) fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .expect("opened");
    file.write_all(text.as_bytes()).expect("written");
}

pub(super) fn lines(request: &[u8]) -> Vec<String> {
    let records = LogsView::new(request)
        .resource_logs()
        .flat_map(|resource| resource.scope_logs())
        .flat_map(|scope| scope.log_records());
    records
        .map(|record| {
            let mut text = String::new();
            for attribute in record.attributes() {
                text.push_str(&shown(attribute.value()));
                text.push_str(": ");
            }
            text + &shown(record.body())
        })
        .collect()
}

fn shown(value: ValueView<'_>) -> String {
    match value {
        ValueView::String(text) => text.to_owned(),
        ValueView::Int(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}
