//! Every metric against the kernel's files, read before and after.

use std::collections::BTreeMap;

use sysinfo::System;

use super::super::cpu::Cpu;
use super::super::disk::DiskMetric;
use super::super::filesystem::FileSystem;
use super::super::load::Load;
use super::super::memory::Memory;
use super::super::network::Network;
use super::super::paging::Paging;
use super::super::processes::Processes;
use super::super::system::System as SystemMetric;
use super::raw;
use super::rig::{Points, Sample, sampled};
use crate::sampling::{Kind, MetricDef, MetricTable};

/// Every scraper with its metrics, in the order of the README.
pub(super) const TABLES: [(&str, &[MetricDef]); 9] = [
    ("cpu", Cpu::METRICS),
    ("memory", Memory::METRICS),
    ("load", Load::METRICS),
    ("disk", DiskMetric::METRICS),
    ("filesystem", FileSystem::METRICS),
    ("network", Network::METRICS),
    ("paging", Paging::METRICS),
    ("processes", Processes::METRICS),
    ("system", SystemMetric::METRICS),
];

/// All scrapers with all metrics.
pub(super) fn everything(more: &str) -> String {
    let mut settings = format!("{more}\nscrapers:\n");
    for (scraper, metrics) in TABLES {
        settings.push_str(&format!("  {scraper}:\n    metrics:\n"));
        for metric in metrics {
            settings.push_str(&format!("      {}: {{enabled: true}}\n", metric.name));
        }
    }
    settings
}

fn definitions() -> impl Iterator<Item = &'static MetricDef> {
    TABLES.into_iter().flat_map(|(_, metrics)| metrics)
}

/// How far a gauge may be from what it was before and after: what other programs do meanwhile.
fn slack(metric: &str, value: f64) -> f64 {
    match metric {
        "system.memory.utilization" => 0.05,
        name if name.starts_with("system.memory") => 0.05 * value + (256 << 20) as f64,
        name if name.starts_with("system.filesystem") => 0.02 * value + if value > 1.0 { 1e8 } else { 0.02 },
        "system.network.connection.count" | "system.network.conntrack.count" => 500.0,
        "system.process.count" => 50.0,
        // At any moment there may be as many as the queue of the disk holds.
        "system.disk.pending_operations" => 10_000.0,
        "system.cpu.frequency" => value,
        name if name.starts_with("system.cpu.load") => 1.0,
        _ => 0.0,
    }
}

fn check(definition: &MetricDef, before: &Points, points: &Points, after: &Points) {
    let name = definition.name;
    let keys = |points: &Points| points.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(points), keys(after), "{name}");
    for (attributes, value) in points {
        let (before, after) = (before.get(attributes).copied().unwrap_or(0.0), after[attributes]);
        // The last tick of a counter in seconds is a rounding away.
        let rounding = 1e-9 * after.abs();
        let slack = slack(name, value.abs()) + rounding;
        let (low, high) = match definition.kind {
            // iowait and steal can decrease and are then held.
            Kind::Counter => (
                before - slack,
                after + slack.max(if name == "system.cpu.time" { 1.0 } else { 0.0 }),
            ),
            _ => (before.min(after) - slack, before.max(after) + slack),
        };
        assert!(
            (low..=high).contains(value),
            "{name} {attributes}: {value} is not within {before} and {after}"
        );
    }
}

#[tokio::test]
async fn every_metric_lies_between_what_the_kernel_says_before_and_after() {
    let read = || -> BTreeMap<&str, Option<Points>> {
        definitions()
            .map(|definition| (definition.name, raw::points(definition.name)))
            .collect()
    };
    let before = read();
    let (samples, metrics, headline) = sampled(&everything(""), 2).await;
    let after = read();
    let sample = &samples[1];
    for definition in definitions() {
        let points = sample.metrics.get(definition.name).cloned().unwrap_or_default();
        if let (Some(before), Some(after)) = (&before[definition.name], &after[definition.name]) {
            check(definition, before, &points, after);
        }
    }
    check_utilization(&samples);
    check_kinds(sample);
    check_resource(sample);
    check_headline(&headline);
    let failed = metrics
        .snapshot()
        .into_iter()
        .find(|family| family.name == "sidelight_receiver_failed_reads");
    assert!(failed.is_none(), "{failed:?}");
}

/// The share of each mode is what the times of two samples differ by.
fn check_utilization(samples: &[Sample]) {
    assert!(
        !samples[0].metrics.contains_key("system.cpu.utilization"),
        "there was no time before the first"
    );
    let (times, before) = (
        &samples[1].metrics["system.cpu.time"],
        &samples[0].metrics["system.cpu.time"],
    );
    let all: f64 = times.values().sum::<f64>() - before.values().sum::<f64>();
    let empty = Points::new();
    let shares = samples[1].metrics.get("system.cpu.utilization").unwrap_or(&empty);
    assert!(shares.len() == times.len() || all == 0.0, "{shares:?}");
    for (mode, share) in shares {
        let expected = (times[mode] - before[mode]) / all;
        assert!((share - expected).abs() < 1e-6, "{mode}: {share}, not {expected}");
    }
}

fn check_kinds(sample: &Sample) {
    for definition in definitions() {
        let kind = match definition.kind {
            Kind::Counter => "counter",
            Kind::UpDownCounter => "up-down",
            Kind::Gauge => "gauge",
        };
        if let Some(found) = sample.kinds.get(definition.name) {
            assert_eq!(
                found,
                &format!("{kind} {}", definition.unit),
                "{}",
                definition.name
            );
        }
        // Each point has only attributes that the table names.
        for attributes in sample
            .metrics
            .get(definition.name)
            .into_iter()
            .flat_map(BTreeMap::keys)
        {
            for attribute in attributes.split(' ').filter(|attribute| attribute.contains('=')) {
                let key = attribute.split('=').next().unwrap_or_default();
                let known = definition.attributes.iter().any(|term| term.v1 == key);
                assert!(known, "{} has no attribute {key} in its table", definition.name);
            }
        }
    }
}

