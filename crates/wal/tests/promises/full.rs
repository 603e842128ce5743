//! No room on the disk.

use sidelight_wal::testing::Random;
use sidelight_wal::{AppendError, Log, NewRecord, Sync};
use std::io::ErrorKind;

use super::found::{After, Found};
use super::model::leaves_nothing_behind;
use super::seeds;
use super::step::{Shape, Step};
use super::world::{Calls, World, hold, machine, options, step};

const SHAPE: Shape = Shape {
    shortest: 8,
    largest: 6_000,
    reopen: true,
};

/// A world on a small disk, filled to the last byte.
fn full(sync: Sync) -> World {
    let fs = machine(1);
    fs.set_capacity(60_000);
    let mut world = World::new(fs, options(sync, 8_000));
    world.calls = Calls::MayFail;
    for len in [2_000, 200, 8] {
        let failures = world.failures;
        while world.failures == failures {
            world.append(&[(5, len)], true);
        }
    }
    world
}

#[test]
fn a_full_disk_is_told_as_such() {
    let fs = machine(1);
    fs.set_capacity(10_000);
    let mut log = Log::open(fs, options(Sync::Write, 65_536), 1).unwrap();
    let payload = vec![1; 20_000];
    let answer = log.append(
        &[NewRecord {
            payload: &[&payload],
            items: 1,
        }],
        true,
        2,
    );
    assert!(matches!(answer, Err(AppendError::Io { source, .. }) if source.kind() == ErrorKind::StorageFull));
    assert!(
        log.append(
            &[NewRecord {
                payload: &[&payload[..500]],
                items: 1
            }],
            true,
            3
        )
        .is_ok(),
        "a smaller one fits"
    );
}

#[test]
fn ends_are_written_where_there_is_no_room_and_their_room_comes_back() {
    for sync in [Sync::Write, Sync::Fsync] {
        let mut world = full(sync);
        // Nothing of what the disk has left, either.
        world.fs.set_capacity(60_000 - world.fs.room());
        assert_eq!(world.fs.room(), 0);
        world.calls = Calls::Succeed;
        world.end_everything();
        Found::at_next_start(&world.fs.kill(0), &world.options).judge(&world.entries, After::Kill);
        for _ in 0..3 {
            world.flush();
        }
        assert!(world.fs.room() > 30_000, "{}", world.fs.room());
        world.append(&[(5, 2_000)], true);
        leaves_nothing_behind(&mut world);
    }
}

#[test]
fn what_was_answered_on_a_full_disk_is_there_when_there_is_room_again() {
    for sync in [Sync::Write, Sync::Fsync] {
        let mut world = full(sync);
        Found::at_next_start(&world.fs.kill(0), &world.options).judge(&world.entries, After::Kill);
        world.fs.set_capacity(1 << 20);
        world.calls = Calls::Succeed;
        world.append(&[(5, 2_000)], true);
        leaves_nothing_behind(&mut world);
    }
}

#[test]
fn room_that_comes_and_goes_costs_nothing() {
    seeds::each("room comes and goes", |seed| {
        let mut random = Random::new(seed);
        let fs = machine(seed);
        let sync = if random.once_in(2) {
            Sync::Write
        } else {
            Sync::Fsync
        };
        let mut options = options(sync, [1_000, 8_000][random.index(2)]);
        options.target_bytes = 20_000;
        fs.set_capacity(30_000);
        let world = World::with_faults(fs.clone(), options).shared();
        for next in Step::draw_many(20 + random.index(150), SHAPE, &mut random) {
            if random.once_in(8) {
                fs.set_capacity(random.below(80_000));
            }
            step(&world, &next);
        }
        let mut world = hold(&world);
        for cut in 0..if world.doubles { 0 } else { 3 } {
            let cut = fs.power_cut(cut);
            cut.set_capacity(1 << 20);
            Found::at_next_start(&cut, &world.options).judge(&world.entries, After::PowerCut);
        }
        fs.set_capacity(1 << 20);
        if !world.is_open() {
            world.reopen();
        }
        if world.doubles {
            return;
        }
        world.calls = Calls::Succeed;
        world.append(&[(1, 1_000)], false);
        leaves_nothing_behind(&mut world);
    });
}
