//! Compares a sample of what arrives with what was sent, so that no collector wins by mangling.
//!
//! A collector may write fields in any order, so items are compared as decoded messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, NumberDataPoint};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use parking_lot::Mutex;
use prost::Message;

use super::seen::id_of;
use crate::args::{Args, Signal};
use crate::payload::wire::{self, Kind};
use crate::payload::{Corpus, id};

/// One item in so many is decoded and compared: about 0.1 % of what the sink does.
const ONE_IN: u64 = 5_000;

pub(super) struct Comparison {
    signal: Signal,
    corpus: Arc<Corpus>,
    inserted: Option<String>,
    deleted: Option<String>,
    items: AtomicU64,
    compared: AtomicU64,
    different: AtomicU64,
    first_difference: Mutex<Option<String>>,
}

impl Comparison {
    pub(super) fn new(args: &Args, corpus: Arc<Corpus>) -> Self {
        Self {
            signal: args.signal,
            corpus,
            inserted: args.inserted.clone(),
            deleted: args.deleted.clone(),
            items: AtomicU64::new(0),
            compared: AtomicU64::new(0),
            different: AtomicU64::new(0),
            first_difference: Mutex::new(None),
        }
    }

    /// Items compared, and how many of them differed.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.compared.load(Relaxed), self.different.load(Relaxed))
    }

    pub(super) fn first_difference(&self) -> Option<String> {
        self.first_difference.lock().clone()
    }

    /// Compares one item of the message if the sample is due; `n` is the number of its items.
    pub(super) fn sample(&self, message: &[u8], n: u64) {
        let before = self.items.fetch_add(n, Relaxed);
        if n == 0 || before / ONE_IN == (before + n) / ONE_IN {
            return;
        }
        let chosen = (before / ONE_IN).wrapping_mul(7919) % n;
        let mut i = 0;
        // The caller has walked the message before.
        let _ = wire::items(message, self.signal, |kind, item| {
            if i == chosen {
                self.compare(message, kind, item);
            }
            i += 1;
        });
    }

    /// Compares every item of the message.
    pub(super) fn all(&self, message: &[u8]) {
        // The caller has walked the message before.
        let _ = wire::items(message, self.signal, |kind, item| {
            self.compare(message, kind, item)
        });
    }

    fn compare(&self, message: &[u8], kind: Kind, item: std::ops::Range<usize>) {
        self.compared.fetch_add(1, Relaxed);
        let id = id_of(message, kind, item.clone());
        let arrived = message.get(item).unwrap_or_default();
        let difference = match id.and_then(|id| Some((id, self.corpus.original(id)?))) {
            Some((_, (sent, original)))
                if sent == kind && !self.edited() && same_bytes(kind, original, arrived) =>
            {
                None
            }
            None => Some(format!("an item whose id {id:?} was never sent")),
            Some((_, (sent, _))) if sent != kind => Some(format!("{kind:?} where {sent:?} was sent")),
            Some((id, (_, original))) => match kind {
                Kind::Span => self.differ::<Span>(id, original, arrived),
                Kind::LogRecord => self.differ::<LogRecord>(id, original, arrived),
                Kind::NumberPoint => self.differ::<NumberDataPoint>(id, original, arrived),
                Kind::HistogramPoint => self.differ::<HistogramDataPoint>(id, original, arrived),
                Kind::OtherPoint => Some("a data point of a type that was not sent".into()),
            },
        };
        if let Some(difference) = difference {
            self.different.fetch_add(1, Relaxed);
            self.first_difference.lock().get_or_insert(difference);
        }
    }

    /// Whether what arrives is meant to differ from what was sent.
    fn edited(&self) -> bool {
        self.inserted.is_some() || self.deleted.is_some()
    }

    fn differ<T: Sampled>(&self, id: u64, original: &[u8], arrived: &[u8]) -> Option<String> {
        let (Ok(mut original), Ok(mut arrived)) = (T::decode(original), T::decode(arrived)) else {
            return Some(format!("item {id} does not decode"));
        };
        original.set_id(id);
        if let Some(key) = &self.inserted {
            let before = arrived.attributes().len();
            arrived.attributes().retain(|a| a.key != *key);
            if arrived.attributes().len() + 1 != before {
                return Some(format!("item {id} lacks the inserted attribute `{key}`"));
            }
        }
        if let Some(key) = &self.deleted {
            original.attributes().retain(|a| a.key != *key);
        }
        for item in [&mut original, &mut arrived] {
            item.drop_empty();
            item.attributes().sort_by(|a, b| a.key.cmp(&b.key));
        }
        (original != arrived).then(|| format!("item {id}: sent {original:?}, arrived {arrived:?}"))
    }
}

