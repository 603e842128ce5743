//! Trace and span ids.

use sidelight_component::BuildError;
use sidelight_config::{Check, settings};

use super::{Failure, Operator, note};
use crate::entry::{Entry, text_of};
use crate::field::Field;
use crate::settings::Common;

settings! {
    /// A field with an id in hexadecimal.
    pub struct IdField {
        /// The field.
        parse_from: Option<String>,
    }
}

settings! {
    /// Where trace id, span id and flags stand.
    pub struct TraceBlock {
        /// The trace id, 32 digits; without a value `attributes.trace_id`.
        trace_id: IdField,
        /// The span id, 16 digits; without a value `attributes.span_id`.
        span_id: IdField,
        /// The flags, 2 digits; without a value `attributes.trace_flags`.
        trace_flags: IdField,
    }
    validate TraceBlock::check;
}

settings! {
    /// Trace id, span id and flags of a record: they tie it to a trace.
    pub struct TraceParser {
        /// What every operator has.
        flatten common: Common,
        /// Where they stand.
        flatten trace: TraceBlock,
    }
}

impl TraceBlock {
    fn fields(&self) -> [(&'static str, Option<&str>, &'static str); 3] {
        [
            (
                "trace_id",
                self.trace_id.parse_from.as_deref(),
                "attributes.trace_id",
            ),
            (
                "span_id",
                self.span_id.parse_from.as_deref(),
                "attributes.span_id",
            ),
            (
                "trace_flags",
                self.trace_flags.parse_from.as_deref(),
                "attributes.trace_flags",
            ),
        ]
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        for (name, field, _) in self.fields() {
            if let Some(Err(problem)) = field.map(Field::parse) {
                check.error(&format!("{name}.parse_from"), &format!("is no field: {problem}"));
            }
        }
    }

    pub(crate) fn build(&self) -> Result<TraceReader, BuildError> {
        let [trace_id, span_id, flags] = self
            .fields()
            .map(|(_, field, usual)| Field::parse(field.unwrap_or(usual)).map_err(BuildError::new));
        Ok(TraceReader {
            trace_id: trace_id?,
            span_id: span_id?,
            flags: flags?,
        })
    }
}

impl TraceParser {
    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(self.trace.build()?))
    }
}

/// Lifts ids into the record.
#[derive(Debug)]
pub(crate) struct TraceReader {
    trace_id: Field,
    span_id: Field,
    flags: Field,
}

impl TraceReader {
    /// Ids that are not there are left out; their fields go once they were read.
    pub(crate) fn apply(&self, entry: &mut Entry<'_>) -> Result<(), Failure> {
        let trace_id = id::<16>(&self.trace_id, entry)?;
        let span_id = id::<8>(&self.span_id, entry)?;
        let flags = id::<1>(&self.flags, entry)?;
        for (field, is_there) in [
            (&self.trace_id, trace_id.is_some()),
            (&self.span_id, span_id.is_some()),
            (&self.flags, flags.is_some()),
        ] {
            if is_there {
                field.remove(entry);
            }
        }
        entry.trace_id = trace_id.or(entry.trace_id);
        entry.span_id = span_id.or(entry.span_id);
        entry.trace_flags = flags.map(|[flags]| flags).or(entry.trace_flags);
        Ok(())
    }
}

fn id<const N: usize>(field: &Field, entry: &Entry<'_>) -> Result<Option<[u8; N]>, Failure> {
    let Some(text) = field.get(entry).and_then(text_of).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let wrong = || Failure::Unparsed(format!("{field} is {text:?}, not {} hexadecimal digits", 2 * N));
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(Some(bytes))
}

impl Operator for TraceReader {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        TraceReader::apply(self, entry)?;
        note(said, || {
            if entry.trace_id.is_some() {
                "tied to its trace"
            } else {
                "no ids"
            }
            .to_owned()
        });
        Ok(())
    }
}
