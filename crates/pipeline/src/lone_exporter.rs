//! One exporter alone, for what is sent from outside of the pipelines: dead letters, again.

use std::sync::Arc;

use sidelight_component::metrics::Registry;
use sidelight_component::{ComponentId, Exporter, Role};

use crate::engine::{Shared, StartError};
use crate::plan::Plan;

/// Builds and starts an exporter of the plan, without a queue before it. `None` where no pipeline uses one with this id.
///
/// # Errors
/// [`StartError`] where it cannot be built or started.
pub async fn start_exporter(plan: &Plan, id: &ComponentId) -> Result<Option<Arc<dyn Exporter>>, StartError> {
    let Some(config) = plan.exporters.get(id) else {
        return Ok(None);
    };
    let shared = Shared::new(plan, Registry::default());
    let exporter = config
        .build(&shared.context(Role::Exporter, id))
        .map_err(StartError::of(Role::Exporter, id))?;
    exporter
        .start()
        .await
        .map_err(StartError::of(Role::Exporter, id))?;
    Ok(Some(exporter))
}
