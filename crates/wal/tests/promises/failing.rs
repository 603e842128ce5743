//! Each call fails, once or for a while, or panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use sidelight_wal::Sync;
use sidelight_wal::testing::{Call, Fault, Random, Refusal};

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

/// A world in which calls fail from the first one on, which opens the log.
fn world(sync: Sync, seed: u64, faults: &[Fault]) -> Arc<Mutex<World>> {
    let fs = machine(seed);
    faults.iter().for_each(|fault| fs.plan(*fault));
    let mut options = options(sync, 2_000);
    options.target_bytes = 10_000;
    World::with_faults(fs, options).shared()
}

/// When the faults are over it goes on: records are taken, everything is there, at the next start too, and can be ended.
fn goes_on(world: &mut World) {
    world.fs.heal();
    if !world.is_open() {
        world.reopen();
        assert!(world.is_open());
    }
    if world.doubles {
        return;
    }
    world.calls = Calls::Succeed;
    world.append(&[(3, 300)], false);
    // After flushes that failed some are let pass.
    for _ in 0..40 {
        world.flush();
    }
    Found::at_next_start(&world.fs.kill(0), &world.options).judge(&world.entries, After::Kill);
    for seed in 0..3 {
        let cut = world.fs.power_cut(seed).kill(0);
        Found::at_next_start(&cut, &world.options).judge(&world.entries, After::PowerCut);
    }
    leaves_nothing_behind(world);
}

/// Every occurrence up to the 200th in the long run; in the short one the first ten, then each tenth.
fn occurrences() -> impl Iterator<Item = u64> {
    (1..=200).filter(|nth| seeds::long() || *nth <= 10 || nth % 10 == 0)
}

fn each_occurrence(sync: Sync, how: Refusal) {
    let steps = Step::draw_many(250, SHAPE, &mut Random::new(7));
    let mut runs = 0;
    for call in Call::ALL {
        for (nth, times) in occurrences().flat_map(|nth| [(nth, 1), (nth, 9), (nth, 60)]) {
            let world = world(
                sync,
                nth,
                &[Fault {
                    on: Some(call),
                    nth,
                    times,
                    how,
                }],
            );
            for next in &steps {
                step(&world, next);
            }
            if hold(&world).fs.calls(call) < nth {
                break;
            }
            goes_on(&mut hold(&world));
            runs += 1;
        }
    }
    println!("{runs} runs, {how:?}, {sync:?}");
}

#[test]
fn an_error_of_the_disk_at_any_call_loses_nothing_in_write_mode() {
    each_occurrence(Sync::Write, Refusal::Io);
}

#[test]
fn an_error_of_the_disk_at_any_call_loses_nothing_in_fsync_mode() {
    each_occurrence(Sync::Fsync, Refusal::Io);
}

#[test]
fn no_room_at_any_call_loses_nothing() {
    each_occurrence(Sync::Write, Refusal::NoSpace);
    each_occurrence(Sync::Fsync, Refusal::NoSpace);
}

#[test]
fn an_interruption_at_any_call_loses_nothing() {
    each_occurrence(Sync::Write, Refusal::Interrupted);
    each_occurrence(Sync::Fsync, Refusal::Interrupted);
}

#[test]
fn short_writes_and_reads_change_nothing() {
    for sync in [Sync::Write, Sync::Fsync] {
        let steps = Step::draw_many(250, SHAPE, &mut Random::new(8));
        let world = world(
            sync,
            1,
            &[Fault {
                on: None,
                nth: 1,
                times: u64::MAX,
                how: Refusal::Short,
            }],
        );
        hold(&world).calls = Calls::Succeed;
        steps.iter().for_each(|next| step(&world, next));
        goes_on(&mut hold(&world));
    }
}

/// Several faults at random, then a power cut in the middle of them.
#[test]
fn failures_and_then_a_power_cut_lose_nothing_that_was_promised() {
    seeds::each("failures and a power cut", |seed| {
        let mut random = Random::new(seed);
        let sync = if random.once_in(2) {
            Sync::Write
        } else {
            Sync::Fsync
        };
        let faults: Vec<Fault> = (0..1 + random.below(4))
            .map(|_| draw_fault(&mut random))
            .collect();
        let world = world(sync, seed, &faults);
        for next in Step::draw_many(20 + random.index(150), SHAPE, &mut random) {
            step(&world, &next);
        }
        let after = if random.once_in(3) {
            After::Kill
        } else {
            After::PowerCut
        };
        let mut world = hold(&world);
        if !world.doubles {
            world.next_life(after, seed);
        }
    });
}

/// Half of them failing syncs, which are the ones that lie.
fn draw_fault(random: &mut Random) -> Fault {
    let on = match random.below(4) {
        0 | 1 => Some(Call::SyncData),
        2 => Some(Call::ALL[random.index(Call::ALL.len())]),
        _ => None,
    };
    let how = [
        Refusal::Io,
        Refusal::Io,
        Refusal::NoSpace,
        Refusal::Interrupted,
        Refusal::Short,
    ][random.index(5)];
    Fault {
        on,
        nth: 1 + random.below(60),
        times: 1 + random.below(8),
        how,
    }
}

#[test]
fn a_panic_at_any_call_loses_nothing_at_the_next_start() {
    for (sync, seed) in [(Sync::Write, 5), (Sync::Fsync, 6)] {
        let steps = Step::draw_many(150, SHAPE, &mut Random::new(seed));
        let mut nth = 0;
        loop {
            nth += 1;
            let world = world(sync, seed, &[]);
            hold(&world).fs.plan(Fault {
                on: None,
                nth,
                times: 1,
                how: Refusal::Panic,
            });
            let ran = steps.iter().try_for_each(|next| {
                catch_unwind(AssertUnwindSafe(|| step(&world, next))).map_err(drop_unless_planned)
            });
            if ran.is_ok() {
                break;
            }
            let mut world = hold(&world);
            world.reopen();
            goes_on(&mut world);
        }
        assert!(nth > 100, "a long script: {nth}");
        println!("a panic at each of {nth} calls, {sync:?}");
    }
}

fn drop_unless_planned(panic: Box<dyn std::any::Any + Send>) {
    let planned = panic
        .downcast_ref::<String>()
        .is_some_and(|text| text.starts_with("planned"));
    if !planned {
        std::panic::resume_unwind(panic);
    }
}
