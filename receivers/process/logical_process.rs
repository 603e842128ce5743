//! One process as its user thinks of it: the same across restarts.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use sidelight_component::Now;
use sidelight_procfs::host::ticks_per_second;
use tracing::info;

use super::cgroup_watch::CgroupWatch;
use super::exits::{Cause, Exits};
use super::failures::Reading;
use super::figures::{Figure, FigureSet, Figures};
use super::info::{Describing, Info};
use super::links::{LinkCounts, LinkSeries, Patterns};
use super::member::{Ending, Member, Reader};
use super::metrics::{EXIT_CAUSE, Metric};
use super::process_list::{Comm, Identity};
use super::watch::Surroundings;
use crate::sampling::{Attr, Instance, MetricSet, MetricTable, Sink};

/// Billionths, for shares.
const NANO: f64 = 1e9;

/// A process younger than this may still become another program.
const SETTLED_SECONDS: u64 = 10;

/// One process, or several that are added up, under one name and one `service.instance.id`.
#[derive(Debug)]
pub(super) struct LogicalProcess {
    pub(super) name: Arc<str>,
    pub(super) instance: Instance,
    /// Its number among the processes of a target that are each on their own.
    pub(super) slot: Option<usize>,
    members: Vec<Member>,
    /// The end of the first member is the end of all: it is the only one, or the others are its descendants.
    has_lead: bool,
    /// What members that have ended had counted, since all of them began.
    departed: Figures,
    /// What is written.
    figures: Figures,
    links: LinkCounts,
    /// Whether `links` are those of the last sample they were due in, and not what could not be read.
    has_links: bool,
    group: CgroupWatch,
    /// When the sums began, in Unix nanoseconds.
    start: u64,
    info: Option<Described>,
    series: Series,
    cpu: CpuShare,
    pub(super) life: Life,
}

/// The description that is written, and the program it was made of.
#[derive(Debug)]
struct Described {
    info: Info,
    identity: Identity,
    comm: Comm,
    is_settled: bool,
}

/// Which series there are: each ends with a point that says so.
#[derive(Debug, Default)]
struct Series {
    figures: FigureSet,
    sockets: LinkSeries,
    files: bool,
    info: Option<Info>,
    up: bool,
}

/// How it has fared.
#[derive(Debug, Default)]
pub(super) struct Life {
    pub(super) restarts: u64,
    exits: Exits,
    /// `None` before it was found for the first time.
    pub(super) was_up: bool,
    pub(super) down: Option<(Instant, Cause)>,
}

/// Processor time between two samples.
#[derive(Debug, Default)]
struct CpuShare {
    /// At the last sample.
    looked: Option<(Instant, u64)>,
    /// Of one processor, in per cent, for the headline.
    percent: Option<f64>,
    /// When the metric was due last: user and system ticks.
    due: Option<(Instant, u64, u64)>,
}

impl LogicalProcess {
    pub(super) fn new(name: &str, instance: Instance, slot: Option<usize>, has_lead: bool) -> Self {
        Self {
            name: name.into(),
            instance,
            slot,
            members: Vec::new(),
            has_lead,
            departed: Figures::default(),
            figures: Figures::default(),
            links: LinkCounts::default(),
            has_links: false,
            group: CgroupWatch::default(),
            start: 0,
            info: None,
            series: Series::default(),
            cpu: CpuShare::default(),
            life: Life::default(),
        }
    }

    /// Whether it runs.
    pub(super) fn is_up(&self) -> bool {
        !self.members.is_empty()
    }

    /// Its processes.
    pub(super) fn members(&self) -> impl Iterator<Item = Identity> {
        self.members.iter().map(|member| member.identity)
    }

    /// A figure of the last sample.
    pub(super) fn figure(&self, figure: Figure) -> Option<u64> {
        self.figures.get(figure)
    }

    /// Share of one processor since the last sample, in per cent.
    pub(super) fn cpu_percent(&self) -> Option<f64> {
        self.cpu.percent
    }

    /// Looks which of its processes still run.
    pub(super) fn look(&mut self, reader: &mut Reader<'_>, around: &mut Surroundings, now: Now) {
        let mut place = 0;
        while let Some(member) = self.members.get_mut(place) {
            match member.look(reader) {
                Ok(()) => place += 1,
                Err(ending) => {
                    let ends_all = self.has_lead && place == 0;
                    self.remove(place, around);
                    if ends_all {
                        (0..self.members.len())
                            .rev()
                            .for_each(|other| self.remove(other, around));
                    }
                    if self.members.is_empty() {
                        self.end(ending, reader, now);
                    }
                }
            }
        }
    }

