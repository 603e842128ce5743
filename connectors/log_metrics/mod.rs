#![doc = include_str!("README.md")]

mod counted;
mod definition;
mod settings;
#[cfg(test)]
mod tests;
mod writing;

use std::time::{Duration, Instant};

use sidelight_component::metrics::{Counter, Gauge};
use sidelight_component::{
    About, Ack, AckBehaviour, Batch, Budget, BuildContext, BuildError, Chunk, ConnectorConfig, Now, Out,
    Payload, Permit, Processor, Seldom, Sharding, Signal,
};
use sidelight_ottl::EvalError;
use sidelight_ottl::wire::LogRecord;
use sidelight_proto::rewrite::Context;
use sidelight_proto::views::{LogRecordView, LogsView, NumberValue};
use sidelight_proto::wire::Writer;
use tracing::warn;

use self::counted::{Counted, Exemplar};
use self::definition::Definition;
pub use self::settings::{Config, Temporality};
use self::writing::Span;

/// What the list of connectors says about this one.
pub const ABOUT: About = About {
    name: "log_metrics",
    aliases: &[],
    signals: &[Signal::Logs],
    readme: include_str!("README.md"),
};

/// What a request has room for at first.
const FIRST_BYTES: usize = 4 << 10;

impl ConnectorConfig for Config {
    const JOINS: &'static [(Signal, Signal)] = &[(Signal::Logs, Signal::Metrics)];

    fn acknowledgement(&self) -> AckBehaviour {
        AckBehaviour::Absorb
    }

    fn sharding(&self) -> Sharding {
        Sharding::Single
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let definitions = Definition::all(self)?;
        let labels = [("connector", cx.id.as_str())];
        let now = cx.clock.now();
        Ok(Box::new(LogMetrics {
            counted: definitions
                .iter()
                .map(|_| Counted::new(self.aggregation_cardinality_limit))
                .collect(),
            prefixes: definitions.iter().map(|_| Writer::default()).collect(),
            definitions,
            interval: self.metrics_flush_interval,
            temporality: self.aggregation_temporality,
            expiration: self.metrics_expiration,
            exemplars: self.exemplars,
            identity: Writer::default(),
            next: None,
            previous: now.unix_nanos,
            state: cx.budget.charge_anyway(0),
            budget: cx.budget.clone(),
            room: FIRST_BYTES,
            id: cx.id.to_string(),
            says: Seldom::default(),
            series: cx
                .metrics
                .gauge("sidelight_log_metrics_series", "Series that are kept", &labels),
            overflown: cx.metrics.counter(
                "sidelight_log_metrics_overflow_records",
                "Records counted in a series for what is beyond the limit",
                &labels,
            ),
            unanswered: cx.metrics.counter(
                "sidelight_log_metrics_errors",
                "Records for which a condition or a value has no answer",
                &labels,
            ),
        }))
    }
}

struct LogMetrics {
    definitions: Vec<Definition>,
    /// The series of each.
    counted: Vec<Counted>,
    /// The resource at hand as each has it, with its length before it.
    prefixes: Vec<Writer>,
    identity: Writer,
    interval: Duration,
    temporality: Temporality,
    expiration: Duration,
    exemplars: bool,
    next: Option<Instant>,
    /// When points were given out last, in Unix nanoseconds.
    previous: u64,
    /// What the series take.
    state: Permit,
    budget: Budget,
    /// What the last request took.
    room: usize,
    id: String,
    says: Seldom,
    series: Gauge,
    overflown: Counter,
    unanswered: Counter,
}

impl Processor for LogMetrics {
    fn process(&mut self, batch: Batch, now: Now, out: &mut Out) {
        for chunk in batch.payload.chunks() {
            for of_resource in LogsView::new(&chunk.bytes).resource_logs() {
                let resource = of_resource.resource();
                for (definition, prefix) in self.definitions.iter().zip(&mut self.prefixes) {
                    self.identity.clear();
                    definition.write_resource(resource, &mut self.identity);
                    prefix.clear();
                    prefix.raw(&(self.identity.len() as u64).to_be_bytes());
                    prefix.raw(self.identity.as_slice());
                }
                for of_scope in of_resource.scope_logs() {
                    let scope = of_scope.scope();
                    for record in of_scope.log_records() {
                        let at = Context { resource, scope };
                        self.count(&LogRecord { at, record }, now);
                    }
                }
            }
        }
        let series: usize = self.counted.iter().map(|counted| counted.table.len()).sum();
        self.series.set(i64::try_from(series).unwrap_or(i64::MAX));
        if series > 0 {
            self.next.get_or_insert(now.instant + self.interval);
        }
        out.absorb(batch);
    }

