//! `--driven`: sender and sink under the command of whoever started this program, who also runs the collector.
//!
//! One command a line on standard input, one JSON object a line on standard output. Every item of the session has an id
//! of its own, every one that arrives is compared with what was sent.
//!
//! | command | |
//! |---|---|
//! | `start RATE` | sends RATE items a second until `stop`; 0: as fast as answers come |
//! | `stop` | sends nothing more, and waits for the answers that are due |
//! | `sink MOOD` | `take`, `refuse`, `stall`, `away`; `fail`, `lose`, `mangle` and a share of a thousand |
//! | `status` | counts, order and latencies |
//! | `lap` | the same, and latencies and order start anew |
//! | `settle SECONDS` | waits until all that was acknowledged has arrived, at most so long, or until nothing has for a third of it; then as `check` |
//! | `check` | acknowledged and arrived ids compared one by one |
//! | `kill PID MS` | SIGKILL; tells how many items arrived in the MS milliseconds before, and while the connections died |
//! | `forget WHAT` | `acknowledgements` or `arrivals`: those so far are no longer looked at |

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::args::Args;
use crate::payload::Corpus;
use crate::send::{Load, Sender};
use crate::sink::{Seen, Sink};

/// The longest that a load runs when nobody stops it.
const LOAD_MAX: Duration = Duration::from_secs(24 * 3600);
/// How often what arrived is compared while something is missing.
const AGAIN: Duration = Duration::from_millis(200);
/// How long after a kill what was on its way may still arrive.
const DYING: Duration = Duration::from_millis(20);

struct Session {
    sink: Sink,
    sender: Sender,
    items: usize,
    load: Option<Load>,
}

/// Follows commands until standard input ends.
pub(crate) async fn run(args: &Args) -> Result<()> {
    let args = Args {
        check: true,
        ..args.clone()
    };
    let corpus = std::sync::Arc::new(Corpus::build(&args)?);
    let sink = Sink::start(&args, Some(corpus.clone())).await?;
    let mut session = Session {
        sink,
        sender: Sender::new(&args, corpus),
        items: args.items,
        load: None,
    };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let reply = session.execute(line.trim()).await;
        println!(
            "{}",
            reply.unwrap_or_else(|error| json!({"error": format!("{error:#}")}))
        );
    }
    Ok(())
}

