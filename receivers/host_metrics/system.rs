//! The `system` scraper: uptime, and pressure.

use sidelight_config::settings;
use sidelight_procfs::host::pressure::Pressure;

use super::host::{Host, Places};
use super::kernel_file::KernelFile;
use super::names::*;
use super::scraper::Scraper;
use crate::sampling::{MetricSet, MetricSettings, Sink, Term, metric_table};

metric_table! {
    /// Metrics of the `system` scraper.
    pub enum System {
        /// Time since the boot.
        Uptime = Gauge "system.uptime" "s" on [];
        /// Time in which tasks stood still for want of processors, memory or disks: some of them, or all at once.
        Pressure = Counter "sidelight.system.pressure.stalled" "s" off [PRESSURE_RESOURCE, PRESSURE_SHARE];
    }
}

settings! {
    /// The `system` scraper.
    pub struct SystemSettings {
        /// Which metrics are written.
        metrics: MetricSettings<System>,
    }
}

#[derive(Debug)]
pub(super) struct SystemScraper {
    metrics: MetricSet<System>,
    pressures: [(Term, KernelFile); 3],
}

impl SystemSettings {
    pub(super) fn scraper(&self, places: &Places) -> SystemScraper {
        let folder = places.proc().join("pressure");
        let file = |resource: Term, what| {
            let advice =
                "the pressure is missing; the kernel needs CONFIG_PSI, and some psi=1 as a boot parameter";
            (resource, KernelFile::at(folder.join(resource.v1), what, advice))
        };
        SystemScraper {
            metrics: self.metrics.enabled(),
            pressures: [
                file(PRESSED_CPU, "pressure/cpu"),
                file(PRESSED_MEMORY, "pressure/memory"),
                file(PRESSED_IO, "pressure/io"),
            ],
        }
    }
}

impl Scraper for SystemScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        if self.metrics.contains(System::Uptime) {
            let uptime = host.uptime();
            sink.metric(self.metrics, System::Uptime, |points| {
                if let Some(uptime) = uptime {
                    points.add(uptime, &[]);
                }
            });
        }
        if self.metrics.contains(System::Pressure) {
            let read = self
                .pressures
                .each_mut()
                .map(|(resource, file)| (*resource, file.read(&mut host.failed).and_then(Pressure::parse)));
            sink.metric(self.metrics, System::Pressure, |points| {
                for (resource, pressure) in &read {
                    let Some(pressure) = pressure else { continue };
                    let stalled = [(SOME, Some(pressure.some)), (FULL, pressure.full)];
                    for (share, stalled) in stalled {
                        if let Some(stalled) = stalled {
                            let attributes = [
                                (PRESSURE_RESOURCE, (*resource).into()),
                                (PRESSURE_SHARE, share.into()),
                            ];
                            points.add(stalled.total_us as f64 / 1e6, &attributes);
                        }
                    }
                }
            });
        }
    }
}
