//! A request, scope by scope: what no transformation is about is copied as it is.

use sidelight_proto::views::{AttributeView, MetricsView, ScopeMetricsView};
use sidelight_proto::wire::{Fields, Value, Writer};

use super::metric::Slot;
use super::point::{copy_fields, text_value, write_label};
use super::skip::Skips;
use super::transform::{Group, Transform, Work};

/// How much `insert` may add to a request: this many times its size, and [`MIN_ALLOWANCE`] on top. Each transformation
/// that matches everything doubles a request, so that a dozen of them would fill any memory.
const GROWTH: usize = 8;
const MIN_ALLOWANCE: usize = 64 << 10;

/// A request that was changed.
pub(super) struct Transformed {
    pub(super) bytes: Vec<u8>,
    /// Points that were added as copies.
    pub(super) created: usize,
}

/// Runs the transformations over a request; `None` where none is about anything in it.
pub(super) fn transform(request: &[u8], transforms: &[Transform], skips: &mut Skips) -> Option<Transformed> {
    let concerned = MetricsView::new(request)
        .resource_metrics()
        .flat_map(|resource| resource.scope_metrics())
        .any(|scope| is_concerned(scope, transforms));
    if !concerned {
        return None;
    }
    let mut pass = Pass {
        transforms,
        work: Work {
            skips,
            allowance: request.len().saturating_mul(GROWTH).saturating_add(MIN_ALLOWANCE),
            created: 0,
        },
        out: Writer::with_capacity(request.len() + request.len() / 8 + 64),
        moved: Vec::new(),
    };
    let mut fields = Fields::new(request);
    while let Some(field) = fields.next() {
        match field.value {
            Value::Len(resource_metrics) if field.number == 1 => pass.resource_metrics(resource_metrics),
            _ => pass
                .out
                .raw(request.get(field.start..fields.offset()).unwrap_or_default()),
        }
    }
    pass.write_moved();
    Some(Transformed {
        bytes: pass.out.into_bytes(),
        created: pass.work.created,
    })
}

fn is_concerned(scope: ScopeMetricsView<'_>, transforms: &[Transform]) -> bool {
    // A later transformation that sees a new name needs an earlier one that gave it.
    scope.metrics().any(|metric| {
        transforms
            .iter()
            .any(|transform| transform.is_about(metric.name()))
    })
}

/// Metrics of one scope that move to a resource of their own.
struct Moved<'t, 'a> {
    resource_metrics: &'a [u8],
    scope: ScopeMetricsView<'a>,
    group: Group<'t, 'a>,
}

struct Pass<'t, 's, 'a> {
    transforms: &'t [Transform],
    work: Work<'s>,
    out: Writer,
    /// At most one for each scope and transformation.
    moved: Vec<Moved<'t, 'a>>,
}

impl<'a> Pass<'_, '_, 'a> {
    fn resource_metrics(&mut self, resource_metrics: &'a [u8]) {
        let opened = self.out.begin(1, 3);
        copy_fields(&mut self.out, resource_metrics, |field| field.number != 2);
        let mut kept = 0;
        for field in Fields::new(resource_metrics) {
            if let Value::Len(scope) = field.value
                && field.number == 2
            {
                kept += usize::from(self.scope_metrics(resource_metrics, ScopeMetricsView::new(scope)));
            }
        }
        if kept > 0 {
            self.out.end(opened);
        } else {
            self.out.cancel(opened);
        }
    }

    /// Writes a scope; false where nothing is left of it.
    fn scope_metrics(&mut self, resource_metrics: &'a [u8], scope: ScopeMetricsView<'a>) -> bool {
        if !is_concerned(scope, self.transforms) {
            self.out.bytes_field(2, scope.as_bytes());
            return true;
        }
        let mut metrics: Vec<Slot<'a>> = scope.metrics().map(Slot::new).collect();
        for transform in self.transforms {
            if let Some(group) = transform.apply(&mut metrics, &mut self.work) {
                self.moved.push(Moved {
                    resource_metrics,
                    scope,
                    group,
                });
            }
        }
        if metrics.is_empty() {
            return false;
        }
        write_scope(&mut self.out, scope, &metrics);
        true
    }

    fn write_moved(&mut self) {
        for moved in std::mem::take(&mut self.moved) {
            let opened = self.out.begin(1, 3);
            write_resource(&mut self.out, moved.resource_metrics, moved.group.labels);
            copy_fields(&mut self.out, moved.resource_metrics, |field| {
                !matches!(field.number, 1 | 2)
            });
            write_scope(&mut self.out, moved.scope, &moved.group.metrics);
            self.out.end(opened);
        }
    }
}

fn write_scope(out: &mut Writer, scope: ScopeMetricsView<'_>, metrics: &[Slot<'_>]) {
    let opened = out.begin(2, 3);
    copy_fields(out, scope.as_bytes(), |field| field.number != 2);
    metrics.iter().for_each(|metric| metric.write(out));
    out.end(opened);
}

/// Writes the resource with attributes on top, in place of those of the same name.
fn write_resource(out: &mut Writer, resource_metrics: &[u8], labels: &[(String, String)]) {
    let resource = Fields::new(resource_metrics)
        .find_map(|field| match field.value {
            Value::Len(resource) if field.number == 1 => Some(resource),
            _ => None,
        })
        .unwrap_or_default();
    let opened = out.begin(1, 2);
    copy_fields(out, resource, |field| match field.value {
        Value::Len(attribute) if field.number == 1 => {
            let key = AttributeView::new(attribute).key();
            labels.iter().all(|(label, _)| label != key)
        }
        _ => true,
    });
    for (label, value) in labels {
        write_label(out, 1, label, &text_value(value));
    }
    out.end(opened);
}
