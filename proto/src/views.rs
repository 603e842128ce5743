//! Views: lazy readers over admitted bytes.
//!
//! ```text
//! TracesView ─► ResourceSpansView ─► ScopeSpansView ─► SpanView ─► AttributeView ─► ValueView
//!                      │                   │              ├─► SpanEventView, SpanLinkView, StatusView
//!                 ResourceView         ScopeView          └─► SpanFields: many fields in one pass
//! ```
//!
//! A view is a slice. It is `Copy` and `Send`, allocates nothing and remembers nothing: each accessor walks the message
//! to the field it wants, so asking for one attribute costs finding one attribute. Who wants many fields of an item reads
//! them in one pass (`SpanView::fields`, `LogRecordView::fields`).
//!
//! Views cannot fail behind the door ([`admit`](crate::admit)). On bytes that were not admitted they end early or give
//! defaults, and never panic.

mod attribute;
mod logs;
mod metrics;
mod point;
mod resource;
mod trace;

use std::marker::PhantomData;

use crate::wire::{Fields, Reader, Value};

pub use attribute::{ArrayView, AttributeView, Attributes, KvListView, ValueView};
pub use logs::{LogRecordFields, LogRecordView, LogsView, ResourceLogsView, ScopeLogsView};
pub use metrics::{
    AggregationTemporality, DataView, ExpHistogramView, GaugeView, HistogramView, MetricView, MetricsView,
    ResourceMetricsView, ScopeMetricsView, SumView, SummaryView,
};
pub use point::{
    BucketsView, ExemplarView, ExpHistogramPointView, HistogramPointView, NumberPointView, NumberValue,
    QuantileView, SummaryPointView,
};
pub use resource::{EntityRefView, ResourceView, ScopeView};
pub use trace::{
    ResourceSpansView, SPAN_KINDS, ScopeSpansView, SpanEventView, SpanFields, SpanLinkView, SpanView,
    StatusView, TracesView,
};

/// A message seen through a typed window.
pub trait View<'a>: Copy {
    /// Looks at `message`, the content of one serialized message (without tag and length).
    fn new(message: &'a [u8]) -> Self;

    /// The bytes it looks at.
    fn as_bytes(&self) -> &'a [u8];
}

/// The elements of a repeated message field, in the order of the wire.
#[derive(Debug)]
pub struct Repeated<'a, V> {
    fields: Fields<'a>,
    number: u32,
    element: PhantomData<fn() -> V>,
}

impl<V> Clone for Repeated<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Repeated<'_, V> {}

impl<'a, V: View<'a>> Repeated<'a, V> {
    pub(crate) fn of(message: &'a [u8], number: u32) -> Self {
        Repeated {
            fields: Fields::new(message),
            number,
            element: PhantomData,
        }
    }
}

impl<'a, V: View<'a>> Iterator for Repeated<'a, V> {
    type Item = V;

    #[inline]
    fn next(&mut self) -> Option<V> {
        loop {
            let field = self.fields.next()?;
            if field.number == self.number
                && let Value::Len(content) = field.value
            {
                return Some(V::new(content));
            }
        }
    }
}

/// The elements of a repeated string field.
#[derive(Debug, Clone, Copy)]
pub struct Strings<'a> {
    fields: Fields<'a>,
    number: u32,
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let number = self.number;
        self.fields.find_map(|field| match field.value {
            Value::Len(content) if field.number == number => Some(text(content)),
            _ => None,
        })
    }
}

/// Packed eight-byte integers.
#[derive(Debug, Clone, Copy)]
pub struct Fixed64s<'a>(&'a [u8]);

impl Iterator for Fixed64s<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len() / 8, Some(self.0.len() / 8))
    }
}

impl ExactSizeIterator for Fixed64s<'_> {}

/// Packed floating-point numbers.
#[derive(Debug, Clone, Copy)]
pub struct Doubles<'a>(Fixed64s<'a>);

impl Iterator for Doubles<'_> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.0.next().map(f64::from_bits)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Doubles<'_> {}

/// Packed varints.
#[derive(Debug, Clone, Copy)]
pub struct Varints<'a>(Reader<'a>);

impl Iterator for Varints<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0.varint().ok()
    }
}

/// Admitted text is UTF-8; other bytes read as the empty string.
#[inline]
fn text(content: &[u8]) -> &str {
    std::str::from_utf8(content).unwrap_or_default()
}

