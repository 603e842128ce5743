//! The example of a README is run: read without a mistake, started, drained in time.

use std::time::Duration;

use sidelight_component::metrics::Registry;
use sidelight_config::{FixedEnv, load_str};
use sidelight_pipeline::{Catalog, Engine, Plan, document};

/// How long the drain of an example may take.
const DRAIN: Duration = Duration::from_secs(5);

/// Exporters that wait to be asked.
const LISTENING_EXPORTERS: [&str; 2] = ["prometheus:", "prometheus/"];

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

/// Examples are written with the ports and paths that users have; tests must not collide on them. What listens is
/// below `receivers` and `extensions`, and the exporters that are asked; the endpoints of others are where they send to.
fn with_free_places(example: &str, scratch: &std::path::Path) -> String {
    let mut text = String::new();
    let (mut listens, mut exporters) = (false, false);
    let mut lines = example.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            listens = line.starts_with("receivers:") || line.starts_with("extensions:");
            exporters = line.starts_with("exporters:");
        }
        if exporters && line.starts_with("  ") && !line.starts_with("   ") {
            listens = LISTENING_EXPORTERS
                .iter()
                .any(|name| line.trim_start().starts_with(name));
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        text += &match line.trim() {
            // Nothing below it: the defaults, which name a port.
            "grpc:" | "http:" | "health_check:" if listens && !goes_deeper(indent, lines.peek()) => {
                format!("{line}\n{indent}  endpoint: localhost:0\n")
            }
            _ if listens && line.contains("endpoint:") => format!("{}\n", with_any_port(line)),
            other if other.starts_with("path: /") => {
                format!("{indent}path: {}\n", scratch.join("example.out").display())
            }
            _ => format!("{line}\n"),
        };
    }
    text
}

fn goes_deeper(indent: &str, next: Option<&&str>) -> bool {
    next.is_some_and(|next| next.len() - next.trim_start().len() > indent.len())
}

/// `endpoint: host:4317` with port 0, which is any free one. Other endpoints (`unix:///path`) stay.
fn with_any_port(line: &str) -> String {
    let Some((key, value)) = line.split_once("endpoint:") else {
        return line.to_owned();
    };
    let start = value.len() - value.trim_start().len();
    let end = value[start..]
        .find([' ', ',', '}'])
        .map_or(value.len(), |length| start + length);
    let (endpoint, tail) = value.split_at(end);
    let unquoted = endpoint.trim_end_matches(['"', '\'']);
    match unquoted.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{key}endpoint:{host}:0{}{tail}", &endpoint[unquoted.len()..])
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::with_free_places;

    #[test]
    fn what_listens_gets_any_port_and_what_is_sent_to_keeps_its_own() {
        for (example, expected) in [
            (
                "receivers:\n  otlp:\n    protocols:\n      grpc:\n      http:\n",
                "receivers:\n  otlp:\n    protocols:\n      grpc:\n        endpoint: localhost:0\n      http:\n        \
                 endpoint: localhost:0\n",
            ),
            (
                "receivers:\n  syslog:\n    tcp:\n      endpoint: 0.0.0.0:54526 # all\n",
                "receivers:\n  syslog:\n    tcp:\n      endpoint: 0.0.0.0:0 # all\n",
            ),
            (
                "extensions:\n  health_check:\n    endpoint: \"[::1]:13133\"\n",
                "extensions:\n  health_check:\n    endpoint: \"[::1]:0\"\n",
            ),
            (
                "receivers:\n  statsd: {endpoint: localhost:8125, transport: udp}\n",
                "receivers:\n  statsd: {endpoint: localhost:0, transport: udp}\n",
            ),
            (
                "receivers:\n  x:\n    endpoint: unix:///run/x.sock\nexporters:\n  y:\n    endpoint: http://jaeger:4317\n",
                "receivers:\n  x:\n    endpoint: unix:///run/x.sock\nexporters:\n  y:\n    endpoint: http://jaeger:4317\n",
            ),
            (
                "exporters:\n  prometheus:\n    endpoint: localhost:8889\n  otlp_grpc:\n    endpoint: jaeger:4317\n",
                "exporters:\n  prometheus:\n    endpoint: localhost:0\n  otlp_grpc:\n    endpoint: jaeger:4317\n",
            ),
            (
                "exporters:\n  file:\n    path: /var/x\n",
                "exporters:\n  file:\n    path: /s/example.out\n",
            ),
        ] {
            assert_eq!(with_free_places(example, "/s".as_ref()), expected);
        }
    }
}
