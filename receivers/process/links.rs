//! What the descriptors of a process lead to: open files by pattern, sockets by state.

use std::io;

use regex::bytes::Regex;
use sidelight_procfs::pid::{Process, SocketTable, Transport, socket_inode, state_name};

use super::config::compile;
use super::metrics::{CONNECTION_STATE, PATTERN, TRANSPORT};
use crate::sampling::{Attr, Points, Term};

/// States of a socket in the kernel's numbers, 1 to 12; 0 for those it may have some day.
const STATES: usize = 13;

/// Networks that are kept apart within a sample; of more than these each is read as it comes.
const MAX_NETWORKS: usize = 16;

/// Open files that are counted, by name.
#[derive(Debug, Default)]
pub(super) struct Patterns(Vec<(Box<str>, Regex)>);

/// Counts of one process or of several.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkCounts {
    /// By the place of the pattern.
    files: Vec<u64>,
    /// By transport and state.
    sockets: [[u64; STATES]; 2],
}

/// The sockets of the networks that were looked at in this sample.
#[derive(Debug, Default)]
pub(super) struct Networks {
    /// By namespace. Those of earlier samples keep their memory.
    tables: Vec<(u64, SocketTable)>,
    /// How many of them are of this sample.
    read: usize,
}

/// Which series of them there are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LinkSeries(u64);

impl Patterns {
    /// Compiles them; what is no pattern was refused with the settings.
    pub(super) fn new<'a>(given: impl Iterator<Item = (&'a String, &'a String)>) -> Self {
        let compiled =
            given.filter_map(|(name, pattern)| Some((name.as_str().into(), compile(pattern).ok()?)));
        Self(compiled.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Networks {
    /// A sample begins.
    pub(super) fn begin(&mut self) {
        self.read = 0;
    }

    /// The sockets of the network that the process sees, read once in a sample.
    fn of(&mut self, process: &Process) -> io::Result<&SocketTable> {
        let namespace = process.network_namespace()?;
        let read = self.tables.get(..self.read).unwrap_or_default();
        let place = match read.iter().position(|(known, _)| *known == namespace) {
            Some(place) => place,
            None => {
                let place = self.read.min(MAX_NETWORKS - 1);
                if place == self.tables.len() {
                    self.tables.push((namespace, SocketTable::default()));
                }
                if let Some((slot, table)) = self.tables.get_mut(place) {
                    *slot = namespace;
                    table.read(process)?;
                }
                self.read = place + 1;
                place
            }
        };
        self.tables
            .get(place)
            .map(|(_, table)| table)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl LinkCounts {
    pub(super) fn begin(&mut self, patterns: &Patterns) {
        self.files.clear();
        self.files.resize(patterns.0.len(), 0);
        self.sockets = Default::default();
    }

    /// Adds those of a process. `networks` where sockets are asked for.
    ///
    /// # Errors
    /// Missing rights: for the descriptors first, and then for the sockets.
    pub(super) fn take(
        &mut self,
        process: &Process,
        patterns: &Patterns,
        networks: Option<&mut Networks>,
    ) -> io::Result<()> {
        let mut inodes = Vec::new();
        let asks_for_sockets = networks.is_some();
        process.each_descriptor(|target| match socket_inode(target) {
            Some(inode) if asks_for_sockets => inodes.push(inode),
            Some(_) => {}
            None => self.take_path(target, patterns),
        })?;
        let Some(networks) = networks.filter(|_| !inodes.is_empty()) else {
            return Ok(());
        };
        let table = networks.of(process)?;
        for (transport, state) in inodes.into_iter().filter_map(|inode| table.get(inode)) {
            let states = match transport {
                Transport::Tcp => &mut self.sockets[0],
                Transport::Udp => &mut self.sockets[1],
            };
            // The table calls a connection that is not accepted yet SYN_RECV.
            let state = if state == 12 { 3 } else { usize::from(state) };
            let place = if state < STATES { state } else { 0 };
            states[place] += 1;
        }
        Ok(())
    }

    fn take_path(&mut self, path: &[u8], patterns: &Patterns) {
        let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
        for (count, (_, pattern)) in self.files.iter_mut().zip(&patterns.0) {
            *count += u64::from(pattern.is_match(path));
        }
    }

    /// Writes the open files; all patterns, also those that no file has.
    pub(super) fn write_files(&self, patterns: &Patterns, points: &mut Points<'_>) {
        for (count, (name, _)) in self.files.iter().zip(&patterns.0) {
            points.add(*count, &[(PATTERN, Attr::Text(name))]);
        }
    }

    /// Writes the sockets in states that there are, or that there were.
    pub(super) fn write_sockets(&self, live: LinkSeries, points: &mut Points<'_>) {
        for (bit, count, attributes) in self.sockets() {
            if count > 0 || live.0 & bit != 0 {
                points.add(count, &attributes);
            }
        }
    }

    /// The series that there are after writing.
    pub(super) fn socket_series(&self, live: LinkSeries) -> LinkSeries {
        let written = self.sockets().filter(|(_, count, _)| *count > 0);
        LinkSeries(written.fold(live.0, |all, (bit, ..)| all | bit))
    }

    fn sockets(&self) -> impl Iterator<Item = (u64, u64, [(Term, Attr<'static>); 2])> {
        let transports = self.sockets.iter().zip([Term::same("tcp"), Term::same("udp")]);
        transports.enumerate().flat_map(|(number, (states, transport))| {
            states.iter().enumerate().map(move |(state, count)| {
                let name = state_name(u8::try_from(state).unwrap_or_default());
                let attributes = [
                    (TRANSPORT, Attr::Word(transport)),
                    (CONNECTION_STATE, Attr::Text(name)),
                ];
                (1 << (number * STATES + state), *count, attributes)
            })
        })
    }
}

impl LinkSeries {
    /// Ends the series of sockets.
    pub(super) fn end_sockets(self, points: &mut Points<'_>) {
        for (bit, _, attributes) in LinkCounts::default().sockets() {
            if self.0 & bit != 0 {
                points.end(&attributes);
            }
        }
    }
}

impl Patterns {
    /// Ends the series of open files.
    pub(super) fn end(&self, points: &mut Points<'_>) {
        for (name, _) in &self.0 {
            points.end(&[(PATTERN, Attr::Text(name))]);
        }
    }
}
