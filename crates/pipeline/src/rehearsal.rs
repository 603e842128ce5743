//! A plan tried out with samples: what would become of them, without opening or sending anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Batch, BuildContext, ComponentId, Exporter, Out, Payload, PipelineId, Processor, Role, Sampler,
    Signal,
};

use crate::engine::{Shared, StartError};
use crate::plan::{PipelinePlan, Plan};

/// What happened to a sample on its way through a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It comes into a pipeline.
    Pipeline(PipelineId),
    /// A processor did something with it.
    Processor {
        /// Which one.
        id: ComponentId,
        /// In a few words.
        said: String,
    },
    /// A connector takes it into other pipelines.
    Connector {
        /// Which one.
        id: ComponentId,
        /// What it did, in a few words.
        said: String,
    },
    /// An exporter would send this.
    Exporter {
        /// Which one.
        id: ComponentId,
        /// Documents, series, lines: what [`Exporter::explain`] says.
        said: Vec<String>,
        /// The payload as OTLP/JSON, for exporters that send it as it is.
        payload: String,
    },
}

/// The receivers that can read samples.
pub type Samplers = Vec<(ComponentId, Box<dyn Sampler>)>;

/// The components of a plan, built and not started.
pub struct Rehearsal<'a> {
    plan: &'a Plan,
    shared: Shared,
    exporters: BTreeMap<ComponentId, Arc<dyn Exporter>>,
}

impl<'a> Rehearsal<'a> {
    /// Builds the exporters of a plan.
    ///
    /// # Errors
    /// [`StartError`] where one cannot be built.
    pub fn of(plan: &'a Plan) -> Result<Self, StartError> {
        let shared = Shared::new(plan, Registry::default());
        let mut exporters = BTreeMap::new();
        for (id, config) in &plan.exporters {
            let built = config.build(&shared.context(Role::Exporter, id));
            exporters.insert(id.clone(), built.map_err(StartError::of(Role::Exporter, id))?);
        }
        Ok(Self {
            plan,
            shared,
            exporters,
        })
    }

    /// The receivers that can read samples.
    ///
    /// # Errors
    /// [`StartError`] where one cannot be built.
    pub fn samplers(&self) -> Result<Samplers, StartError> {
        let mut samplers = Samplers::new();
        for (id, config) in &self.plan.receivers {
            let sampler = config.sampler(&self.shared.context(Role::Receiver, id));
            if let Some(sampler) = sampler.map_err(StartError::of(Role::Receiver, id))? {
                samplers.push((id.clone(), sampler));
            }
        }
        Ok(samplers)
    }

    /// Sends a payload through every pipeline of its signal that has the receiver; through all of the signal where no
    /// receiver is named.
    ///
    /// # Errors
    /// [`StartError`] where a processor cannot be built.
    pub fn run(
        &self,
        receiver: Option<&ComponentId>,
        sample: &(Signal, Payload),
        told: &mut dyn FnMut(Event),
    ) -> Result<(), StartError> {
        for pipeline in &self.plan.pipelines {
            let mut receivers = pipeline.receivers.iter();
            let fed = match receiver {
                Some(wanted) => receivers.any(|id| id == wanted),
                // Not those that only connectors feed: the sample comes to them through these.
                None => receivers.any(|id| self.plan.receivers.contains_key(id)),
            };
            if fed && pipeline.id.signal == sample.0 {
                let batch = Batch {
                    signal: sample.0,
                    payload: sample.1.clone(),
                    ack: Ack::unattended(),
                    deadline: None,
                };
                self.run_pipeline(pipeline, vec![batch], told)?;
            }
        }
        Ok(())
    }

    fn run_pipeline(
        &self,
        pipeline: &PipelinePlan,
        mut batches: Vec<Batch>,
        told: &mut dyn FnMut(Event),
    ) -> Result<(), StartError> {
        told(Event::Pipeline(pipeline.id.clone()));
        for id in &pipeline.processors {
            let Some(config) = self.plan.processors.get(id).filter(|c| c.queue_batch().is_none()) else {
                continue;
            };
            let context = BuildContext {
                pipeline: Some(pipeline.id.clone()),
                ..self.shared.context(Role::Processor, id)
            };
            let processor = config
                .build(&context)
                .map_err(StartError::of(Role::Processor, id))?;
            let (out, said) = self.pass(processor, batches);
            batches = out;
            told(Event::Processor { id: id.clone(), said });
        }
        for batch in &batches {
            self.export(pipeline, batch, told);
        }
        for id in &pipeline.exporters {
            self.connect(id, pipeline.id.signal, &batches, told)?;
        }
        Ok(())
    }

    /// Takes batches through a connector into the pipelines behind it.
    fn connect(
        &self,
        id: &ComponentId,
        from: Signal,
        batches: &[Batch],
        told: &mut dyn FnMut(Event),
    ) -> Result<(), StartError> {
        let Some(config) = self.plan.connectors.get(id) else {
            return Ok(());
        };
        for (_, pipelines) in self.plan.behind(id, from) {
            let built = config.build(&self.shared.context(Role::Connector, id));
            let connector = built.map_err(StartError::of(Role::Connector, id))?;
            let (given, said) = self.pass(connector, batches.iter().map(Batch::share).collect());
            told(Event::Connector { id: id.clone(), said });
            if given.is_empty() {
                continue;
            }
            for pipeline in pipelines {
                self.run_pipeline(pipeline, given.iter().map(Batch::share).collect(), told)?;
            }
        }
        Ok(())
    }

    /// What a processor or connector gives out for batches, whatever it would have held, and what it did in words.
    fn pass(&self, mut processor: Box<dyn Processor>, batches: Vec<Batch>) -> (Vec<Batch>, String) {
        let now = self.shared.clock.now();
        let mut out = Out::default();
        let items = batches.iter().map(Batch::items).sum::<usize>();
        let before: Vec<_> = batches
            .iter()
            .map(|batch| batch.payload.to_contiguous())
            .collect();
        for batch in batches {
            processor.process(batch, now, &mut out);
        }
        processor.flush(now, &mut out);
        let given: Vec<Batch> = out.take().into_vec();
        let after: Vec<_> = given.iter().map(|batch| batch.payload.to_contiguous()).collect();
        let mut said = Vec::new();
        if out.filtered > 0 {
            said.push(format!("left out {} of {items}", out.filtered));
        }
        for (reason, dropped) in &out.dropped {
            said.push(format!("dropped {dropped} of {items}: {reason}"));
        }
        if out.merged > 0 {
            said.push(format!("took {} of {items}", out.merged));
        }
        if out.created > 0 {
            said.push(format!("made {}", out.created));
        }
        if said.is_empty() {
            said.push(if before == after { "as it was" } else { "changed" }.to_owned());
        }
        (given, said.join(", "))
    }

    fn export(&self, pipeline: &PipelinePlan, batch: &Batch, told: &mut dyn FnMut(Event)) {
        for id in &pipeline.exporters {
            let Some(exporter) = self.exporters.get(id) else {
                continue;
            };
            told(Event::Exporter {
                id: id.clone(),
                said: exporter.explain(batch.signal, &batch.payload),
                payload: as_json(batch),
            });
        }
    }
}

fn as_json(batch: &Batch) -> String {
    let mut json = Vec::new();
    sidelight_proto::json::from_protobuf(batch.signal, &batch.payload.to_contiguous(), &mut json);
    String::from_utf8_lossy(&json).into_owned()
}
