//! `/proc/<pid>/net/{tcp,tcp6,udp,udp6}`, proc_pid_net(5): the sockets of the network that a process sees.

use std::io;
use std::os::fd::OwnedFd;

use rustix::buffer::spare_capacity;
use rustix::io::{Errno, read};

use super::Process;
use crate::fields::{hexadecimal, number, words};
use crate::host::sockets::TCP_STATES;

/// Most sockets of a network that are kept: 4 MB. Those beyond belong to nobody.
const MAX_SOCKETS: usize = 1 << 18;

/// What is read at once. The kernel hands out whole lines, a page of them at a time.
const CHUNK: usize = 32 << 10;

/// The transport of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// Over IPv4 or IPv6.
    Tcp,
    /// Over IPv4 or IPv6.
    Udp,
}

/// The sockets of one network by inode.
#[derive(Debug, Default)]
pub struct SocketTable {
    /// Ascending by inode.
    sockets: Vec<(u64, Transport, u8)>,
    chunk: Vec<u8>,
}

impl SocketTable {
    /// Reads the sockets of the network that `process` sees in place of those it had. A kernel without IPv6 has no
    /// table of it, which is no error.
    ///
    /// # Errors
    /// `EACCES` for the process of another user.
    pub fn read(&mut self, process: &Process) -> io::Result<()> {
        self.sockets.clear();
        let tables = [
            ("net/tcp", Transport::Tcp),
            ("net/tcp6", Transport::Tcp),
            ("net/udp", Transport::Udp),
            ("net/udp6", Transport::Udp),
        ];
        for (name, transport) in tables {
            match process.open(name) {
                Ok(file) => self.take_table(&file, transport)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        self.sockets.sort_unstable();
        Ok(())
    }

    /// The transport and state of the socket with this inode; see [`state_name`].
    pub fn get(&self, inode: u64) -> Option<(Transport, u8)> {
        let at = self
            .sockets
            .binary_search_by_key(&inode, |socket| socket.0)
            .ok()?;
        self.sockets
            .get(at)
            .map(|(_, transport, state)| (*transport, *state))
    }

    /// Takes a table line by line; what is left of a line waits for the next read.
    fn take_table(&mut self, file: &OwnedFd, transport: Transport) -> io::Result<()> {
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.clear();
        let result = loop {
            chunk.reserve(CHUNK);
            match read(file, spare_capacity(&mut chunk)) {
                Ok(0) => break Ok(()),
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => break Err(error.into()),
            }
            let Some(last) = chunk.iter().rposition(|byte| *byte == b'\n') else {
                // No line is that long: it is another file.
                break Ok(());
            };
            for line in chunk.get(..last).unwrap_or_default().split(|byte| *byte == b'\n') {
                if let Some((inode, state)) = socket_of(line) {
                    self.sockets.push((inode, transport, state));
                }
            }
            if self.sockets.len() >= MAX_SOCKETS {
                break Ok(());
            }
            chunk.drain(..=last);
        };
        self.chunk = chunk;
        result
    }
}

/// Inode and state of a line; the heading and what belongs to no process (inode 0) are `None`.
fn socket_of(line: &[u8]) -> Option<(u64, u8)> {
    let mut fields = words(line);
    let state = u8::try_from(hexadecimal(fields.nth(3)?)?).ok()?;
    let inode = number(fields.nth(5)?)?;
    (inode != 0).then_some((inode, state))
}

/// What the semantic conventions call a state of TCP (`network.connection.state`); `include/net/tcp_states.h`.
/// UDP has `established` where the socket is connected, else `closed`.
pub fn state_name(state: u8) -> &'static str {
    // What is not accepted yet is SYN_RECV in the tables.
    let number = if state == 12 { 3 } else { usize::from(state) };
    let name = number.checked_sub(1).and_then(|place| TCP_STATES.get(place));
    name.copied().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_state_fourth_and_its_inode_tenth() {
        let heading = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
        let line = b"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 70123 1 00 100 0";
        let orphan = b"   1: 0100007F:1F90 0100007F:9999 06 00000000:00000000 03:00000F00 00000000     0        0 0 3 00";
        assert_eq!(socket_of(heading), None);
        assert_eq!(socket_of(line), Some((70123, 10)));
        assert_eq!(socket_of(orphan), None);
        assert_eq!(socket_of(b""), None);
    }
}
