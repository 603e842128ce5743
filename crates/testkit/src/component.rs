//! What a component is built from: its settings as a user writes them, and a context as the engine gives it.

use sidelight_component::metrics::Registry;
use sidelight_component::{Budget, BuildContext, Clock, ComponentId, Role, StatusBoard};
use sidelight_config::{FixedEnv, Owner, Settings, load_str};

/// Reads a component's block of settings.
///
/// # Errors
/// The mistakes, as a user would see them.
pub fn settings<C: Settings>(role: Role, name: &str, yaml: &str) -> Result<C, String> {
    let (tree, mut mistakes) = load_str("pipeline.yaml", yaml, &FixedEnv::new());
    let read = tree.and_then(|tree| {
        let owner = Owner {
            label: format!("{role} `{name}`"),
            readme: None,
            place: tree.root.span,
        };
        sidelight_config::read::<C>(&tree.root, owner, &mut mistakes)
    });
    match read {
        Some(read) if mistakes.is_empty() => Ok(read.config),
        _ => Err(mistakes.render_plain()),
    }
}

/// A context in which nothing is special; a test overwrites what it looks at.
pub fn context(role: Role, id: &str) -> BuildContext {
    let id: ComponentId = id.parse().expect("an id");
    BuildContext {
        id: id.clone(),
        pipeline: None,
        budget: Budget::default(),
        clock: Clock::system(),
        metrics: Registry::default(),
        status: StatusBoard::default().reporter(role, id),
        state_dir: "unused".into(),
        workers: 1,
    }
}
