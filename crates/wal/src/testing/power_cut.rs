//! What is left after a power cut.
//!
//! Of what was pending, every sector of a file is as it was seen at *some* moment since the last sync, whatever its neighbours are: so writes
//! are lost, torn and reordered, never mixed within a sector. The length is one of those that the file had, or lies between two of them;
//! where it reaches further than the sectors that survived there are zeros, or what a removed file left there (ext4 with `data=writeback`).
//! Names come and go one by one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::disk::{BLOCK_BYTES, Change, Disk, Inode};
use super::random::Random;

const PAGE_BYTES: usize = 4096;

/// The disk as the next start finds it.
pub(super) fn after_power_cut(disk: &Disk, random: &mut Random) -> Disk {
    let names = surviving_names(disk, random);
    let stale = stale_bytes(disk, random);
    let mut left = Disk::empty(disk.capacity, disk.durable_folders.clone());
    for (path, number) in names {
        let known = path.parent().is_some_and(|folder| left.folders.contains(folder));
        if let (true, Some(inode)) = (known, disk.inodes.get(&number)) {
            let number = left.put(Inode::with(surviving_content(inode, &stale, random)));
            left.names.insert(path.clone(), number);
            left.durable_names.insert(path, number);
        }
    }
    left
}

/// Each name as it was after some of its changes.
fn surviving_names(disk: &Disk, random: &mut Random) -> BTreeMap<PathBuf, u64> {
    let mut changes: BTreeMap<&Path, Vec<Option<u64>>> = BTreeMap::new();
    for (path, number) in &disk.pending_names {
        changes.entry(path).or_default().push(*number);
    }
    let mut names = disk.durable_names.clone();
    for (path, changes) in changes {
        let Some(last) = random.index(changes.len() + 1).checked_sub(1) else {
            continue;
        };
        match changes.get(last).copied().flatten() {
            Some(number) => names.insert(path.to_path_buf(), number),
            None => names.remove(path),
        };
    }
    names
}

/// What lies in the sectors that a file was given but never wrote: mostly zeros.
fn stale_bytes(disk: &Disk, random: &mut Random) -> Vec<u8> {
    if !random.once_in(8) {
        return Vec::new();
    }
    let longest = disk.inodes.values().max_by_key(|inode| inode.durable.len());
    longest.map(|inode| inode.durable.clone()).unwrap_or_default()
}

/// Which moment the sectors of a file are taken from, as numbers of changes that were made.
enum Survival {
    /// All from the same moment: the writes came to the disk in order.
    InOrder(usize),
    /// Each from a moment of its own.
    AnyMoment,
    /// Each from the beginning or the end; once in so many times from the end.
    NoneOrAll(u64),
}

impl Survival {
    fn draw(changes: usize, random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::InOrder(0),
            1 => Self::InOrder(changes),
            2 => Self::InOrder(random.index(changes + 1)),
            3 => Self::AnyMoment,
            4 => Self::NoneOrAll(2),
            _ => Self::NoneOrAll(8),
        }
    }

    fn moment(&self, changes: usize, random: &mut Random) -> usize {
        match self {
            Self::InOrder(moment) => *moment,
            Self::AnyMoment => random.index(changes + 1),
            Self::NoneOrAll(times) if random.once_in(*times) => changes,
            Self::NoneOrAll(_) => 0,
        }
    }
}

/// The content of a file after the cut; also what a failed sync leaves of it.
pub(super) fn surviving_content(inode: &Inode, stale: &[u8], random: &mut Random) -> Vec<u8> {
    let changes = inode.pending.len();
    if changes == 0 {
        return inode.durable.clone();
    }
    let lengths = lengths(inode);
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let survival = Survival::draw(changes, random);
    let sector = if random.once_in(2) {
        BLOCK_BYTES
    } else {
        PAGE_BYTES
    };
    let moments: Vec<usize> = (0..longest.div_ceil(sector))
        .map(|_| survival.moment(changes, random))
        .collect();
    let mut content = inode.durable.clone();
    content.extend(stale.iter().copied().skip(content.len()));
    content.resize(longest, 0);
    for (index, change) in inode.pending.iter().enumerate() {
        for number in touched(change, longest).start / sector..touched(change, longest).end.div_ceil(sector) {
            if moments.get(number).is_some_and(|moment| index < *moment) {
                apply_within(
                    change,
                    number * sector..((number + 1) * sector).min(longest),
                    &mut content,
                );
            }
        }
    }
    content.resize(surviving_length(&lengths, &survival, random), 0);
    content
}

/// The lengths that the file had: on the disk, then after each change.
fn lengths(inode: &Inode) -> Vec<usize> {
    let mut length = inode.durable.len();
    let mut lengths = vec![length];
    for change in &inode.pending {
        length = match change {
            Change::Write { offset, bytes } => length.max(offset + bytes.len()),
            Change::SetLen(len) => *len,
        };
        lengths.push(length);
    }
    lengths
}

fn surviving_length(lengths: &[usize], survival: &Survival, random: &mut Random) -> usize {
    let moment = match survival {
        Survival::InOrder(moment) => *moment,
        Survival::AnyMoment | Survival::NoneOrAll(_) => random.index(lengths.len()),
    };
    let length = lengths.get(moment).copied().unwrap_or(0);
    match lengths.get(moment + 1) {
        // Half way to the next one: at a byte, or at the end of a sector.
        Some(next) if *next > length && random.once_in(2) => {
            let between = length + random.index(next - length);
            if random.once_in(2) {
                between
            } else {
                between.next_multiple_of(BLOCK_BYTES).min(*next)
            }
        }
        _ => length,
    }
}

/// The bytes that a change has to do with.
fn touched(change: &Change, longest: usize) -> Range<usize> {
    match change {
        Change::Write { offset, bytes } => *offset..offset + bytes.len(),
        Change::SetLen(len) => *len..longest.max(*len),
    }
}

/// Does to one sector what a change did to it.
fn apply_within(change: &Change, sector: Range<usize>, content: &mut [u8]) {
    match change {
        Change::Write { offset, bytes } => {
            let begin = sector.start.max(*offset);
            let end = sector.end.min(offset + bytes.len());
            if begin < end {
                content[begin..end].copy_from_slice(&bytes[begin - offset..end - offset]);
            }
        }
        Change::SetLen(len) => {
            let begin = sector.start.max(*len);
            if begin < sector.end {
                content[begin..sector.end].fill(0);
            }
        }
    }
}
