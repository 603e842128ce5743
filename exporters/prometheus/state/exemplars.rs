//! The exemplars of a series: few, and the latest.

use sidelight_exposition::labels::LabelTextBuilder;
use sidelight_exposition::names::{TranslationStrategy, label_name, label_value};
use sidelight_exposition::write::Exemplar;
use sidelight_proto::json::write::hexadecimal;
use sidelight_proto::views::{ExemplarView, Repeated};

use super::series::SeriesValue;

/// Exemplars of one series.
const MAX_EXEMPLARS: usize = 32;
/// Exemplars of an exponential histogram: as many as a native histogram shows.
const MAX_NATIVE: usize = 10;
/// Characters in the labels of one exemplar (OpenMetrics 1.0, "Exemplars").
const MAX_LABEL_CHARS: usize = 128;

/// The exemplars that one series keeps.
#[derive(Debug, Default)]
pub(super) struct Exemplars(Vec<Exemplar>);

impl Exemplars {
    pub(super) fn as_slice(&self) -> &[Exemplar] {
        &self.0
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let labels: usize = self.0.iter().map(|exemplar| exemplar.labels.len()).sum();
        size_of::<Self>() + self.0.capacity() * size_of::<Exemplar>() + labels
    }

    /// Takes one in: a counter keeps one, a histogram one for each bucket, an exponential one ten. The later one stays.
    fn take(&mut self, exemplar: Exemplar, value: &SeriesValue) {
        let kept = &mut self.0;
        let same = |old: &Exemplar| place(value, old) == place(value, &exemplar);
        match kept.iter_mut().find(|old| same(old)) {
            Some(old) if old.time_unix_nano <= exemplar.time_unix_nano => *old = exemplar,
            Some(_) => {}
            None => {
                let most = match value {
                    SeriesValue::Exponential(_) => MAX_NATIVE,
                    _ => MAX_EXEMPLARS,
                };
                if kept.len() >= most {
                    drop_oldest(kept);
                }
                kept.push(exemplar);
            }
        }
    }
}

/// Takes the exemplars of a point in.
pub(super) fn merge(
    kept: &mut Option<Box<Exemplars>>,
    new: Repeated<'_, ExemplarView<'_>>,
    value: &SeriesValue,
    builder: &mut LabelTextBuilder,
    strategy: TranslationStrategy,
) {
    for view in new {
        if let Some(exemplar) = read(&view, builder, strategy) {
            kept.get_or_insert_default().take(exemplar, value);
        }
    }
}

fn drop_oldest(kept: &mut Vec<Exemplar>) {
    let oldest = (0..kept.len()).min_by_key(|nth| kept[*nth].time_unix_nano);
    if let Some(oldest) = oldest {
        kept.swap_remove(oldest);
    }
}

/// Exemplars of one place exclude each other.
#[derive(PartialEq)]
enum Place {
    Bucket(usize),
    Measurement(u64, u64),
}

fn place(value: &SeriesValue, exemplar: &Exemplar) -> Place {
    match value {
        SeriesValue::Histogram(state) => {
            Place::Bucket(state.bounds.partition_point(|bound| *bound < exemplar.value))
        }
        SeriesValue::Exponential(_) => Place::Measurement(exemplar.time_unix_nano, exemplar.value.to_bits()),
        SeriesValue::Number(_) | SeriesValue::Summary(_) => Place::Bucket(0),
    }
}

fn read(
    view: &ExemplarView<'_>,
    builder: &mut LabelTextBuilder,
    strategy: TranslationStrategy,
) -> Option<Exemplar> {
    let value = view.value()?.as_f64();
    builder.clear();
    let mut room = MAX_LABEL_CHARS;
    for (name, id, bytes) in [("trace_id", view.trace_id(), 16), ("span_id", view.span_id(), 8)] {
        if id.len() == bytes && id.iter().any(|byte| *byte != 0) {
            let id = hexadecimal(id);
            room -= name.len() + id.len();
            builder.label(name, &id);
        }
    }
    for attribute in view.filtered_attributes() {
        let Ok(name) = label_name(attribute.key(), strategy) else {
            continue;
        };
        let value = label_value(attribute.value());
        let chars = name.chars().count() + value.chars().count();
        let is_taken = name == "trace_id" || name == "span_id" || builder.names().any(|other| other == name);
        if is_taken || chars > room {
            continue;
        }
        room -= chars;
        builder.label(&name, &value);
    }
    Some(Exemplar {
        value,
        time_unix_nano: view.time_unix_nano(),
        labels: builder.text().into(),
    })
}
