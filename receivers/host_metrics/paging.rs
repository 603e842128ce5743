//! The `paging` scraper: swap and page faults.

use sidelight_config::settings;
use sidelight_procfs::host::swaps::{Swap, swaps};
use sidelight_procfs::host::vmstat::VmStat;

use super::host::{Host, Places, share};
use super::kernel_file::KernelFile;
use super::names::*;
use super::scraper::Scraper;
use crate::sampling::{MetricSet, MetricSettings, Sink, metric_table};

metric_table! {
    /// Metrics of the `paging` scraper.
    pub enum Paging {
        /// Swap by device and state.
        Usage = UpDownCounter "system.paging.usage" "By" on [DEVICE, PAGING_STATE];
        /// Share of a swap device in each state, 0 to 1.
        Utilization = Gauge "system.paging.utilization" "1" off [DEVICE, PAGING_STATE];
        /// Page faults: major ones needed a disk.
        Faults = Counter "system.paging.faults" "{fault}" on [FAULT_TYPE];
        /// Major: pages brought in from swap and written to it. Minor: KiB between page cache and disks.
        Operations = Counter "system.paging.operations" "{operation}" on [PAGING_DIRECTION, FAULT_TYPE];
    }
}

settings! {
    /// The `paging` scraper.
    pub struct PagingSettings {
        /// Which metrics are written.
        metrics: MetricSettings<Paging>,
    }
}

#[derive(Debug)]
pub(super) struct PagingScraper {
    metrics: MetricSet<Paging>,
    swaps: KernelFile,
    vmstat: KernelFile,
}

impl PagingSettings {
    pub(super) fn scraper(&self, places: &Places) -> PagingScraper {
        let proc = places.proc();
        PagingScraper {
            metrics: self.metrics.enabled(),
            swaps: KernelFile::new(&proc, "swaps", "the use of swap is missing"),
            vmstat: KernelFile::new(&proc, "vmstat", "page faults and swapping are missing"),
        }
    }
}

impl Scraper for PagingScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        if self.metrics.contains_any(&[Paging::Usage, Paging::Utilization])
            && let Some(text) = self.swaps.read(&mut host.failed)
        {
            write_swaps(self.metrics, text, sink);
        }
        if self.metrics.contains_any(&[Paging::Faults, Paging::Operations])
            && let Some(text) = self.vmstat.read(&mut host.failed)
        {
            write_counters(self.metrics, &VmStat::parse(text), sink);
        }
    }
}

fn write_swaps(metrics: MetricSet<Paging>, text: &[u8], sink: &mut Sink<'_>) {
    let swaps: Vec<Swap> = swaps(text).collect();
    let states = |swap: &Swap| [(USED, swap.used), (FREE, swap.total.saturating_sub(swap.used))];
    sink.metric(metrics, Paging::Usage, |points| {
        for swap in &swaps {
            for (state, bytes) in states(swap) {
                points.add(
                    bytes,
                    &[(DEVICE, swap.name.as_str().into()), (PAGING_STATE, state.into())],
                );
            }
        }
    });
    sink.metric(metrics, Paging::Utilization, |points| {
        for swap in &swaps {
            for (state, bytes) in states(swap) {
                let attributes = [(DEVICE, swap.name.as_str().into()), (PAGING_STATE, state.into())];
                points.add(share(bytes, swap.total), &attributes);
            }
        }
    });
}

fn write_counters(metrics: MetricSet<Paging>, counted: &VmStat, sink: &mut Sink<'_>) {
    sink.metric(metrics, Paging::Faults, |points| {
        let minor = counted.faults.saturating_sub(counted.major_faults);
        for (kind, faults) in [(MAJOR, counted.major_faults), (MINOR, minor)] {
            points.add(faults, &[(FAULT_TYPE, kind.into())]);
        }
    });
    sink.metric(metrics, Paging::Operations, |points| {
        for (direction, kind, operations) in [
            (IN, MAJOR, counted.swapped_in),
            (OUT, MAJOR, counted.swapped_out),
            (IN, MINOR, counted.paged_in),
            (OUT, MINOR, counted.paged_out),
        ] {
            points.add(
                operations,
                &[(PAGING_DIRECTION, direction.into()), (FAULT_TYPE, kind.into())],
            );
        }
    });
}
