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
    let sink = Sink::start(args, Some(corpus.clone())).await?;
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
        sink.settle(sender.sent().acked, QUIET, Duration::from_secs(5))
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
    sink.settle(arrived_before.items + sent.acked, QUIET.max(drain / 3), drain)
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
