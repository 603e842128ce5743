//! Reading: `cargo bench -p sidelight-proto --bench views`.

mod payload;

use divan::{Bencher, counter::BytesCount, counter::ItemsCount};
use sidelight_proto::{
    Signal, count_items,
    views::{DataView, LogsView, MetricsView, SpanView, TracesView},
};

fn main() {
    divan::main();
}

fn bench(bencher: Bencher<'_, '_>, signal: Signal, request: Vec<u8>, read: fn(&[u8]) -> u64) {
    bencher
        .counter(BytesCount::new(request.len()))
        .counter(ItemsCount::new(count_items(signal, &request)))
        .bench(|| read(divan::black_box(&request)));
}

fn spans(request: &[u8]) -> impl Iterator<Item = SpanView<'_>> {
    TracesView::new(request)
        .resource_spans()
        .flat_map(|r| r.scope_spans())
        .flat_map(|s| s.spans())
}

#[divan::bench]
fn count_thousand_spans(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Traces, payload::traces(1_000), |request| {
        count_items(Signal::Traces, request) as u64
    });
}

#[divan::bench]
fn name_kind_times_and_status_of_spans(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Traces, payload::traces(1_000), |request| {
        spans(request)
            .map(|span| {
                let span = span.fields();
                let duration = span.end_time_unix_nano - span.start_time_unix_nano;
                duration + span.name.len() as u64 + span.kind as u64 + span.status.code() as u64
            })
            .sum()
    });
}

#[divan::bench]
fn fields_and_three_attributes_of_spans(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Traces, payload::traces(1_000), |request| {
        let keys: [&[u8]; 3] = [b"db.system.name", b"server.address", b"server.port"];
        spans(request)
            .map(|span| {
                let fields = span.fields();
                let found = span
                    .attributes()
                    .filter(|attribute| keys.contains(&attribute.key_bytes()));
                fields.name.len() as u64 + found.map(|found| found.value_bytes().len() as u64).sum::<u64>()
            })
            .sum()
    });
}

#[divan::bench]
fn severity_and_body_of_log_records(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Logs, payload::logs(1_000), |request| {
        LogsView::new(request)
            .resource_logs()
            .flat_map(|r| r.scope_logs())
            .flat_map(|s| s.log_records())
            .map(|record| {
                let record = record.fields();
                record.severity_number as u64 + record.body.as_str().map_or(0, str::len) as u64
            })
            .sum()
    });
}

#[divan::bench]
fn values_of_number_points(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Metrics, payload::metrics(1_000), |request| {
        let metrics = MetricsView::new(request)
            .resource_metrics()
            .flat_map(|r| r.scope_metrics())
            .flat_map(|s| s.metrics());
        let sums = metrics.map(|metric| match metric.data() {
            DataView::Sum(sum) => sum
                .data_points()
                .filter_map(|point| point.value())
                .map(|value| value.as_f64())
                .sum(),
            _ => 0.0,
        });
        sums.sum::<f64>() as u64
    });
}
