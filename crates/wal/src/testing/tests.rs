use std::collections::BTreeSet;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::fs::{Fs, FsFile};

const FOLDER: &str = "/queue";

fn machine() -> TornFs {
    TornFs::with_folder(1, Path::new(FOLDER))
}

fn path(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

fn write(file: &TornFile, offset: u64, bytes: &[u8]) -> io::Result<usize> {
    file.write_at(offset, &[IoSlice::new(bytes)])
}

/// A file with a durable name and content, open.
fn durable(fs: &TornFs, name: &str, content: &[u8]) -> TornFile {
    let file = fs.create_new(&path(name)).unwrap();
    write(&file, 0, content).unwrap();
    file.sync_data().unwrap();
    fs.sync_directory(Path::new(FOLDER)).unwrap();
    file
}

/// Everything that a file can hold after power cuts now.
fn after_cuts(fs: &TornFs, name: &str) -> BTreeSet<Option<Vec<u8>>> {
    (0..2_000)
        .map(|seed| fs.power_cut(seed).content(&path(name)))
        .collect()
}

#[test]
fn what_was_synced_survives_every_power_cut() {
    let fs = machine();
    let _file = durable(&fs, "a", b"kept");
    assert_eq!(after_cuts(&fs, "a"), BTreeSet::from([Some(b"kept".to_vec())]));
}

#[test]
fn a_power_cut_is_the_same_for_the_same_seed_and_leaves_the_machine_as_it_was() {
    let fs = machine();
    let file = durable(&fs, "a", &[1; 5_000]);
    write(&file, 3_000, &[2; 9_000]).unwrap();
    let cut = || {
        (0..50)
            .map(|seed| fs.power_cut(seed).content(&path("a")))
            .collect::<Vec<_>>()
    };
    assert_eq!(cut(), cut());
    assert_eq!(fs.content(&path("a")).unwrap()[3_000..], [2; 9_000]);
}

#[test]
fn sectors_that_were_not_synced_survive_in_any_subset_but_never_in_part() {
    let fs = machine();
    let file = durable(&fs, "a", &[0; 2_048]);
    write(&file, 0, &[1; 2_048]).unwrap();
    let mut subsets = BTreeSet::new();
    for content in after_cuts(&fs, "a") {
        let content = content.unwrap();
        for sector in content.chunks(512) {
            assert!(sector.iter().all(|byte| *byte == sector[0]), "a sector is mixed");
        }
        subsets.insert(content.chunks(512).map(|sector| sector[0]).collect::<Vec<_>>());
    }
    assert_eq!(subsets.len(), 16, "all subsets of four sectors");
}

#[test]
fn a_later_write_may_survive_without_an_earlier_one() {
    let fs = machine();
    let file = durable(&fs, "a", &[0; 1_024]);
    write(&file, 0, &[1; 512]).unwrap();
    write(&file, 512, &[1; 512]).unwrap();
    let reordered = [vec![0; 512], vec![1; 512]].concat();
    assert!(after_cuts(&fs, "a").contains(&Some(reordered)));
}

#[test]
fn two_writes_into_one_sector_survive_in_their_order() {
    let fs = machine();
    let file = durable(&fs, "a", &[0; 512]);
    write(&file, 0, &[1; 100]).unwrap();
    write(&file, 50, &[2; 100]).unwrap();
    let first = [vec![1; 100], vec![0; 412]].concat();
    let both = [vec![1; 50], vec![2; 100], vec![0; 362]].concat();
    let seen = after_cuts(&fs, "a");
    assert_eq!(
        seen,
        BTreeSet::from([Some(vec![0; 512]), Some(first), Some(both)])
    );
}

#[test]
fn an_appended_end_is_cut_anywhere_or_filled_with_zeros() {
    let fs = machine();
    let file = durable(&fs, "a", &[7; 100]);
    write(&file, 100, &[8; 2_000]).unwrap();
    let seen = after_cuts(&fs, "a");
    let lengths: BTreeSet<usize> = seen.iter().flatten().map(Vec::len).collect();
    assert!(
        lengths.contains(&100) && lengths.contains(&2_100) && lengths.len() > 200,
        "{}",
        lengths.len()
    );
    assert!(lengths.iter().all(|length| (100..=2_100).contains(length)));
    assert!(seen.iter().flatten().all(|content| content[..100] == [7; 100]));
    assert!(
        seen.iter()
            .flatten()
            .any(|content| content.len() == 2_100 && content[1_600..] == [0; 500]),
        "zeros at the end"
    );
}

#[test]
fn what_a_cut_off_file_held_may_be_back_unless_the_cut_was_synced() {
    let fs = machine();
    let file = durable(&fs, "a", &[7; 1_000]);
    file.set_len(10).unwrap();
    let lengths: BTreeSet<usize> = after_cuts(&fs, "a")
        .into_iter()
        .flatten()
        .map(|c| c.len())
        .collect();
    assert_eq!(lengths, BTreeSet::from([10, 1_000]));
    file.sync_data().unwrap();
    assert_eq!(after_cuts(&fs, "a"), BTreeSet::from([Some(vec![7; 10])]));
}

#[test]
fn names_that_were_not_synced_come_and_go_one_by_one() {
    let fs = machine();
    drop((durable(&fs, "old", b"old"), durable(&fs, "older", b"older")));
    fs.remove(&path("old")).unwrap();
    fs.remove(&path("older")).unwrap();
    let new = fs.create_new(&path("new")).unwrap();
    write(&new, 0, b"new").unwrap();
    new.sync_data().unwrap();
    let combinations: BTreeSet<Vec<bool>> = (0..500)
        .map(|seed| {
            let left = fs.power_cut(seed);
            ["old", "older", "new"]
                .iter()
                .map(|name| left.content(&path(name)).is_some())
                .collect()
        })
        .collect();
    assert_eq!(combinations.len(), 8);
    assert_eq!(
        after_cuts(&fs, "old"),
        BTreeSet::from([None, Some(b"old".to_vec())])
    );
    fs.sync_directory(Path::new(FOLDER)).unwrap();
    assert_eq!(after_cuts(&fs, "old"), BTreeSet::from([None]));
    assert_eq!(after_cuts(&fs, "new"), BTreeSet::from([Some(b"new".to_vec())]));
}

#[test]
fn a_folder_that_was_not_synced_takes_its_files_with_it() {
    let fs = TornFs::new(1);
    fs.create_dir_all(Path::new(FOLDER)).unwrap();
    drop(durable(&fs, "a", b"a"));
    assert_eq!(after_cuts(&fs, "a"), BTreeSet::from([None]));
    fs.sync_directory(Path::new("/")).unwrap();
    assert_eq!(after_cuts(&fs, "a"), BTreeSet::from([Some(b"a".to_vec())]));
}

#[test]
fn a_killed_process_leaves_everything_it_wrote_but_no_more_durable_than_it_was() {
    let fs = machine();
    let file = durable(&fs, "a", &[1; 512]);
    write(&file, 0, &[2; 512]).unwrap();
    let left = fs.kill(1);
    assert_eq!(left.content(&path("a")), Some(vec![2; 512]));
    assert_eq!(
        after_cuts(&left, "a"),
        BTreeSet::from([Some(vec![1; 512]), Some(vec![2; 512])])
    );
}

#[test]
fn a_failed_sync_forgets_what_was_pending_though_it_can_be_read() {
    let fs = machine();
    let file = durable(&fs, "a", &[1; 512]);
    write(&file, 0, &[2; 512]).unwrap();
    let with_seeds = (0..20).map(|seed| {
        let fs = fs.kill(seed);
        let file = fs.open(&path("a")).unwrap();
        fs.plan(Fault::once(Call::SyncData, 1, Refusal::Io));
        assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(5));
        assert_eq!(fs.content(&path("a")), Some(vec![2; 512]), "still readable");
        file.sync_data().unwrap();
        fs.power_cut(0).content(&path("a")).unwrap()[0]
    });
    assert_eq!(
        with_seeds.collect::<BTreeSet<u8>>(),
        BTreeSet::from([1, 2]),
        "lost with some seeds, after two syncs"
    );
}

