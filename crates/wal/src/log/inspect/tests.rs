//! What an inspection says, held against what the log itself says and does.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::*;
use crate::end::{End, Outcome};
use crate::record::{NewRecord, ReadLimit};
use crate::{Log, LogStatus, Options, Sync};

fn open(directory: &Path, segment_bytes: u64) -> Log<RealFs> {
    let options = Options {
        directory: directory.to_owned(),
        sync: Sync::Write,
        segment_bytes,
        target_bytes: u64::MAX,
        reserve_bytes: 4096,
    };
    Log::open(RealFs, options, 1000).expect("opened")
}

/// Appends a record with so many items, one byte each.
fn append(log: &mut Log<RealFs>, items: u32, now_ms: u64) -> Range<u64> {
    let payload = vec![items as u8; items as usize];
    let record = NewRecord {
        payload: &[&payload],
        items,
    };
    let handed_over = !log.has_unread();
    log.append(&[record], handed_over, now_ms)
        .expect("appended")
        .remove(0)
}

fn end(log: &mut Log<RealFs>, items: Range<u64>, outcome: Outcome, now_ms: u64) {
    let bytes = items.end - items.start;
    let records = 1;
    log.end(
        &[End {
            items,
            outcome,
            bytes,
            records,
        }],
        now_ms,
    );
}

fn flush(log: &mut Log<RealFs>) {
    if let Some(flush) = log.begin_flush() {
        let flushed = flush.run();
        log.end_flush(flushed, 0);
    }
}

/// Reads all there is; then everything that is lost has ended so.
fn read_all(log: &mut Log<RealFs>) -> Vec<(u64, u32)> {
    let limit = ReadLimit {
        bytes: 1 << 16,
        records: 1000,
    };
    let mut records = Vec::new();
    while log.has_unread() {
        let block = log.read(limit).expect("read");
        records.extend(block.records.iter().map(|record| (record.first, record.items)));
    }
    records
}

fn records(of: &Inspection) -> Vec<(u64, u32)> {
    let read = |record: io::Result<LiveRecord>| {
        let record = record.expect("read");
        assert_eq!(record.payload, vec![record.items as u8; record.items as usize]);
        (record.first, record.items)
    };
    of.records().map(read).collect()
}

fn assert_agree(of: &Inspection, status: &LogStatus) {
    assert_eq!((of.base, of.next), (status.base, status.next));
    assert_eq!((of.live, &of.totals), (status.live, &status.totals));
    assert_eq!(of.disk_bytes(), status.disk_bytes);
    assert_eq!(of.segments.len(), status.segments);
}

/// Every file of a folder with its bytes.
fn content(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(directory)
        .expect("a folder")
        .map(|file| file.expect("a file").path());
    files
        .map(|path| (path.clone(), fs::read(path).expect("read")))
        .collect()
}

fn copy_of(files: &BTreeMap<PathBuf, Vec<u8>>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, bytes) in files {
        let to = folder.path().join(path.file_name().expect("a name"));
        fs::write(to, bytes).expect("written");
    }
    folder
}

/// Three files: of the first a part is done, the second has one large record, the third a record that is done.
fn example(directory: &Path) -> LogStatus {
    let mut log = open(directory, 300);
    let first = append(&mut log, 10, 1001);
    append(&mut log, 20, 1002);
    append(&mut log, 250, 1003);
    let part = End {
        items: first.start + 4..first.end,
        outcome: Outcome::Delivered,
        bytes: 6,
        records: 0,
    };
    log.end(&[part], 1004);
    append(&mut log, 30, 1005);
    let last = append(&mut log, 40, 1006);
    end(&mut log, last, Outcome::RejectedByDestination, 1007);
    log.status()
}

