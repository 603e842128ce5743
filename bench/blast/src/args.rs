//! The command line.

use std::str::FromStr;

use clap::{Parser, ValueEnum};

use crate::tail::Line;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signal {
    Traces,
    Logs,
    Metrics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// gRPC over HTTP/2
    Grpc,
    /// Protobuf over HTTP/1.1
    Http,
    /// OTLP/JSON over HTTP/1.1
    Json,
}

/// Compression of the requests: `none`, `gzip:LEVEL` or `zstd:LEVEL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip(u32),
    Zstd(i32),
}

impl Compression {
    /// The name in `grpc-encoding` and `content-encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip(_) => Some("gzip"),
            Self::Zstd(_) => Some("zstd"),
        }
    }
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, level) = text.split_once(':').unwrap_or((text, "1"));
        let bad = |_| format!("`{level}` is not a compression level");
        match name {
            "none" => Ok(Self::None),
            "gzip" => level.parse().map_err(bad).and_then(|l| match l {
                0..=9 => Ok(Self::Gzip(l)),
                _ => Err("gzip has levels 0 to 9".into()),
            }),
            "zstd" => level.parse().map_err(bad).map(Self::Zstd),
            _ => Err("none, gzip:LEVEL or zstd:LEVEL".into()),
        }
    }
}

/// Something the sink does for a while: `AFTER:FOR`, both in seconds of the measured part of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spell {
    pub(crate) after: f64,
    pub(crate) lasting: f64,
}

impl FromStr for Spell {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text
            .split_once(':')
            .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        match parsed {
            Some((after, lasting)) if after >= 0.0 && lasting > 0.0 => Ok(Self { after, lasting }),
            _ => Err("AFTER:FOR in seconds, as in 2:10".into()),
        }
    }
}

/// The CPUs of the loader (with its sink) and of the collector: `LOADER:COLLECTOR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) loader: usize,
    pub(crate) collector: usize,
}

impl FromStr for Pin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text
            .split_once(':')
            .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        match parsed {
            Some((loader, collector)) if loader < 1024 && collector < 1024 => Ok(Self { loader, collector }),
            _ => Err("LOADER:COLLECTOR, two CPU numbers, as in 0:1".into()),
        }
    }
}

