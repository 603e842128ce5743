//! Encoders: receivers that make telemetry write requests straight into a buffer.
//!
//! There is no struct in between. Each message is a guard over the one buffer; its length is written when it is dropped.
//!
//! ```
//! use sidelight_proto::encode::LogsEncoder;
//!
//! let mut logs = LogsEncoder::with_capacity(1024);
//! {
//!     let mut resource_logs = logs.resource_logs();
//!     resource_logs.resource().attribute("service.name", "checkout");
//!     let mut scope_logs = resource_logs.scope_logs();
//!     scope_logs.scope().name("file_log");
//!     scope_logs.log_record().time_unix_nano(1).severity_number(9).body("started").attribute("line", 1);
//! }
//! let request = logs.finish();
//! assert_eq!(sidelight_proto::count_items(sidelight_proto::Signal::Logs, &request), 1);
//! ```
//!
//! What is written is canonical: of a singular field that is set twice the first stays, default values are not written.

mod attribute;
mod logs;
mod metrics;
mod point;
mod resource;
mod trace;

use crate::wire::{Mark, Writer};

pub use attribute::write_attribute;
pub use attribute::{ArrayEncoder, AttributeEncoder, KvListEncoder, ValueEncoder};
pub(crate) use attribute::{any_value_len, write_any_value};
pub use logs::{LogRecordEncoder, LogsEncoder, ResourceLogsEncoder, ScopeLogsEncoder};
pub use metrics::{
    ExpHistogramEncoder, GaugeEncoder, HistogramEncoder, MetricEncoder, MetricsEncoder,
    ResourceMetricsEncoder, ScopeMetricsEncoder, SumEncoder, SummaryEncoder,
};
pub use point::{
    BucketsEncoder, ExemplarEncoder, ExpHistogramPointEncoder, HistogramPointEncoder, NumberPointEncoder,
    QuantileEncoder, SummaryPointEncoder,
};
pub use resource::{EntityRefEncoder, ResourceEncoder, ScopeEncoder};
pub use trace::{
    ResourceSpansEncoder, ScopeSpansEncoder, SpanEncoder, SpanEventEncoder, SpanLinkEncoder, StatusEncoder,
    TracesEncoder,
};

/// A message that is being written; closed when dropped.
#[derive(Debug)]
struct Open<'w> {
    writer: &'w mut Writer,
    mark: Mark,
    /// Bit per number of a singular field that was written.
    written: u32,
    /// Taken back when dropped: a second message in a singular field.
    void: bool,
}

impl<'w> Open<'w> {
    fn begin(writer: &'w mut Writer, number: u32, reserved: usize) -> Self {
        let mark = writer.begin(number, reserved);
        Open {
            writer,
            mark,
            written: 0,
            void: false,
        }
    }

    /// Whether singular field `number` may be written: it was not before. Members of a `oneof` use one number.
    #[inline(always)]
    fn once(&mut self, number: u32) -> bool {
        let bit = 1 << number;
        let first = self.written & bit == 0;
        self.written |= bit;
        first
    }

    fn nested(&mut self, number: u32, reserved: usize) -> Open<'_> {
        Open::begin(self.writer, number, reserved)
    }

    /// A nested message of a singular field; `presence` is the number that stands for its `oneof`, or its own.
    fn nested_once(&mut self, number: u32, presence: u32) -> Open<'_> {
        let void = !self.once(presence);
        let mut open = self.nested(number, 1);
        open.void = void;
        open
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.void {
            self.writer.cancel(self.mark)
        } else {
            self.writer.end(self.mark)
        }
    }
}

/// How a field is written, by the word used in [`encoder!`].
mod put {
    use super::Open;

    #[inline]
    pub(super) fn bytes(open: &mut Open<'_>, number: u32, value: &[u8]) {
        if !value.is_empty() && open.once(number) {
            open.writer.bytes_field(number, value);
        }
    }

    #[inline]
    pub(super) fn text(open: &mut Open<'_>, number: u32, value: &str) {
        bytes(open, number, value.as_bytes());
    }

    #[inline]
    pub(super) fn repeated_text(open: &mut Open<'_>, number: u32, value: &str) {
        open.writer.bytes_field(number, value.as_bytes());
    }

    #[inline]
    pub(super) fn uint32(open: &mut Open<'_>, number: u32, value: u32) {
        if value != 0 && open.once(number) {
            open.writer.varint_field(number, u64::from(value));
        }
    }

    #[inline]
    pub(super) fn int32(open: &mut Open<'_>, number: u32, value: i32) {
        if value != 0 && open.once(number) {
            open.writer.varint_field(number, i64::from(value) as u64);
        }
    }

