//! What a run says, and whether it counts.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::args::Args;
use crate::payload::Corpus;
use crate::send::Sent;
use crate::sink::{Arrived, Check};
use crate::target::{Usage, log_path};

/// Steal above which the machine was not ours, percent.
const STEAL_MAX: f64 = 1.0;
/// Least CPU seconds that a collector which did the work must have used.
const CPU_MIN: f64 = 0.02;

/// The measured part of a run.
pub(crate) struct Measured {
    pub(crate) sent: Sent,
    pub(crate) arrived: Arrived,
    pub(crate) sending: Duration,
    /// Until what was sent had arrived.
    pub(crate) wall: Duration,
    pub(crate) cpu: f64,
    pub(crate) scheduled: f64,
    /// CPU seconds of the collector while requests were being sent.
    pub(crate) sending_cpu: f64,
    pub(crate) loader_cpu: f64,
    pub(crate) steal_percent: f64,
    /// Seconds in which the collector's CPU was busy, whoever used it.
    pub(crate) collector_cpu_busy: Option<f64>,
    pub(crate) usage: Usage,
    pub(crate) kills: u64,
}

pub(crate) struct Report {
    pub(crate) args: Args,
    pub(crate) corpus: Arc<Corpus>,
    pub(crate) idle: Usage,
    pub(crate) highest: (f64, f64),
    /// The collector was killed because it took more memory than it may.
    pub(crate) outgrown: bool,
    pub(crate) startup: Option<Duration>,
    pub(crate) measured: Measured,
    pub(crate) latency: Value,
    pub(crate) check: Option<Check>,
    pub(crate) first_difference: Option<String>,
}

impl Report {
    /// Why the run says nothing, if so.
    pub(crate) fn void(&self) -> Vec<String> {
        let (m, args) = (&self.measured, &self.args);
        let (sent, acked, arrived) = (m.sent.sent, m.sent.acked, m.arrived.items);
        let expected = args.kept(acked);
        let mut reasons = Vec::new();
        let mut void = |is: bool, reason: String| {
            if is {
                reasons.push(reason);
            }
        };
        void(
            self.outgrown,
            format!(
                "the collector took more than {} MiB and was killed",
                args.memory_max
            ),
        );
        void(
            arrived == 0 || acked == 0,
            format!("{acked} items were acknowledged and {arrived} arrived"),
        );
        if args.disturbed() {
            void(
                arrived < acked,
                format!("{acked} items were acknowledged and only {arrived} arrived"),
            );
        } else {
            let error = m.sent.last_error.as_deref().unwrap_or("-");
            void(
                sent != acked,
                format!("{sent} items were sent and {acked} acknowledged (last error: {error})"),
            );
            void(
                expected != arrived,
                format!("{acked} items were acknowledged and {arrived} arrived, not {expected}"),
            );
        }
        if let Some(check) = &self.check {
            void(
                check.lost > 0,
                format!("{} acknowledged items were lost", check.lost),
            );
        }
        void(
            !args.direct && m.cpu < CPU_MIN,
            "the collector used no CPU; a start script must `exec` it".into(),
        );
        void(
            m.steal_percent > STEAL_MAX,
            format!("{:.1} % of the machine was stolen", m.steal_percent),
        );
        void(
            m.arrived.malformed > 0,
            format!("{} bodies at the sink were malformed", m.arrived.malformed),
        );
        void(
            m.arrived.compared == 0 && arrived > 20_000 && !args.bulk,
            "no item was compared with what was sent".into(),
        );
        let difference = self.first_difference.as_deref().unwrap_or("-");
        void(
            m.arrived.different > 0,
            format!("{} items were changed: {difference}", m.arrived.different),
        );
        let default_shape = args.attrs.is_none() && args.resources == 1;
        let entropy = (4.0..=8.0).contains(&self.corpus.gzip_ratio);
        void(
            default_shape && !entropy,
            format!("gzip makes 1/{:.1} of the payload", self.corpus.gzip_ratio),
        );
        reasons
    }

    pub(crate) fn json(&self) -> Value {
        let (m, args) = (&self.measured, &self.args);
        // What the collector left out on purpose was work too.
        let handled = m.arrived.items * args.kept_one_in.max(1);
        let millions = handled.max(1) as f64 / 1e6;
        let mut out = json!({
            "label": args.label, "outgrown": self.outgrown,
            "void": self.void(),
            "collector_log": (!args.direct && !self.void().is_empty()).then(log_path),
            "work": {
                "signal": format!("{:?}", args.signal).to_lowercase(),
                "protocol": format!("{:?}", args.protocol).to_lowercase(),
                "compression": format!("{:?}", args.compression).to_lowercase(),
                "items_per_request": args.items, "distinct_requests": args.requests, "rate": args.rate,
                "connections": args.connections, "inflight": args.inflight, "seed": args.seed,
                "bytes_per_item": round(self.corpus.bytes_per_item),
                "wire_bytes_per_item": round(self.corpus.wire_bytes_per_item),
                "gzip_ratio": round(self.corpus.gzip_ratio),
            },
            "sent_items": m.sent.sent, "acked_items": m.sent.acked, "received_items": m.arrived.items,
            "refused_requests": m.sent.refused_requests, "last_error": m.sent.last_error,
            "compared_items": m.arrived.compared, "different_items": m.arrived.different,
            "requests_out": m.arrived.requests, "received_mb": round(m.arrived.bytes as f64 / 1e6),
            "frames_out": m.arrived.frames, "largest_frame_out": m.arrived.largest_frame,
            "sending_s": round(m.sending.as_secs_f64()), "wall_s": round(m.wall.as_secs_f64()),
            "acked_items_per_s": (m.sent.acked as f64 / m.sending.as_secs_f64()) as u64,
            "latency_ms": self.latency,
            "loader_cpu_percent": round(m.loader_cpu / m.wall.as_secs_f64() * 100.0),
            "steal_percent": round(m.steal_percent),
        });
        if let (false, Some(object)) = (args.direct, out.as_object_mut()) {
            object.extend([
                ("cpu_s".into(), json!(round(m.cpu))),
                ("cpu_s_by_schedstat".into(), json!(round(m.scheduled))),
                ("cpu_s_per_million".into(), json!(round(m.cpu / millions))),
                (
                    "items_per_cpu_s".into(),
                    json!((handled as f64 / m.cpu.max(0.01)) as u64),
                ),
                (
                    "cpu_percent_of_one_core".into(),
                    json!(round(m.sending_cpu / m.sending.as_secs_f64() * 100.0)),
                ),
                (
                    "foreign_cpu_s".into(),
                    json!(m.collector_cpu_busy.map(|b| round((b - m.cpu).max(0.0)))),
                ),
                (
                    "startup_ms".into(),
                    json!(self.startup.map(|s| round(s.as_secs_f64() * 1e3))),
                ),
                ("threads".into(), json!(m.usage.threads)),
                (
                    "memory_mib".into(),
                    json!({
                        "idle_rss": round(self.idle.rss), "idle_anon": round(self.idle.anon),
                        "highest_rss": round(self.highest.0), "highest_anon": round(self.highest.1),
                        "peak_rss": round(m.usage.peak), "end_rss": round(m.usage.rss),
                    }),
                ),
            ]);
        }
        if let Some(check) = &self.check {
            out["check"] = json!({
                "lost": check.lost, "first_lost": check.first_lost, "duplicates": check.duplicates,
                "unacked_but_delivered": check.extra, "kills": m.kills,
            });
        }
        out
    }
}

/// To three places.
pub(crate) fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}
