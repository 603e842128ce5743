//! The exporter against messages decoded by another library, and servers that answer whatever the test says.

mod answers;
mod messages;
mod otlp;
mod requests;
mod settings;
mod translation;

use std::sync::Arc;

use sidelight_component::metrics::Registry;
use sidelight_component::{Budget, BuildContext, Exporter, ExporterConfig, Role};
use sidelight_testkit::component::{context, settings};

use super::Config;

/// An exporter at work.
struct Rig {
    exporter: Arc<dyn Exporter>,
    metrics: Registry,
    budget: Budget,
}

/// An exporter with these settings.
fn rig(yaml: &str) -> Rig {
    let name = "prometheus_remote_write";
    let config =
        settings::<Config>(Role::Exporter, name, yaml).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let (metrics, budget) = (Registry::default(), Budget::new(64 << 20));
    let context = BuildContext {
        metrics: metrics.clone(),
        budget: budget.clone(),
        ..context(Role::Exporter, name)
    };
    Rig {
        exporter: config.build(&context).expect("built"),
        metrics,
        budget,
    }
}

impl Rig {
    /// The sum of a counter's series, or of the one with this label.
    fn counted(&self, name: &str, label: Option<(&str, &str)>) -> u64 {
        let families = self.metrics.snapshot();
        let series = families.iter().filter(|family| family.name == name);
        let series = series.flat_map(|family| &family.series);
        let wanted = series.filter(|(labels, _)| {
            label.is_none_or(|(name, value)| labels.contains(&(name.to_owned(), value.to_owned())))
        });
        wanted.map(|(_, value)| *value as u64).sum()
    }
}