fn check_resource(sample: &Sample) {
    let keys: Vec<&str> = sample.resource.keys().map(String::as_str).collect();
    assert!(
        keys.contains(&"service.instance.id") && keys.contains(&"host.name"),
        "{keys:?}"
    );
    assert_eq!(sample.resource["service.name"], "sidelight");
    // All sums began when the host booted.
    let boot = System::boot_time().expect("known") * 1_000_000_000;
    let starts: Vec<u64> = sample.starts.iter().copied().collect();
    assert_eq!(starts.len(), 1, "{starts:?}");
    assert!(
        starts[0].abs_diff(boot) <= 2_000_000_000,
        "{} is not {boot}",
        starts[0]
    );
}

fn check_headline(headline: &str) {
    let parts: Vec<&str> = headline
        .split("  ")
        .filter_map(|part| part.split(' ').next())
        .collect();
    let without_cpu: Vec<&str> = parts.iter().copied().filter(|part| *part != "cpu").collect();
    // Where no tick went by between two samples, the share of the processors is not known.
    assert_eq!(without_cpu, ["memory", "load", "disk", "net"], "{headline}");
}

#[tokio::test]
async fn sysinfo_says_the_same() {
    let settings =
        "scrapers: {memory: {metrics: {system.memory.limit: {enabled: true}}}, cpu: , load: , system: }";
    let (samples, _, _) = sampled(settings, 1).await;
    let mut system = System::new().expect("a system");
    system.refresh_memory();
    system.refresh_cpu_all();
    let value = |metric: &str, attributes: &str| samples[0].metrics[metric][attributes];
    let near = |name: &str, ours: f64, theirs: f64, slack: f64| {
        assert!((ours - theirs).abs() <= slack, "{name}: {ours}, not {theirs}");
    };
    near(
        "total",
        value("system.memory.limit", ""),
        system.total_memory() as f64,
        0.0,
    );
    let (used, load) = (
        system.used_memory() as f64,
        System::load_average().expect("known"),
    );
    near(
        "used",
        value("system.memory.usage", "system.memory.state=used"),
        used,
        512e6,
    );
    near("load", value("system.cpu.load_average.1m", ""), load.one, 1.0);
    near(
        "uptime",
        value("system.uptime", ""),
        System::uptime().expect("known") as f64,
        60.0,
    );
    near(
        "processors",
        value("system.cpu.logical.count", ""),
        system.cpus().len() as f64,
        0.0,
    );
}

/// The Collector's names and attributes, release 0.157, as its `metadata.yaml` files have them.
const COLLECTORS: [(&str, &str); 22] = [
    ("system.cpu.time", "state"),
    ("system.cpu.logical.count", ""),
    ("system.memory.usage", "state"),
    ("system.cpu.load_average.1m", ""),
    ("system.cpu.load_average.5m", ""),
    ("system.cpu.load_average.15m", ""),
    ("system.disk.io", "device direction"),
    ("system.disk.operations", "device direction"),
    ("system.disk.io_time", "device"),
    ("system.disk.operation_time", "device direction"),
    ("system.disk.merged", "device direction"),
    ("system.disk.weighted_io_time", "device"),
    ("system.filesystem.usage", "device mode mountpoint state type"),
    (
        "system.filesystem.inodes.usage",
        "device mode mountpoint state type",
    ),
    ("system.network.io", "device direction"),
    ("system.network.packets", "device direction"),
    ("system.network.dropped", "device direction"),
    ("system.network.errors", "device direction"),
    ("system.network.connections", "protocol state"),
    ("system.paging.faults", "type"),
    ("system.paging.operations", "direction type"),
    ("system.processes.count", "status"),
];

fn keys(points: &Points) -> String {
    let first = points.keys().next().expect("a point");
    let keys: Vec<&str> = first
        .split(' ')
        .filter_map(|attribute| Some(attribute.split_once('=')?.0))
        .collect();
    keys.join(" ")
}

#[tokio::test]
async fn legacy_names_are_the_collectors_and_dup_has_both() {
    let scrapers = "memory: , load: , disk: , filesystem: , network: , paging: , processes: , system: }";
    let (samples, ..) = sampled(&format!("semconv: legacy\nscrapers: {{cpu: , {scrapers}"), 1).await;
    let legacy = &samples[0].metrics;
    for (name, attributes) in COLLECTORS {
        let points = legacy.get(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(keys(points), attributes, "{name}");
    }
    for name in [
        "system.processes.created",
        "system.disk.pending_operations",
        "system.uptime",
    ] {
        assert!(legacy.contains_key(name), "{name}");
    }
    for name in legacy.keys() {
        let is_v1 = definitions().any(|metric| metric.name == name && metric.legacy.is_some());
        assert!(!is_v1, "{name} is a new name");
    }
    let (samples, ..) = sampled(
        &format!("semconv: dup\nscrapers: {{cpu: {{per_cpu: true}}, {scrapers}"),
        1,
    )
    .await;
    let dup = &samples[0].metrics;
    assert_eq!(
        keys(&dup["system.cpu.time"]),
        "cpu.logical_number cpu.mode cpu state"
    );
    assert_eq!(keys(&dup["system.network.packets"]), "device direction");
    assert_eq!(
        keys(&dup["system.network.packet.count"]),
        "network.io.direction system.device"
    );
    assert!(
        dup["system.cpu.time"]
            .keys()
            .any(|point| point.contains("cpu.mode=interrupt") && point.contains("state=softirq"))
    );
}
