//! Settings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use regex::bytes::{Regex, RegexBuilder};
use sidelight_component::{BuildContext, BuildError, Receiver, ReceiverConfig};
use sidelight_config::{Check, setting_enum, settings};

use super::metrics::Metric;
use super::receiver::ProcessReceiver;
use super::schedule::{Schedule, common_interval};
use super::selector::Selector;
use crate::sampling::{MetricSettings, MetricTable, Semconv, Timing};

/// Most targets: each is a bit of what is remembered of a process.
pub(super) const MAX_TARGETS: usize = 64;

/// Most patterns of open files of a target.
pub(super) const MAX_PATTERNS: usize = 32;

/// The shortest time between two samples.
const SHORTEST: Duration = Duration::from_millis(100);

setting_enum! {
    /// Which of several processes that match is meant.
    pub enum Match {
        /// The one that started first: of a pre-forking server the master.
        Oldest = "oldest" | "first",
        /// The one that started last.
        Newest = "newest",
        /// Each on its own.
        All = "all",
        /// All of them, added up.
        Sum = "sum",
    }
}

setting_enum! {
    /// How `executable` is compared.
    pub enum MatchType {
        /// The whole name.
        Strict = "strict",
        /// A regular expression that is found anywhere in the name.
        Regexp = "regexp",
    }
}

settings! {
    /// What a metric can be told.
    pub struct MetricTiming {
        /// Whether it is written. Where this is not given the table of metrics says it.
        enabled: Option<bool>,
        /// Time between two points of this metric; without a value the receiver's.
        collection_interval: Option<Duration>,
    }
    validate MetricTiming::check;
}

settings! {
    /// A process, or several that belong together. One of `cmdline`, `executable`, `pid_file`, `pid`, `parent`,
    /// `systemd_unit` and `cgroup` says which.
    pub struct Target {
        /// What it is called: `service.name` of its metrics. Without a value it is made of the selector.
        name: Option<String>,
        /// A regular expression that is found in the command line, its arguments joined by spaces.
        cmdline: Option<String>,
        /// The name of the program: of its file, or as the kernel has it (15 bytes).
        executable: Option<String>,
        /// How `executable` is compared.
        match_type: MatchType = MatchType::Strict,
        /// A file with the pid in its first line.
        pid_file: Option<String>,
        /// The pid.
        pid: Option<u32> [Some(1)..],
        /// True: the process that started Sidelight.
        parent: bool = false,
        /// A unit of systemd: `postgresql.service`.
        systemd_unit: Option<String>,
        /// A control group of version 2, as its path below `/sys/fs/cgroup`: `system.slice/nginx.service`. What is in
        /// groups below it belongs to it.
        cgroup: Option<String>,
        /// True: its descendants belong to it and are added up with it.
        tree: bool = false,
        /// Which of several processes that match is meant: `oldest`, `newest`, `all` (each on its own) or `sum` (added
        /// up). Without a value it is `sum` for `systemd_unit` and `cgroup`, else `oldest`.
        r#match: Option<Match>,
        /// Open files to count, by a name of yours: `{sqlite: '\.db$'}`, a regular expression on the path.
        open_files: BTreeMap<String, String>,
    }
    validate Target::check;
}

settings! {
    /// Settings of the `process` receiver.
    pub struct Config {
        /// When samples are taken.
        flatten timing: Timing = Timing { collection_interval: Duration::from_secs(10), ..Timing::default() },
        /// The processes; 1 to 64.
        required targets: Vec<Target>,
        /// Which metrics are written, and how often: `{process.memory.virtual: {collection_interval: 10s}}`.
        metrics: MetricSettings<Metric, MetricTiming>,
        /// Whose names metrics and attributes have: `v1`, those of the semantic conventions; `legacy`, those the
        /// Collector's scraper emits; `dup`, both.
        semconv: Semconv = Semconv::V1,
        /// Where the host's root directory is mounted, for a receiver in a container: `/hostfs`.
        root_path: String = "/",
        /// The longest time until a new process is noticed beside others that run. What is missing is looked for at
        /// every sample.
        rescan_interval: Duration [SHORTEST..] = Duration::from_secs(10),
        /// The most processes of one target; those that started later are left out and counted.
        max_processes: usize [1..=10_000] = 1000,
        /// True: `sidelight.process.info` has the arguments of the command line; what looks like a secret is masked.
        command_args: bool = false,
    }
    aliases { processes => targets "the name of this receiver's list" }
    validate Config::check;
}

