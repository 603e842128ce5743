//! The example of a README is run: read without a mistake, started, drained in time.

use std::time::Duration;

use sidelight_component::metrics::Registry;
use sidelight_config::{FixedEnv, load_str};
use sidelight_pipeline::{Catalog, Engine, Plan, document};

/// How long the drain of an example may take.
const DRAIN: Duration = Duration::from_secs(5);

/// Reads an example; every listener gets a free port, every file a place in `scratch`.
///
/// # Errors
/// The mistakes, as a user would see them.
pub fn read(example: &str, catalog: Catalog, scratch: &std::path::Path) -> Result<Plan, String> {
    let text = with_free_places(example, scratch);
    let (tree, mut mistakes) = load_str("README.md", &text, &FixedEnv::new());
    let mut plan = tree.and_then(|tree| document::read(&tree, catalog, &mut mistakes));
    if let Some(plan) = &mut plan {
        plan.settings.state_directory = scratch.join("state");
        plan.settings.drain_timeout = DRAIN;
    }
    match plan {
        Some(plan) if mistakes.is_empty() => Ok(plan),
        _ => Err(mistakes.render_plain()),
    }
}

/// Starts and drains a plan.
///
/// # Errors
/// What failed.
pub async fn start_and_drain(plan: Plan) -> Result<(), String> {
    let engine = Engine::start(plan, Registry::default())
        .await
        .map_err(|e| e.to_string())?;
    let drained = tokio::time::timeout(DRAIN * 2, engine.drain()).await;
    match drained {
        Ok(left) if left.is_empty() => Ok(()),
        Ok(left) => Err(format!("the drain left something behind: {left:?}")),
        Err(_) => Err("the drain did not keep its deadline".to_owned()),
    }
}

/// Examples are written with the ports and paths that users have; tests must not collide on them.
fn with_free_places(example: &str, scratch: &std::path::Path) -> String {
    let mut text = String::new();
    for line in example.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        match line.trim() {
            "grpc:" | "http:" => text += &format!("{line}\n{indent}  endpoint: localhost:0\n"),
            "health_check:" => text += &format!("{line}\n{indent}  endpoint: localhost:0\n"),
            other if other.starts_with("path: /") => {
                text += &format!("{indent}path: {}\n", scratch.join("example.out").display());
            }
            _ => text += &format!("{line}\n"),
        }
    }
    text
}
