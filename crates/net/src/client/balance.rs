//! From a name to a connection: resolving, and taking the addresses in turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::connect::{Address, Connector, Sender};
use super::error::{SendError, SendErrorKind};
use super::resolve::Resolve;
use super::subchannel::{NoConnection, Subchannel};
use super::target::Place;

/// Addresses that are used of one name.
const MAX_ADDRESSES: usize = 64;
/// After a failure names are resolved again, but not more often than this.
const LEAST_RESOLVE_INTERVAL: Duration = Duration::from_secs(5);
/// In any case they are resolved again after this, with the next request.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(60);

pub(super) struct Balance {
    place: Place,
    resolver: Arc<dyn Resolve>,
    connector: Arc<Connector>,
    list: Mutex<List>,
    /// Held by the task that resolves.
    resolving: Arc<tokio::sync::Mutex<()>>,
    turn: AtomicUsize,
    /// A connection failed or broke since the last look at the name.
    doubtful: AtomicBool,
}

#[derive(Default)]
struct List {
    subchannels: Arc<[Arc<Subchannel>]>,
    resolved_at: Option<Instant>,
    /// Why the last attempt to resolve failed.
    error: String,
}

impl Balance {
    pub(super) fn new(place: Place, resolver: Arc<dyn Resolve>, connector: Arc<Connector>) -> Self {
        Self {
            place,
            resolver,
            connector,
            list: Mutex::default(),
            resolving: Arc::default(),
            turn: AtomicUsize::new(0),
            doubtful: AtomicBool::new(false),
        }
    }

    /// A connection to the next address in turn that has one or gets one. Cancel safe.
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<(Arc<Subchannel>, Sender), SendError> {
        let list = self.current().await?;
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..list.len()).map(|offset| &list[(start.wrapping_add(offset)) % list.len()]);
        let (mut good, mut unsure, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for subchannel in in_turn {
            match subchannel.resting() {
                Some(resting) => failed.push(resting),
                None if subchannel.is_good() => good.push(subchannel),
                None => unsure.push(subchannel),
            }
        }
        if !good.is_empty() {
            // The others come back without a request having to wait for them.
            unsure.iter().for_each(|subchannel| subchannel.warm_up());
        }
        for subchannel in good.into_iter().chain(unsure) {
            match subchannel.acquire().await {
                Ok(sender) => return Ok((subchannel.clone(), sender)),
                Err(error) => {
                    self.doubt();
                    failed.push(NoConnection {
                        error: format!("{}: {}", subchannel.address, error.error),
                        ..error
                    });
                }
            }
        }
        Err(self.all_failed(&failed))
    }

    /// Looks at the name again soon: a connection failed.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    fn all_failed(&self, failed: &[NoConnection]) -> SendError {
        let next = failed.iter().map(|failed| failed.retry_at).min();
        let message = failed
            .first()
            .map_or("the name has no address", |failed| &failed.error);
        let mut error = SendError::unsent(SendErrorKind::Connect, message);
        error.retry_after = next.map(|at| at.saturating_duration_since(Instant::now()));
        error
    }

    /// The addresses, resolved (again) where that is due. Requests wait for that only where no address is good: a name
    /// server that says nothing does not hold up what has a connection.
    async fn current(self: &Arc<Self>) -> Result<Arc<[Arc<Subchannel>]>, SendError> {
        let (known, age) = {
            let list = self.list.lock();
            (list.subchannels.clone(), list.resolved_at.map(|at| at.elapsed()))
        };
        let due = match age {
            None => true,
            Some(age) => {
                age >= RESOLVE_INTERVAL
                    || (age >= LEAST_RESOLVE_INTERVAL && self.doubtful.load(Ordering::Relaxed))
            }
        };
        if !due {
            return Ok(known);
        }
        self.resolve_beside();
        if known.iter().any(|subchannel| subchannel.is_good()) {
            return Ok(known);
        }
        let limit = self.connector.settings.connect_timeout;
        let resolved = tokio::time::timeout(limit, self.resolving.lock()).await;
        let list = self.list.lock();
        // Old addresses are better than none.
        if !list.subchannels.is_empty() {
            return Ok(list.subchannels.clone());
        }
        let reason = match resolved {
            Ok(_) => list.error.clone(),
            Err(_) => format!("no answer within {} ms", limit.as_millis()),
        };
        Err(SendError::unsent(SendErrorKind::Resolve, reason))
    }

    /// Resolves in a task of its own, unless that is under way. It is waited for without a limit: who gives up a look-up
    /// leaves its thread behind, and the next one would take another.
    fn resolve_beside(self: &Arc<Self>) {
        let Ok(turn) = self.resolving.clone().try_lock_owned() else {
            return;
        };
        let this = self.clone();
        tokio::spawn(async move {
            this.resolve().await;
            drop(turn);
        });
    }

    async fn resolve(&self) {
        let addresses = match &self.place {
            Place::Unix(path) => vec![Address::Unix(path.clone())],
            Place::Tcp { host, port } => match self.resolver.resolve(host, *port).await {
                Ok(found) => found.into_iter().take(MAX_ADDRESSES).map(Address::Tcp).collect(),
                Err(error) => {
                    // Not before the least interval again; a first resolution is repeated by the next request.
                    let mut list = self.list.lock();
                    list.resolved_at = list.resolved_at.map(|_| Instant::now());
                    list.error = format!("{host}: {error}");
                    return;
                }
            },
        };
        let mut list = self.list.lock();
        let kept = |address| {
            list.subchannels
                .iter()
                .find(|subchannel| subchannel.address == address)
                .cloned()
        };
        let mut subchannels: Vec<Arc<Subchannel>> = Vec::with_capacity(addresses.len());
        for address in addresses {
            if subchannels.iter().all(|subchannel| subchannel.address != address) {
                let subchannel =
                    kept(address.clone()).unwrap_or_else(|| Subchannel::new(address, self.connector.clone()));
                subchannels.push(subchannel);
            }
        }
        list.subchannels = subchannels.into();
        list.resolved_at = Some(Instant::now());
        self.doubtful.store(false, Ordering::Relaxed);
    }
}