    #[inline]
    pub(super) fn sint32(open: &mut Open<'_>, number: u32, value: i32) {
        if value != 0 && open.once(number) {
            open.writer.sint32_field(number, value);
        }
    }

    #[inline]
    pub(super) fn boolean(open: &mut Open<'_>, number: u32, value: bool) {
        if value && open.once(number) {
            open.writer.varint_field(number, 1);
        }
    }

    #[inline]
    pub(super) fn fixed64(open: &mut Open<'_>, number: u32, value: u64) {
        if value != 0 && open.once(number) {
            open.writer.fixed64_field(number, value);
        }
    }

    #[inline]
    pub(super) fn fixed32(open: &mut Open<'_>, number: u32, value: u32) {
        if value != 0 && open.once(number) {
            open.writer.fixed32_field(number, value);
        }
    }

    /// Without presence; only positive zero is the default value.
    #[inline]
    pub(super) fn double(open: &mut Open<'_>, number: u32, value: f64) {
        fixed64(open, number, value.to_bits());
    }

    /// With presence: zero is written.
    #[inline]
    pub(super) fn present_double(open: &mut Open<'_>, number: u32, value: f64) {
        if open.once(number) {
            open.writer.double_field(number, value);
        }
    }

    pub(super) fn fixed64s(open: &mut Open<'_>, number: u32, values: impl ExactSizeIterator<Item = u64>) {
        if values.len() > 0 && open.once(number) {
            open.writer.len_header(number, values.len() * 8);
            for value in values {
                open.writer.raw(&value.to_le_bytes());
            }
        }
    }

    pub(super) fn doubles(open: &mut Open<'_>, number: u32, values: impl ExactSizeIterator<Item = f64>) {
        fixed64s(open, number, values.map(f64::to_bits));
    }

    pub(super) fn varints(open: &mut Open<'_>, number: u32, values: impl Iterator<Item = u64>) {
        let mut values = values.peekable();
        if values.peek().is_some() && open.once(number) {
            let run = open.nested(number, 1);
            for value in values {
                run.writer.varint(value);
            }
        }
    }
}

/// Declares an encoder: fields that are `set`, messages that are `open`ed in it, and the number of its attributes.
macro_rules! encoder {
    (
        $(#[$doc:meta])*
        $encoder:ident {
            set { $( $(#[$set_doc:meta])* $set:ident: $kind:ident($set_number:literal) <- $type:ty, )* }
            open { $( $(#[$open_doc:meta])* $open:ident: $how:ident($($open_number:literal),+) -> $child:ident, )* }
            attributes { $( $(#[$attribute_doc:meta])* $attribute:ident($attribute_number:literal) )? }
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $encoder<'w>(pub(in crate::encode) $crate::encode::Open<'w>);

        impl $encoder<'_> {
            $(
                $(#[$set_doc])*
                #[inline]
                pub fn $set(&mut self, value: $type) -> &mut Self {
                    $crate::encode::put::$kind(&mut self.0, $set_number, value);
                    self
                }
            )*
            $(
                $(#[$open_doc])*
                pub fn $open(&mut self) -> $child<'_> {
                    $child(self.0.$how($($open_number),+))
                }
            )*
            $(
                $(#[$attribute_doc])*
                #[inline]
                pub fn $attribute<'v>(&mut self, key: &str, value: impl Into<$crate::views::ValueView<'v>>) -> &mut Self {
                    $crate::encode::write_attribute(self.0.writer, $attribute_number, key.as_bytes(), value.into());
                    self
                }

                /// Opens an attribute whose value is an array or a map.
                pub fn open_attribute(&mut self, key: &str) -> $crate::encode::AttributeEncoder<'_> {
                    $crate::encode::AttributeEncoder::begin(&mut self.0, $attribute_number, key)
                }
            )?
        }
    };
}
use encoder;

/// Declares the encoder of a whole request.
macro_rules! request_encoder {
    ($(#[$doc:meta])* $encoder:ident, $(#[$open_doc:meta])* $open:ident -> $child:ident) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $encoder($crate::wire::Writer);

        impl $encoder {
            /// An empty request with room for `capacity` bytes; it grows beyond.
            pub fn with_capacity(capacity: usize) -> Self {
                $encoder($crate::wire::Writer::with_capacity(capacity))
            }

            $(#[$open_doc])*
            pub fn $open(&mut self) -> $child<'_> {
                $child($crate::encode::Open::begin(&mut self.0, 1, 3))
            }

            /// Bytes written so far.
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether nothing was written.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// The request.
            pub fn finish(self) -> bytes::Bytes {
                bytes::Bytes::from(self.0.into_bytes())
            }
        }
    };
}
use request_encoder;
