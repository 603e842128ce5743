//! What the receiver says about a real host, held against what the kernel and others say.

mod completeness;
mod degraded;
mod processes;
mod raw;
mod readme;
mod rig;
mod settings;

use sidelight_component::metrics::Registry;
use sidelight_component::{Budget, BuildContext, Clock, Role, StatusBoard};

/// What a receiver is built with.
pub(super) fn context(board: StatusBoard) -> BuildContext {
    let id: sidelight_component::ComponentId = "host_metrics".parse().expect("an id");
    BuildContext {
        id: id.clone(),
        pipeline: None,
        budget: Budget::default(),
        clock: Clock::system(),
        metrics: Registry::default(),
        status: board.reporter(Role::Receiver, id),
        state_dir: "unused".into(),
        workers: 1,
    }
}
