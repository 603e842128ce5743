//! What the durable path costs: `cargo run --release -p sidelight-wal --example throughput [FOLDER [SECONDS]]`.
//!
//! For records of 540 kB and of 5 kB: append a group of one, end the group that was appended 16 before, flush every 200 ms on a second thread,
//! as a queue does. Prints what one CPU-second (user and system, both threads) carries.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sidelight_wal::{AppendError, End, Flush, Flushed, Log, NewRecord, Options, Outcome, RealFs, Sync};

/// Groups that are on their way to the destination.
const ON_THEIR_WAY: usize = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds: u64 = arguments.next().as_deref().unwrap_or("5").parse()?;
    for (bytes, per_second) in [(540_000, 0), (540_000, 1_000), (5_000, 0), (5_000, 20_000)] {
        let directory = folder.join(format!("sidelight-wal-throughput-{}", std::process::id()));
        measure(directory.clone(), bytes, per_second, Duration::from_secs(seconds))?;
        std::fs::remove_dir_all(directory)?;
    }
    Ok(())
}

/// `per_second`: groups; 0 for as many as there can be.
fn measure(
    directory: PathBuf,
    bytes: usize,
    per_second: u64,
    time: Duration,
) -> Result<(), Box<dyn std::error::Error>> {
    let options = Options {
        directory,
        sync: Sync::Write,
        segment_bytes: 64 << 20,
        target_bytes: 1 << 30,
        reserve_bytes: 1 << 20,
    };
    let mut log = Log::open(RealFs, options, 0)?;
    let (to_flusher, flushes) = mpsc::sync_channel::<Flush<RealFs>>(1);
    let (from_flusher, flushed) = mpsc::sync_channel::<Flushed>(1);
    let flusher = std::thread::spawn(move || {
        while let Ok(flush) = flushes.recv() {
            if from_flusher.send(flush.run()).is_err() {
                return;
            }
        }
    });
    let payload: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
    let mut on_their_way = VecDeque::new();
    let (began, cpu_before) = (Instant::now(), cpu_seconds()?);
    let (mut groups, mut next_flush) = (0_u64, Duration::from_millis(200));
    while began.elapsed() < time {
        on_their_way.push_back(append(&mut log, &payload)?);
        groups += 1;
        if on_their_way.len() > ON_THEIR_WAY
            && let Some(items) = on_their_way.pop_front()
        {
            end(&mut log, items, bytes);
        }
        if let Ok(flushed) = flushed.try_recv() {
            log.end_flush(flushed, 0);
        }
        if began.elapsed() >= next_flush {
            next_flush = began.elapsed() + Duration::from_millis(200);
            if let Some(flush) = log.begin_flush() {
                to_flusher.send(flush)?;
            }
        }
        if let Some(ahead) = (groups * 1_000_000_000).checked_div(per_second) {
            let ahead = Duration::from_nanos(ahead).saturating_sub(began.elapsed());
            if ahead > Duration::from_millis(1) {
                // Sleeps as a queue does between two groups.
                std::thread::park_timeout(ahead);
            }
        }
    }
    let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds()? - cpu_before);
    drop(to_flusher);
    flusher.join().map_err(|_| "the flusher panicked")?;
    let status = log.status();
    let carried = groups as f64 * bytes as f64;
    println!(
        "{bytes:>7} B: {:>6.0} groups/s, {:>5.2} of a CPU; per CPU-second {:>7.0} groups, {:>5.0} MB; {:.3} ms CPU a group; \
         {} files, {:.0} MB on the disk",
        groups as f64 / wall,
        cpu / wall,
        groups as f64 / cpu,
        carried / cpu / 1e6,
        cpu * 1e3 / groups as f64,
        status.segments,
        status.disk_bytes as f64 / 1e6,
    );
    Ok(())
}

fn append(log: &mut Log<RealFs>, payload: &[u8]) -> Result<Range<u64>, AppendError> {
    let record = NewRecord {
        payload: &[payload],
        items: 1000,
    };
    let ordinals = log.append(&[record], true, 0)?;
    Ok(ordinals.into_iter().next().unwrap_or_default())
}

fn end(log: &mut Log<RealFs>, items: Range<u64>, bytes: usize) {
    log.end(
        &[End {
            items,
            outcome: Outcome::Delivered,
            bytes: bytes as u64,
            records: 1,
        }],
        0,
    );
}

/// User and system, of all threads: fields 14 and 15 of `/proc/self/stat`, in ticks of 10 ms.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').ok_or("no name")?.1;
    let ticks: u64 = behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 / 100.0)
}
