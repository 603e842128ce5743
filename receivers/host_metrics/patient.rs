//! Asking file systems that may not answer.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use sidelight_procfs::host::space::Space;

/// How long a sample waits for such a file system.
const PATIENCE: Duration = Duration::from_millis(100);

/// A thread that waits for file systems whose server may be away, so that nobody else does. While it waits for one,
/// the others of this kind get no answer either; at most one such thread exists for a receiver.
#[derive(Debug, Default)]
pub(super) struct Patient {
    thread: Option<Thread>,
    /// The file system that it waits for since an earlier question.
    waits_for: Option<PathBuf>,
}

#[derive(Debug)]
struct Thread {
    questions: SyncSender<PathBuf>,
    answers: Receiver<io::Result<Space>>,
}

impl Patient {
    /// The room at `path`.
    ///
    /// # Errors
    /// What the file system says; `TimedOut` where it does not answer in time, or an earlier one still does not.
    pub(super) fn space_of(&mut self, path: &Path) -> io::Result<Space> {
        self.ask(path, Space::of)
    }

    fn ask(&mut self, path: &Path, space_of: fn(&Path) -> io::Result<Space>) -> io::Result<Space> {
        let thread = match &mut self.thread {
            Some(thread) => thread,
            none => none.insert(start(space_of)?),
        };
        if let Some(waits_for) = &self.waits_for {
            if thread.answers.try_recv().is_err() {
                return Err(no_answer(waits_for));
            }
            self.waits_for = None;
        }
        let asked = thread.questions.try_send(path.to_owned());
        let answer = match asked {
            Ok(()) => thread.answers.recv_timeout(PATIENCE),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        match answer {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.waits_for = Some(path.to_owned());
                Err(no_answer(path))
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.thread = None;
                Err(io::Error::other("the thread that asks file systems has ended"))
            }
        }
    }
}

fn start(space_of: fn(&Path) -> io::Result<Space>) -> io::Result<Thread> {
    let (questions, questions_here) = sync_channel::<PathBuf>(1);
    let (answers_here, answers) = sync_channel(1);
    let work = move || {
        while let Ok(path) = questions_here.recv() {
            if answers_here.send(space_of(&path)).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("file-systems".into()).spawn(work)?;
    Ok(Thread { questions, answers })
}

fn no_answer(path: &Path) -> io::Error {
    let message = format!("{} does not answer", path.display());
    io::Error::new(io::ErrorKind::TimedOut, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/hangs` answers when the file named in it is gone; everything else at once.
    fn slow(path: &Path) -> io::Result<Space> {
        while path.file_name().is_some_and(|name| name == "hangs") && path.exists() {
            thread::yield_now();
        }
        Ok(Space {
            total: 7,
            ..Space::default()
        })
    }

    #[test]
    fn one_that_hangs_costs_one_wait_and_the_others_come_back_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let hangs = folder.path().join("hangs");
        std::fs::write(&hangs, "").expect("written");
        let mut patient = Patient::default();
        assert!(patient.ask(Path::new("/quick"), slow).is_ok());
        for path in [&*hangs, &*hangs, Path::new("/quick")] {
            let error = patient.ask(path, slow).expect_err("no answer");
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert!(error.to_string().contains("hangs"), "{error}");
        }
        std::fs::remove_file(&hangs).expect("removed");
        while patient.ask(Path::new("/quick"), slow).is_err() {
            thread::yield_now();
        }
        assert_eq!(patient.ask(Path::new("/quick"), slow).expect("answers").total, 7);
    }

    #[test]
    fn a_real_file_system_answers() {
        assert!(
            Patient::default()
                .space_of(Path::new("/"))
                .expect("answered")
                .total
                > 0
        );
    }
}
