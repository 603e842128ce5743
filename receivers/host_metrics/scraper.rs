//! What a scraper is.

use std::fmt::Debug;

use super::host::Host;
use crate::sampling::Sink;

/// Measures one side of the host. What it cannot read is missing from the sample and counted; the others go on.
pub(super) trait Scraper: Debug + Send {
    /// Writes its metrics.
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>);
}
