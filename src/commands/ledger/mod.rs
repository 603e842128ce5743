//! `sidelight ledger`: where every item is, asked of a running Sidelight; of the queues on disk where none answers.

mod on_disk;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use sidelight_config::Endpoint;
use sidelight_self_telemetry::ledger::Ledger;

use crate::arguments::LedgerOptions;
use crate::commands::get::get;
use crate::commands::stopped::{Stopped, finish, tell};
use crate::commands::{Checked, check, show};
use crate::exit::Exit;

/// Where the metrics are where nothing else is said.
const DEFAULT_ENDPOINT: &str = "localhost:8888";

/// The most that is read of a page, in bytes.
const LONGEST_PAGE: u64 = 64 << 20;

/// A difference is a fault when it is the same in so many readings: figures that move while the page is written can be off for a
/// moment.
const READINGS: usize = 3;

/// Runs the command.
pub(crate) fn run(options: &LedgerOptions) -> Exit {
    finish(ledger(options))
}

fn ledger(options: &LedgerOptions) -> Result<Exit, Stopped> {
    let checked = checked(options)?;
    let endpoints = endpoints(options, checked.as_ref());
    for endpoint in &endpoints {
        match read(endpoint) {
            Ok(ledger) => return judge(endpoint, ledger),
            Err(reason) => tell(&format!("cannot ask {endpoint}: {reason}")),
        }
    }
    if endpoints.is_empty() {
        tell("the configuration opens no page of metrics (`service.telemetry.metrics.level: none`)");
    }
    match checked.and_then(|checked| checked.plan) {
        Some(plan) => on_disk::show(&plan),
        None => Ok(Exit::Failure),
    }
}

/// The configuration; none where only an endpoint is given, or where there is no file of the default name.
fn checked(options: &LedgerOptions) -> Result<Option<Checked>, Stopped> {
    let is_default = options.config.config == ["pipeline.yaml"];
    if is_default && !Path::new("pipeline.yaml").exists() {
        return Ok(None);
    }
    let checked = check(&options.config);
    match (&checked.plan, &options.endpoint) {
        (None, None) => {
            show(&checked.mistakes);
            Err(Stopped::Mistakes)
        }
        _ => Ok(Some(checked)),
    }
}

fn endpoints(options: &LedgerOptions, checked: Option<&Checked>) -> Vec<String> {
    if let Some(endpoint) = &options.endpoint {
        return vec![endpoint.clone()];
    }
    match checked.and_then(|checked| checked.telemetry.as_ref()) {
        Some(telemetry) => telemetry.pages().iter().map(address).collect(),
        None => vec![DEFAULT_ENDPOINT.to_owned()],
    }
}

/// Who listens on all addresses is asked by a loopback name.
fn address(page: &Endpoint) -> String {
    match page {
        Endpoint::Tcp { host, port } if host.is_empty() => Endpoint::tcp("localhost", *port).to_string(),
        other => other.to_string(),
    }
}

fn read(endpoint: &str) -> Result<Ledger, String> {
    let answer = get(endpoint, "/metrics", LONGEST_PAGE).map_err(|error| error.to_string())?;
    if !answer.is_well {
        let first = answer.body.lines().next().unwrap_or_default();
        return Err(format!(
            "it answers with an error: {}",
            sidelight_config::shortened(first)
        ));
    }
    Ledger::of_page(answer.body.as_bytes()).map_err(|error| error.to_string())
}

/// Shows a ledger. What does not balance is asked for again.
fn judge(endpoint: &str, first: Ledger) -> Result<Exit, Stopped> {
    let mut shown = first;
    let mut lasting = faults(&shown);
    for _ in 1..READINGS {
        if lasting.is_empty() {
            break;
        }
        let Ok(again) = read(endpoint) else { break };
        let now = faults(&again);
        lasting.retain(|fault| now.contains(fault));
        shown = again;
    }
    write!(io::stdout(), "{shown}")?;
    Ok(if lasting.is_empty() {
        Exit::Success
    } else {
        Exit::Failure
    })
}

fn faults(ledger: &Ledger) -> BTreeSet<String> {
    ledger.balances().err().unwrap_or_default().into_iter().collect()
}
