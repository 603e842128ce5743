//! What processors cost per request: `cargo bench -p sidelight-proto --bench rewrite`.

mod payload;

use divan::{Bencher, counter::BytesCount, counter::ItemsCount};
use sidelight_proto::{
    Signal,
    rewrite::{AttributeEdits, Context, Interest, Keep, LogRecordEdits, Rewriter, SpanEdits, rewrite},
    split, split_by_bytes,
    views::{LogRecordView, ResourceView, SpanView},
};

fn main() {
    divan::main();
}

/// `attributes` with one insert and one delete.
struct InsertAndDelete;

impl Rewriter for InsertAndDelete {
    fn interest(&self) -> Interest {
        Interest {
            scopes: false,
            ..Interest::ITEMS
        }
    }

    fn span(&mut self, _at: Context<'_>, _span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
        edits
            .attributes
            .insert("deployment.environment.name", "production");
        edits.attributes.remove("thread.name");
        Keep::Yes
    }

    fn log_record(
        &mut self,
        _at: Context<'_>,
        _record: LogRecordView<'_>,
        edits: &mut LogRecordEdits<'_>,
    ) -> Keep {
        edits
            .attributes
            .insert("deployment.environment.name", "production");
        edits.attributes.remove("thread.name");
        Keep::Yes
    }
}

/// `attributes` whose keys no span has.
struct NothingToDo;

impl Rewriter for NothingToDo {
    fn span(&mut self, _at: Context<'_>, _span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
        edits.attributes.remove("no.such.key");
        Keep::Yes
    }
}

/// `resource` with one upsert.
struct OfResource;

impl Rewriter for OfResource {
    fn interest(&self) -> Interest {
        Interest::RESOURCES
    }

    fn resource(&mut self, _resource: ResourceView<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        edits.set("host.name", "node-7");
        Keep::Yes
    }
}

fn bench(bencher: Bencher<'_, '_>, signal: Signal, request: Vec<u8>, make: fn(&[u8])) {
    bencher
        .counter(BytesCount::new(request.len()))
        .counter(ItemsCount::new(sidelight_proto::count_items(signal, &request)))
        .bench(|| make(divan::black_box(&request)));
}

#[divan::bench]
fn insert_and_delete_on_thousand_spans(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Traces, payload::traces(1_000), |request| {
        divan::black_box(rewrite(Signal::Traces, request, &mut InsertAndDelete));
    });
}

#[divan::bench]
fn insert_and_delete_on_thousand_log_records(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Logs, payload::logs(1_000), |request| {
        divan::black_box(rewrite(Signal::Logs, request, &mut InsertAndDelete));
    });
}

#[divan::bench]
fn nothing_to_do_on_thousand_spans(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Traces, payload::traces(1_000), |request| {
        divan::black_box(rewrite(Signal::Traces, request, &mut NothingToDo));
    });
}

#[divan::bench]
fn resource_of_thousand_spans(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Traces, payload::traces(1_000), |request| {
        divan::black_box(rewrite(Signal::Traces, request, &mut OfResource));
    });
}

#[divan::bench]
fn split_thousand_spans_in_halves(bencher: Bencher<'_, '_>) {
    let request = bytes::Bytes::from(payload::traces(1_000));
    bencher
        .counter(BytesCount::new(request.len()))
        .bench(|| split(Signal::Traces, divan::black_box(&request), 500));
}

#[divan::bench]
fn split_thousand_spans_to_64_kib(bencher: Bencher<'_, '_>) {
    let request = bytes::Bytes::from(payload::traces(1_000));
    bencher
        .counter(BytesCount::new(request.len()))
        .bench(|| split_by_bytes(Signal::Traces, divan::black_box(&request), 64 << 10));
}
