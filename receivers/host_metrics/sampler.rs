//! One sample of the host.

use sidelight_component::{BuildContext, Now, StatusReporter};

use super::config::Config;
use super::host::Host;
use super::scraper::Scraper;
use crate::sampling::{FailedReads, HostIdentity, Instance, SampleWriter, Sampled, Sampler};

/// Takes samples with all scrapers: one sample is one request of one resource.
pub(super) struct HostSampler {
    writer: SampleWriter,
    instance: Instance,
    host: Host,
    scrapers: Vec<Box<dyn Scraper>>,
    status: StatusReporter,
}

impl HostSampler {
    pub(super) fn new(config: &Config, cx: &BuildContext) -> Self {
        let places = config.places();
        let instance = HostIdentity::read(places.root()).instance("sidelight", "host");
        Self {
            writer: SampleWriter::new(cx.budget.clone(), config.semconv, "sidelight/host_metrics"),
            instance,
            host: Host::new(&places, FailedReads::new(cx), cx.clock.now()),
            scrapers: config.scrapers.build(&places, config.semconv),
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
        host.end();
        status.headlines([host.headline.line().to_owned()]);
        sample.finish()
    }
}
