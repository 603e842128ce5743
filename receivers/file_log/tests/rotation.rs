//! Rotation: nothing twice, nothing left out.

use std::time::Duration;

use super::rig::{Rig, append};

/// Longer than the longest wait for a file that may be a copy, or for one without a name.
const LONG: Duration = Duration::from_secs(40);

/// Lines `from` to `to` of a file whose first kilobyte says what it is.
fn text(head: &str, from: u32, to: u32) -> String {
    let begin = if from == 0 {
        format!("{}\n", head.repeat(1 + 1100 / head.len()))
    } else {
        String::new()
    };
    let lines: String = (from..to).map(|number| format!("line {number}\n")).collect();
    begin + &lines
}

fn numbers(lines: &[String]) -> Vec<u32> {
    let number = |line: &String| line.rsplit_once("line ")?.1.parse().ok();
    lines.iter().filter_map(number).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Rename,
    RenameOut,
    RenameAndCompress,
    CopyTruncate,
    CopyTruncateAndCompress,
    Delete,
}

const KINDS: [Kind; 6] = [
    Kind::Rename,
    Kind::RenameOut,
    Kind::RenameAndCompress,
    Kind::CopyTruncate,
    Kind::CopyTruncateAndCompress,
    Kind::Delete,
];

impl Kind {
    /// What is appended is not read yet when the file is rotated.
    fn rotate(self, rig: &Rig, head: &str, unread: &str) {
        let out = rig.folder.path().join("out.log");
        rig.append("app.log", unread);
        match self {
            Self::Rename | Self::RenameAndCompress => rig.rename("app.log", "app.log.1"),
            Self::RenameOut => std::fs::rename(rig.path("app.log"), &out).expect("renamed"),
            Self::CopyTruncate | Self::CopyTruncateAndCompress => rig.copy_and_cut("app.log", "app.log.1"),
            Self::Delete => std::fs::remove_file(rig.path("app.log")).expect("removed"),
        }
        if matches!(self, Self::RenameAndCompress | Self::CopyTruncateAndCompress) {
            rig.gzip("app.log.1", "app.log.1.gz");
            std::fs::remove_file(rig.path("app.log.1")).expect("removed");
        }
        rig.append("app.log", &text(head, 0, 0));
    }
}

#[test]
fn each_kind_of_rotation_gives_every_line_once() {
    for kind in KINDS {
        // The new file begins as the old one did, or with something else.
        for head in ["another head ", "the same head "] {
            let mut rig = Rig::new();
            rig.append("app.log", &text("the same head ", 0, 5));
            assert_eq!(numbers(&rig.lines()), [0, 1, 2, 3, 4], "{kind:?}");
            kind.rotate(&rig, head, &text("", 5, 8));
            rig.append("app.log", &text("", 8, 9));
            let mut read = rig.lines();
            rig.turns_for(LONG);
            read.extend(rig.lines());
            let mut read = numbers(&read);
            read.sort_unstable();
            assert_eq!(read, [5, 6, 7, 8], "{kind:?}, {head}");
            rig.append("app.log", &text("", 9, 10));
            assert_eq!(numbers(&rig.lines()), [9], "{kind:?}, {head}");
        }
    }
}

#[test]
fn what_was_rotated_while_the_program_was_down_is_read_on() {
    for kind in KINDS {
        for head in ["another head ", "the same head "] {
            let mut rig = Rig::new();
            rig.append("app.log", &text("the same head ", 0, 5));
            assert_eq!(numbers(&rig.lines()), [0, 1, 2, 3, 4], "{kind:?}");
            rig.kill();
            kind.rotate(&rig, head, &text("", 5, 8));
            rig.append("app.log", &text("", 8, 9));
            rig.start();
            let mut read = rig.lines();
            rig.turns_for(LONG);
            read.extend(rig.lines());
            let mut read = numbers(&read);
            read.sort_unstable();
            let expected = match kind {
                // Nothing has a handle of what was there.
                Kind::Delete | Kind::RenameOut => &[8][..],
                _ => &[5, 6, 7, 8],
            };
            assert_eq!(read, expected, "{kind:?}, {head}");
        }
    }
}

#[test]
fn a_rotated_file_is_read_to_its_end_also_what_is_written_later_by_who_has_not_noticed() {
    let mut rig = Rig::new();
    rig.append("app.log", "a\n");
    assert_eq!(rig.lines(), ["app.log: a"]);
    let out = rig.folder.path().join("out.log");
    std::fs::rename(rig.path("app.log"), &out).expect("renamed");
    rig.append("app.log", "new\n");
    append(&out, "b\n");
    let mut read = rig.lines();
    read.sort_unstable();
    assert_eq!(read, ["app.log: b", "app.log: new"]);
    rig.turns_for(Duration::from_secs(20));
    append(&out, "late\n");
    assert_eq!(rig.lines(), ["app.log: late"]);
    rig.turns_for(LONG);
    append(&out, "too late\n");
    assert!(rig.lines().is_empty());
    assert_eq!(rig.counted("otelcol_fileconsumer_open_files"), 1);
}

#[test]
fn files_with_the_same_first_kilobyte_are_two_files() {
    let mut rig = Rig::new();
    let head = "#".repeat(4096);
    for name in ["a.log", "b.log"] {
        rig.append(name, &format!("{head}\n{name} 1\n"));
    }
    let mut read = rig.lines();
    rig.turns_for(LONG);
    read.extend(rig.lines());
    read.sort_unstable();
    assert_eq!(read.len(), 4, "{read:?}");
    for name in ["a.log", "b.log"] {
        rig.append(name, &format!("{name} 2\n"));
    }
    let mut read = rig.lines();
    read.sort_unstable();
    assert_eq!(read, ["a.log: a.log 2", "b.log: b.log 2"]);
}

