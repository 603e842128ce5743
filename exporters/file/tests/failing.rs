//! Disks that are full, and kills in the middle of a write.

use std::process::Command;

use sidelight_component::Budget;

use super::*;
use crate::file::destination::{Destination, Place, Settings};
use crate::file::record::Layout;
use crate::file::rotation::Keep;

#[tokio::test]
async fn a_full_disk_is_told_with_its_reason_and_tried_again() {
    let exporter = start(Path::new("/dev/full"), "", &Clock::system()).await.unwrap();
    for _ in 0..2 {
        let sent = send(&*exporter, Signal::Logs, &payload(Signal::Logs, "a")).await;
        let Sent::Retry {
            reason,
            maybe_processed: false,
            after: None,
        } = sent
        else {
            panic!("{sent:?}")
        };
        assert!(reason.contains("No space left on device"), "{reason}");
    }
}

/// Set for the process that [`a_write_that_fails_half_way_leaves_nothing`] starts; names the file.
const LIMITED: &str = "SIDELIGHT_TEST_LIMITED_FILE";

/// The system cuts writes at a limit of the file's size just as it does at the disk's end, and needs no root for it.
#[test]
fn a_write_that_fails_half_way_leaves_nothing() {
    let rig = Rig::new();
    let program = std::env::current_exe().unwrap();
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(program)
        .args([
            "--exact",
            "file::tests::failing::the_process_with_a_limit",
            "--nocapture",
        ])
        .env(LIMITED, rig.path())
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    // 1,000 bytes are in each, and no file may have more than 16 blocks.
    let found = requests(&rig.text()).len();
    assert!(found > 5, "{found}");
}

/// Does nothing unless it was started as a process of its own.
#[tokio::test]
async fn the_process_with_a_limit() {
    let Some(path) = std::env::var_os(LIMITED).map(PathBuf::from) else {
        return;
    };
    let exporter = start(&path, "", &Clock::system()).await.unwrap();
    let log = payload(Signal::Logs, &"x".repeat(1_000));
    let mut accepted = 0;
    let refused = loop {
        match send(&*exporter, Signal::Logs, &log).await {
            Sent::Accepted => accepted += 1,
            other => break other,
        }
    };
    assert!(
        matches!(
            &refused,
            Sent::Retry {
                maybe_processed: false,
                ..
            }
        ),
        "{refused:?}"
    );
    let len = std::fs::metadata(&path).unwrap().len();
    assert_eq!(requests(&std::fs::read_to_string(&path).unwrap()).len(), accepted);
    // It was cut back, not just refused: there was room for a part of a record.
    assert_ne!(len % 512, 0);
    // A smaller one fits still.
    assert_eq!(
        send(&*exporter, Signal::Logs, &payload(Signal::Logs, "y")).await,
        Sent::Accepted
    );
}

#[test]
fn a_record_that_is_cut_at_any_byte_is_gone_when_the_file_is_opened_again() {
    for layout in [Layout::Lines, Layout::ProtoFrames, Layout::ZstdFrames] {
        let (whole, last) = records(layout);
        let rig = Rig::new();
        for cut in 1..=last.len() {
            let torn = [&whole[..], &last[..last.len() - cut]].concat();
            std::fs::write(rig.path(), &torn).unwrap();
            let place = Place::File(rig.path());
            let settings = Settings {
                place,
                empties: false,
                layout,
                keep: Keep::default(),
                directory_mode: None,
            };
            Destination::new(settings).start(NOW).unwrap();
            assert_eq!(
                std::fs::read(rig.path()).unwrap(),
                whole,
                "{layout:?} without {cut} bytes"
            );
        }
        assert_eq!(rig.names().len(), 1);
    }
}

#[test]
fn a_line_of_which_a_power_cut_left_zeros_is_gone_and_a_long_one_is_searched_in_blocks() {
    let rig = Rig::new();
    let (whole, last) = records(Layout::Lines);
    let long = [&whole[..], &last[..20], &b"x".repeat(200_000)].concat();
    for torn in [long, [&whole[..], &[0; 5_000]].concat()] {
        std::fs::write(rig.path(), torn).unwrap();
        let place = Place::File(rig.path());
        let layout = Layout::Lines;
        let settings = Settings {
            place,
            empties: false,
            layout,
            keep: Keep::default(),
            directory_mode: None,
        };
        Destination::new(settings).start(NOW).unwrap();
        assert_eq!(std::fs::read(rig.path()).unwrap(), whole);
    }
}

/// Two records, and one more.
fn records(layout: Layout) -> (Vec<u8>, Vec<u8>) {
    let format = crate::file::config::Format::Json;
    let format = if layout == Layout::ProtoFrames {
        crate::file::config::Format::Proto
    } else {
        format
    };
    let encoder = crate::file::record::Encoder::new(format, layout, &Budget::default());
    let record = |name| {
        encoder
            .encode(Signal::Logs, &payload(Signal::Logs, name))
            .unwrap()
            .body[0]
            .to_vec()
    };
    ([record("first"), record("second")].concat(), record("third"))
}
