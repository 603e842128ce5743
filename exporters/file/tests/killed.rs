//! `kill -9` at any moment.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

/// Set for the process that is killed; names the file.
const VICTIM: &str = "SIDELIGHT_TEST_KILLED_FILE";

/// What the process says of every request that was accepted.
const ACCEPTED: &str = "accepted request";

#[tokio::test]
async fn what_was_accepted_before_a_kill_is_in_the_file_in_whole_lines() {
    for kills_after in [1, 40, 150] {
        let rig = Rig::new();
        let accepted = write_until_killed(&rig.path(), kills_after);
        // The next start.
        rig.start("").await;
        let found = requests(&rig.text()).len();
        assert!(found >= accepted, "{found} of {accepted}");
        assert!(accepted >= kills_after);
    }
}

/// Requests that the process has said to be accepted until it was gone.
fn write_until_killed(path: &Path, kills_after: usize) -> usize {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "file::tests::killed::the_process_that_is_killed",
            "--nocapture",
        ])
        .env(VICTIM, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut accepted = 0;
    while accepted < kills_after {
        accepted += usize::from(said.next().unwrap() == ACCEPTED);
    }
    process.kill().unwrap();
    process.wait().unwrap();
    accepted + said.filter(|line| line == ACCEPTED).count()
}

/// Does nothing unless it was started as a process of its own.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Some(path) = std::env::var_os(VICTIM).map(PathBuf::from) else {
        return;
    };
    let exporter = start(&path, "", &Clock::system()).await.unwrap();
    let log = payload(Signal::Logs, &"x".repeat(200_000));
    let mut out = std::io::stdout();
    for _ in 0..2_000 {
        assert_eq!(send(&*exporter, Signal::Logs, &log).await, Sent::Accepted);
        writeln!(out, "{ACCEPTED}").unwrap();
    }
}