#[test]
fn an_inspection_shows_each_file_and_the_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let status = example(folder.path());
    let of = inspect(folder.path()).expect("inspected");
    assert_agree(&of, &status);
    assert!(of.is_intact() && !of.changed);
    assert_eq!(
        of.live,
        Live {
            items: 304,
            bytes: 304,
            records: 4
        }
    );
    assert_eq!(of.oldest_live_ms(), Some(1001));
    let seen: Vec<_> = of
        .segments
        .iter()
        .map(|s| (s.number, s.records, s.ordinals.clone(), s.live.items))
        .collect();
    assert_eq!(seen[0], (0, 3, 0..280, 274));
    assert_eq!(seen.iter().map(|segment| segment.1).sum::<u64>(), 5);
    assert_eq!(of.segments[0].live_ms, Some((1001, 1003)));
    assert_eq!(records(&of), [(0, 10), (10, 20), (30, 250), (280, 30)]);
    let parts: Vec<_> = of.records().map(|record| record.expect("read").live).collect();
    assert_eq!((parts[0].len(), parts[0][0].clone()), (1, 0..4));
}

#[test]
fn nothing_is_written_and_a_missing_folder_is_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    let before = content(folder.path());
    inspect(folder.path())
        .expect("inspected")
        .records()
        .for_each(drop);
    assert_eq!(content(folder.path()), before);

    let missing = folder.path().join("missing");
    assert!(matches!(inspect(&missing), Err(error) if is_gone(&error)));
    assert!(is_log(&missing).is_err() && !missing.exists());
    fs::create_dir(&missing).expect("made");
    assert!(!is_log(&missing).expect("a folder") && is_log(folder.path()).expect("a folder"));
    let empty = inspect(&missing).expect("an empty log");
    assert_eq!(
        (empty.next, empty.segments.len(), empty.is_intact()),
        (0, 0, true)
    );
}

#[test]
fn a_damaged_place_is_named_with_what_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    let files = content(folder.path());
    let intact = inspect(folder.path()).expect("inspected");
    let first = intact.segments[0].path.clone();
    // The payload of the record with 20 items, which is all of one byte.
    let payload = files[&first]
        .windows(20)
        .position(|bytes| bytes == [20; 20])
        .expect("a record");
    let header = payload as u64 - 44;
    let frame = header..payload as u64 + 20;
    let head = files[&first][8..12].first().map_or(0, |len| u64::from(*len)) + 44;
    for (at, what, bytes, lost) in [
        (payload, Defect::Record, frame.clone(), 20),
        (header as usize + 9, Defect::NoFrame, frame.clone(), 20),
        (50, Defect::Head, 0..head, 0),
    ] {
        let mut damaged = files.clone();
        if let Some(byte) = damaged.get_mut(&first).and_then(|file| file.get_mut(at)) {
            *byte ^= 0x10;
        }
        let copy = copy_of(&damaged);
        let of = inspect(copy.path()).expect("inspected");
        let lost_items = lost;
        assert_eq!(
            of.segments[0].damages,
            [Damage {
                bytes,
                what,
                lost_items
            }],
            "byte {at}"
        );
        assert_eq!(
            (of.lost_items, of.missing_items, of.live.items),
            (lost, 0, 304 - lost),
            "byte {at}"
        );
        assert!(!of.is_intact() && !of.changed && of.totals == intact.totals);
        assert_eq!(records(&of).contains(&(10, 20)), lost == 0);
    }
}

#[test]
fn a_file_that_is_missing_is_told_by_its_items() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    let first = inspect(folder.path()).expect("inspected").segments[0]
        .path
        .clone();
    fs::remove_file(first).expect("removed");
    let of = inspect(folder.path()).expect("inspected");
    assert_eq!(
        (of.lost_items, of.missing_items, of.damaged_bytes()),
        (274, 274, 0)
    );
    assert!(!of.is_intact());
}

#[test]
fn a_file_that_was_cut_ends_within_a_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut log = open(folder.path(), 1 << 20);
    append(&mut log, 10, 1);
    append(&mut log, 200, 2);
    drop(log);
    let path = inspect(folder.path()).expect("inspected").segments[0]
        .path
        .clone();
    let len = fs::metadata(&path).expect("there").len();
    let told = |cut: u64| {
        fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_len(len - cut))
            .expect("cut");
        let of = inspect(folder.path()).expect("inspected");
        let damage = of.segments[0].damages[0].clone();
        (damage.what, damage.lost_items, of.unknown_bytes)
    };
    // The header says how many items were there, until it is cut too; behind it there may have been more.
    assert_eq!(told(1), (Defect::CutOff, 200, 243));
    assert_eq!(told(200), (Defect::CutOff, 200, 44));
    assert_eq!(told(201), (Defect::NoFrame, 0, 43));
}

