//! Sockets by state, and the tables `/proc/<pid>/net/{tcp,tcp6,udp,udp6}`.

use crate::fields::{hexadecimal, words};

/// The states of a TCP connection (`include/net/tcp_states.h`); the first has the number 1.
pub const TCP_STATES: [&str; 12] = [
    "established",
    "syn_sent",
    "syn_received",
    "fin_wait_1",
    "fin_wait_2",
    "time_wait",
    "closed",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
    // A connection that is not yet accepted; to everyone else it is one in `syn_received`.
    "new_syn_received",
];

/// How many sockets are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketCounts([u64; TCP_STATES.len()]);

impl SocketCounts {
    /// Counts a socket in the kernel's state with this number.
    pub fn count(&mut self, state: u8) {
        // What is not yet accepted is shown as SYN_RECV by the tables.
        let state = if state == 12 { 3 } else { state };
        let slot = usize::from(state)
            .checked_sub(1)
            .and_then(|at| self.0.get_mut(at));
        if let Some(count) = slot {
            *count += 1;
        }
    }

    /// Counts the socket of one line of a table; its heading and anything else is left out.
    pub fn count_line(&mut self, line: &[u8]) {
        // sl, local address, remote address, state.
        let mut fields = words(line);
        if !fields.next().is_some_and(|slot| slot.ends_with(b":")) {
            return;
        }
        let state = fields.nth(2).and_then(hexadecimal);
        if let Some(state) = state.and_then(|state| u8::try_from(state).ok()) {
            self.count(state);
        }
    }

    /// The states with their counts, those of UDP among them: a connected socket is `established`, another `closed`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        TCP_STATES.into_iter().zip(self.0).take(TCP_STATES.len() - 1)
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}