impl Session {
    async fn execute(&mut self, line: &str) -> Result<Value> {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "start" => self.start(rest.parse().context("start RATE")?),
            "stop" => self.stop().await,
            "sink" => self.sink.set_mood(rest.parse()?),
            "status" => {}
            "lap" => return self.lap(),
            "settle" => return self.settle(rest.parse().context("settle SECONDS")?).await,
            "check" => return self.check(),
            "kill" => return self.kill(rest).await,
            "forget" => match rest {
                "acknowledgements" => self.sender.forget(),
                "arrivals" => self.seen()?.forget(),
                _ => bail!("forget acknowledgements, or arrivals"),
            },
            _ => bail!("unknown command `{command}`"),
        }
        self.status()
    }

    fn seen(&self) -> Result<&Seen> {
        self.sink.seen().context("the sink remembers no ids")
    }

    fn start(&mut self, rate: u64) {
        self.load.get_or_insert_with(|| self.sender.start(rate, LOAD_MAX));
    }

    async fn stop(&mut self) {
        if let Some(load) = self.load.take() {
            load.stop().await;
        }
    }

    fn status(&self) -> Result<Value> {
        let (sent, arrived, arrival) = (self.sender.sent(), self.sink.arrived(), self.seen()?.arrival());
        Ok(json!({
            "sent": sent.sent, "acked": sent.acked, "refused_requests": sent.refused_requests,
            "last_error": sent.last_error, "refusals": self.sender.refusals(), "latency_ms": self.sender.latency(),
            "arrived": arrived.items, "requests": arrived.requests, "malformed": arrived.malformed,
            "distinct": arrival.distinct, "duplicates": arrival.duplicates, "displaced": arrival.displaced,
            "compared": arrived.compared, "changed": arrived.different, "first_change": self.sink.first_difference(),
        }))
    }

    fn lap(&self) -> Result<Value> {
        let status = self.status()?;
        self.sender.reset_latency();
        self.seen()?.forget_order();
        Ok(status)
    }

    async fn settle(&self, seconds: f64) -> Result<Value> {
        let (began, limit) = (Instant::now(), Duration::from_secs_f64(seconds));
        let (mut arrived, mut since) = (self.sink.items(), began);
        loop {
            let check = self.check()?;
            if check["lost"] == 0 || began.elapsed() >= limit || since.elapsed() >= limit / 3 {
                return Ok(check);
            }
            tokio::time::sleep(AGAIN).await;
            if self.sink.items() != arrived {
                (arrived, since) = (self.sink.items(), Instant::now());
            }
        }
    }

    fn check(&self) -> Result<Value> {
        let check = self.seen()?.check(&self.sender.acked_first_ids(), self.items);
        let mut told = self.status()?;
        told["lost"] = check.lost.into();
        told["first_lost"] = check.first_lost.into();
        told["last_lost"] = check.last_lost.into();
        told["unacked_but_delivered"] = check.extra.into();
        told["never_sent"] = self.seen()?.beyond(self.sender.issued()).into();
        Ok(told)
    }

    async fn kill(&self, rest: &str) -> Result<Value> {
        let (pid, window) = rest.split_once(' ').context("kill PID MS")?;
        let pid = Pid::from_raw(pid.parse().context("kill PID MS")?).context("0 is no process")?;
        let window = Duration::from_millis(window.parse().context("kill PID MS")?);
        let at = Instant::now();
        kill_process(pid, Signal::KILL)?;
        tokio::time::sleep(DYING).await;
        let before = at.checked_sub(window).unwrap_or(at);
        Ok(json!({"items_in_window": self.seen()?.since(before)}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    /// A session whose sender sends straight to its sink.
    async fn session() -> Session {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string();
        let told = [
            "--direct",
            "--check",
            "--items",
            "10",
            "--requests",
            "4",
            "--timeout",
            "1",
            "--output",
            &port,
        ];
        let args = Args::parse_from([&["blast"], &told[..]].concat());
        let corpus = std::sync::Arc::new(Corpus::build(&args).unwrap());
        let sink = Sink::start(&args, Some(corpus.clone())).await.unwrap();
        Session {
            sink,
            sender: Sender::new(&args, corpus),
            items: 10,
            load: None,
        }
    }

    /// Commands in turn; the last answer. Between them so much is sent that a share of a thousand is met.
    async fn told(commands: &[&str]) -> Value {
        let mut session = session().await;
        let mut answer = Value::Null;
        for command in commands {
            answer = session.execute(command).await.unwrap();
            let target = answer["sent"].as_u64().unwrap_or(0) + 2000;
            while command.starts_with("start") && session.sender.sent().sent < target {
                tokio::task::yield_now().await;
            }
        }
        answer
    }

    #[tokio::test]
    async fn what_a_good_sink_takes_is_neither_lost_nor_changed() {
        let check = told(&["start 0", "stop", "settle 5"]).await;
        assert!(
            check["acked"].as_u64() >= Some(2000) && check["acked"] == check["distinct"],
            "{check}"
        );
        for none in [
            "lost",
            "changed",
            "duplicates",
            "unacked_but_delivered",
            "never_sent",
        ] {
            assert_eq!(check[none], 0, "{none}");
        }
    }

    #[tokio::test]
    async fn a_sink_that_loses_is_found_out() {
        let check = told(&["sink lose 100", "start 0", "stop", "check"]).await;
        assert!(check["lost"].as_u64() > Some(0), "{check}");
    }

    #[tokio::test]
    async fn a_changed_byte_is_found_out() {
        let check = told(&["sink mangle 100", "start 0", "stop", "check"]).await;
        assert!(
            check["changed"].as_u64() > Some(0) && check["lost"] == 0,
            "{check}"
        );
    }

    #[tokio::test]
    async fn a_sink_that_was_away_comes_back_on_the_same_port() {
        let check = told(&[
            "sink away",
            "start 0",
            "sink take",
            "stop",
            "start 0",
            "stop",
            "settle 5",
        ])
        .await;
        assert!(
            check["refused_requests"].as_u64() > Some(0) && check["acked"].as_u64() > Some(0),
            "{check}"
        );
        assert_eq!(check["lost"], 0);
    }

    #[tokio::test]
    async fn a_command_that_nobody_knows_is_an_error() {
        let mut session = session().await;
        for wrong in [
            "",
            "begin",
            "start",
            "sink sulk",
            "sink fail 2000",
            "kill 1",
            "kill 0 5",
            "settle x",
        ] {
            assert!(session.execute(wrong).await.is_err(), "{wrong}");
        }
    }
}
