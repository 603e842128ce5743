//! Replays pre-encoded OTLP at a collector, counts what comes out of it, and reads what it cost.
//!
//! ```text
//!  corpus ──► sender ──► collector (a child: CPU and memory from /proc) ──► sink
//!     └────────────── compared item by item, by id ─────────────────────────┘
//! ```
//!
//! Sender and sink are one process, so what was acknowledged and what arrived can be compared. The collector
//! is started as a child (`--cmd`), with these variables in its environment:
//!
//! - `BLAST_IN`   host:port on which it must accept OTLP
//! - `BLAST_OUT`  host:port of the sink: it takes OTLP over gRPC and over HTTP on the same port
//! - `BLAST_FILE` with `--lines`: a log file to read from its beginning and ship to the sink
//!
//! With `--driven` whoever starts `blast` starts the collector too, and says by commands what to send and what the
//! sink does: `driven.rs`. Otherwise one JSON object is printed. The exit status is 0 only when the run counts: everything sent was
//! acknowledged and arrived, unchanged, and the machine was ours. Start reading at `run.rs`.

mod args;
mod driven;
mod histogram;
mod machine;
mod payload;
mod report;
mod run;
mod send;
mod sink;
mod tail;
mod target;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    match start(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(error) => {
            eprintln!("blast: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the run counts.
fn start(args: &Args) -> Result<bool> {
    let mut runtime = match args.pin {
        Some(pin) => {
            machine::pin_this_thread(pin.loader)?;
            tokio::runtime::Builder::new_current_thread()
        }
        None => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(2);
            builder
        }
    };
    runtime.enable_all().build()?.block_on(async {
        if args.driven {
            driven::run(args).await?;
            return Ok(true);
        }
        if args.lines > 0 {
            println!("{}", tail::run(args).await?);
            return Ok(true);
        }
        let report = run::run(args).await?;
        println!("{}", report.json());
        for reason in report.void() {
            eprintln!("blast: void: {reason}");
        }
        Ok(report.void().is_empty())
    })
}