impl MetricTiming {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self
            .collection_interval
            .is_some_and(|interval| interval < SHORTEST)
        {
            check.error_hint(
                "collection_interval",
                "is shorter than 100ms",
                "give at least `100ms`",
            );
        }
    }
}

impl Target {
    fn check(&self, check: &mut Check<'_, '_>) {
        let given: Vec<&str> = self.given().map(|(name, _)| name).collect();
        match given[..] {
            [] => check.error_hint(
                "cmdline",
                "does not say which process it is",
                "give one of `cmdline`, `executable`, `pid_file`, `pid`, `parent: true`, `systemd_unit`, `cgroup`",
            ),
            [_] => {}
            [first, second, ..] => {
                let problem = format!("and `{second}` are both given: one of them says which process it is");
                check.error_hint(first, &problem, format!("remove `{first}` or `{second}`"));
            }
        }
        for (setting, is_empty) in self.given() {
            if is_empty {
                check.error_hint(setting, "is empty", "say which process it is");
            }
        }
        self.check_patterns(check);
        if self.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            check.error_hint("name", "is empty", "give the name of the service, or remove it");
        }
        if check.is_given("match_type") && self.executable.is_none() {
            check.error_hint(
                "match_type",
                "has no meaning without `executable`",
                "remove it; `cmdline` is a regular expression always",
            );
        }
        if self
            .cgroup
            .as_ref()
            .is_some_and(|path| path.split('/').any(|part| part == ".."))
        {
            check.error_hint("cgroup", "has `..` in it", "give the path below /sys/fs/cgroup");
        }
        if self.tree && self.r#match == Some(Match::All) {
            check.conflict(
                "match",
                "tree",
                "cannot be `all` with `tree: true`, which adds processes up",
            );
        }
    }

    fn check_patterns(&self, check: &mut Check<'_, '_>) {
        let executable = self
            .executable
            .as_ref()
            .filter(|_| self.match_type == MatchType::Regexp);
        let patterns = [("cmdline", self.cmdline.as_ref()), ("executable", executable)];
        let patterns = patterns
            .into_iter()
            .filter_map(|(setting, pattern)| Some((setting.to_owned(), pattern?)));
        let files = self
            .open_files
            .iter()
            .map(|(name, pattern)| (format!("open_files.{name}"), pattern));
        for (setting, pattern) in patterns.chain(files) {
            if let Err(error) = compile(pattern) {
                let problem = format!("is no regular expression: {}", reason(&error));
                check.error_hint(&setting, &problem, "in single quotes `\\` is itself: '\\.db$'");
            }
        }
        if self.open_files.len() > MAX_PATTERNS {
            check.error_hint(
                "open_files",
                "has more than 32 patterns",
                "join some of them with `|`",
            );
        }
    }

    /// The settings that say which process it is, and whether what they say is nothing.
    fn given(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let text = |setting, text: &Option<String>| Some((setting, text.as_ref()?.trim().is_empty()));
        let all = [
            text("cmdline", &self.cmdline),
            text("executable", &self.executable),
            text("pid_file", &self.pid_file),
            self.pid.map(|_| ("pid", false)),
            self.parent.then_some(("parent", false)),
            text("systemd_unit", &self.systemd_unit),
            text("cgroup", &self.cgroup),
        ];
        all.into_iter().flatten()
    }

    /// Which process it is. `None` for what [`Target::check`] refuses.
    pub(super) fn selector(&self) -> Option<Selector> {
        let selector = if let Some(pattern) = &self.cmdline {
            Selector::CommandLine(compile(pattern).ok()?)
        } else if let Some(name) = &self.executable {
            match self.match_type {
                MatchType::Strict => Selector::Executable(name.as_str().into()),
                MatchType::Regexp => Selector::ExecutablePattern(compile(name).ok()?),
            }
        } else if let Some(path) = &self.pid_file {
            Selector::PidFile(PathBuf::from(path))
        } else if let Some(pid) = self.pid {
            Selector::Pid(pid)
        } else if self.parent {
            Selector::Parent
        } else if let Some(unit) = &self.systemd_unit {
            Selector::Unit(unit_name(unit).into())
        } else {
            Selector::Cgroup(self.cgroup.as_ref()?.trim_matches('/').into())
        };
        Some(selector)
    }

    /// What several matches mean.
    pub(super) fn matching(&self) -> Match {
        let several = self.systemd_unit.is_some() || self.cgroup.is_some();
        self.r#match
            .unwrap_or(if several { Match::Sum } else { Match::Oldest })
    }
}

