//! Lets the collector tail a log file that is already written, and times it until all lines have arrived.

use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::args::{Args, Signal};
use crate::report::round;
use crate::{sink, target};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Line {
    /// A Python logging line of about 206 bytes
    Plain,
    /// The same as a JSON object of about 262 bytes
    Json,
    /// An nginx combined access log line of about 165 bytes
    Combined,
    /// A Python stack trace of about 900 bytes in 12 lines: `--lines` counts the records
    Trace,
}

pub(crate) async fn run(args: &Args) -> Result<Value> {
    let folder = std::env::temp_dir().join(format!("blast-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("app.log");
    let bytes = write(&path, args)?;
    let args = Args {
        signal: Signal::Logs,
        check: false,
        ..args.clone()
    };
    let sink = sink::Sink::start(&args, None).await?;
    let started = Instant::now();
    let target = target::Target::start_tailing(&args, &path)?;
    sink.settle(args.lines, Duration::from_secs(10), Duration::from_secs(600))
        .await;
    let wall = started.elapsed().as_secs_f64();
    let usage = target.usage();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let items = sink.items();
    target.stop().await;
    std::fs::remove_dir_all(&folder)?;
    ensure!(
        usage.cpu >= 0.02,
        "void: the collector used no CPU; a start script must `exec` it"
    );
    ensure!(
        items == args.lines,
        "void: {} lines were written and {items} arrived",
        args.lines
    );
    let (cpu, mb) = (usage.cpu, bytes as f64 / 1e6);
    Ok(json!({
        "label": args.label, "line": format!("{:?}", args.line).to_lowercase(), "lines": args.lines,
        "delivered": items, "file_mb": round(mb), "wall_s": round(wall), "cpu_s": round(cpu),
        "items_per_cpu_s": (items as f64 / cpu) as u64, "items_per_s": (items as f64 / wall) as u64,
        "mb_per_cpu_s": round(mb / cpu), "peak_rss_mib": round(usage.peak), "void": [],
    }))
}

fn write(path: &std::path::Path, args: &Args) -> Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut bytes = 0;
    for i in 0..args.lines {
        let (s, ms, price) = (i / 1000 % 60, i % 1000, 1000 + i * 7919 % 90_000);
        let line = match args.line {
            Line::Plain => format!(
                "2026-11-20 10:15:{s:02},{ms:03} - trading.engine - INFO - order filled symbol=6005{:02}.SH side=BUY qty={} price={}.{:02} latency={}.{}ms strategy=RSI_Strategy account=A{:08} request_id={:016x} worker=w-{}\n",
                i % 100,
                100 + i % 900,
                price,
                i % 100,
                i % 40,
                i % 10,
                i * 31 % 99_999_999,
                i.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                i % 16
            ),
            Line::Json => format!(
                "{{\"timestamp\":\"2026-11-20T10:15:{s:02}.{ms:03}456\",\"level\":\"INFO\",\"logger\":\"trading.engine\",\"message\":\"order filled\",\"module\":\"engine\",\"function\":\"on_fill\",\"line\":312,\"user_id\":\"u-{}\",\"request_id\":\"{:016x}\",\"strategy_id\":\"RSI\",\"price\":{}.{:02},\"quantity\":{}}}\n",
                i % 9999,
                i.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                price,
                i % 100,
                100 + i % 900
            ),
            Line::Combined => format!(
                "203.0.113.{} - - [20/Nov/2026:10:15:{s:02} +0000] \"GET /api/v1/orders/{} HTTP/1.1\" {} {} \"https://desk.example/\" \"Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0\"\n",
                i % 250,
                i * 31 % 99_999_999,
                if i % 50 == 0 { 500 } else { 200 },
                200 + price
            ),
            Line::Trace => trace(i, s, ms),
        };
        bytes += line.len() as u64;
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    Ok(bytes)
}

fn trace(i: u64, s: u64, ms: u64) -> String {
    let mut text = format!(
        "2026-11-20 10:15:{s:02},{ms:03} - trading.engine - ERROR - order {i} failed\nTraceback (most recent call last):\n"
    );
    for (file, line, name) in [
        ("engine", 312, "on_fill"),
        ("portfolio", 88, "apply"),
        ("ledger", 1041, "book"),
        ("accounts", 77, "reserve"),
    ] {
        text.push_str(&format!(
            "  File \"/srv/trading/app/core/{file}.py\", line {line}, in {name}\n    self.{name}(order, account=account, at=clock.now(), retries=3, strict=True)\n"
        ));
    }
    text.push_str(&format!(
        "app.errors.InsufficientFunds: account A{:08} has not enough for order {i}\n",
        i * 31 % 99_999_999
    ));
    text
}
