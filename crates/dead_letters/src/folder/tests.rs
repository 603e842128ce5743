use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;

use super::*;
use crate::{Damage, Listed, Unreadable, list, read, remove};

const NOW: u64 = 1_764_043_200_000;

fn letter<'a>(payload: &'a [&'a [u8]], now_ms: u64) -> Letter<'a> {
    Letter {
        signal: Signal::Logs,
        why: Why::Destination,
        reason: "no such tenant",
        items: 2,
        refused: 2,
        payload,
        now_ms,
    }
}

fn open(directory: &Path, max_bytes: u64) -> DeadLetters {
    DeadLetters::open(directory, "otlp_grpc/b", max_bytes, false).expect("opened")
}

/// The times of the letters that are there and intact.
fn times(directory: &Path) -> Vec<u64> {
    let intact = |listed: Listed| listed.header.ok().map(|header| header.unix_ms);
    list(directory)
        .expect("a folder")
        .into_iter()
        .filter_map(intact)
        .collect()
}

fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory).expect("a folder").count()
}

#[test]
fn a_letter_is_kept_with_its_reason_for_its_owner_alone() {
    for sync in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = folder.path().join("a/logs/dead_letters");
        let mut letters = DeadLetters::open(&directory, "otlp_grpc/b", 1 << 20, sync).expect("opened");
        let put = letters.put(letter(&[b"ab", b"", b"c"], NOW)).expect("put");
        assert_eq!(
            put,
            Put {
                kept: true,
                removed_letters: 0,
                removed_items: 0
            }
        );

        let listed = list(&directory).expect("listed");
        let [one] = listed.as_slice() else {
            panic!("{listed:?}")
        };
        assert_eq!(
            one.path.file_name().expect("a name"),
            "1764043200000-00000000.letter"
        );
        let opened = read(&one.path).expect("intact");
        assert_eq!(opened.payload, b"abc");
        assert_eq!(opened.header, *one.header.as_ref().expect("intact"));
        assert_eq!(opened.header, letters.header(&letter(&[b"abc"], NOW)));
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&one.path), mode(&directory)), (0o600, 0o700));
    }
}

#[test]
fn the_oldest_go_first_and_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    // Room for 32 letters; two go at once.
    let mut letters = open(folder.path(), 32 * BLOCK_BYTES);
    let mut removed = 0;
    for time in 0..100 {
        let put = letters.put(letter(&[b"x"], NOW + time)).expect("put");
        assert_eq!(put.removed_items, 2 * put.removed_letters);
        removed += put.removed_letters;
        assert!(letters.bytes() <= 32 * BLOCK_BYTES);
    }
    let kept = times(folder.path());
    assert!(
        kept.iter().copied().eq(NOW + removed..NOW + 100),
        "{removed} removed, {kept:?}"
    );
    assert!((30..=32).contains(&kept.len()), "{}", kept.len());
}

#[test]
fn a_bound_that_was_lowered_holds_from_the_next_letter_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut letters = open(folder.path(), 32 * BLOCK_BYTES);
    for time in 0..20 {
        assert!(letters.put(letter(&[b"x"], NOW + time)).expect("put").kept);
    }
    let mut letters = open(folder.path(), 4 * BLOCK_BYTES);
    assert_eq!(letters.bytes(), 20 * BLOCK_BYTES);
    let put = letters.put(letter(&[b"x"], NOW + 20)).expect("put");
    assert_eq!(put.removed_letters, 18);
    assert_eq!(times(folder.path()), [NOW + 18, NOW + 19, NOW + 20]);
}

#[test]
fn what_others_remove_makes_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut letters = open(folder.path(), 4 * BLOCK_BYTES);
    for time in 0..4 {
        assert!(letters.put(letter(&[b"x"], NOW + time)).expect("put").kept);
    }
    for listed in list(folder.path()).expect("listed").iter().skip(1) {
        remove(&listed.path).expect("removed");
        remove(&listed.path).expect("that it is gone is no error");
    }
    let put = letters.put(letter(&[b"x"], NOW + 9)).expect("put");
    assert_eq!(
        (put.removed_letters, times(folder.path())),
        (0, vec![NOW, NOW + 9])
    );
}

#[test]
fn a_letter_larger_than_the_folder_may_be_takes_no_others_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut letters = open(folder.path(), 2 * BLOCK_BYTES);
    assert!(letters.put(letter(&[b"x"], NOW)).expect("put").kept);
    let large = vec![7; 2 * BLOCK_BYTES as usize];
    assert_eq!(
        letters.put(letter(&[&large], NOW + 1)).expect("put"),
        Put::default()
    );
    assert_eq!((times(folder.path()), files(folder.path())), (vec![NOW], 1));
}

#[test]
fn nothing_is_replaced_when_the_clock_is_set_back() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..3 {
        let mut letters = open(folder.path(), 1 << 20);
        for time in [NOW, NOW - 1, NOW] {
            assert!(letters.put(letter(&[b"x"], time)).expect("put").kept);
        }
    }
    // After the last number comes the first, and after those that are taken one that is not.
    let id = LetterId {
        unix_ms: NOW,
        number: u64::MAX,
    };
    std::fs::write(folder.path().join(id.file_name()), "").expect("written");
    let mut letters = open(folder.path(), 1 << 20);
    for _ in 0..9 {
        assert!(letters.put(letter(&[b"x"], NOW)).expect("put").kept);
    }
    assert_eq!(times(folder.path()).len(), 18);
}

