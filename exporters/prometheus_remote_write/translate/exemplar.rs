//! Measurements that stand for a series.

use sidelight_exposition::names::{label_name, label_value};
use sidelight_proto::json::write::hexadecimal;
use sidelight_proto::views::ExemplarView;

use super::{Walk, milliseconds};
use crate::prometheus_remote_write::series::{Label, SeriesIndex};

/// What labels of an exemplar may have in characters, names and values together (OpenMetrics 1.0, "Exemplars").
const MAX_LABEL_CHARS: usize = 128;

impl<'a> Walk<'a> {
    /// Adds an exemplar to a series. One without a time has that of its point; one without a value is nothing.
    pub(super) fn exemplar(&mut self, series: SeriesIndex, exemplar: ExemplarView<'a>, time_of_point: i64) {
        let Some(value) = exemplar.value() else { return };
        let time = match milliseconds(exemplar.time_unix_nano()) {
            0 => time_of_point,
            time => time,
        };
        let mut labels: Vec<Label> = Vec::new();
        let mut chars = 0;
        let symbols = &mut self.set.symbols;
        for (name, id) in [("span_id", exemplar.span_id()), ("trace_id", exemplar.trace_id())] {
            if id.iter().any(|byte| *byte != 0) {
                let id = hexadecimal(id);
                chars += name.len() + id.len();
                labels.push((symbols.intern(name), symbols.intern(id)));
            }
        }
        let ids = labels.len();
        for attribute in exemplar.filtered_attributes() {
            let value = label_value(attribute.value());
            let Ok(name) = label_name(attribute.key(), self.translator.strategy) else {
                continue;
            };
            chars += name.chars().count() + value.chars().count();
            if chars > MAX_LABEL_CHARS {
                labels.truncate(ids);
                break;
            }
            let label = (symbols.intern(name), symbols.intern(value));
            if !labels.iter().any(|known| known.0 == label.0) {
                labels.push(label);
            }
        }
        labels.sort_by(|a, b| symbols.text(a.0).cmp(symbols.text(b.0)));
        self.set.push_exemplar(series, time, value.as_f64(), labels);
    }
}
