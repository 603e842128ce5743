//! Whatever is done to files in whatever order, every line is read.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::rig::Rig;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Whole lines are appended.
    Write(u8),
    /// The beginning of a line is appended; its end comes with the next lines.
    Begin,
    Rename,
    CopyAndCut,
    /// The oldest plain file that was rotated is packed.
    Pack,
    /// The oldest file that was rotated and was read is deleted.
    Delete,
    Turn,
    /// Long enough for every wait.
    Wait,
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1_u8..30).prop_map(Act::Write),
        1 => Just(Act::Begin),
        2 => Just(Act::Rename),
        2 => Just(Act::CopyAndCut),
        1 => Just(Act::Pack),
        1 => Just(Act::Delete),
        6 => Just(Act::Turn),
        1 => Just(Act::Wait),
        1 => Just(Act::Restart),
    ]
}

/// A rig and what was done.
struct World {
    rig: Rig,
    has_head: bool,
    next: u32,
    rotated: u32,
    plain: Vec<String>,
    all: Vec<String>,
    has_begun: bool,
    read: BTreeMap<u32, u32>,
}

impl World {
    fn new(has_head: bool) -> Self {
        let mut rig = Rig::stopped();
        // What is half a line at the end of a file is not a line of its own here.
        rig.config.lines.framing.force_flush_period = Duration::ZERO;
        rig.start();
        Self {
            rig,
            has_head,
            next: 0,
            rotated: 0,
            plain: Vec::new(),
            all: Vec::new(),
            has_begun: false,
            read: BTreeMap::new(),
        }
    }

    fn write(&mut self, lines: u8) {
        let mut text = String::new();
        let is_new = std::fs::metadata(self.rig.path("app.log")).map_or(true, |metadata| metadata.len() == 0);
        if self.has_head && is_new {
            text.push_str(&"# the same in every file\n".repeat(50));
        }
        if std::mem::take(&mut self.has_begun) {
            text.push('\n');
        }
        for _ in 0..lines {
            text.push_str(&format!("line {}\n", self.next));
            self.next += 1;
        }
        self.rig.append("app.log", &text);
    }

    fn begin(&mut self) {
        if !self.has_begun {
            self.write(1);
            self.rig.append("app.log", &format!("line {}", self.next));
            self.next += 1;
            self.has_begun = true;
        }
    }

    fn rotate(&mut self, how: fn(&Rig, &str, &str)) {
        if !self.rig.path("app.log").exists() {
            return;
        }
        if self.has_begun {
            self.write(0);
        }
        let name = format!("app.log.{}", self.rotated);
        self.rotated += 1;
        how(&self.rig, "app.log", &name);
        self.plain.push(name.clone());
        self.all.push(name);
    }

    fn pack(&mut self) {
        if self.plain.is_empty() {
            return;
        }
        let name = self.plain.remove(0);
        let packed = format!("{name}.gz");
        if self.rig.path(&name).exists() {
            self.rig.gzip(&name, &packed);
            std::fs::remove_file(self.rig.path(&name)).expect("removed");
            self.all.retain(|other| *other != name);
            self.all.push(packed);
        }
    }

    fn delete(&mut self) {
        self.settle();
        if !self.all.is_empty() {
            let name = self.all.remove(0);
            self.plain.retain(|other| *other != name);
            std::fs::remove_file(self.rig.path(&name)).expect("removed");
        }
    }

    fn settle(&mut self) {
        self.rig.turns_for(Duration::from_secs(45));
        self.take();
    }

    fn take(&mut self) {
        for line in self.rig.lines() {
            if let Some(number) = line
                .rsplit_once("line ")
                .and_then(|(_, number)| number.parse().ok())
            {
                *self.read.entry(number).or_default() += 1;
            }
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Write(lines) => self.write(lines),
            Act::Begin => self.begin(),
            Act::Rename => self.rotate(Rig::rename),
            Act::CopyAndCut => self.rotate(Rig::copy_and_cut),
            Act::Pack => self.pack(),
            Act::Delete => self.delete(),
            Act::Turn => self.rig.turn(),
            Act::Wait => self.settle(),
            Act::Restart => {
                // Everything that was read is answered.
                while !self.rig.is_settled() {
                    self.take();
                }
                self.rig.kill();
                self.rig.start();
            }
        }
        self.rig.clock.advance(Duration::from_millis(50));
    }

    fn end(mut self) -> (Vec<u32>, Vec<u32>) {
        if self.has_begun {
            self.write(0);
        }
        self.settle();
        let lost = (0..self.next)
            .filter(|number| !self.read.contains_key(number))
            .collect();
        let twice = self
            .read
            .iter()
            .filter(|(_, times)| **times > 1)
            .map(|(number, _)| *number)
            .collect();
        (lost, twice)
    }
}

fn seed() -> RngSeed {
    let given = std::env::var("PROPTEST_RNG_SEED").ok();
    RngSeed::Fixed(given.and_then(|seed| seed.parse().ok()).unwrap_or(7))
}

proptest! {
    // The same orders each time; others with `PROPTEST_RNG_SEED`. A few in a thousand are still read wrong: files of some bytes that are
    // rotated several times between two looks, see the limits in the README.
    #![proptest_config(ProptestConfig { cases: 96, rng_seed: seed(), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_line_is_read_once(has_head: bool, acts in prop::collection::vec(act(), 1..40)) {
        let mut world = World::new(has_head);
        for act in &acts {
            world.act(*act);
        }
        let (lost, twice) = world.end();
        prop_assert!(lost.is_empty() && twice.is_empty(), "lost {lost:?}, twice {twice:?}");
    }
}

#[test]
fn a_file_that_was_packed_and_whose_inode_was_used_again_is_not_read_again() {
    let mut world = World::new(false);
    for act in [
        Act::Write(6),
        Act::Rename,
        Act::Restart,
        Act::Pack,
        Act::Write(1),
        Act::Write(5),
        Act::Turn,
        Act::Restart,
    ] {
        world.act(act);
    }
    let (lost, twice) = world.end();
    assert!(
        lost.is_empty() && twice.is_empty(),
        "lost {lost:?}, twice {twice:?}"
    );
}
