//! Calls processors and connectors whose time has come, and waits for room for what they give out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::Outcome;
use tokio::task::JoinSet;

use crate::chain::Batches;
use crate::ends::Reserved;
use crate::engine::within;
use crate::line::Line;

/// How long what a timer gave out waits for room before its sender is told to send it again.
const ROOM_PATIENCE: Duration = Duration::from_secs(3600);

/// How long to wait before a full queue is asked for room again.
const ROOM_RETRY: Duration = Duration::from_millis(50);

/// One task for each pipeline that has processors.
pub(crate) fn spawn(lines: &[Arc<Line>], tasks: &mut JoinSet<()>) {
    for line in lines.iter().filter(|line| !line.chains.is_empty()) {
        tasks.spawn(drive(line.clone()));
    }
}

async fn drive(line: Arc<Line>) {
    loop {
        let woken = line.timer_wanted.notified();
        let Some(at) = line.next_timer() else {
            woken.await;
            continue;
        };
        let wait = at.saturating_duration_since(line.clock.now().instant);
        if !wait.is_zero() {
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(wait) => {}
            }
            continue;
        }
        let given = line.on_timer();
        give_out(&line, given, Instant::now() + ROOM_PATIENCE).await;
        tokio::task::yield_now().await;
    }
}

/// Puts batches that processors gave out by themselves into the queues, waiting for room until the deadline.
pub(crate) async fn give_out(line: &Line, batches: Batches, deadline: Instant) {
    for batch in batches {
        let (bytes, items) = (batch.payload.len(), batch.items());
        let room = within(deadline, async {
            loop {
                match line.ends.reserve(bytes, items, &mut Reserved::new()) {
                    Ok(room) => return room,
                    Err(_) => tokio::time::sleep(ROOM_RETRY).await,
                }
            }
        });
        match room.await {
            Some(room) => line.ends.hand_on(Batches::from_iter([batch]), room),
            None => batch.finish(Outcome::retry("no room before the end of the drain")),
        }
    }
}
