//! The `network` scraper: interfaces and connections.

use sidelight_config::settings;
use sidelight_procfs::host::net_dev::{Interface, Traffic, interfaces};

use super::connections::Connections;
use super::filter::{Filter, Interfaces, filter};
use super::headline::Bytes;
use super::host::{Host, Places};
use super::kernel_file::KernelFile;
use super::names::*;
use super::scraper::Scraper;
use crate::sampling::{MetricSet, MetricSettings, Sink, Term, metric_table};

metric_table! {
    /// Metrics of the `network` scraper.
    pub enum Network {
        /// Bytes received and sent.
        Io = Counter "system.network.io" "By" on [INTERFACE, NETWORK_DIRECTION];
        /// Packets received and sent.
        Packets = Counter "system.network.packet.count" "{packet}" on [DEVICE, NETWORK_DIRECTION] was "system.network.packets";
        /// Packets for which there was no room.
        Dropped = Counter "system.network.packet.dropped" "{packet}" on [INTERFACE, NETWORK_DIRECTION] was "system.network.dropped";
        /// Packets with errors.
        Errors = Counter "system.network.errors" "{error}" on [INTERFACE, NETWORK_DIRECTION];
        /// TCP connections by state, IPv4 and IPv6 together; UDP sockets, which have none.
        Connections = UpDownCounter "system.network.connection.count" "{connection}" on [CONNECTION_STATE, TRANSPORT] was "system.network.connections";
        /// Connections that the firewall keeps track of.
        ConntrackCount = UpDownCounter "system.network.conntrack.count" "{entries}" off [];
        /// The most connections that the firewall keeps track of.
        ConntrackMax = UpDownCounter "system.network.conntrack.max" "{entries}" off [];
    }
}

settings! {
    /// The `network` scraper.
    pub struct NetworkSettings {
        /// Which metrics are written.
        metrics: MetricSettings<Network>,
        /// Interfaces to look at, no others.
        include: Option<Interfaces>,
        /// Interfaces to leave out.
        exclude: Option<Interfaces>,
    }
}

#[derive(Debug)]
pub(super) struct NetworkScraper {
    metrics: MetricSet<Network>,
    filter: Filter,
    dev: KernelFile,
    connections: Connections,
    conntrack: [(Network, KernelFile); 2],
    /// Bytes received and sent until the last sample, but for the loopback.
    last: Option<[u64; 2]>,
}

impl NetworkSettings {
    pub(super) fn scraper(&self, places: &Places) -> NetworkScraper {
        let own = places.own_process();
        let conntrack = places.proc().join("sys/net/netfilter");
        let advice = "the firewall's count of connections is missing; its kernel module is not loaded";
        NetworkScraper {
            metrics: self.metrics.enabled(),
            filter: filter!(self.include, self.exclude),
            dev: KernelFile::new(&own, "net/dev", "all figures of network interfaces are missing"),
            connections: Connections::new(places),
            conntrack: [
                (
                    Network::ConntrackCount,
                    KernelFile::new(&conntrack, "nf_conntrack_count", advice),
                ),
                (
                    Network::ConntrackMax,
                    KernelFile::new(&conntrack, "nf_conntrack_max", advice),
                ),
            ],
            last: None,
        }
    }
}

impl Scraper for NetworkScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        self.scrape_interfaces(host, sink);
        if self.metrics.contains(Network::Connections)
            && let Some((tcp, udp)) = self.connections.count(&mut host.failed)
        {
            sink.metric(self.metrics, Network::Connections, |points| {
                for (state, count) in CONNECTION_STATES.into_iter().zip(tcp.iter()) {
                    let attributes = [(TRANSPORT, TCP.into()), (CONNECTION_STATE, state.into())];
                    points.add(count.1, &attributes);
                }
                // The Collector counts TCP alone.
                if !points.is_legacy() {
                    points.add(udp.total(), &[(TRANSPORT, UDP.into())]);
                }
            });
        }
        for (metric, file) in &mut self.conntrack {
            if self.metrics.contains(*metric) {
                let text = file.read(&mut host.failed);
                let entries =
                    text.and_then(|text| std::str::from_utf8(text).ok()?.trim().parse::<u64>().ok());
                sink.metric(self.metrics, *metric, |points| {
                    if let Some(entries) = entries {
                        points.add(entries, &[]);
                    }
                });
            }
        }
    }
}

impl NetworkScraper {
    fn scrape_interfaces(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        let Some(text) = self.dev.read(&mut host.failed) else {
            return;
        };
        let found: Vec<Interface<'_>> = interfaces(text).filter(|i| self.filter.takes(i.name)).collect();
        write(self.metrics, Network::Io, INTERFACE, &found, sink, |traffic| {
            traffic.bytes
        });
        write(self.metrics, Network::Packets, DEVICE, &found, sink, |traffic| {
            traffic.packets
        });
        write(
            self.metrics,
            Network::Dropped,
            INTERFACE,
            &found,
            sink,
            |traffic| traffic.dropped,
        );
        write(
            self.metrics,
            Network::Errors,
            INTERFACE,
            &found,
            sink,
            |traffic| traffic.errors,
        );
        let outside = found.iter().filter(|interface| interface.name != "lo");
        let moved = outside.fold([0_u64; 2], |[received, sent], interface| {
            [received + interface.received.bytes, sent + interface.sent.bytes]
        });
        let last = self.last.replace(moved);
        if let (Some(last), Some(seconds)) = (last, host.seconds_since_last()) {
            let rate = |at: usize| Bytes(moved[at].saturating_sub(last[at]) as f64 / seconds);
            host.headline
                .say(format_args!("net {}/s in {}/s out", rate(0), rate(1)));
        }
    }
}

fn write(
    metrics: MetricSet<Network>,
    metric: Network,
    key: Term,
    interfaces: &[Interface<'_>],
    sink: &mut Sink<'_>,
    value: impl Fn(&Traffic) -> u64,
) {
    sink.metric(metrics, metric, |points| {
        for interface in interfaces {
            for (direction, traffic) in [(RECEIVE, &interface.received), (TRANSMIT, &interface.sent)] {
                let attributes = [
                    (key, interface.name.into()),
                    (NETWORK_DIRECTION, direction.into()),
                ];
                points.add(value(traffic), &attributes);
            }
        }
    });
}
