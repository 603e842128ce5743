//! The `memory` scraper.

use sidelight_config::settings;
use sidelight_procfs::host::meminfo::MemInfo;
use sidelight_procfs::host::page_size;

use super::headline::Bytes;
use super::host::{Host, Places, share};
use super::kernel_file::KernelFile;
use super::names::*;
use super::scraper::Scraper;
use crate::sampling::{MetricSet, MetricSettings, Sink, Term, metric_table};

metric_table! {
    /// Metrics of the `memory` scraper.
    pub enum Memory {
        /// Memory by state; used is all but the available.
        Usage = UpDownCounter "system.memory.usage" "By" on [MEMORY_STATE];
        /// Share of the memory in each state, 0 to 1.
        Utilization = Gauge "system.memory.utilization" "1" off [MEMORY_STATE];
        /// All memory.
        Limit = UpDownCounter "system.memory.limit" "By" off [];
        /// What new programs could have without swapping.
        Available = UpDownCounter "system.memory.linux.available" "By" off [] was "system.linux.memory.available";
        /// Kernel structures, by whether they can be given back.
        Slab = UpDownCounter "system.memory.linux.slab.usage" "By" off [SLAB_STATE];
        /// Memory that waits to be written.
        Dirty = UpDownCounter "system.memory.linux.dirty" "By" off [] was "system.linux.memory.dirty";
        /// Shared memory and tmpfs.
        Shared = UpDownCounter "system.memory.linux.shared" "By" off [];
        /// Size of a page.
        PageSize = Gauge "system.memory.page_size" "By" off [];
        /// Huge pages.
        HugeLimit = UpDownCounter "system.memory.linux.hugepages.limit" "{page}" off [];
        /// Huge pages by state.
        HugeUsage = UpDownCounter "system.memory.linux.hugepages.usage" "{page}" off [HUGE_PAGES_STATE];
        /// Share of the huge pages in each state, 0 to 1.
        HugeUtilization = Gauge "system.memory.linux.hugepages.utilization" "1" off [HUGE_PAGES_STATE];
        /// Huge pages that are promised and not yet used.
        HugeReserved = UpDownCounter "system.memory.linux.hugepages.reserved" "{page}" off [];
        /// Huge pages beyond the pool.
        HugeSurplus = UpDownCounter "system.memory.linux.hugepages.surplus" "{page}" off [];
        /// Size of a huge page.
        HugePageSize = UpDownCounter "system.memory.linux.hugepages.page_size" "By" off [];
    }
}

settings! {
    /// The `memory` scraper.
    pub struct MemorySettings {
        /// Which metrics are written.
        metrics: MetricSettings<Memory>,
    }
}

#[derive(Debug)]
pub(super) struct MemoryScraper {
    metrics: MetricSet<Memory>,
    meminfo: KernelFile,
}

impl MemorySettings {
    pub(super) fn scraper(&self, places: &Places) -> MemoryScraper {
        MemoryScraper {
            metrics: self.metrics.enabled(),
            meminfo: KernelFile::new(
                &places.proc(),
                "meminfo",
                "all of the memory's figures are missing",
            ),
        }
    }
}

impl Scraper for MemoryScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        let Some(text) = self.meminfo.read(&mut host.failed) else {
            return;
        };
        let info = MemInfo::parse(text);
        if let (Some(used), Some(total)) = (info.used(), info.total) {
            let of = Bytes(total as f64);
            host.headline
                .say(format_args!("memory {:.0} % of {of}", 100.0 * share(used, total)));
        }
        write_usage(self.metrics, &info, sink);
        let totals = [
            (Memory::Limit, info.total),
            (Memory::Available, info.available),
            (Memory::Dirty, info.dirty),
            (Memory::Shared, info.shmem),
            (Memory::PageSize, Some(page_size())),
            (Memory::HugeLimit, info.huge_total),
            (Memory::HugeReserved, info.huge_reserved),
            (Memory::HugeSurplus, info.huge_surplus),
            (Memory::HugePageSize, info.huge_page_size),
        ];
        for (metric, value) in totals {
            sink.metric(self.metrics, metric, |points| {
                if let Some(value) = value {
                    points.add(value, &[]);
                }
            });
        }
        write_huge_pages(self.metrics, &info, sink);
    }
}

/// The states in the order of the README.
fn states(info: &MemInfo, is_legacy: bool) -> [(Term, Option<u64>); 6] {
    let only_legacy = |value| if is_legacy { value } else { None };
    // The Collector's library counts what the kernel can give back of its own structures as cache.
    let reclaimable = only_legacy(info.slab_reclaimable);
    [
        (USED, info.used()),
        (FREE, info.free),
        (
            CACHED,
            info.cached
                .map(|cached| cached.saturating_add(reclaimable.unwrap_or(0))),
        ),
        (BUFFERS, info.buffers),
        (SLAB_RECLAIMABLE, reclaimable),
        (SLAB_UNRECLAIMABLE, only_legacy(info.slab_unreclaimable)),
    ]
}

fn write_usage(metrics: MetricSet<Memory>, info: &MemInfo, sink: &mut Sink<'_>) {
    sink.metric(metrics, Memory::Usage, |points| {
        for (state, value) in states(info, points.is_legacy()) {
            if let Some(value) = value {
                points.add(value, &[(MEMORY_STATE, state.into())]);
            }
        }
    });
    sink.metric(metrics, Memory::Utilization, |points| {
        for (state, value) in states(info, points.is_legacy()) {
            if let (Some(value), Some(total)) = (value, info.total) {
                points.add(share(value, total), &[(MEMORY_STATE, state.into())]);
            }
        }
    });
    sink.metric(metrics, Memory::Slab, |points| {
        for (state, value) in [
            (RECLAIMABLE, info.slab_reclaimable),
            (UNRECLAIMABLE, info.slab_unreclaimable),
        ] {
            if let Some(value) = value {
                points.add(value, &[(SLAB_STATE, state.into())]);
            }
        }
    });
}

fn write_huge_pages(metrics: MetricSet<Memory>, info: &MemInfo, sink: &mut Sink<'_>) {
    let (Some(total), Some(free)) = (info.huge_total, info.huge_free) else {
        return;
    };
    let states = [(USED, total.saturating_sub(free)), (FREE, free)];
    sink.metric(metrics, Memory::HugeUsage, |points| {
        for (state, pages) in states {
            points.add(pages, &[(HUGE_PAGES_STATE, state.into())]);
        }
    });
    sink.metric(metrics, Memory::HugeUtilization, |points| {
        for (state, pages) in states.into_iter().filter(|_| total > 0) {
            points.add(share(pages, total), &[(HUGE_PAGES_STATE, state.into())]);
        }
    });
}
