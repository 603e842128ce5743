use sidelight_proto::rewrite::{
    AttributeEdits, Context, Interest, Keep, LogRecordEdits, MetricEdits, PointView, Rewriter, SpanEdits,
};
use sidelight_proto::views::{LogRecordView, MetricView, ResourceView, SpanView};

use super::selection::Selection;
use crate::actions::Actions;

/// Runs the actions on what is selected. Keeps everything.
pub(super) struct Editor {
    actions: Actions,
    selection: Selection,
    /// Whether the metric at hand is selected: its points are then.
    metric_selected: bool,
}

impl Editor {
    pub(super) fn new(actions: Actions, selection: Selection) -> Self {
        Editor {
            actions,
            selection,
            metric_selected: false,
        }
    }
}

impl Rewriter for Editor {
    fn interest(&self) -> Interest {
        Interest {
            scopes: self.selection.looks_at_scopes(),
            ..Interest::ITEMS
        }
    }

    fn resource(&mut self, resource: ResourceView<'_>, _: &mut AttributeEdits<'_>) -> Keep {
        self.selection.enter_resource(resource);
        Keep::Yes
    }

    fn scope(&mut self, at: Context<'_>, _: &mut AttributeEdits<'_>) -> Keep {
        self.selection.enter_scope(at.scope);
        Keep::Yes
    }

    fn span(&mut self, _: Context<'_>, span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
        if self.selection.span(span) {
            self.actions.apply(&mut edits.attributes);
        }
        Keep::Yes
    }

    fn log_record(
        &mut self,
        _: Context<'_>,
        record: LogRecordView<'_>,
        edits: &mut LogRecordEdits<'_>,
    ) -> Keep {
        if self.selection.log_record(record) {
            self.actions.apply(&mut edits.attributes);
        }
        Keep::Yes
    }

    fn metric(&mut self, _: Context<'_>, metric: MetricView<'_>, _: &mut MetricEdits<'_>) -> Keep {
        self.metric_selected = self.selection.metric(metric);
        Keep::Yes
    }

    fn data_point(
        &mut self,
        _: Context<'_>,
        _: MetricView<'_>,
        _: PointView<'_>,
        edits: &mut AttributeEdits<'_>,
    ) -> Keep {
        if self.metric_selected {
            self.actions.apply(edits);
        }
        Keep::Yes
    }
}
