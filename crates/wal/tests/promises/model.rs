//! Any order of calls, and nothing bad: the log is the plain list.

use proptest::prelude::*;
use sidelight_wal::Sync;
use sidelight_wal::testing::Random;

use super::seeds;
use super::step::{Shape, Step};
use super::world::{World, hold, machine, options, step};

/// Where records are moved their ordinals change, so they must be known by their payload.
fn shape(moves: bool) -> Shape {
    Shape {
        shortest: if moves { 8 } else { 1 },
        largest: 20_000,
        reopen: true,
    }
}

fn run(steps: &[Step], sync: Sync, segment_bytes: u64, target_bytes: u64) {
    let mut options = options(sync, segment_bytes);
    options.target_bytes = target_bytes;
    let world = World::new(machine(1), options).shared();
    for next in steps {
        step(&world, next);
    }
    leaves_nothing_behind(&mut hold(&world));
}

/// Everything comes to its end; then no more than the file that is written to is left, at any next start as well.
pub(crate) fn leaves_nothing_behind(world: &mut World) {
    for _ in 0..2 {
        world.flush();
        world.end_everything();
        for _ in 0..4 {
            world.flush();
        }
        let status = world.status();
        assert_eq!(status.live, sidelight_wal::Live::default());
        assert!(status.segments <= 2, "{status:?}");
        world.step(&Step::Reopen);
    }
}

#[test]
fn the_log_is_the_list() {
    seeds::each("model", |seed| {
        let mut random = Random::new(seed);
        let segment_bytes = [600, 4_096, 65_536][random.index(3)];
        let sync = if random.once_in(2) {
            Sync::Write
        } else {
            Sync::Fsync
        };
        let moves = random.once_in(2);
        let target_bytes = if moves { 6_000 } else { u64::MAX };
        let steps = Step::draw_many(10 + random.index(200), shape(moves), &mut random);
        run(&steps, sync, segment_bytes, target_bytes);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_failing_order_of_calls_is_made_short(numbers in proptest::collection::vec(any::<u64>(), 0..60), fsync: bool, moves: bool) {
        let step = |number: u64| Step::draw(shape(moves), &mut Random::new(number));
        let steps: Vec<Step> = numbers.into_iter().map(step).collect();
        let sync = if fsync { Sync::Fsync } else { Sync::Write };
        run(&steps, sync, 1_000, if moves { 3_000 } else { u64::MAX });
    }
}
