//! Asks everything in a request whether it is left out, from the resource down.

use sidelight_ottl::wire::{DataPoint, LogRecord, Metric, Resource, Scope, Span, SpanEvent};
use sidelight_ottl::{EvalError, Fields, Item};
use sidelight_proto::rewrite::{
    AttributeEdits, Context, EventEdits, Interest, Keep, LogRecordEdits, MetricEdits, PointView, Rewriter,
    SpanEdits,
};
use sidelight_proto::views::{LogRecordView, MetricView, ResourceView, SpanEventView, SpanView};

use super::conditions::{ErrorMode, Rule};

/// Conditions by what they are asked of.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    resources: Vec<Rule>,
    scopes: Vec<Rule>,
    /// Log records, spans or metrics.
    items: Vec<Rule>,
    /// Events of spans.
    events: Vec<Rule>,
    points: Vec<Rule>,
}

impl Conditions {
    pub(super) fn of(rules: Vec<Rule>) -> Self {
        let mut conditions = Self::default();
        for rule in rules {
            let list = match rule.condition.item() {
                Item::Resource => &mut conditions.resources,
                Item::Scope => &mut conditions.scopes,
                Item::Log | Item::Span | Item::Metric => &mut conditions.items,
                Item::SpanEvent => &mut conditions.events,
                Item::DataPoint => &mut conditions.points,
            };
            list.push(rule);
        }
        conditions
    }
}

/// A condition that had no answer.
pub(super) struct Trouble<'c> {
    pub(super) condition: &'c str,
    pub(super) mode: ErrorMode,
    pub(super) error: EvalError,
}

/// Asks everything in one batch.
pub(super) struct Asking<'c> {
    conditions: &'c Conditions,
    /// The first condition that had no answer, and where one refuses the batch, the first such.
    trouble: Option<Trouble<'c>>,
}

impl<'c> Asking<'c> {
    pub(super) fn new(conditions: &'c Conditions) -> Self {
        Self {
            conditions,
            trouble: None,
        }
    }

    pub(super) fn trouble(self) -> Option<Trouble<'c>> {
        self.trouble
    }

    fn ask(&mut self, rules: &'c [Rule], item: &impl Fields) -> Keep {
        for rule in rules {
            match rule.condition.matches(item) {
                Ok(true) => return Keep::No,
                Ok(false) => {}
                Err(error) => self.note(rule, error),
            }
        }
        Keep::Yes
    }

    fn note(&mut self, rule: &'c Rule, error: EvalError) {
        let weight = |mode: ErrorMode| match mode {
            ErrorMode::Silent => 0,
            ErrorMode::Ignore => 1,
            ErrorMode::Propagate => 2,
        };
        let known = self.trouble.as_ref().map(|trouble| weight(trouble.mode));
        if known.is_none_or(|known| known < weight(rule.mode)) {
            self.trouble = Some(Trouble {
                condition: rule.condition.text(),
                mode: rule.mode,
                error,
            });
        }
    }
}

impl Rewriter for Asking<'_> {
    fn interest(&self) -> Interest {
        let all = self.conditions;
        Interest {
            scopes: !all.scopes.is_empty(),
            items: !(all.items.is_empty() && all.events.is_empty() && all.points.is_empty()),
            span_events: !all.events.is_empty(),
            data_points: !all.points.is_empty(),
        }
    }

    fn resource(&mut self, resource: ResourceView<'_>, _: &mut AttributeEdits<'_>) -> Keep {
        self.ask(&self.conditions.resources, &Resource(resource))
    }

    fn scope(&mut self, at: Context<'_>, _: &mut AttributeEdits<'_>) -> Keep {
        self.ask(&self.conditions.scopes, &Scope(at))
    }

    fn log_record(&mut self, at: Context<'_>, record: LogRecordView<'_>, _: &mut LogRecordEdits<'_>) -> Keep {
        self.ask(&self.conditions.items, &LogRecord { at, record })
    }

    fn span(&mut self, at: Context<'_>, span: SpanView<'_>, _: &mut SpanEdits<'_>) -> Keep {
        self.ask(&self.conditions.items, &Span { at, span })
    }

    fn span_event(
        &mut self,
        at: Context<'_>,
        span: SpanView<'_>,
        event: SpanEventView<'_>,
        _: &mut EventEdits<'_>,
    ) -> Keep {
        let span = Span { at, span };
        self.ask(&self.conditions.events, &SpanEvent { span, event })
    }

    fn metric(&mut self, at: Context<'_>, metric: MetricView<'_>, _: &mut MetricEdits<'_>) -> Keep {
        self.ask(&self.conditions.items, &Metric { at, metric })
    }

    fn data_point(
        &mut self,
        at: Context<'_>,
        metric: MetricView<'_>,
        point: PointView<'_>,
        _: &mut AttributeEdits<'_>,
    ) -> Keep {
        let metric = Metric { at, metric };
        self.ask(&self.conditions.points, &DataPoint { metric, point })
    }
}