#[test]
fn a_copy_that_stays_beside_the_file_is_a_file_of_its_own() {
    let mut rig = Rig::new();
    rig.append("a.log", "one\ntwo\n");
    assert_eq!(rig.lines(), ["a.log: one", "a.log: two"]);
    std::fs::copy(rig.path("a.log"), rig.path("b.log")).expect("copied");
    assert!(rig.lines().is_empty(), "it waits whether the first is cut");
    rig.turns_for(LONG);
    assert_eq!(rig.lines(), ["b.log: one", "b.log: two"]);
}

#[test]
fn an_empty_file_is_nobodys_twin() {
    let mut rig = Rig::new();
    for name in ["a.log", "b.log", "c.log"] {
        rig.write(name, "");
    }
    assert!(rig.lines().is_empty());
    rig.append("b.log", "x\n");
    assert_eq!(rig.lines(), ["b.log: x"]);
    rig.append("a.log", "y\n");
    rig.append("c.log", "z\n");
    assert_eq!(rig.lines(), ["a.log: y", "c.log: z"]);
}

#[test]
fn a_file_that_was_cut_and_has_grown_past_the_place_is_read_from_its_beginning() {
    for new in ["head\nX\nY\nZ and more\n", "other head that is longer\n"] {
        let mut rig = Rig::new();
        rig.append("a.log", "head\na\nb\n");
        assert_eq!(rig.lines(), ["a.log: head", "a.log: a", "a.log: b"]);
        rig.write("a.log", new);
        let expected: Vec<String> = new.lines().map(|line| format!("a.log: {line}")).collect();
        assert_eq!(rig.lines(), expected);
        assert_eq!(rig.counted("sidelight_file_log_truncations"), 1);
        // The same while the program is down.
        rig.kill();
        rig.write(
            "a.log",
            "head\nL\nM\nN and more, much more than before, much more\n",
        );
        rig.start();
        assert_eq!(rig.lines().len(), 4);
    }
}

#[test]
fn the_beginning_of_a_line_is_completed_from_the_copy() {
    let mut rig = Rig::new();
    rig.append("a.log", "one\ntw");
    rig.turn();
    rig.append("a.log", "o\nthree\n");
    rig.copy_and_cut("a.log", "a.log.1");
    let mut read = rig.lines();
    rig.turns_for(LONG);
    read.extend(rig.lines());
    let lines: Vec<&str> = read
        .iter()
        .filter_map(|line| Some(line.split_once(": ")?.1))
        .collect();
    assert_eq!(lines, ["one", "two", "three"]);
}

#[test]
fn a_symbolic_link_that_leads_elsewhere_is_followed_and_the_old_file_read_to_its_end() {
    let mut rig = Rig::stopped();
    let targets = rig.folder.path().join("targets");
    std::fs::create_dir(&targets).expect("made");
    let link = rig.path("current.log");
    append(&targets.join("1"), "a\n");
    std::os::unix::fs::symlink(targets.join("1"), &link).expect("made");
    rig.start();
    assert_eq!(rig.lines(), ["current.log: a"]);
    append(&targets.join("1"), "b\n");
    append(&targets.join("2"), "c\n");
    std::fs::remove_file(&link).expect("removed");
    std::os::unix::fs::symlink(targets.join("2"), &link).expect("made");
    let mut read = rig.lines();
    read.sort_unstable();
    assert_eq!(read, ["current.log: b", "current.log: c"]);
    rig.turns_for(Duration::from_secs(15));
    append(&targets.join("2"), "d\n");
    assert_eq!(rig.lines(), ["current.log: d"]);
}

#[test]
fn two_names_of_one_file_give_its_lines_once() {
    let mut rig = Rig::new();
    rig.append("a.log", "one\n");
    std::fs::hard_link(rig.path("a.log"), rig.path("b.log")).expect("linked");
    assert_eq!(rig.lines(), ["a.log: one"]);
    rig.turns_for(LONG);
    rig.append("b.log", "two\n");
    let read = rig.lines();
    assert_eq!(read.len(), 1, "{read:?}");
}

#[test]
fn a_number_of_an_inode_that_is_used_again_is_another_file() {
    let mut rig = Rig::new();
    rig.append("a.log", "first\n");
    assert_eq!(rig.lines(), ["a.log: first"]);
    rig.kill();
    // Most file systems give the number to the next file.
    std::fs::remove_file(rig.path("a.log")).expect("removed");
    rig.write("a.log", "second and longer\n");
    rig.start();
    assert_eq!(rig.lines(), ["a.log: second and longer"]);
}

#[test]
fn a_copy_that_is_seen_while_it_is_made_is_no_file_of_its_own() {
    let mut rig = Rig::new();
    let all = text("head ", 0, 3000);
    rig.append("a.log", &all);
    assert_eq!(numbers(&rig.lines()).len(), 3000);
    for piece in [0..7000, 7000..20_000, 20_000..all.len()] {
        rig.append("a.log.1", &all[piece]);
        rig.turn();
    }
    rig.write("a.log", "line 3000\n");
    assert_eq!(numbers(&rig.lines()), [3000]);
    rig.turns_for(LONG);
    assert!(rig.lines().is_empty());
}
