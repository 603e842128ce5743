//! The settings of one queue in the form in which the dispatcher uses them.

use std::time::Duration;

use sidelight_component::Signal;
use sidelight_component::sending::{RetryOnFailure, SendingSettings, Sizer};

use crate::part::Size;

/// What the dispatcher goes by.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Requests on their way at one time, at least 1.
    pub(crate) consumers: usize,
    /// What arrived first leaves first, also over failures.
    pub(crate) ordered: bool,
    /// A batch of this size leaves although another one is on its way.
    min_size: u64,
    max_size: u64,
    sizer: Sizer,
    pub(crate) flush_timeout: Duration,
    pub(crate) max_request_bytes: Option<usize>,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryOnFailure,
}

impl Rules {
    pub(crate) fn new(settings: &SendingSettings, signal: Signal) -> Self {
        let batch = &settings.queue.batch;
        let max_size = if batch.max_size == 0 {
            u64::MAX
        } else {
            batch.max_size
        };
        let ordered = signal == Signal::Metrics;
        let consumers = usize::try_from(settings.queue.num_consumers)
            .unwrap_or(usize::MAX)
            .max(1);
        Self {
            consumers: if ordered { 1 } else { consumers },
            ordered,
            // Without a queue nothing waits for company.
            min_size: if settings.queue.enabled {
                batch.min_size.min(max_size)
            } else {
                0
            },
            max_size,
            sizer: batch.sizer,
            flush_timeout: batch.flush_timeout,
            max_request_bytes: settings.max_request_bytes,
            timeout: settings.timeout,
            retry: settings.retry.clone(),
        }
    }

    /// Enough to leave although another request is on its way.
    pub(crate) fn is_enough(&self, size: Size) -> bool {
        size.in_units(self.sizer) >= self.min_size
    }

    /// Not too much for one request.
    pub(crate) fn fits(&self, size: Size) -> bool {
        size.in_units(self.sizer) <= self.max_size && !self.exceeds_protocol(size)
    }

    /// The largest request.
    pub(crate) fn max(&self) -> Size {
        let max_size = usize::try_from(self.max_size).unwrap_or(usize::MAX);
        let protocol = self.max_request_bytes.unwrap_or(usize::MAX);
        let (items, bytes) = match self.sizer {
            Sizer::Bytes => (usize::MAX, max_size.min(protocol)),
            Sizer::Items => (max_size, protocol),
            Sizer::Requests => (usize::MAX, protocol),
        };
        Size {
            parts: usize::MAX,
            items,
            bytes,
        }
    }

    /// More than the exporter's protocol takes, whatever the settings say.
    pub(crate) fn exceeds_protocol(&self, size: Size) -> bool {
        self.max_request_bytes.is_some_and(|limit| size.bytes > limit)
    }
}