#[derive(Clone, Debug, Parser)]
#[command(
    about = "Replay OTLP at a collector; count, time and check what comes out of it",
    version
)]
pub(crate) struct Args {
    /// Command that starts the collector (split on spaces; no shell; a script must `exec`)
    #[arg(long, default_value = "")]
    pub(crate) cmd: String,
    /// No collector: send straight to the sink, to know what sender and sink themselves cost
    #[arg(long)]
    pub(crate) direct: bool,
    /// Where the collector listens for OTLP
    #[arg(long, default_value = "127.0.0.1:14317")]
    pub(crate) input: String,
    /// Where the sink listens
    #[arg(long, default_value = "127.0.0.1:15317")]
    pub(crate) output: String,
    #[arg(long, value_enum, default_value = "traces")]
    pub(crate) signal: Signal,
    #[arg(long, value_enum, default_value = "grpc")]
    pub(crate) protocol: Protocol,
    /// none, gzip:LEVEL or zstd:LEVEL; bodies are compressed before the run
    #[arg(long, default_value = "none")]
    pub(crate) compression: Compression,
    /// Spans, log records or data points in one request
    #[arg(long, default_value_t = 1000)]
    pub(crate) items: usize,
    /// Attributes on each item; default: 8 on spans, 5 on log records, 4 on data points
    #[arg(long)]
    pub(crate) attrs: Option<usize>,
    /// Resources the items of one request are spread over
    #[arg(long, default_value_t = 1)]
    pub(crate) resources: usize,
    /// Distinct requests, encoded before the run and sent in turn
    #[arg(long, default_value_t = 512)]
    pub(crate) requests: usize,
    /// Seed of the payload
    #[arg(long, default_value_t = 20_261_120)]
    pub(crate) seed: u64,
    #[arg(long, default_value_t = 2)]
    pub(crate) connections: usize,
    /// Requests in flight on one connection (over HTTP/1.1: that many connections)
    #[arg(long, default_value_t = 4)]
    pub(crate) inflight: usize,
    /// Open loop: items a second over all connections, timed from when each was due; 0: closed loop
    #[arg(long, default_value_t = 0)]
    pub(crate) rate: u64,
    #[arg(long, default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// Seconds of sending before the figures start
    #[arg(long, default_value_t = 2.0)]
    pub(crate) warmup: f64,
    /// Seconds that a request may take before it counts as refused
    #[arg(long, default_value_t = 10.0)]
    pub(crate) timeout: f64,
    /// Give every item of the run its own id and report acknowledged items that never arrived
    #[arg(long)]
    pub(crate) check: bool,
    /// Kill the collector with SIGKILL about every so many seconds and start it again
    #[arg(long, default_value_t = 0.0)]
    pub(crate) kill_every: f64,
    /// Let the sink refuse (UNAVAILABLE / 503): AFTER:FOR seconds
    #[arg(long)]
    pub(crate) refuse: Option<Spell>,
    /// Let the sink accept requests and not read or answer them: AFTER:FOR seconds
    #[arg(long)]
    pub(crate) stall: Option<Spell>,
    /// How long to wait, after sending, for the rest to arrive
    #[arg(long, default_value_t = 15.0)]
    pub(crate) drain: f64,
    /// Largest HTTP/2 frame the sink offers to take (Go peers never send more than 16384)
    #[arg(long, default_value_t = 16384)]
    pub(crate) frame: u32,
    /// Largest DATA frame the sender sends, whatever the collector offers; 0: what it offers
    #[arg(long, default_value_t = 0)]
    pub(crate) send_frame: usize,
    /// Pin loader and collector to a CPU each: LOADER:COLLECTOR
    #[arg(long)]
    pub(crate) pin: Option<Pin>,
    /// Kill the collector when its RSS exceeds so many MiB; 0: no limit
    #[arg(long, default_value_t = 0)]
    pub(crate) memory_max: u32,
    /// The collector inserts this attribute into every item
    #[arg(long)]
    pub(crate) inserted: Option<String>,
    /// The collector deletes this attribute from every item
    #[arg(long)]
    pub(crate) deleted: Option<String>,
    /// The collector lets through one item in so many: those log records that are errors
    #[arg(long, default_value_t = 1)]
    pub(crate) kept_one_in: u64,
    /// The sink is an Elasticsearch that takes all documents of bulk requests
    #[arg(long)]
    pub(crate) bulk: bool,
    /// Instead of sending, write a log file of this many lines and let the collector tail it (sets BLAST_FILE)
    #[arg(long, default_value_t = 0)]
    pub(crate) lines: u64,
    /// What the lines look like
    #[arg(long, value_enum, default_value = "plain")]
    pub(crate) line: Line,
    /// Instead of one run, take commands on standard input: see `driven.rs`
    #[arg(long)]
    pub(crate) driven: bool,
    /// A name that is copied into the output
    #[arg(long, default_value = "")]
    pub(crate) label: String,
}

impl Args {
    /// Attributes on each item, as given or as the signal usually has them.
    pub(crate) fn attributes(&self) -> usize {
        self.attrs.unwrap_or(match self.signal {
            Signal::Traces => 8,
            Signal::Logs => 5,
            Signal::Metrics => 4,
        })
    }

    /// Whether something happens during the run that allows requests to be refused or doubled.
    pub(crate) fn disturbed(&self) -> bool {
        self.kill_every > 0.0 || self.refuse.is_some() || self.stall.is_some()
    }

    /// How many of so many items arrive at the sink.
    pub(crate) fn kept(&self, items: u64) -> u64 {
        items / self.kept_one_in.max(1)
    }

    /// Where the sender connects.
    pub(crate) fn sends_to(&self) -> &str {
        if self.direct { &self.output } else { &self.input }
    }
}