#[test]
fn damaged_places_without_end_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    let of = inspect(folder.path()).expect("inspected");
    let found = files(&RealFs, folder.path()).expect("files");
    for path in of.segments.iter().map(|segment| &segment.path) {
        let mut bytes = fs::read(path).expect("read");
        for at in [50, 200] {
            bytes[at] ^= 1;
        }
        fs::write(path, bytes).expect("written");
    }
    let mut walk = Walk::new(&of.state, 1);
    let found = find(&RealFs, folder.path(), found).expect("found");
    for (file, stretch) in found.iter().zip(stretches::<RealFs>(&found, of.next)) {
        walk.file(&RealFs, file, stretch).expect("read");
    }
    let walked = walk.finish();
    assert_eq!(
        walked
            .segments
            .iter()
            .map(|segment| segment.damages.len())
            .sum::<usize>(),
        1
    );
    assert!(walked.more_damages >= 2, "{}", walked.more_damages);
}

#[test]
fn a_record_larger_than_a_block_and_many_small_ones_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut log = open(folder.path(), 1 << 20);
    let mut expected = Vec::new();
    for round in 0..3 {
        expected.extend(
            (0..2000)
                .map(|_| append(&mut log, 3, round))
                .map(|range| (range.start, 3)),
        );
        let large = append(&mut log, 600_000, round);
        expected.push((large.start, 600_000));
    }
    let of = inspect(folder.path()).expect("inspected");
    assert_eq!(records(&of), expected);
}

#[test]
fn a_log_that_is_written_meanwhile_is_shown_at_a_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut log = open(folder.path(), 4096);
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let (begun, has_begun) = std::sync::mpsc::sync_channel(1);
    let writer = std::thread::spawn(move || {
        let mut waiting = std::collections::VecDeque::new();
        let mut items = 1;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            waiting.push_back(append(&mut log, items % 200 + 1, 5));
            let _ = begun.try_send(());
            items += 7;
            if waiting.len() > 50 {
                end(&mut log, waiting.pop_front().expect("one"), Outcome::Delivered, 6);
            }
            if items % 64 == 0 {
                flush(&mut log);
            }
        }
    });
    has_begun.recv().expect("a first record");
    let mut seen = 0;
    for _ in 0..300 {
        let of = inspect(folder.path()).expect("inspected");
        assert!(
            of.is_intact(),
            "{:?}",
            of.segments.iter().flat_map(|s| &s.damages).collect::<Vec<_>>()
        );
        assert_eq!(
            of.next - of.base,
            of.totals.sum() + of.live.items + of.ended_meanwhile
        );
        let read: u64 = records(&of).iter().map(|(_, items)| u64::from(*items)).sum();
        assert!(read <= 51 * 200, "{read}");
        assert!(of.next >= seen);
        seen = of.next;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().expect("no panic");
    assert!(seen > 0);
}

/// The real file system, in which something happens before each of the first looks into a folder.
#[derive(Clone)]
struct Meanwhile(std::sync::Arc<std::sync::Mutex<Happenings>>);

type Happenings = Vec<Box<dyn FnMut() + Send>>;

impl Fs for Meanwhile {
    type File = crate::fs::RealFile;

    fn create_dir_all(&self, directory: &Path) -> io::Result<()> {
        RealFs.create_dir_all(directory)
    }
    fn create_new(&self, path: &Path) -> io::Result<Self::File> {
        RealFs.create_new(path)
    }
    fn open(&self, path: &Path) -> io::Result<Self::File> {
        RealFs.open(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>> {
        if let Some(mut happens) = self.0.lock().expect("no panic").pop() {
            happens();
        }
        RealFs.list(directory)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealFs.remove(path)
    }
    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        RealFs.sync_directory(directory)
    }
}

#[test]
fn files_that_are_all_replaced_between_two_looks_are_looked_at_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut log = open(folder.path(), 300);
    let first = append(&mut log, 100, 1);
    let replace = move || {
        for _ in 0..5 {
            append(&mut log, 200, 2);
        }
        end(&mut log, first.start..first.end + 800, Outcome::Delivered, 3);
        flush(&mut log);
    };
    // Popped from the end: nothing before the first look, the replacement before the second.
    let happens: Happenings = vec![Box::new(replace), Box::new(|| {})];
    let fs = Meanwhile(std::sync::Arc::new(std::sync::Mutex::new(happens)));
    let of = inspect_in(fs, folder.path()).expect("inspected");
    assert_eq!((of.next, of.live.items, of.is_intact()), (1100, 200, true));
}

