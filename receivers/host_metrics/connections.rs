//! How connections are counted.

use std::path::PathBuf;

use sidelight_procfs::host::sock_diag::{Family, Protocol, SockDiag};
use sidelight_procfs::host::sockets::SocketCounts;

use super::host::Places;
use super::kernel_file::KernelFile;
use crate::sampling::FailedReads;

/// The most that is read of one table: some 400,000 connections.
const TABLE_LIMIT_BYTES: u64 = 64 << 20;

/// Counts over netlink, which is twenty times cheaper than the tables of `/proc`; by the tables where the host's
/// network is not this process' own, or netlink is refused.
#[derive(Debug)]
pub(super) struct Connections {
    way: Way,
    own_process: PathBuf,
}

#[derive(Debug)]
enum Way {
    /// Not tried yet.
    Unknown,
    Netlink(SockDiag),
    Tables(Box<[KernelFile; 4]>),
}

impl Connections {
    pub(super) fn new(places: &Places) -> Self {
        let own_process = places.own_process();
        let way = match places.is_elsewhere() {
            true => Way::Tables(tables(&own_process)),
            false => Way::Unknown,
        };
        Self { way, own_process }
    }

    /// TCP and UDP sockets.
    pub(super) fn count(&mut self, failed: &mut FailedReads) -> Option<(SocketCounts, SocketCounts)> {
        if matches!(self.way, Way::Unknown) {
            self.way = match SockDiag::open() {
                Ok(diag) => Way::Netlink(diag),
                Err(_) => Way::Tables(tables(&self.own_process)),
            };
        }
        if let Way::Netlink(diag) = &mut self.way {
            match ask(diag) {
                Ok(counts) => return Some(counts),
                Err(error) => {
                    failed.count(
                        "sock_diag",
                        &error,
                        "connections are counted by /proc/net/tcp, which costs more",
                    );
                    self.way = Way::Tables(tables(&self.own_process));
                }
            }
        }
        match &mut self.way {
            Way::Tables(tables) => read(tables, failed),
            _ => None,
        }
    }
}

fn ask(diag: &mut SockDiag) -> std::io::Result<(SocketCounts, SocketCounts)> {
    let (mut tcp, mut udp) = (SocketCounts::default(), SocketCounts::default());
    for family in [Family::V4, Family::V6] {
        diag.count(family, Protocol::Tcp, &mut tcp)?;
        diag.count(family, Protocol::Udp, &mut udp)?;
    }
    Ok((tcp, udp))
}

fn tables(own_process: &std::path::Path) -> Box<[KernelFile; 4]> {
    let advice = "counts of connections are missing or too low";
    Box::new(
        ["net/tcp", "net/tcp6", "net/udp", "net/udp6"].map(|name| KernelFile::new(own_process, name, advice)),
    )
}

fn read(tables: &mut [KernelFile; 4], failed: &mut FailedReads) -> Option<(SocketCounts, SocketCounts)> {
    let (mut tcp, mut udp) = (SocketCounts::default(), SocketCounts::default());
    let mut any = false;
    for (nth, table) in tables.iter_mut().enumerate() {
        let counts = if nth < 2 { &mut tcp } else { &mut udp };
        any |= table.for_each_line(TABLE_LIMIT_BYTES, failed, |line| counts.count_line(line));
    }
    any.then_some((tcp, udp))
}

#[cfg(test)]
mod tests {
    use sidelight_component::StatusBoard;

    use super::*;

    #[test]
    fn netlink_and_the_tables_count_the_same() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let kept: Vec<_> = (0..50)
            .map(|_| std::net::TcpStream::connect(address).expect("connected"))
            .collect();
        let mut failed = FailedReads::new(&crate::host_metrics::tests::context(StatusBoard::default()));
        let by_netlink = ask(&mut SockDiag::open().expect("opened")).expect("counted");
        let by_tables = read(&mut tables(std::path::Path::new("/proc/self")), &mut failed).expect("read");
        let of =
            |counts: &SocketCounts, state| counts.iter().find(|(name, _)| *name == state).map(|(_, n)| n);
        // Other tests open and close connections meanwhile, but not this many.
        for state in ["established", "listen"] {
            let (a, b) = (of(&by_netlink.0, state), of(&by_tables.0, state));
            let difference = a.zip(b).map_or(u64::MAX, |(a, b)| a.abs_diff(b));
            assert!(difference < 30, "{state}: {a:?} {b:?}");
        }
        assert!(of(&by_netlink.0, "established") >= Some(kept.len() as u64));
    }
}
