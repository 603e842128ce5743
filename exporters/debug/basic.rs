//! One line per batch: what kind it is and how much there is of it.

use std::fmt::{self, Write};

use bytes::Bytes;
use sidelight_component::{Request, Signal};
use sidelight_proto::views::{LogsView, MetricsView, TracesView};

use super::text::Text;

/// `Traces {"otelcol.component.id": "debug", "resource spans": 1, "spans": 2}`
pub(super) fn write(id: &str, request: &Request, out: &mut Text<'_>) -> fmt::Result {
    let chunks = || request.body.iter().map(Bytes::as_ref);
    let items = request.items;
    match request.signal {
        Signal::Traces => {
            let resources: usize = chunks()
                .map(|c| TracesView::new(c).resource_spans().count())
                .sum();
            open("Traces", id, out)?;
            writeln!(out, r#", "resource spans": {resources}, "spans": {items}}}"#)
        }
        Signal::Metrics => {
            let (mut resources, mut metrics) = (0, 0);
            for resource in chunks().flat_map(|c| MetricsView::new(c).resource_metrics()) {
                resources += 1;
                metrics += resource
                    .scope_metrics()
                    .map(|scope| scope.metrics().count())
                    .sum::<usize>();
            }
            open("Metrics", id, out)?;
            writeln!(
                out,
                r#", "resource metrics": {resources}, "metrics": {metrics}, "data points": {items}}}"#
            )
        }
        Signal::Logs => {
            let resources: usize = chunks().map(|c| LogsView::new(c).resource_logs().count()).sum();
            open("Logs", id, out)?;
            writeln!(out, r#", "resource logs": {resources}, "log records": {items}}}"#)
        }
    }
}

fn open(what: &str, id: &str, out: &mut Text<'_>) -> fmt::Result {
    write!(
        out,
        r#"{what} {{"otelcol.component.id": {}"#,
        super::text::Quoted(id)
    )
}
