//! Hostile clients at every listener of the program: each is answered, held back or cut off by a limit, and meanwhile
//! good clients are served. In the end memory has stayed within its bound, and descriptors and processor time are as
//! before.

mod bodies;
mod crowds;
mod doors;
mod floods;
mod slow;

use crate::hostile::doors::Doors;

/// All of it together may cost this much: the memory budget (64 MiB by default) and the bounded buffers that are not
/// charged to it.
const MOST_GROWTH_KIB: u64 = 100 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_clients_are_held_off_at_every_listener() {
    let doors = Doors::open().await;
    doors.serve_the_good().await;
    let (before, files) = (doors.program.peak_memory_kib(), doors.program.open_files());
    // The slow ones have begun before the others come, and must be gone when they are done.
    let slow = slow::begin(&doors).await;
    bodies::all(&doors).await;
    floods::all(&doors).await;
    crowds::all(&doors).await;
    slow::all_have_ended(slow).await;
    doors.serve_the_good().await;
    let growth = doors.program.peak_memory_kib() - before;
    println!("memory: {before} KiB at its peak before, {growth} KiB more after all of it");
    assert!(growth < MOST_GROWTH_KIB, "{growth} KiB more at the peak");
    doors.is_at_rest(files).await;
    doors.log_is_readable();
}
