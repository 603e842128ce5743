//! Caps on connections, in all and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

/// Counts open connections. The table has one entry per address with a connection, so it is bounded by the cap.
#[derive(Debug)]
pub(super) struct ConnectionQuota {
    max: usize,
    max_per_ip: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// The place of one connection, given back on drop.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    quota: Arc<ConnectionQuota>,
    ip: Option<IpAddr>,
    /// Connections there were when this one came, itself included.
    pub(super) connections: usize,
}

/// Which cap refused a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Total,
    PerIp,
}

impl ConnectionQuota {
    pub(super) fn new(max: usize, max_per_ip: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            max_per_ip,
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
        Ok(ConnectionSlot {
            quota: self.clone(),
            ip,
            connections: open.total,
        })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.quota.open.lock();
        open.total -= 1;
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
        let quota = ConnectionQuota::new(3, 2);
        let ip = Some(IpAddr::from([192, 0, 2, 1]));
        let mapped = Some("::ffff:192.0.2.1".parse().expect("address"));
        let first = quota.take(ip).expect("a place");
        let second = quota.take(mapped).expect("a place");
        assert_eq!(quota.take(ip).expect_err("refused"), Refused::PerIp);
        let local = quota.take(Some(IpAddr::from([127, 0, 0, 1]))).expect("a place");
        assert_eq!(quota.take(None).expect_err("refused"), Refused::Total);
        drop(first);
        let again = quota.take(ip).expect("a place");
        assert_eq!(again.connections, 3);
        drop((second, local, again));
        let open = quota.open.lock();
        assert_eq!((open.total, open.by_ip.len()), (0, 0));
    }
}
