//! Sockets by state, asked from the kernel over netlink (sock_diag(7)).
//!
//! `/proc/net/tcp` is text that the kernel makes by going through its whole hash table, once for `tcp` and once more
//! for `tcp6`: on a host with 24 GB of memory that takes 4.5 ms each time, with a single connection. The same walk for
//! netlink takes 0.2 ms.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with, sockopt,
};

use super::sockets::SocketCounts;

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `AF_INET`.
    V4 = 2,
    /// `AF_INET6`.
    V6 = 10,
}

/// The protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `IPPROTO_TCP`.
    Tcp = 6,
    /// `IPPROTO_UDP`.
    Udp = 17,
}

/// The size of an answer; the kernel fills up to 32 KiB at once.
const ANSWER_BYTES: usize = 32 << 10;

/// The most answers to one question: some 20 million sockets.
const MAX_ANSWERS: usize = 50_000;

/// How long the kernel may take for one answer; it takes microseconds.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST_DUMP: u16 = 0x301;
const HEADER_BYTES: usize = 16;
/// `struct inet_diag_req_v2`.
const REQUEST_BYTES: usize = 56;

/// A socket to ask over. Sees the network namespace that it was opened in.
#[derive(Debug)]
pub struct SockDiag {
    socket: OwnedFd,
    answer: Box<[MaybeUninit<u8>]>,
    sequence: u32,
}

impl SockDiag {
    /// Opens it.
    ///
    /// # Errors
    /// What `socket(2)` says, where the kernel has no netlink or a filter forbids it.
    pub fn open() -> io::Result<Self> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(SOCK_DIAG),
        )?;
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(TIMEOUT))?;
        Ok(Self {
            socket,
            answer: Box::new_uninit_slice(ANSWER_BYTES),
            sequence: 0,
        })
    }

    /// Counts all sockets of a family and protocol by their state.
    ///
    /// # Errors
    /// `ENOENT` where the kernel's module for it is not there, and what `send(2)`, `recv(2)` say.
    pub fn count(&mut self, family: Family, protocol: Protocol, counts: &mut SocketCounts) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let request = request(family, protocol, self.sequence);
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.socket, &request, SendFlags::empty(), &kernel)?;
        for _ in 0..MAX_ANSWERS {
            let ((answer, _), length) = recv(&self.socket, &mut *self.answer, RecvFlags::empty())?;
            if length > answer.len() {
                return Err(io::Error::other("an answer was longer than 32 KiB"));
            }
            if count_answer(answer, self.sequence, counts)? {
                return Ok(());
            }
        }
        Err(io::Error::other("the kernel's answer does not end"))
    }
}

/// Asks for the sockets in all states.
fn request(family: Family, protocol: Protocol, sequence: u32) -> [u8; HEADER_BYTES + REQUEST_BYTES] {
    let mut request = [0; HEADER_BYTES + REQUEST_BYTES];
    let mut put = |at: usize, bytes: &[u8]| request[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &((HEADER_BYTES + REQUEST_BYTES) as u32).to_ne_bytes());
    put(4, &SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    put(6, &NLM_F_REQUEST_DUMP.to_ne_bytes());
    put(8, &sequence.to_ne_bytes());
    put(HEADER_BYTES, &[family as u8, protocol as u8]);
    put(HEADER_BYTES + 4, &u32::MAX.to_ne_bytes());
    request
}

/// Counts the sockets of one answer. True where it was the last.
fn count_answer(answer: &[u8], sequence: u32, counts: &mut SocketCounts) -> io::Result<bool> {
    let mut rest = answer;
    while let Some(message) = Message::first(rest) {
        // An answer to a question that was given up earlier.
        if message.sequence == sequence {
            match message.kind {
                NLMSG_DONE => return Ok(true),
                NLMSG_ERROR => return Err(message.error()),
                // `struct inet_diag_msg` begins with family and state.
                _ => counts.count(message.content.get(1).copied().unwrap_or(0)),
            }
        }
        rest = rest.get(message.size..).unwrap_or_default();
    }
    Ok(false)
}

struct Message<'a> {
    kind: u16,
    sequence: u32,
    content: &'a [u8],
    /// With the bytes that fill it up to a multiple of four.
    size: usize,
}

impl<'a> Message<'a> {
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let (header, _) = bytes.split_first_chunk::<HEADER_BYTES>()?;
        let [l0, l1, l2, l3, k0, k1, _, _, s0, s1, s2, s3, ..] = *header;
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).ok()?;
        Some(Self {
            kind: u16::from_ne_bytes([k0, k1]),
            sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
            content: bytes.get(HEADER_BYTES..length)?,
            size: length.checked_next_multiple_of(4)?,
        })
    }

    fn error(&self) -> io::Error {
        match self.content.first_chunk::<4>() {
            Some(errno) => io::Error::from_raw_os_error(i32::from_ne_bytes(*errno).saturating_neg()),
            None => io::Error::other("the kernel answers with an error that it does not name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use proptest::prelude::*;

    use super::*;

    fn counts(protocol: Protocol) -> SocketCounts {
        let (mut diag, mut counts) = (SockDiag::open().expect("opened"), SocketCounts::default());
        for family in [Family::V4, Family::V6] {
            diag.count(family, protocol, &mut counts).expect("counted");
        }
        counts
    }

    fn of(counts: &SocketCounts, state: &str) -> u64 {
        counts
            .iter()
            .find(|(name, _)| *name == state)
            .map_or(0, |(_, count)| count)
    }

    #[test]
    fn real_sockets_are_counted_in_their_states() {
        const MANY: usize = 300;
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let ends: Vec<(TcpStream, TcpStream)> = (0..MANY)
            .map(|_| {
                let client = TcpStream::connect(address).expect("connected");
                (client, listener.accept().expect("accepted").0)
            })
            .collect();
        let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
        let tcp = counts(Protocol::Tcp);
        assert!(of(&tcp, "listen") >= 1);
        assert!(of(&tcp, "established") >= 2 * MANY as u64, "{tcp:?}");
        assert!(counts(Protocol::Udp).total() >= 1);
        // One end of each closes: the other has to, too.
        for (client, _) in &ends {
            client.shutdown(std::net::Shutdown::Write).expect("shut down");
        }
        let tcp = counts(Protocol::Tcp);
        assert!(of(&tcp, "close_wait") >= MANY as u64, "{tcp:?}");
        drop((udp, ends));
    }

    proptest! {
        #[test]
        fn any_answer_is_read_to_its_end(bytes in proptest::collection::vec(any::<u8>(), 0..400), sequence: u32) {
            let _ = count_answer(&bytes, sequence, &mut SocketCounts::default());
        }
    }
}
