//! From a series as the page writes it to the point that its samples belong to. Done once for each series.

use sidelight_exposition::parse::{LabelSet, MetricType};
use sidelight_proto::wire::Writer;

use super::attributes;
use super::entry::{Entry, Part};
use super::metadata::{Membership, Role};
use super::metrics::Kind;
use super::record::RecordError;
use super::resource::ScopeKey;
use super::state::SeriesState;
use super::units;
use crate::prometheus::job::SampleRules;
use crate::prometheus::labels::{Labels, Repeated};
use crate::prometheus::names;

/// Metrics whose labels say something about their resource.
const TARGET_INFO: &str = "target_info";
/// Metrics whose labels say something about their scope.
const SCOPE_INFO: &str = "otel_scope_info";

/// How a series says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// By its name, as in text.
    ByName,
    /// It is a native histogram.
    Native,
}

/// A metric's name, type and the part that a sample has in a point.
struct Place {
    name: String,
    kind: Kind,
    part: Piece,
    family: u32,
}

/// A part, before its point is known.
enum Piece {
    Known(Part),
    Bound(f64),
}

impl SeriesState {
    /// The entry of a series; a new one where it was not on a page before, or where its family has changed.
    pub(super) fn entry(
        &mut self,
        key: &[u8],
        labels: &dyn LabelSet,
        sort: Sort,
    ) -> Result<u32, RecordError> {
        let known = self.by_key.get(key).copied();
        if let Some(at) = known.filter(|at| self.is_current(*at)) {
            return Ok(at);
        }
        let before = self.cost_of_others();
        let mut entry = self.resolve(labels, sort)?;
        self.keep(self.cost_of_others() - before)?;
        self.counts.added += u64::from(entry.part != Part::Dropped);
        if let Some(at) = known {
            entry.seen = self.entries[at as usize].seen;
            self.entries[at as usize] = entry;
            return Ok(at);
        }
        self.keep(Self::cost_of_entry(key.len()))?;
        let at = self.entries.len() as u32;
        self.entries.push(entry);
        self.by_key.insert(key.into(), at);
        Ok(at)
    }

    fn resolve(&mut self, exposed: &dyn LabelSet, sort: Sort) -> Result<Entry, RecordError> {
        let mut given = Vec::new();
        exposed.for_each(&mut |name, value| given.push((name.into_owned(), value.into_owned())));
        let mut entry = Entry {
            part: Part::Dropped,
            point: 0,
            family: 0,
            version: 0,
            seen: 0,
        };
        let exposed_name = given
            .iter()
            .find(|(name, _)| name == "__name__")
            .map(|(_, value)| value.clone());
        let exposed_name = exposed_name
            .filter(|name| !name.is_empty())
            .ok_or(RecordError::NoName)?;
        let rules = &self.job.samples;
        let mut labels = with_target_labels(given, &self.target.labels, rules.honor_labels)?;
        if !rules.relabelling.apply(&mut labels) {
            return Ok(entry);
        }
        check(&labels, rules)?;
        let name = labels.take("__name__").ok_or(RecordError::NoName)?;
        for (name, value) in rules.external_labels.iter() {
            labels.set(name, value);
        }
        let target = &self.target.labels;
        let mut own = |name: &str| labels.take(name).unwrap_or_else(|| target.get(name).to_owned());
        let (job, instance) = (own("job"), own("instance"));
        let resource = self.places.resource(job, instance);
        if name == TARGET_INFO {
            self.places.set_target_info(resource, labels);
            entry.part = Part::Info;
            return Ok(entry);
        }
        let scope = self.places.scope(ScopeKey::take_from(&mut labels));
        if name == SCOPE_INFO {
            self.places.set_scope_info(scope, labels);
            entry.part = Part::Info;
            return Ok(entry);
        }
        let place = self.place(name, &exposed_name, &mut labels, sort);
        self.enter(&mut entry, place, (resource, scope), &labels)?;
        Ok(entry)
    }

    /// The metric of a sample and its part in it. Labels that say the part are taken out.
    fn place(&mut self, name: String, exposed: &str, labels: &mut Labels, sort: Sort) -> Place {
        // What relabelling renamed keeps its type.
        let said = if self.metadata.is_declared(&name) {
            name.as_str()
        } else {
            exposed
        };
        let member = self.metadata.membership(said, !labels.get("quantile").is_empty());
        let family = self.metadata.get(member.family);
        let (mut place, unit) = (place(name, &member, family.kind, labels, sort), &family.unit);
        if self.job.samples.trim_metric_suffixes {
            let is_counter = matches!(place.kind, Kind::Sum { monotonic: true });
            place.name = units::trimmed(&place.name, is_counter, unit).to_owned();
        }
        place
    }

