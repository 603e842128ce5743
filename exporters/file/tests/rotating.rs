//! Files that are full.

use std::time::Duration;

use super::*;
use crate::file::destination::{Destination, Place, Settings};
use crate::file::record::Layout;
use crate::file::rotation::Keep;

const LINE: &[u8] = b"{\"resourceLogs\":[]}\n";

fn destination(path: PathBuf, keep: Keep) -> Destination {
    let place = Place::File(path);
    Destination::new(Settings {
        place,
        empties: false,
        layout: Layout::Lines,
        keep,
        directory_mode: None,
    })
}

#[test]
fn a_full_file_is_put_aside_whole_and_the_newest_are_kept() {
    let rig = Rig::new();
    let keep = Keep {
        max_bytes: Some(3 * LINE.len() as u64),
        max_backups: Some(2),
        ..Keep::default()
    };
    let mut destination = destination(rig.path(), keep);
    for second in 0..10 {
        let at = NOW + Duration::from_secs(second).as_nanos() as u64;
        destination.append(LINE, at).unwrap();
    }
    let names = [
        "out-2026-11-20T10-15-36.123.json",
        "out-2026-11-20T10-15-39.123.json",
        "out.json",
    ];
    assert_eq!(rig.names(), names);
    let lines =
        names.map(|name| requests(&std::fs::read_to_string(rig.folder.path().join(name)).unwrap()).len());
    assert_eq!(lines, [3, 3, 1]);
}

#[test]
fn records_larger_than_a_file_may_be_get_one_of_their_own() {
    let rig = Rig::new();
    let mut destination = destination(
        rig.path(),
        Keep {
            max_bytes: Some(1),
            ..Keep::default()
        },
    );
    for _ in 0..3 {
        destination.append(LINE, NOW).unwrap();
    }
    assert_eq!(rig.names().len(), 3);
    assert_eq!(rig.text().as_bytes(), LINE);
}

#[test]
fn at_the_start_too_old_files_are_removed_and_a_full_one_is_gone_on_with() {
    let rig = Rig::new();
    let old = rig.folder.path().join("out-2026-11-18T10-15-30.000.json");
    std::fs::write(&old, LINE).unwrap();
    std::fs::write(rig.path(), LINE).unwrap();
    let keep = Keep {
        max_bytes: Some(LINE.len() as u64),
        max_age: Some(Duration::from_secs(24 * 60 * 60)),
        ..Keep::default()
    };
    let mut destination = destination(rig.path(), keep);
    destination.start(NOW).unwrap();
    assert_eq!(rig.names(), ["out.json"]);
    destination.append(LINE, NOW).unwrap();
    assert_eq!(rig.names(), ["out-2026-11-20T10-15-30.123.json", "out.json"]);
}

#[tokio::test]
async fn the_settings_count_in_mebibytes() {
    let rig = Rig::new();
    let exporter = rig.start("rotation: {max_megabytes: 1}").await;
    let large = payload(Signal::Logs, &"x".repeat(600 << 10));
    for expected in [1, 2] {
        assert_eq!(send(&*exporter, Signal::Logs, &large).await, Sent::Accepted);
        assert_eq!(rig.names().len(), expected);
    }
}
