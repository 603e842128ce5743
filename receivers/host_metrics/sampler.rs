//! One sample of the host.

use sidelight_component::{BuildContext, Now, StatusReporter};

use super::config::Config;
use super::host::Host;
use super::process::ProcessScraper;
use super::scraper::Scraper;
use crate::sampling::{FailedReads, HostIdentity, Instance, SampleWriter, Sampled, Sampler};

/// Takes samples with all scrapers: one sample is one request of the host's resource and one of each process.
pub(super) struct HostSampler {
    writer: SampleWriter,
    instance: Instance,
    host: Host,
    scrapers: Vec<Box<dyn Scraper>>,
    processes: Option<ProcessScraper>,
    status: StatusReporter,
}

impl HostSampler {
    pub(super) fn new(config: &Config, cx: &BuildContext) -> Self {
        let places = config.places();
        let identity = HostIdentity::read(places.root());
        let instance = identity.instance("sidelight", "host");
        let process = config.scrapers.process.as_ref();
        Self {
            writer: SampleWriter::new(cx.budget.clone(), config.semconv, "sidelight/host_metrics"),
            instance,
            host: Host::new(&places, FailedReads::new(cx), cx.clock.now()),
            scrapers: config.scrapers.build(&places),
            processes: process.map(|process| process.scraper(&places, config.semconv, identity)),
            status: cx.status.clone(),
        }
    }
}

impl Sampler for HostSampler {
    fn sample(&mut self, now: Now) -> Sampled {
        let Self {
            writer,
            instance,
            host,
            scrapers,
            processes,
            status,
        } = self;
        host.begin(now);
        let mut sample = writer.begin(now.unix_nanos);
        sample.resource(
            |resource| instance.write(resource),
            |sink| {
                sink.sums_start(host.boot_unix_nanos());
                for scraper in scrapers {
                    scraper.scrape(host, sink);
                }
            },
        );
        if let Some(processes) = processes {
            processes.scrape(host, &mut sample);
        }
        host.end();
        status.headlines([host.headline.line().to_owned()]);
        sample.finish()
    }
}
