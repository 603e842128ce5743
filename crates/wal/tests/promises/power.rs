//! Power cuts at any call, also in the middle of a flush and of opening, several in a row.

use std::collections::BTreeMap;

use sidelight_wal::testing::{Fault, Random, TornFs};
use sidelight_wal::{Fs, Sync};

use super::found::{After, Found};
use super::model::leaves_nothing_behind;
use super::seeds;
use super::step::{Shape, Step};
use super::world::{FOLDER, World, hold, machine, options, step};

const SHAPE: Shape = Shape {
    shortest: 8,
    largest: 9_000,
    reopen: true,
};

fn run(seed: u64, sync: Sync) {
    let mut random = Random::new(seed);
    let mut options = options(sync, [600, 4_096, 16_384][random.index(3)]);
    if random.once_in(3) {
        options.target_bytes = 8_000;
    }
    let mut fs = machine(seed);
    let (mut entries, mut next_id) = (BTreeMap::new(), 0);
    for life in 0..1 + random.below(4) {
        fs.plan(Fault::death_at(1 + random.below(300)));
        let world = World::going_on(fs, options.clone(), entries, next_id).shared();
        for next in Step::draw_many(150, SHAPE, &mut random) {
            step(&world, &next);
        }
        // A kill now and then: what it leaves is no more durable than before.
        let after = if random.once_in(4) {
            After::Kill
        } else {
            After::PowerCut
        };
        let mut world = hold(&world);
        let found;
        (fs, found) = world.next_life(after, seed ^ life);
        if found.has_doubles() {
            return;
        }
        entries = found.entries(&world.entries, after);
        next_id = world.next_id();
    }
    leaves_nothing_behind(&mut World::going_on(fs, options, entries, next_id));
}

#[test]
fn fsync_mode_loses_nothing_that_was_answered() {
    seeds::each("power cuts, fsync", |seed| run(seed, Sync::Fsync));
}

#[test]
fn write_mode_loses_only_what_was_answered_after_the_last_flush() {
    seeds::each("power cuts, write", |seed| run(seed, Sync::Write));
}

#[test]
fn the_folder_itself_survives() {
    for (sync, seed) in [Sync::Write, Sync::Fsync]
        .into_iter()
        .flat_map(|sync| (0..50).map(move |seed| (sync, seed)))
    {
        let fs = TornFs::new(seed);
        let mut world = World::new(fs.clone(), options(sync, 4_096));
        world.append(&[(1, 100)], true);
        if sync == Sync::Write {
            world.flush();
        }
        let left = fs.power_cut(seed);
        assert!(left.list(FOLDER.as_ref()).is_ok(), "{sync:?}: the folder is gone");
        Found::at_next_start(&left, &world.options).judge(&world.entries, After::PowerCut);
    }
}
