//! A target: where its page is, and the labels of its samples.

#[cfg(test)]
mod tests;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::config::PromDuration;
use super::job::Job;
use super::labels::Labels;

/// One page to scrape.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Target {
    /// The labels of its samples, `job` and `instance` among them.
    pub(super) labels: Labels,
    /// Encrypted?
    pub(super) is_https: bool,
    /// `host` or `host:port`.
    pub(super) address: String,
    /// Path and query of the request.
    pub(super) path: String,
    /// Time between two scrapes.
    pub(super) interval: Duration,
    /// The longest time for one scrape.
    pub(super) timeout: Duration,
}

/// Why discovered labels make no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetProblem {
    /// `__address__` is missing or has a path.
    #[error("`__address__` is no `host:port`")]
    Address,
    /// Relabelling wrote another scheme.
    #[error("`__scheme__` is neither http nor https")]
    Scheme,
    /// Relabelling wrote times that make no sense.
    #[error("`__scrape_interval__` or `__scrape_timeout__` is no duration, or the timeout is the longer one")]
    Times,
}

impl Target {
    /// The target that a job makes of discovered labels; `None` where relabelling drops it.
    ///
    /// # Errors
    /// [`TargetProblem`] where the labels make no target.
    pub(super) fn discover(mut labels: Labels, job: &Job) -> Result<Option<Self>, TargetProblem> {
        set_defaults(&mut labels, job);
        if !job.relabelling.apply(&mut labels) {
            return Ok(None);
        }
        let address = labels.get("__address__").to_owned();
        if address.is_empty() || address.contains(['/', '?', '#', '@', ' ']) {
            return Err(TargetProblem::Address);
        }
        let is_https = match labels.get("__scheme__") {
            "http" => false,
            "https" => true,
            _ => return Err(TargetProblem::Scheme),
        };
        let duration = |name: &str| PromDuration::parse(labels.get(name)).filter(|time| !time.is_zero());
        let (Some(interval), Some(timeout)) =
            (duration("__scrape_interval__"), duration("__scrape_timeout__"))
        else {
            return Err(TargetProblem::Times);
        };
        if timeout > interval {
            return Err(TargetProblem::Times);
        }
        let path = path_and_query(&labels, job);
        labels.set_default("instance", &address);
        labels.retain(|name| !name.starts_with("__"));
        Ok(Some(Self {
            labels,
            is_https,
            address,
            path,
            interval,
            timeout,
        }))
    }

    /// When within the interval this target has its turn: targets are spread, and each keeps its place when the program
    /// starts again.
    pub(super) fn offset(&self) -> Duration {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        let interval = u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos(hasher.finish() % interval)
    }

    /// `http://host:port/path`, for messages. A query may hold what is secret and is left out.
    pub(super) fn shown(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{scheme}://{}{path}", self.address)
    }
}

/// The labels that relabelling may look at and change (Prometheus, `PopulateLabels`).
fn set_defaults(labels: &mut Labels, job: &Job) {
    labels.set_default("job", &job.name);
    labels.set_default("__scheme__", job.scheme.as_str());
    labels.set_default("__metrics_path__", &job.metrics_path);
    let shown = |time: Duration| PromDuration(time).to_string();
    labels.set_default("__scrape_interval__", &shown(job.interval));
    labels.set_default("__scrape_timeout__", &shown(job.timeout));
    for (name, values) in &job.params {
        if let Some(first) = values.first() {
            labels.set_default(&format!("__param_{name}"), first);
        }
    }
}

fn path_and_query(labels: &Labels, job: &Job) -> String {
    let mut path = String::new();
    let given = labels.get("__metrics_path__");
    if !given.starts_with('/') {
        path.push('/');
    }
    append_escaped(&mut path, given, b"/-._~!$&'()*+,;=:@%");
    let mut params = job.params.clone();
    for (name, value) in labels.iter() {
        let Some(name) = name.strip_prefix("__param_") else {
            continue;
        };
        match params.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) if !values.is_empty() => value.clone_into(&mut values[0]),
            Some((_, values)) => values.push(value.to_owned()),
            None => params.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    params.sort();
    let pairs = params
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    for (number, (name, value)) in pairs.enumerate() {
        path.push(if number == 0 { '?' } else { '&' });
        append_escaped(&mut path, name, b"-._~");
        path.push('=');
        append_escaped(&mut path, value, b"-._~");
    }
    path
}

/// Percent-encoding (RFC 3986, section 2.1) of everything but letters, digits and `kept`.
fn append_escaped(out: &mut String, text: &str, kept: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
}
