//! `sidelight top`: the host, chosen processes and the end of log files on one screen, without a backend.

use std::fmt::Write as _;
use std::path::Path;

use sidelight_config::{FixedEnv, format_duration, load_str};

use crate::arguments::{ConfigOptions, TopOptions};
use crate::commands::run::run_checked;
use crate::commands::{check, check_tree};
use crate::exit::Exit;
use crate::terminal::Display;

/// Shows the screen until it is told to stop.
pub(crate) fn run(options: &TopOptions) -> Exit {
    let display = Display::screen(options.interval, options.log.clone(), options.lines);
    let checked = if options.config.is_empty() {
        let (tree, mistakes) = load_str("sidelight top", &configuration(options), &FixedEnv::new());
        check_tree(tree, mistakes)
    } else {
        check(&ConfigOptions {
            config: options.config.clone(),
        })
    };
    run_checked(checked, Some(display))
}

/// The configuration that measures what the options name and sends it nowhere.
fn configuration(options: &TopOptions) -> String {
    let interval = format_duration(options.interval);
    let targets = targets(options);
    let mut text = format!(
        "receivers:\n  host_metrics:\n    collection_interval: {interval}\n    scrapers: {{cpu: , memory: , load: , disk: , network: }}\n"
    );
    let mut receivers = "host_metrics";
    if !targets.is_empty() {
        receivers = "host_metrics, process";
        let _ = write!(
            text,
            "  process:\n    collection_interval: {interval}\n    targets:\n{targets}"
        );
    }
    let _ = write!(
        text,
        "exporters:\n  nop:\nservice:\n  telemetry:\n    logs: {{level: warn}}\n    metrics: {{level: none}}\n  pipelines:\n    \
         metrics: {{receivers: [{receivers}], exporters: [nop]}}\n"
    );
    text
}

fn targets(options: &TopOptions) -> String {
    let mut targets = String::new();
    let mut push = |selector: &str, value: String| {
        let _ = writeln!(targets, "      - {selector}: {value}");
    };
    for pattern in &options.process {
        push("cmdline", quoted(pattern));
    }
    for path in &options.pid_file {
        push("pid_file", quoted(&path_text(path)));
    }
    for pid in &options.pid {
        push("pid", pid.to_string());
    }
    targets
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A YAML scalar that stands for this text and in which no variable is looked for.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('$', "$$"))
}
