#![doc = include_str!("README.md")]

use std::sync::Arc;
use std::time::Instant;

use sidelight_component::sending::SendingSettings;
use sidelight_component::{
    ALL_SIGNALS, About, BuildContext, BuildError, Exporter, ExporterConfig, Request, Sent, async_trait,
};
use sidelight_config::settings;

/// What the list of exporters says about this one.
pub const ABOUT: About = About {
    name: "nop",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

settings! {
    /// The `nop` exporter has no settings.
    pub struct Config {}
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        SendingSettings::default()
    }

    fn build(&self, _: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        Ok(Arc::new(Nop))
    }
}

struct Nop;

#[async_trait]
impl Exporter for Nop {
    async fn send(&self, _: &Request, _: Instant) -> Sent {
        Sent::Accepted
    }
}
