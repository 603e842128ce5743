//! Which role crates are linked in. A distribution of its own adds its role crate here.

use sidelight_pipeline::Catalog;

/// Every component of this program.
pub(crate) const CATALOG: Catalog = Catalog {
    receivers: sidelight_receivers::COMPONENTS,
    processors: sidelight_processors::COMPONENTS,
    connectors: sidelight_connectors::COMPONENTS,
    exporters: sidelight_exporters::COMPONENTS,
    extensions: sidelight_extensions::COMPONENTS,
};
