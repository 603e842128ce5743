//! From the verdict to an answer.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use parking_lot::Mutex;
use serde_json::json;
use sidelight_component::{Clock, Health, Host, Now};
use sidelight_self_telemetry::admin::{Page, PageRequest, Pages};

use super::config::{Config, ResponseBody};

/// How often the verdict is looked at until it is good for the first time, so that `upSince` does not depend
/// on when somebody asks.
const WATCH_INTERVAL: Duration = Duration::from_millis(250);
/// Reasons in an answer; further ones are counted.
const MAX_REASONS: usize = 32;
/// What the Collector writes where there is no time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// Makes the answers.
pub(super) struct Answers {
    path: String,
    bodies: Option<ResponseBody>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None` until the extension runs.
    host: Option<Arc<dyn Host>>,
    /// When the verdict was good for the first time.
    up_since: Option<Now>,
}

impl Answers {
    pub(super) fn new(config: &Config, clock: Clock) -> Self {
        let (path, bodies) = (config.path.clone(), config.response_body.clone());
        Self {
            path,
            bodies,
            clock,
            state: Mutex::default(),
        }
    }

    /// From now on the verdict is the host's.
    pub(super) fn watch(&self, host: Arc<dyn Host>) {
        self.state.lock().host = Some(host);
    }

    /// Returns when the verdict was good once. Cancel safe.
    pub(super) async fn note_beginning(&self) {
        while self.verdict().1.is_none() {
            tokio::time::sleep(WATCH_INTERVAL).await;
        }
    }

    /// The verdict, and since when the program is up.
    fn verdict(&self) -> (Health, Option<Now>) {
        let host = self.state.lock().host.clone();
        // The host is asked without the lock: it has locks of its own.
        let health = match host {
            Some(host) => host.health(),
            None => Health::Starting,
        };
        let mut state = self.state.lock();
        if health == Health::Ok && state.up_since.is_none() {
            state.up_since = Some(self.clock.now());
        }
        (health, state.up_since)
    }

    fn is_asked_for(&self, path: &str) -> bool {
        if self.path.ends_with('/') {
            path.starts_with(&self.path)
        } else {
            path == self.path
        }
    }

    fn body(&self, health: &Health, up_since: Option<Now>) -> String {
        match (&self.bodies, health) {
            (Some(bodies), Health::Ok) => bodies.healthy.clone(),
            (Some(bodies), _) => bodies.unhealthy.clone(),
            (None, _) => self.json(health, up_since),
        }
    }

    fn json(&self, health: &Health, up_since: Option<Now>) -> String {
        let status = if *health == Health::Ok {
            "Server available"
        } else {
            "Server not available"
        };
        let since = up_since.and_then(|since| jiff::Timestamp::from_nanosecond(since.unix_nanos.into()).ok());
        let uptime = up_since.map(|since| self.clock.now().instant.saturating_duration_since(since.instant));
        let mut body = json!({
            "status": status,
            "upSince": since.map_or_else(|| NO_TIME.to_owned(), |since| since.to_string()),
            "uptime": uptime.map_or_else(String::new, go_duration),
        });
        if *health != Health::Ok {
            body["reasons"] = reasons(health).into();
        }
        body.to_string()
    }
}

impl Pages for Answers {
    fn page(&self, request: PageRequest<'_>) -> Page {
        if !self.is_asked_for(request.path) {
            return Page::not_found();
        }
        let (health, up_since) = self.verdict();
        let status = if health == Health::Ok {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let content_type = if self.bodies.is_some() {
            "text/plain; charset=utf-8"
        } else {
            "application/json"
        };
        Page {
            status,
            content_type,
            body: self.body(&health, up_since).into(),
        }
    }
}

fn reasons(health: &Health) -> Vec<String> {
    match health {
        Health::Ok => Vec::new(),
        Health::Starting => vec!["the program starts".to_owned()],
        Health::Stopping => vec!["the program stops".to_owned()],
        Health::Unhealthy(reasons) => {
            let mut shown: Vec<String> = reasons.iter().take(MAX_REASONS).cloned().collect();
            if reasons.len() > MAX_REASONS {
                shown.push(format!("and {} more", reasons.len() - MAX_REASONS));
            }
            shown
        }
    }
}

/// A duration as Go prints it, which is how the Collector answers: `16m24.684476004s`, `1h0m0s`, `250ms`.
pub(super) fn go_duration(duration: Duration) -> String {
    let nanos = duration.subsec_nanos();
    let seconds = duration.as_secs();
    if seconds == 0 {
        return match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => format!("{}µs", decimal(u64::from(nanos), 1_000, 3)),
            _ => format!("{}ms", decimal(u64::from(nanos), 1_000_000, 6)),
        };
    }
    let mut text = String::new();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    // Writing to a String does not fail.
    if hours > 0 {
        let _ = write!(text, "{hours}h");
    }
    if seconds >= 60 {
        let _ = write!(text, "{minutes}m");
    }
    let _ = write!(
        text,
        "{}s",
        decimal(seconds % 60 * 1_000_000_000 + u64::from(nanos), 1_000_000_000, 9)
    );
    text
}

/// `value / unit` without zeros at the end; `digits` is the number of zeros of the unit.
fn decimal(value: u64, unit: u64, digits: usize) -> String {
    let fraction = format!("{:0digits$}", value % unit);
    let fraction = fraction.trim_end_matches('0');
    let whole = value / unit;
    if fraction.is_empty() {
        whole.to_string()
    } else {
        format!("{whole}.{fraction}")
    }
}
