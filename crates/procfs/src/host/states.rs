//! States of processes.

/// How many processes are in which state (`proc_pid_stat(5)`, field 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// R: runs or could.
    pub running: u64,
    /// S: sleeps.
    pub sleeping: u64,
    /// D: waits for a disk or the like, and cannot be woken.
    pub waiting: u64,
    /// I: a thread of the kernel that does nothing.
    pub idle: u64,
    /// T, t: stopped, by a signal or a debugger.
    pub stopped: u64,
    /// Z, X: ended, and its parent has not asked for its status.
    pub defunct: u64,
    /// A state that this table does not know.
    pub other: u64,
}

impl States {
    /// Counts a process by the text of its `/proc/<pid>/stat`.
    pub fn count(&mut self, stat: &[u8]) {
        let slot = match state(stat) {
            Some(b'R') => &mut self.running,
            Some(b'S') => &mut self.sleeping,
            Some(b'D') => &mut self.waiting,
            Some(b'I') => &mut self.idle,
            Some(b'T' | b't') => &mut self.stopped,
            Some(b'Z' | b'X' | b'x') => &mut self.defunct,
            _ => &mut self.other,
        };
        *slot += 1;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        [
            self.sleeping,
            self.waiting,
            self.idle,
            self.stopped,
            self.defunct,
            self.other,
        ]
        .iter()
        .fold(self.running, |sum, count| sum.saturating_add(*count))
    }
}

/// The state stands behind the name in parentheses, and the name may have parentheses and spaces itself.
fn state(stat: &[u8]) -> Option<u8> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    stat.get(name_end + 2).copied()
}
