//! More connections than there may be: those who ask are served all the same.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::doors::{Door, Doors};
use super::floods::hello;
use crate::program::PATIENCE;

/// More than the cap, which is 1,024 at OTLP doors and the prometheus exporter.
const CROWD: usize = 1_200;
/// The same at the pages of the administration, where it is 32; more do not even get into the system's queue.
const CROWD_AT_PAGES: usize = 100;
/// So many connections come and go for one that stays.
const STORM: usize = 5;

pub(super) async fn all(doors: &Doors) {
    for door in &doors.all {
        let has_many_places = door.speaks_http2 || door.encrypted;
        let size = if has_many_places { CROWD } else { CROWD_AT_PAGES };
        for _ in 0..STORM * size {
            drop(door.connect().await);
        }
        served_in_the_end(doors, door).await;
        let mut crowd = Vec::with_capacity(size);
        for nth in 0..size {
            // Half say nothing, half have greeted, and may stay for hours then.
            crowd.push(match door.speaks_http2 && nth % 2 == 0 {
                true => greet_if_let_in(door).await,
                false => door.connect().await,
            });
        }
        served_in_the_end(doors, door).await;
        drop(crowd);
        served_in_the_end(doors, door).await;
    }
}

async fn greet_if_let_in(door: &Door) -> super::doors::Connection {
    let mut connection = door.connect().await;
    let mut first = [0; 1];
    // One that is refused for the cap is closed at once.
    if connection.write_all(&hello(&[])).await.is_ok() {
        let _ = connection.read(&mut first).await;
    }
    connection
}

/// A connection keeps its place for a second even if it is unused, so good clients may have to come again; and on a machine that
/// has more to do a good one may need longer than that to say what it wants.
async fn served_in_the_end(doors: &Doors, door: &Door) {
    let mut trouble = String::new();
    let served = async {
        while let Err(refused) = doors.try_the_good().await {
            trouble = refused;
        }
    };
    let served = tokio::time::timeout(3 * PATIENCE, served).await.is_ok();
    assert!(
        served,
        "nobody is served beside a crowd at {}: {trouble}",
        door.name
    );
}