    fn remove(&mut self, place: usize, around: &mut Surroundings) {
        let mut member = self.members.remove(place);
        self.departed.outlive(&member.figures);
        member.leave(&mut around.allowance);
    }

    /// All of it has ended.
    fn end(&mut self, ending: Ending, reader: &mut Reader<'_>, now: Now) {
        let cause = Cause::of(ending, self.group.has_killed(reader.buffer));
        self.life.exits.count(cause);
        self.life.down = Some((now.instant, cause));
        let how = cause.text().unwrap_or_else(|| "unknown".to_owned());
        info!(process = &*self.name, %how, "the process has ended");
        self.clear();
    }

    /// Nothing of the processes before counts for those that come.
    fn clear(&mut self) {
        self.departed = Figures::default();
        self.figures = Figures::default();
        self.cpu = CpuShare::default();
        self.group = CgroupWatch::default();
        self.info = None;
    }

    /// Makes these its processes, the first of them first. Those that it has already stay.
    pub(super) fn set_members(
        &mut self,
        found: &[Identity],
        reader: &mut Reader<'_>,
        around: &mut Surroundings,
    ) {
        let is_other = self.has_lead && self.members().next() != found.first().copied();
        if found.is_empty() {
            // Nothing that runs is meant now: that what ran has ended is for the next look to find.
            return;
        }
        let wanted: HashSet<Identity> = found.iter().copied().collect();
        for place in (0..self.members.len()).rev() {
            let stays = self
                .members
                .get(place)
                .is_some_and(|member| wanted.contains(&member.identity));
            if is_other || !stays {
                self.remove(place, around);
            }
        }
        let was_running = self.is_up();
        let known: HashSet<Identity> = self.members().collect();
        for identity in found.iter().filter(|identity| !known.contains(identity)) {
            if !self.add(*identity, reader, around) && self.has_lead && self.members.is_empty() {
                // Its lead has ended meanwhile, and with it all of it.
                break;
            }
        }
        if !was_running && self.is_up() {
            self.begin(around);
        }
    }

    /// Takes hold of a process; false where it has ended meanwhile.
    fn add(&mut self, identity: Identity, reader: &mut Reader<'_>, around: &mut Surroundings) -> bool {
        let adopted = Member::adopt(identity, around.enabled, &mut around.allowance, reader.dir);
        let Some(mut member) = adopted else {
            return false;
        };
        let runs = member.look(reader).is_ok();
        match runs {
            true => self.members.push(member),
            false => member.leave(&mut around.allowance),
        }
        runs
    }

    /// It runs, for the first time or again.
    fn begin(&mut self, around: &Surroundings) {
        self.clear();
        if self.life.was_up {
            self.life.restarts += 1;
            info!(
                process = &*self.name,
                restarts = self.life.restarts,
                "the process runs again"
            );
        }
        self.life.was_up = true;
        self.life.down = None;
        let oldest = self.members().map(|identity| identity.start_ticks).min();
        self.start = around.created(oldest.unwrap_or_default());
    }

