//! `/proc/<pid>/net/dev`.

use crate::fields::{lines, number, words};

/// Most interfaces that are read.
const MAX_INTERFACES: usize = 10_000;

/// What one side of an interface did since it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Packets with errors.
    pub errors: u64,
    /// Packets for which there was no room.
    pub dropped: u64,
}

/// An interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface<'a> {
    /// `eth0`.
    pub name: &'a str,
    /// What came in.
    pub received: Traffic,
    /// What went out.
    pub sent: Traffic,
}

/// The interfaces, in the file's order.
pub fn interfaces(text: &[u8]) -> impl Iterator<Item = Interface<'_>> {
    // Two lines of headings have no `:` with figures behind it.
    lines(text).take(MAX_INTERFACES).filter_map(interface)
}

fn interface(line: &[u8]) -> Option<Interface<'_>> {
    // An alias has a `:` in its name; the figures have none.
    let colon = line.iter().rposition(|byte| *byte == b':')?;
    let (name, figures) = (line.get(..colon)?, line.get(colon + 1..)?);
    let name = std::str::from_utf8(name.trim_ascii()).ok()?;
    let mut values = [0; 12];
    for (value, field) in values.iter_mut().zip(words(figures)) {
        *value = number(field)?;
    }
    let [bytes, packets, errors, dropped, ..] = values;
    // Four more of receiving follow: fifo, frame, compressed, multicast.
    let [.., sent_bytes, sent_packets, sent_errors, sent_dropped] = values;
    let fields = words(figures).count();
    (fields >= values.len()).then_some(Interface {
        name,
        received: Traffic {
            bytes,
            packets,
            errors,
            dropped,
        },
        sent: Traffic {
            bytes: sent_bytes,
            packets: sent_packets,
            errors: sent_errors,
            dropped: sent_dropped,
        },
    })
}