#[inline]
fn find<'a>(message: &'a [u8], number: u32) -> Option<Value<'a>> {
    Fields::new(message)
        .find(|field| field.number == number)
        .map(|field| field.value)
}

/// Zigzag, as `sint32` is written.
#[inline]
fn unzigzag(value: u64) -> i32 {
    let value = value as u32;
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

/// How a field is read, by the word used in [`view!`].
mod get {
    use super::{Doubles, Fixed64s, Repeated, Strings, Varints, View, find};
    use crate::wire::{Fields, Reader, Value};

    #[inline]
    pub(super) fn bytes(message: &[u8], number: u32) -> &[u8] {
        match find(message, number) {
            Some(Value::Len(content)) => content,
            _ => &[],
        }
    }

    #[inline]
    pub(super) fn text(message: &[u8], number: u32) -> &str {
        super::text(bytes(message, number))
    }

    #[inline]
    fn varint(message: &[u8], number: u32) -> u64 {
        match find(message, number) {
            Some(Value::Varint(value)) => value,
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn uint32(message: &[u8], number: u32) -> u32 {
        varint(message, number) as u32
    }

    #[inline]
    pub(super) fn int32(message: &[u8], number: u32) -> i32 {
        varint(message, number) as i32
    }

    #[inline]
    pub(super) fn boolean(message: &[u8], number: u32) -> bool {
        varint(message, number) != 0
    }

    #[inline]
    pub(super) fn sint32(message: &[u8], number: u32) -> i32 {
        super::unzigzag(varint(message, number))
    }

    #[inline]
    pub(super) fn fixed64(message: &[u8], number: u32) -> u64 {
        match find(message, number) {
            Some(Value::Fixed64(value)) => value,
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn fixed32(message: &[u8], number: u32) -> u32 {
        match find(message, number) {
            Some(Value::Fixed32(value)) => value,
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn double(message: &[u8], number: u32) -> f64 {
        f64::from_bits(fixed64(message, number))
    }

    #[inline]
    pub(super) fn optional_double(message: &[u8], number: u32) -> Option<f64> {
        match find(message, number) {
            Some(Value::Fixed64(value)) => Some(f64::from_bits(value)),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn message<'a, V: View<'a>>(message: &'a [u8], number: u32) -> V {
        V::new(bytes(message, number))
    }

    #[inline]
    pub(super) fn optional_message<'a, V: View<'a>>(message: &'a [u8], number: u32) -> Option<V> {
        match find(message, number) {
            Some(Value::Len(content)) => Some(V::new(content)),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn repeated<'a, V: View<'a>>(message: &'a [u8], number: u32) -> Repeated<'a, V> {
        Repeated::of(message, number)
    }

    #[inline]
    pub(super) fn strings(message: &[u8], number: u32) -> Strings<'_> {
        Strings {
            fields: Fields::new(message),
            number,
        }
    }

    #[inline]
    pub(super) fn fixed64s(message: &[u8], number: u32) -> Fixed64s<'_> {
        Fixed64s(bytes(message, number))
    }

    #[inline]
    pub(super) fn doubles(message: &[u8], number: u32) -> Doubles<'_> {
        Doubles(fixed64s(message, number))
    }

    #[inline]
    pub(super) fn varints(message: &[u8], number: u32) -> Varints<'_> {
        Varints(Reader::new(bytes(message, number)))
    }
}

/// Declares a view and one accessor per field: `name: kind(number) -> type`.
macro_rules! view {
    (
        $(#[$doc:meta])*
        $view:ident {
            $( $(#[$field_doc:meta])* $field:ident: $kind:ident($number:literal) -> $type:ty, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $view<'a>(&'a [u8]);

        impl<'a> $crate::views::View<'a> for $view<'a> {
            #[inline]
            fn new(message: &'a [u8]) -> Self {
                $view(message)
            }

            #[inline]
            fn as_bytes(&self) -> &'a [u8] {
                self.0
            }
        }

        impl<'a> $view<'a> {
            /// Looks at the content of one serialized message (without tag and length).
            #[inline]
            pub const fn new(message: &'a [u8]) -> Self {
                $view(message)
            }

            /// The bytes it looks at.
            #[inline]
            pub const fn as_bytes(&self) -> &'a [u8] {
                self.0
            }

            $(
                $(#[$field_doc])*
                #[inline]
                pub fn $field(&self) -> $type {
                    $crate::views::get::$kind(self.0, $number)
                }
            )*
        }
    };
}
use view;