#[test]
fn faults_strike_the_calls_they_are_planned_for() {
    let fs = machine();
    let file = durable(&fs, "a", &[1; 10]);
    fs.plan(Fault {
        on: Some(Call::ReadAt),
        nth: 2,
        times: 2,
        how: Refusal::Interrupted,
    });
    let read = |file: &TornFile| file.read_at(0, &mut [0; 10]).map_err(|error| error.kind());
    let interrupted = Err(io::ErrorKind::Interrupted);
    assert_eq!(
        [(); 4].map(|()| read(&file)),
        [Ok(10), interrupted, interrupted, Ok(10)]
    );

    fs.plan(Fault {
        on: None,
        nth: 1,
        times: u64::MAX,
        how: Refusal::NoSpace,
    });
    assert_eq!(file.set_len(1).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(
        fs.list(Path::new(FOLDER)).unwrap_err().kind(),
        io::ErrorKind::StorageFull
    );
    fs.heal();
    fs.plan(Fault::once(Call::WriteAt, 1, Refusal::Short));
    assert!((1..10).contains(&write(&file, 0, &[2; 10]).unwrap()));
    assert_eq!(write(&file, 0, &[2; 10]).unwrap(), 10);
    assert_eq!((fs.calls(Call::ReadAt), fs.calls(Call::WriteAt)), (4, 3));
    assert_eq!(fs.refused_calls(), 5);
}

#[test]
fn after_a_death_nothing_is_changed_any_more_and_the_last_write_is_torn() {
    let fs = machine();
    let file = durable(&fs, "a", &[1; 1_000]);
    fs.plan(Fault::death_at(1));
    assert!(write(&file, 0, &[2; 1_000]).is_err() && fs.is_dead());
    assert!(file.sync_data().is_err() && fs.remove(&path("a")).is_err());
    let left = fs.kill(1).content(&path("a")).unwrap();
    let torn = left.iter().position(|byte| *byte == 1).unwrap();
    assert!(left[..torn].iter().all(|byte| *byte == 2) && left[torn..].iter().all(|byte| *byte == 1));
}

#[test]
fn a_planned_panic_comes_out_of_the_call_and_the_disk_goes_on() {
    let fs = machine();
    fs.plan(Fault {
        on: None,
        nth: 1,
        times: 1,
        how: Refusal::Panic,
    });
    let caught = std::panic::catch_unwind(|| fs.list(Path::new(FOLDER)).is_ok());
    assert!(caught.is_err());
    assert!(fs.list(Path::new(FOLDER)).is_ok());
}

#[test]
fn a_hook_runs_once_in_the_middle_of_the_call_it_waits_for() {
    let fs = machine();
    let file = durable(&fs, "a", b"a");
    let (runs, inner) = (Arc::new(AtomicU64::new(0)), fs.clone());
    let counted = Arc::clone(&runs);
    fs.when_reached(Some(Call::SyncData), 2, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        inner.remove(&path("a")).unwrap();
    });
    file.sync_data().unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    file.sync_data().unwrap();
    file.sync_data().unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(fs.content(&path("a")), None);
}

