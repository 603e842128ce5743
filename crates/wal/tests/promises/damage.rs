//! Every byte flipped, every length, every block of zeros: only what was touched is missing, and it is counted.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sidelight_wal::testing::{Random, TornFs};
use sidelight_wal::{End, Log, NewRecord, Options, Outcome, Sync, share};

use super::entry::payload;
use super::found::{Found, FoundRecord};
use super::frames::{DATA, ENDS, Frame, HEADER_BYTES, frames};
use super::seeds;
use super::world::{FOLDER, machine, options};

/// A queue of about 64 KiB in four files.
struct Queue {
    fs: TornFs,
    options: Options,
    files: Vec<(PathBuf, Vec<Frame>)>,
    found: Vec<FoundRecord>,
}

/// Sizes from one byte of items to more than a block, ends of whole records and of parts in between.
fn queue() -> Queue {
    let (fs, mut random) = (machine(1), Random::new(1));
    let options = options(Sync::Write, 16_384);
    let mut log = Log::open(fs.clone(), options.clone(), 1).unwrap();
    let mut id = 0;
    while log.status().disk_bytes < 64_000 {
        let len = if random.once_in(8) {
            8 + random.index(4_000)
        } else {
            8 + random.index(500)
        };
        let items = 1 + random.below(20) as u32;
        let bytes = payload(id, len);
        let range = log
            .append(
                &[NewRecord {
                    payload: &[&bytes],
                    items,
                }],
                true,
                2,
            )
            .unwrap()
            .remove(0);
        id += 1;
        match random.below(6) {
            0 => log.end(
                &[End {
                    items: range,
                    outcome: Outcome::Delivered,
                    bytes: len as u64,
                    records: 1,
                }],
                3,
            ),
            1 if items > 1 => {
                let half = range.start..range.start + u64::from(items / 2);
                log.end(
                    &[End {
                        items: half,
                        outcome: Outcome::Delivered,
                        bytes: share(len as u64, items.into(), 0..u64::from(items / 2)),
                        records: 0,
                    }],
                    3,
                );
            }
            _ => {}
        }
    }
    drop(log);
    let files: Vec<(PathBuf, Vec<Frame>)> = fs
        .files(Path::new(FOLDER))
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|kind| kind == "wal"))
        .map(|(path, _)| (path.clone(), frames(&fs.content(&path).unwrap())))
        .collect();
    assert!(files.len() >= 4, "{}", files.len());
    let found = Found::at_next_start(&fs.kill(0), &options).records;
    Queue {
        fs,
        options,
        files,
        found,
    }
}

/// What was done to one file.
#[derive(Debug)]
struct Damage {
    file: usize,
    bytes: Range<usize>,
    /// The bytes are not there any more.
    cut: bool,
}

/// Says what the damage was when its check ends in a panic.
struct Named<'a>(&'a Damage);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{:?}", self.0);
        }
    }
}

impl Queue {
    /// The last file and an earlier one.
    fn places(&self) -> [usize; 2] {
        [self.files.len() - 1, 1]
    }

    fn length(&self, file: usize) -> usize {
        self.files[file].1.last().unwrap().bytes.end
    }

    fn check(&self, damage: &Damage) {
        let fs = self.fs.kill(0);
        let path = &self.files[damage.file].0;
        let before = fs.content(path);
        match (damage.cut, damage.bytes.len()) {
            (true, _) => fs.cut(path, damage.bytes.start),
            (false, 1) => fs.flip(path, damage.bytes.start),
            (false, _) => fs.zero(path, damage.bytes.clone()),
        }
        if fs.content(path) == before {
            return;
        }
        let _named = Named(damage);
        let found = Found::at_next_start(&fs, &self.options);
        let touched: Vec<&Frame> = self.files[damage.file]
            .1
            .iter()
            .filter(|frame| frame.bytes.start < damage.bytes.end && damage.bytes.start < frame.bytes.end)
            .collect();
        let missing = self.check_records(&found, &touched);
        self.check_count(&found, damage, &touched, missing);
    }

