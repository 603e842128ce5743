//! Caps on connections, in all and per address, and the windows they share.
//!
//! Whoever fills all places with connections that ask nothing would keep everybody else out for as long as idle
//! connections may stay, which in HTTP/2 is for hours. So at a cap the connection that was unused for the longest
//! makes room, if there is one that was unused for a second.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::place::Place;

/// A connection keeps its place so long, even unused: it has hardly begun.
const LEAST_STAY: Duration = Duration::from_secs(1);
/// Connections that may be on their way out at one time: so many more than the cap there can be.
const MAX_LEAVING: usize = 64;

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

/// What hyper may buffer of one HTTP/1 connection: large reads are what makes large bodies cheap. A head must fit in.
const LARGEST_BUFFER: usize = 128 << 10;
const LEAST_BUFFER: usize = 32 << 10;
/// Each connection gets this divided by the connections there are: 43 MiB for 1,024 that came one after the other.
const BUFFERS: usize = 8 << 20;

#[derive(Debug, Default)]
struct Open {
    places: HashMap<u64, Arc<Place>>,
    next_number: u64,
    leaving: usize,
    /// Window bytes that connections have; past the sum only by the least window of each.
    lent: u32,
    by_ip: HashMap<IpAddr, usize>,
}

/// The place of one connection, given back on drop.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    quota: Arc<ConnectionQuota>,
    number: u64,
    pub(super) place: Arc<Place>,
    /// The connection's HTTP/2 window in bytes.
    pub(super) window: u32,
    /// The connection's buffer for HTTP/1 in bytes.
    pub(super) buffer: usize,
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
        let of_ip = ip.and_then(|ip| open.by_ip.get(&ip)).copied().unwrap_or(0);
        if of_ip >= self.max_per_ip && !open.make_room(|place| place.ip == ip) {
            return Err(Refused::PerIp);
        }
        if open.places.len() - open.leaving >= self.max && !open.make_room(|_| true) {
            return Err(Refused::Total);
        }
        if let Some(ip) = ip {
            *open.by_ip.entry(ip).or_default() += 1;
        }
        // A quarter of what is left: the sum is bounded whoever comes, and one connection alone is fast.
        let window = (self.windows.saturating_sub(open.lent) / 4).max(LEAST_WINDOW);
        open.lent = open.lent.saturating_add(window);
        let buffer = (BUFFERS / (open.places.len() + 1)).clamp(LEAST_BUFFER, LARGEST_BUFFER);
        let (number, place) = (open.next_number, Arc::new(Place::new(ip)));
        open.next_number += 1;
        open.places.insert(number, place.clone());
        Ok(ConnectionSlot {
            quota: self.clone(),
            number,
            place,
            window,
            buffer,
        })
    }

    /// Asks the connection that was unused for the longest to leave, if there is one.
    pub(super) fn make_room(&self) {
        self.open.lock().make_room(|_| true);
    }
}

impl Open {
    /// Asks the connection that was unused for the longest to leave; false where there is none, or too many are
    /// leaving already.
    fn make_room(&mut self, of: impl Fn(&Place) -> bool) -> bool {
        if self.leaving >= MAX_LEAVING {
            return false;
        }
        let unused = self.places.iter().filter(|(_, place)| of(place));
        let unused = unused.filter_map(|(number, place)| Some((place.unused_since()?, number, place)));
        // Of two that are unused since the same millisecond, the older one.
        let Some((since, _, longest)) = unused.min_by_key(|(since, number, _)| (*since, **number)) else {
            return false;
        };
        if since.elapsed() < LEAST_STAY {
            return false;
        }
        longest.ask_to_leave();
        self.leaving += 1;
        true
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.quota.open.lock();
        open.places.remove(&self.number);
        open.leaving -= usize::from(self.place.is_leaving());
        open.lent = open.lent.saturating_sub(self.window);
        if let Some(ip) = self.place.ip {
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
    use super::super::activity::Activity;
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
        assert_eq!((open.places.len(), open.by_ip.len()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn the_connection_that_was_unused_for_the_longest_makes_room() {
        let quota = ConnectionQuota::new(2, 2, 0);
        let first = quota.take(None).expect("a place");
        tokio::time::advance(LEAST_STAY / 2).await;
        let second = quota.take(None).expect("a place");
        assert_eq!(
            quota.take(None).expect_err("nobody is here for long enough"),
            Refused::Total
        );
        let activity = Activity::new();
        first.place.watch(&activity);
        let request = activity.request_began();
        tokio::time::advance(LEAST_STAY).await;
        let third = quota.take(None).expect("the second makes room");
        second.place.asked_to_leave().await;
        assert_eq!(
            quota.take(None).expect_err("one works, one is new"),
            Refused::Total
        );
        drop((request, second));
        tokio::time::advance(LEAST_STAY).await;
        let fourth = quota.take(None).expect("the first makes room");
        first.place.asked_to_leave().await;
        drop((first, third, fourth));
        let open = quota.open.lock();
        assert_eq!((open.places.len(), open.leaving), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_leaves_slowly_is_bounded() {
        let quota = ConnectionQuota::new(200, 200, 0);
        let mut slots: Vec<_> = (0..200).map(|_| quota.take(None).expect("a place")).collect();
        tokio::time::advance(LEAST_STAY).await;
        while let Ok(slot) = quota.take(None) {
            slots.push(slot);
        }
        assert_eq!(slots.len(), 200 + MAX_LEAVING);
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_cap_of_an_address_one_of_its_own_makes_room() {
        let quota = ConnectionQuota::new(10, 1, 0);
        let (one, other) = (Some([192, 0, 2, 1].into()), Some([192, 0, 2, 2].into()));
        let stranger = quota.take(other).expect("a place");
        let first = quota.take(one).expect("a place");
        tokio::time::advance(LEAST_STAY).await;
        let _second = quota.take(one).expect("the first makes room");
        assert!(first.place.is_leaving() && !stranger.place.is_leaving());
    }

    #[test]
    fn windows_have_one_sum_whoever_comes_and_come_back() {
        const WINDOWS: u32 = 8 << 20;
        let quota = ConnectionQuota::new(1000, 1000, WINDOWS);
        let alone = quota.take(None).expect("a place");
        assert_eq!(alone.window, 2 << 20);
        let crowd: Vec<_> = (0..500).map(|_| quota.take(None).expect("a place")).collect();
        assert_eq!((alone.buffer, crowd[499].buffer), (LARGEST_BUFFER, LEAST_BUFFER));
        let buffers: usize = crowd.iter().map(|slot| slot.buffer).sum();
        assert!(buffers < 28 << 20, "{buffers}");
        let sum: u32 = crowd.iter().map(|slot| slot.window).sum();
        assert!(sum <= WINDOWS + 500 * LEAST_WINDOW, "{sum}");
        drop((alone, crowd));
        assert_eq!(quota.open.lock().lent, 0);
    }
}
