//! The `load` scraper.

use sidelight_config::settings;
use sidelight_procfs::host::loadavg::LoadAverage;

use super::host::{Host, Places};
use super::kernel_file::KernelFile;
use super::scraper::Scraper;
use crate::sampling::{MetricSet, MetricSettings, Sink, metric_table};

metric_table! {
    /// Metrics of the `load` scraper.
    pub enum Load {
        /// Threads that run or wait for a disk, averaged over a minute.
        One = Gauge "system.cpu.load_average.1m" "{thread}" on [];
        /// The same over five minutes.
        Five = Gauge "system.cpu.load_average.5m" "{thread}" on [];
        /// The same over fifteen minutes.
        Fifteen = Gauge "system.cpu.load_average.15m" "{thread}" on [];
    }
}

settings! {
    /// The `load` scraper.
    pub struct LoadSettings {
        /// Which metrics are written.
        metrics: MetricSettings<Load>,
        /// Divide the load by the number of processors.
        cpu_average: bool = false,
    }
}

#[derive(Debug)]
pub(super) struct LoadScraper {
    metrics: MetricSet<Load>,
    cpu_average: bool,
    loadavg: KernelFile,
}

impl LoadSettings {
    pub(super) fn scraper(&self, places: &Places) -> LoadScraper {
        LoadScraper {
            metrics: self.metrics.enabled(),
            cpu_average: self.cpu_average,
            loadavg: KernelFile::new(&places.proc(), "loadavg", "the load is missing"),
        }
    }
}

impl Scraper for LoadScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        let text = self.loadavg.read(&mut host.failed);
        let Some(load) = text.and_then(LoadAverage::parse) else {
            return;
        };
        host.headline.say(format_args!("load {:.2}", load.one));
        let divisor = match self.cpu_average {
            true => host.stat().map_or(1, |stat| stat.cpus.len().max(1)),
            false => 1,
        };
        let averages = [
            (Load::One, load.one),
            (Load::Five, load.five),
            (Load::Fifteen, load.fifteen),
        ];
        for (metric, average) in averages {
            sink.metric(self.metrics, metric, |points| {
                points.add(average / divisor as f64, &[])
            });
        }
    }
}
