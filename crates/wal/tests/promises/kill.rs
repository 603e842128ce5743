//! The process ends at each call of a long script.

use sidelight_wal::Sync;
use sidelight_wal::testing::{Fault, Random, TornFs};

use super::found::After;
use super::step::{Shape, Step};
use super::world::{World, hold, machine, options, step};

const SHAPE: Shape = Shape {
    shortest: 8,
    largest: 6_000,
    reopen: true,
};

/// Runs the script on a machine that ends at this call; the calls that were made.
fn run(sync: Sync, steps: &[Step], death_at: u64) -> u64 {
    let fs: TornFs = machine(death_at);
    fs.plan(Fault::death_at(death_at));
    let mut options = options(sync, 2_000);
    options.target_bytes = 10_000;
    let world = World::new(fs.clone(), options).shared();
    for next in steps {
        step(&world, next);
    }
    let calls = fs.all_calls();
    hold(&world).next_life(After::Kill, death_at);
    calls
}

/// Answered records are there, and what was ended before the call is not given again.
#[test]
fn a_kill_at_any_call_loses_nothing_and_repeats_only_what_was_not_ended() {
    for (sync, seed) in [
        (Sync::Write, 1),
        (Sync::Fsync, 2),
        (Sync::Write, 3),
        (Sync::Fsync, 4),
    ] {
        let steps = Step::draw_many(200, SHAPE, &mut Random::new(seed));
        let calls = run(sync, &steps, u64::MAX);
        assert!(calls > 200, "a long script: {calls}");
        for death_at in 1..=calls {
            run(sync, &steps, death_at);
        }
        println!("killed at each of {calls} calls, {sync:?}");
    }
}