    /// Reads what is due.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader<'_>,
        around: &mut Surroundings,
        patterns: &Patterns,
        now: Now,
    ) {
        for member in &mut self.members {
            member.read(reader);
        }
        self.read_links(reader, around, patterns);
        self.read_group(reader, around);
        self.describe(reader, around);
        self.add_up();
        self.share_cpu(reader, around, now);
        let resident = self.figures.get(Figure::Resident);
        let share = resident.and_then(|bytes| share_of(bytes, around.memory_bytes));
        self.figures.set(Figure::MemoryShare, share);
    }

    fn add_up(&mut self) {
        let group = std::mem::take(&mut self.figures);
        let several = self.members.len() > 1;
        for member in &self.members {
            self.figures.join(&member.figures, several);
        }
        self.figures.join(&self.departed, false);
        self.figures.join(&group.of_group(), false);
    }

    fn read_links(&mut self, reader: &mut Reader<'_>, around: &mut Surroundings, patterns: &Patterns) {
        let asks_for_files = reader.due.contains(Metric::OpenFiles) && !patterns.is_empty();
        let asks_for_sockets = reader.due.contains(Metric::Sockets);
        if !asks_for_files && !asks_for_sockets {
            return;
        }
        self.links.begin(patterns);
        self.has_links = false;
        for member in &self.members {
            let networks = asks_for_sockets.then_some(&mut around.networks);
            let process = member.process(reader.dir);
            match process.and_then(|process| self.links.take(&process, patterns, networks)) {
                Ok(()) => self.has_links = true,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => (reader.failed)(Reading::Links, &error),
            }
        }
    }

    /// Reads the control group of the first process.
    fn read_group(&mut self, reader: &mut Reader<'_>, around: &Surroundings) {
        let (Some(root), Some(first)) = (&around.cgroup_root, self.members.first()) else {
            return;
        };
        let (group, figures, buffer) = (&mut self.group, &mut self.figures, &mut *reader.buffer);
        let process = first.process(reader.dir);
        match process.and_then(|process| group.follow(&process, root, around.boot_unix_nanos, buffer)) {
            Ok(()) => group.read(reader.due, figures, buffer),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => (reader.failed)(Reading::Cgroup, &error),
        }
    }

    /// Describes the first process, where it is another or became another program.
    fn describe(&mut self, reader: &mut Reader<'_>, around: &Surroundings) {
        let Some(first) = self.members.first().filter(|_| reader.due.contains(Metric::Info)) else {
            return;
        };
        let (identity, comm) = (first.identity, first.comm);
        let is_known =
            |known: &Described| known.is_settled && known.identity == identity && known.comm == comm;
        if self.info.as_ref().is_some_and(is_known) {
            return;
        }
        let describing = Describing {
            root: &around.root,
            has_arguments: around.has_arguments,
            created: around.created(identity.start_ticks),
        };
        let age = reader.uptime_ticks.saturating_sub(identity.start_ticks);
        if let Ok(process) = first.process(reader.dir) {
            self.info = Some(Described {
                info: Info::of(&process, describing, reader.buffer),
                identity,
                comm,
                is_settled: age > SETTLED_SECONDS * ticks_per_second(),
            });
        }
    }

    /// What it used of processors since the last sample, and since the metric was due.
    fn share_cpu(&mut self, reader: &mut Reader<'_>, around: &Surroundings, now: Now) {
        let ticks = |figure| self.figures.get(figure).unwrap_or(0);
        let (user, system) = (ticks(Figure::CpuUser), ticks(Figure::CpuSystem));
        let used = (now.instant, user + system);
        let last = self.cpu.looked.replace(used);
        self.cpu.percent = last.and_then(|(at, before)| {
            let seconds = elapsed(at, now.instant)?;
            Some(100.0 * seconds_of((user + system).saturating_sub(before)) / seconds)
        });
        if !reader.due.contains(Metric::CpuUtilization) {
            return;
        }
        let cpus = self.available_cpus(reader, around);
        let last = self.cpu.due.replace((now.instant, user, system));
        let share = last.and_then(|(at, old_user, old_system)| {
            let capacity = elapsed(at, now.instant)? * cpus?;
            let of = |now: u64, before| (seconds_of(now.saturating_sub(before)) / capacity * NANO) as u64;
            Some((of(user, old_user), of(system, old_system)))
        });
        self.figures
            .set(Figure::UtilizationUser, share.map(|(user, _)| user));
        self.figures
            .set(Figure::UtilizationSystem, share.map(|(_, system)| system));
    }

    /// Processors that it can use: those it may run on, and no more than the quota of its control group.
    fn available_cpus(&self, reader: &mut Reader<'_>, around: &Surroundings) -> Option<f64> {
        let allowed = self.members.iter().map(|member| member.allowed_cpus).max();
        let allowed = f64::from(allowed.filter(|cpus| *cpus > 0)?);
        let root = around.cgroup_root.as_ref();
        let quota = root.and_then(|root| self.group.milli_cpus(root, reader.buffer));
        Some(quota.map_or(allowed, |milli| allowed.min(milli as f64 / 1000.0)))
    }

    /// Writes what is due, and ends series whose figure there is no more.
    pub(super) fn write(
        &mut self,
        sink: &mut Sink<'_>,
        due: MetricSet<Metric>,
        around: &Surroundings,
        patterns: &Patterns,
    ) {
        self.write_life(sink, due, around);
        let is_up = self.is_up();
        // What has ended is over at once, whenever its metric would be due.
        let concerned = if is_up { due } else { around.enabled };
        sink.sums_start(self.start);
        for figures in Figure::ALL.chunk_by(|a, b| a.definition().metric == b.definition().metric) {
            self.write_figures(sink, concerned, figures);
        }
        self.write_links(sink, concerned, patterns);
        self.write_info(sink, concerned);
    }

    /// What is told of it whether it runs or not.
    fn write_life(&mut self, sink: &mut Sink<'_>, due: MetricSet<Metric>, around: &Surroundings) {
        sink.sums_start(around.began_unix_nanos);
        // One of several that each stand for themselves is not missed when it is not replaced.
        let is_over = !self.is_up() && self.slot.is_some_and(|slot| slot > 0);
        if is_over && !self.series.up {
            return;
        }
        let concerned = if is_over { around.enabled } else { due };
        let up = u64::from(self.is_up());
        sink.metric(concerned, Metric::Up, |points| match is_over {
            true => points.end(&[]),
            false => points.add(up, &[]),
        });
        let restarts = self.life.restarts;
        sink.metric(concerned, Metric::Restarts, |points| match is_over {
            true => points.end(&[]),
            false => points.add(restarts, &[]),
        });
        sink.metric(concerned, Metric::Exits, |points| {
            for (cause, count) in self.life.exits.iter() {
                let attributes = [(EXIT_CAUSE, Attr::Word(cause))];
                match is_over {
                    true => points.end(&attributes),
                    false => points.add(count, &attributes),
                }
            }
        });
        self.series.up = !is_over;
    }

    fn write_figures(&mut self, sink: &mut Sink<'_>, concerned: MetricSet<Metric>, figures: &[Figure]) {
        let Some(metric) = figures.first().map(|figure| figure.definition().metric) else {
            return;
        };
        if figures.first() == Some(&Figure::GroupUser) {
            sink.sums_start(self.group.start());
        }
        let (values, series) = (&self.figures, self.series.figures);
        sink.metric(concerned, metric, |points| {
            for figure in figures {
                match values.get(*figure) {
                    Some(value) => figure.definition().write(points, value),
                    None if series.contains(*figure) => points.end(figure.definition().attributes),
                    None => {}
                }
            }
        });
        if concerned.contains(metric) {
            for figure in figures {
                self.series.figures.set(*figure, values.get(*figure).is_some());
            }
        }
    }

    fn write_links(&mut self, sink: &mut Sink<'_>, concerned: MetricSet<Metric>, patterns: &Patterns) {
        let (is_up, has_files) = (self.is_up() && self.has_links, self.series.files);
        sink.metric(concerned, Metric::OpenFiles, |points| match is_up {
            true => self.links.write_files(patterns, points),
            false if has_files => patterns.end(points),
            false => {}
        });
        let live = self.series.sockets;
        sink.metric(concerned, Metric::Sockets, |points| match is_up {
            true => self.links.write_sockets(live, points),
            false => live.end_sockets(points),
        });
        if concerned.contains(Metric::OpenFiles) {
            self.series.files = is_up && !patterns.is_empty();
        }
        if concerned.contains(Metric::Sockets) {
            self.series.sockets = match is_up {
                true => self.links.socket_series(live),
                false => LinkSeries::default(),
            };
        }
    }

    fn write_info(&mut self, sink: &mut Sink<'_>, concerned: MetricSet<Metric>) {
        if !concerned.contains(Metric::Info) {
            return;
        }
        let now = self.info.as_ref().map(|described| &described.info);
        let ended = self.series.info.take_if(|shown| Some(&*shown) != now);
        sink.metric(concerned, Metric::Info, |points| {
            if let Some(ended) = &ended {
                points.end(&ended.attributes());
            }
            if let Some(info) = now {
                points.add(1_u64, &info.attributes());
            }
        });
        if self.series.info.is_none() {
            self.series.info = now.cloned();
        }
    }

    /// Whether there is nothing to write, now and until it runs again.
    pub(super) fn is_silent(&self) -> bool {
        let is_slot = self.slot.is_some_and(|slot| slot > 0);
        is_slot && !self.is_up() && !self.series.up && self.series.figures.is_empty()
    }
}

/// Ticks as seconds.
fn seconds_of(ticks: u64) -> f64 {
    ticks as f64 / ticks_per_second() as f64
}

fn elapsed(from: Instant, to: Instant) -> Option<f64> {
    let seconds = to.checked_duration_since(from)?.as_secs_f64();
    (seconds > 0.0).then_some(seconds)
}

/// A share in billionths.
fn share_of(part: u64, whole: Option<u64>) -> Option<u64> {
    let whole = whole.filter(|whole| *whole > 0)?;
    Some((part as f64 / whole as f64 * NANO) as u64)
}

const _: () = assert!(Metric::METRICS.len() <= 128, "a set of metrics has 128 bits");
