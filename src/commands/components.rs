//! `sidelight components`: what this program was built with.

use std::io::Write;

use sidelight_component::{About, Role};

use crate::components::CATALOG;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run() -> Exit {
    let roles: [(Role, Vec<About>); 5] = [
        (
            Role::Receiver,
            CATALOG.receivers.iter().map(|entry| entry.about).collect(),
        ),
        (
            Role::Processor,
            CATALOG.processors.iter().map(|entry| entry.about).collect(),
        ),
        (
            Role::Connector,
            CATALOG.connectors.iter().map(|entry| entry.about).collect(),
        ),
        (
            Role::Exporter,
            CATALOG.exporters.iter().map(|entry| entry.about).collect(),
        ),
        (
            Role::Extension,
            CATALOG.extensions.iter().map(|entry| entry.about).collect(),
        ),
    ];
    let mut text = String::new();
    for (role, abouts) in roles {
        text += &format!("{}:\n", role.section());
        for about in abouts {
            text += &line(role, &about);
        }
    }
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Exit::Success,
        Err(_) => Exit::Failure,
    }
}

/// `  otlp_grpc  traces, metrics, logs  (also: otlp)`
fn line(role: Role, about: &About) -> String {
    let signals: Vec<&str> = about.signals.iter().map(|signal| signal.as_str()).collect();
    let signals = if role == Role::Extension {
        String::new()
    } else {
        signals.join(", ")
    };
    let aliases = match about.aliases {
        [] => String::new(),
        aliases => format!("  (also: {})", aliases.join(", ")),
    };
    format!("  {:<26}{signals}{aliases}\n", about.name)
}
