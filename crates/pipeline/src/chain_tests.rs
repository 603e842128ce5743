use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Batch, Budget, BuildContext, Chunk, Clock, Now, Out, Outcome, Payload, Processor, Role, Signal,
    StatusBoard,
};

use super::{Batches, Chain, StageCounts, StagePlan};

type Script = dyn Fn(Batch, &mut Out) + Send + Sync;

/// A processor made of a function.
#[derive(Clone)]
struct Scripted(Arc<Script>);

impl Processor for Scripted {
    fn process(&mut self, batch: Batch, _: Now, out: &mut Out) {
        (self.0)(batch, out);
    }
}

fn scripted(f: impl Fn(Batch, &mut Out) + Send + Sync + 'static) -> Scripted {
    Scripted(Arc::new(f))
}

struct Bench {
    chain: Chain,
    counts: Vec<StageCounts>,
    clock: Clock,
}

fn chain(stages: Vec<Scripted>) -> Bench {
    let board = StatusBoard::default();
    let mut built: Vec<StagePlan> = Vec::new();
    for (i, stage) in stages.into_iter().enumerate() {
        let id: sidelight_component::ComponentId = format!("scripted/{i}").parse().expect("an id");
        let context = BuildContext {
            id: id.clone(),
            pipeline: "logs".parse().ok(),
            budget: Budget::default(),
            clock: Clock::virtual_at(0),
            metrics: Registry::default(),
            status: board.reporter(Role::Processor, id),
            state_dir: "/nonexistent".into(),
            workers: 1,
        };
        let counts = StageCounts::of_processor(&context);
        let processor = stage.clone();
        built.push(StagePlan {
            builder: Arc::new(move |_| Ok(Box::new(processor.clone()))),
            context,
            counts,
        });
    }
    let chain = Chain::build(&built).expect("built");
    Bench {
        chain,
        counts: built.into_iter().map(|stage| stage.counts).collect(),
        clock: Clock::virtual_at(0),
    }
}

/// A batch of log records with these bodies.
fn batch(bodies: &[&str]) -> (Batch, sidelight_component::Receipt) {
    let (ack, receipt) = Ack::new();
    let chunk = Chunk {
        bytes: logs(bodies),
        items: bodies.len(),
    };
    (
        Batch {
            signal: Signal::Logs,
            payload: Payload::new(chunk),
            ack,
            deadline: None,
        },
        receipt,
    )
}

fn logs(bodies: &[&str]) -> Bytes {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
    use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
    use prost::Message;
    let log_records = bodies
        .iter()
        .map(|body| LogRecord {
            body: Some(AnyValue {
                value: Some(Value::StringValue((*body).to_owned())),
            }),
            ..Default::default()
        })
        .collect();
    let scope_logs = vec![ScopeLogs {
        log_records,
        ..Default::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..Default::default()
    }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec().into()
}

fn bodies(batch: &Batch) -> Vec<String> {
    let bytes = batch.payload.to_contiguous();
    let view = sidelight_proto::views::LogsView::new(&bytes);
    let records = view
        .resource_logs()
        .flat_map(|r| r.scope_logs())
        .flat_map(|s| s.log_records());
    records
        .filter_map(|record| record.body().as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn batches_go_through_the_stages_in_order_and_are_counted_on_every_edge() {
    let filter = scripted(|batch, out| {
        if batch.items() > 1 {
            out.push(batch)
        } else {
            out.filter(batch)
        }
    });
    let mut bench = chain(vec![scripted(|batch, out| out.push(batch)), filter]);
    let (one, receipt) = batch(&["a"]);
    assert!(
        bench
            .chain
            .process(Batches::from_iter([one]), bench.clock.now())
            .is_empty()
    );
    assert_eq!(receipt.await, Outcome::Done);
    let (two, _receipt) = batch(&["a", "b"]);
    let given = bench.chain.process(Batches::from_iter([two]), bench.clock.now());
    assert_eq!(given.len(), 1);
    given.into_iter().for_each(|batch| batch.finish(Outcome::Done));
    let counts = &bench.counts[1];
    assert_eq!(
        (
            counts.incoming.get(),
            counts.outgoing.get(),
            counts.filtered.get()
        ),
        (3, 2, 1)
    );
}

#[tokio::test]
async fn a_panic_costs_the_one_item_that_causes_it_and_nothing_else() {
    let poisoned = scripted(|batch, out| {
        assert!(!bodies(&batch).iter().any(|body| body == "poison"), "on purpose");
        out.push(batch);
    });
    let mut bench = chain(vec![poisoned]);
    let (mixed, receipt) = batch(&["a", "b", "poison", "c", "d"]);
    let given = bench
        .chain
        .process(Batches::from_iter([mixed]), bench.clock.now());
    let out: Vec<String> = given.iter().flat_map(bodies).collect();
    assert_eq!(out, ["a", "b", "c", "d"]);
    given.into_iter().for_each(|batch| batch.finish(Outcome::Done));
    let outcome = receipt.await;
    assert!(
        matches!(&outcome, Outcome::Rejected { reason } if reason.contains("scripted/0")),
        "{outcome:?}"
    );
    assert_eq!(bench.counts[0].dropped.lock()["panic"].get(), 1);
}

#[tokio::test]
async fn a_panic_that_does_not_come_again_costs_nothing() {
    let panicked = Arc::new(AtomicBool::new(false));
    let once = scripted(move |batch, out| {
        let first = !panicked.swap(true, Ordering::Relaxed);
        // Given out before the panic: it must not come twice.
        out.push(batch);
        assert!(!first, "on purpose");
    });
    let mut bench = chain(vec![once]);
    let (some, receipt) = batch(&["a", "b"]);
    let given = bench.chain.process(Batches::from_iter([some]), bench.clock.now());
    assert_eq!(given.iter().flat_map(bodies).collect::<Vec<_>>(), ["a", "b"]);
    given.into_iter().for_each(|batch| batch.finish(Outcome::Done));
    assert_eq!(receipt.await, Outcome::Done);
    assert!(bench.counts[0].dropped.lock().is_empty());
}
