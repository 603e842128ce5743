//! Samples of lines, for `sidelight explain`.

use std::sync::Arc;

use bytes::Bytes;
use sidelight_component::{BuildContext, BuildError, Chunk, Clock, Payload, Sampled, Sampler, Signal, Step};
use sidelight_log_formats::{Map, Value};
use sidelight_log_framing::{Framer, Framing};
use sidelight_log_operators::{Chain, Line, Records, Source};

use super::LineSettings;

/// Reads samples as [`LogLines`](super::LogLines) reads what a receiver reads, a record at a time.
struct LineSampler {
    framing: Arc<Framing>,
    chain: Chain,
    clock: Clock,
    source: Source,
}

impl LineSettings {
    /// What reads samples; `attributes` are those of the file that the sample is thought to be.
    ///
    /// # Errors
    /// [`BuildError`] with the setting that cannot be used.
    pub(crate) fn sampler(
        &self,
        attributes: Map<'static>,
        cx: &BuildContext,
    ) -> Result<Option<Box<dyn Sampler>>, BuildError> {
        let mut all = self.attributes();
        for (key, value) in attributes {
            all.insert(key, value);
        }
        Ok(Some(Box::new(LineSampler {
            framing: Arc::new(Framing::new(&self.framing).map_err(BuildError::new)?),
            chain: Chain::build(&self.operators, cx)?,
            clock: cx.clock.clone(),
            source: Source {
                id: 0,
                attributes: all,
                resource: self.resource(),
            },
        })))
    }
}

/// The attributes of a sample in place of a file.
pub(crate) fn sample_attributes() -> Map<'static> {
    let mut attributes = Map::new();
    attributes.insert("log.file.name", Value::Text("sample".into()));
    attributes
}

impl Sampler for LineSampler {
    fn read(&mut self, sample: &[u8], told: &mut dyn FnMut(Sampled)) -> Result<(), String> {
        let mut framer = Framer::new(Arc::clone(&self.framing), 0);
        let now = self.clock.now();
        let mut each = |frame: sidelight_log_framing::Frame<'_>| {
            let line = Line {
                text: frame.text,
                start: frame.start,
                observed_unix_nano: now.unix_nanos,
                cut: frame.cut,
            };
            let mut records = Records::default();
            let mut steps = Vec::new();
            self.chain
                .explain(line, &self.source, now.instant, &mut records, &mut |step| {
                    steps.push(Step {
                        by: step.operator,
                        said: step.said,
                    });
                });
            told(Sampled {
                input: frame.text.to_owned(),
                steps,
                output: output(&mut records),
            });
        };
        framer.feed(sample, &mut each);
        framer.flush(&mut each);
        Ok(())
    }
}

fn output(records: &mut Records) -> Vec<(Signal, Payload)> {
    let items = records.items();
    if items == 0 {
        return Vec::new();
    }
    let bytes: Bytes = records.take();
    vec![(Signal::Logs, Payload::new(Chunk { bytes, items }))]
}
