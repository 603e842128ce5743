//! One run: build, start, warm up, measure, settle, report, judge.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::args::Args;
use crate::machine::CpuTime;
use crate::payload::Corpus;
use crate::report::{Measured, Report};
use crate::send::Sender;
use crate::sink::{Mood, Sink};
use crate::target::{Target, Usage, log_path};

/// How long the collector may rest after it listens, before its idle memory is read.
const REST: Duration = Duration::from_millis(1500);
/// Silence that ends the wait for what has not arrived.
const QUIET: Duration = Duration::from_millis(1500);

pub(crate) async fn run(args: &Args) -> Result<Report> {
    ensure!(
        args.direct == args.cmd.is_empty(),
        "a run needs --cmd or --direct, not both"
    );
    ensure!(
        !(args.direct && args.kill_every > 0.0),
        "there is no collector to kill in a direct run"
    );
    let corpus = Arc::new(Corpus::build(args)?);
    let compared = (!args.bulk).then(|| corpus.clone());
    let sink = Sink::start(args, compared).await?;
    let target = if args.direct {
        None
    } else {
        Some(Target::start(args).await?)
    };
    tokio::time::sleep(REST).await;
    let idle = target.as_ref().map(Target::usage).unwrap_or_default();

    let sender = Sender::new(args, corpus.clone());
    if args.warmup > 0.0 && !args.check {
        sender.run(args.warmup).await;
        sink.settle(args.kept(sender.sent().acked), QUIET, Duration::from_secs(5))
            .await;
        sender.reset();
    }
    let measured = measure(args, &sender, &sink, target.as_ref()).await?;
    let report = Report {
        check: args
            .check
            .then(|| sink.check(&sender.acked_first_ids(), args.items)),
        first_difference: sink.first_difference(),
        latency: sender.latency(),
        startup: target.as_ref().map(|t| t.startup),
        outgrown: target.as_ref().is_some_and(Target::outgrown),
        highest: target.as_ref().map(Target::highest).unwrap_or_default(),
        args: args.clone(),
        corpus,
        idle,
        measured,
    };
    if let Some(target) = target {
        target.stop().await;
        if report.void().is_empty() {
            // The log is only of use to find out why a run is void; it may have been removed by hand.
            let _ = std::fs::remove_file(log_path());
        }
    }
    Ok(report)
}

async fn measure(args: &Args, sender: &Sender, sink: &Sink, target: Option<&Target>) -> Result<Measured> {
    let usage = || target.map(Target::usage).unwrap_or_default();
    let loader = || Usage::of(std::process::id());
    let collector_cpu = args.pin.map(|p| p.collector);
    let (before, loader_before, arrived_before) = (usage(), loader(), sink.arrived());
    let (machine_before, cpu_before) = (CpuTime::now(None), CpuTime::now(collector_cpu));
    let started = Instant::now();

    let chaos = target.and_then(Target::chaos);
    let spells: Vec<_> = [(Mood::Refuse, args.refuse), (Mood::Stall, args.stall)]
        .into_iter()
        .filter_map(|(mood, spell)| Some(sink.spell(mood, spell?)))
        .collect();
    sender.run(args.seconds).await;
    let sending = started.elapsed();
    let at_end_of_sending = usage();
    for spell in spells {
        spell.await?;
    }
    let kills = match chaos {
        Some(chaos) => chaos.stop().await?,
        None => 0,
    };
    let drain = Duration::from_secs_f64(args.drain);
    if args.check {
        sink.wait_for(&sender.acked_first_ids(), args.items, drain).await;
    }
    let sent = sender.sent();
    sink.settle(
        arrived_before.items + args.kept(sent.acked),
        QUIET.max(drain / 3),
        drain,
    )
    .await;
    let after = usage();
    let wall = started.elapsed();
    let cpu_after = CpuTime::now(collector_cpu);
    Ok(Measured {
        arrived: sink.arrived().since(arrived_before),
        sent,
        sending,
        wall,
        cpu: after.cpu - before.cpu,
        scheduled: after.scheduled - before.scheduled,
        sending_cpu: at_end_of_sending.cpu - before.cpu,
        loader_cpu: loader().cpu - loader_before.cpu,
        steal_percent: CpuTime::now(None).steal_percent_since(machine_before),
        collector_cpu_busy: collector_cpu.map(|_| cpu_after.busy_seconds_since(cpu_before)),
        usage: after,
        kills,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    /// A short run from sender to sink, on a port that was free a moment ago.
    async fn direct(args: &[&str]) -> Report {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let address = port.to_string();
        let fixed = [
            "blast",
            "--direct",
            "--output",
            &address,
            "--requests",
            "4",
            "--seconds",
            "0.3",
            "--warmup",
            "0",
        ];
        run(&Args::parse_from([&fixed, args].concat())).await.unwrap()
    }

    #[tokio::test]
    async fn a_sender_sends_frames_as_large_as_it_may_and_no_larger() {
        let offered = direct(&["--frame", "1048576"]).await;
        assert!(offered.measured.arrived.largest_frame > 500_000);
        let capped = direct(&["--frame", "1048576", "--send-frame", "16384"]).await;
        assert_eq!(capped.measured.arrived.largest_frame, 16_384);
        let (frames, requests) = (capped.measured.arrived.frames, capped.measured.arrived.requests);
        // 545 kB take 34 frames; a window that is used up in the middle of one makes one more.
        assert!(
            (requests * 34..requests * 36).contains(&frames),
            "{frames} frames in {requests} requests"
        );
    }

    #[tokio::test]
    async fn everything_sent_over_every_protocol_and_compression_arrives() {
        for protocol in ["grpc", "http"] {
            for compression in ["none", "gzip:1", "zstd:1"] {
                let report = direct(&["--protocol", protocol, "--compression", compression, "--check"]).await;
                let lost = report.check.as_ref().map(|c| c.lost);
                let sent = &report.measured.sent;
                assert_eq!(
                    (lost, sent.refused_requests),
                    (Some(0), 0),
                    "{protocol} {compression}"
                );
                assert!(
                    sent.acked > 0 && sent.acked == report.measured.arrived.items,
                    "{protocol} {compression}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_refusing_sink_makes_a_run_void_unless_it_was_asked_for() {
        let mut report = direct(&["--items", "10", "--refuse", "0:0.1"]).await;
        assert!(report.measured.sent.refused_requests > 0);
        let counts = |r: &Report| !r.void().iter().any(|reason| reason.contains("acknowledged"));
        assert!(counts(&report));
        report.args.refuse = None;
        assert!(!counts(&report));
    }

    #[tokio::test]
    async fn a_stall_is_charged_to_every_request_that_was_due_meanwhile() {
        let report = direct(&["--items", "10", "--rate", "10000", "--stall", "0:0.2"]).await;
        let p50 = report.latency["p50"].as_f64().unwrap();
        assert!(
            p50 > 30.0,
            "requests were due all along the 200 ms, the median says {p50} ms"
        );
    }
}
