//! What is behind a point of the graph: queues of exporters, and further lines. Room is reserved in all of it before
//! anything goes there.

use std::sync::Arc;

use sidelight_component::{Batch, Outcome};
use sidelight_delivery::{Queue, Reservation};
use smallvec::SmallVec;

use crate::chain::Batches;
use crate::line::Line;

/// Everything that batches go to from one point; each gets all of them.
#[derive(Clone, Default)]
pub(crate) struct Ends {
    pub(crate) queues: Vec<Queue>,
    pub(crate) lines: Vec<Arc<Line>>,
}

/// Room for one batch in all that is behind a point, in the order of its [`Ends`].
#[derive(Default)]
pub(crate) struct Room {
    queues: SmallVec<[Reservation; 2]>,
    lines: SmallVec<[Box<Room>; 1]>,
}

/// The queues in which room is reserved already for the batch at hand.
pub(crate) type Reserved<'e> = SmallVec<[&'e Queue; 4]>;

impl Ends {
    /// Reserves room for a batch of this size in every queue, after every processor on the way agreed. A queue that the
    /// batch comes to on two ways has room for it once more: it would not get in otherwise where it just fits.
    ///
    /// # Errors
    /// The answer for the sender; nothing was taken.
    pub(crate) fn reserve<'e>(
        &'e self,
        bytes: usize,
        items: usize,
        reserved: &mut Reserved<'e>,
    ) -> Result<Room, Outcome> {
        let mut room = Room::default();
        for queue in &self.queues {
            let again = reserved.iter().any(|other| other.is(queue));
            let place = match again {
                true => queue.reserve_again(bytes, items),
                false => queue.reserve(bytes, items),
            };
            room.queues.push(place.map_err(|full| full.outcome())?);
            reserved.push(queue);
        }
        for line in &self.lines {
            let behind = line.reserve(bytes, items, reserved);
            room.lines
                .push(Box::new(behind.inspect_err(|_| line.refuse(items))?));
        }
        Ok(room)
    }

    /// Sends batches on to where they have room.
    pub(crate) fn hand_on(&self, batches: Batches, mut room: Room) {
        let shared = |batches: &Batches| batches.iter().map(Batch::share).collect::<Batches>();
        let last_line = self.lines.last().zip(room.lines.pop());
        let last_queue = if last_line.is_none() {
            room.queues.pop()
        } else {
            None
        };
        for queue in room.queues {
            queue.enqueue(batches.iter().map(Batch::share));
        }
        for (line, room) in self.lines.iter().zip(room.lines) {
            line.run(shared(&batches), *room);
        }
        match (last_line, last_queue) {
            (Some((line, room)), _) => line.run(batches, *room),
            (None, Some(queue)) => queue.enqueue(batches),
            (None, None) => batches.into_iter().for_each(|batch| batch.finish(Outcome::Done)),
        }
    }

    /// Bytes in the fullest queue.
    pub(crate) fn held_bytes(&self) -> usize {
        let queues = self.queues.iter().map(Queue::held_bytes);
        let lines = self.lines.iter().map(|line| line.held_bytes());
        queues.chain(lines).max().unwrap_or(0)
    }
}