/// What the log loses when it reads a copy of these files, and what it reads.
fn read_by_the_log(files: &BTreeMap<PathBuf, Vec<u8>>) -> (u64, Vec<(u64, u32)>) {
    let copy = copy_of(files);
    let mut log = open(copy.path(), 300);
    let before = log.status().totals.of(Outcome::Lost);
    let read = read_all(&mut log);
    (log.status().totals.of(Outcome::Lost) - before, read)
}

fn assert_damage_is_told_right(files: &BTreeMap<PathBuf, Vec<u8>>, which: &str) {
    let copy = copy_of(files);
    let of = inspect(copy.path()).unwrap_or_else(|error| panic!("{which}: {error}"));
    assert_eq!(
        of.next - of.base,
        of.totals.sum() + of.live.items + of.lost_items,
        "{which}"
    );
    assert!(!of.changed, "{which}");
    let (lost, read) = read_by_the_log(files);
    assert_eq!((of.lost_items, records(&of)), (lost, read), "{which}");
}

#[test]
fn what_is_lost_is_what_the_log_will_lose_whatever_byte_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    let mut files = content(folder.path());
    files.retain(|path, _| path.extension().is_some());
    for (path, bytes) in &files {
        // Step 1 holds too and takes half a minute.
        for at in (0..bytes.len()).step_by(7) {
            let mut damaged = files.clone();
            if let Some(byte) = damaged.get_mut(path).and_then(|file| file.get_mut(at)) {
                *byte = !*byte;
            }
            assert_damage_is_told_right(&damaged, &format!("{} at {at}", path.display()));
            let cut = bytes.get(..at).unwrap_or_default().to_vec();
            damaged.insert(path.clone(), cut);
            assert_damage_is_told_right(&damaged, &format!("{} cut to {at}", path.display()));
        }
        let mut missing = files.clone();
        missing.remove(path);
        assert_damage_is_told_right(&missing, &format!("without {}", path.display()));
        let mut garbage = files.clone();
        garbage.insert(path.clone(), b"SLW1".repeat(500));
        assert_damage_is_told_right(&garbage, &format!("garbage in {}", path.display()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn an_inspection_agrees_with_the_log(
        steps in prop::collection::vec((0_u8..10, 1_u32..80, any::<prop::sample::Index>()), 1..60),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut log = open(folder.path(), 400);
        let mut live: Vec<Range<u64>> = Vec::new();
        for (step, items, which) in steps {
            match step {
                0..5 => live.push(append(&mut log, items, 1)),
                5..8 if !live.is_empty() => {
                    let range = live.swap_remove(which.index(live.len()));
                    let outcome = Outcome::ALL[which.index(Outcome::ALL.len())];
                    let half = range.start + u64::from(items) % (range.end - range.start);
                    if step == 7 && half > range.start {
                        live.push(range.start..half);
                        let bytes = range.end - half;
                        log.end(&[End { items: half..range.end, outcome, bytes, records: 0 }], 2);
                    } else {
                        end(&mut log, range, outcome, 2);
                    }
                }
                8 => {
                    drop(log);
                    log = open(folder.path(), 400);
                }
                _ => flush(&mut log),
            }
        }
        let of = inspect(folder.path()).expect("inspected");
        assert_agree(&of, &log.status());
        prop_assert!(of.is_intact());
        live.sort_by_key(|range| range.start);
        let found: Vec<Range<u64>> = of.records().flat_map(|record| record.expect("read").live).collect();
        prop_assert_eq!(found, live);
    }
}