    fn next_timer(&self) -> Option<Instant> {
        self.next
    }

    fn on_timer(&mut self, now: Now, out: &mut Out) {
        self.give_out(now, out);
        let is_idle = self.counted.iter().all(|counted| counted.table.is_empty());
        self.next = (!is_idle).then(|| now.instant + self.interval);
    }

    fn flush(&mut self, now: Now, out: &mut Out) {
        self.give_out(now, out);
        self.next = None;
    }
}

impl LogMetrics {
    fn count(&mut self, record: &LogRecord<'_>, now: Now) {
        for nth in 0..self.definitions.len() {
            if let Err(error) = self.count_in(nth, record, now) {
                self.unanswered.add(1);
                if self.says.may_say(now.instant).is_some() {
                    let metric = &self.definitions[nth].name;
                    warn!(component = self.id, metric, reason = %error, "a record cannot be counted");
                }
            }
        }
    }

    fn count_in(&mut self, nth: usize, record: &LogRecord<'_>, now: Now) -> Result<(), EvalError> {
        let definition = &self.definitions[nth];
        let Some(value) = definition.value(record)? else {
            return Ok(());
        };
        let prefix = self.prefixes[nth].as_slice();
        self.identity.clear();
        self.identity.raw(prefix);
        if !definition.write_attributes(record, &mut self.identity)? {
            return Ok(());
        }
        let (kind, resource) = (&definition.kind, prefix.len());
        let added = self.counted[nth].add(
            &mut self.identity,
            resource,
            kind,
            value,
            now.unix_nanos,
            &mut self.state,
        );
        let Some((series, is_itself)) = added else {
            return Ok(());
        };
        if !is_itself {
            self.overflown.add(1);
        }
        if self.exemplars
            && let Some(exemplar) = exemplar(record.record, value, now)
        {
            series.exemplar = Some(exemplar);
        }
        Ok(())
    }

    /// Gives out a point of every series. Without room for it the round is left out: what was counted stays.
    fn give_out(&mut self, now: Now, out: &mut Out) {
        if self.counted.iter().all(|counted| counted.table.is_empty()) {
            return;
        }
        let Ok(mut permit) = self.budget.charge(self.room) else {
            return;
        };
        let expiration = u64::try_from(self.expiration.as_nanos()).unwrap_or(u64::MAX);
        let span = Span {
            temporality: self.temporality,
            previous: self.previous,
            now: now.unix_nanos,
            expired_before: if expiration == 0 {
                0
            } else {
                now.unix_nanos.saturating_sub(expiration)
            },
        };
        let (request, points) = writing::request(&self.definitions, &self.counted, span, self.room);
        self.room = request.len().next_multiple_of(1 << 10).max(FIRST_BYTES);
        let bytes = Vec::from(request.finish());
        permit.set(bytes.capacity());
        if points > 0 {
            out.create(Batch {
                signal: Signal::Metrics,
                payload: Payload::new(Chunk {
                    bytes: permit.own(bytes),
                    items: points,
                }),
                ack: Ack::unattended(),
                deadline: None,
            });
        }
        self.previous = now.unix_nanos;
        self.forget(span);
    }

    /// Takes out what is relative to the last points only, or was not touched for long.
    fn forget(&mut self, span: Span) {
        match self.temporality {
            Temporality::Delta => {
                self.counted.iter_mut().for_each(Counted::clear);
                self.state.set(0);
            }
            Temporality::Cumulative => {
                for counted in &mut self.counted {
                    let old = counted
                        .table
                        .iter()
                        .filter(|(_, series)| series.touched < span.expired_before);
                    for id in old.map(|(id, _)| id).collect::<Vec<_>>() {
                        counted.remove(id, &mut self.state);
                    }
                }
            }
        }
    }
}

/// Of a record of a trace.
fn exemplar(record: LogRecordView<'_>, value: NumberValue, now: Now) -> Option<Exemplar> {
    let trace_id: [u8; 16] = record.trace_id().try_into().ok()?;
    let time = match record.time_unix_nano() {
        0 => now.unix_nanos,
        time => time,
    };
    (trace_id != [0; 16]).then(|| Exemplar {
        time,
        value,
        trace_id,
        span_id: record.span_id().try_into().unwrap_or_default(),
    })
}

/// The parts of an identity: its resource (a `Resource` message), and its attributes (those of a number point).
fn resource_of(identity: &[u8]) -> (&[u8], &[u8]) {
    let split = identity.split_first_chunk().and_then(|(len, parts)| {
        let len = usize::try_from(u64::from_be_bytes(*len)).ok()?;
        parts.split_at_checked(len)
    });
    split.unwrap_or_default()
}
