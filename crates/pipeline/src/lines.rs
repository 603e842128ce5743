//! Makes lines of the plan's pipelines and connectors, each after what is behind it.

use std::sync::Arc;

use parking_lot::Mutex;
use sidelight_component::metrics::Counter;
use sidelight_component::{AckBehaviour, BuildContext, ComponentId, Role, Sharding, Signal, State};
use sidelight_self_telemetry::ledger::Edge;

use crate::build::Queues;
use crate::chain::{Chain, StageCounts, StagePlan};
use crate::ends::Ends;
use crate::engine::{Shared, StartError};
use crate::line::{Line, Traffic};
use crate::plan::{PipelinePlan, Plan};

/// The lines; one that feeds others stands before them.
pub(crate) fn lines(plan: &Plan, shared: &Shared, queues: &Queues) -> Result<Vec<Arc<Line>>, StartError> {
    let mut made = Made {
        plan,
        shared,
        queues,
        lines: Vec::new(),
    };
    for pipeline in plan.pipelines.iter().rev() {
        made.pipeline(pipeline)?;
    }
    made.lines.reverse();
    Ok(made.lines)
}

struct Made<'p> {
    plan: &'p Plan,
    shared: &'p Shared,
    queues: &'p Queues,
    /// What is behind a line stands before it.
    lines: Vec<Arc<Line>>,
}

/// What a line counts its items in.
struct Counts {
    stages: Vec<StagePlan>,
    accepted: Counter,
    refused: Counter,
}

impl Made<'_> {
    fn is_there(&self, edge: &Edge) -> Option<Arc<Line>> {
        self.lines.iter().find(|line| line.edge == *edge).cloned()
    }

    fn pipeline(&mut self, pipeline: &PipelinePlan) -> Result<Arc<Line>, StartError> {
        let edge = Edge::Pipeline(pipeline.id.clone());
        if let Some(line) = self.is_there(&edge) {
            return Ok(line);
        }
        let leads_to = |id: &ComponentId, signal: Signal| {
            signal == pipeline.id.signal && pipeline.exporters.contains(id)
        };
        let queues = self.queues.iter().filter(|(id, signal, _)| leads_to(id, *signal));
        let mut ends = Ends {
            queues: queues.map(|(_, _, queue)| queue.clone()).collect(),
            lines: Vec::new(),
        };
        for id in &pipeline.exporters {
            ends.lines.extend(self.connector(id, pipeline.id.signal)?);
        }
        let mut stages = Vec::new();
        let mut sharding = Sharding::PerWorker;
        for id in &pipeline.processors {
            let Some(config) = self.plan.processors.get(id).filter(|c| c.queue_batch().is_none()) else {
                continue;
            };
            let context = BuildContext {
                pipeline: Some(pipeline.id.clone()),
                ..self.shared.context(Role::Processor, id)
            };
            if config.sharding() == Sharding::Single {
                sharding = Sharding::Single;
            }
            let config = config.clone();
            stages.push(StagePlan {
                counts: StageCounts::of_processor(&context),
                builder: Arc::new(move |cx| config.build(cx)),
                context,
            });
        }
        let labels = [("pipeline", pipeline.id.as_str())];
        let counter = |name, help| self.shared.metrics.counter(name, help, &labels);
        let counts = Counts {
            stages,
            accepted: counter(
                "sidelight_pipeline_accepted_items",
                "Items that entered the pipeline",
            ),
            refused: counter(
                "sidelight_pipeline_refused_items",
                "Items that found no room in the pipeline",
            ),
        };
        self.line(edge, AckBehaviour::Pass, sharding, counts, ends)
    }

    /// The lines of a connector for what it takes: one for each signal that it makes of it and that a pipeline takes.
    fn connector(&mut self, id: &ComponentId, from: Signal) -> Result<Vec<Arc<Line>>, StartError> {
        let plan = self.plan;
        let Some(config) = plan.connectors.get(id) else {
            return Ok(Vec::new());
        };
        let mut lines = Vec::new();
        for (to, pipelines) in plan.behind(id, from) {
            let edge = Edge::Connector(id.clone(), from, to);
            if let Some(line) = self.is_there(&edge) {
                lines.push(line);
                continue;
            }
            let mut ends = Ends::default();
            for pipeline in pipelines.into_iter().rev() {
                ends.lines.push(self.pipeline(pipeline)?);
            }
            ends.lines.reverse();
            let context = self.shared.context(Role::Connector, id);
            let builder = config.clone();
            let labels = [
                ("connector", id.as_str()),
                ("otelcol_signal", from.as_str()),
                ("otelcol_signal_output", to.as_str()),
            ];
            let counter = |name, help| self.shared.metrics.counter(name, help, &labels);
            let counts = Counts {
                accepted: counter(
                    "sidelight_connector_accepted_items",
                    "Items that entered the connector",
                ),
                refused: counter(
                    "sidelight_connector_refused_items",
                    "Items that found no room behind the connector",
                ),
                stages: vec![StagePlan {
                    counts: StageCounts::of_connector(&context, from, to),
                    builder: Arc::new(move |cx| builder.build(cx)),
                    context,
                }],
            };
            lines.push(self.line(edge, config.acknowledgement(), config.sharding(), counts, ends)?);
        }
        Ok(lines)
    }

    fn line(
        &mut self,
        edge: Edge,
        acknowledgement: AckBehaviour,
        sharding: Sharding,
        counts: Counts,
        ends: Ends,
    ) -> Result<Arc<Line>, StartError> {
        let stages = counts.stages;
        let shards = match sharding {
            _ if stages.is_empty() => 0,
            Sharding::Single => 1,
            // One more for the threads beside the workers.
            Sharding::PerWorker => self.shared.workers.max(1) + 1,
        };
        let chains = (0..shards)
            .map(|_| Chain::build(&stages).map(Mutex::new))
            .collect::<Result<_, _>>()?;
        for stage in &stages {
            stage.context.status.report(State::Ok);
        }
        let line = Arc::new(Line {
            edge,
            absorbs: acknowledgement == AckBehaviour::Absorb,
            chains,
            stages: stages.into_iter().map(|stage| stage.counts).collect(),
            ends,
            accepted: counts.accepted,
            refused: counts.refused,
            traffic: Traffic::default(),
            clock: self.shared.clock.clone(),
            budget: self.shared.budget.clone(),
            timer_wanted: tokio::sync::Notify::new(),
        });
        self.lines.push(line.clone());
        Ok(line)
    }
}