    /// Everything is as it was but what the touched frames said. The items that are missing.
    fn check_records(&self, found: &Found, touched: &[&Frame]) -> u64 {
        let ends_touched = touched.iter().any(|frame| frame.kind == ENDS);
        let mut missing = 0;
        for record in &self.found {
            let now = found.records.iter().find(|now| now.id == record.id);
            let hit = touched
                .iter()
                .any(|frame| frame.kind == DATA && frame.ordinal == record.first);
            match now {
                Some(now) if ends_touched => assert_eq!(now.live & record.live, record.live),
                Some(now) => assert_eq!(now, record),
                None if hit => missing += u64::from(record.live.count_ones()),
                None => panic!("record {} is missing, its frame was not touched", record.id),
            }
        }
        let known = |now: &FoundRecord| self.found.iter().any(|record| record.id == now.id);
        assert!(
            ends_touched || found.records.iter().all(known),
            "ended records are back"
        );
        missing
    }

    fn check_count(&self, found: &Found, damage: &Damage, touched: &[&Frame], missing: u64) {
        let status = &found.status;
        let lost = status.totals.of(Outcome::Lost);
        let frames = &self.files[damage.file].1;
        let last_touched = touched.last().map_or(0, |frame| frame.bytes.end);
        let known_behind =
            damage.file + 1 < self.files.len() || last_touched < frames.last().unwrap().bytes.end;
        let ends_touched = touched.iter().any(|frame| frame.kind == ENDS);
        let most = touched
            .iter()
            .filter(|frame| frame.kind == DATA)
            .map(|frame| u64::from(frame.items))
            .sum();
        if known_behind && ends_touched {
            assert!(
                (missing..=most).contains(&lost),
                "lost {lost}, missing {missing}: {status:?}"
            );
        } else if known_behind {
            assert_eq!(
                lost, missing,
                "lost is exact where a later frame is intact: {status:?}"
            );
        } else {
            assert!(lost <= most, "lost {lost} of {most}");
            let at_a_border =
                damage.cut && frames.iter().any(|frame| frame.bytes.start == damage.bytes.start);
            let told = lost == missing || status.damaged_bytes_of_unknown_items > 0 || at_a_border;
            assert!(told, "lost {lost}, missing {missing}: {status:?}");
        }
        if missing > 0 && !damage.cut {
            assert!(status.damaged_bytes > 0, "nothing is said of {:?}", damage.bytes);
        }
    }
}

/// All places in the long run; in the short one each seventh, and everything in headers.
fn chosen(queue: &Queue, file: usize) -> impl Iterator<Item = usize> {
    let in_header = move |at: usize| {
        queue.files[file]
            .1
            .iter()
            .any(|frame| (frame.bytes.start..frame.bytes.start + HEADER_BYTES).contains(&at))
    };
    (0..queue.length(file)).filter(move |at| seeds::long() || at % 7 == 0 || in_header(*at))
}

#[test]
fn a_flipped_byte_costs_the_record_it_is_in_at_most() {
    let queue = queue();
    for file in queue.places() {
        for at in chosen(&queue, file) {
            queue.check(&Damage {
                file,
                bytes: at..at + 1,
                cut: false,
            });
        }
    }
}

#[test]
fn a_file_cut_at_any_length_costs_what_was_behind_at_most() {
    let queue = queue();
    for file in queue.places() {
        for at in chosen(&queue, file) {
            queue.check(&Damage {
                file,
                bytes: at..queue.length(file),
                cut: true,
            });
        }
    }
}

#[test]
fn a_block_of_zeros_costs_the_records_it_touches_at_most() {
    let queue = queue();
    for file in 0..queue.files.len() {
        for at in (0..queue.length(file)).step_by(512) {
            queue.check(&Damage {
                file,
                bytes: at..(at + 512).min(queue.length(file)),
                cut: false,
            });
        }
    }
}

#[test]
fn files_of_others_and_garbage_with_a_good_name_do_no_harm() {
    let queue = queue();
    let mut random = Random::new(3);
    for round in 0..50 {
        let fs = queue.fs.kill(0);
        let garbage: Vec<u8> = (0..random.index(3_000)).map(|_| random.number() as u8).collect();
        let number = if round % 2 == 0 { 0 } else { random.number() >> 1 };
        fs.put(
            &Path::new(FOLDER).join(format!("{number:016x}-{:08x}.wal", random.number() as u32)),
            garbage,
        );
        fs.put(&Path::new(FOLDER).join("README"), b"not ours".to_vec());
        let found = Found::at_next_start(&fs, &queue.options);
        assert_eq!(found.records, queue.found);
        assert_eq!(
            fs.content(&Path::new(FOLDER).join("README")),
            Some(b"not ours".to_vec())
        );
    }
}
