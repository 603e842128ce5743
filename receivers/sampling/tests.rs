//! What sampling receivers rely on.

mod sampling;
mod settings;
mod writing;

use sidelight_component::metrics::Registry;
use sidelight_component::{Budget, BuildContext, Clock, Role, StatusBoard};

use super::{Term, metric_table};

const SIDE: Term = Term::renamed("heart.side", "side");
const LEFT: Term = Term::renamed("left", "l");
const WALL: Term = Term::same("heart.wall");

metric_table! {
    /// Metrics of a heart.
    pub(super) enum Heart {
        /// Beats since birth.
        Beats = Counter "heart.beats" "{beat}" on [SIDE, WALL];
        /// Blood in it.
        Volume = UpDownCounter "heart.volume" "By" on [] was "heart.content";
        /// Pressure now.
        Pressure = Gauge "heart.pressure" "Pa" off [SIDE];
    }
}

const START: u64 = 1_800_000_000_000_000_000;

fn context(budget: Budget) -> BuildContext {
    let id: sidelight_component::ComponentId = "heart".parse().expect("an id");
    BuildContext {
        id: id.clone(),
        pipeline: None,
        budget,
        clock: Clock::virtual_at(START),
        metrics: Registry::default(),
        status: StatusBoard::default().reporter(Role::Receiver, id),
        state_dir: "unused".into(),
        workers: 1,
    }
}
