//! The end of the receiver's life.

use std::time::{Duration, Instant};

use super::rig::{Options, Rig};
use super::table::Via;

#[tokio::test]
async fn a_drain_answers_what_is_under_way_and_takes_nothing_new() {
    for via in Via::ALL {
        let rig = Rig::start(Options {
            gated: true,
            ..Options::default()
        })
        .await;
        let ask = via.good();
        let answer = via.send(&rig, &ask);
        let drained = async {
            while rig.take_seen().is_empty() {
                tokio::task::yield_now().await;
            }
            rig.drain.request(Instant::now() + Duration::from_secs(30));
            let address = if via == Via::Grpc { rig.grpc } else { rig.http };
            while tokio::net::TcpStream::connect(address).await.is_ok() {
                tokio::task::yield_now().await;
            }
            rig.open_gate();
        };
        let (answer, ()) = tokio::join!(answer, drained);
        assert_eq!(answer.status, 200, "{via:?}: {answer:?}");
        rig.running.await.expect("no panic").expect("ended well");
    }
}