#[test]
fn the_letter_that_was_just_put_stays_when_the_clock_was_set_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut letters = open(folder.path(), 2 * BLOCK_BYTES);
    for time in [NOW, NOW + 1, NOW - 1] {
        assert!(letters.put(letter(&[b"x"], time)).expect("put").kept);
    }
    assert_eq!(times(folder.path()), [NOW - 1]);
}

#[test]
fn what_was_left_unfinished_goes_and_what_is_not_ours_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = |name: &str| folder.path().join(name);
    for other in ["notes.txt", "x.unfinished", "1764043200000-00000003.unfinished"] {
        std::fs::write(name(other), "x").expect("written");
    }
    std::fs::create_dir(name("1764043200000-00000004.letter")).expect("made");
    std::os::unix::fs::symlink("/dev/zero", name("1764043200000-00000005.letter")).expect("made");
    let mut letters = open(folder.path(), BLOCK_BYTES);
    for time in 0..3 {
        assert!(letters.put(letter(&[b"x"], NOW + time)).expect("put").kept);
    }
    assert_eq!(times(folder.path()), [NOW + 2]);
    assert_eq!(files(folder.path()), 5);
    assert!(!name("1764043200000-00000003.unfinished").exists());
    let linked = read(&name("1764043200000-00000005.letter"));
    assert!(
        matches!(linked, Err(Unreadable::Damaged(Damage::NotALetter))),
        "{linked:?}"
    );
}

#[test]
fn a_damaged_letter_is_listed_as_such_and_never_in_the_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut letters = open(folder.path(), 16 * BLOCK_BYTES);
    for time in 0..8 {
        assert!(letters.put(letter(&[b"x"], NOW + time)).expect("put").kept);
    }
    let paths: Vec<PathBuf> = list(folder.path())
        .expect("listed")
        .into_iter()
        .map(|one| one.path)
        .collect();
    let whole = std::fs::read(&paths[0]).expect("read");
    let mut flipped = whole.clone();
    flipped[70] ^= 1;
    std::fs::write(&paths[0], "").expect("written");
    std::fs::write(&paths[1], flipped).expect("written");
    std::fs::write(&paths[2], &whole[..60]).expect("written");
    let listed = list(folder.path()).expect("listed");
    let told: Vec<String> = listed
        .iter()
        .take(4)
        .map(|one| {
            one.header
                .as_ref()
                .map_or_else(ToString::to_string, |h| h.reason.clone())
        })
        .collect();
    assert_eq!(
        told,
        [
            "this is no dead letter",
            "its checksum is wrong",
            "it is 60 bytes long instead of 78",
            "no such tenant"
        ]
    );

    let mut letters = open(folder.path(), 4 * BLOCK_BYTES);
    let put = letters.put(letter(&[b"x"], NOW + 8)).expect("put");
    // What the damaged ones held is not known.
    assert_eq!((put.removed_letters, put.removed_items), (6, 6));
    assert_eq!(times(folder.path()), [NOW + 6, NOW + 7, NOW + 8]);
}

#[test]
fn a_folder_that_was_removed_is_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("dead_letters");
    let mut letters = open(&directory, 1 << 20);
    assert!(letters.put(letter(&[b"x"], NOW)).expect("put").kept);
    std::fs::remove_dir_all(&directory).expect("removed");
    assert!(letters.put(letter(&[b"x"], NOW + 1)).expect("put").kept);
    assert_eq!(times(&directory), [NOW + 1]);
}

#[test]
fn what_cannot_be_written_is_said_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("dead_letters");
    let mut letters = open(&directory, 1 << 20);
    // A name that is a folder already: the rename fails.
    std::fs::create_dir(directory.join("1764043200000-00000000.unfinished")).expect("made");
    assert!(letters.put(letter(&[b"x"], NOW)).is_err());
    assert!(letters.put(letter(&[b"x"], NOW)).expect("the next one").kept);
    assert_eq!(files(&directory), 2);
    std::fs::remove_dir_all(&directory).expect("removed");
    std::fs::write(&directory, "").expect("a file in its place");
    assert!(letters.put(letter(&[b"x"], NOW)).is_err());
    assert!(DeadLetters::open(&directory, "x", 1 << 20, true).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn the_newest_are_kept_and_the_bound_holds(sizes in prop::collection::vec(0_usize..20_000, 1..40)) {
        let folder = tempfile::tempdir().expect("a folder");
        let max_bytes = 8 * BLOCK_BYTES;
        let mut letters = open(folder.path(), max_bytes);
        let mut removed = 0;
        for (time, size) in sizes.iter().enumerate() {
            let put = letters.put(letter(&[&vec![9; *size]], NOW + time as u64)).expect("put");
            prop_assert!(put.kept);
            removed += put.removed_letters;
            prop_assert!(letters.bytes() <= max_bytes);
            prop_assert_eq!(letters.bytes(), total(&names(folder.path()).expect("names")));
        }
        let kept = times(folder.path());
        prop_assert!(kept.into_iter().eq(NOW + removed..NOW + sizes.len() as u64));
    }
}
