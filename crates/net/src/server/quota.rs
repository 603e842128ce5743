//! Caps on connections, in all and per address, and the windows they share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

/// Counts open connections. The table has one entry per address with a connection, so it is bounded by the cap.
#[derive(Debug)]
pub(super) struct ConnectionQuota {
    max: usize,
    max_per_ip: usize,
    /// What the HTTP/2 windows of all connections have together, in bytes.
    windows: u32,
    open: Mutex<Open>,
}

/// The least window HTTP/2 allows a connection to start with (RFC 9113, section 6.9.2).
const LEAST_WINDOW: u32 = 65_535;

#[derive(Debug, Default)]
struct Open {
    total: usize,
    /// Window bytes that connections have; past the sum only by the least window of each.
    lent: u32,
    by_ip: HashMap<IpAddr, usize>,
}

/// The place of one connection, given back on drop.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    quota: Arc<ConnectionQuota>,
    ip: Option<IpAddr>,
    /// The connection's HTTP/2 window in bytes.
    pub(super) window: u32,
}

/// Which cap refused a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Total,
    PerIp,
}

impl ConnectionQuota {
    pub(super) fn new(max: usize, max_per_ip: usize, windows: u32) -> Arc<Self> {
        Arc::new(Self {
            max,
            max_per_ip,
            windows,
            open: Mutex::default(),
        })
    }

    /// Takes a place. Loopback addresses count only towards the total: everyone on this machine shares them.
    pub(super) fn take(self: &Arc<Self>, ip: Option<IpAddr>) -> Result<ConnectionSlot, Refused> {
        let ip = ip.map(|ip| ip.to_canonical()).filter(|ip| !ip.is_loopback());
        let mut open = self.open.lock();
        if open.total >= self.max {
            return Err(Refused::Total);
        }
        if let Some(ip) = ip {
            let count = open.by_ip.get(&ip).copied().unwrap_or(0);
            if count >= self.max_per_ip {
                return Err(Refused::PerIp);
            }
            open.by_ip.insert(ip, count + 1);
        }
        open.total += 1;
        // A quarter of what is left: the sum is bounded whoever comes, and one connection alone is fast.
        let window = (self.windows.saturating_sub(open.lent) / 4).max(LEAST_WINDOW);
        open.lent = open.lent.saturating_add(window);
        Ok(ConnectionSlot {
            quota: self.clone(),
            ip,
            window,
        })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.quota.open.lock();
        open.total -= 1;
        open.lent = open.lent.saturating_sub(self.window);
        if let Some(ip) = self.ip {
            match open.by_ip.get_mut(&ip) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    open.by_ip.remove(&ip);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_hold_and_places_come_back() {
        let quota = ConnectionQuota::new(3, 2, 0);
        let ip = Some(IpAddr::from([192, 0, 2, 1]));
        let mapped = Some("::ffff:192.0.2.1".parse().expect("address"));
        let first = quota.take(ip).expect("a place");
        let second = quota.take(mapped).expect("a place");
        assert_eq!(quota.take(ip).expect_err("refused"), Refused::PerIp);
        let local = quota.take(Some(IpAddr::from([127, 0, 0, 1]))).expect("a place");
        assert_eq!(quota.take(None).expect_err("refused"), Refused::Total);
        drop(first);
        let again = quota.take(ip).expect("a place");
        drop((second, local, again));
        let open = quota.open.lock();
        assert_eq!((open.total, open.by_ip.len()), (0, 0));
    }

    #[test]
    fn windows_have_one_sum_whoever_comes_and_come_back() {
        const WINDOWS: u32 = 8 << 20;
        let quota = ConnectionQuota::new(1000, 1000, WINDOWS);
        let alone = quota.take(None).expect("a place");
        assert_eq!(alone.window, 2 << 20);
        let crowd: Vec<_> = (0..500).map(|_| quota.take(None).expect("a place")).collect();
        let sum: u32 = crowd.iter().map(|slot| slot.window).sum();
        assert!(sum <= WINDOWS + 500 * LEAST_WINDOW, "{sum}");
        drop((alone, crowd));
        assert_eq!(quota.open.lock().lent, 0);
    }
}
