//! The `disk` scraper: what disks read and wrote.

use sidelight_config::settings;
use sidelight_procfs::host::diskstats::{self, Disk, SECTOR_BYTES};

use super::filter::{Devices, Filter, filter};
use super::headline::Bytes;
use super::host::{Host, Places};
use super::kernel_file::KernelFile;
use super::names::*;
use super::scraper::Scraper;
use crate::sampling::{MetricSet, MetricSettings, Number, Sink, metric_table};

metric_table! {
    /// Metrics of the `disk` scraper.
    pub enum DiskMetric {
        /// Bytes read and written.
        Io = Counter "system.disk.io" "By" on [DEVICE, DISK_DIRECTION];
        /// Finished reads and writes.
        Operations = Counter "system.disk.operations" "{operation}" on [DEVICE, DISK_DIRECTION];
        /// Time with at least one request under way.
        IoTime = Counter "system.disk.io_time" "s" on [DEVICE];
        /// Time that requests took, together.
        OperationTime = Counter "system.disk.operation_time" "s" on [DEVICE, DISK_DIRECTION];
        /// Requests that were merged with one beside them.
        Merged = Counter "system.disk.merged" "{operation}" on [DEVICE, DISK_DIRECTION];
        /// Time with requests under way, times their number.
        WeightedIoTime = Counter "system.disk.weighted_io_time" "s" on [DEVICE];
        /// Requests under way now.
        PendingOperations = UpDownCounter "system.disk.pending_operations" "{operation}" on [DEVICE];
    }
}

settings! {
    /// The `disk` scraper.
    pub struct DiskSettings {
        /// Which metrics are written.
        metrics: MetricSettings<DiskMetric>,
        /// Devices to look at, no others.
        include: Option<Devices>,
        /// Devices to leave out.
        exclude: Option<Devices>,
    }
}

#[derive(Debug)]
pub(super) struct DiskScraper {
    metrics: MetricSet<DiskMetric>,
    filter: Filter,
    diskstats: KernelFile,
    /// Bytes read and written by whole disks until the last sample.
    last: Option<[u64; 2]>,
}

impl DiskSettings {
    pub(super) fn scraper(&self, places: &Places) -> DiskScraper {
        DiskScraper {
            metrics: self.metrics.enabled(),
            filter: filter!(self.include, self.exclude),
            diskstats: KernelFile::new(
                &places.proc(),
                "diskstats",
                "all of the disks' figures are missing",
            ),
            last: None,
        }
    }
}

impl Scraper for DiskScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        let Some(text) = self.diskstats.read(&mut host.failed) else {
            return;
        };
        let disks: Vec<Disk<'_>> = diskstats::disks(text)
            .filter(|disk| was_used(disk) && self.filter.takes(disk.name))
            .collect();
        write(self.metrics, &disks, sink);
        let moved = moved_by_whole_disks(&disks);
        let last = self.last.replace(moved);
        if let (Some(last), Some(seconds)) = (last, host.seconds_since_last()) {
            let rate = |at: usize| Bytes(moved[at].saturating_sub(last[at]) as f64 / seconds);
            host.headline
                .say(format_args!("disk {}/s read {}/s written", rate(0), rate(1)));
        }
    }
}

/// A device that never did anything since the boot, as the loop devices that systems make in advance, has no series.
fn was_used(disk: &Disk<'_>) -> bool {
    let unused = Disk {
        name: disk.name,
        ..Disk::default()
    };
    *disk != unused
}

/// Bytes read and written, without those counted again for a part of a disk.
fn moved_by_whole_disks(disks: &[Disk<'_>]) -> [u64; 2] {
    let whole = disks.iter().filter(|disk| !is_part_of_another(disk.name, disks));
    whole.fold([0; 2], |[read, written], disk| {
        let bytes = |sectors: u64| sectors.saturating_mul(SECTOR_BYTES);
        [
            read + bytes(disk.sectors_read),
            written + bytes(disk.sectors_written),
        ]
    })
}

/// `sda1` is part of `sda`, `nvme0n1p1` of `nvme0n1`; what is built on disks (`dm-0`, `md0`) counts again what they did.
fn is_part_of_another(name: &str, disks: &[Disk<'_>]) -> bool {
    let is_part_of = |disk: &Disk<'_>| {
        let rest = name.strip_prefix(disk.name).filter(|rest| !rest.is_empty());
        let number = rest.map(|rest| rest.strip_prefix('p').unwrap_or(rest));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    ["dm-", "md", "loop"].iter().any(|layer| name.starts_with(layer)) || disks.iter().any(is_part_of)
}

fn write(metrics: MetricSet<DiskMetric>, disks: &[Disk<'_>], sink: &mut Sink<'_>) {
    let sectors = |sectors: u64| sectors.saturating_mul(SECTOR_BYTES);
    write_both(metrics, DiskMetric::Io, disks, sink, |d| {
        [sectors(d.sectors_read), sectors(d.sectors_written)]
    });
    write_both(metrics, DiskMetric::Operations, disks, sink, |d| {
        [d.reads, d.writes]
    });
    write_one(metrics, DiskMetric::IoTime, disks, sink, |d| seconds(d.busy_ms));
    write_both(metrics, DiskMetric::OperationTime, disks, sink, |d| {
        [seconds(d.read_ms), seconds(d.write_ms)]
    });
    write_both(metrics, DiskMetric::Merged, disks, sink, |d| {
        [d.reads_merged, d.writes_merged]
    });
    write_one(metrics, DiskMetric::WeightedIoTime, disks, sink, |d| {
        seconds(d.weighted_ms)
    });
    write_one(metrics, DiskMetric::PendingOperations, disks, sink, |d| {
        d.in_progress
    });
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

fn write_one<V: Into<Number>>(
    metrics: MetricSet<DiskMetric>,
    metric: DiskMetric,
    disks: &[Disk<'_>],
    sink: &mut Sink<'_>,
    value: impl Fn(&Disk<'_>) -> V,
) {
    sink.metric(metrics, metric, |points| {
        for disk in disks {
            points.add(value(disk), &[(DEVICE, disk.name.into())]);
        }
    });
}

fn write_both<V: Into<Number>>(
    metrics: MetricSet<DiskMetric>,
    metric: DiskMetric,
    disks: &[Disk<'_>],
    sink: &mut Sink<'_>,
    values: impl Fn(&Disk<'_>) -> [V; 2],
) {
    sink.metric(metrics, metric, |points| {
        for disk in disks {
            for (direction, value) in [READ, WRITE].into_iter().zip(values(disk)) {
                points.add(
                    value,
                    &[(DEVICE, disk.name.into()), (DISK_DIRECTION, direction.into())],
                );
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_layers_do_not_count_twice() {
        let disk = |name| Disk {
            name,
            sectors_read: 2,
            sectors_written: 1,
            ..Disk::default()
        };
        let names = [
            "sda",
            "sda1",
            "sda2",
            "nvme0n1",
            "nvme0n1p3",
            "nvme0n10",
            "dm-0",
            "md127",
            "loop3",
            "vda",
        ];
        let disks: Vec<Disk<'_>> = names.into_iter().map(disk).collect();
        // sda, nvme0n1, vda; nvme0n10 reads as a part of nvme0n1, which a tenth namespace is not.
        assert_eq!(moved_by_whole_disks(&disks), [3 * 1024, 3 * 512]);
    }
}
