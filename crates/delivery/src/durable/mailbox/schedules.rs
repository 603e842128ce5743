//! Whatever the order in which threads run: what is put into the mailbox is got once, in order, and nobody sleeps on it.

use shuttle::sync::Arc;
use shuttle::thread;
use sidelight_component::{Ack, Batch, Payload, Signal};
use sidelight_wal::Outcome as LogOutcome;

use super::*;
use crate::part::Size;

const SCHEDULES: usize = 20_000;

fn arrival(number: u64) -> Arrival {
    let batch = Batch {
        signal: Signal::Logs,
        payload: Payload::default(),
        ack: Ack::unattended(),
        deadline: None,
    };
    Arrival {
        batch,
        size: Size::default(),
        units: number,
        stored: None,
    }
}

fn end(number: u64) -> LogEnd {
    LogEnd {
        items: number..number + 1,
        outcome: LogOutcome::Delivered,
        bytes: 1,
        records: 1,
    }
}

#[test]
fn nothing_is_left_lying_and_nothing_comes_twice() {
    let scenario = || {
        let mailbox = Arc::new(Mailbox::default());
        let senders: Vec<_> = (0..2_u64)
            .map(|sender| {
                let mailbox = mailbox.clone();
                thread::spawn(move || {
                    for number in 0..3 {
                        assert!(
                            mailbox
                                .put(SmallVec::from_iter([arrival(sender * 10 + number)]))
                                .is_empty()
                        );
                    }
                })
            })
            .collect();
        let dispatcher = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                for number in 0..3 {
                    mailbox.enter([end(number)], []);
                }
                senders
                    .into_iter()
                    .for_each(|sender| sender.join().expect("a sender"));
                mailbox.close();
            })
        };
        let (mut units, mut ends) = (Vec::new(), Vec::new());
        loop {
            let mail = mailbox.wait(None, true);
            units.extend(mail.arrivals.iter().map(|arrival| arrival.units));
            ends.extend(mail.ends.iter().map(|end| end.items.start));
            if mail.closing {
                break;
            }
        }
        dispatcher.join().expect("the dispatcher");
        assert!(mailbox.abandon().is_empty());
        assert_eq!(ends, [0, 1, 2]);
        for sender in 0..2 {
            let of_sender: Vec<u64> = units
                .iter()
                .filter(|unit| *unit / 10 == sender)
                .copied()
                .collect();
            assert_eq!(of_sender, [sender * 10, sender * 10 + 1, sender * 10 + 2]);
        }
    };
    shuttle::check_random(scenario, SCHEDULES);
    shuttle::check_pct(scenario, SCHEDULES, 3);
}

#[test]
fn ends_that_come_alone_wake_the_keeper() {
    let scenario = || {
        let mailbox = Arc::new(Mailbox::default());
        let dispatcher = {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.enter([end(7)], []))
        };
        let mut got = 0;
        while got == 0 {
            got += mailbox.wait(None, true).ends.len();
        }
        dispatcher.join().expect("the dispatcher");
    };
    shuttle::check_random(scenario, SCHEDULES);
}
