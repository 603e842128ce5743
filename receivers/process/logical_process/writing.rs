//! Writing a logical process, and ending series whose figure there is no more.

use super::LogicalProcess;
use crate::process::figures::{Figure, FigureSet};
use crate::process::info::Info;
use crate::process::links::{LinkSeries, Patterns};
use crate::process::metrics::{EXIT_CAUSE, Metric};
use crate::process::watch::Surroundings;
use crate::sampling::{Attr, MetricSet, Sink};

/// Which series there are: each ends with a point that says so.
#[derive(Debug, Default)]
pub(super) struct Series {
    figures: FigureSet,
    sockets: LinkSeries,
    files: bool,
    info: Option<Info>,
    up: bool,
}

impl LogicalProcess {
    /// Writes what is due, and ends series whose figure there is no more.
    pub(in crate::process) fn write(
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
                ended.with_attributes(|attributes| points.end(attributes));
            }
            if let Some(info) = now {
                info.with_attributes(|attributes| points.add(1_u64, attributes));
            }
        });
        if self.series.info.is_none() {
            self.series.info = now.cloned();
        }
    }

    /// Whether there is nothing to write, now and until it runs again.
    pub(in crate::process) fn is_silent(&self) -> bool {
        let is_slot = self.slot.is_some_and(|slot| slot > 0);
        is_slot && !self.is_up() && !self.series.up && self.series.figures.is_empty()
    }
}
