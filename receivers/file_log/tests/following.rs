//! Following files that nobody rotates.

use std::time::Duration;

use super::super::config::StartAt;
use super::rig::Rig;

#[test]
fn lines_are_read_as_they_come_and_a_new_file_from_its_beginning() {
    let mut rig = Rig::stopped();
    rig.config.start_at = StartAt::End;
    rig.write("old.log", "before\n");
    rig.start();
    assert!(rig.lines().is_empty());
    rig.append("old.log", "a\nb\n");
    rig.write("new.log", "first\n");
    let mut read = rig.lines();
    read.sort_unstable();
    assert_eq!(read, ["new.log: first", "old.log: a", "old.log: b"]);
}

#[test]
fn after_a_restart_reading_goes_on_and_a_file_that_came_meanwhile_is_read_from_its_beginning() {
    let mut rig = Rig::stopped();
    rig.config.start_at = StartAt::End;
    rig.write("old.log", "before\n");
    rig.start();
    rig.append("old.log", "a\n");
    assert_eq!(rig.lines(), ["old.log: a"]);
    rig.kill();
    rig.append("old.log", "b\n");
    rig.write("new.log", "first\n");
    rig.start();
    let mut read = rig.lines();
    read.sort_unstable();
    assert_eq!(read, ["new.log: first", "old.log: b"]);
}

#[test]
fn what_was_not_answered_is_read_again_and_nothing_else() {
    let mut rig = Rig::new();
    rig.append("a.log", "1\n2\n");
    assert_eq!(rig.lines().len(), 2);
    rig.answers = false;
    rig.append("a.log", "3\n");
    assert_eq!(rig.lines(), ["a.log: 3"]);
    rig.kill();
    rig.start();
    rig.answers = true;
    assert_eq!(rig.lines(), ["a.log: 3"]);
    rig.kill();
    rig.start();
    assert!(rig.lines().is_empty());
}

#[test]
fn the_beginning_of_a_line_waits_for_its_end_until_the_flush_period() {
    let mut rig = Rig::new();
    rig.append("a.log", "one\ntw");
    rig.turn();
    rig.turn();
    rig.append("a.log", "o\nthr");
    assert_eq!(rig.lines(), ["a.log: one", "a.log: two", "a.log: thr"]);
    rig.append("a.log", "ee\n");
    assert_eq!(rig.lines(), ["a.log: ee"]);
}

#[test]
fn with_a_flush_period_of_nought_the_beginning_of_a_line_waits_for_ever() {
    let mut rig = Rig::stopped();
    rig.config.lines.framing.force_flush_period = Duration::ZERO;
    rig.start();
    rig.append("a.log", "one\ntw");
    assert_eq!(rig.lines(), ["a.log: one"]);
    rig.kill();
    rig.start();
    rig.turns_for(Duration::from_secs(60));
    assert!(rig.lines().is_empty());
    rig.append("a.log", "o\n");
    assert_eq!(rig.lines(), ["a.log: two"]);
}

#[test]
fn more_files_than_may_be_open_take_turns() {
    let mut rig = Rig::stopped();
    rig.config.max_concurrent_files = 3;
    rig.start();
    for round in 0..3 {
        for file in 0..20 {
            rig.append(&format!("{file:02}.log"), &format!("file {file} round {round}\n"));
        }
        let mut read = rig.lines();
        read.extend(rig.lines());
        read.sort_unstable();
        let expected: Vec<String> = (0..20)
            .map(|file| format!("{file:02}.log: file {file} round {round}"))
            .collect();
        assert_eq!(read, expected);
        assert!(rig.counted("otelcol_fileconsumer_open_files") <= 3);
    }
}

#[test]
fn without_room_in_the_budget_nothing_is_read_and_later_everything() {
    let mut rig = Rig::new();
    let taken = rig.budget.charge(rig.budget.limit()).expect("room");
    rig.append("a.log", "1\n");
    assert!(rig.lines().is_empty());
    drop(taken);
    assert_eq!(rig.lines(), ["a.log: 1"]);
}

#[test]
fn packed_files_are_read_once_also_after_a_restart() {
    let mut rig = Rig::new();
    rig.write("plain", "1\n2\n3");
    rig.gzip("plain", "a.gz");
    std::fs::remove_file(rig.path("plain")).expect("removed");
    assert_eq!(rig.lines(), ["a.gz: 1", "a.gz: 2", "a.gz: 3"]);
    rig.kill();
    rig.start();
    assert!(rig.lines().is_empty());
}

#[test]
fn a_file_is_deleted_when_everything_in_it_was_delivered() {
    let mut rig = Rig::stopped();
    rig.config.delete_after_read = true;
    rig.answers = false;
    rig.write("a.log", "1\n2");
    rig.start();
    assert_eq!(rig.lines(), ["a.log: 1", "a.log: 2"]);
    assert!(rig.path("a.log").exists());
    rig.answers = true;
    rig.turns_for(Duration::from_secs(1));
    assert!(!rig.path("a.log").exists());
}

#[test]
fn old_files_are_not_taken_up() {
    let mut rig = Rig::stopped();
    rig.config.exclude_older_than = Duration::from_secs(1);
    // The clock of the test is years ahead of the files.
    rig.write("a.log", "1\n");
    rig.start();
    assert!(rig.lines().is_empty());
}

#[test]
fn records_have_their_number_and_offset_also_after_a_restart() {
    let mut rig = Rig::stopped();
    rig.config.include_file_record_number = true;
    rig.config.include_file_record_offset = true;
    rig.start();
    rig.append("a.log", "one\ntwo\n");
    assert_eq!(rig.lines(), ["a.log: 1: 0: one", "a.log: 2: 4: two"]);
    rig.kill();
    rig.append("a.log", "three\n");
    rig.start();
    assert_eq!(rig.lines(), ["a.log: 3: 8: three"]);
}

#[test]
fn a_large_file_is_read_in_pieces_and_in_order() {
    let mut rig = Rig::new();
    let text: String = (0..50_000)
        .map(|number| format!("number {number:06}\n"))
        .collect();
    rig.append("a.log", &text);
    let mut read = Vec::new();
    for _ in 0..5 {
        read.extend(rig.lines());
    }
    let expected: Vec<String> = (0..50_000)
        .map(|number| format!("a.log: number {number:06}"))
        .collect();
    assert_eq!(read.len(), expected.len());
    assert!(read == expected);
}

#[test]
fn a_line_that_is_nothing_but_a_file_in_a_folder_made_later_is_found() {
    let mut rig = Rig::stopped();
    let later = rig.folder.path().join("later/x");
    rig.config.include = vec![format!("{}/later/**/*.log", rig.folder.path().display())];
    rig.start();
    assert!(rig.lines().is_empty());
    std::fs::create_dir_all(&later).expect("made");
    std::fs::write(later.join("a.log"), "found\n").expect("written");
    assert_eq!(rig.lines(), ["a.log: found"]);
}

#[test]
fn where_the_system_does_not_tell_everything_is_looked_at_on_time() {
    let mut rig = Rig::new();
    rig.tailer.as_mut().expect("it runs").watcher = None;
    rig.lines();
    rig.turns_for(Duration::from_secs(40));
    rig.append("a.log", "1\n");
    assert_eq!(rig.lines(), ["a.log: 1"]);
    rig.turns_for(Duration::from_secs(40));
    rig.append("a.log", "2\n");
    rig.append("b.log", "3\n");
    assert_eq!(rig.lines(), ["a.log: 2", "b.log: 3"]);
}
