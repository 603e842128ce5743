//! The rewriter: copies untouched ranges as they are and writes anew only what changes.
//!
//! A [`Rewriter`] is asked about every resource, scope and item of a request; it looks at views and records edits. The
//! driver walks the input once and keeps a cursor: what lies between two edits is one copy, and a message whose inside
//! did not change is never opened. A request in which nothing changed is not copied at all.
//!
//! ```
//! use sidelight_proto::{Signal, rewrite::{Context, Keep, Rewriter, Rewritten, SpanEdits, rewrite}, views::SpanView};
//!
//! struct Scrub;
//! impl Rewriter for Scrub {
//!     fn span(&mut self, _at: Context<'_>, span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
//!         edits.attributes.remove("password");
//!         edits.attributes.insert("deployment.environment.name", "production");
//!         if span.name() == "GET /health" { Keep::No } else { Keep::Yes }
//!     }
//! }
//! assert!(matches!(rewrite(Signal::Traces, b"", &mut Scrub), Rewritten::Unchanged));
//! ```

mod attribute_edits;
mod drive;
mod field_edits;
mod splice;

use bytes::Bytes;

use crate::{
    Signal,
    views::{
        Attributes, ExpHistogramPointView, HistogramPointView, LogRecordView, MetricView, NumberPointView,
        ResourceView, ScopeView, SpanEventView, SpanView, SummaryPointView,
    },
};

pub use attribute_edits::AttributeEdits;
pub use field_edits::{EventEdits, LogRecordEdits, MetricEdits, SpanEdits};

/// Whether an item stays in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It stays.
    Yes,
    /// It is left out, with everything inside it. What becomes empty by that is left out as well.
    No,
}

impl From<bool> for Keep {
    fn from(keep: bool) -> Self {
        if keep { Keep::Yes } else { Keep::No }
    }
}

/// Which callbacks a rewriter wants; the others are not made, and what only they would see is not walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest {
    /// Scopes.
    pub scopes: bool,
    /// Spans, log records, metrics.
    pub items: bool,
    /// Events of spans; only with `items`.
    pub span_events: bool,
    /// Data points of metrics; only with `items`.
    pub data_points: bool,
}

impl Interest {
    /// Resources alone.
    pub const RESOURCES: Interest = Interest {
        scopes: false,
        items: false,
        span_events: false,
        data_points: false,
    };
    /// Everything but the events of spans.
    pub const ITEMS: Interest = Interest {
        scopes: true,
        items: true,
        span_events: false,
        data_points: true,
    };
    /// Everything.
    pub const ALL: Interest = Interest {
        span_events: true,
        ..Interest::ITEMS
    };
}

/// Where an item stands: its resource and scope as they were in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context<'a> {
    /// The resource; empty when absent.
    pub resource: ResourceView<'a>,
    /// The scope; empty when absent.
    pub scope: ScopeView<'a>,
}

/// A data point of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointView<'a> {
    /// Of a gauge or sum.
    Number(NumberPointView<'a>),
    /// Of a histogram.
    Histogram(HistogramPointView<'a>),
    /// Of an exponential histogram.
    ExponentialHistogram(ExpHistogramPointView<'a>),
    /// Of a summary.
    Summary(SummaryPointView<'a>),
}

impl<'a> PointView<'a> {
    /// The series it belongs to.
    pub fn attributes(&self) -> Attributes<'a> {
        match self {
            PointView::Number(point) => point.attributes(),
            PointView::Histogram(point) => point.attributes(),
            PointView::ExponentialHistogram(point) => point.attributes(),
            PointView::Summary(point) => point.attributes(),
        }
    }

    /// When, in Unix nanoseconds.
    pub fn time_unix_nano(&self) -> u64 {
        match self {
            PointView::Number(point) => point.time_unix_nano(),
            PointView::Histogram(point) => point.time_unix_nano(),
            PointView::ExponentialHistogram(point) => point.time_unix_nano(),
            PointView::Summary(point) => point.time_unix_nano(),
        }
    }
}

/// Decides what changes. Every callback defaults to no change.
///
/// A resource is asked before its scopes, a scope before its items, a metric before its points, a span before its events.
/// Views always show the input; edits show what was recorded on top of it.
#[expect(unused_variables, reason = "the defaults ignore what they are given")]
pub trait Rewriter {
    /// Which callbacks are made; asked once per request.
    fn interest(&self) -> Interest {
        Interest::ITEMS
    }

    /// A resource. Also called when a `Resource…` message has none: it is empty then, and written if attributes are added.
    fn resource(&mut self, resource: ResourceView<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        Keep::Yes
    }

    /// A scope. Also called when there is none, like [`Rewriter::resource`].
    fn scope(&mut self, at: Context<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        Keep::Yes
    }

    /// A span.
    fn span(&mut self, at: Context<'_>, span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
        Keep::Yes
    }

    /// An event of a span that is kept.
    fn span_event(
        &mut self,
        at: Context<'_>,
        span: SpanView<'_>,
        event: SpanEventView<'_>,
        edits: &mut EventEdits<'_>,
    ) -> Keep {
        Keep::Yes
    }

    /// A log record.
    fn log_record(
        &mut self,
        at: Context<'_>,
        record: LogRecordView<'_>,
        edits: &mut LogRecordEdits<'_>,
    ) -> Keep {
        Keep::Yes
    }

    /// A metric.
    fn metric(&mut self, at: Context<'_>, metric: MetricView<'_>, edits: &mut MetricEdits<'_>) -> Keep {
        Keep::Yes
    }

    /// A data point of a metric that is kept.
    fn data_point(
        &mut self,
        at: Context<'_>,
        metric: MetricView<'_>,
        point: PointView<'_>,
        edits: &mut AttributeEdits<'_>,
    ) -> Keep {
        Keep::Yes
    }
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewritten {
    /// Nothing changed: the input is the result.
    Unchanged,
    /// Something changed.
    Changed {
        /// The new request, in one buffer of its own. Empty when nothing was kept.
        bytes: Bytes,
        /// Items that were left out: spans, data points or log records.
        dropped: usize,
    },
}

/// Runs `rewriter` over an admitted request.
///
/// One pass; one output buffer when something changes, and scratch buffers that are reused from item to item. On bytes
/// that were not admitted the unreadable rest of a message is copied as it is.
pub fn rewrite(signal: Signal, request: &[u8], rewriter: &mut impl Rewriter) -> Rewritten {
    drive::Drive::new(signal, request, rewriter).run()
}
