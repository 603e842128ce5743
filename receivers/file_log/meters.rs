//! What is counted of files.

use sidelight_component::BuildContext;
use sidelight_component::metrics::{Counter, Gauge};

/// The receiver's own metrics. Names that begin with `otelcol` are the Collector's.
#[derive(Clone, Debug)]
pub(super) struct Meters {
    pub(super) open: Gauge,
    pub(super) reading: Gauge,
    pub(super) files: Gauge,
    pub(super) left_out: Gauge,
    pub(super) cut: Counter,
    pub(super) unread: Counter,
    pub(super) refused: Counter,
    pub(super) looks: Counter,
}

impl Meters {
    pub(super) fn new(cx: &BuildContext) -> Self {
        let labels = [("receiver", cx.id.as_str())];
        let gauge = |name: &str, help| cx.metrics.gauge(name, help, &labels);
        let counter = |name: &str, help| cx.metrics.counter(name, help, &labels);
        Self {
            open: gauge("otelcol_fileconsumer_open_files", "Number of open files"),
            reading: gauge(
                "otelcol_fileconsumer_reading_files",
                "Number of files that have more to read",
            ),
            files: gauge("sidelight_file_log_files", "Files that are known"),
            left_out: gauge(
                "sidelight_file_log_files_left_out",
                "Files and folders that were left out for a bound",
            ),
            cut: counter(
                "sidelight_file_log_truncations",
                "Files that were cut or replaced in place",
            ),
            unread: counter(
                "sidelight_file_log_unread_bytes",
                "Bytes of files that were gone before they were read",
            ),
            refused: counter(
                "sidelight_file_log_refused_files",
                "Files that cannot be read: no regular files, compressed or damaged ones",
            ),
            looks: counter("sidelight_file_log_surveys", "Full looks at all files"),
        }
    }
}
