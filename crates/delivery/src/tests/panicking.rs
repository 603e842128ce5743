//! Exporters that panic.

use sidelight_component::{Outcome, Signal, State};

use super::rig::*;
use crate::RejectReason;

#[tokio::test(start_paused = true)]
async fn a_request_on_which_the_exporter_panics_once_is_tried_once_more() {
    let rig = Rig::new(settings(), [Act::Panic]);
    let receipt = rig.put(4);
    assert_eq!(receipt.await, Outcome::Done);
    assert_eq!(rig.requests(), [[0, 1, 2, 3], [0, 1, 2, 3]]);
    assert_eq!(rig.state(), State::Ok);
}

#[tokio::test(start_paused = true)]
async fn the_one_item_that_makes_the_exporter_panic_is_found_and_refused_alone() {
    let rig = Rig::by_rule(settings(), |ids| ids.contains(&11).then_some(Act::Panic));
    let (bad, good) = (rig.put(20), rig.put(5));
    match bad.await {
        Outcome::Rejected { reason } => {
            assert_eq!(&*reason, "exporter otlp_grpc/test panics on it: on purpose");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(good.await, Outcome::Done);
    let mut taken = rig.taken();
    taken.sort_unstable();
    assert_eq!(taken, (0..25).filter(|id| *id != 11).collect::<Vec<u64>>());
    assert_eq!(
        (
            rig.ledger().delivered,
            rig.ledger().rejected_for(RejectReason::Panic)
        ),
        (24, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_encoding_is_contained_on_every_thread() {
    for (encodes, items) in [(false, 8), (true, 10_000)] {
        let mut exporter = Scripted {
            encodes,
            ..Scripted::default()
        };
        exporter.encode_rule = Some(Box::new(|ids| {
            assert!(!ids.contains(&3), "on purpose");
            Ok(())
        }));
        let rig = Rig::with(Signal::Logs, settings(), exporter);
        let outcome = rig.put(items).await;
        assert!(matches!(outcome, Outcome::Rejected { .. }), "{outcome:?}");
        let ledger = rig.ledger();
        assert_eq!(
            (ledger.rejected_for(RejectReason::Panic), ledger.delivered),
            (1, items as u64 - 1)
        );
    }
}
