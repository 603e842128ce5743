//! A processor from its settings, and batches for it.

use std::sync::Arc;

use prost::Message;
use sidelight_component::metrics::Registry;
use sidelight_component::registry::BuildProcessor;
use sidelight_component::{
    Ack, Batch, Budget, BuildContext, BuildError, Chunk, Clock, Out, Payload, PipelineId, Processor, Receipt,
    Role, Signal, StatusBoard,
};
use sidelight_config::{FixedEnv, Mistakes, Owner, load_str};

/// A built processor with the budget that it charges.
pub(crate) struct Rig {
    pub(crate) processor: Box<dyn Processor>,
    pub(crate) budget: Budget,
    pub(crate) metrics: Registry,
    signal: Signal,
}

/// Reads settings; YAML, so JSON too.
pub(crate) fn read(name: &str, settings: &str) -> (Option<Arc<dyn BuildProcessor>>, Mistakes) {
    let entry = sidelight_processors::COMPONENTS
        .iter()
        .find(|e| e.about.name == name)
        .expect("registered");
    let env = FixedEnv::new().with_var("SECRET", "p4ssw0rd(");
    let (tree, mut mistakes) = load_str("pipeline.yaml", settings, &env);
    let tree = tree.unwrap_or_else(|| panic!("{}", mistakes.render_plain()));
    let owner = Owner {
        label: format!("processor `{name}`"),
        readme: None,
        place: tree.root.span,
    };
    let read = (entry.read)(&tree.root, owner, &mut mistakes);
    (read.map(|(config, _)| config), mistakes)
}

pub(crate) fn build(config: &dyn BuildProcessor, name: &str, signal: Signal) -> Result<Rig, BuildError> {
    let budget = Budget::default();
    let metrics = Registry::default();
    let id: sidelight_component::ComponentId = name.parse().expect("an id");
    let processor = config.build(&BuildContext {
        pipeline: Some(signal.to_string().parse::<PipelineId>().expect("a pipeline")),
        budget: budget.clone(),
        clock: Clock::virtual_at(0),
        metrics: metrics.clone(),
        status: StatusBoard::default().reporter(Role::Processor, id.clone()),
        state_dir: std::env::temp_dir(),
        workers: 1,
        id,
    })?;
    Ok(Rig {
        processor,
        budget,
        metrics,
        signal,
    })
}

impl Rig {
    /// A processor that must come into being.
    pub(crate) fn new(name: &str, signal: Signal, settings: &str) -> Self {
        let (config, mistakes) = read(name, settings);
        assert!(mistakes.is_empty(), "{}", mistakes.render_plain());
        build(&*config.expect("settings"), name, signal).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Runs one batch through; exactly one comes out.
    pub(crate) fn process(&mut self, payload: Payload) -> (Batch, Receipt) {
        let (ack, receipt) = Ack::new();
        let mut out = Out::default();
        let batch = Batch {
            signal: self.signal,
            payload,
            ack,
            deadline: None,
        };
        self.processor
            .process(batch, Clock::virtual_at(0).now(), &mut out);
        let mut batches = out.take();
        assert_eq!((batches.len(), out.filtered, out.created), (1, 0, 0));
        (batches.pop().expect("one"), receipt)
    }

    /// Runs one batch through, whatever comes out, and with what was counted.
    pub(crate) fn run(&mut self, payload: Payload) -> (Option<Batch>, Out, Receipt) {
        let (ack, receipt) = Ack::new();
        let mut out = Out::default();
        let batch = Batch {
            signal: self.signal,
            payload,
            ack,
            deadline: None,
        };
        self.processor
            .process(batch, Clock::virtual_at(0).now(), &mut out);
        let mut batches = out.take();
        assert!(batches.len() <= 1);
        (batches.pop(), out, receipt)
    }

    /// Runs one message through.
    pub(crate) fn edit<M: Message + Default>(&mut self, message: &M) -> M {
        let (batch, _receipt) = self.process(Payload::new(chunk(self.signal, message.encode_to_vec())));
        let bytes = batch.payload.to_contiguous();
        assert_eq!(batch.items(), sidelight_proto::count_items(self.signal, &bytes));
        let admitted = sidelight_proto::admit(self.signal, bytes.clone()).expect("valid");
        assert!(!admitted.recoded, "canonical");
        M::decode(bytes).expect("decodes")
    }
}

pub(crate) fn chunk(signal: Signal, bytes: Vec<u8>) -> Chunk {
    let items = sidelight_proto::count_items(signal, &bytes);
    Chunk {
        bytes: bytes.into(),
        items,
    }
}