/// systemd's own shorthand: a name without a suffix is a service.
fn unit_name(unit: &str) -> String {
    match unit.rsplit_once('.') {
        Some(_) => unit.to_owned(),
        None => format!("{unit}.service"),
    }
}

/// A dot is any character: arguments may have line breaks in them.
pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).dot_matches_new_line(true).build()
}

/// The last line of what the parser of regular expressions says: the others draw the place.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.targets.is_empty() || self.targets.len() > MAX_TARGETS {
            check.error_hint(
                "targets",
                "must be 1 to 64 processes",
                "give one entry for each: `- {name: app, cmdline: 'main\\.py'}`",
            );
        }
        let mut names = BTreeMap::new();
        for (number, target) in self.targets.iter().enumerate() {
            let Some(selector) = target.selector() else {
                continue;
            };
            let key = (selector.name(target.name.as_deref()), selector.text());
            if let Some(first) = names.insert(key, number) {
                check.conflict(
                    &format!("targets.{number}"),
                    &format!("targets.{first}"),
                    "is the same process under the same name",
                );
            }
        }
        if common_interval(self.intervals()) < SHORTEST {
            check.error_hint(
                "metrics",
                "has intervals without a common divisor of 100ms or more",
                "make the longer ones multiples of the shorter ones",
            );
        }
    }

    /// The interval of each metric that is written, with its number; and first the receiver's own.
    fn intervals(&self) -> impl Iterator<Item = Duration> {
        let own = std::iter::once(self.timing.collection_interval);
        let numbers = 0..Metric::METRICS.len();
        own.chain(numbers.filter_map(|number| self.interval(number)))
    }

    /// The interval of a metric; `None` where it is not written.
    fn interval(&self, number: usize) -> Option<Duration> {
        let given = self.metrics.given(number);
        let enabled = given.and_then(|given| given.enabled);
        let enabled = enabled.or_else(|| Some(Metric::METRICS.get(number)?.enabled));
        let interval = given.and_then(|given| given.collection_interval);
        enabled?.then(|| interval.unwrap_or(self.timing.collection_interval))
    }

    /// When each metric is due.
    pub(super) fn schedule(&self) -> Schedule {
        let intervals = (0..Metric::METRICS.len()).map(|number| self.interval(number));
        Schedule::new(intervals.collect(), self.tick())
    }

    /// Time between two samples, at each of which some metric is due.
    pub(super) fn tick(&self) -> Duration {
        common_interval(self.intervals())
    }
}

impl ReceiverConfig for Config {
    fn holds_back(&self) -> bool {
        false
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(ProcessReceiver::new(self, cx)))
    }
}
