//! What others do to the file, and what lies where it should be.

use std::process::Command;

use super::*;

#[tokio::test]
async fn a_file_that_is_moved_away_or_removed_is_made_anew() {
    let rig = Rig::new();
    let exporter = rig.start("").await;
    let moved = rig.folder.path().join("moved.json");
    let log = |name| payload(Signal::Logs, name);
    send(&*exporter, Signal::Logs, &log("a")).await;
    std::fs::rename(rig.path(), &moved).unwrap();
    send(&*exporter, Signal::Logs, &log("b")).await;
    assert_eq!(requests(&std::fs::read_to_string(&moved).unwrap()).len(), 1);
    assert_eq!(requests(&rig.text()).len(), 1);
    std::fs::remove_file(rig.path()).unwrap();
    send(&*exporter, Signal::Logs, &log("c")).await;
    assert_eq!(requests(&rig.text()).len(), 1);
    // As logrotate's `create` does: another file has the name already.
    std::fs::rename(rig.path(), &moved).unwrap();
    std::fs::write(rig.path(), "").unwrap();
    send(&*exporter, Signal::Logs, &log("d")).await;
    assert_eq!(requests(&rig.text()).len(), 1);
}

#[tokio::test]
async fn a_file_that_is_emptied_is_written_from_its_start() {
    let rig = Rig::new();
    let exporter = rig.start("").await;
    for name in ["a", "b"] {
        send(&*exporter, Signal::Logs, &payload(Signal::Logs, name)).await;
        let file = std::fs::OpenOptions::new().write(true).open(rig.path()).unwrap();
        assert_eq!(requests(&rig.text()).len(), 1);
        file.set_len(0).unwrap();
    }
}

#[tokio::test]
async fn a_folder_that_is_removed_is_waited_for() {
    let rig = Rig::new();
    let folder = rig.folder.path().join("sub");
    std::fs::create_dir(&folder).unwrap();
    let exporter = start(&folder.join("out.json"), "", &rig.clock).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let log = payload(Signal::Logs, "a");
    assert!(matches!(
        send(&*exporter, Signal::Logs, &log).await,
        Sent::Retry {
            maybe_processed: false,
            ..
        }
    ));
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(send(&*exporter, Signal::Logs, &log).await, Sent::Accepted);
}

#[tokio::test]
async fn links_pipes_and_folders_are_refused_at_the_start() {
    let rig = Rig::new();
    let target = rig.folder.path().join("target");
    std::fs::write(&target, "precious").unwrap();
    let link = rig.folder.path().join("link");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let pipe = rig.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, complaint) in [
        (&link, "symbolic link"),
        (&pipe, "it is no file"),
        (&rig.folder.path().to_path_buf(), "directory"),
    ] {
        let error = start(path, "append: false", &rig.clock).await.err().unwrap();
        assert_eq!(error.setting.as_deref(), Some("path"));
        assert!(error.message.contains(complaint), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
}

#[tokio::test]
async fn what_is_no_file_of_ours_is_put_aside_and_not_touched() {
    for (yaml, content) in [
        ("", &b"somebody's notes, without a line feed"[..]),
        ("format: proto", b"{\"resourceLogs\":[]}\n"),
        ("format: json\ncompression: zstd", b"\0\0\0\x02\x0a\x00"),
        ("format: proto", b"\0\0\0\0\0\0\0\0"),
    ] {
        let rig = Rig::new();
        std::fs::write(rig.path(), content).unwrap();
        rig.start(yaml).await;
        let aside = rig.folder.path().join("out-2026-11-20T10-15-30.123.json");
        assert_eq!(std::fs::read(aside).unwrap(), content);
        assert_eq!(rig.text(), "");
    }
}
