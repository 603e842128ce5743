//! What can be done with a log, as plain data that proptest can leave out piece by piece.

use sidelight_wal::Outcome;
use sidelight_wal::testing::Random;

use super::entry::MOST_ITEMS;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Records of so many items and bytes.
    Append {
        records: Vec<(u32, usize)>,
        hand_over: bool,
    },
    Read {
        bytes: usize,
        records: usize,
    },
    /// Ends of records that are out.
    End(Vec<Pick>),
    /// Ends that are none: of what was ended, never was, or is empty.
    EndNothing(u64),
    BeginFlush,
    /// Runs the flush that was begun, if there is one; at its n-th call other steps are done.
    RunFlush {
        at: u64,
        during: Vec<Step>,
    },
    EndFlush,
    /// The log is dropped and opened again.
    Reopen,
}

/// Which record that is out (modulo their number) and which part of it (modulo its items) ends how.
#[derive(Clone, Debug)]
pub(crate) struct Pick {
    pub(crate) which: u64,
    /// `None`: all that is live of it.
    pub(crate) part: Option<(u32, u32)>,
    pub(crate) outcome: Outcome,
}

/// Which steps are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Shortest payload; 8 and more carry their number.
    pub(crate) shortest: usize,
    /// Largest payload, for one record in sixteen.
    pub(crate) largest: usize,
    /// Whether the log is dropped and opened again in between.
    pub(crate) reopen: bool,
}

impl Step {
    pub(crate) fn draw(shape: Shape, random: &mut Random) -> Self {
        match random.below(20) {
            0..6 => Self::append(shape, random),
            6..9 => Self::read(random),
            9..14 => Self::End((0..1 + random.below(4)).map(|_| Pick::draw(random)).collect()),
            14 => Self::EndNothing(random.number()),
            15 => Self::BeginFlush,
            16 | 17 => Self::run_flush(shape, random),
            18 => Self::EndFlush,
            _ if shape.reopen && random.once_in(3) => Self::Reopen,
            _ => Self::append(shape, random),
        }
    }

    /// As many as that.
    pub(crate) fn draw_many(number: usize, shape: Shape, random: &mut Random) -> Vec<Self> {
        (0..number).map(|_| Self::draw(shape, random)).collect()
    }

    fn append(shape: Shape, random: &mut Random) -> Self {
        let records = 1 + if random.once_in(3) { random.index(12) } else { 0 };
        let record = |random: &mut Random| {
            let len = match random.below(16) {
                0 => random.index(shape.largest),
                1 => shape.shortest,
                _ => random.index(400),
            };
            let items = if random.once_in(2) {
                1
            } else {
                1 + random.below(u64::from(MOST_ITEMS)) as u32
            };
            (items, len.max(shape.shortest))
        };
        Self::Append {
            records: (0..records).map(|_| record(random)).collect(),
            hand_over: random.once_in(2),
        }
    }

    fn read(random: &mut Random) -> Self {
        Self::Read {
            bytes: random.index(3_000),
            records: 1 + random.index(10),
        }
    }

    fn run_flush(shape: Shape, random: &mut Random) -> Self {
        let during = (0..random.below(4)).map(|_| match random.below(5) {
            0 | 1 => Self::append(shape, random),
            2 => Self::read(random),
            3 => Self::End(vec![Pick::draw(random), Pick::draw(random)]),
            _ => Self::BeginFlush,
        });
        let during = during.collect();
        Self::RunFlush {
            at: 1 + random.below(6),
            during,
        }
    }
}

impl Pick {
    fn draw(random: &mut Random) -> Self {
        let part = random
            .once_in(2)
            .then(|| (random.below(64) as u32, random.below(64) as u32));
        let outcome = match random.below(3) {
            // Moved, refused and lost are the log's own.
            0 => match Outcome::ALL[random.index(Outcome::ALL.len())] {
                Outcome::Moved | Outcome::Refused | Outcome::Lost => Outcome::Withdrawn,
                outcome => outcome,
            },
            _ => Outcome::Delivered,
        };
        Self {
            which: random.number(),
            part,
            outcome,
        }
    }
}