/// Whether two items are the same, byte by byte, but for their ids: then they need not be decoded.
fn same_bytes(kind: Kind, original: &[u8], arrived: &[u8]) -> bool {
    let at = |item: &[u8]| wire::id_at(item, kind, 0..item.len());
    let (Some(id), Some(other)) = (at(original), at(arrived)) else {
        return false;
    };
    id == other && original.get(..id) == arrived.get(..id) && original.get(id + 8..) == arrived.get(id + 8..)
}

/// What a comparison needs of a span, log record or data point.
trait Sampled: Message + Default + PartialEq + std::fmt::Debug {
    fn attributes(&mut self) -> &mut Vec<KeyValue>;
    fn set_id(&mut self, id: u64);
    /// Removes a message that says nothing when it is empty: some encoders write it, others leave it out.
    fn drop_empty(&mut self) {}
}

impl Sampled for Span {
    fn attributes(&mut self) -> &mut Vec<KeyValue> {
        &mut self.attributes
    }

    fn set_id(&mut self, id: u64) {
        self.span_id = id::to_wire(Kind::Span, id).to_vec();
    }

    fn drop_empty(&mut self) {
        self.status.take_if(|status| *status == Status::default());
    }
}

impl Sampled for LogRecord {
    fn attributes(&mut self) -> &mut Vec<KeyValue> {
        &mut self.attributes
    }

    fn set_id(&mut self, id: u64) {
        self.span_id = id::to_wire(Kind::LogRecord, id).to_vec();
    }
}

impl Sampled for NumberDataPoint {
    fn attributes(&mut self) -> &mut Vec<KeyValue> {
        &mut self.attributes
    }

    fn set_id(&mut self, id: u64) {
        self.time_unix_nano = id::TIME_BASE + id;
    }
}

impl Sampled for HistogramDataPoint {
    fn attributes(&mut self) -> &mut Vec<KeyValue> {
        &mut self.attributes
    }

    fn set_id(&mut self, id: u64) {
        self.time_unix_nano = id::TIME_BASE + id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn compared(args: &[&str], change: impl Fn(&mut Vec<u8>)) -> (u64, u64) {
        let args = Args::parse_from([&["blast", "--items", "100", "--requests", "200"], args].concat());
        let corpus = Arc::new(Corpus::build(&args).unwrap());
        let comparison = Comparison::new(&args, corpus.clone());
        for n in 0..200 {
            let mut message = corpus.body_with_own_ids(n).unwrap()[5..].to_vec();
            change(&mut message);
            comparison.sample(&message, 100);
        }
        comparison.counts()
    }

    #[test]
    fn what_arrives_as_it_was_sent_is_no_difference() {
        for signal in ["traces", "logs", "metrics"] {
            assert_eq!(compared(&["--signal", signal], |_| {}), (4, 0), "{signal}");
        }
    }

    #[test]
    fn a_changed_value_is_a_difference() {
        let mangle = |message: &mut Vec<u8>| {
            let find = b"postgresql";
            for at in 0..message.len() - find.len() {
                if message[at..].starts_with(find) {
                    message[at] = b'P';
                }
            }
        };
        assert_eq!(compared(&[], mangle), (4, 4));
    }

    #[test]
    fn an_attribute_that_should_have_been_edited_is_a_difference() {
        assert_eq!(compared(&["--inserted", "env"], |_| {}), (4, 4));
        assert_eq!(compared(&["--deleted", "thread.id"], |_| {}), (4, 0));
        assert_eq!(compared(&["--deleted", "url.path"], |_| {}), (4, 4));
    }
}