#[test]
fn a_full_disk_takes_what_fits_and_removed_files_give_their_room_back_when_they_are_closed() {
    let fs = machine();
    fs.set_capacity(100);
    let (a, b) = (durable(&fs, "a", &[1; 60]), fs.create_new(&path("b")).unwrap());
    assert_eq!(write(&b, 0, &[2; 60]).unwrap(), 40);
    assert_eq!(
        write(&b, 40, &[2; 20]).unwrap_err().kind(),
        io::ErrorKind::StorageFull
    );
    assert_eq!(
        write(&a, 0, &[3; 60]).unwrap(),
        60,
        "what is there is written over"
    );
    assert_eq!(b.allocate(50).unwrap_err().kind(), io::ErrorKind::StorageFull);
    fs.remove(&path("a")).unwrap();
    assert_eq!(fs.room(), 0, "still open");
    drop(a);
    assert_eq!(fs.room(), 60);
    b.allocate(100).unwrap();
    assert_eq!((fs.room(), write(&b, 40, &[4; 60]).unwrap()), (0, 60));
    fs.set_capacity(110);
    assert_eq!(fs.room(), 10);
}

#[test]
fn damage_is_durable_and_goes_as_far_as_the_file() {
    let fs = machine();
    drop(durable(&fs, "a", &[1; 600]));
    fs.flip(&path("a"), 0);
    fs.zero(&path("a"), 512..1_024);
    fs.cut(&path("a"), 550);
    fs.flip(&path("a"), 550);
    fs.flip(&path("b"), 0);
    let expected = [vec![254], vec![1; 511], vec![0; 38]].concat();
    assert_eq!(after_cuts(&fs, "a"), BTreeSet::from([Some(expected)]));
    assert_eq!(fs.content(&path("b")), None);
}

#[test]
fn files_are_found_by_name_in_their_folder_only() {
    let fs = machine();
    drop(durable(&fs, "a", b"a"));
    assert_eq!(
        fs.create_new(&path("a")).err().unwrap().kind(),
        io::ErrorKind::AlreadyExists
    );
    assert_eq!(
        fs.create_new(Path::new("/other/a")).err().unwrap().kind(),
        io::ErrorKind::NotFound
    );
    assert_eq!(fs.open(&path("b")).err().unwrap().kind(), io::ErrorKind::NotFound);
    assert_eq!(
        fs.list(Path::new("/other")).unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
    assert_eq!(fs.list(Path::new(FOLDER)).unwrap(), [("a".to_owned(), 1)]);
}