    fn enter(
        &mut self,
        entry: &mut Entry,
        place: Place,
        (resource, scope): (u32, u32),
        labels: &Labels,
    ) -> Result<(), RecordError> {
        let mut encoded = Writer::default();
        for (name, value) in labels.iter() {
            attributes::write(&mut encoded, place.kind.attributes_field(), name, value);
        }
        let known_points = self.metrics.points.len();
        let group = self.metrics.group(resource, scope);
        let metric = self.metrics.metric(group, place.kind, &place.name, place.family);
        entry.point = self.metrics.point(metric, encoded.as_slice());
        entry.family = place.family;
        entry.version = self.metadata.get(place.family).version;
        entry.part = match place.part {
            Piece::Known(part) => part,
            Piece::Bound(bound) => {
                let number = self.metrics.points[entry.point as usize].bound(bound);
                number.map_or(Part::Surplus, Part::Bound)
            }
        };
        if self.metrics.points.len() > known_points {
            self.keep(Self::cost_of_point(encoded.len()))?;
        }
        Ok(())
    }
}

/// The labels of the page and of the target (Prometheus, `mutateSampleLabels`). A label that the page has with an empty
/// value counts as there: Pushgateway says so that it has no instance.
fn with_target_labels(
    given: Vec<(String, String)>,
    target: &Labels,
    honor_labels: bool,
) -> Result<Labels, RecordError> {
    let is_there = |name: &str| given.iter().any(|(given, _)| given == name);
    let missing: Vec<(&str, &str)> = target.iter().filter(|(name, _)| !is_there(name)).collect();
    let repeated = |Repeated(name)| RecordError::RepeatedLabel(name);
    if honor_labels {
        let mut labels = Labels::from_unsorted(given.clone()).map_err(repeated)?;
        missing.iter().for_each(|(name, value)| labels.set(name, *value));
        return Ok(labels);
    }
    let mut labels = Labels::from_unsorted(given).map_err(repeated)?;
    let mut renamed = Vec::new();
    for (name, value) in target.iter() {
        if let Some(exposed) = labels.take(name) {
            renamed.push((name, exposed));
        }
        labels.set(name, value);
    }
    for (name, value) in renamed {
        let mut new = format!("exported_{name}");
        while !labels.get(&new).is_empty() {
            new.insert_str(0, "exported_");
        }
        labels.set(&new, value);
    }
    Ok(labels)
}

/// Limits and valid names.
fn check(labels: &Labels, rules: &SampleRules) -> Result<(), RecordError> {
    let over = |setting, limit, found: usize| match limit != 0 && found as u64 > limit {
        true => Err(RecordError::LabelLimit { setting, limit }),
        false => Ok(()),
    };
    over("label_limit", rules.label_limit, labels.len())?;
    for (name, value) in labels.iter() {
        over(
            "label_name_length_limit",
            rules.label_name_length_limit,
            name.len(),
        )?;
        over(
            "label_value_length_limit",
            rules.label_value_length_limit,
            value.len(),
        )?;
        let is_valid = match name {
            "__name__" => names::is_metric_name(value, rules.scheme),
            _ => names::is_label_name(name, rules.scheme),
        };
        if !is_valid {
            let wrong = if name == "__name__" { value } else { name };
            return Err(RecordError::InvalidName(sidelight_config::shortened(wrong)));
        }
    }
    Ok(())
}

fn place(name: String, member: &Membership, kind: MetricType, labels: &mut Labels, sort: Sort) -> Place {
    let plain = |name: String, kind: Kind, part: Part| Place {
        name,
        kind,
        part: Piece::Known(part),
        family: member.family,
    };
    if sort == Sort::Native {
        return plain(name, Kind::Exponential, Part::Native);
    }
    // Renamed so that the suffix is gone: it is a part of nothing any more.
    let Some(base) = name.strip_suffix(member.suffix).map(str::to_owned) else {
        return plain(name, Kind::Gauge, Part::Value);
    };
    let compound = match kind {
        MetricType::Histogram => Kind::Histogram,
        _ => Kind::Summary,
    };
    match (kind, member.role) {
        (MetricType::Counter, Role::Created) => plain(
            format!("{base}_total"),
            Kind::Sum { monotonic: true },
            Part::Created,
        ),
        (MetricType::Counter, _) => plain(name, Kind::Sum { monotonic: true }, Part::Value),
        (MetricType::Info | MetricType::StateSet, _) => {
            plain(name, Kind::Sum { monotonic: false }, Part::Value)
        }
        (_, Role::Created) => plain(base, compound, Part::Created),
        (_, Role::Count) => plain(base, compound, Part::Count),
        (_, Role::Sum) => plain(base, compound, Part::Sum),
        (_, Role::Bucket) => bound(name, base, Kind::Histogram, "le", labels, member.family),
        (_, Role::Quantile) => bound(name, base, Kind::Summary, "quantile", labels, member.family),
        (_, Role::Value) => plain(name, Kind::Gauge, Part::Value),
    }
}

/// A bucket or quantile by its label; without a number in it, a gauge of its own.
fn bound(name: String, base: String, kind: Kind, label: &str, labels: &mut Labels, family: u32) -> Place {
    let number = labels
        .get(label)
        .parse::<f64>()
        .ok()
        .filter(|number| !number.is_nan());
    let Some(number) = number else {
        return Place {
            name,
            kind: Kind::Gauge,
            part: Piece::Known(Part::Value),
            family,
        };
    };
    labels.take(label);
    Place {
        name: base,
        kind,
        part: Piece::Bound(number),
        family,
    }
}
