//! `sidelight top`: a screen of the host, processes and log files, without a configuration.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::program::{PATIENCE, run};

/// Reads what it shows until `wanted` is there; panics with what there was instead.
async fn shown(top: &mut Child, wanted: &[&str]) -> String {
    let mut lines = BufReader::new(top.stdout.take().expect("piped")).lines();
    let mut text = String::new();
    let read = async {
        while !wanted.iter().all(|wanted| text.contains(wanted)) {
            let line = lines.next_line().await.expect("readable").expect("it goes on");
            text.push_str(&line);
            text.push('\n');
        }
    };
    let found = tokio::time::timeout(PATIENCE, read).await;
    assert!(found.is_ok(), "not all of {wanted:?} in\n{text}");
    text
}

#[tokio::test]
async fn the_screen_shows_host_process_and_the_last_lines_of_a_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("app.log");
    std::fs::write(&log, "first\nsecond\n\x1b[2Jthird\nfourth\n").expect("written");
    let mut app = Command::new("sleep")
        .arg("987654")
        .kill_on_drop(true)
        .spawn()
        .expect("a process to watch");
    let mut top = Command::new(env!("CARGO_BIN_EXE_sidelight"))
        .args(["top", "--interval", "1s", "--process", "^sleep 98765[4]$"])
        .args(["--pid", "4194304"])
        .arg("--log")
        .arg(&log)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let text = shown(
        &mut top,
        &[
            "memory",
            "rss",
            "not found",
            "second\n  \\u{1b}[2Jthird\n  fourth\n",
        ],
    )
    .await;
    assert!(!text.contains("first") && !text.contains('\x1b'), "{text}");

    app.kill().await.expect("killed");
    let pid = top.id().expect("it runs").to_string();
    let kill = Command::new("kill").args(["-INT", &pid]).status().await;
    assert!(kill.expect("kill").success());
    let status = tokio::time::timeout(PATIENCE, top.wait()).await;
    assert_eq!(status.expect("it ends").expect("a status").code(), Some(0));
}

#[tokio::test]
async fn what_cannot_be_shown_is_said_with_what_to_do() {
    for (arguments, wanted) in [
        (&["--interval", "10"][..], "10"),
        (&["--interval", "10ms"], "must be at least 1s"),
        (&["--process", "a(b"], "is no regular expression"),
        (
            &["--process", "a", "--config", "pipeline.yaml"],
            "cannot be used with",
        ),
    ] {
        let output = run(&[&["top"], arguments].concat()).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(wanted), "{arguments:?}: {said}");
    }
}
