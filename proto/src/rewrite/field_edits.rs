use super::AttributeEdits;
use crate::{
    encode::{any_value_len, write_any_value},
    views::ValueView,
    wire::{Fields, Writer},
};

/// Singular fields that get a new value. They are written behind all others; order means nothing in protobuf.
#[derive(Debug, Default)]
pub(super) struct FieldEdits {
    /// Bit per field number.
    pub(super) replaced: u32,
    /// The new fields, serialized. A default value is written as nothing.
    fields: Writer,
}

impl FieldEdits {
    pub(super) fn clear(&mut self) {
        self.replaced = 0;
        self.fields.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.replaced == 0
    }

    pub(super) fn replaces(&self, number: u32) -> bool {
        number < 32 && self.replaced & (1 << number) != 0
    }

    pub(super) fn serialized(&self) -> &[u8] {
        self.fields.as_slice()
    }

    /// Takes note that `number` is replaced, and forgets an earlier replacement.
    fn replace(&mut self, number: u32) -> &mut Writer {
        let bit = 1 << number;
        if self.replaced & bit != 0 {
            self.forget(number);
        }
        self.replaced |= bit;
        &mut self.fields
    }

    fn forget(&mut self, number: u32) {
        let before = std::mem::take(&mut self.fields).into_bytes();
        let mut fields = Fields::new(&before);
        while let Some(field) = fields.next() {
            if field.number != number {
                self.fields
                    .raw(before.get(field.start..fields.offset()).unwrap_or_default());
            }
        }
    }

    fn text(&mut self, number: u32, value: &str) {
        let fields = self.replace(number);
        if !value.is_empty() {
            fields.bytes_field(number, value.as_bytes());
        }
    }

    fn int32(&mut self, number: u32, value: i32) {
        let fields = self.replace(number);
        if value != 0 {
            fields.varint_field(number, i64::from(value) as u64);
        }
    }
}

macro_rules! edits {
    ($(#[$doc:meta])* $edits:ident, $(#[$attributes_doc:meta])* $attributes:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $edits<'a> {
            $(#[$attributes_doc])*
            pub $attributes: AttributeEdits<'a>,
            pub(super) fields: FieldEdits,
        }

        impl<'a> $edits<'a> {
            pub(super) fn new(input: &'a [u8]) -> Self {
                $edits { $attributes: AttributeEdits::new(input), fields: FieldEdits::default() }
            }

            /// Whether anything was recorded.
            pub fn is_changed(&self) -> bool {
                self.$attributes.is_changed() || !self.fields.is_empty()
            }
        }
    };
}

edits! {
    /// Changes of one span.
    SpanEdits,
    /// Changes of its attributes.
    attributes
}

edits! {
    /// Changes of one event of a span.
    EventEdits,
    /// Changes of its attributes.
    attributes
}

edits! {
    /// Changes of one log record.
    LogRecordEdits,
    /// Changes of its attributes.
    attributes
}

edits! {
    /// Changes of one metric, apart from its points.
    MetricEdits,
    /// Changes of its metadata.
    metadata
}

impl SpanEdits<'_> {
    /// Gives the span another name.
    pub fn set_name(&mut self, name: &str) {
        self.fields.text(5, name);
    }

    /// Gives the span another `SpanKind`, as a number.
    pub fn set_kind(&mut self, kind: i32) {
        self.fields.int32(6, kind);
    }

    /// Gives the span another trace state.
    pub fn set_trace_state(&mut self, trace_state: &str) {
        self.fields.text(3, trace_state);
    }

    /// Gives the span another status: 0 unset, 1 ok, 2 error, and an explanation.
    pub fn set_status(&mut self, code: i32, message: &str) {
        let fields = self.fields.replace(15);
        let status = fields.begin(15, 1);
        if !message.is_empty() {
            fields.bytes_field(2, message.as_bytes());
        }
        if code != 0 {
            fields.varint_field(3, i64::from(code) as u64);
        }
        fields.end(status);
    }
}

impl EventEdits<'_> {
    /// Gives the event another name.
    pub fn set_name(&mut self, name: &str) {
        self.fields.text(2, name);
    }
}

impl LogRecordEdits<'_> {
    /// Gives the record another body; [`ValueView::Empty`] takes the body away.
    pub fn set_body<'v>(&mut self, body: impl Into<ValueView<'v>>) {
        let body = body.into();
        let fields = self.fields.replace(5);
        if body != ValueView::Empty {
            fields.len_header(5, any_value_len(body));
            write_any_value(fields, body);
        }
    }

    /// Gives the record another severity: number (1 to 24, 0 unknown) and text.
    pub fn set_severity(&mut self, number: i32, text: &str) {
        self.fields.int32(2, number);
        self.fields.text(3, text);
    }

    /// Gives the record another severity number.
    pub fn set_severity_number(&mut self, number: i32) {
        self.fields.int32(2, number);
    }

    /// Gives the record another severity text.
    pub fn set_severity_text(&mut self, text: &str) {
        self.fields.text(3, text);
    }

    /// Gives the record another event name.
    pub fn set_event_name(&mut self, name: &str) {
        self.fields.text(12, name);
    }
}

impl MetricEdits<'_> {
    /// Gives the metric another name.
    pub fn set_name(&mut self, name: &str) {
        self.fields.text(1, name);
    }

    /// Gives the metric another description.
    pub fn set_description(&mut self, description: &str) {
        self.fields.text(2, description);
    }

    /// Gives the metric another unit, in UCUM.
    pub fn set_unit(&mut self, unit: &str) {
        self.fields.text(3, unit);
    }
}
